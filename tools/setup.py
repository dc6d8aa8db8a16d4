"""The folder .venv: made, filled, and mended when something broke it.

A stamp, written last, says what was installed. A run that finds it whole does nothing more; any
other state (a killed install, a deleted interpreter, a moved folder) is taken up where it stands.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import packages
from tools.packages import SetupError, remove, say

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "headroom.json"
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
WINDOWS = os.name == "nt"
SCRIPTS = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = SCRIPTS / ("python.exe" if WINDOWS else "python")


def ensure(*files: str) -> Path:
    """The interpreter of a .venv that holds the packages of the requirement files named.

    Raises SetupError with a message for the user where that cannot be had.
    """
    if not ready(files):
        with only_one() as lock:
            if not ready(files):  # the set-up waited for may have done it
                install(files, lock)
    return PYTHON


def ready(files: tuple[str, ...]) -> bool:
    """Whether the stamp is whole, matches the files, and its interpreter and packages are there."""
    stamp = read_stamp()
    site = site_packages()
    return bool(
        stamp.get("complete")
        and stamp["torch"] == (os.environ.get("HEADROOM_TORCH_INDEX") or stamp["torch"])
        and stamp["venv"] == str(VENV)
        and all(stamp["files"].get(name) == digest(name) for name in files)
        and site
        and stamp["python"] == python_version(site)
        and set(stamp["entries"]) <= set(os.listdir(site))
    )


def install(files: tuple[str, ...], lock: int | None = None) -> None:
    """Bring .venv from whatever state it is in to one that holds `files`, and stamp it."""
    stamp = read_stamp()
    done = [name for name in stamp.get("files", {}) if (ROOT / name).exists()]
    files = tuple(dict.fromkeys([*files, *done]))
    chosen = os.environ.get("HEADROOM_TORCH_INDEX") or stamp.get("torch")
    started = interpreter(moved=stamp.get("venv") not in (None, str(VENV)))
    # Noted before the work starts: a killed one must not pass for whole, nor forget the choice.
    write_stamp({"complete": False, "venv": str(VENV), "torch": stamp.get("torch")})
    fill(files, chosen, chosen != stamp.get("torch"), lock)
    fault = packages.import_fault(PYTHON, ROOT / RUNTIME)
    if fault and not started:
        say("Something in .venv is damaged; building it anew.")
        build()
        fill(files, chosen, False, lock)
        fault = packages.import_fault(PYTHON, ROOT / RUNTIME)
    if fault:
        raise SetupError(f"The packages are installed, but do not start:\n{fault}")
    site = site_packages()
    assert site is not None
    write_stamp(
        {
            "complete": True,
            "venv": str(VENV),
            "python": python_version(site),
            "torch": chosen,
            "files": {name: digest(name) for name in files},
            "entries": sorted(name for name in os.listdir(site) if name != "__pycache__"),
        }
    )
    say("The set-up is complete.")


def fill(files: tuple[str, ...], torch: str | None, anew: bool, lock: int | None) -> None:
    """Install the packages of `files`; torch first, since it may come from an index of its own."""
    site = site_packages()
    assert site is not None
    packages.clear_unfinished(site)
    log = VENV / "setup.log"
    log.unlink(missing_ok=True)
    pip = packages.Pip(PYTHON, log, lock)
    if RUNTIME in files:
        packages.install_torch(pip, site, ROOT / RUNTIME, torch, anew)
    say(f"Installing the packages of {' and '.join(files)} into .venv.")
    pip.install(*(part for name in files for part in ("-r", str(ROOT / name))))


def interpreter(moved: bool) -> bool:
    """Make sure that .venv has a working Python and pip. True if it was built from nothing."""
    if moved:
        say("This folder has moved; setting the paths in .venv right.")
    elif works():
        return False
    check_tools()  # before anything is deleted
    kept = kept_packages()
    if kept:
        if not moved:
            say("The Python or the pip in .venv is missing or broken; mending it.")
        for path in [*SCRIPTS.glob("python*"), *kept.glob("pip"), *kept.glob("pip-*")]:
            remove(path)
        with contextlib.suppress(SetupError):
            make_venv()
            if works():
                packages.repoint_scripts(SCRIPTS, PYTHON)
                return False
    build()
    return True


def build() -> None:
    """Make .venv from nothing."""
    check_tools()
    if os.path.lexists(VENV):
        say("Removing the unusable .venv.")
        remove(VENV)
    say("Making .venv; the first set-up takes a few minutes and about 2 GB of disk.")
    make_venv()
    if not site_packages():
        raise SetupError(f"The new {VENV} has no working Python. Try another: make PYTHON=…")


def make_venv() -> None:
    """Call venv with the Python outside of any virtual environment."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [base, "-m", "venv", str(VENV)]
    done = subprocess.run(command, env=packages.environment(), capture_output=True, text=True)
    if done.returncode:
        raise SetupError(f"Cannot make {VENV}:\n{done.stdout}{done.stderr}")


def check_tools() -> None:
    """Debian and Ubuntu ship Python without the parts that make a virtual environment."""
    try:
        import ensurepip
        import venv
    except ImportError:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise SetupError(
            f"Python at {sys.executable} cannot make virtual environments: a part is missing.\n"
            f"On Debian or Ubuntu: sudo apt install {package}"
        ) from None
    del ensurepip, venv


def site_packages() -> Path | None:
    """The folder of installed packages, or None where .venv has no Python that works."""
    code = (
        "import sys, sysconfig; sys.version_info >= (3, 11) or sys.exit(1);"
        "print(sys.prefix); print(sysconfig.get_path('purelib'))"
    )
    try:
        done = subprocess.run([PYTHON, "-I", "-c", code], capture_output=True, text=True)
        prefix, site = done.stdout.splitlines()
        return Path(site) if Path(prefix).samefile(VENV) else None
    except (OSError, ValueError):  # not there, no program, or it says something else
        return None


def works() -> bool:
    """Whether .venv's Python and pip run."""
    command = [str(PYTHON), "-m", "pip", "--version"]
    return bool(site_packages()) and not subprocess.run(command, capture_output=True).returncode


def kept_packages() -> Path | None:
    """The folder of packages that the Python running this can go on using, or None."""
    folder = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = VENV.joinpath(*(["Lib"] if WINDOWS else ["lib", folder]), "site-packages")
    return site if any(site.glob("*.dist-info")) else None


def python_version(site: Path) -> str:
    """Major and minor version, as the path of the packages has it; Windows has no such path."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}" if WINDOWS else site.parent.name


def digest(name: str) -> str:
    """Hash of a requirement file."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def read_stamp() -> dict[str, Any]:
    """The stamp, or {} where there is none that can be read."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: dict[str, Any]) -> None:
    """Replace the stamp in one step, so that it is never half written."""
    draft = STAMP.with_suffix(".new")
    draft.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    draft.replace(STAMP)


@contextlib.contextmanager
def only_one() -> Iterator[int | None]:
    """Let one set-up at a time work on .venv; the lock goes with the processes that hold it."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield None
        return
    with open(__file__, encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this folder is running; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            yield None
            return
        yield file.fileno()
