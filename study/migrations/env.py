"""Run by alembic: configure it on the connection that `upgrade` was given."""

from __future__ import annotations

from alembic import context

from study.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column only by copying the table
)
context.run_migrations()
