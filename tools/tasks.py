"""The commands behind the Makefile: setup, run, test, bench, problems."""

import argparse
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import setup
from tools.packages import SetupError, environment, say
from tools.serving import ADDRESS, app_command, can_bind, wait_for_app

Steps = list[tuple[str, list[str | Path]]]  # a name and a command
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit status is that of what it ran."""
    parser = argparse.ArgumentParser(prog="make.py", description="Headroom's commands.")
    parser.add_argument("command", choices=("setup", "run", "test", "bench", "problems"))
    parser.add_argument("--port", default=os.environ.get("PORT") or "8501")
    options = parser.parse_args(arguments)
    try:
        if options.command == "run":
            return run(options.port)
        if options.command == "problems":
            python = setup.ensure(setup.RUNTIME)
            return call([python, "-m", "grader", "problems"])
        python = setup.ensure(setup.RUNTIME, setup.DEVELOPMENT)
        if options.command == "setup":
            say("Headroom is ready: make run")
            return 0
        return test(python) if options.command == "test" else bench(python)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def run(port_text: str) -> int:
    """Open the app on this machine's own address until it is stopped."""
    port = free_port(port_text)
    python = setup.ensure(setup.RUNTIME)
    say("Starting Headroom.")
    process = subprocess.Popen(app_command(python, port), cwd=setup.ROOT, env=environment())
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        if wait_for_app(process, port):
            say(f"Headroom is at http://{ADDRESS}:{port}  (Ctrl-C stops it)")
        return process.wait()
    except KeyboardInterrupt:  # the terminal has sent it to the app as well
        process.wait()
        return 0


def free_port(text: str) -> int:
    """The port asked for; SetupError where it is no port or taken."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SetupError(f"PORT={text} is not a port: it must be a number from 1 to 65535.")
    port = int(text)
    try:
        if can_bind(port):
            return port
    except PermissionError:
        raise SetupError(f"Port {port} needs rights you do not have; try PORT=8501.") from None
    raise SetupError(
        f"Port {port} is taken; perhaps Headroom runs already: http://{ADDRESS}:{port}\n"
        f"Another port: make run PORT={port + 1 if port < 65535 else 8501}"
    )


def test(python: Path) -> int:
    """Style, types, import rules, then every test; all of them run, whatever fails.

    Types and the browser's tests run beside the others, and are told after them.
    """
    pytest: list[str | Path] = [python, "-m", "pytest"]
    steps: Steps = [
        ("ruff", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", "."]),
        ("import rules", [python, "-c", LINT_IMPORTS]),
        ("tests", [*pytest, "-m", "not browser", "-n", "2", "--dist", "worksteal"]),
    ]
    beside: Steps = [
        ("mypy", [python, "-m", "mypy"]),
        ("browser tests", [*pytest, "-m", "browser"]),  # one browser at a time
    ]
    failed = []
    with tempfile.TemporaryDirectory(prefix="headroom-test-") as data, ThreadPoolExecutor(1) as one:
        settings = {"HEADROOM_DATA": data, "OMP_NUM_THREADS": "1"}
        apart = settings | {"HEADROOM_DATA": str(Path(data, "beside"))}
        others = [(name, one.submit(heard, command, apart)) for name, command in beside]
        for name, command in steps:
            say(f"\n── {name}")
            if call(command, settings):
                failed.append(name)
        for name, other in others:
            say(f"\n── {name}")
            status, output = other.result()
            say(output)
            if status:
                failed.append(name)
    say(f"Failed: {', '.join(failed)}." if failed else "Everything passes.")
    return 1 if failed else 0


def bench(python: Path) -> int:
    """Run every file of benchmarks/, but for helpers, whose names start with an underscore."""
    status = 0
    for path in sorted((setup.ROOT / "benchmarks").glob("[!_]*.py")):
        say(f"\n── {path.stem.replace('_', ' ')}")
        status |= 1 if call([python, "-m", f"benchmarks.{path.stem}"]) else 0
    return status


def call(command: Sequence[str | Path], settings: dict[str, str] | None = None) -> int:
    """Run a command in the project's folder; its exit status."""
    env = {**environment(), **(settings or {})}
    return subprocess.run([str(part) for part in command], cwd=setup.ROOT, env=env).returncode


def heard(command: Sequence[str | Path], settings: dict[str, str]) -> tuple[int, str]:
    """The same in the background: its exit status, and what it printed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=setup.ROOT,
        env={**environment(), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, done.stdout
