"""What the user did, kept: drafts, submissions, answers, ticks, ratings and settings.

Every method is one transaction that has reached the disk when the method returns. A store may
be used by many threads, and its database by many processes, at once. Errors: StoreError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Literal, cast, get_args

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from study.database import StoreError, database_url, explained, open_database, writing
from study.tables import AnswerRow, Base, DraftRow, RatingRow, SettingRow, SubmissionRow, TicksRow

__all__ = ["Draft", "Rating", "Store", "StoreError", "Submission"]

RatingWord = Literal["again", "hard", "good", "easy"]
ProblemState = Literal["solved", "tried"]
RATINGS: tuple[RatingWord, ...] = get_args(RatingWord)

_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Draft:
    """Code not yet submitted, as last saved."""

    code: str
    saved_at: datetime


@dataclass(frozen=True)
class Submission:
    """Submitted code; `verdict` (as `Verdict.to_dict` gives it) is None until it is graded."""

    id: int
    slug: str
    code: str
    submitted_at: datetime
    verdict: dict[str, Any] | None

    @property
    def accepted(self) -> bool:
        """Whether every check passed."""
        return self.verdict is not None and self.verdict.get("verdict") == "accepted"


@dataclass(frozen=True)
class Rating:
    """How well the user knew an answer, in their own judgement."""

    rating: RatingWord
    rated_at: datetime


class Store:
    """The database at `url`; see `database_url` for where it is without one."""

    def __init__(self, url: str | None = None) -> None:
        self.url = database_url(url)
        self._engine = open_database(self.url)
        self._writing = writing(self._engine)
        # "On conflict" has the same form in both dialects; only the one in use is imported.
        self._insert = import_module(f"sqlalchemy.dialects.{self._engine.dialect.name}").insert

    def close(self) -> None:
        """Close the connections; everything is already saved."""
        self._engine.dispose()

    def save_draft(self, user: str, slug: str, code: str) -> None:
        """Keep the text of the editor, in place of what was kept before."""
        key = {"user": user, "slug": slug}
        self._put(DraftRow, key, {"code": _storable(code), "saved_at": _now()})

    def draft(self, user: str, slug: str) -> Draft | None:
        """The draft, or None if there never was one."""
        with self._read() as session:
            row = session.get(DraftRow, (user, slug))
            return None if row is None else Draft(row.code, row.saved_at)

    def add_submission(self, user: str, slug: str, code: str) -> int:
        """Keep a submission before it is graded, and give its id for `record_verdict`."""
        row = SubmissionRow(user=user, slug=slug, code=_storable(code), submitted_at=_now())
        with self._write() as session:
            session.add(row)
            session.flush()
            return row.id

    def record_verdict(self, id: int, verdict: dict[str, Any]) -> None:
        """Add the verdict to a submission; LookupError if there is no such submission."""
        with self._write() as session:
            row = session.get(SubmissionRow, id)
            if row is None:
                raise LookupError(f"there is no submission {id}")
            row.verdict, row.outcome = verdict, str(verdict["verdict"])

    def submissions(self, user: str, slug: str | None = None) -> list[Submission]:
        """The user's submissions, newest first; of one problem if `slug` is given."""
        query = select(SubmissionRow).where(SubmissionRow.user == user)
        if slug is not None:
            query = query.where(SubmissionRow.slug == slug)
        with self._read() as session:
            rows = session.scalars(query.order_by(SubmissionRow.id.desc()))
            return [
                Submission(row.id, row.slug, row.code, row.submitted_at, row.verdict)
                for row in rows
            ]

    def problem_states(self, user: str) -> dict[str, ProblemState]:
        """Problems by slug: solved once is solved for good; submitted but never is tried."""
        accepted = func.max(case((SubmissionRow.outcome == "accepted", 1), else_=0))
        query = select(SubmissionRow.slug, accepted).where(SubmissionRow.user == user)
        with self._read() as session:
            rows = session.execute(query.group_by(SubmissionRow.slug))
            return {slug: "solved" if solved else "tried" for slug, solved in rows}

    def save_answer(self, user: str, question: str, answer: str) -> None:
        """Keep the user's own answer to a question."""
        key = {"user": user, "question": question}
        self._put(AnswerRow, key, {"answer": _storable(answer), "saved_at": _now()})

    def answer(self, user: str, question: str) -> str:
        """The user's own answer, empty if there is none."""
        with self._read() as session:
            row = session.get(AnswerRow, (user, question))
            return "" if row is None else row.answer

    def save_ticks(self, user: str, question: str, points: Iterable[int]) -> None:
        """Keep which rubric points (counted from 0) the user ticked."""
        key = {"user": user, "question": question}
        self._put(TicksRow, key, {"points": sorted(set(points)), "saved_at": _now()})

    def ticks(self, user: str, question: str) -> list[int]:
        """The rubric points that the user ticked, ascending."""
        with self._read() as session:
            row = session.get(TicksRow, (user, question))
            return [] if row is None else list(row.points)

    def add_rating(self, user: str, question: str, rating: RatingWord) -> None:
        """Add a rating; the earlier ones stay."""
        if rating not in RATINGS:
            raise ValueError(f"rating must be one of {', '.join(RATINGS)}, not {rating!r}")
        with self._write() as session:
            session.add(RatingRow(user=user, question=question, rating=rating, rated_at=_now()))

    def ratings(self, user: str) -> dict[str, Rating]:
        """The latest rating of every question that the user rated, by question id."""
        newest = select(func.max(RatingRow.id)).where(RatingRow.user == user)
        query = select(RatingRow).where(RatingRow.id.in_(newest.group_by(RatingRow.question)))
        with self._read() as session:
            rows = session.scalars(query)
            return {
                row.question: Rating(cast("RatingWord", row.rating), row.rated_at) for row in rows
            }

    def set_setting(self, user: str, key: str, value: Any) -> None:
        """Keep a JSON value under a key."""
        self._put(SettingRow, {"user": user, "key": key}, {"value": value})

    def setting(self, user: str, key: str, default: Any = None) -> Any:
        """The value kept under a key, or `default`."""
        with self._read() as session:
            row = session.get(SettingRow, (user, key))
            return default if row is None else row.value

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with explained(self.url), Session(self._engine) as session:
            yield session

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with explained(self.url), Session(self._writing) as session, session.begin():
            yield session

    def _put(self, table: type[Base], key: dict[str, str], values: dict[str, Any]) -> None:
        """Insert or replace in one statement, so that no other writer can come in between."""
        statement = self._insert(table).values(**key, **values)
        with self._write() as session:
            session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def _now() -> datetime:
    return datetime.now(UTC)


def _storable(text: str) -> str:
    """The text with U+FFFD for what no database takes: NUL and halves of surrogate pairs."""
    return _NOT_STORABLE.sub("\ufffd", text)
