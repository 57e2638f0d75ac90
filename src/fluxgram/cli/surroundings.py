"""What the commands of the service share: its settings, its door, and a clear word where its packages are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs

_PACKAGES = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "fsspec", "prometheus_client", "pythonjsonlogger")


def needs_the_server() -> None:
    """Go on only where the service's packages are installed.

    Raises:
        SettingsError: One is not.
    """
    from importlib.util import find_spec

    from fluxgram.errors import SettingsError

    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"The service needs packages that are not installed: {', '.join(missing)}.",
            "Install them: pip install 'fluxgram[server]'",
        )


@contextmanager
def door() -> Iterator[Jobs]:
    """The door to the jobs of this machine; no worker is started."""
    needs_the_server()
    from fluxgram.jobs.door import Jobs
    from fluxgram.service import ServiceSettings
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    jobs = Jobs.open(settings, ServiceSettings.load(settings.home))
    try:
        yield jobs
    finally:
        jobs.close()


def day(text: str, option: str) -> str:
    """A day as it was typed, `2026-11-21`; empty stays empty.

    Raises:
        RequestError: It is none.
    """
    from datetime import date

    from fluxgram.errors import RequestError

    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise RequestError(f"{option} is no day: {text[:40]!r}.", "Write it as 2026-11-21.") from None
