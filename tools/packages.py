"""What is done with pip: torch from the right index, the rest, and a look at what is there."""

import contextlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_SECONDS = 4.0
IMPORT_NAMES = {"pyyaml": "yaml"}  # where a package's module has another name


class SetupError(Exception):
    """A set-up that cannot go on; the message is for the user."""


def say(text: str) -> None:
    """One line for the user, at once."""
    print(text, flush=True)


def environment() -> dict[str, str]:
    """The user's environment, less what would mix other packages into .venv."""
    drop = {"PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"}
    return {key: value for key, value in os.environ.items() if key not in drop}


def remove(path: Path) -> None:
    """Delete a file, a link or a whole folder."""
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


class Pip:
    """Calls of .venv's pip: their lines go to a log; a terminal shows the latest one."""

    def __init__(self, python: Path, log: Path, lock: int | None = None) -> None:
        self.python, self.log = python, log
        # Handed down, so that a pip which outlives a killed set-up keeps the next one waiting.
        self.locks = () if lock is None else (lock,)

    def install(self, *arguments: str) -> None:
        """`pip install`; SetupError with the end of its output where it fails."""
        command = [str(self.python), "-m", "pip", "install", "--no-user", "--no-input"]
        command += ["--disable-pip-version-check", "--progress-bar=off", *arguments]
        process = subprocess.Popen(
            command,
            env=environment(),
            pass_fds=self.locks,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        lines = []
        with open(self.log, "a", encoding="utf-8") as log:
            for line in process.stdout:
                log.write(line)
                lines.append(line)
                show_latest(line)
        show_latest("")
        if process.wait():
            raise SetupError(pip_failure(lines))

    def settings(self) -> dict[str, str]:
        """What the user's pip is configured with, by option (`proxy`, `cert`, …)."""
        command = [str(self.python), "-m", "pip", "config", "list"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
        found = re.findall(r"^[\w:-]*\.([\w-]+)='(.*)'$", done.stdout, re.MULTILINE)
        return dict(found)


def show_latest(line: str) -> None:
    """Overwrite one line of the terminal; an empty one clears it."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r\x1b[K" + line.strip()[:width], end="", flush=True)


def pip_failure(lines: list[str]) -> str:
    """What to tell the user when pip gave up."""
    text = "".join(lines[-15:]).strip()
    hint = "Check the connection and try again; what has been installed is kept."
    if "No matching distribution found for torch" in text:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        hint = (
            f"pip's indexes have no such torch for Python {version} on this system.\n"
            "With another Python: make run PYTHON=python3.12"
        )
    return f"pip could not install the packages:\n\n{text}\n\n{hint}"


def install_torch(pip: Pip, site: Path, file: Path, choice: str | None, anew: bool) -> None:
    """Install the torch that `file` names: by default, on Linux, the build without CUDA.

    `choice` is the address of an index to take it from, or "none" for pip's own ones alone.
    """
    wanted = re.search(r"^torch\s*==\s*[\w.]+", file.read_text(encoding="utf-8"), re.MULTILINE)
    if not wanted:
        return
    version = wanted[0].split("==")[1].strip()
    present = [*site.glob(f"torch-{version}.dist-info"), *site.glob(f"torch-{version}+*.dist-info")]
    if present and not anew:
        return
    again = ["--force-reinstall"] if present else []
    arguments = ["--no-deps", *again, wanted[0]]  # what torch needs comes with the other packages
    if choice == "none" or (choice is None and not sys.platform.startswith("linux")):
        say(f"Installing {wanted[0]}.")
        pip.install(*arguments)
    elif choice:
        say(f"Installing {wanted[0]} from {choice}.")
        pip.install(*arguments, "--index-url", choice)
    else:
        install_cpu_torch(pip, wanted[0], arguments)


def install_cpu_torch(pip: Pip, wanted: str, arguments: list[str]) -> None:
    """Take torch from PyTorch's CPU index if that answers, else from where pip takes the rest."""
    if reachable(f"{CPU_INDEX}/torch/", pip.settings()):
        say(f"Installing {wanted}, the CPU build, from {CPU_INDEX}.")
        with contextlib.suppress(SetupError):
            pip.install(*arguments, "--index-url", CPU_INDEX)
            return
    say(f"PyTorch's CPU index cannot be reached; installing {wanted} from pip's own indexes.")
    pip.install(*arguments)


def reachable(url: str, settings: dict[str, str]) -> bool:
    """Whether `url` answers within PROBE_SECONDS, asked for as pip would (proxy, certificates)."""
    answers: list[bool] = []

    def ask() -> None:
        with contextlib.suppress(OSError, ValueError):
            cert = settings.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE")
            handlers: list[urllib.request.BaseHandler] = [
                urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=cert))
            ]
            if proxy := settings.get("proxy"):
                handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
            opener = urllib.request.build_opener(*handlers)
            with opener.open(url, timeout=PROBE_SECONDS) as answer:
                answers.append(answer.status == 200)

    # A thread, because looking up a name obeys no time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    return answers == [True]


def clear_unfinished(site: Path) -> None:
    """Forget packages whose install was cut off, so that pip installs them again.

    pip completes a package's RECORD last of all; until then it lists no INSTALLER.
    """
    for folder in site.glob("*.dist-info"):
        record = folder / "RECORD"
        if not record.exists() or f"{folder.name}/INSTALLER," not in record.read_text("utf-8"):
            say(f"{folder.name.removesuffix('.dist-info')} was left half installed; once more.")
            remove(folder)
    for leftover in site.glob("~*"):  # what pip sets aside while it replaces a package
        remove(leftover)


def import_fault(python: Path, file: Path) -> str:
    """What goes wrong when the packages of `file` are imported; "" if nothing does."""
    if not file.exists():
        return ""
    names = re.findall(r"^[A-Za-z][\w.-]*", file.read_text(encoding="utf-8"), re.MULTILINE)
    modules = [IMPORT_NAMES.get(name.lower(), name.replace("-", "_")) for name in names]
    say("Checking that they start.")
    done = subprocess.run(
        [python, "-c", f"import {', '.join(modules)}"],
        env={**environment(), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    return "\n".join(done.stderr.splitlines()[-6:]) if done.returncode else ""


def repoint_scripts(scripts: Path, python: Path) -> None:
    """Make each Python script in `scripts` start with `python`, as it must after a move."""
    # Through sh, as pip does it, because a path may be long or hold spaces.
    start = f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n".encode()
    old = re.compile(rb"#!(?:/bin/sh\n'''exec' .*\n' '''|.*/\.venv/bin/python[\d.]*)\n")
    for path in scripts.iterdir():
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if match := old.match(content):
                path.write_bytes(start + content[match.end() :])
