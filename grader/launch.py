"""Starts the grader's processes: fresh interpreters at the other end of a socket pair. No torch."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = str(Path(__file__).resolve().parents[1])
# Ctrl-C ends our processes as it does the one they serve, and without a word.
BOOT = (
    "import signal, socket, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "sys.dont_write_bytecode = True; sys.path.insert(0, {root!r}); "
    "from grader import {module}; {module}.main({channel})"
)


class Process(Protocol):
    """A process of ours, as `subprocess` knows it."""

    def kill(self) -> None: ...
    def wait(self, timeout: float) -> int: ...


@dataclass(frozen=True)
class Forked:
    """The same for one that this process forked."""

    pid: int

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        """Its wait status; asked for only once it is dying, which nothing can hold up."""
        del timeout
        return os.waitpid(self.pid, 0)[1]


def start(
    module: str, channel: socket.socket, output: int | None = None
) -> subprocess.Popen[bytes]:
    """A fresh interpreter that runs `grader.<module>.main` on its end of a socket pair.

    No environment beyond what the C library and torch need to behave, an empty standard input,
    and isolated mode: neither the user's site nor the working folder is on its path.
    """
    if os.name == "nt":
        return _start_windows(module, channel, output)
    code = BOOT.format(
        root=ROOT, module=module, channel=f"socket.socket(fileno={channel.fileno()})"
    )
    return subprocess.Popen(
        command(code),
        pass_fds=[channel.fileno()],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        cwd=tempfile.gettempdir(),
    )


def _start_windows(
    module: str, channel: socket.socket, output: int | None
) -> subprocess.Popen[bytes]:
    """Windows hands a socket over as a description that only the new process can use."""
    code = BOOT.format(
        root=ROOT, module=module, channel="socket.fromshare(sys.stdin.buffer.read())"
    )
    process = subprocess.Popen(
        command(code),
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        cwd=tempfile.gettempdir(),
    )
    share = channel.share(process.pid)  # type: ignore[attr-defined,unused-ignore]
    if process.stdin is not None:
        process.stdin.write(share)
        process.stdin.close()
    return process


def command(code: str) -> list[str]:
    return [sys.executable, "-I", "-X", "utf8", "-c", code]


def clean_environment() -> dict[str, str]:
    """The environment of trusted and confined processes alike: nothing of the user's."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR")}
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    # Freed blocks of a quarter of a MiB go back to the kernel, so that its account of memory is
    # that of the live tensors and not of holes in the heap.
    malloc = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(256 << 10)}
    # With PYTORCH_JIT=0 a scripted function is the Python function, whose calls can be watched.
    # A folder that is there, or importing torch's compiler would make one.
    cache = {"TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir()}
    return {**kept, **threads, **malloc, **cache, "LC_ALL": "C.UTF-8", "PYTORCH_JIT": "0"}


def stop(process: Process) -> None:
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)


def warm_up() -> None:
    """Imports and runs once, on one thread, what submissions and autograd load lazily."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    import torch.func
    import torch.nn.functional
    import torch.utils.checkpoint

    layer = nn.Linear(4, 4)
    x = torch.randn(2, 3, 4, requires_grad=True)
    weights = (layer(x) @ x.transpose(-2, -1)).softmax(-1)
    output = torch.einsum("bij,bjk->bik", weights, x)
    # With cotangents given, autograd's first call imports sympy: better here than in every child.
    torch.autograd.grad((output,), [x, layer.weight], (torch.ones_like(output),))
    tempfile.gettempdir()  # is looked for by writing, which a submission may not
    torch.compile = as_it_is  # needs a compiler, a process that a submission may not start


def import_compiler() -> None:
    """Imports what `checkpoint`, `func.jacrev` and others load lazily, from files out of reach.

    Where it cannot be imported, only they are missing.
    """
    with contextlib.suppress(ImportError, RuntimeError):
        import torch._dynamo
        import torch.nn.attention.bias  # noqa: F401


def settle() -> None:
    """Sets what was imported aside: the collector looks only at what comes after it."""
    gc.collect()
    gc.freeze()


def as_it_is(model: Any = None, **_: Any) -> Any:
    """Stands in for `torch.compile`, called or as a decorator with options: compiles nothing."""
    return as_it_is if model is None else model


def forget() -> None:
    """Takes the grader out of a submission's reach: module table, import path, arguments."""
    sys.path[:] = [entry for entry in sys.path if entry not in (ROOT, "")]
    for name in [name for name in sys.modules if name.split(".")[0] == "grader"]:
        del sys.modules[name]
    sys.argv[:] = [""]
