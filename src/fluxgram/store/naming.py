"""Names that the store gives: of picture files, which nobody can guess, and numbers of jobs, which are free."""

from __future__ import annotations

import secrets
import string
from pathlib import PurePosixPath

from sqlalchemy import Connection, text

from fluxgram.store.records import LARGEST_ID, Format

_LETTERS = string.ascii_letters + string.digits
_ENDINGS: dict[Format, str] = {"png": "png", "jpeg": "jpg", "webp": "webp"}
_TAKEN = text("SELECT 1 FROM jobs WHERE id = :id")


def letters(count: int) -> str:
    """Letters and digits drawn at random; 22 have 131 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def picture_names(kind: Format, samples: int = 1, *, temporary: bool = False) -> list[str]:
    """Of the files of a job: 22 letters and digits nobody can guess, then which picture.

    Args:
        kind: Format of the files.
        samples: How many.
        temporary: They are removed some time after the job.
    """
    stem, folder = letters(22), "temp/" if temporary else ""
    return [f"{folder}{stem}-{index}.{_ENDINGS[kind]}" for index in range(samples)]


def thumbnail_name(name: str) -> str:
    """Of a picture's thumbnail, beside it: `abc-0-small.webp` for `abc-0.png`."""
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}-small.webp"))


def free_job_id(connection: Connection) -> int:
    """A random number that no job has."""
    while True:
        number = secrets.randbelow(LARGEST_ID) + 1
        if connection.execute(_TAKEN, {"id": number}).first() is None:
            return number
