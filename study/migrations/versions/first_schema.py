"""The first schema: drafts, submissions, answers, ticks, ratings and settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table. The types are spelt out: `study.tables` moves on, this file does not."""
    text, moment = sa.Text(), sa.DateTime(timezone=True)
    op.create_table(
        "draft",
        sa.Column("user", text, primary_key=True),
        sa.Column("slug", text, primary_key=True),
        sa.Column("code", text, nullable=False),
        sa.Column("saved_at", moment, nullable=False),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user", text, nullable=False),
        sa.Column("slug", text, nullable=False),
        sa.Column("code", text, nullable=False),
        sa.Column("submitted_at", moment, nullable=False),
        sa.Column("outcome", text),
        sa.Column("verdict", text),
    )
    op.create_index("submission_by_problem", "submission", ["user", "slug", "outcome"])
    op.create_table(
        "answer",
        sa.Column("user", text, primary_key=True),
        sa.Column("question", text, primary_key=True),
        sa.Column("answer", text, nullable=False),
        sa.Column("saved_at", moment, nullable=False),
    )
    op.create_table(
        "ticks",
        sa.Column("user", text, primary_key=True),
        sa.Column("question", text, primary_key=True),
        sa.Column("points", text, nullable=False),
        sa.Column("saved_at", moment, nullable=False),
    )
    op.create_table(
        "rating",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user", text, nullable=False),
        sa.Column("question", text, nullable=False),
        sa.Column("rating", text, nullable=False),
        sa.Column("rated_at", moment, nullable=False),
    )
    op.create_index("rating_by_question", "rating", ["user", "question", "id"])
    op.create_table(
        "setting",
        sa.Column("user", text, primary_key=True),
        sa.Column("key", text, primary_key=True),
        sa.Column("value", text, nullable=False),
    )
