"""Command line for authors: `python -m study check` and `python -m study new`."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from study import template
from study.check import check
from study.entry import KEBAB_CASE
from study.folders import SOLUTIONS
from study.links import question_ids


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, or 1 for mistakes found, or 2 for bad usage."""
    options = _parser().parse_args(arguments)
    if options.command == "check":
        return _check(options.files)
    if not re.fullmatch(KEBAB_CASE, options.id):
        return _refuse(f'"{options.id}" is not an id: use a-z, 0-9 and single hyphens')
    return _new_question(options.id) if options.kind == "question" else _new_problem(options.id)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m study", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="name file, line and field of every mistake")
    help = "a topic file or a problem's folder; everything if none is given"
    checking.add_argument("files", metavar="FILE", nargs="*", type=Path, help=help)
    new = commands.add_parser(
        "new", help="a template: printed for a question, written for a problem"
    )
    new.add_argument("kind", choices=["question", "problem"])
    new.add_argument("id", metavar="ID", help="in kebab-case; it never changes afterwards")
    return parser


def _check(files: Sequence[Path]) -> int:
    errors = check(files)
    for error in errors:
        print(error)
    count = "no mistakes" if not errors else f"{len(errors)} mistake{'s' * (len(errors) > 1)}"
    print(f"{count} found", file=sys.stderr)
    return 1 if errors else 0


def _new_question(id: str) -> int:
    if id in question_ids():
        return _refuse(f'there is a question "{id}" already')
    print(template.question(id), end="")
    return 0


def _new_problem(slug: str) -> int:
    try:
        files = template.write_problem(SOLUTIONS / slug)
    except FileExistsError:
        return _refuse(f"{SOLUTIONS / slug} exists already")
    for file in files:
        print(file)
    print("Fill them in, and add wrong/*.py and right/*.py.", file=sys.stderr)
    return 0


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    # Windows writes to a pipe in the local code page, which may lack what an entry contains.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())
