"""Runs a question's demonstration, the bank's own code, in a process of its own."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from threading import BoundedSemaphore

from study.folders import ROOT

SECONDS = 30.0  # importing torch on a slow machine is most of it; the demo itself takes under 2 s
LONGEST_OUTPUT = 20_000
_SLOTS = BoundedSemaphore(2)  # a class that presses Run at once must not fill the machine


@dataclass(frozen=True)
class DemoRun:
    """What a demonstration printed. `error` is the end of its traceback, or empty."""

    output: str
    error: str
    seconds: float
    timed_out: bool = False


def run_demo(source: str, limit: float = SECONDS) -> DemoRun:
    """Run `source` as a script of its own for at most `limit` seconds.

    Returns what it printed; a failed assertion or a timeout is part of the answer, not raised.
    """
    with _SLOTS:
        start = time.monotonic()
        try:
            done = subprocess.run(
                [sys.executable, "-X", "utf8", "-c", source],
                cwd=ROOT,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return DemoRun(_text(late.stdout), "", time.monotonic() - start, timed_out=True)
    error = done.stderr[-LONGEST_OUTPUT:] if done.returncode else ""
    return DemoRun(_text(done.stdout), error, time.monotonic() - start)


def _text(output: str | bytes | None) -> str:
    """The output as text; a process that was stopped leaves bytes, whatever the encoding."""
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output or ""
    return text[:LONGEST_OUTPUT]
