"""The sandbox's walls: the filter's tables, and every wall tried from inside."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from grader import Grader, seccomp
from grader.doctor import attempt, examine, listener, probes
from grader.remote import RemoteSide
from grader.sandbox import DEFAULT_MEMORY, Sandbox, Zygote

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
linux = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")


def run(program: bytes, arch: int, number: int, argument: int = 0) -> int:
    """The filter's answer to one call: a machine for the few instructions it uses."""
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    data = {seccomp.NUMBER: number, seccomp.ARCH: arch, seccomp.ARGUMENT: argument}
    at = register = 0
    while True:
        op, jump_true, jump_false, constant = code[at]
        if op == seccomp.RETURN:
            return constant
        if op == seccomp.LOAD:
            register, jump = data[constant], 0
        else:
            holds = {
                seccomp.JUMP_EQUAL: register == constant,
                seccomp.JUMP_AT_LEAST: register >= constant,
                seccomp.JUMP_SET: bool(register & constant),
            }[op]
            jump = jump_true if holds else jump_false
        at += 1 + jump


@pytest.mark.parametrize("arch", seccomp.AUDIT_ARCH)
def test_the_filter_answers_as_the_table_says(arch: str) -> None:
    program, pid = seccomp.program(41, arch), 41
    audit = seccomp.AUDIT_ARCH[arch]
    calls = seccomp.read_table(arch)
    plain = {"allow": seccomp.ALLOW, "kill": seccomp.KILL}
    for number, action in calls.values():
        if action in plain:
            assert run(program, audit, number) == plain[action]
    call = {name: number for name, (number, _) in calls.items()}
    assert run(program, audit, call["clone"], seccomp.CLONE_THREAD) == seccomp.ALLOW
    assert run(program, audit, call["clone"], 17) == seccomp.KILL
    assert run(program, audit, call["clone3"]) & seccomp.ERRNO
    assert run(program, audit, call["tgkill"], pid) == seccomp.ALLOW
    assert run(program, audit, call["kill"], 1) == seccomp.KILL
    assert run(program, audit, call["prctl"], 15) == seccomp.ALLOW
    assert run(program, audit, call["prctl"], 22) & seccomp.ERRNO
    assert run(program, audit, call["prlimit64"], 0) == seccomp.ALLOW
    assert run(program, audit, call["prlimit64"], 1) == seccomp.KILL
    assert run(program, audit, 100_000) & seccomp.ERRNO
    assert run(program, 0x40000003, call["read"]) == seccomp.KILL  # 32-bit x86


def test_the_second_table_of_x86_is_closed() -> None:
    program = seccomp.program(1, "x86_64")
    assert run(program, seccomp.AUDIT_ARCH["x86_64"], seccomp.X32_BIT | 1) == seccomp.KILL


@pytest.mark.parametrize("arch", HEADERS)
def test_the_table_has_the_kernels_numbers(arch: str) -> None:
    if not HEADERS[arch].exists():
        pytest.skip("the kernel's headers are not installed")
    words = [line.split() for line in HEADERS[arch].read_text().splitlines()]
    numbers = {
        word[1].replace("__NR3264_", "__NR_"): int(word[2])
        for word in words
        if len(word) > 2 and word[0] == "#define" and word[2].isdigit()
    }
    renamed = {"fstatat": "newfstatat"}
    known = {f"__NR_{renamed.get(n[5:], n[5:])}": number for n, number in numbers.items()}
    checked = 0
    for name, (number, _) in seccomp.read_table(arch).items():
        if f"__NR_{name}" in known:
            assert known[f"__NR_{name}"] == number, name
            checked += 1
    assert checked > 150


@linux
def test_every_wall_that_stands_holds() -> None:
    walls, findings = examine()
    standing = {wall.name for wall in walls if wall.stands}
    assert {finding.probe.wall for finding in findings} == standing
    assert [finding for finding in findings if not finding.stopped] == []


@linux
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux's unshare")
def test_the_other_walls_hold_where_namespaces_are_forbidden() -> None:
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" -m grader doctor'
    command = ["unshare", "-Ur", "sh", "-c", forbid, sys.executable]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    if done.returncode and not done.stdout:
        pytest.skip(f"no user namespace here: {done.stderr.strip()}")
    lines = done.stdout.splitlines()
    missing = [line.split()[1] for line in lines if line.startswith("MISSING")]
    assert missing == ["namespaces", "file"]
    assert not [line for line in lines if "PASSED" in line]
    assert sum("held" in line for line in lines) >= 9


@linux
def test_a_probe_gets_through_where_its_wall_is_left_out() -> None:
    """Otherwise the doctor's proof would prove nothing."""
    sandbox = Sandbox()
    sandbox.prepare()
    assert isinstance(sandbox.source, Zygote)
    with listener() as port:
        separate = [p for p in probes(port) if p.function in ("start_process", "take_memory")]
    try:
        for probe in separate:
            bare = type(probe)("none", probe.function, probe.arguments)
            assert not attempt(sandbox.source, bare).stopped
    finally:
        sandbox.close()


@linux
def test_no_descriptor_or_secret_reaches_a_submission(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_TEST_SECRET", "hunter2")
    code = (
        "import os, sys\n"
        "print(sorted(os.environ))\n"
        "found = []\n"
        "for handle in range(3, 64):\n"
        "    try:\n"
        "        os.fstat(handle)\n"
        "        found.append(handle)\n"
        "    except OSError:\n"
        "        pass\n"
        "print(len(found))\n"
        "print([name for name in sys.modules if name.startswith('grader')])\n"
    )
    printed = grader.check("multi-head-attention", code).stdout.splitlines()
    assert "HEADROOM" not in printed[0]
    assert printed[1] == "1"  # the channel to the judge and nothing else
    assert printed[2] == "[]"


def test_the_portable_sandbox_speaks_the_same_protocol(right: str) -> None:
    """What macOS and Windows get: a fresh interpreter, and the notes say what is missing."""
    sandbox = Sandbox(confined=False)
    try:
        child = sandbox.take(DEFAULT_MEMORY, 60)
        side = RemoteSide(child)
        side.load("print('here')\n" + right, ())
        assert side.has("MultiHeadAttention")
        assert child.close() == "here\n"
        assert "seccomp" in child.missing
    finally:
        sandbox.close()
