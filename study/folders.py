"""Where things are: the content of the repository, and the user's own data."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "questions"
SOLUTIONS = ROOT / "solutions"
ATTENTION = ROOT / "attention"
PATHS = ROOT / "paths.yaml"


def data_folder() -> Path:
    """The user's data folder, or the one that the environment variable HEADROOM_DATA names."""
    named = os.environ.get("HEADROOM_DATA")
    if named:
        return Path(named).expanduser()
    import platformdirs  # only now: nobody else needs it

    return Path(platformdirs.user_data_dir("headroom", appauthor=False))
