"""The judge: runs a submission in a sandbox and compares it with the reference outside of it.

    with Grader() as grader:
        verdict = grader.check("multi-head-attention", code)

Importing this imports no torch.
"""

from grader.client import Grader, Job
from grader.verdict import (
    Array,
    CheckResult,
    ExampleResult,
    GraderError,
    RunResult,
    Verdict,
    Wall,
)

__all__ = [
    "Array",
    "CheckResult",
    "ExampleResult",
    "Grader",
    "GraderError",
    "Job",
    "RunResult",
    "Verdict",
    "Wall",
]
