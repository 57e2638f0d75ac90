"""The files of the shelf: a table `NAME.toml`, which names the adapter's file beside it, read and written.

The table is what makes an adapter be there, and is written last. One that takes another's place has a file of its own
name, so whoever reads meanwhile finds the old one whole or the new one whole. What may be added is `shelf.py`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from fluxgram.durable import copy_whole, write_whole
from fluxgram.errors import AdapterDamaged, AdapterError
from fluxgram.families.adapters.adapter import MOST_WEIGHT
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


@dataclass(frozen=True, slots=True)
class Contents:
    """What is on a shelf.

    Attributes:
        known: Adapters by name.
        broken: Why a table cannot be used, by the name that it is for; the message names the file.
        closed: Why the folder cannot be looked at.
    """

    known: Mapping[str, KnownAdapter]
    broken: Mapping[str, AdapterError]
    closed: AdapterError | None = None


def in_folder(folder: Path, prefix: str) -> Contents:
    """The adapters of a folder; `prefix` and the name are the source of those that have none of their own."""
    known: dict[str, KnownAdapter] = {}
    broken: dict[str, AdapterError] = {}
    try:
        tables = sorted(each for each in folder.iterdir() if each.suffix == ".toml")
    except FileNotFoundError:
        tables = []
    except OSError as reason:
        said = f"The adapters in {folder} cannot be looked at: {reason.strerror or reason}."
        return Contents({}, {}, AdapterError(said, "Check its permissions, or set FLUXGRAM_HOME elsewhere."))
    for table in tables:
        try:
            found = in_table(table, prefix)
        except AdapterError as reason:
            broken[table.stem] = reason
        else:
            known |= {found.name: found} if found else {}
    return Contents(known, broken)


def in_table(table: Path, prefix: str) -> KnownAdapter | None:
    """The adapter of a table; None where its file is not there. Raises `AdapterDamaged`."""
    wrong = ""
    for _ in range(_TRIES):
        try:
            if not table.is_file():
                return None
            read, wrong = _read(table), ""
            path = table.with_name(read.file or f"{table.stem}.safetensors")
            if path.parent == table.parent and path.is_file():
                return _known(table.stem, path, read, f"{prefix}{table.stem}" if prefix else read.source)
        except AdapterDamaged as reason:
            wrong = str(reason)
        except OSError as reason:
            wrong = f"{table} cannot be read: {reason.strerror or reason}."
        except (ValueError, OverflowError, RecursionError) as reason:  # a name or number that cannot be
            wrong = f"{table} cannot be used: {reason}."
    if not wrong:
        return None
    raise AdapterDamaged(wrong, f"Mend the table, or take it away: fluxgram adapters remove {table.stem}")


def _read(table: Path) -> Table:
    from fluxgram.families.tables import build, read_toml

    read = build(Table, read_toml(table, AdapterDamaged), str(table), AdapterDamaged)
    if not -MOST_WEIGHT <= read.weight <= MOST_WEIGHT:
        raise AdapterDamaged(f"{table}.weight must be from -4 to 4, not {read.weight:g}.")
    return read


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder where there is none, and let nobody else in who asks for the same, in whatever process.

    Where the system has no such locks, everybody is let in.

    Raises:
        AdapterError: It cannot be made or looked at.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(folder, os.O_RDONLY) if os.name == "posix" else None
    except OSError as reason:
        raise _unstored(folder.name, folder.parent, reason) from None
    if number is None:
        yield
        return
    import fcntl

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
    try:
        old, broken = in_table(folder / f"{name}.toml", ""), False
    except AdapterDamaged:
        old, broken = None, True
    if old is None and not broken:
        path = folder / f"{name}.safetensors"
    elif old is not None and source.samefile(old.path):
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
            _unlink(_both(path))
        raise _unstored(name, folder, reason) from None
    if fresh:
        _unlink(_files_of(name, folder) - _both(path))
    return in_table(folder / f"{name}.toml", "") or _known(name, path, table, table.source)


def _copy(source: Path, path: Path) -> None:
    """An adapter's file and the configuration beside it, or none."""
    config, beside = config_beside(source), path.with_name(path.stem + BESIDE)
    beside.unlink(missing_ok=True)
    copy_whole(source, path, overwrite=True)
    if config is not None:
        write_whole(config.read_bytes(), beside, overwrite=True)


def discard(name: str, folder: Path) -> int:
    """Remove an adapter, its table readable or not; bytes that became free. Call it alone (`alone`).

    Raises:
        AdapterError: Its table cannot be removed; everything is as it was.
    """
    table = folder / f"{name}.toml"
    try:
        files = _files_of(name, folder)
        freed = table.stat().st_size
        table.unlink()  # first: without it nothing is there
    except OSError as reason:
        raise AdapterError(
            f"{name} cannot be removed from {folder}: {reason.strerror or reason}.",
            "Check the permissions of the folder, and whether its disk can be written to.",
        ) from None
    return freed + _unlink(files)


def _both(path: Path) -> set[Path]:
    """An adapter's file and the configuration beside it, be they there or not."""
    return {path, path.with_name(path.stem + BESIDE)}


def _files_of(name: str, folder: Path) -> set[Path]:
    """All files that `store` has written for a name, but the table."""
    own = re.compile(rf"{re.escape(name)}(\+[0-9a-f]{{12}})?\.(safetensors|{re.escape(BESIDE[1:])})")
    return {each for each in folder.iterdir() if own.fullmatch(each.name)}


def _unlink(files: Iterable[Path]) -> int:
    """Remove files; bytes that became free. Some systems keep what somebody reads: it is nobody's then, and stays."""
    freed = 0
    for each in files:
        with suppress(OSError):
            size = each.stat().st_size
            each.unlink()
            freed += size
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
