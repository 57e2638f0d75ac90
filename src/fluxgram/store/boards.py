"""`Boards`: what puts pictures together under a title, a comparison or a shoot, and the votes on them.

A board's `data` is its kind's own; the store keeps it and never looks inside. Every change raises the version, so that
two tabs (or a tab and the server) that change one board find out about each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, tuple_, update

from fluxgram.errors import RequestError, UnknownJob
from fluxgram.store import tables
from fluxgram.store.naming import letters
from fluxgram.store.part import Part
from fluxgram.store.records import BoardKind, BoardRecord, VoteRecord, Winner
from fluxgram.store.rows import merge, owned

MOST_TITLE = 200
"""Characters."""
MOST_DATA_BYTES = 2_000_000
"""Of a board's data as JSON; about what 64 long prompts with their requests need, ten times over."""
MOST_VOTES = 10_000
"""On one board."""

Records = list[BoardRecord]
Votes = list[VoteRecord]
"""`list` is a method below."""


class UnknownBoard(UnknownJob):
    """No comparison or shoot of that name that this caller may see."""


class BoardChanged(RequestError):
    """Somebody else changed the board meanwhile; nothing of this change was kept."""


class Boards(Part):
    """The boards of a database. `owner` is whose to see: None sees everybody's."""

    def create(
        self,
        owner: str,
        kind: BoardKind,
        title: str,
        data: Mapping[str, Any],
        *,
        id: str = "",  # noqa: A002  (a board's id is called so)
    ) -> BoardRecord:
        """Store a board; it is on the disk when this returns.

        Args:
            owner: Whose; empty without a key.
            kind: `comparison` or `shoot`.
            title: What to call it; too long a one is cut.
            data: The kind's own, plain values.
            id: Letters and digits, for who must find it again where the answer was lost: the owner's board of that id
                is returned as it is. Drawn where none is given.

        Raises:
            RequestError: It is too large.
        """
        now = self._clock()
        id = id or letters(12)  # noqa: A001
        values: dict[str, Any] = {"id": id, "owner": owner}
        values |= {"kind": kind, "title": _title(title), "created": now, "updated": now, "version": 1}
        values |= {"data": _checked(data), "trashed": None}
        with self._database.writing() as connection:
            merge(
                connection, tables.boards, ["id"], values, {"id": id}
            )  # the one that is there stays as it is
            return _board(_held(connection, id, owner))

    def find(self, id: str, owner: str | None) -> BoardRecord | None:  # noqa: A002  (a board's id is called so)
        """As `get`, but None where there is none."""
        try:
            return self.get(id, owner)
        except UnknownBoard:
            return None

    def get(self, id: str, owner: str | None = None) -> BoardRecord:  # noqa: A002  (a board's id is called so)
        """A board, also one in the bin.

        Raises:
            UnknownBoard: There is none of that name, or it is another's.
        """
        with self._database.reading() as connection:
            return _board(_held(connection, id, owner))

    def list(
        self,
        owner: str | None,
        *,
        kind: str = "",
        before: tuple[float, str] | None = None,
        limit: int = 50,
        trashed: bool = False,
    ) -> Records:
        """Boards, the newest first.

        Args:
            owner: Whose; None is everybody's.
            kind: Only these; empty is all.
            before: (created, id) of the last board of the page before.
            limit: The most to return.
            trashed: Those in the bin instead of the others.
        """
        boards = tables.boards
        wanted: list[ColumnElement[bool]] = []
        if kind:
            wanted.append(boards.c.kind == kind)
        if before is not None:
            wanted.append(tuple_(boards.c.created, boards.c.id) < before)
        wanted.append(boards.c.trashed.is_not(None) if trashed else boards.c.trashed.is_(None))
        order = boards.c.created.desc(), boards.c.id.desc()
        statement = owned(select(boards), boards, owner).where(*wanted).order_by(*order).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(statement).all()
        return [_board(row) for row in rows]

    def update(
        self,
        id: str,  # noqa: A002  (a board's id is called so)
        owner: str | None = None,
        *,
        version: int | None = None,
        title: str | None = None,
        data: Mapping[str, Any] | Callable[[dict[str, Any]], Mapping[str, Any]] | None = None,
    ) -> BoardRecord:
        """Change a board, all of it in one transaction.

        Args:
            id: Which.
            owner: Whose to see.
            version: The version that the change was made from; None changes whatever is there.
            title: A new title.
            data: New data, or a function that makes it from today's, which nobody changes meanwhile.

        Raises:
            UnknownBoard: There is none of that name, or it is another's.
            BoardChanged: It is of another version by now.
            RequestError: It is too large.
        """
        with self._database.writing() as connection:
            row = _held(connection, id, owner, lock=True)
            if version is not None and version != row.version:
                raise BoardChanged(
                    f"“{row.title[:60]}” was changed meanwhile, in another tab or by somebody else.",
                    "Load it again and repeat the change.",
                )
            values: dict[str, Any] = {"version": row.version + 1, "updated": self._clock()}
            if title is not None:
                values["title"] = _title(title)
            if data is not None:
                values["data"] = _checked(data(row.data) if callable(data) else data)
            return self._changed(connection, id, values)

    def trash(self, id: str, owner: str | None = None, *, back: bool = False) -> BoardRecord:  # noqa: A002
        """Put a board into the bin, or take it out again. Its jobs and pictures stay where they are.

        Raises:
            UnknownBoard: There is none of that name, or it is another's.
        """
        with self._database.writing() as connection:
            row = _held(connection, id, owner, lock=True)
            if (row.trashed is None) == back:
                return _board(row)
            now = self._clock()
            return self._changed(
                connection,
                id,
                {"trashed": None if back else now, "version": row.version + 1, "updated": now},
            )

    def remove_trashed(self, before: float) -> int:
        """Remove for ever, with their votes, what has been in the bin since before then; how many it were."""
        boards, votes = tables.boards, tables.votes
        gone = select(boards.c.id).where(boards.c.trashed < before)
        with self._database.writing() as connection:
            connection.execute(delete(votes).where(votes.c.board.in_(gone)))
            return connection.execute(delete(boards).where(boards.c.trashed < before)).rowcount

    def vote(
        self,
        id: str,  # noqa: A002  (a board's id is called so)
        owner: str | None,
        left: str,
        right: str,
        winner: Winner,
        *,
        blind: bool = True,
    ) -> VoteRecord:
        """Keep a vote.

        Args:
            id: The board.
            owner: Whose boards to see.
            left: What was shown on the left, as the board's kind names it.
            right: What was shown on the right.
            winner: `left`, `right` or `tie`.
            blind: Whether the voter did not know which was which.

        Raises:
            UnknownBoard: There is none of that name, or it is another's.
            RequestError: It has as many votes as are kept.
        """
        votes = tables.votes
        values = {"board": id, "left": left, "right": right, "winner": winner, "blind": blind}
        with self._database.writing() as connection:
            _held(connection, id, owner, lock=True)
            many = connection.execute(select(func.count()).where(votes.c.board == id)).scalar_one()
            if many >= MOST_VOTES:
                raise RequestError(f"There are {many} votes already.", "Begin another comparison.")
            values["at"] = self._clock()
            made = connection.execute(insert(votes).values(values).returning(votes)).one()
            return _vote(made)

    def votes(self, id: str, owner: str | None = None) -> Votes:  # noqa: A002  (a board's id is called so)
        """All votes on a board, the first first.

        Raises:
            UnknownBoard: There is none of that name, or it is another's.
        """
        votes = tables.votes
        with self._database.reading() as connection:
            _held(connection, id, owner)
            rows = connection.execute(select(votes).where(votes.c.board == id).order_by(votes.c.id)).all()
        return [_vote(row) for row in rows]

    def unvote(self, id: str, owner: str | None, vote: int | None = None) -> int:  # noqa: A002
        """Take a vote back, or all of a board; how many it were.

        Raises:
            UnknownBoard: There is none of that name, or it is another's.
        """
        votes = tables.votes
        which = [votes.c.board == id] + ([] if vote is None else [votes.c.id == vote])
        with self._database.writing() as connection:
            _held(connection, id, owner, lock=True)
            return connection.execute(delete(votes).where(*which)).rowcount

    def _changed(self, connection: Connection, id: str, values: Mapping[str, Any]) -> BoardRecord:  # noqa: A002
        boards = tables.boards
        connection.execute(update(boards).where(boards.c.id == id).values(values))
        return _board(_held(connection, id, None))


def _held(connection: Connection, id: str, owner: str | None, *, lock: bool = False) -> Row[Any]:  # noqa: A002
    """The board's row; until the transaction ends where it is locked."""
    boards = tables.boards
    known = id.isascii() and id.isalnum()
    statement = select(boards).where(boards.c.id == id)
    row = connection.execute(statement.with_for_update() if lock else statement).first() if known else None
    if row is None or (owner is not None and row.owner != owner):
        raise UnknownBoard(f"There is no comparison or shoot {id[:40]!a}.", "It may have been removed.")
    return row


def _title(text: str) -> str:
    """A title on one line, never empty; PostgreSQL's text takes no NUL and no half characters."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())[:MOST_TITLE].strip() or "Untitled"


def _checked(data: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(data)
    size = len(json.dumps(plain, separators=(",", ":"), allow_nan=False))
    if size > MOST_DATA_BYTES:
        raise RequestError(
            f"That is too much for one board: {size / 1e6:.1f} MB.",
            f"At most {MOST_DATA_BYTES / 1e6:.0f} MB.",
        )
    return plain


def _board(row: Row[Any]) -> BoardRecord:
    return BoardRecord(**row._mapping)  # noqa: SLF001  (public, whatever its name)


def _vote(row: Row[Any]) -> VoteRecord:
    return VoteRecord(**row._mapping)  # noqa: SLF001  (public, whatever its name)
