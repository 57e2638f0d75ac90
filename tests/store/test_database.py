"""Opening, migrating, and what is said when the database is damaged, newer, locked, full or not there."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from fluxgram.errors import StoreError, StoreFull
from fluxgram.store import database as module
from fluxgram.store import migrations
from fluxgram.store.database import Database
from fluxgram.store.tables import metadata
from tests.store.stores import Store

OPEN = """
import sys
from pathlib import Path
from fluxgram.store.database import Database
from fluxgram.store.queue import Queue
sys.stdin.readline()
database = Database.open(sys.argv[1], Path(sys.argv[2]))
Queue(database).secret("x")
database.close()
"""


def test_a_fresh_database_is_for_its_owner_only(tmp_path: Path) -> None:
    Database.open("", tmp_path / "home").close()
    path = tmp_path / "home" / "service" / "jobs.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_durability_is_as_promised(sqlite_store: Store) -> None:
    def pragma(transaction: str, name: str) -> object:
        with getattr(sqlite_store.database, transaction)() as connection:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    assert pragma("writing", "journal_mode") == "wal"
    assert pragma("writing", "synchronous") == 2  # FULL
    assert pragma("noting", "synchronous") == 1  # NORMAL
    for transaction in ("reading", "writing", "noting"):
        assert pragma(transaction, "foreign_keys") == 1
        assert pragma(transaction, "busy_timeout") == 30_000


def test_durability_of_postgresql(fresh_postgres: str, open_store: Callable[[str], Store]) -> None:
    store = open_store(fresh_postgres)
    with store.database.writing() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    with store.database.noting() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "off"


def test_a_writing_transaction_is_undone_by_an_error(store: Store) -> None:
    def half_way() -> None:
        with store.database.writing() as connection:
            connection.execute(text("INSERT INTO facts (name, value) VALUES ('a', 'b')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    with store.database.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM facts")).scalar() == 0


def test_writers_wait_for_their_turn(sqlite_store: Store) -> None:
    """An immediate transaction holds off another connection's, which then sees what the first wrote."""
    seen: list[object] = []

    def other() -> None:
        with Database.open("", sqlite_store.home).writing() as connection:
            seen.append(connection.execute(text("SELECT value FROM facts")).scalar())

    with sqlite_store.database.writing() as connection:
        thread = threading.Thread(target=other)
        thread.start()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            sqlite3.connect(sqlite_store.database.place, timeout=0).execute("BEGIN IMMEDIATE")
        connection.execute(text("INSERT INTO facts (name, value) VALUES ('a', 'first')"))
    thread.join(30)
    assert seen == ["first"]


def test_migrations_lead_to_the_tables(store: Store) -> None:
    with store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        there = inspect(connection)
        indexes = {index["name"] for table in metadata.tables for index in there.get_indexes(table)}
        assert indexes >= {str(index.name) for table in metadata.tables.values() for index in table.indexes}
        assert migrations.version_of(connection) == migrations.HEAD
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == migrations.HEAD


def test_partial_indexes_are_those_of_the_tables(sqlite_store: Store, tmp_path: Path) -> None:
    """Conditions of indexes, which Alembic does not compare: both ways lead to the same SQL."""
    fresh = tmp_path / "fresh.sqlite"
    database = Database.open(f"sqlite:///{fresh}", tmp_path)

    def indexes(of: Database) -> dict[str, str]:
        with of.reading() as connection:
            rows = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''")
            )
            return {name: " ".join(sql.replace('"', "").split()) for name, sql in rows}

    with database.writing() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert indexes(database) == indexes(sqlite_store.database)
    database.close()


def test_opening_again_changes_nothing_and_needs_no_migration(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not in the form"):
        Database.open(url, tmp_path, migrate=False)
    Database.open(url, tmp_path).close()
    Database.open(url, tmp_path, migrate=False).close()


def test_two_processes_open_a_fresh_database(url: str, tmp_path: Path) -> None:
    """At the same moment, several times over; neither says a word."""
    for round_ in range(2 if not url else 1):
        home = tmp_path / str(round_)
        both = [
            subprocess.Popen(
                [sys.executable, "-W", "error", "-c", OPEN, url, str(home)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for _ in range(3)
        ]  # fmt: skip
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.communicate(timeout=60)[0] for process in both] == [""] * 3
        assert [process.returncode for process in both] == [0] * 3


def test_a_newer_database_is_not_touched(url: str, tmp_path: Path) -> None:
    database = Database.open(url, tmp_path)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '99'"))
    database.close()
    for migrate in (True, False):
        with pytest.raises(StoreError, match="newer fluxgram") as error:
            Database.open(url, tmp_path, migrate=migrate)
        assert error.value.hint == "Update fluxgram."


@pytest.mark.parametrize("keep", [20, 100, 5000, 40_000])
def test_a_truncated_database_is_said_to_be_damaged(tmp_path: Path, keep: int) -> None:
    database = Database.open("", tmp_path)
    place = Path(database.place)
    with database.writing() as connection:
        connection.execute(text("INSERT INTO facts (name, value) VALUES ('a', :v)"), {"v": "v" * 300_000})
    database.close()
    assert place.stat().st_size > keep
    os.truncate(place, keep)
    with pytest.raises(StoreError, match=r"damaged|not in the form") as error:
        Database.open("", tmp_path, migrate=False).check()
    assert str(place) in str(error.value)
    assert error.value.hint


def test_overwritten_pages_are_found_by_the_check(tmp_path: Path) -> None:
    database = Database.open("", tmp_path)
    database.check()
    place = Path(database.place)
    database.close()
    with place.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 4))
    with pytest.raises(StoreError, match="damaged"):
        Database.open("", tmp_path).check()


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"PNG is no database. " * 500)
    with pytest.raises(StoreError, match="damaged"):
        Database.open(f"sqlite:///{tmp_path}/x.sqlite", tmp_path)
    assert (tmp_path / "x.sqlite").read_bytes().startswith(b"PNG")


@pytest.mark.parametrize(
    ("url", "said"),
    [("mysql://u:secret@h/d", "mysql"), ("not a url secret", "URL"), ("sqlite://", "memory"),
     ("sqlite:///:memory:", "memory"), ("postgresql://u:secret@/d?host=/nowhere/at/all", "cannot be used")],
)  # fmt: skip
def test_places_that_are_none(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=said) as error:
        Database.open(url, tmp_path)
    assert "secret" not in str(error.value) + error.value.hint


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Database.open("", tmp_path / "home")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="permission"):
        Database.open("", tmp_path)


def test_a_locked_database_is_an_error_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    database = Database.open("", tmp_path)
    other = sqlite3.connect(database.place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="in use"), database.writing():
        pass
    with database.reading() as connection:  # readers are not kept out
        assert connection.execute(text("SELECT COUNT(*) FROM jobs")).scalar() == 0
    other.execute("ROLLBACK")
    with database.writing():  # and the lock between threads was given back
        pass
    other.close()
    database.close()


def test_a_full_disk_is_said_and_nothing_is_lost(sqlite_store: Store) -> None:
    """SQLite's own limit of pages stands for the disk: it fails by the same error."""
    store = sqlite_store
    kept = [store.submit() for _ in range(3)]

    def limit(pages: int) -> None:
        with store.database.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def fill() -> None:
        while len(kept) < 200:
            kept.append(store.submit(request={"seed": 1, "prompt": "x" * 5000}))

    limit(1)  # no fewer than there are
    with pytest.raises(StoreFull, match="disk is full") as error:
        fill()
    assert error.value.hint
    assert [job.id for job in reversed(store.queue.list(None, limit=500))] == [job.id for job in kept]
    limit(2**30)
    kept.append(store.submit())
    assert store.queue.depth()["queued"] == len(kept)
    store.database.check()


def test_a_server_that_goes_away(fresh_postgres: str, postgres: str, tmp_path: Path) -> None:
    """An error in words while it is gone; it works again when it is back, without opening anew."""
    import psycopg

    database = Database.open(fresh_postgres, tmp_path)
    name = fresh_postgres.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        with pytest.raises(StoreError, match="cannot be used"), database.writing():
            pass
        admin.execute(f"CREATE DATABASE {name}")
        with database.reading() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
    database.close()
