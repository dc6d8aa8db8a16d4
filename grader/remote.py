"""The submission as the judge sees it: requests to a confined process, answers checked."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from torch import Tensor

from grader import lanes, wire
from grader.compare import words
from grader.exam import Died
from grader.host import (
    Gradients,
    Made,
    Reply,
    Setup,
    SubmissionError,
    Target,
    fits,
    flatten,
    floating,
    shapes_of,
)
from grader.local import own_memory
from grader.verdict import Words
from grader.wire import Ticket, packed

OUTPUT_KEPT = 64 << 10
OUTPUT_MOST = 1 << 20
ENDING = 2.0  # s from a closed channel to the end of the process that had it
AHEAD = 64 << 10  # bytes of requests in the channel; the smallest default buffer has three times it


class Output:
    """Collects what a child prints, keeping the first 64 KiB, on a thread of its own."""

    def __init__(self, handle: int, flooded: Callable[[], None]) -> None:
        self.kept = bytearray()
        self.seen = 0
        self.flooded = flooded
        self.handle = handle
        self.thread = threading.Thread(target=self._drain, daemon=True)
        self.thread.start()

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(self.handle, 1 << 16):
                self.kept += chunk[: OUTPUT_KEPT - len(self.kept)]
                self.seen += len(chunk)
                if self.seen > OUTPUT_MOST:
                    self.flooded()
        os.close(self.handle)

    def text(self) -> str:
        """All that was kept; to be called once the child is gone."""
        self.thread.join(timeout=2)
        return bytes(self.kept).decode("utf-8", "replace")


class Process(Protocol):
    """How a child is ended and what became of it."""

    pid: int

    def kill(self) -> None: ...
    def over(self, seconds: float) -> bool: ...
    def status(self) -> int: ...


class Child:
    """One confined process, for one submission."""

    def __init__(self, channel: socket.socket, output: int, process: Process) -> None:
        self.channel = channel
        self.process = process
        self.missing: dict[str, str] = {}
        self.output = Output(output, self._flooded)
        self.flood = False
        self.sequence = 0
        self.deadline = 0.0
        self.seconds = 0.0
        self.pristine = 0
        self.asked: deque[Asked] = deque()  # requests under way, in order

    def _flooded(self) -> None:
        self.flood = True
        self.process.kill()

    def begin(self, seconds: float) -> None:
        """Starts the clock of the submission."""
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError, ProcessLookupError):
            self.pristine = own_memory("VmRSS", self.process.pid)

    def ask(self, op: str, **arguments: Any) -> Any:
        """One request and its answer; SubmissionError if the code raised, Died if it is over."""
        return self.begin_asking(op, **arguments)()

    def begin_asking(self, op: str, **arguments: Any) -> Callable[[], Any]:
        """Sends a request; what is returned waits for the answer, while there is other work.

        Further requests are sent before the first is answered only while all of them fit into the
        channel's buffer: neither side ever waits for the other to read.
        """
        self.sequence += 1
        asked = Asked(self, self.sequence, {"op": op, "with": arguments})
        while self.asked and sum(other.size for other in self.asked) + asked.size > AHEAD:
            lanes.pause()
            if self.asked and self.asked[0].lane is lanes.current():
                self.asked[0].wait()
        self._send(asked)
        return asked.answer

    def _send(self, asked: Asked) -> None:
        first = not self.asked
        self.asked.append(asked)
        try:
            wire.write(self.channel, asked.frame, self.deadline)
        except wire.Late:
            raise self._end("timeout") from None
        except wire.Closed:
            if first:  # else an earlier request was its end: the one who waits for that will see
                raise self._end("gone") from None
        asked.frame = b""

    def receive(self) -> None:
        """The answer to the first of the requests under way, sound as a message."""
        reply = self._receive()
        if set(reply) == {"denied", "line"}:
            raise self._end("denied", str(reply["denied"])[:200], _line(reply["line"]))
        asked = self.asked.popleft()
        if reply.get("seq") != asked.number or not ({"value", "error"} & set(reply)):
            raise self._end("forged", "an answer to another question")
        asked.reply = reply

    def _receive(self) -> dict[str, Any]:
        try:
            return wire.receive(self.channel, self.deadline)
        except wire.Late:
            raise self._end("timeout") from None
        except wire.Closed:
            raise self._end("gone") from None
        except wire.WireError as error:
            raise self._end("forged", str(error)) from None

    def error(self, parts: Any) -> Exception:
        """What a submission raised, as the child tells it."""
        match parts:
            case (tuple(kinds), str(text), line, str(cause)) if (
                kinds
                and all(isinstance(kind, str) for kind in kinds)
                and isinstance(line, int | None)
                and cause in ("raised", "memory", "forbidden", "denied")
            ):
                names = tuple(kind[:100] for kind in kinds[:20])
                return SubmissionError(names, text[:2000], _line(line), cause)  # type: ignore[arg-type]
        return self._end("forged", "a malformed error")

    def _end(self, how: str, detail: str = "", line: int | None = None) -> Died:
        """Kills the process and says why it is over."""
        if how == "gone" and not self.process.over(ENDING):
            how, detail = "forged", "it was closed"
        self.process.kill()
        status = self.process.status()
        if self.flood:
            return Died("forbidden", _FLOOD)
        if how == "gone":
            return _death(status, self.seconds)
        if how == "timeout":
            return Died("timeout", _time_limit(self.seconds))
        where = (f" (line {line})", f"（第 {line} 行）") if line else ("", "")
        if how == "denied":
            return Died(
                "forbidden",
                words(
                    f"The sandbox does not allow {detail}{where[0]}.",
                    f"沙箱不允许 {detail}{where[1]}。",
                ),
                line,
            )
        return Died(
            "forbidden",
            words(
                f"The submission wrote on the judge's own channel: {detail}.",
                f"提交向判题通道写入了数据：{detail}。",
            ),
        )

    def forged(self, what: str) -> Died:
        """The end of a submission that answered in the harness's place, and badly."""
        return self._end("forged", what)

    def peak(self) -> int:
        """Peak resident bytes of the process so far, files aside, from the kernel."""
        return own_memory("VmHWM", self.process.pid)

    def close(self) -> str:
        """Ends the process and returns what it printed."""
        self.process.kill()
        self.process.status()
        self.channel.close()
        return self.output.text()


class Asked:
    """A request and, once it is there, its reply."""

    def __init__(self, child: Child, number: int, request: dict[str, Any]) -> None:
        self.child = child
        self.number = number
        self.lane = lanes.current()
        self.frame = wire.frame({"seq": number, **request})
        self.size = len(self.frame)
        self.reply: dict[str, Any] | None = None

    def wait(self) -> dict[str, Any]:
        while self.reply is None:
            self.child.receive()
        return self.reply

    def answer(self) -> Any:
        lanes.pause()
        reply = self.wait()
        if "error" in reply:
            raise self.child.error(reply["error"])
        return reply["value"]


_FLOOD = words(
    "The submission printed more than 1 MiB; it was stopped.", "提交的输出超过 1 MiB，已被终止。"
)


def _line(value: object) -> int | None:
    """A line number as the child tells it, if it can be one."""
    return value if type(value) is int and 0 < value < 1 << 31 else None


def _time_limit(seconds: float) -> Words:
    return words(
        f"The time limit of {seconds:g} s was met: is there a loop that does not end?",
        f"达到 {seconds:g} 秒的时间上限：是否有不会结束的循环？",
    )


def _death(status: int, seconds: float) -> Died:
    """What a wait status says of a process that ended by itself."""
    number = os.WTERMSIG(status) if status >= 0 and os.WIFSIGNALED(status) else 0
    if number == signal.SIGSYS:
        return Died(
            "forbidden",
            words(
                "The submission was stopped by the sandbox: it tried to start a process, open a "
                "network connection, change files or reach another process.",
                "提交被沙箱终止：它试图启动进程、访问网络、改动文件或触碰其他进程。",
            ),
        )
    if number == signal.SIGXCPU:
        return Died("timeout", _time_limit(seconds))
    if number == signal.SIGXFSZ:
        return Died("forbidden", words("The submission wrote a file.", "提交写入了文件。"))
    if number:
        name = signal.Signals(number).name
        return Died(
            "crashed",
            words(f"The submission's process was ended by {name}.", f"提交的进程被 {name} 终止。"),
            signal=number,
        )
    code = os.WEXITSTATUS(status) if status >= 0 else -1
    return Died(
        "crashed",
        words(
            f"The submission ended its own process (exit status {code}).",
            f"提交自行结束了进程（退出码 {code}）。",
        ),
    )


class RemoteSide:
    """The calls of `kit.Side`, answered by a child; nothing it says is believed unchecked."""

    def __init__(self, child: Child) -> None:
        self.child = child

    def load(self, source: str, forbid: Sequence[str]) -> None:
        self.child.ask("load", source=source, forbid=tuple(forbid))

    def has(self, name: str) -> bool:
        return self.child.ask("has", name=name) is True

    def construct(self, entry: str, args: Sequence[Any], options: dict[str, Any]) -> Ticket:
        ticket = self.child.ask("construct", entry=entry, args=tuple(args), options=options)
        return self._expect(ticket, Ticket)  # type: ignore[no-any-return]

    def layer(self, setup: Setup) -> Made:
        weights = packed(setup.weights)
        return self._made(self.child.ask("layer", **vars(setup) | {"weights": weights}), setup)

    def _made(self, value: Any, setup: Setup) -> Made:
        match value:
            case (Ticket() as ticket, True):
                return Made(ticket, shapes_of(setup.weights))
            case (Ticket() as ticket, None):
                return Made(ticket, None)
            case (Ticket() as ticket, dict(named)):
                shapes = {name: self._expect(shape, tuple) for name, shape in named.items()}
                return Made(ticket, shapes)
        raise self.child.forged("not a layer")

    def load_state(self, ticket: Ticket, weights: dict[str, Tensor]) -> None:
        self.child.ask("load_state", ticket=ticket, weights=packed(weights))

    def begin_call(
        self, target: Target, inputs: Sequence[Any], keep: Sequence[int], setup: Setup | None
    ) -> Callable[[], Reply]:
        asked = self._begin("call", target, inputs, setup, keep=tuple(keep))
        return lambda: self._reply(asked(), len(inputs), setup)

    def begin_vjp(
        self,
        target: Target,
        inputs: Sequence[Any],
        cotangents: Sequence[Tensor],
        setup: Setup | None,
    ) -> Callable[[], Gradients]:
        asked = self._begin("vjp", target, inputs, setup, cotangents=tuple(cotangents))
        return lambda: self._gradients(asked(), inputs, setup)

    def _begin(
        self, op: str, target: Target, inputs: Sequence[Any], setup: Setup | None, **more: Any
    ) -> Callable[[], Any]:
        return self.child.begin_asking(
            op,
            target=(target.ticket, target.name),
            inputs=tuple(inputs),
            setup=vars(setup) | {"weights": packed(setup.weights)} if setup else None,
            **more,
        )

    def _reply(self, value: Any, inputs: int, setup: Setup | None) -> Reply:
        self._expect(value, dict)
        made = self._made(value.get("made"), setup) if setup and setup.entry else None
        if made and setup and not fits(made, setup.weights):
            return Reply(None, made=made)
        if any(isinstance(leaf, dict) for leaf in flatten(value.get("outputs"))):
            raise self.child.forged("a dictionary")
        modified = value.get("modified")
        if modified is not None and modified not in range(inputs):
            raise self.child.forged("an input that does not exist")
        return Reply(value.get("outputs"), modified, made)

    def _gradients(self, value: Any, inputs: Sequence[Any], setup: Setup | None) -> Gradients:
        reply = self._reply(value, len(inputs), setup)
        grads = self._expect(value.get("inputs"), tuple)
        named = self._expect(value.get("parameters"), dict)
        error = self._expect(value.get("error"), str)
        count = sum(floating(leaf) for leaf in flatten(list(inputs)))
        if len(grads) not in (0, count):
            raise self.child.forged("another number of gradients")
        if not all(grad is None or isinstance(grad, Tensor) for grad in (*grads, *named.values())):
            raise self.child.forged("not a gradient")
        expected = setup.weights if setup else named
        return Gradients(reply, grads, {name: named.get(name) for name in expected}, error)

    def peak_growth(self, run: Callable[[], Any]) -> int:
        if self.child.asked:
            raise RuntimeError("a check that measures memory has a name with check_memory first")
        run()
        if sys.platform != "linux":
            return 0
        return max(0, self.child.peak() - self.child.pristine)

    def _expect(self, value: Any, kind: type) -> Any:
        if not isinstance(value, kind):
            raise self.child.forged(f"not a {kind.__name__}")
        return value
