"""The files of the shelf: a table `NAME.toml`, which names the adapter's file beside it, read and written.

The table is what makes an adapter be there, and is written last. One that takes another's place has a file of its own
name, so whoever reads meanwhile finds the old one whole or the new one whole. What may be added is `shelf.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from fluxgram.durable import copy_whole, write_whole
from fluxgram.errors import AdapterDamaged, AdapterError
from fluxgram.families.adapters.scaling import BESIDE, config_beside

_TRIES = 3
"""Times that a table is read whose file is not there: it may have been replaced just now."""


@dataclass(frozen=True, slots=True)
class KnownAdapter:
    """An adapter that can be named.

    Attributes:
        name: What people call it.
        path: Its file.
        fingerprint: As `reading.fingerprint_of`, when it was added; empty for a file that was not.
        source: Where it came from: `file:…`, `hub:owner/repo/file`, `embedded:name`.
        base: What it was likely made for, or empty.
        weight: Its weight where nobody says one.
        words: Words that call what it has learned.
        licence: Its licence as its file says it, or empty.
        added: When, in UTC as `2026-01-31T12:00:00Z`; empty where it was not.
    """

    name: str
    path: Path
    fingerprint: str = ""
    source: str = ""
    base: str = ""
    weight: float = 1.0
    words: tuple[str, ...] = ()
    licence: str = ""
    added: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What `NAME.toml` holds; see `KnownAdapter`. `file` is the file beside it, `NAME.safetensors` where empty."""

    fingerprint: str = ""
    source: str = ""
    base: str = ""
    weight: float = 1.0
    words: tuple[str, ...] = ()
    licence: str = ""
    added: str = ""
    file: str = ""


def in_folder(folder: Path, prefix: str) -> Iterator[KnownAdapter]:
    """The adapters of a folder by name; `prefix` and the name are the source of those that have none of their own.

    Raises:
        AdapterDamaged: A table cannot be read; the message names the file.
    """
    for table in sorted(folder.glob("*.toml")):
        if (found := in_table(table, prefix)) is not None:
            yield found


def in_table(table: Path, prefix: str) -> KnownAdapter | None:
    """The adapter of a table; None where its file is not there. Raises `AdapterDamaged`."""
    from fluxgram.families.tables import build, read_toml

    for _ in range(_TRIES):
        if not table.is_file():
            return None
        read = build(Table, read_toml(table, AdapterDamaged), str(table), AdapterDamaged)
        path = table.with_name(read.file or f"{table.stem}.safetensors")
        if path.parent == table.parent and path.is_file():
            return _known(table.stem, path, read, f"{prefix}{table.stem}" if prefix else read.source)
    return None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder where there is none, and let nobody else in who asks for the same, in whatever process.

    Where the system has no such locks, everybody is let in.

    Raises:
        AdapterError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise _unstored(folder.name, folder.parent, reason) from None
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def store(source: Path, name: str, table: Table, folder: Path) -> KnownAdapter:
    """Copy an adapter's file and what lies beside it, then write its table; call it alone (`alone`).

    Args:
        source: The file; that of the adapter whose place is taken is not copied.
        name: What the adapter is called.
        table: What is to be said of it; its `file` is chosen here.
        folder: The shelf.

    Raises:
        AdapterError: It cannot be stored; everything is as it was.
    """
    old = in_table(folder / f"{name}.toml", "")
    if old is None:
        path = folder / f"{name}.safetensors"
    elif source.samefile(old.path):
        path = old.path
    else:  # no adapter can be called so: the file is nobody's but this one's
        path = folder / f"{name}+{table.fingerprint[:12]}.safetensors"
    fresh = old is None or path != old.path
    table = replace(table, file="" if path.stem == name else path.name)
    try:
        if old is None or path != source:
            _copy(source, path)
        write_whole(_toml(table).encode(), folder / f"{name}.toml", overwrite=True)
    except OSError as reason:
        if fresh:
            take_away(path)
        raise _unstored(name, folder, reason) from None
    if old is not None and fresh:
        with suppress(OSError):  # a system on which nothing is removed that somebody reads
            take_away(old.path)
    return in_table(folder / f"{name}.toml", "") or _known(name, path, table, table.source)


def _copy(source: Path, path: Path) -> None:
    """An adapter's file and the configuration beside it, or none."""
    config, beside = config_beside(source), path.with_name(path.stem + BESIDE)
    beside.unlink(missing_ok=True)
    copy_whole(source, path, overwrite=True)
    if config is not None:
        write_whole(config.read_bytes(), beside, overwrite=True)


def take_away(path: Path) -> int:
    """Remove an adapter's file and the configuration beside it; bytes that became free."""
    freed = 0
    for each in (path, path.with_name(path.stem + BESIDE)):
        if each.is_file():
            freed += each.stat().st_size
            each.unlink()
    return freed


def _known(name: str, path: Path, table: Table, source: str) -> KnownAdapter:
    return KnownAdapter(
        name=name,
        path=path,
        fingerprint=table.fingerprint or _mark(path, path.stat().st_mtime_ns),
        source=source,
        base=table.base,
        weight=table.weight,
        words=table.words,
        licence=table.licence,
        added=table.added,
    )


def _unstored(name: str, folder: Path, reason: OSError) -> AdapterError:
    return AdapterError(
        f"{name} cannot be stored in {folder}: {reason.strerror or reason}.",
        "Check the disk, or set FLUXGRAM_HOME elsewhere.",
    )


def _toml(table: Table) -> str:
    lines = ["# Written by `fluxgram adapters add`."]
    for key in Table.__slots__:
        value = getattr(table, key)
        lines.append(f"{key} = {_quoted(list(value) if isinstance(value, tuple) else value)}")
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    """A text, a number or a list of texts, as TOML and JSON both write them."""
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return text.encode("utf-8", "replace").decode()


@lru_cache(maxsize=64)
def _mark(path: Path, changed: int) -> str:
    """The fingerprint of a file as it was at a time; lists ask for it again and again."""
    from fluxgram.families.adapters.reading import fingerprint_of

    return fingerprint_of(path)
