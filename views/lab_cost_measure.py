"""Time, peak memory, operations and traffic of one call, in this process. Torch, no Streamlit."""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry, sdpa_flop_count

from views.lab_cost_series import Figure

LONG = 1.0  # seconds: what takes longer is timed once
COUNTED = 10.0  # seconds: what takes longer is not run again to count its operations
WARM_UP = 64  # the length at which a method is called before it is measured

Work = Callable[[], object]


def measure(prepare: Callable[[int], Work], length: int, count: bool) -> Figure:
    """Time and peak of the call that `prepare(length)` gives; with `count` also what it does."""
    torch.set_num_threads(1)
    with torch.no_grad():
        prepare(min(WARM_UP, length))()
        work = prepare(length)
        before = peak_so_far(forget=True)
        seconds = [timed(work)]
        after = peak_so_far()
        while len(seconds) < 3 and seconds[0] < LONG:
            seconds.append(timed(work))
        counted = counts(work) if count and seconds[0] < COUNTED else (None, None)
    peak = None if before is None or after is None else after - before
    return Figure(statistics.median(seconds), peak, *counted)


def timed(work: Work) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_so_far(forget: bool = False) -> int | None:
    """Most resident memory of this process in bytes, of late if `forget`; None if nobody tells."""
    status = Path("/proc/self/status")
    if status.exists():
        if forget:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets VmHWM to VmRSS
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(found[1]) * 1024 if found else None
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def counts(work: Work) -> tuple[int, int]:
    """FLOPs of the matrix products of a call, and the bytes that its operations read and write."""
    with _Counter() as counter:
        work()
    return counter.flops, counter.traffic


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts, per operation: 2 FLOPs a multiply-add, and every tensor argument and result once.

    Views move nothing. A kernel that fuses several steps is one operation, so what it keeps to
    itself does not count as traffic.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.traffic = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.flops += formula(*args, **(kwargs or {}), out_val=found)
        elif "scaled_dot_product" in str(func):  # the CPU's kernel, which torch does not list
            self.flops += sdpa_flop_count(*(x.shape for x in args[:3]))  # type: ignore[no-untyped-call]
        if not func.is_view:
            tensors = tree_leaves((args, kwargs, found))
            self.traffic += sum(_bytes(x) for x in tensors if isinstance(x, Tensor))
        return found


def _bytes(tensor: Tensor) -> int:
    """Bytes of a tensor's distinct elements: one that is expanded is stored once."""
    sizes = zip(tensor.shape, tensor.stride(), strict=True)
    return tensor.element_size() * math.prod(n for n, stride in sizes if stride or n == 0)
