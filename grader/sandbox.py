"""Where confined processes come from: a warm zygote on Linux, fresh interpreters elsewhere."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import wire
from grader.exam import Died
from grader.launch import Process, start, stop
from grader.remote import Child
from grader.verdict import GraderError

MIB = 1 << 20
START_SECONDS = 150.0  # importing torch from a cold disk on a busy machine
CONTROL_SECONDS = 30.0
RECYCLE_AFTER = 500  # children
DEFAULT_MEMORY = 1024 * MIB
DEFAULT_SECONDS = 10
LINUX = sys.platform == "linux"
WALLS = ("namespaces", "file tree", "landlock", "seccomp", "limits")
Started = tuple[Process, socket.socket]


# Linux: children forked from a warm zygote


@dataclass
class ForkedProcess:
    """A child of the zygote: a handle on the process that no other process can take over."""

    pid: int  # in this process's namespace
    inner: int  # in the zygote's namespace
    handle: int
    zygote: Zygote
    ended: int | None = None

    def kill(self) -> None:
        if self.handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def over(self, seconds: float) -> bool:
        """Whether it has ended, or ends within that time."""
        return self.handle < 0 or bool(select.select([self.handle], [], [], seconds)[0])

    def status(self) -> int:
        if self.ended is None:
            self.ended = self.zygote.reap(self.inner)
            os.close(self.handle)
            self.handle = -1
        return self.ended


class Zygote:
    """The warm process; started anew when it is gone or old."""

    def __init__(self, started: Started | None = None) -> None:
        self.process, self.control = started or start_zygote()
        self.forked = 0
        self.ready = False

    def fork(self, memory: int, seconds: int, skip: tuple[str, ...] = ()) -> Child:
        """A child with `memory` bytes beyond torch's own and `seconds` of processor time.

        `skip` names walls to leave out, so that the doctor can try the others one by one.
        """
        if not self.ready:
            self._answer(START_SECONDS)
            self.ready = True
        self.forked += 1
        plan = {"memory": memory, "seconds": seconds, "skip": skip}
        self._ask({"op": "fork", "plan": plan})
        message, (channel, output, handle) = self._answer(CONTROL_SECONDS, 3)
        process = ForkedProcess(_pid_of(handle), message["pid"], handle, self)
        return _ready(Child(socket.socket(fileno=channel), output, process), CONTROL_SECONDS)

    def reap(self, pid: int) -> int:
        try:
            self._ask({"op": "reap", "pid": pid})
            return int(self._answer(CONTROL_SECONDS)[0]["status"])
        except GraderError:
            return signal.SIGKILL  # with the zygote all its children went

    def _ask(self, request: dict[str, Any]) -> None:
        try:
            self.control.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise GraderError("the sandbox's parent process is gone") from error

    def _answer(self, seconds: float, handles: int = 0) -> tuple[dict[str, Any], list[int]]:
        self.control.settimeout(seconds)
        data, received = b"", []
        try:
            while not data.endswith(b"\n"):
                part, found, _, _ = socket.recv_fds(self.control, 1 << 16, handles)
                received += found
                if not part:
                    raise GraderError("the sandbox's parent process is gone")
                data += part
        except OSError as error:
            raise GraderError("the sandbox's parent process does not answer") from error
        return json.loads(data), received

    def close(self) -> None:
        self.control.close()
        stop(self.process)


def _pid_of(handle: int) -> int:
    """The process behind a pidfd, as numbered in our own namespace."""
    lines = Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))


def _ready(child: Child, seconds: float) -> Child:
    """The child, once it has said that it is confined."""
    try:
        message = wire.receive(child.channel, time.monotonic() + seconds)
        child.missing = {str(name): str(why) for name, why in message["missing"].items()}
    except (wire.Closed, wire.Late, wire.WireError) as error:
        raise GraderError(f"a sandboxed process could not be set up: {child.close()}") from error
    return child


def start_zygote() -> Started:
    """Starts the zygote without waiting for it."""
    ours, theirs = socket.socketpair()
    process = start("zygote", theirs)
    theirs.close()
    return process, ours


# Elsewhere: a fresh interpreter per submission


class FreshProcess:
    """An interpreter of its own, used once."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.pid = process.pid

    def kill(self) -> None:
        self.process.kill()

    def over(self, seconds: float) -> bool:
        """Whether it has ended, or ends within that time."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def status(self) -> int:
        """The end as a wait status."""
        code = self.process.wait(timeout=CONTROL_SECONDS)
        return -code if code < 0 else code << 8


class FreshInterpreters:
    """Stands in for the zygote on systems that cannot confine; `missing` says so."""

    def __init__(self) -> None:
        self.forked = 0
        why = f"{sys.platform} offers none; the submission runs with your own rights"
        self.missing = dict.fromkeys(WALLS, why)

    def fork(self, memory: int, seconds: int) -> Child:
        """Starts an interpreter; limits on memory and processor time are not to be had."""
        del memory, seconds
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        process = start("solo", theirs, write_end)
        theirs.close()
        os.close(write_end)
        child = _ready(Child(ours, read_end, FreshProcess(process)), START_SECONDS)
        child.missing = dict(self.missing)
        return child

    def close(self) -> None:
        return


class Sandbox:
    """Hands out confined children; keeps one spare ready and renews their source."""

    def __init__(self, confined: bool = LINUX, started: Started | None = None) -> None:
        self.new_source: Callable[[], Zygote | FreshInterpreters] = (
            Zygote if confined else FreshInterpreters
        )
        self.source: Zygote | FreshInterpreters | None = Zygote(started) if started else None
        self.spare: Child | None = None

    def prepare(self) -> None:
        """Makes the spare child, so that the next submission need not wait for a fork."""
        if self.spare is None:
            self.spare = self._fork(DEFAULT_MEMORY, DEFAULT_SECONDS)

    def take(self, memory: int = DEFAULT_MEMORY, seconds: int = DEFAULT_SECONDS) -> Child:
        """A fresh child, its clock started; the spare if it has these limits and still lives."""
        if (memory, seconds) == (DEFAULT_MEMORY, DEFAULT_SECONDS):
            spare, self.spare = self.spare, None
            if spare is not None:
                spare.begin(seconds)
                with contextlib.suppress(Died):
                    spare.ask("has", name="")
                    return spare
                spare.close()
        child = self._fork(memory, seconds)
        child.begin(seconds)
        return child

    def _fork(self, memory: int, seconds: int) -> Child:
        if self.source is not None and self.source.forked >= RECYCLE_AFTER:
            self.close()
        for last in (False, True):
            try:
                self.source = self.source or self.new_source()
                return self.source.fork(memory, 2 * seconds + 2)
            except GraderError:
                self.close()
                if last:
                    raise
        raise AssertionError("unreachable")

    @property
    def missing(self) -> dict[str, str]:
        """Walls that do not stand here, with the reason."""
        self.prepare()
        return self.spare.missing if self.spare else {}

    def close(self) -> None:
        spare, source = self.spare, self.source
        self.spare = self.source = None
        if spare is not None:
            spare.close()
        if source is not None:
            source.close()
