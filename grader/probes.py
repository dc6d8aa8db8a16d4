"""What the doctor runs in the sandbox: each function tries to pass one wall and says what came.

Loaded as a submission is. A function returns "stopped: ..." if it could not pass, or tells what it
could do; a function that is killed was stopped as well.
"""

import ctypes
import os
import resource
import signal
import socket
import threading

PR_GET_NO_NEW_PRIVS = 39


def signal_outside(pid: int) -> str:
    """Signal a process of the host by its number there."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return f"stopped: {error.strerror}"
    return f"could signal process {pid} of the host"


def connect_outside(port: int) -> str:
    """Connect to a listener on the host's loopback address."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError as error:
        return f"stopped: {error.strerror or error}"
    return "could connect to a server on the host"


def read_project(path: str) -> str:
    """Read a file of this project."""
    try:
        with open(path, "rb") as file:
            file.read(1)
    except OSError as error:
        return f"stopped: {error.strerror}"
    return f"could read {path}"


def write_device(path: str) -> str:
    """Open for writing what may only be read; a device, since a read-only mount does not bar it."""
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError as error:
        return f"stopped: {error.strerror}"
    return f"could open {path} for writing"


def start_process() -> str:
    """Fork; the filter ends the process."""
    if os.fork() == 0:
        os._exit(0)
    return "could fork"


def open_socket() -> str:
    """Make a socket; the filter ends the process."""
    socket.socket().close()
    return "could make a socket"


def execute_program() -> None:
    """Replace this process by another program; the filter ends the process."""
    os.execv("/bin/true", ["true"])


def gain_privileges() -> str:
    """Ask the kernel whether this process could gain privileges by executing a program."""
    held = ctypes.CDLL(None).prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
    return "stopped: no-new-privileges is set" if held == 1 else "no-new-privileges is not set"


def take_memory(count: int) -> str:
    """Allocate more than the limit."""
    try:
        held = bytearray(count)
    except MemoryError:
        return "stopped: out of memory"
    return f"could allocate {len(held)} bytes"


def start_threads(count: int) -> str:
    """Start more threads than the limit."""
    done = threading.Event()
    threads: list[threading.Thread] = []
    try:
        for _ in range(count):
            threads.append(threading.Thread(target=done.wait))
            threads[-1].start()
    except RuntimeError as error:
        return f"stopped: {error} after {len(threads)} threads"
    finally:
        done.set()
    return f"could start {count} threads"


def raise_limits() -> str:
    """Raise the limit on memory again."""
    try:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError) as error:
        return f"stopped: {error}"
    return "could raise the limit on memory"


def burn_time() -> None:
    """Ignore the warning signal and go on after the limit on processor time."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass
