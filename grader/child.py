"""Inside the sandbox: answers the judge's calls on one submission, until it is killed."""

from __future__ import annotations

import math
import os
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import torch
from torch import nn

from grader.host import (
    SOURCE,
    Host,
    Made,
    Reply,
    Setup,
    SubmissionError,
    Target,
    describe,
    fits,
    load_module,
)
from grader.wire import Ticket, receive, send, unpacked

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
FOREVER = math.inf  # the judge holds the clock

# Events of sys.audit that an honest answer never causes. The kernel stops all of them anyway; the
# hook only gives the verdict a name and a line, and keeps an `except` from hiding the attempt.
DENIED_EVENTS = (
    *(
        "os.system",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
    ),
    *("subprocess.Popen", "socket.", "ctypes.", "os.remove", "os.rename", "os.rmdir", "os.mkdir"),
    *("os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "os.kill", "os.killpg"),
    *("shutil.", "pty.spawn", "urllib.Request", "sqlite3.connect", "webbrowser.open", "ftplib."),
    *("sys.addaudithook", "sys.settrace", "sys.setprofile", "gc.get_objects", "gc.get_referrers"),
    *("gc.get_referents", "os.setxattr", "signal.pthread_kill", "resource.setrlimit"),
)


class Server:
    """Executes the judge's requests one after another."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.host = Host({})

    def serve(self, missing: dict[str, str]) -> NoReturn:
        """Says it is ready and which walls do not stand, then answers for ever."""
        rehearse()
        send(self.channel, {"ready": True, "missing": missing}, FOREVER)
        while True:
            request = receive(self.channel, FOREVER)
            reply = self.answer(request)
            for stream in (sys.stdout, sys.stderr):
                _flush(stream)
            send(self.channel, {"seq": request["seq"], **reply}, FOREVER)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        operation: Callable[..., Any] = getattr(self, "do_" + request["op"])
        try:
            return {"value": operation(**request["with"])}
        except SubmissionError as error:
            return {"error": (error.kinds, error.text, error.line, error.cause)}

    def do_load(self, source: str, forbid: tuple[str, ...]) -> None:
        try:
            namespace = load_module(source)
        except BaseException as error:
            raise describe(error) from None
        self.host = Host(namespace, forbid=forbid)

    def do_has(self, name: str) -> bool:
        return self.host.has(name)

    def do_construct(self, entry: str, args: Any, options: dict[str, Any]) -> Ticket:
        return self.host.construct(entry, args, options)

    def do_layer(self, **setup: Any) -> Any:
        plan = _setup(setup)
        return _sent(self.host.layer(plan), plan)

    def do_load_state(self, ticket: Ticket, weights: Any) -> None:
        self.host.load_state(ticket, unpacked(weights))

    def do_call(self, target: Any, inputs: Any, keep: Any, setup: Any) -> Any:
        plan = setup and _setup(setup)
        return _replied(self.host.call(Target(*target), inputs, keep, plan), plan)

    def do_vjp(self, target: Any, inputs: Any, cotangents: Any, setup: Any) -> Any:
        plan = setup and _setup(setup)
        pulled = self.host.vjp(Target(*target), inputs, cotangents, plan)
        return {
            **_replied(pulled.reply, plan),
            "inputs": pulled.inputs,
            "parameters": pulled.parameters,
            "error": pulled.error,
        }


def rehearse() -> None:
    """Makes, calls and differentiates a layer, as most submissions do.

    The pages that this writes to are copied from the zygote now, and not when a person waits.
    """
    host = Host({"Layer": nn.Linear})
    for dtype in (torch.float64, torch.float32):
        weights = {"weight": torch.ones(4, 4, dtype=dtype), "bias": torch.ones(4, dtype=dtype)}
        x, setup = torch.ones(2, 3, 4, dtype=dtype), Setup(weights, "Layer", (4, 4))
        host.call(Target(), [x], setup=setup)
        host.vjp(Target(), [x], [x], setup)


def _setup(parts: dict[str, Any]) -> Setup:
    return Setup(**parts | {"weights": unpacked(parts["weights"])})


def _replied(reply: Reply, setup: Setup | None) -> dict[str, Any]:
    made = _sent(reply.made, setup) if reply.made and setup else None
    return {"outputs": reply.outputs, "modified": reply.modified, "made": made}


def _sent(made: Made, setup: Setup) -> Any:
    """The layer's ticket, and True where its parameters are as expected, otherwise their shapes."""
    return made.ticket, fits(made, setup.weights) or made.shapes


def _flush(stream: Any) -> None:
    try:
        stream.flush()
    except BaseException:  # the submission may have replaced or closed it
        return


def audit(channel: socket.socket, readable: tuple[str, ...]) -> Callable[[str, Any], None]:
    """A hook for sys.addaudithook that tells the judge of a denied event, with its line."""

    def hook(event: str, args: Any) -> None:
        if event == "open":
            denied = _denied_open(args, readable)
        elif event in ("os.listdir", "os.scandir"):
            denied = args[0] not in sys.path and not _inside(args[0], readable)
        else:
            denied = event.startswith(DENIED_EVENTS)
        if denied:
            what = f"{event} {args[0]!r:.100}" if args else event
            send(channel, {"denied": what, "line": _current_line()}, FOREVER)
            os._exit(77)

    return hook


def _denied_open(args: Any, readable: tuple[str, ...]) -> bool:
    path, _, flags = args
    writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(flags, int) else 0
    if isinstance(path, int) or path in ("/dev/null", "/dev/urandom", SOURCE):
        return False
    if _inside(path, (OWN_FOLDER,)) and not writes:
        return (
            False  # Python looks up the lines of a traceback; the kernel says no, and all is well
        )
    return bool(writes) or not _inside(path, readable)


def _inside(path: Any, folders: tuple[str, ...]) -> bool:
    text = (
        os.path.normpath(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else ""
    )
    return any(text == folder or text.startswith(folder + os.sep) for folder in folders)


def _current_line() -> int | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == SOURCE:
            return frame.f_lineno
        frame = frame.f_back
    return None
