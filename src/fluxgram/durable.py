"""Files written whole or not at all, and on the disk when the call returns; the standard library only.

Pictures, characters, shoots and mended prompts are written through here. What a name may be, and what people are told
when it may not, is the callers' (`pictures/write.py`, `prompt/characters.py`).
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

PARTIAL = ".fluxgram-*.part"
"""What temporary names look like; a process that is killed while it writes leaves one behind."""


def write_whole(data: bytes, path: Path, *, overwrite: bool = False, keep_mode: bool = False) -> None:
    """Write under a temporary name, flush, rename, flush the folder; remove the temporary file in any case.

    Args:
        data: All of the file.
        path: Its name; a link is replaced, not followed.
        overwrite: Replace a file of that name.
        keep_mode: Give the file the permissions of the one that it replaces.

    Raises:
        FileExistsError: The name is taken, and `overwrite` is false.
        OSError: It cannot be written there.
    """
    partial = partial_name(path)
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            if keep_mode and path.exists():
                shutil.copymode(path, partial)
            partial.replace(path)
        else:
            _rename_new(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    flush_folder(path.parent)


def copy_whole(source: Path, path: Path, *, overwrite: bool = False) -> None:
    """Copy a file of any size as `write_whole` writes one; what is read meanwhile is the old one or the new.

    Args:
        source: What is copied: its bytes, nothing else.
        path: The copy's name.
        overwrite: Replace a file of that name.

    Raises:
        FileExistsError: The name is taken, and `overwrite` is false.
        OSError: It cannot be read, or not be written there.
    """
    partial = partial_name(path)
    try:
        with source.open("rb") as from_, partial.open("xb") as to:
            shutil.copyfileobj(from_, to, 2**20)
            to.flush()
            os.fsync(to.fileno())
        if overwrite:
            partial.replace(path)
        else:
            _rename_new(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    flush_folder(path.parent)


def partial_name(path: Path) -> Path:
    """A short temporary name in the same folder, so that a long name for the file is not too long for this."""
    return path.parent / f".fluxgram-{secrets.token_hex(6)}.part"


def _rename_new(partial: Path, path: Path) -> None:
    """Rename that never replaces. A hard link is the only such step that cannot be raced."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if path.exists():
            raise FileExistsError(path) from None
        partial.replace(path)


def flush_folder(folder: Path) -> None:
    """Put the new name on the disk too, where the system can."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(number)
    except OSError:
        pass
    finally:
        os.close(number)
