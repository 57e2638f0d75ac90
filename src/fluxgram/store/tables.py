"""The form of the database: tables, and one index for every question that is asked often.

`migrations/` makes databases into this form; a test holds the two together. Indexes of jobs are partial where only
the few jobs that are not over matter, so that finished jobs cost nothing.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

QUEUED = "state = 'queued'"
RUNNING = "state = 'running'"
PENDING = "state IN ('queued', 'running')"
KEPT = "NOT removed"
BORN = "parent <> ''"
TRASHED = "trashed IS NOT NULL"
WAITING = "state = 'waiting'"
"""Conditions of partial indexes. Both dialects use such an index only for a query that says the same in the same
words, so queries take these texts too."""

LARGE = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; SQLite's row number must be called INTEGER."""


class Plain(TypeDecorator[Any]):
    """Plain values as ASCII JSON: PostgreSQL's text takes no NUL and no lone surrogate, and prompts may have both."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else json.dumps(value, separators=(",", ":"), allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From text."""
        return None if value is None else json.loads(value)


metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", LARGE, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rank", Integer, nullable=False),  # -priority: one ascending index is the order of claims
    Column("tag", Double, nullable=False),  # virtual finish time among the jobs of this rank
    Column("weight", Double, nullable=False),
    Column("request", Plain, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("cost", Double, nullable=False),
    Column("extra", Plain, nullable=False),
    Column("names", Plain, nullable=False),
    Column("format", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("finished", Double),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("worker", Text, nullable=False, server_default=""),
    Column("lease", Double),
    Column("cancel_asked", Boolean, nullable=False, server_default=text("FALSE")),
    Column("problem", Plain),
    Column("idempotency", Text, nullable=False, server_default=""),
    Column("fingerprint", Text, nullable=False, server_default=""),
    Column("lasts", Double),
    Column("expires", Double),
    Column("webhook", Text, nullable=False, server_default=""),
    Column("seconds", Double, nullable=False, server_default="0"),
    Column("counted", Integer, nullable=False, server_default="0"),  # pictures that are in usage already
    Index("jobs_to_claim", "rank", "tag", "created", "id", "cost", "owner", "state",
          sqlite_where=text(QUEUED), postgresql_where=text(QUEUED)),
    Index("jobs_pending", "owner", "rank", "tag", "samples", "state", sqlite_where=text(PENDING),
          postgresql_where=text(PENDING)),
    Index("jobs_running", "worker", "lease", "cost", "state", sqlite_where=text(RUNNING),
          postgresql_where=text(RUNNING)),
    Index("jobs_newest", "created", "id"),
    Index("jobs_of_state", "state", "created", "id"),
    Index("jobs_of_owner", "owner", "created", "id"),
    Index("jobs_of_owner_and_state", "owner", "state", "created", "id"),
    Index("jobs_once", "owner", "surface", "idempotency", unique=True, sqlite_where=text("idempotency <> ''"),
          postgresql_where=text("idempotency <> ''")),
)  # fmt: skip

clocks = Table(  # virtual time of fair queueing, one clock a rank: the largest tag that was claimed
    "clocks",
    metadata,
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("tag", Double, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", LARGE, primary_key=True),
    Column("job", LARGE, ForeignKey("jobs.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Plain, nullable=False),
    Index("events_of_job", "job", "id"),
    sqlite_autoincrement=True,  # ids of removed previews must not come again
)

pictures = Table(
    "pictures",
    metadata,
    Column("job", LARGE, ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("thumbnail", Text, nullable=False),
    Column("seed", Text, nullable=False),  # up to 2**64, which no integer of a database holds
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", LARGE, nullable=False),
    Column("format", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("receipt", Plain, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double),
    Column("removed", Boolean, nullable=False, server_default=text("FALSE")),
    Column("owner", Text, nullable=False, server_default=""),
    Column("checkpoint", Text, nullable=False, server_default=""),
    Column("origin", Text, nullable=False, server_default="drawn"),  # or imported, or endpoint
    Column("words", Text, nullable=False, server_default=""),  # what a search looks at, casefolded
    Column("rating", Integer, nullable=False, server_default="0"),
    Column("favourite", Boolean, nullable=False, server_default=text("FALSE")),
    Column("rejected", Boolean, nullable=False, server_default=text("FALSE")),
    Column("trashed", Double),
    Column("parent", Text, nullable=False, server_default=""),  # name of the picture that it was made from
    Column("relation", Text, nullable=False, server_default=""),
    Index("pictures_by_name", "name", unique=True),
    Index("pictures_by_thumbnail", "thumbnail"),
    Index("pictures_kept", "created", "bytes", sqlite_where=text(KEPT), postgresql_where=text(KEPT)),
    Index("pictures_expiring", "expires", sqlite_where=text(KEPT), postgresql_where=text(KEPT)),
    Index("pictures_newest", "created", "name", sqlite_where=text(KEPT), postgresql_where=text(KEPT)),
    Index(
        "pictures_of_owner", "owner", "created", "name", sqlite_where=text(KEPT), postgresql_where=text(KEPT)
    ),
    Index("pictures_of_parent", "parent", sqlite_where=text(BORN), postgresql_where=text(BORN)),
    Index("pictures_trashed", "trashed", sqlite_where=text(TRASHED), postgresql_where=text(TRASHED)),
)

picture_tags = Table(
    "picture_tags",
    metadata,
    Column("picture", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Index("picture_tags_by_tag", "tag", "picture"),
)

boards = Table(  # what puts pictures together: a comparison, a shoot
    "boards",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("data", Plain, nullable=False),
    Column("trashed", Double),
    Index("boards_newest", "kind", "created", "id"),
    Index("boards_of_owner", "owner", "kind", "created", "id"),
)

votes = Table(
    "votes",
    metadata,
    Column("id", LARGE, primary_key=True),
    Column("board", Text, ForeignKey("boards.id"), nullable=False),
    Column("left", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("winner", Text, nullable=False),  # left, right or tie
    Column("blind", Boolean, nullable=False, server_default=text("TRUE")),
    Column("at", Double, nullable=False),
    Index("votes_of_board", "board", "id"),
)

endpoints = Table(  # other servers that draw, for comparisons
    "endpoints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("created", Double, nullable=False),
)

usage = Table(
    "usage",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("checkpoint", Text, primary_key=True),
    Column("jobs", LARGE, nullable=False),
    Column("pictures", LARGE, nullable=False),
    Column("megapixel_steps", Double, nullable=False),
    Column("seconds", Double, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("job", LARGE, ForeignKey("jobs.id"), nullable=False),
    Column("owner", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("status", Integer),
    Column("error", Text, nullable=False),
    Column("created", Double, nullable=False),
    Index("deliveries_of_job", "job"),
    Index("deliveries_due", "next_at", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),  # SHA-256 of the whole token
    Column("scopes", Plain, nullable=False),
    Column("weight", Double, nullable=False),
    Column("rate", Double, nullable=False),
    Column("burst", Integer, nullable=False),
    Column("most_queued", Integer, nullable=False),
    Column("most_pictures", Integer, nullable=False),
    Column("webhook_secret", Text, nullable=False),
    Column("price", Double),
    Column("created", Double, nullable=False),
    Column("revoked", Double),
    Column("used", Double),
    Column("shown", Text, nullable=False),
    Index("keys_by_name", "name", unique=True, sqlite_where=text("revoked IS NULL"),
          postgresql_where=text("revoked IS NULL")),
)  # fmt: skip

rates = Table(
    "rates",
    metadata,
    Column("checkpoint", Text, primary_key=True),
    Column("seconds_per_cost", Double, nullable=False),
)

facts = Table(  # the few values that belong to the whole service: why it is paused, its secrets
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
