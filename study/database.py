"""Opening the database: where it is, how durable it is, which schema it has, what went wrong."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from study.folders import data_folder
from study.tables import HEAD, Base, version_table
from study.text import Text

BUSY_MS = 10_000
_ADVISORY_LOCK = 7_236_100  # any number that no other program uses in the same database


class StoreError(Exception):
    """The store cannot be used. `text` says what is wrong and what to do, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.text = Text(en=en, zh=zh)


def database_url(url: str | None = None) -> URL:
    """The database to use: `url`, or HEADROOM_DATABASE, or a file in the user's data folder."""
    named = url or os.environ.get("HEADROOM_DATABASE")
    if not named:
        return URL.create("sqlite", database=str(data_folder() / "headroom.db"))
    try:
        made = make_url(named)
    except ArgumentError:
        raise StoreError(
            f"{named!r} is not a database URL. Set HEADROOM_DATABASE to one such as "
            "postgresql+psycopg://user:password@host/name.",
            f"{named!r} 不是数据库 URL。请把 HEADROOM_DATABASE 设为类似 "
            "postgresql+psycopg://user:password@host/name 的地址。",
        ) from None
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"The database {made} is not supported: use SQLite or PostgreSQL.",
            f"不支持数据库 {made}：请使用 SQLite 或 PostgreSQL。",
        )
    if made.get_backend_name() == "sqlite" and made.database in (None, "", ":memory:"):
        raise StoreError(
            "A database in memory would forget everything: name a file in the URL.",
            "内存数据库不会保存任何内容：请在 URL 中指定文件。",
        )
    return made


def open_database(url: URL) -> Engine:
    """An engine on a database whose schema is the present one, created or migrated if need be."""
    if url.get_backend_name() == "sqlite":
        _make_folder(Path(str(url.database)))
    try:
        engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
    except ModuleNotFoundError as error:
        raise StoreError(
            f"The database {url} needs the Python package {error.name}: "
            f"install it with `pip install {error.name}`.",
            f"数据库 {url} 需要 Python 包 {error.name}：请运行 `pip install {error.name}` 安装。",
        ) from error
    if url.get_backend_name() == "sqlite":
        _configure_sqlite(engine)
    with explained(url):
        _bring_up_to_date(engine)
    return engine


def writing(engine: Engine) -> Engine:
    """The engine for transactions that write.

    On SQLite they take the lock when they begin: one that reads first and then writes would
    fail at once, without waiting, if another process had written in between.
    """
    return engine.execution_options(headroom_begin="BEGIN IMMEDIATE")


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn the database's own errors into a StoreError that says what to do."""
    try:
        yield
    except DBAPIError as error:
        en, zh = _explanation(url, str(error.orig))
        raise StoreError(en, zh) from error


def _make_folder(file: Path) -> None:
    try:
        # For the user alone: the folder holds what they wrote.
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(*_no_access(file)) from error


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: object) -> None:  # noqa: ARG001
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        _write_ahead(connection)
        # FULL, not NORMAL: with NORMAL the last transactions before a power cut can be lost.
        # It costs one fsync for each write, and drafts are written about once a second.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(str(options.get("headroom_begin", "BEGIN")))


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Journal mode WAL. Two that start together may both want to switch a new file over, and for
    that step SQLite does not wait by itself."""
    last = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
            time.sleep(0.02)


def _bring_up_to_date(engine: Engine) -> None:
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            # Two apps that start together must not both create the tables.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        revision = _revision(connection)
        if revision is None:
            Base.metadata.create_all(connection)
            version_table.create(connection)
            connection.execute(version_table.insert().values(version_num=HEAD))
        elif revision != HEAD:
            _migrate(connection, revision)


def _revision(connection: Connection) -> str | None:
    """The schema's revision: None without a schema, "" before the first revision."""
    if not inspect(connection).has_table(version_table.name):
        return None
    return connection.execute(select(version_table.c.version_num)).scalar() or ""


def _migrate(connection: Connection, revision: str) -> None:
    from study import migrations  # only now: alembic is not needed to open a current store

    if not migrations.known(revision):
        name = connection.engine.url
        raise StoreError(
            f"{name} was written by a newer version of Headroom (schema {revision}). "
            "Update Headroom, or point HEADROOM_DATA to another folder.",
            f"{name} 由更新版本的 Headroom 写入（结构版本 {revision}）。"
            "请更新 Headroom，或用 HEADROOM_DATA 指定另一个文件夹。",
        )
    migrations.upgrade(connection)


def _explanation(url: URL, reason: str) -> tuple[str, str]:
    if url.get_backend_name() != "sqlite":
        return (
            f"The database {url} refused: {reason.strip()} "
            "Check that it is running and that HEADROOM_DATABASE is right.",
            f"数据库 {url} 出错：{reason.strip()} 请确认它正在运行，且 HEADROOM_DATABASE 正确。",
        )
    file = Path(str(url.database))
    if "not a database" in reason or "malformed" in reason:
        return (
            f"The file {file} is damaged ({reason}). Restore a copy of it, or move it away "
            "together with its -wal and -shm files, and Headroom starts with an empty one.",
            f"文件 {file} 已损坏（{reason}）。请用备份恢复，或把它连同 -wal、-shm 文件一起移走，"
            "Headroom 会新建一个空文件。",
        )
    if "locked" in reason:
        return (
            f"Another program has held {file} for {BUSY_MS // 1000} s. Close it and try again.",
            f"另一个程序占用 {file} 已超过 {BUSY_MS // 1000} 秒。请关闭它后重试。",
        )
    if "full" in reason:
        return (
            f"The disk that holds {file} is full. Free some space and try again.",
            f"{file} 所在的磁盘已满。请腾出空间后重试。",
        )
    if "unable to open" in reason or "readonly" in reason:
        return _no_access(file)
    return (
        f"The file {file} cannot be used: {reason}. Check the disk and the file's permissions.",
        f"文件 {file} 无法使用：{reason}。请检查磁盘和文件权限。",
    )


def _no_access(file: Path) -> tuple[str, str]:
    return (
        f"{file} cannot be written. Make the folder {file.parent} writable, or point "
        "HEADROOM_DATA to another folder.",
        f"无法写入 {file}。请给文件夹 {file.parent} 加上写权限，"
        "或用 HEADROOM_DATA 指定另一个文件夹。",
    )
