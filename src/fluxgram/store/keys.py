"""`Keys`: who may use the service, and what each key has used. Tokens are shown once and stored as a hash.

A token is `fg_<id>_<secret>`; its 256 random bits make a slow hash pointless. A verified key is remembered for a few
seconds, so a revoked one dies within those on every server.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
import string
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from fluxgram.errors import KeyInvalid, RequestError
from fluxgram.store import tables
from fluxgram.store.database import Database
from fluxgram.store.records import KeyRecord, UsageRow
from fluxgram.store.rows import key_of, owned, usage_of
from fluxgram.store.submitting import drawn_in_month

SCOPES = ("draw", "read", "admin")
REMEMBERED_SECONDS = 5.0
"""How long a verified key is not looked up again."""
TOUCH_SECONDS = 60.0
"""`used` is written at most so often."""
_LETTERS = string.ascii_lowercase + string.digits
_MOST_REMEMBERED = 1024

Records = list[KeyRecord]
Rows = list[UsageRow]
"""`list` is a method below."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    hash: bytes
    key: KeyRecord
    until: float


class Keys:
    """The keys of a database.

    Args:
        database: Where they are.
        clock: Unix seconds; tests give their own.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._remembered: dict[str, _Remembered] = {}
        self._touched: dict[str, float] = {}

    def create(
        self,
        name: str,
        *,
        scopes: Collection[str] = ("draw", "read"),
        weight: float = 1.0,
        rate: float = 0.0,
        burst: int = 0,
        most_queued: int = 0,
        most_pictures: int = 0,
        price: float | None = None,
    ) -> tuple[KeyRecord, str]:
        """Make a key.

        Args:
            name: As people call it; no two keys in use share one.
            scopes: Of `SCOPES`.
            weight: Share of the workers, above 0.
            rate: Requests a minute; 0 is any number.
            burst: Requests at once; 0 is one minute's.
            most_queued: Jobs waiting and running; 0 is the service's default.
            most_pictures: Pictures a month; 0 is any number.
            price: Of a megapixel-step; None is the service's.

        Returns:
            The key, and its token, which nobody can find out again.

        Raises:
            RequestError: The name is taken or impossible, or a number or scope is.
        """
        name = name.strip()
        numbers = {"rate": rate, "burst": burst, "most_queued": most_queued, "most_pictures": most_pictures}
        _check(name, scopes, weight, numbers | ({} if price is None else {"price": price}))
        id = "".join(secrets.choice(_LETTERS) for _ in range(12))  # noqa: A001  (a key's id is called so)
        token = f"fg_{id}_{secrets.token_urlsafe(32)}"
        values: dict[str, Any] = {"id": id, "name": name, "hash": _hash(token), "weight": weight, **numbers}
        values |= {
            "scopes": [scope for scope in SCOPES if scope in scopes],
            "price": price,
            "shown": token[:18],
        }
        values |= {"webhook_secret": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"}
        values |= {"created": self._clock(), "revoked": None, "used": None}
        try:
            with self._database.writing() as connection:
                connection.execute(insert(tables.keys).values(values))
                return key_of(_by_id(connection, id)), token
        except IntegrityError:
            raise RequestError(
                f"There is a key {name!r} already.", "Choose another name, or revoke it first."
            ) from None

    def verify(self, token: str) -> KeyRecord:
        """The key of a token.

        Raises:
            KeyInvalid: No token, not one of ours, unknown or revoked; the same error for all of them.
        """
        id = _id_in(token)  # noqa: A001  (a key's id is called so)
        hash_ = _hash(token)
        now = self._clock()
        known = self._remembered.get(id)
        if known is None or not now < known.until <= now + REMEMBERED_SECONDS:  # a clock can be set back
            known = self._look_up(id, now)
        if not hmac.compare_digest(known.hash if known else bytes(32), hash_) or known is None:
            raise KeyInvalid(
                "The key is not valid." if token else "A key is needed.",
                "Give the token that `fluxgram keys create` showed.",
            )
        return known.key

    def alive(self, id: str) -> KeyRecord:  # noqa: A002  (a key's id is called so)
        """A key by its id, whose holder has shown it before.

        Raises:
            KeyInvalid: Unknown or revoked.
        """
        now = self._clock()
        known = self._remembered.get(id)
        if known is None or not now < known.until <= now + REMEMBERED_SECONDS:
            known = self._look_up(id, now)
        if known is None:
            raise KeyInvalid("The key is not valid any more.", "Sign in with another.")
        return known.key

    def touch(self, id: str) -> None:  # noqa: A002  (a key's id is called so)
        """The key was used now; written about once a minute."""
        now = self._clock()
        if abs(now - self._touched.get(id, -math.inf)) < TOUCH_SECONDS:
            return
        self._touched[id] = now
        with self._database.noting() as connection:
            connection.execute(update(tables.keys).where(tables.keys.c.id == id).values(used=now))

    def list(self) -> Records:
        """All keys, also revoked ones, in order of creation."""
        keys = tables.keys
        with self._database.reading() as connection:
            return [
                key_of(row) for row in connection.execute(select(keys).order_by(keys.c.created, keys.c.id))
            ]

    def find(self, name_or_id: str) -> KeyRecord:
        """A key by its id or its name; of revoked ones of that name the last.

        Raises:
            RequestError: There is none; the hint names the nearest.
        """
        keys = self.list()
        fits = [key for key in keys if key.id == name_or_id] or [
            key for key in keys if key.name == name_or_id
        ]
        if fits:
            return next((key for key in fits if key.revoked is None), fits[-1])
        near = get_close_matches(name_or_id, [key.name for key in keys], n=1, cutoff=0.6)
        raise RequestError(
            f"There is no key {name_or_id!r}.",
            f"Did you mean {near[0]!r}?" if near else "fluxgram keys list shows them.",
        )

    def revoke(self, name_or_id: str) -> KeyRecord:
        """End a key; one that is revoked already stays as it is. Its jobs and usage stay.

        Raises:
            RequestError: There is none.
        """
        key, keys = self.find(name_or_id), tables.keys
        with self._database.writing() as connection:
            connection.execute(
                update(keys)
                .where(keys.c.id == key.id, keys.c.revoked.is_(None))
                .values(revoked=self._clock())
            )
            self._remembered.pop(key.id, None)
            return key_of(_by_id(connection, key.id))

    def any(self) -> bool:
        """Whether there is a key that can be used."""
        keys = tables.keys
        with self._database.reading() as connection:
            return (
                connection.execute(select(keys.c.id).where(keys.c.revoked.is_(None)).limit(1)).first()
                is not None
            )

    def usage(self, *, owner: str | None = None, since: str = "", until: str = "") -> Rows:
        """What was drawn, by day, owner and checkpoint.

        Args:
            owner: Only this one's; the empty owner is whoever came without a key. None is everybody.
            since: First day, `2026-11-21`; empty is the beginning.
            until: Last day, also counted; empty is today.
        """
        usage = tables.usage
        statement = owned(select(usage), usage, owner)
        statement = statement.order_by(usage.c.day, usage.c.owner, usage.c.checkpoint)
        if since:
            statement = statement.where(usage.c.day >= since)
        if until:
            statement = statement.where(usage.c.day <= until)
        with self._database.reading() as connection:
            return [usage_of(row) for row in connection.execute(statement)]

    def pictures_this_month(self, owner: str) -> int:
        """Pictures drawn in this calendar month (UTC); those that are pending count for the quota, not here."""
        with self._database.reading() as connection:
            return drawn_in_month(connection, owner, self._clock())

    def _look_up(self, id: str, now: float) -> _Remembered | None:  # noqa: A002  (a key's id is called so)
        with self._database.reading() as connection:
            row = _row(connection, id)
        if row is None or row.revoked is not None:
            self._remembered.pop(id, None)
            return None
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        known = _Remembered(row.hash, key_of(row), now + REMEMBERED_SECONDS)
        self._remembered[id] = known
        return known


def _check(name: str, scopes: Collection[str], weight: float, numbers: dict[str, float]) -> None:
    if not name or len(name) > 100 or not name.isprintable():
        raise RequestError(f"{name[:100]!r} is not a name for a key.", "Use 1 to 100 printable characters.")
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        said = f"{min(unknown)!r} is not a scope." if unknown else "A key needs a scope."
        raise RequestError(said, f"Use some of {', '.join(SCOPES)}.")
    if not (math.isfinite(weight) and 0 < weight <= 1e6):
        raise RequestError(
            f"A weight of {weight} is not possible.", "Use a number above 0; 2 gets twice what 1 gets."
        )
    for what, number in numbers.items():
        if not (math.isfinite(number) and 0 <= number < 2**31):
            raise RequestError(f"{what} can't be {number}.", "Use a number of at least 0.")


def _id_in(token: str) -> str:
    """The id that a token claims to have; empty for what is no token."""
    parts = token.split("_", 2) if len(token) <= 200 and token.isascii() and token.isprintable() else []
    return parts[1] if len(parts) == 3 and parts[0] == "fg" else ""


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _row(connection: Connection, id: str) -> Row[Any] | None:  # noqa: A002  (a key's id is called so)
    return connection.execute(select(tables.keys).where(tables.keys.c.id == id)).first()


def _by_id(connection: Connection, id: str) -> Row[Any]:  # noqa: A002  (a key's id is called so)
    return connection.execute(select(tables.keys).where(tables.keys.c.id == id)).one()
