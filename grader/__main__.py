"""The judge from a terminal: python -m grader check | list | watch | doctor | problems."""

from __future__ import annotations

import argparse
import json
import locale
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader import Grader, GraderError, Verdict
from grader.client import problems

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
READ_AT_MOST = 8 << 20
POLL_SECONDS = 0.25
COLOURS = {"green": 32, "red": 31, "yellow": 33, "dim": 2, "bold": 1}


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def parser() -> argparse.ArgumentParser:
    main_parser = argparse.ArgumentParser(prog="python -m grader", description=__doc__)
    main_parser.add_argument(
        "--lang", choices=("en", "zh"), default=_language(), help="language of the verdicts"
    )
    commands = main_parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="judge files")
    check.add_argument("slug", metavar="SLUG")
    check.add_argument("files", metavar="FILE", nargs="+", type=Path)
    check.add_argument("--json", action="store_true", help="one line of JSON per file")
    check.add_argument("--seed", type=int, help="repeat the inputs of an earlier verdict")
    check.set_defaults(run=run_check)
    commands.add_parser("list", help="list the problems").set_defaults(run=run_list)
    watch = commands.add_parser("watch", help="judge a file again whenever it is saved")
    watch.add_argument("slug", metavar="SLUG")
    watch.add_argument("file", metavar="FILE", type=Path)
    watch.set_defaults(run=run_watch)
    doctor = commands.add_parser("doctor", help="show which walls of the sandbox stand")
    doctor.set_defaults(run=run_doctor)
    table = commands.add_parser("problems", help="try every problem's own right and wrong answers")
    table.add_argument("slugs", metavar="SLUG", nargs="*")
    table.set_defaults(run=run_problems)
    return main_parser


def _language() -> str:
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def run_check(options: argparse.Namespace) -> int:
    slug = known(options.slug)
    texts = [read(path) for path in options.files]
    accepted = True
    with Grader(judges=1) as grader:
        for path, text in zip(options.files, texts, strict=True):
            verdict = grader.check(slug, text, seed=options.seed)
            accepted &= verdict.verdict == "accepted"
            if options.json:
                print(json.dumps(as_json(verdict, path, options.lang), ensure_ascii=False))
            else:
                print("\n".join(report(verdict, str(path), options.lang)))
            sys.stdout.flush()
    return 0 if accepted else 1


def run_list(options: argparse.Namespace) -> int:
    from study.problems import load_problems

    found = load_problems(SOLUTIONS)
    for problem in found.problems:
        title = problem.title.get(options.lang)
        print(f"{problem.slug:<34} {problem.level:<7} {problem.minutes:>3} min  {title}")
    for error in found.errors:
        print(error, file=sys.stderr)
    return 0


def run_watch(options: argparse.Namespace) -> int:
    slug = known(options.slug)
    with Grader(judges=1) as grader:
        for text in saved(options.file):
            verdict = grader.check(slug, text)
            print("\n".join(report(verdict, str(options.file), options.lang)), flush=True)
    return 0


def run_doctor(options: argparse.Namespace) -> int:
    from grader.doctor import examine

    walls, findings = examine()
    for wall in walls:
        mark = paint("stands ", "green") if wall.stands else paint("MISSING", "red")
        print(f"{mark}  {wall.name:<11} {wall.detail[options.lang]}")
        for finding in findings:
            if finding.probe.wall == wall.name:
                mark = paint("held  ", "green") if finding.stopped else paint("PASSED", "red")
                print(f"           {mark} {finding.probe.function}: {finding.detail}")
    whole = all(wall.stands for wall in walls) and all(f.stopped for f in findings)
    return 0 if whole else 1


def run_problems(options: argparse.Namespace) -> int:
    from grader.report import print_table

    return print_table([known(slug) for slug in options.slugs] or problems(SOLUTIONS))


def known(slug: str) -> str:
    """The slug, or exit status 2 with the names there are."""
    slugs = problems(SOLUTIONS)
    if slug not in slugs:
        usage(f"there is no problem named {slug!r}; there are: {', '.join(slugs)}")
    return slug


def read(path: Path) -> str:
    """A submission's text; bytes that are not UTF-8 are left for the judge to name."""
    try:
        with path.open("rb") as file:
            return file.read(READ_AT_MOST).decode("utf-8", "surrogateescape")
    except OSError as error:
        usage(f"cannot read {path}: {error.strerror}")
        raise AssertionError from error


def usage(message: str) -> None:
    print(f"grader: {message}", file=sys.stderr)
    raise SystemExit(2)


def saved(path: Path) -> Iterator[str]:
    """The file's text, now and after every change; a moment's absence while saving is no end."""
    last: tuple[int, int] | None = None
    read(path)
    while True:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != last:
                last = stamp
                yield path.read_bytes()[:READ_AT_MOST].decode("utf-8", "surrogateescape")
        except OSError:
            last = None
        time.sleep(POLL_SECONDS)


def as_json(verdict: Verdict, path: Path, language: str) -> dict[str, object]:
    checks = [
        {
            "name": check.name,
            "passed": check.passed,
            "message": check.message[language],
            "seconds": round(check.seconds, 6),
        }
        for check in verdict.checks
    ]
    return {
        "slug": verdict.slug,
        "file": str(path),
        "verdict": verdict.verdict,
        "checks": checks,
        "diagnosis": verdict.diagnosis[language] if verdict.diagnosis else None,
        "stdout": verdict.stdout,
        "seconds": round(verdict.seconds, 6),
        "seed": verdict.seed,
    }


def report(verdict: Verdict, name: str, language: str) -> Iterator[str]:
    """A verdict for people, line by line."""
    passed = sum(check.passed for check in verdict.checks)
    word = paint(verdict.verdict, "green" if verdict.verdict == "accepted" else "red")
    figures = f"{passed}/{len(verdict.checks)} checks, {verdict.seconds * 1000:.0f} ms"
    yield f"{paint(name, 'bold')}: {word}  {paint(f'{figures}, seed {verdict.seed}', 'dim')}"
    if verdict.diagnosis:
        yield f"  {paint(verdict.diagnosis[language], 'yellow')}"
    for check in verdict.checks:
        if not check.passed:
            yield f"  {paint('x', 'red')} {check.name}: {check.title[language]}"
            yield f"      {check.message[language]}"
    for note in verdict.notes:
        yield f"  {paint(note[language], 'dim')}"
    if verdict.stdout:
        yield f"  {paint('printed:', 'dim')}"
        yield from (f"    {line}" for line in verdict.stdout.rstrip("\n").splitlines()[:40])


def paint(text: str, colour: str) -> str:
    """Colour on a terminal; plain in a pipe or where NO_COLOR asks for it."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"\033[{COLOURS[colour]}m{text}\033[0m"


if __name__ == "__main__":
    raise SystemExit(main())
