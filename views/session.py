"""What every page shares: the store, the bank, the problems and the judge, opened once.

Streamlit runs a page anew on every change; these outlive the runs. Each is opened on first use,
so that a page that never asks for the judge does not start one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from study.bank import Bank, load_bank
from study.folders import PATHS, QUESTIONS, ROOT, SOLUTIONS
from study.paths import Paths, load_paths
from study.problems import ProblemSet, load_problems
from study.search import Search
from study.store import Store, StoreError
from views.i18n import say, t

if TYPE_CHECKING:
    from grader import Grader

Found = TypeVar("Found")
_SAID = "store_errors_said"


def user() -> str:
    """Whose work this is. The app on one's own machine has a single user."""
    return "local"


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The store of answers, drafts and settings. Raises StoreError if it cannot be opened."""
    return Store()


@st.cache_resource(show_spinner=False)
def grader() -> "Grader":
    """The judge, warming up in the background from the first call on."""
    from grader import Grader

    judge = Grader(public=reachable_by_others() and "HEADROOM_TRUST_EVERYONE" not in os.environ)
    judge.warm()
    return judge


def reachable_by_others() -> bool:
    """Whether the server listens on more than the loopback address."""
    return st.get_option("server.address") not in ("127.0.0.1", "localhost", "::1")


def bank() -> Bank:
    """The question bank, read again when a file of it has changed."""
    return _bank(QUESTIONS, stamp(QUESTIONS, "*.yaml"))


def problems() -> ProblemSet:
    """The coding problems, read again when a file of theirs has changed."""
    return _problems(SOLUTIONS, stamp(SOLUTIONS, "*/*.*"))


def paths() -> Paths:
    """The learning paths, read again when their file or what they lead to has changed."""
    return _paths(stamp(ROOT, PATHS.name), stamp(QUESTIONS, "*.yaml"), stamp(SOLUTIONS, "*/*.*"))


@st.cache_resource(show_spinner=False, max_entries=1)
def _paths(*stamps: tuple[int, float]) -> Paths:  # noqa: ARG001 (the cache key)
    return load_paths()


def search() -> Search:
    """Full-text search over the bank, indexed on first use."""
    return _search(QUESTIONS, stamp(QUESTIONS, "*.yaml"))


@st.cache_resource(show_spinner=False, max_entries=1)
def _search(folder: Path, stamp: tuple[int, float]) -> Search:
    known = _bank(folder, stamp)
    return Search(known.questions, known.topics)


@st.cache_resource(show_spinner=False, max_entries=1)
def _bank(folder: Path, stamp: tuple[int, float]) -> Bank:  # noqa: ARG001 (the cache key)
    return load_bank(folder)


@st.cache_resource(show_spinner=False, max_entries=1)
def _problems(folder: Path, stamp: tuple[int, float]) -> ProblemSet:  # noqa: ARG001 (the same)
    return load_problems(folder)


def stamp(folder: Path, pattern: str) -> tuple[int, float]:
    """How many files match, and when the newest was changed: another one after any change."""
    times = [path.stat().st_mtime for path in folder.glob(pattern)]
    return len(times), max(times, default=0.0)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn a StoreError inside into a message on the page; what follows still runs.

    For writes in callbacks and for the parts of a page that show what is kept.
    """
    try:
        yield
    except StoreError as error:
        _show(error)


def kept(read: Callable[[], Found], otherwise: Found) -> Found:
    """What `read` finds in the store, or `otherwise` with a message if the store fails."""
    try:
        return read()
    except StoreError as error:
        _show(error)
        return otherwise


@contextmanager
def said_once() -> Iterator[None]:
    """Within, a failure of the store that meets many parts of a page is told once."""
    st.session_state[_SAID] = set()
    try:
        yield
    finally:
        st.session_state.pop(_SAID, None)


def _show(error: StoreError) -> None:
    message = t("common.store_error", reason=say(error.text))
    said: set[str] = st.session_state.get(_SAID, set())
    if message not in said:
        said.add(message)
        st.error(message, icon=":material/error:")
