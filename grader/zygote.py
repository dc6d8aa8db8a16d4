"""A warm process with torch imported, from which a confined child is forked per submission.

The judge forks it when it has itself read nothing but torch, and renews it as a fresh interpreter
with an empty environment: nothing secret was ever in its memory. Where the kernel allows, it is
process 1 of its own namespaces: when it dies, everything it forked dies with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from grader import child, confine, launch, seccomp

HUGE = 2 << 20
MADV_COLLAPSE = 25  # Linux 6.1


def main(control: socket.socket) -> NoReturn:
    warm_up()
    serve(control)


def warm_up() -> None:
    """All that children are to find in memory."""
    launch.warm_up()
    launch.import_compiler()
    launch.settle()


def serve(control: socket.socket) -> NoReturn:
    """Goes behind its walls, warm as it is, and forks until the judge is gone."""
    missing: dict[str, str] = {}
    confine.die_with_parent()
    confine.attempt("namespaces", confine.unshare, missing)
    if "namespaces" not in missing:
        first = os.fork()
        if first:
            control.close()
            os.waitpid(first, 0)
            os._exit(0)
        confine.die_with_parent()
    Zygote(control, missing).run()


@dataclass(frozen=True)
class Plan:
    """What the judge asks of a child: `skip` leaves walls out, for the doctor's probes alone."""

    memory: int
    seconds: int
    skip: tuple[str, ...] = ()


class Zygote:
    """Forks children on request; holds what they all share."""

    def __init__(self, control: socket.socket, missing: dict[str, str]) -> None:
        self.control = control
        self.missing = missing
        self.own_users = "namespaces" not in missing
        huge_pages()  # a quarter of the time for a fork, half of it for the end of a child
        seccomp.read_table()  # the file is out of reach later
        self.readable = tuple(confine.readable_paths())
        self.address_space = _address_space()
        self._wall_in()
        self.ruleset: int | None = None
        confine.attempt("landlock", self._landlock, missing)
        launch.forget()
        gc.freeze()

    def _wall_in(self) -> None:
        """The file tree and the identity that every child inherits."""
        if not self.own_users:
            self.missing["file tree"] = "needs a mount namespace of its own"
            return
        sources = confine.open_sources(self.readable)
        confine.become_mapped()
        confine.attempt("file tree", lambda: confine.jail(sources), self.missing)
        confine.drop_capabilities()
        confine.die_with_parent()

    def _landlock(self) -> None:
        jailed = self.own_users and "file tree" not in self.missing
        self.ruleset = confine.landlock_rules(self.readable, ["/"] if jailed else [])

    def run(self) -> NoReturn:
        self._reply({"ready": True, "missing": self.missing})
        for line in self._requests():
            request = json.loads(line)
            if request["op"] == "fork":
                self.fork(Plan(**request["plan"]))
            else:
                self._reply({"status": reap(request["pid"])})
        os._exit(0)

    def _requests(self) -> Iterator[bytes]:
        """Lines from the judge, until it is gone."""
        with contextlib.suppress(ConnectionError):
            yield from self.control.makefile("rb")

    def fork(self, plan: Plan) -> None:
        """One confined child; answers with its channel, its output and a handle on it."""
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._child(theirs, write_end, plan)
        handle = os.pidfd_open(pid)
        theirs.close()
        os.close(write_end)
        self._reply({"pid": pid}, [ours.detach(), read_end, handle])

    def _reply(self, message: dict[str, Any], handles: list[int] | None = None) -> None:
        socket.send_fds(self.control, [json.dumps(message).encode() + b"\n"], handles or [])
        for handle in handles or []:
            os.close(handle)

    def _child(self, channel: socket.socket, output: int, plan: Plan) -> NoReturn:
        """Never returns: whatever goes wrong, this process ends without unwinding."""
        try:
            self._confine(channel, output, plan)
        except BaseException as error:
            with contextlib.suppress(BaseException):
                os.write(2, f"the sandbox could not be set up: {error}\n".encode())
        finally:
            os._exit(70)

    def _confine(self, channel: socket.socket, output: int, plan: Plan) -> None:
        _only_descriptors(channel, output, self.ruleset)
        confine.die_with_parent()
        missing = dict(self.missing)
        walls = {
            "limits": lambda: self._limits(plan),
            "privileges": confine.no_privileges,
            "landlock": self._restrict_files,
            "seccomp": confine.system_calls,
        }
        for name, wall in walls.items():
            if name not in missing and name not in plan.skip:
                confine.attempt(name, wall, missing)
        if not plan.skip:
            sys.addaudithook(child.audit(channel, self.readable))
        child.Server(channel).serve(missing)

    def _limits(self, plan: Plan) -> None:
        confine.limits(self.address_space + plan.memory, plan.seconds, self.own_users)

    def _restrict_files(self) -> None:
        if self.ruleset is not None:
            confine.landlock(self.ruleset)


def _only_descriptors(channel: socket.socket, output: int, ruleset: int | None) -> None:
    """stdin empty, stdout and stderr to the judge, the channel; everything else closed."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    kept = sorted({channel.fileno(), *([ruleset] if ruleset is not None else [])})
    low = 3
    for handle in kept:
        os.closerange(low, handle)
        low = handle + 1
    os.closerange(low, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    sys.stdout.reconfigure(line_buffering=False)  # type: ignore[union-attr]


def huge_pages() -> None:
    """Gathers what is in memory in pages of 2 MiB, of which a fork copies one entry for 512.

    Only what is there now (madvise(2), MADV_COLLAPSE): later allocations are not rounded up.
    """
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, *_, inode = line.split()[:5]
        first, end = (int(address, 16) for address in span.split("-"))
        if rights == "rw-p" and inode == "0":
            for start in range(-(-first // HUGE) * HUGE, end - HUGE + 1, HUGE):
                libc.madvise(start, HUGE, MADV_COLLAPSE)  # where it cannot be, all stays as it was


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def reap(pid: int) -> int:
    """The wait status of a child that is dead or dying; -1 if it was not ours."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return -1
