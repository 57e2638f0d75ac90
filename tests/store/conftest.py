"""A database a test, of both kinds: SQLite in a folder, and a real PostgreSQL started once where its programs are."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluxgram.store.database import Database
from fluxgram.store.tables import metadata
from tests.store.stores import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL of this session, on a socket in a temporary folder."""
    if not (shutil.which("initdb") and shutil.which("pg_ctl")):
        pytest.skip("no PostgreSQL here: initdb and pg_ctl are not on the path")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    become: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        probe = [*become, "true"] if shutil.which("setpriv") else ["false"]
        if subprocess.run(probe, capture_output=True, check=False).returncode:
            pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres to become")
    with tempfile.TemporaryDirectory(prefix="fgpg") as folder:
        if become:
            shutil.chown(folder, "postgres", "postgres")

        def run(*command: str) -> None:
            done = subprocess.run(
                [*become, *command], capture_output=True, text=True, check=False, cwd=folder
            )
            assert done.returncode == 0, done.stdout + done.stderr

        run(
            "initdb",
            "-D",
            f"{folder}/data",
            "-U",
            "fluxgram",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        )
        options = (
            f"-c listen_addresses='' -k {folder} -c fsync=off -c full_page_writes=off -c max_connections=90"
        )
        run("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-o", options, "start")
        try:
            yield f"postgresql://fluxgram@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")


@pytest.fixture
def fresh_postgres(postgres: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a PostgreSQL database with all tables."""
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    url = postgres.replace("/postgres?", "/migrated?")
    Database.open(url, tmp_path_factory.mktemp("unused")).close()
    return url


@pytest.fixture
def emptied_postgres(migrated_postgres: str) -> str:
    """The same with nothing in it, which is quicker to have than a new one."""
    import psycopg

    with psycopg.connect(migrated_postgres, autocommit=True) as connection:
        names = ", ".join(f'"{name}"' for name in metadata.tables)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
    return migrated_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Of an empty database; the tests that take it run on both kinds."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("fresh_postgres"))


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """Opens stores and closes them at the end."""
    with contextlib.ExitStack() as stack:

        def open_it(url: str = "") -> Store:
            database = Database.open(url, tmp_path)
            stack.callback(database.close)
            return Store(database, url, tmp_path)

        yield open_it


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> Store:
    """On both kinds of database."""
    return open_store("" if request.param == "sqlite" else request.getfixturevalue("emptied_postgres"))


@pytest.fixture
def sqlite_store(open_store: Callable[[str], Store]) -> Store:
    """On SQLite only."""
    return open_store("")
