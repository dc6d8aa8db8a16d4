"""How fast a verdict is, beside the two ways without a sandbox, in the same run.

In-process: the same checks on the same answer in this process, without any wall. Cold: a pytest
process that imports torch and runs the same checks once. Run: python -m benchmarks.judge
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from grader import Grader
from grader.launch import warm_up

SLUG = "multi-head-attention"
FOLDER = Path(__file__).resolve().parents[1] / "solutions" / SLUG
ROUNDS = 40
COLD_ROUNDS = 3
PAUSE = 0.1  # s between two verdicts, as a person makes; the next child is forked meanwhile
COLD_TEST = """
from pathlib import Path
from grader.exam import check_file

def test_all():
    folder = Path({folder!r})
    assert not check_file(folder, folder / "solution.py").failed
"""


def main() -> None:
    code = (FOLDER / "solution.py").read_text(encoding="utf-8")
    start = starting()
    with Grader(judges=2) as grader:
        grader.check(SLUG, code)
        sandboxed = median(lambda: grader.check(SLUG, code), ROUNDS, PAUSE)
        rate = throughput(grader, code)
    inside = in_process()
    cold = cold_pytest()
    own = child_memory()
    print(f"{SLUG}: all checks of one right answer, medians of {ROUNDS} (cold: {COLD_ROUNDS})")
    rows = [
        ("in-process, no sandbox", f"{inside * 1e3:8.1f} ms", ""),
        ("sandboxed verdict", f"{sandboxed * 1e3:8.1f} ms", "target below 40 ms"),
        ("  over in-process", f"{sandboxed / inside:8.2f} x", "target at most 3"),
        ("cold pytest", f"{cold * 1e3:8.1f} ms", ""),
        ("  over sandboxed", f"{cold / sandboxed:8.1f} x", "target at least 50"),
        ("verdicts with two judges", f"{rate:8.1f} /s", "target at least 40"),
        ("a judge from nothing to ready", f"{start * 1e3:8.1f} ms", ""),
        ("a confined child's own memory", f"{own / 2**20:8.1f} MiB", "target at most 8"),
    ]
    for name, figure, target in rows:
        print(f"  {name:<32}{figure:<16}{target}")


def starting() -> float:
    """Seconds until a new judge has torch, its zygote and a waiting child."""
    start = time.perf_counter()
    with Grader(judges=1) as grader:
        grader.walls()
        return time.perf_counter() - start


def median(work: Callable[[], object], rounds: int, pause: float = 0.0) -> float:
    times = []
    for _ in range(rounds):
        time.sleep(pause)
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def throughput(grader: Grader, code: str) -> float:
    """Verdicts per second while two people submit without pause."""

    def submit() -> None:
        for _ in range(ROUNDS):
            grader.check(SLUG, code)

    warm = [grader.submit(SLUG, code) for _ in range(4)]
    for job in warm:
        job.result()
    people = [threading.Thread(target=submit) for _ in range(2)]
    start = time.perf_counter()
    for person in people:
        person.start()
    for person in people:
        person.join()
    return 2 * ROUNDS / (time.perf_counter() - start)


def in_process() -> float:
    from grader.exam import Problem, run_checks
    from grader.local import side

    warm_up()
    problem = Problem.load(FOLDER)
    answer = side(FOLDER / "solution.py")
    run_checks(problem, answer, 0)
    return median(lambda: run_checks(problem, answer, 0), ROUNDS)


def cold_pytest() -> float:
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder) / "test_cold.py"
        test.write_text(COLD_TEST.format(folder=str(FOLDER)), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", str(test)]
        root = str(FOLDER.parents[1])

        def run() -> None:
            subprocess.run(command, check=True, cwd=root, stdout=subprocess.DEVNULL)

        return median(run, COLD_ROUNDS)


def child_memory() -> int:
    """Bytes that a waiting child shares with nobody."""
    from grader.sandbox import Sandbox

    sandbox = Sandbox()
    try:
        sandbox.prepare()
        assert sandbox.spare is not None
        path = Path(f"/proc/{sandbox.spare.process.pid}/smaps_rollup")
        lines = path.read_text().splitlines()
        private = ("Private_Clean:", "Private_Dirty:")
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(private))
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()
