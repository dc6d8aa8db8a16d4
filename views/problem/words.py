"""Facts about a problem in words: how hard, how often asked, how long ago, how far one is."""

from __future__ import annotations

from datetime import UTC, datetime

from study.problems import Problem
from study.store import ProblemState, StoreError
from views import session, widgets
from views.i18n import say, t

STATES = ("untried", "tried", "solved")
STATE_ICONS = {
    "untried": ":material/radio_button_unchecked:",
    "tried": ":material/clock_loader_40:",
    "solved": ":material/check_circle:",
}
_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def states() -> dict[str, ProblemState]:
    """How far the user is with every problem that they have submitted, by slug."""
    nothing: dict[str, ProblemState] = {}
    return session.kept(lambda: session.store().problem_states(session.user()), nothing)


def facts(problem: Problem, state: str) -> str:
    """`easy · 15 min · very frequent · tried`."""
    return widgets.facts(
        t(f"common.level_{problem.level}"),
        t("common.minutes", n=problem.minutes),
        t(f"common.frequency_{problem.frequency}"),
        t(f"problems.state_{state}"),
    )


def reason(error: BaseException) -> str:
    """Why something failed, in the user's language where the error knows it."""
    if isinstance(error, StoreError):
        return say(error.text)
    return str(error) or type(error).__name__


def ago(moment: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    unit, size = next((u, s) for u, s in _UNITS if seconds >= s or s == 1)
    return t(f"problems.ago_{unit}", n=seconds // size)
