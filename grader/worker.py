"""The judge's process. On Linux it forks the zygote once torch is imported: one import for both."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from grader import launch

if TYPE_CHECKING:
    from grader.sandbox import Started


def main(channel: socket.socket) -> NoReturn:
    started = None
    if sys.platform == "linux":
        started = fork_zygote(channel)
    else:
        launch.warm_up()

    from grader import judge
    from grader.sandbox import Sandbox

    with contextlib.suppress(ConnectionError):  # the app may be gone before its answer is there
        judge.serve(channel, Sandbox(started=started))
    os._exit(0)


def fork_zygote(channel: socket.socket) -> Started:
    """The zygote, forked before this process has read a check, a reference or a request."""
    from grader import zygote

    zygote.warm_up()
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            channel.close()
            ours.close()
            zygote.serve(theirs)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(70)
    theirs.close()
    return launch.Forked(pid), ours
