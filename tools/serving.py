"""The app as a process of its own: its command line, its address, waiting until it answers."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tools.packages import environment

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "127.0.0.1"  # this machine alone
START_SECONDS = 120.0


class App:
    """A Streamlit script being served; a context manager that ends it.

    `data` is the folder for what the user does there: never the real one in tests. A `quiet` one
    keeps its log to itself.
    """

    def __init__(
        self,
        data: Path,
        script: str | Path = "app.py",
        port: int | None = None,
        quiet: bool = False,
    ) -> None:
        self.port = port or unused_port()
        self.url = f"http://{ADDRESS}:{self.port}"
        command = app_command(sys.executable, self.port, script)
        folder = ROOT if script == "app.py" else Path(script).parent
        output = subprocess.DEVNULL if quiet else None
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment(), "HEADROOM_DATA": str(data)},
            stdout=output,
            stderr=output,
        )

    def __enter__(self) -> "App":
        if not wait_for_app(self.process, self.port):
            self.stop()
            raise RuntimeError(f"the app did not start; its exit status: {self.process.poll()}")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it as Ctrl-C would, or by force if it does not heed that."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()


def app_command(python: str | Path, port: int, script: str | Path = "app.py") -> list[str]:
    """The command line that serves a Streamlit script on this machine alone."""
    return [
        *(str(python), "-m", "streamlit", "run", str(script)),
        f"--server.address={ADDRESS}",
        f"--server.port={port}",
        "--server.headless=true",  # no question about an email address
        "--browser.gatherUsageStats=false",
        "--logger.hideWelcomeMessage=true",
        "--server.fileWatcherType=none",  # it would watch every folder below, .venv included
    ]


def unused_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server((ADDRESS, 0)) as server:
        port: int = server.getsockname()[1]
    return port


def can_bind(port: int) -> bool:
    """Whether a server could listen on the port; PermissionError where the user lacks the right."""
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex((ADDRESS, port)) == 0:  # it may listen on another address as well
            return False
    with socket.socket() as listener:
        if os.name != "nt":  # on Windows this would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
        except PermissionError:
            raise
        except OSError:
            return False
    return True


def wait_for_app(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the app answers. False if it ended or does not answer in START_SECONDS."""
    url = f"http://{ADDRESS}:{port}/_stcore/health"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(url, timeout=1):
                return True
        except OSError:
            time.sleep(0.02)
    return False
