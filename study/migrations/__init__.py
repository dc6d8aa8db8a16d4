"""Bringing an older store to the present schema. Imported only when a store is older.

A schema change is a file in `versions/` with `upgrade()`, and its revision as `tables.HEAD`.
It runs inside the transaction in which the store is opened: all of it, or nothing. SQLite
changes a column only by copying the table, which `op.batch_alter_table` does.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

FOLDER = Path(__file__).parent


def known(revision: str) -> bool:
    """Whether this version of the product has the revision; "" is before the first."""
    try:
        ScriptDirectory.from_config(_config()).get_revision(revision or "base")
    except CommandError:
        return False
    return True


def head() -> str | None:
    """The newest revision there is a file for."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def upgrade(connection: Connection) -> None:
    """Run every migration that the database does not have yet."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be taken for interpolation.
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config
