"""A module of this project run in this very process: references, wrong variants, tests."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.host import Host

M_MMAP_THRESHOLD = -3  # malloc.h


class LocalSide(Host):
    """The calls of `kit.Side` on a module of this process. Only ever for code we ship."""

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
