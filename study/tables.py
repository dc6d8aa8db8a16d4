"""Tables of the store. A change here needs a migration beside it and a new HEAD."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Index,
    MetaData,
    String,
    Table,
    TypeDecorator,
)
from sqlalchemy import Text as LongText
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Revision of the schema below: the newest file in migrations/versions.
HEAD = "0001"

# Alembic's own table, declared here so that a new store is made without importing alembic.
version_table = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True)
)


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC: SQLite keeps no zone, PostgreSQL gives the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """Any JSON value as text: a verdict may hold NaN, which PostgreSQL's own type refuses."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        return json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    type_annotation_map = {str: LongText, datetime: Moment, Any: Json}  # noqa: RUF012


class DraftRow(Base):
    __tablename__ = "draft"
    user: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    saved_at: Mapped[datetime]


class SubmissionRow(Base):
    __tablename__ = "submission"
    __table_args__ = (Index("submission_by_problem", "user", "slug", "outcome"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str]
    slug: Mapped[str]
    code: Mapped[str]
    submitted_at: Mapped[datetime]
    outcome: Mapped[str | None]  # the verdict in a word; None until it is graded
    verdict: Mapped[Any | None]


class AnswerRow(Base):
    __tablename__ = "answer"
    user: Mapped[str] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True)
    answer: Mapped[str]
    saved_at: Mapped[datetime]


class TicksRow(Base):
    __tablename__ = "ticks"
    user: Mapped[str] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True)
    points: Mapped[Any]
    saved_at: Mapped[datetime]


class RatingRow(Base):
    __tablename__ = "rating"
    __table_args__ = (Index("rating_by_question", "user", "question", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str]
    question: Mapped[str]
    rating: Mapped[str]
    rated_at: Mapped[datetime]


class SettingRow(Base):
    __tablename__ = "setting"
    user: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any]
