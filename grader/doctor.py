"""Shows which walls of the sandbox stand on this machine, and tries to pass each of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.exam import Died
from grader.host import SubmissionError, Target
from grader.remote import RemoteSide
from grader.sandbox import DEFAULT_MEMORY, MIB, Sandbox, Zygote
from grader.verdict import Wall
from grader.walls import describe

PROBES = Path(__file__).with_name("probes.py")
PROBE_SECONDS = 5  # of processor time
HANG_SECONDS = 60.0
SEPARABLE = ("limits", "landlock", "seccomp")


@dataclass(frozen=True)
class Probe:
    """One attempt: the function of `probes.py`, what it gets, and the wall that must stop it."""

    wall: str
    function: str
    arguments: tuple[int | str, ...] = ()

    @property
    def skip(self) -> tuple[str, ...]:
        """The other walls, so that none of them stops what this one should.

        Only no-new-privileges stays: Landlock and seccomp need it.
        """
        return tuple(name for name in SEPARABLE if name != self.wall)


@dataclass(frozen=True)
class Finding:
    """What came of a probe."""

    probe: Probe
    stopped: bool
    detail: str


def probes(port: int) -> list[Probe]:
    return [
        Probe("namespaces", "signal_outside", (os.getpid(),)),
        Probe("namespaces", "connect_outside", (port,)),
        Probe("file tree", "read_project", (str(PROBES),)),
        Probe("landlock", "read_project", (str(PROBES),)),
        Probe("landlock", "write_device", ("/dev/zero",)),
        Probe("seccomp", "start_process"),
        Probe("seccomp", "open_socket"),
        Probe("seccomp", "execute_program"),
        Probe("privileges", "gain_privileges"),
        Probe("limits", "take_memory", (DEFAULT_MEMORY + 64 * MIB,)),
        Probe("limits", "start_threads", (1000,)),
        Probe("limits", "raise_limits"),
        Probe("limits", "burn_time"),
    ]


def examine() -> tuple[list[Wall], list[Finding]]:
    """The walls, and the findings of the probes of those that stand."""
    sandbox = Sandbox()
    try:
        missing = sandbox.missing
        if not isinstance(sandbox.source, Zygote):
            return describe(missing), []
        with listener() as port:
            tried = [probe for probe in probes(port) if probe.wall not in missing]
            return describe(missing), [attempt(sandbox.source, probe) for probe in tried]
    finally:
        sandbox.close()


def attempt(zygote: Zygote, probe: Probe) -> Finding:
    """Runs one probe in a child of its own."""
    seconds = 1 if probe.function == "burn_time" else PROBE_SECONDS
    child = zygote.fork(DEFAULT_MEMORY, seconds, probe.skip)
    child.begin(HANG_SECONDS)
    side = RemoteSide(child)
    try:
        side.load(PROBES.read_text(encoding="utf-8"), ())
        answer = str(
            side.begin_call(Target(name=probe.function), probe.arguments, (), None)().outputs
        )
        return Finding(probe, answer.startswith("stopped"), answer)
    except Died as death:
        return Finding(probe, death.verdict != "timeout", f"ended: {death.message['en']}")
    except SubmissionError as error:
        return Finding(probe, error.cause != "raised", str(error))
    finally:
        child.close()


@contextmanager
def listener() -> Iterator[int]:
    """A server on the loopback address that a probe should not reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
