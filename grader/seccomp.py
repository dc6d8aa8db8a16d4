"""The system-call filter of a submission: a BPF program, built from `syscalls.csv`.

Allowed calls are those that Python and torch make while computing. Calls that reach for another
process, the network or the file tree end the submission at once (SIGSYS), so that no `except` can
hide the attempt. Anything else answers "not implemented", which the C library knows how to take.
Layout of the program: seccomp(2), struct seccomp_data.
"""

from __future__ import annotations

import csv
import errno
import platform
import struct
from functools import cache
from pathlib import Path

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000  # x86-64's second table of calls would go round the filter

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCH, ARGUMENT = 0, 4, 16  # offsets in seccomp_data; arguments' low halves come first
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
CLONE_THREAD = 0x00010000
MAP_SHARED = 0x01
PRCTL_ALLOWED = (15, 16, 0x53564D41)  # set and get a thread's name, name a mapping

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


def machine() -> str:
    return platform.machine().lower().replace("arm64", "aarch64")


def supported() -> bool:
    return machine() in AUDIT_ARCH


@cache
def read_table(arch: str = "") -> dict[str, tuple[int, str]]:
    """Number and action of every named call that the architecture (default: this one) has."""
    arch = arch or machine()
    if arch not in AUDIT_ARCH:
        return {}
    path = Path(__file__).with_name("syscalls.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["name"]: (int(row[arch]), row["action"]) for row in rows if row[arch]}


def program(pid: int, arch: str | None = None) -> bytes:
    """The filter for the process `pid` (as it sees itself) as packed `struct sock_filter`s."""
    arch = arch or machine()
    calls = read_table() if arch == machine() else read_table(arch)
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCH),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCH[arch]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if arch == "x86_64":
        code += [(JUMP_AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL)]
    for name, (number, action) in calls.items():
        body = _judged(name, pid) if action == "judge" else [_return(action)]
        code += [(JUMP_EQUAL, 0, len(body), number), *body]
    code.append((RETURN, 0, 0, ERRNO | errno.ENOSYS))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _return(action: str) -> Instruction:
    return (RETURN, 0, 0, ALLOW if action == "allow" else KILL)


def _judged(name: str, pid: int) -> list[Instruction]:
    """Calls of which one argument, mostly the first, decides."""
    if name == "clone":  # a thread, not a process
        return _choose([(JUMP_SET, CLONE_THREAD)], KILL)
    if name == "clone3":  # its flags lie in memory the filter cannot read; libc falls back to clone
        return [(RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    if name == "prctl":
        return _choose([(JUMP_EQUAL, option) for option in PRCTL_ALLOWED], ERRNO | errno.EPERM)
    if name in ("prlimit64", "sched_setaffinity"):
        return _choose([(JUMP_EQUAL, 0), (JUMP_EQUAL, pid)], KILL)
    if name == "mmap":  # shared memory may be let go and kept, out of the account of its size
        flags = ARGUMENT + 3 * 8
        shared = [(LOAD, 0, 0, flags), (JUMP_SET, 0, 1, MAP_SHARED)]
        return [*shared, (RETURN, 0, 0, ERRNO | errno.EPERM), (RETURN, 0, 0, ALLOW)]
    return _choose([(JUMP_EQUAL, pid)], KILL)  # signals: only to itself


def _choose(tests: list[tuple[int, int]], otherwise: int) -> list[Instruction]:
    """Allows if any test of the first argument holds."""
    body: list[Instruction] = [(LOAD, 0, 0, ARGUMENT)]
    for left, (jump, constant) in enumerate(reversed(tests)):
        body.insert(1, (jump, left + 1, 0, constant))
    return [*body, (RETURN, 0, 0, otherwise), (RETURN, 0, 0, ALLOW)]
