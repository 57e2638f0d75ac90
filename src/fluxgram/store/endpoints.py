"""`Endpoints`: other servers that draw, by the names that people gave them. Their keys lie here because they must be
sent; nothing outside this process is ever shown one. Calling them is `server/images_client.py`.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Row, delete, func, select

from fluxgram.errors import RequestError, UnknownJob
from fluxgram.store import tables
from fluxgram.store.part import Part
from fluxgram.store.records import EndpointRecord
from fluxgram.store.rows import merge

MOST = 100
"""Endpoints of one database."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")


class UnknownEndpoint(UnknownJob):
    """No other server is known by that name."""


class Endpoints(Part):
    """The endpoints of a database; they belong to the service, not to a key."""

    def put(self, name: str, url: str, key: str | None, checkpoint: str) -> EndpointRecord:
        """Add an endpoint, or change the one of that name.

        Args:
            name: What to call it.
            url: What its routes begin with; the caller has checked it.
            key: Sent with every request; None leaves the one that is known.
            checkpoint: The `model` to ask it for; may be empty.

        Raises:
            RequestError: The name is none, or there are too many.
        """
        if not _NAME.fullmatch(name) or name != name.strip():
            raise RequestError(
                f"{name[:60]!r} is not a name for another server.",
                "Use up to 60 letters, digits, spaces, dots and dashes.",
            )
        endpoints = tables.endpoints
        values: dict[str, Any] = {"name": name, "url": url, "checkpoint": checkpoint}
        change = dict(values) if key is None else {**values, "key": key}
        values |= {"key": key or "", "created": self._clock()}
        with self._database.writing() as connection:
            many = connection.execute(select(func.count()).where(endpoints.c.name != name)).scalar_one()
            if many >= MOST:
                raise RequestError(f"There are {many} other servers already.", "Remove one first.")
            merge(connection, endpoints, ["name"], values, change)
            return _endpoint(connection.execute(select(endpoints).where(endpoints.c.name == name)).one())

    def get(self, name: str) -> EndpointRecord:
        """An endpoint.

        Raises:
            UnknownEndpoint: There is none of that name.
        """
        endpoints = tables.endpoints
        known = _NAME.fullmatch(name) is not None
        with self._database.reading() as connection:
            row = (
                connection.execute(select(endpoints).where(endpoints.c.name == name)).first()
                if known
                else None
            )
        if row is None:
            raise UnknownEndpoint(f"There is no other server {name[:60]!r}.", "Add it first.")
        return _endpoint(row)

    def list(self) -> list[EndpointRecord]:
        """All of them, by name."""
        endpoints = tables.endpoints
        with self._database.reading() as connection:
            rows = connection.execute(select(endpoints).order_by(endpoints.c.name)).all()
        return [_endpoint(row) for row in rows]

    def remove(self, name: str) -> None:
        """Forget an endpoint and its key.

        Raises:
            UnknownEndpoint: There is none of that name.
        """
        self.get(name)
        with self._database.writing() as connection:
            connection.execute(delete(tables.endpoints).where(tables.endpoints.c.name == name))


def _endpoint(row: Row[Any]) -> EndpointRecord:
    return EndpointRecord(**row._mapping)  # noqa: SLF001  (public, whatever its name)
