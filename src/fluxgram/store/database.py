"""`Database`: opened once a process, and its three kinds of transactions: reading, writing, noting.

SQLite runs in WAL mode, and every transaction that writes begins with `BEGIN IMMEDIATE`, so none has to be tried
again for a lock that it could not raise. PostgreSQL is used as it is. What goes wrong leaves here in a user's words
(`failures.py`).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from fluxgram.errors import StoreError
from fluxgram.store import failures, migrations

BUSY_SECONDS = 30.0
"""How long a transaction waits for its turn."""
_MIGRATING = 0x666C7578
"""PostgreSQL's advisory lock around migrations."""


class Database:
    """Where the queue lives. Threads may share it; processes each open their own.

    Attributes:
        dialect: `sqlite` or `postgresql`.
        place: What people are shown: the file, or the URL without its password.
    """

    def __init__(self, url: URL, place: str) -> None:
        self.dialect: Literal["sqlite", "postgresql"] = "sqlite" if _is_sqlite(url) else "postgresql"
        self.place = place
        self._turn = threading.Lock() if self.dialect == "sqlite" else None
        if self.dialect == "sqlite":
            self._reading = _sqlite(url, "BEGIN", "FULL", size=16)
            self._writing = _sqlite(url, "BEGIN IMMEDIATE", "FULL", size=1)
            self._noting = _sqlite(url, "BEGIN IMMEDIATE", "NORMAL", size=1)
        else:
            self._reading = self._writing = _postgres(url)
            self._noting = _postgres(url, options="-c synchronous_commit=off")

    @classmethod
    def open(cls, url: str, home: Path, *, migrate: bool = True) -> Self:
        """Open the database, made if need be, in the newest form.

        Args:
            url: Of SQLAlchemy: `sqlite:////path/to/file` or `postgresql://…`; empty is a file in the home folder.
            home: The home folder.
            migrate: Bring an older database to the newest form; otherwise an older one is an error.

        Raises:
            StoreError: No such kind of database, unreachable, damaged, not permitted, or of a newer fluxgram.
            StoreFull: No room for it.
        """
        where, place = _locate(url, home)
        if _is_sqlite(where):
            _make_file(Path(where.database or ""), place)
        try:
            database = cls(where, place)
        except ModuleNotFoundError as error:
            raise StoreError(
                f"{place} needs the package {error.name}, which is not installed.",
                "pip install 'fluxgram[postgres]'",
            ) from None
        try:
            database._prepare(migrate=migrate)
        except BaseException:
            database.close()
            raise
        return database

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, all of it at one moment."""
        return self._transaction(self._reading, None)

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that is on the disk when it is left without an error, and undone otherwise."""
        return self._transaction(self._writing, self._turn)

    def noting(self) -> AbstractContextManager[Connection]:
        """As `writing`, but a power cut may undo it; it never damages anything and never undoes what came before."""
        return self._transaction(self._noting, self._turn)

    def on_the_way(self) -> AbstractContextManager[Connection]:
        """As `writing`, for what a worker does before the end of a job: it is on the disk when that end is.

        A power cut may undo it where it also ends the worker, so that nobody goes on from what was undone: SQLite is
        on the worker's own machine, and its next full flush takes along what came before. PostgreSQL flushes at once.
        """
        return self.noting() if self.dialect == "sqlite" else self.writing()

    def check(self) -> None:
        """Read all of the database.

        Raises:
            StoreError: It is damaged.
        """
        with self.reading() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SELECT 1"))
                return
            found = connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars().all()
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if list(found) != ["ok"] or broken is not None:
            raise StoreError(
                f"{self.place} is damaged.",
                "Put a copy of it back, or move it away to begin with an empty one.",
            )

    def close(self) -> None:
        """Give back all connections. Nothing is lost without it."""
        for engine in {self._reading, self._writing, self._noting}:
            engine.dispose()

    @contextmanager
    def _transaction(self, engine: Engine, turn: threading.Lock | None) -> Iterator[Connection]:
        if turn is not None and not turn.acquire(timeout=BUSY_SECONDS):
            raise StoreError(f"{self.place} has been busy for {BUSY_SECONDS:.0f} s.", "Try again.")
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            translated = failures.of_database(error, self.place)
            if translated is None:
                raise
            raise translated from error
        finally:
            if turn is not None:
                turn.release()

    def _prepare(self, *, migrate: bool) -> None:
        """WAL, then the newest form."""
        if self.dialect == "sqlite":
            self._use_wal()
        with self.reading() as connection:
            version = migrations.version_of(connection)
        if version == migrations.HEAD:
            return
        if not migrate:
            if version is not None and version > migrations.HEAD:
                raise migrations.newer(self.place, version)
            raise StoreError(
                f"{self.place} is not in the form of this fluxgram yet.", "Start `fluxgram serve` once."
            )
        with self.writing() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
            migrations.upgrade(connection, self.place)

    def _use_wal(self) -> None:
        """Once a file, and it stays. SQLite does not wait for its turn here, so this does."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                with closing(sqlite3.connect(self.place, timeout=1)) as connection:
                    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            except sqlite3.Error as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise failures.of_database(error, self.place) or error from error
                time.sleep(0.02)
            else:
                if mode != "wal":
                    raise StoreError(
                        f"{self.place} lies where SQLite's log cannot be shared between processes.",
                        "Put it on a local disk, or use PostgreSQL.",
                    )
                return


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _locate(url: str, home: Path) -> tuple[URL, str]:
    """The URL with its driver, and what to call it."""
    if not url:
        path = home / "service" / "jobs.sqlite"
        return URL.create("sqlite", database=str(path)), str(path)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "The setting `database` is not a database's URL.", "Write sqlite:////path or postgresql://…"
        ) from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.query:
            raise StoreError(
                "A queue in memory is shared with nobody and lost.",
                "Name a file: sqlite:////path/to/jobs.sqlite",
            )
        return URL.create("sqlite", database=parsed.database), parsed.database
    if kind not in {"postgresql", "postgres"}:
        raise StoreError(f"{kind!r} is not a database that fluxgram can use.", "Use SQLite or PostgreSQL.")
    return parsed.set(drivername="postgresql+psycopg"), parsed.render_as_string(hide_password=True)


def _make_file(path: Path, place: str) -> None:
    """For the owner's eyes only, before SQLite makes it for everybody's.

    One that is there is not opened here: closing it would drop the locks that SQLite holds on it in this process.
    """
    try:
        if not path.parent.is_dir():
            path.parent.parent.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise failures.of_system(error, place) from None


def _sqlite(url: URL, begin: str, synchronous: str, *, size: int) -> Engine:
    """An engine whose transactions begin as told. The driver begins none by itself."""
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        pool_size=size,
        max_overflow=-1,
    )

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _: object) -> None:
        for pragma in ("foreign_keys=ON", f"synchronous={synchronous}", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres(url: URL, options: str = "") -> Engine:
    args: dict[str, Any] = {"connect_timeout": 10}
    if options:
        args["options"] = options
    return create_engine(url, connect_args=args, pool_size=8, max_overflow=24, pool_pre_ping=True)
