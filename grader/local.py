"""A module of this project run in this very process: references, wrong variants, tests."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.host import Host


class LocalSide(Host):
    """The calls of `kit.Side` on a module of this process. Only ever for code we ship."""

    def peak_growth(self, run: Callable[[], Any]) -> int:
        """Growth of this process's resident memory while `run` works, from the kernel (Linux)."""
        Path("/proc/self/clear_refs").write_text("5")
        before = memory_of("VmRSS")
        run()
        return max(0, memory_of("VmHWM") - before)


def memory_of(field: str, pid: int | str = "self") -> int:
    """A memory figure of /proc/<pid>/status in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"no {field} for process {pid}")


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
