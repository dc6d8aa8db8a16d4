"""`make run`, `make test` and the rest, on every system: `python tools/make.py run`.

Whatever Python is called `python3` reads this file, so it keeps to the syntax of old ones.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
# Newest first; the package bounds decide what is known to work.
NAMES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python")
PROBE = "import sys; sys.exit(sys.version_info < (3, 11))"


def newer_python():
    # type: () -> str | None
    """A Python on the PATH that is new enough, or None. A name may be a shim that does not run."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            status = subprocess.call(
                [path, "-c", PROBE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            if status == 0:
                return path
    return None


def main():
    # type: () -> int
    """Run the command named on the command line with a Python that is new enough."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.version_info < OLDEST:
        newer = newer_python()
        if newer:
            return subprocess.call([newer, *sys.argv])
        print(
            "Headroom needs Python 3.11 or newer; this is Python {}.{}, at {}.\n"
            "Install one from python.org or your package manager. If it has another name, say so:\n"
            "  make run PYTHON=python3.12".format(*sys.version_info[:2], sys.executable)
        )
        return 1
    sys.path[0] = root
    from tools import tasks

    return tasks.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
