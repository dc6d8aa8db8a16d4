"""Import rules that the linter of make test cannot say; it holds the arrows between folders."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "solutions"
ANSWERS = ("starter.py", "solution.py", "wrong/*.py", "right/*.py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full module name of each import in a file, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def foreign(paths: list[Path], allowed: set[str]) -> list[str]:
    """Imports outside the standard library and `allowed` (packages, or modules in full)."""
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in paths
        for line, name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not {name, name.split(".")[0]} & allowed
    ]


def found(*patterns: str) -> list[Path]:
    paths = [path for pattern in patterns for path in sorted(SOLUTIONS.glob(f"*/{pattern}"))]
    assert paths, f"no file like {patterns} was found"
    return paths


def test_answers_are_plain_torch() -> None:
    assert foreign(found(*ANSWERS), {"torch"}) == []


def test_checks_use_torch_the_kit_and_the_library() -> None:
    assert foreign(found("checks.py"), {"torch", "grader.kit", "attention"}) == []


def test_what_is_foreign_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "answer.py"
    path.write_text("import os\n\ndef f():\n    from grader import client\n    import torch.nn\n")
    assert foreign([path], {"torch", "grader.kit"}) == ["answer.py:4 imports grader"]


LIGHT = ["study", "study.store", "study.progress", "grader", "attention", "models.vocabulary"]
LIGHT += ["views.widgets", "views.lab_setup"]
LIGHT_PAGES = ["views.home", "views.questions", "views.problems"]


@pytest.mark.parametrize("module", LIGHT + LIGHT_PAGES)
def test_what_shows_no_tensor_imports_no_tensors(module: str) -> None:
    code = f"import sys, {module}; print(*{{'torch', 'matplotlib', 'alembic'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_nothing_imports_the_app() -> None:
    """`app` is a script, which the linter's graph of packages leaves out."""
    folders = ("views", "study", "grader", "models", "attention")
    paths = [path for folder in folders for path in ROOT.joinpath(folder).rglob("*.py")]
    assert len(paths) > len(folders)
    assert [path for path in paths if "app" in {name for _, name in imports(path)}] == []
