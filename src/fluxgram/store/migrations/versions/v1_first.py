"""Version 1: jobs, events, pictures, usage, webhooks, keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

_LARGE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_FALSE = sa.text("FALSE")


def upgrade() -> None:
    """Make everything."""
    _jobs()
    _of_jobs()
    _of_owners()


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _whole(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=default)


def _real(name: str, default: str | None = None) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False, server_default=default)


def _part(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", _LARGE, primary_key=True, autoincrement=False),
        _text("owner"),
        _text("surface"),
        _text("state"),
        _whole("rank"),
        _real("tag"),
        _real("weight"),
        _text("request"),
        _text("checkpoint"),
        _whole("samples"),
        _real("cost"),
        _text("extra"),
        _text("names"),
        _text("format"),
        _real("created"),
        sa.Column("started", sa.Double),
        sa.Column("finished", sa.Double),
        _whole("attempt", "0"),
        _whole("deaths", "0"),
        _text("worker", ""),
        sa.Column("lease", sa.Double),
        sa.Column("cancel_asked", sa.Boolean, nullable=False, server_default=_FALSE),
        sa.Column("problem", sa.Text),
        _text("idempotency", ""),
        _text("fingerprint", ""),
        sa.Column("lasts", sa.Double),
        sa.Column("expires", sa.Double),
        _text("webhook", ""),
        _real("seconds", "0"),
        _whole("counted", "0"),
    )
    queued, running, pending = "state = 'queued'", "state = 'running'", "state IN ('queued', 'running')"
    _part("jobs_to_claim", "jobs", ["rank", "tag", "created", "id", "cost", "owner", "state"], queued)
    _part("jobs_pending", "jobs", ["owner", "rank", "tag", "samples", "state"], pending)
    _part("jobs_running", "jobs", ["worker", "lease", "cost", "state"], running)
    _part("jobs_once", "jobs", ["owner", "surface", "idempotency"], "idempotency <> ''", unique=True)
    op.create_index("jobs_newest", "jobs", ["created", "id"])
    op.create_index("jobs_of_state", "jobs", ["state", "created", "id"])
    op.create_index("jobs_of_owner", "jobs", ["owner", "created", "id"])
    op.create_index("jobs_of_owner_and_state", "jobs", ["owner", "state", "created", "id"])
    op.create_table(
        "clocks", sa.Column("rank", sa.Integer, primary_key=True, autoincrement=False), _real("tag")
    )


def _of_jobs() -> None:
    job = sa.ForeignKey("jobs.id")
    op.create_table(
        "events",
        sa.Column("id", _LARGE, primary_key=True),
        sa.Column("job", _LARGE, job, nullable=False),
        _real("at"),
        _text("kind"),
        _text("data"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_of_job", "events", ["job", "id"])
    op.create_table(
        "pictures",
        sa.Column("job", _LARGE, sa.ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
        sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
        _text("name"),
        _text("thumbnail"),
        _text("seed"),
        _whole("width"),
        _whole("height"),
        sa.Column("bytes", _LARGE, nullable=False),
        _text("format"),
        _text("sha256"),
        _text("receipt"),
        _text("verdict"),
        _real("created"),
        sa.Column("expires", sa.Double),
        sa.Column("removed", sa.Boolean, nullable=False, server_default=_FALSE),
    )
    op.create_index("pictures_by_name", "pictures", ["name"], unique=True)
    op.create_index("pictures_by_thumbnail", "pictures", ["thumbnail"])
    _part("pictures_kept", "pictures", ["created", "bytes"], "NOT removed")
    _part("pictures_expiring", "pictures", ["expires"], "NOT removed")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("job", _LARGE, sa.ForeignKey("jobs.id"), nullable=False),
        _text("owner"),
        _text("url"),
        _text("body"),
        _text("state"),
        _whole("attempts"),
        _real("next_at"),
        sa.Column("status", sa.Integer),
        _text("error"),
        _real("created"),
    )
    op.create_index("deliveries_of_job", "deliveries", ["job"])
    _part("deliveries_due", "deliveries", ["next_at"], "state = 'waiting'")


def _of_owners() -> None:
    op.create_table(
        "usage",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("checkpoint", sa.Text, primary_key=True),
        sa.Column("jobs", _LARGE, nullable=False),
        sa.Column("pictures", _LARGE, nullable=False),
        _real("megapixel_steps"),
        _real("seconds"),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Text, primary_key=True),
        _text("name"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        _text("scopes"),
        _real("weight"),
        _real("rate"),
        _whole("burst"),
        _whole("most_queued"),
        _whole("most_pictures"),
        _text("webhook_secret"),
        sa.Column("price", sa.Double),
        _real("created"),
        sa.Column("revoked", sa.Double),
        sa.Column("used", sa.Double),
        _text("shown"),
    )
    _part("keys_by_name", "keys", ["name"], "revoked IS NULL", unique=True)
    op.create_table("rates", sa.Column("checkpoint", sa.Text, primary_key=True), _real("seconds_per_cost"))
    op.create_table("facts", sa.Column("name", sa.Text, primary_key=True), _text("value"))
