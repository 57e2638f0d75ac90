"""What a database or a disk says, as the errors that users see.

Only what a user can mend is translated: full, locked, damaged, unreachable, not permitted. A wrong statement stays
what it is, a defect.
"""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from fluxgram.errors import StoreError, StoreFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Numbers of system errors that mean: no room."""
_CORRUPT = ("malformed", "not a database", "disk image", "unsupported file format")


def of_database(error: DBAPIError | sqlite3.Error, place: str) -> StoreError | None:
    """The error to raise instead; None where the statement is at fault.

    Args:
        error: From SQLAlchemy, or from the driver itself.
        place: The database as shown to people, without a password.
    """
    origin = error.orig if isinstance(error, DBAPIError) else error
    said = str(origin).strip()
    code = getattr(origin, "sqlstate", None) or ""
    low = said.lower()
    if "database or disk is full" in low or code in {"53100", "58030"}:
        return StoreFull(
            f"The disk is full: {place} cannot be written.", "Free some space; nothing was lost."
        )
    if any(words in low for words in _CORRUPT) or code in {"XX001", "XX002"}:
        return StoreError(
            f"{place} is damaged.", "Put a copy of it back, or move it away to begin with an empty one."
        )
    if "locked" in low or code in {"40P01", "40001", "55P03"}:
        return StoreError(
            f"{place} is in use by another program for too long.", "Close what holds it, and try again."
        )
    if "readonly" in low or "read-only" in low or "unable to open" in low or code == "42501":
        return StoreError(f"{place} cannot be opened for writing.", "Check its owner and its permissions.")
    if "disk i/o error" in low:
        return StoreError(f"{place} cannot be read or written: {said}.", "Check the disk that it lies on.")
    if isinstance(error, DataError | IntegrityError | ProgrammingError) and not error.connection_invalidated:
        return None
    first = said.splitlines()[0] if said else type(origin).__name__
    return StoreError(
        f"{place} cannot be used: {first.rstrip('.')}.", "Check that the database server is running."
    )


def of_system(error: OSError, place: str) -> StoreError:
    """The same for what the operating system says about a file."""
    if error.errno in FULL:
        return StoreFull(
            f"The disk is full: {place} cannot be written.", "Free some space; nothing was lost."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(f"{place} cannot be opened: no permission.", "Check its owner and its permissions.")
    return StoreError(
        f"{place} cannot be used: {error.strerror or error}.", "Check the disk that it lies on."
    )
