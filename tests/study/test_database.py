"""Opening the database: where, how, which schema, and what is said when it fails."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Connection, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from study import database, migrations
from study.database import StoreError, database_url, explained
from study.store import Store
from study.tables import HEAD, Base

ROOT = Path(__file__).parents[2]


def explain(store_url: str | None = None) -> str:
    """What the user is told when this store is opened."""
    with pytest.raises(StoreError) as raised:
        Store(store_url)
    error = raised.value
    assert error.text.en == str(error)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error.text.zh)
    return str(error)


def test_the_file_is_in_the_users_folder_which_is_theirs_alone(own_data_folder: Path) -> None:
    Store().close()
    assert [file.name for file in own_data_folder.iterdir()] == ["headroom.db"]
    assert own_data_folder.stat().st_mode & 0o777 == 0o700


def test_without_a_setting_the_platforms_data_folder_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HEADROOM_DATA")
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name, **_: str(tmp_path / name))
    assert database_url().database == str(tmp_path / "headroom" / "headroom.db")


def test_the_url_may_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADROOM_DATABASE", f"sqlite:///{tmp_path}/set.db")
    Store().close()
    assert (tmp_path / "set.db").is_file()
    assert database_url("sqlite:///argument.db").database == "argument.db"


def test_writes_wait_for_each_other_and_reach_the_disk() -> None:
    store = Store()
    with store._engine.connect() as connection:
        values = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10_000}
    store.close()


def test_readers_do_not_wait_for_a_writer() -> None:
    store = Store()
    store.save_draft("ann", "softmax", "before")
    with store._writing.begin() as writer:
        writer.execute(text("UPDATE draft SET code = 'after'"))
        draft = store.draft("ann", "softmax")
        assert draft is not None
        assert draft.code == "before"
    store.close()


# Schema


def test_two_that_find_no_tables_do_not_both_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look before either writes, the worst case; a barrier that only one can reach breaks."""
    look, together = database._revision, threading.Barrier(2)

    def look_together(connection: Connection) -> str | None:
        found = look(connection)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(timeout=0.5)
        return found

    monkeypatch.setattr(database, "_revision", look_together)
    with ThreadPoolExecutor(2) as pool:
        stores = list(pool.map(lambda _: Store(), range(2)))
    for store in stores:
        store.save_draft("ann", "softmax", "code")
        store.close()


def test_the_change_to_the_write_ahead_journal_is_tried_again() -> None:
    """When two open a new file at once, SQLite refuses one of them without waiting."""
    answers = [sqlite3.OperationalError("database is locked")] * 2

    class Busy(sqlite3.Connection):
        def execute(self, *_: Any) -> Any:
            if answers:
                raise answers.pop()

    database._write_ahead(Busy(":memory:"))
    assert not answers
    answers.append(sqlite3.OperationalError("file is not a database"))
    with pytest.raises(sqlite3.OperationalError, match="not a database"):
        database._write_ahead(Busy(":memory:"))


def schema(url: URL | str) -> dict[str, Any]:
    engine = create_engine(url)
    found = inspect(engine)
    tables = {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((i["name"], i["column_names"]) for i in found.get_indexes(table)),
        )
        for table in found.get_table_names()
    }
    engine.dispose()
    return tables


def old_store(file: Path, revision: str) -> str:
    """A store as an earlier version left it; "" is one that has no revision yet."""
    url = f"sqlite:///{file}"
    store = Store(url)
    store.save_draft("ann", "softmax", "kept")
    with store._writing.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision})
        if not revision:
            Base.metadata.drop_all(connection)
            connection.execute(text("DELETE FROM alembic_version"))
    store.close()
    return url


def test_the_newest_migration_is_the_one_the_tables_speak_of() -> None:
    assert migrations.head() == HEAD


def test_migrations_lead_to_the_tables_as_they_are_declared(tmp_path: Path) -> None:
    url = old_store(tmp_path / "old.db", "")
    store = Store(url)
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    store.close()
    Store(f"sqlite:///{tmp_path}/new.db").close()
    assert schema(url) == schema(f"sqlite:///{tmp_path}/new.db")


SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    with op.batch_alter_table("draft") as table:
        table.add_column(sa.Column("title", sa.Text(), nullable=False, server_default="none"))
"""


@pytest.fixture
def later_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The product as it will be after one more schema change; gives that migration's file."""
    folder = tmp_path / "100% later" / "migrations"
    shutil.copytree(migrations.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "versions" / "second.py"
    file.write_text(SECOND)
    monkeypatch.setattr(migrations, "FOLDER", folder)
    monkeypatch.setattr(database, "HEAD", "0002")
    return file


def test_an_older_store_is_migrated_with_all_it_holds(tmp_path: Path, request: Any) -> None:
    url = old_store(tmp_path / "old.db", "0001")
    request.getfixturevalue("later_version")
    for _ in range(2):  # the second time there is nothing left to do
        store = Store(url)
        with store._engine.connect() as connection:
            row = connection.execute(text("SELECT code, title FROM draft")).one()
            assert tuple(row) == ("kept", "none")
            assert database._revision(connection) == "0002"
        store.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, request: Any) -> None:
    url = old_store(tmp_path / "old.db", "0001")
    before = schema(url)
    migration: Path = request.getfixturevalue("later_version")
    migration.write_text(SECOND + "    raise RuntimeError('no')\n")
    with pytest.raises(RuntimeError, match="no"):
        Store(url)
    assert schema(url) == before


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = old_store(tmp_path / "old.db", "9999")
    before = (tmp_path / "old.db").read_bytes()
    message = explain(url)
    assert "old.db was written by a newer version of Headroom (schema 9999)" in message
    assert "Update Headroom" in message
    assert (tmp_path / "old.db").read_bytes() == before


def test_alembic_is_imported_only_to_migrate() -> None:
    code = (
        "import sys\n"
        "from study.store import Store\n"
        "Store().close(); Store().close()\n"
        "assert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


# What is said when it fails


def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HEADROOM_DATA", str(tmp_path / "file" / "folder"))
    message = explain()
    assert str(tmp_path / "file" / "folder" / "headroom.db") in message
    assert "cannot be written" in message
    assert "HEADROOM_DATA" in message


def test_a_folder_in_place_of_the_file(own_data_folder: Path) -> None:
    (own_data_folder / "headroom.db").mkdir(parents=True)
    assert f"Make the folder {own_data_folder} writable" in explain()


def test_a_file_that_is_no_database(own_data_folder: Path) -> None:
    own_data_folder.mkdir()
    file = own_data_folder / "headroom.db"
    file.write_bytes(b"not a database, but long enough to look like one" * 50)
    message = explain()
    assert f"The file {file} is damaged" in message
    assert "move it away" in message
    assert file.read_bytes().startswith(b"not a database")


def test_damage_found_while_reading(own_data_folder: Path) -> None:
    store = Store()
    for number in range(200):
        store.save_draft("ann", str(number), "code " * 500)
    store.close()
    file = own_data_folder / "headroom.db"
    content = bytearray(file.read_bytes())
    content[4096 * 20 :] = b"\xab" * (len(content) - 4096 * 20)  # all but the first pages
    file.write_bytes(content)
    damaged = Store()
    with pytest.raises(StoreError, match="is damaged"):
        [damaged.draft("ann", str(number)) for number in range(200)]
    damaged.close()


def test_another_program_that_keeps_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 50)
    store = Store()
    other = sqlite3.connect(str(store.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="Another program has held"):
        store.save_draft("ann", "softmax", "code")
    other.execute("ROLLBACK")
    other.close()
    store.save_draft("ann", "softmax", "code")
    store.close()


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("database or disk is full", "is full. Free some space"),
        ("attempt to write a readonly database", "cannot be written"),
        ("disk I/O error", "cannot be used: disk I/O error"),
    ],
)
def test_what_the_disk_says(reason: str, told: str) -> None:
    with pytest.raises(StoreError, match=told), explained(database_url()):
        raise OperationalError("statement", {}, sqlite3.OperationalError(reason))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("no url", "'no url' is not a database URL"),
        ("mysql://host/name", "not supported: use SQLite or PostgreSQL"),
        ("sqlite://", "would forget everything"),
        ("sqlite:///:memory:", "would forget everything"),
        ("postgresql+pg8000://host/name", "needs the Python package pg8000"),
    ],
)
def test_urls_that_cannot_be_used(url: str, told: str) -> None:
    assert told in explain(url)


def test_no_message_tells_the_password() -> None:
    message = explain("postgresql+pg8000://ann:secret@host/name")
    assert "secret" not in message


def test_a_server_that_refuses() -> None:
    url = database_url("postgresql+psycopg://host/name")
    with pytest.raises(StoreError, match="Check that it is running") as raised, explained(url):
        raise OperationalError("statement", {}, Exception("connection refused"))
    assert "connection refused" in raised.value.text.zh
