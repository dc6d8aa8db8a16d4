"""The domain is light: no page toolkit, no tensors, and no database where none is needed."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import study

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(study.__path__, "study.")
    if not module.name.startswith("study.migrations.") and module.name != "study.__main__"
)


def test_the_modules_were_found() -> None:
    assert {"study.bank", "study.problems", "study.store", "study.progress"} <= set(MODULES)


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        (MODULES, ("streamlit", "torch", "numpy", "matplotlib")),
        (["study.bank", "study.problems", "study.search", "study.progress"], ("sqlalchemy",)),
        (["study.store"], ("alembic", "yaml")),
    ],
)
def test_what_is_not_imported(modules: list[str], absent: tuple[str, ...]) -> None:
    code = (
        f"import sys, {', '.join(modules)}\n"
        f"found = sorted(sys.modules.keys() & {set(absent)!r})\n"
        "assert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_reading_the_content_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from study.bank import load_bank\n"
        "from study.problems import load_problems\n"
        "assert load_bank().questions and load_problems().problems\n"
        "assert not sys.modules.keys() & {'torch', 'attention', 'grader', 'streamlit'}\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
