"""The walls on Linux: namespaces, an empty file tree, resource limits, Landlock, seccomp.

Each wall is put up by one function that raises OSError where the kernel does not have it; the
caller notes which stand. Needs no root, no binary and no package.
Sources: namespaces(7), user_namespaces(7), pivot_root(2), landlock(7), seccomp(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import stat
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from grader import seccomp

NEW_NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000
NOBODY = 65534
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    *(1, 2, 4, 32, 4096, 16384),
    1 << 18,
)
MNT_DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
READ_FILE, READ_DIR, WRITE_FILE = 1 << 2, 1 << 3, 1 << 1

# What Python and torch may still read, by name: never the whole of site-packages.
PACKAGES = (
    *("torch", "torchgen", "functorch", "numpy", "numpy.libs", "sympy", "mpmath", "networkx"),
    *("jinja2", "markupsafe", "fsspec", "filelock", "typing_extensions.py"),
)
SYSTEM_LIBRARIES = (
    *(f"/{root}/{arch}-linux-gnu" for root in ("lib", "usr/lib") for arch in seccomp.AUDIT_ARCH),
    *("/lib64", "/usr/lib64", "/etc/ld.so.cache"),
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _syscall(number: int, *args: object) -> int:
    return _check(_libc.syscall(ctypes.c_long(number), *args))


def _prctl(option: int, value: int | bytes = 0) -> None:
    word = value if isinstance(value, bytes) else ctypes.c_ulong(value)
    _check(_libc.prctl(option, word, ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)))


# Namespaces


def unshare() -> None:
    """Own user, mount, pid, network, ipc and host-name namespaces; pid from the next fork on.

    The user map is written from outside, by a helper forked first: only there may root map itself
    to nobody, so that limits on processes bind root's submissions too.
    """
    root = os.getuid() == 0
    user, group = (NOBODY, NOBODY) if root else (os.getuid(), os.getgid())
    ready, go = os.pipe()
    parent = os.getpid()
    helper = os.fork()
    if helper == 0:
        os.close(go)
        os.read(ready, 1)
        os._exit(_write_maps(parent, user, group))
    os.close(ready)
    try:
        _check(_libc.unshare(NEW_NAMESPACES))
    finally:
        os.close(go)
        _, status = os.waitpid(helper, 0)
    if status:
        raise OSError(1, "the user map could not be written")


def _write_maps(pid: int, user: int, group: int) -> int:
    try:
        Path(f"/proc/{pid}/setgroups").write_text("deny")
        Path(f"/proc/{pid}/gid_map").write_text(f"{group} {group} 1")
        Path(f"/proc/{pid}/uid_map").write_text(f"{user} {user} 1")
    except OSError:
        return 1
    return 0


def become_mapped() -> None:
    """Inside the namespaces: take the one identity that is mapped, where it is not ours already."""
    user = int(Path("/proc/self/uid_map").read_text().split()[0])
    group = int(Path("/proc/self/gid_map").read_text().split()[0])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def drop_capabilities() -> None:
    """Empties all capability sets (version 3 header, two words each)."""
    header = struct.pack("=Ii", 0x20080522, 0)
    _check(_libc.capset(header, bytes(24)))


# The file tree


def readable_paths() -> list[str]:
    """Files and folders that Python and torch may still read once confined."""
    found = []
    for entry in map(Path, sys.path):
        if entry.name in ("site-packages", "dist-packages"):
            found += [entry / name for name in PACKAGES]
        elif entry.is_dir() and (entry / "os.py").exists():
            found += [item for item in entry.iterdir() if not _foreign(item)]
        elif entry.name == "lib-dynload":
            found.append(entry)
    found += [Path(path) for path in (*_mapped_libraries(), *SYSTEM_LIBRARIES)]
    return _outermost(str(path) for path in found if path.exists())


def _outermost(paths: Iterable[str]) -> list[str]:
    """Without those that lie inside another."""
    every = set(paths)
    return sorted(path for path in every if not every & set(map(str, Path(path).parents)))


def _foreign(item: Path) -> bool:
    return item.name in ("site-packages", "dist-packages", "test", "idlelib", "ensurepip")


def _mapped_libraries() -> set[str]:
    """Shared objects this process has loaded: their folders are where the loader looks."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    paths = {line.split(maxsplit=5)[5] for line in lines if line.count("/")}
    return {path for path in paths if ".so" in Path(path).name and Path(path).is_file()}


def open_sources(paths: Iterable[str]) -> list[tuple[str, int]]:
    """Handles on what the jail will show, taken while this process may still reach it."""
    return [(path, os.open(path, os.O_PATH)) for path in [*paths, *DEVICES]]


def jail(sources: Iterable[tuple[str, int]]) -> None:
    """Makes a file tree of `sources` alone, read-only, the root of this mount namespace."""
    new = Path("/tmp")
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", str(new), "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=755")
    for path, handle in sources:
        target = new / path.lstrip("/")
        _make_target(target, stat.S_ISDIR(os.fstat(handle).st_mode))
        _mount(f"/proc/self/fd/{handle}", str(target), None, MS_BIND | MS_REC)
        os.close(handle)
        _read_only(str(target))
    os.chdir(new)
    _syscall(PIVOT_ROOT[seccomp.machine()], b".", b".")
    _check(_libc.umount2(b".", MNT_DETACH))
    os.chdir("/")
    _mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _make_target(target: Path, folder: bool) -> None:
    (target if folder else target.parent).mkdir(parents=True, exist_ok=True)
    if not folder:
        target.touch()


def _read_only(target: str) -> None:
    """Remounts read-only, keeping the flags that a user namespace may not clear."""
    flags = os.statvfs(target).f_flag
    kept = {1024: 1024, 2048: 2048, 4096: 1 << 21, 2: MS_NOSUID, 4: MS_NODEV, 8: 8}
    held = sum(mount for seen, mount in kept.items() if flags & seen)
    _mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | held)


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str | None = None
) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    extra = None if data is None else data.encode()
    _check(_libc.mount(*texts, ctypes.c_ulong(flags), extra))


# Landlock


def landlock_version() -> int:
    """The kernel's Landlock version, 0 without it."""
    try:
        return _syscall(LANDLOCK_CREATE, None, 0, 1)
    except OSError:
        return 0


def landlock_rules(paths: Iterable[str], folders: Iterable[str] = ()) -> int:
    """A ruleset: `paths` may be read, `folders` listed, and nothing else done with any file.

    No TCP from version 4, no signals or abstract sockets to outside from version 6.
    """
    version = landlock_version()
    if not version:
        raise OSError(38, "this kernel has no Landlock")
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    attributes = [(1 << bits) - 1, 3 if version >= 4 else 0, 3 if version >= 6 else 0]
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _syscall(LANDLOCK_CREATE, struct.pack("=QQQ", *attributes), size, 0)
    for path in paths:
        _add_rule(ruleset, path, READ_FILE | READ_DIR)
    for path in folders:
        _add_rule(ruleset, path, READ_DIR)
    _add_rule(ruleset, "/dev/null", READ_FILE | WRITE_FILE)
    for path in DEVICES[1:]:
        _add_rule(ruleset, path, READ_FILE)
    return ruleset


def _add_rule(ruleset: int, path: str, access: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= ~READ_DIR
        _syscall(LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", access, handle), 0)
    finally:
        os.close(handle)


def landlock(ruleset: int) -> None:
    _syscall(LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


# A single process


def no_privileges() -> None:
    """None held, none to be gained: root without namespaces of its own is not root either."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    drop_capabilities()


def die_with_parent() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def limits(memory: int, seconds: int, own_users: bool) -> None:
    """`memory` bytes of address space in all, `seconds` of processor time, no files, no dumps.

    Threads are counted per user, so they are bounded only where the user namespace is our own.
    """
    bounds = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if own_users:
        bounds[resource.RLIMIT_NPROC] = 256
    for name, bound in bounds.items():
        hard = resource.getrlimit(name)[1]
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(name, (allowed, allowed))
    # First SIGXCPU, which tells what happened; a second later the kernel's SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def system_calls() -> None:
    """Applies the filter to this process for good."""
    if not seccomp.supported():
        raise OSError(38, f"no table of system calls for {seccomp.machine()}")
    code = seccomp.program(os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    _check(_libc.prctl(PR_SET_SECCOMP, 2, header, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def attempt(name: str, wall: Callable[[], object], missing: dict[str, str]) -> None:
    """Puts up one wall, or notes in `missing` why it cannot stand here."""
    try:
        wall()
    except OSError as error:
        missing[name] = str(error.strerror or error)
