"""The shelf: adapters that were added to this machine by name, and those that come with the package.

`NAME.safetensors` and `NAME.toml` lie under `FLUXGRAM_HOME/adapters`; the table is written last, so an adapter is there
whole or not at all. Files that were not added can be named, too, and hub ids (`fetching.py`). Nothing is loaded here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.durable import copy_whole, write_whole
from fluxgram.errors import AdapterDamaged, AdapterError, RequestError, UnknownAdapter

if TYPE_CHECKING:
    from fluxgram.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_WEIGHTS = 4.0


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
class Added:
    """What became of adding: the adapter on the shelf, and whether it is new there."""

    adapter: KnownAdapter
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """What `NAME.toml` holds; see `KnownAdapter`."""

    fingerprint: str = ""
    source: str = ""
    base: str = ""
    weight: float = 1.0
    words: tuple[str, ...] = ()
    licence: str = ""
    added: str = ""


def folder_of(settings: Settings) -> Path:
    """Where adapters that were added lie."""
    return settings.home / "adapters"


def known_adapters(settings: Settings) -> dict[str, KnownAdapter]:
    """All adapters on this machine by name; the user's own win over those of the package.

    Raises:
        AdapterDamaged: A table cannot be read; the message names the file.
    """
    found = {each.name: each for each in _in_folder(_embedded(), "embedded:")}
    found |= {each.name: each for each in _in_folder(folder_of(settings), "")}
    return dict(sorted(found.items()))


def find_adapter(source: str, settings: Settings) -> KnownAdapter:
    """The adapter of a name, a file (`.safetensors`), or a hub id `owner/repo[/file]`, fetched where it must be.

    Raises:
        UnknownAdapter: None of these; the hint names the nearest.
        AdapterError: A hub repository with several adapters, or none.
        CheckpointError: The hub does not give it; see `hub.py`.
        AdapterDamaged: Its table cannot be read.
    """
    known = known_adapters(settings)
    if source in known:
        return known[source]
    path = Path(source).expanduser() if "\0" not in source else None
    if path is not None and _is_file(path):
        return KnownAdapter(path.stem, path.absolute(), source=f"file:{path.absolute()}")
    from fluxgram.families.adapters.fetching import fetched, hub_id_of

    hub_id = hub_id_of(source)
    if hub_id is not None:
        for each in known.values() if hub_id.revision is None else ():  # nobody wrote down of which they are
            if each.source in (f"hub:{hub_id.repo}", f"hub:{hub_id}"):
                return each
        path, exact = fetched(hub_id, settings)
        return KnownAdapter(path.stem, path, source=f"hub:{exact}")
    if source.endswith((".safetensors", ".bin", ".pt", ".ckpt")) or "/" in source or "\\" in source:
        raise UnknownAdapter(
            f"There is no file {_short(source)}.", "Check the spelling; `fluxgram adapters` lists names."
        )
    near = get_close_matches(source, known, n=3, cutoff=0.6)
    said = f"Nearest: {', '.join(near)}" if near else f"There are: {', '.join(known) or 'none'}"
    raise UnknownAdapter(
        f"There is no adapter {_short(source)!r}.",
        f"{said}; a .safetensors file or a hub id owner/repo will do, too.",
    )


def add_adapter(
    source: str,
    settings: Settings,
    *,
    name: str = "",
    weight: float = 1.0,
    words: Sequence[str] = (),
    replace: bool = False,
) -> Added:
    """Put an adapter on the shelf, after looking at all of it.

    Args:
        source: A file or a hub id.
        settings: Say where the shelf is, and whether the hub may be asked.
        name: What to call it; made of the file's name where empty.
        weight: Its weight where nobody says one, -4 … 4.
        words: Words that call what it has learned; those that its file names where empty.
        replace: Take the place of another adapter of that name.

    Returns:
        The adapter; the same file added again is not fresh, and nothing was changed.

    Raises:
        UnknownAdapter: No such file.
        RequestError: A name or weight that cannot be, or a name that is taken.
        UnsafeWeights, AdapterDamaged, AdapterMisfit: See `reading.check_adapter`.
        CheckpointError: The hub does not give it.
        AdapterError: It cannot be stored.
    """
    from fluxgram.families.adapters.header import open_file
    from fluxgram.families.adapters.reading import check_adapter, fingerprint_of

    if not -_WEIGHTS <= weight <= _WEIGHTS:
        raise RequestError(
            f"The weight of an adapter is from -4 to 4, not {weight:g}.", "1 is as it was made."
        )
    name = checked_name(name) if name else ""
    found = find_adapter(source, settings)
    known = known_adapters(settings)
    mark = fingerprint_of(found.path) if found.path.is_file() else ""
    same = next((each for each in known.values() if mark and each.fingerprint == mark), None)
    if same is not None and not replace:
        return Added(same, fresh=False)
    report = check_adapter(found.path, found.name)
    name = name or derived_name(found.name)
    taken = next((each for each in known if each.casefold() == name.casefold()), None)
    if taken is not None and not replace:
        raise RequestError(
            f"There is an adapter {taken} already, of another file.",
            "Give this one another --name, or take that one's place with --force.",
        )
    metadata = open_file(found.path).metadata
    said = metadata.get("modelspec.trigger_phrase", "").strip()
    table = _Table(
        fingerprint=mark,
        source=found.source,
        base=report.base,
        weight=float(weight),
        words=tuple(words) or ((said,) if said else ()),
        licence=metadata.get("modelspec.license", "").strip()[:200],
        added=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    _store(found.path, taken or name, table, settings)
    return Added(_in(folder_of(settings) / f"{taken or name}.toml", ""), fresh=True)


def remove_adapter(name: str, settings: Settings) -> int:
    """Take an adapter off the shelf; bytes that became free.

    Raises:
        UnknownAdapter: There is none of that name; the hint names the nearest.
        RequestError: It comes with the package.
    """
    from fluxgram.families.adapters.scaling import BESIDE

    known = known_adapters(settings)
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        raise UnknownAdapter(
            f"There is no adapter {_short(name)!r}.",
            f"Nearest: {', '.join(near)}" if near else "`fluxgram adapters` lists them.",
        )
    if known[name].path.parent != folder_of(settings):
        raise RequestError(f"{name} comes with fluxgram.", "There is nothing to remove.")
    freed = 0
    for ending in (".toml", ".safetensors", BESIDE):  # the table first: without it nothing is there
        path = folder_of(settings) / f"{name}{ending}"
        if path.is_file():
            freed += path.stat().st_size
            path.unlink()
    return freed


def checked_name(name: str) -> str:
    """A name that people can type anywhere and every file system keeps.

    Raises:
        RequestError: It is none.
    """
    if not _NAME.fullmatch(name) or name.endswith(".") or name.partition(".")[0].lower() in _RESERVED:
        raise RequestError(
            f"An adapter cannot be called {_short(name)!r}.",
            "Take up to 64 letters a-z, digits, dots, dashes and underscores, beginning with a letter or digit.",
        )
    return name


def derived_name(stem: str) -> str:
    """A name made of a file's.

    Raises:
        RequestError: Nothing of it can be kept.
    """
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:64].strip("-._")
    if not _NAME.fullmatch(name) or name.partition(".")[0] in _RESERVED:
        raise RequestError(f"No name can be made of {_short(stem)!r}.", "Give it one with --name.")
    return name


def _store(source: Path, name: str, table: _Table, settings: Settings) -> None:
    """Copy the file, what lies beside it, and write the table; on failure take back what was new."""
    from fluxgram.families.adapters.scaling import BESIDE, config_beside

    folder = folder_of(settings)
    target, config = folder / f"{name}.safetensors", config_beside(source)
    fresh = not (folder / f"{name}.toml").exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not target.exists() or not source.samefile(target):
            copy_whole(source, target, overwrite=True)
        beside = folder / f"{name}{BESIDE}"
        if config is not None:
            write_whole(config.read_bytes(), beside, overwrite=True)
        else:
            beside.unlink(missing_ok=True)
        write_whole(_toml(table).encode(), folder / f"{name}.toml", overwrite=True)
    except OSError as reason:
        if fresh:
            for ending in (".safetensors", BESIDE):
                (folder / f"{name}{ending}").unlink(missing_ok=True)
        raise AdapterError(
            f"{name} cannot be stored in {folder}: {reason.strerror or reason}.",
            "Check the disk, or set FLUXGRAM_HOME elsewhere.",
        ) from None


def _toml(table: _Table) -> str:
    lines = ["# Written by `fluxgram adapters add`."]
    for key in _Table.__slots__:
        value = getattr(table, key)
        lines.append(f"{key} = {_quoted(list(value) if isinstance(value, tuple) else value)}")
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    """A text, a number or a list of texts, as TOML and JSON both write them."""
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return text.encode("utf-8", "replace").decode()


def _embedded() -> Path:
    return Path(__file__).parents[1] / "data" / "adapters"


def _in_folder(folder: Path, prefix: str) -> Iterator[KnownAdapter]:
    for table in sorted(folder.glob("*.toml")):
        if table.with_name(f"{table.stem}.safetensors").is_file():
            yield _in(table, prefix)


def _in(table: Path, prefix: str) -> KnownAdapter:
    """The adapter of a table; those of the package leave their fingerprints to be found here."""
    from fluxgram.families.tables import build, read_toml

    path = table.with_name(f"{table.stem}.safetensors")
    read = build(_Table, read_toml(table, AdapterDamaged), str(table), AdapterDamaged)
    return KnownAdapter(
        name=table.stem,
        path=path,
        fingerprint=read.fingerprint or _mark(path, path.stat().st_mtime_ns),
        source=f"{prefix}{table.stem}" if prefix else read.source,
        base=read.base,
        weight=read.weight,
        words=read.words,
        licence=read.licence,
        added=read.added,
    )


@lru_cache(maxsize=64)
def _mark(path: Path, changed: int) -> str:
    """The fingerprint of a file as it was at a time; lists ask for it again and again."""
    from fluxgram.families.adapters.reading import fingerprint_of

    return fingerprint_of(path)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() or (path.exists() and not path.is_dir())
    except OSError:  # a name that is too long
        return False


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
