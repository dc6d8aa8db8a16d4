"""The judge's process: starts the zygote first, so that both import torch at the same time."""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn


def main(channel: socket.socket) -> NoReturn:
    started = None
    if sys.platform == "linux":
        from grader.launch import start

        ours, theirs = socket.socketpair()
        started = start("zygote", theirs), ours
        theirs.close()

    from grader import judge
    from grader.sandbox import Sandbox

    judge.serve(channel, Sandbox(started=started))
    os._exit(0)
