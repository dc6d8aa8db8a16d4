"""A warm process with torch imported, from which a confined child is forked per submission.

Started by the judge as a fresh interpreter with an empty environment, so that nothing secret was
ever in its memory. Where the kernel allows, it is process 1 of its own namespaces: when it dies,
everything it forked dies with it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from grader import child, confine, launch, seccomp

CHILD_PRIORITY = 5  # submissions yield to the app


def main(control: socket.socket) -> NoReturn:
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


class Zygote:
    """Forks children on request; holds what they all share."""

    def __init__(self, control: socket.socket, missing: dict[str, str]) -> None:
        self.control = control
        self.missing = missing
        self.own_users = "namespaces" not in missing
        launch.warm_up()
        seccomp.read_table()  # the file is out of reach later
        self.readable = tuple(confine.readable_paths())
        self.address_space = _address_space()
        self._wall_in()
        self.ruleset: int | None = None
        confine.attempt("landlock", self._landlock, missing)
        launch.forget()
        gc.collect()
        gc.freeze()

    def _wall_in(self) -> None:
        """The file tree and the identity that every child inherits."""
        if not self.own_users:
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
        stream = self.control.makefile("rb")
        for line in stream:
            request = json.loads(line)
            if request["op"] == "fork":
                self.fork(request["memory"], request["seconds"])
            else:
                self._reply({"status": reap(request["pid"])})
        os._exit(0)

    def fork(self, memory: int, seconds: int) -> None:
        """One confined child; answers with its channel, its output and a handle on it."""
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._child(theirs, write_end, memory, seconds)
        handle = os.pidfd_open(pid)
        theirs.close()
        os.close(write_end)
        self._reply({"pid": pid}, [ours.detach(), read_end, handle])

    def _reply(self, message: dict[str, Any], handles: list[int] | None = None) -> None:
        socket.send_fds(self.control, [json.dumps(message).encode() + b"\n"], handles or [])
        for handle in handles or []:
            os.close(handle)

    def _child(self, channel: socket.socket, output: int, memory: int, seconds: int) -> NoReturn:
        """Never returns: whatever goes wrong, this process ends without unwinding."""
        try:
            self._confine(channel, output, memory, seconds)
        except BaseException as error:
            with contextlib.suppress(BaseException):
                os.write(2, f"the sandbox could not be set up: {error}\n".encode())
        finally:
            os._exit(70)

    def _confine(self, channel: socket.socket, output: int, memory: int, seconds: int) -> None:
        _only_descriptors(channel, output, self.ruleset)
        confine.die_with_parent()
        confine.limits(self.address_space + memory, seconds, self.own_users)
        os.nice(CHILD_PRIORITY)
        missing = dict(self.missing)
        confine.attempt("privileges", confine.no_new_privileges, missing)
        if self.ruleset is not None:
            confine.landlock(self.ruleset)
        server = child.Server(channel)
        if "seccomp" not in missing:
            confine.attempt("seccomp", confine.system_calls, missing)
        sys.addaudithook(child.audit(channel, self.readable))
        server.serve(missing)


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


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def reap(pid: int) -> int:
    """The wait status of a child that is dead or dying; -1 if it was not ours."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return -1
