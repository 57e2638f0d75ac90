"""How a database comes into the form of `tables.py`: one file a version in `versions/`, run by `upgrade`.

Alembic is driven by its API: no ini file, no `env.py`, no logging. A new version is a new file there, and `HEAD`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from fluxgram.errors import StoreError

HEAD = "2"
"""The last version."""


def version_of(connection: Connection) -> str | None:
    """The version that a database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, place: str) -> None:
    """Bring the database to `HEAD` inside the transaction that the connection is in.

    Args:
        connection: In a transaction that keeps others from doing the same.
        place: The database as shown to people.

    Raises:
        StoreError: The database is of a newer version than this fluxgram knows.
    """
    now = version_of(connection)
    if now == HEAD:
        return
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    if now is not None and now not in {revision.revision for revision in script.walk_revisions()}:
        raise newer(place, now)
    with EnvironmentContext(config, script, fn=lambda at, _: script._upgrade_revs(HEAD, at)) as context:  # noqa: SLF001  (as Alembic's own `upgrade` does)
        context.configure(connection=connection, transactional_ddl=True)
        context.run_migrations()


def newer(place: str, version: str) -> StoreError:
    """The error for a database that a newer fluxgram made."""
    return StoreError(
        f"{place} was written by a newer fluxgram (version {version!r} of its form; this one knows {HEAD!r}).",
        "Update fluxgram.",
    )
