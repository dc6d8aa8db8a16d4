"""A module of this project run in this very process: references, wrong variants, tests."""

from __future__ import annotations

import ctypes
import importlib.util
import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from grader.host import Gradients, Host, Reply, Setup, Target
from grader.wire import Once, Ticket

M_MMAP_THRESHOLD = -3  # malloc.h


class LocalSide(Host):
    """The calls of `kit.Side` on a module of this process. Only ever for code we ship."""

    def begin_call(
        self, target: Target, inputs: Sequence[Any], keep: Sequence[int], setup: Setup | None
    ) -> Callable[[], Reply]:
        return lambda: self.call(target, [copied(value) for value in inputs], keep, setup)

    def begin_vjp(
        self,
        target: Target,
        inputs: Sequence[Any],
        cotangents: Sequence[Tensor],
        setup: Setup | None,
    ) -> Callable[[], Gradients]:
        return lambda: self.vjp(target, inputs, cotangents, setup)

    def peak_growth(self, run: Callable[[], Any]) -> int:
        """Growth of this process's resident memory while `run` works; 0 where unknown."""
        if sys.platform != "linux":
            run()
            return 0
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 256 << 10)  # as for confined children, see launch.py
        libc.malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = own_memory("VmRSS")
        run()
        return max(0, own_memory("VmHWM") - before)


def copied(value: Any) -> Any:
    """A copy that the code under test may write into."""
    if isinstance(value, Once):
        return Once([item.clone() for item in value.items])
    return value.clone() if isinstance(value, Tensor) else value


class Blank:
    """A layer of a reference and what is to be known of its parameters.

    A tie is the name of a parameter that is another one's too, with that other name.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module.double()
        self.named = dict(module.named_parameters(remove_duplicate=False))
        self.shapes = {name: tuple(parameter.shape) for name, parameter in self.named.items()}
        first: dict[int, str] = {}
        owners = {name: first.setdefault(id(weight), name) for name, weight in self.named.items()}
        self.ties = {name: owner for name, owner in owners.items() if name != owner}

    def load(self, weights: dict[str, Tensor]) -> None:
        """Lends the layer these weights, in float64; a reference never writes into them."""
        for name, parameter in self.named.items():
            parameter.data = weights[name]


class ReferenceSide(LocalSide):
    """A reference: its layers keep no state, so each is constructed once and serves many trials."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.idle: dict[Any, list[Blank]] = defaultdict(list)
        self.used: list[tuple[Any, Blank]] = []

    @contextmanager
    def lent(self) -> Iterator[ReferenceSide]:
        """This reference for one trial, of which several may be under way."""
        side = copy(self)
        side.kept, side.used = [], []
        try:
            yield side
        finally:
            for key, made in side.used:
                self.idle[key].append(made)

    def parameters(self, target: Target) -> list[str]:
        """The names of what a function, or a layer's forward, takes by position, if known."""
        function = self._resolve(target)
        if isinstance(function, nn.Module):
            function = function.forward
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        try:
            found = inspect.signature(function).parameters.values()
        except ValueError:  # a function of torch's own
            return []
        return [parameter.name for parameter in found if parameter.kind in kinds]

    def blank(
        self, entry: str, args: Sequence[Any], options: dict[str, Any]
    ) -> tuple[Ticket, Blank]:
        """A layer whose weights are yet to be loaded."""
        key = (entry, tuple(args), tuple(options.items()))
        idle = self.idle[key]
        made = idle.pop() if idle else Blank(self.namespace[entry](*args, **options))
        self.used.append((key, made))
        return self._keep(made.module), made


def own_memory(field: str, pid: int | str = "self") -> int:
    """VmRSS or VmHWM of /proc/<pid>/status in bytes, without the pages of mapped files.

    The first use of a kernel of torch maps its code in, which is no memory of the submission's.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    figures = {line.partition(":")[0]: line for line in lines if line.endswith("kB")}
    if field not in figures:
        raise ProcessLookupError(f"no {field} for process {pid}")
    resident, mapped = (int(figures[name].split()[1]) for name in (field, "RssFile"))
    return (resident - mapped) * 1024


def import_file(path: Path) -> ModuleType:
    """Imports one Python file of ours under a name of its own."""
    name = "headroom_" + "_".join(path.with_suffix("").parts[-3:]).replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def side(path: Path, forbid: Sequence[str] = ()) -> LocalSide:
    return LocalSide(vars(import_file(path)), str(path), forbid)


def reference(path: Path) -> ReferenceSide:
    return ReferenceSide(vars(import_file(path)), str(path))
