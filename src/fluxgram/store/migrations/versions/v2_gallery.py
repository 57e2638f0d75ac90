"""Version 2: the gallery (marks, tags, bin, lineage, search), boards of pictures, votes, other servers."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None

_LARGE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_FALSE = sa.text("FALSE")


def upgrade() -> None:
    """Add everything, and fill in what older pictures can have."""
    _pictures()
    _fill()
    _boards()


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _part(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "pictures", columns, sqlite_where=condition, postgresql_where=condition)


def _pictures() -> None:
    for column in (
        _text("owner", ""),
        _text("checkpoint", ""),
        _text("origin", "drawn"),
        _text("words", ""),
        sa.Column("rating", sa.Integer, nullable=False, server_default="0"),
        sa.Column("favourite", sa.Boolean, nullable=False, server_default=_FALSE),
        sa.Column("rejected", sa.Boolean, nullable=False, server_default=_FALSE),
        sa.Column("trashed", sa.Double),
        _text("parent", ""),
        _text("relation", ""),
    ):
        op.add_column("pictures", column)
    _part("pictures_newest", ["created", "name"], "NOT removed")
    _part("pictures_of_owner", ["owner", "created", "name"], "NOT removed")
    _part("pictures_of_parent", ["parent"], "parent <> ''")
    _part("pictures_trashed", ["trashed"], "trashed IS NOT NULL")
    op.create_table(
        "picture_tags",
        sa.Column("picture", sa.Text, primary_key=True),
        sa.Column("tag", sa.Text, primary_key=True),
    )
    op.create_index("picture_tags_by_tag", "picture_tags", ["tag", "picture"])


def _fill() -> None:
    """Owner, checkpoint and words of pictures, from their jobs."""
    connection = op.get_bind()
    jobs = sa.table("jobs", *map(sa.column, ("id", "owner", "checkpoint", "request", "extra")))
    pictures = sa.table("pictures", *map(sa.column, ("job", "owner", "checkpoint", "words")))
    drawn = sa.select(jobs).where(jobs.c.id.in_(sa.select(pictures.c.job)))
    for job in connection.execute(drawn).fetchall():
        request, extra = json.loads(job.request), json.loads(job.extra)
        said = (request.get("prompt"), extra.get("prompt_asked"), request.get("negative"), job.checkpoint)
        words = "\n".join(dict.fromkeys(str(each).casefold() for each in said if each))
        words = words.encode("utf-8", "replace").decode().replace("\0", " ")
        connection.execute(
            sa.update(pictures)
            .where(pictures.c.job == job.id)
            .values(owner=job.owner, checkpoint=job.checkpoint, words=words)
        )


def _boards() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.Text, primary_key=True),
        _text("owner"),
        _text("kind"),
        _text("title"),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        _text("data"),
        sa.Column("trashed", sa.Double),
    )
    op.create_index("boards_newest", "boards", ["kind", "created", "id"])
    op.create_index("boards_of_owner", "boards", ["owner", "kind", "created", "id"])
    op.create_table(
        "votes",
        sa.Column("id", _LARGE, primary_key=True),
        sa.Column("board", sa.Text, sa.ForeignKey("boards.id"), nullable=False),
        _text("left"),
        _text("right"),
        _text("winner"),
        sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.text("TRUE")),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("votes_of_board", "votes", ["board", "id"])
    op.create_table(
        "endpoints",
        sa.Column("name", sa.Text, primary_key=True),
        _text("url"),
        _text("key"),
        _text("checkpoint"),
        sa.Column("created", sa.Double, nullable=False),
    )
