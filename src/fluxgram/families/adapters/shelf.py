"""The shelf: adapters that were added to this machine by name, and those that come with the package.

How they lie under `FLUXGRAM_HOME/adapters` is `shelf_files.py`. Files that were not added can be named, too, and hub
ids (`fetching.py`). Nothing is loaded here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.errors import AdapterError, RequestError, UnknownAdapter
from fluxgram.families.adapters.adapter import MOST_WEIGHT
from fluxgram.families.adapters.named_files import fault_here, named_file
from fluxgram.families.adapters.shelf_files import (
    Contents,
    KnownAdapter,
    Table,
    alone,
    discard,
    in_folder,
    store,
)

if TYPE_CHECKING:
    from fluxgram.settings import Settings

__all__ = [
    "Added",
    "Contents",
    "KnownAdapter",
    "add_adapter",
    "changed",
    "find_adapter",
    "known_adapters",
    "remove_adapter",
    "whole_shelf",
]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of adding: the adapter on the shelf, and whether it is new there."""

    adapter: KnownAdapter
    fresh: bool


def folder_of(settings: Settings) -> Path:
    """Where adapters that were added lie."""
    return settings.home / "adapters"


def whole_shelf(settings: Settings) -> Contents:
    """All adapters on this machine by name, and what is broken; the user's own win over those of the package."""
    inside, own = in_folder(_embedded(), "embedded:"), in_folder(folder_of(settings), "")
    known = {name: each for name, each in inside.known.items() if name not in own.broken} | dict(own.known)
    return Contents(dict(sorted(known.items())), own.broken, own.closed)


def known_adapters(settings: Settings) -> dict[str, KnownAdapter]:
    """All adapters on this machine that can be used, by name. One whose table is broken does no harm to the others."""
    return dict(whole_shelf(settings).known)


def find_adapter(source: str, settings: Settings) -> KnownAdapter:
    """The adapter of a name, a file (`.safetensors`), or a hub id `owner/repo[/file]`, fetched where it must be.

    What begins with something on this machine means this machine: the hub is not asked for it.

    Raises:
        UnknownAdapter: None of these; the hint names the nearest.
        AdapterError: A hub repository with several adapters, or none; or the shelf cannot be looked at.
        CheckpointError: The hub does not give it; see `hub.py`.
        AdapterDamaged: Its table cannot be read.
    """
    from fluxgram.families.adapters.fetching import fetched, hub_id_of

    shelf = whole_shelf(settings)
    if source in shelf.known:
        return shelf.known[source]
    if source in shelf.broken:
        raise shelf.broken[source]
    if (path := named_file(source)) is not None:
        return KnownAdapter(path.stem, path.absolute(), source=f"file:{path.absolute()}")
    hub_id = hub_id_of(source)
    if hub_id is not None and hub_id.revision is None:  # nobody wrote down of which revision they are
        for each in shelf.known.values():
            if each.source in (f"hub:{hub_id.repo}", f"hub:{hub_id}"):
                return each
    if (fault := fault_here(source) or shelf.closed) is not None:
        raise fault
    if hub_id is not None:
        path, exact = fetched(hub_id, settings)
        return KnownAdapter(path.stem, path, source=f"hub:{exact}")
    if source.endswith((".safetensors", ".bin", ".pt", ".ckpt")) or "/" in source or "\\" in source:
        raise UnknownAdapter(
            f"There is no file {_short(source)}.", "Check the spelling; `fluxgram adapters` lists names."
        )
    near = get_close_matches(source, shelf.known, n=3, cutoff=0.6)
    said = f"Nearest: {', '.join(near)}" if near else f"There are: {', '.join(shelf.known) or 'none'}"
    raise UnknownAdapter(
        f"There is no adapter {_short(source)!r}.",
        f"{said}. One can be added: fluxgram adapters add",
    )


def changed(known: KnownAdapter, fingerprint: str) -> AdapterError | None:
    """That the file of an adapter on the shelf is not the one that was added, by the fingerprint that it has now."""
    if known.fingerprint in ("", fingerprint):
        return None
    return AdapterError(
        f"The file of the adapter {known.name} was changed since it was added.",
        f"Add it again: fluxgram adapters add FILE --name {known.name} --force",
    )


def add_adapter(
    source: str,
    settings: Settings,
    *,
    name: str = "",
    weight: float = 1.0,
    words: Sequence[str] = (),
    replace: bool = False,
    origin: str = "",
) -> Added:
    """Put an adapter on the shelf, after looking at all of it.

    Args:
        source: A file or a hub id.
        settings: Say where the shelf is, and whether the hub may be asked.
        name: What to call it; made of the file's name where empty.
        weight: Its weight where nobody says one, -4 … 4.
        words: Words that call what it has learned; those that its file names where empty.
        replace: Take the place of another adapter of that name.
        origin: Where it came from, where that is not `source`.

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

    if not -MOST_WEIGHT <= weight <= MOST_WEIGHT:
        raise RequestError(
            f"The weight of an adapter is from -4 to 4, not {weight:g}.", "1 is as it was made."
        )
    name = checked_name(name) if name else ""
    found = find_adapter(source, settings)
    # A pipe is refused below, by what it is.
    mark = fingerprint_of(found.path) if found.path.is_file() else ""
    if not replace and (same := _of_mark(mark, settings)) is not None:
        return Added(same, fresh=False)
    report = check_adapter(found.path, found.name)
    name = name or derived_name(found.name)
    metadata = open_file(found.path).metadata
    said = metadata.get("modelspec.trigger_phrase", "").strip()
    table = Table(
        fingerprint=mark,
        source=origin or found.source,
        base=report.base,
        weight=float(weight),
        words=tuple(words) or ((said,) if said else ()),
        licence=metadata.get("modelspec.license", "").strip()[:200],
        added=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    with alone(folder_of(settings)):
        shelf = whole_shelf(settings)
        names = [*shelf.known, *shelf.broken]
        taken = next((each for each in names if each.casefold() == name.casefold()), None)
        if not replace and (same := _of_mark(mark, settings)) is not None:
            return Added(same, fresh=False)
        if not replace and taken is not None:
            what = "whose table is broken" if taken in shelf.broken else "of another file"
            raise RequestError(
                f"There is an adapter {taken} already, {what}.",
                "Give this one another name (--name), or take that one's place (--force).",
            )
        return Added(store(found.path, taken or name, table, folder_of(settings)), fresh=True)


def remove_adapter(name: str, settings: Settings) -> int:
    """Take an adapter off the shelf, be its table broken or not; bytes that became free.

    Raises:
        UnknownAdapter: There is none of that name; the hint names the nearest.
        RequestError: It comes with the package.
        AdapterError: It cannot be removed.
    """
    shelf, folder = whole_shelf(settings), folder_of(settings)
    if name not in shelf.known and name not in shelf.broken:
        if shelf.closed is not None:
            raise shelf.closed
        near = get_close_matches(name, [*shelf.known, *shelf.broken], n=3, cutoff=0.5)
        raise UnknownAdapter(
            f"There is no adapter {_short(name)!r}.",
            f"Nearest: {', '.join(near)}" if near else "`fluxgram adapters` lists them.",
        )
    if name in shelf.known and shelf.known[name].path.parent != folder:
        raise RequestError(f"{name} comes with fluxgram.", "There is nothing to remove.")
    with alone(folder):
        return discard(name, folder)


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
        raise RequestError(f"No name can be made of {_short(stem)!r}.", "Give it one (--name).")
    return name


def _of_mark(fingerprint: str, settings: Settings) -> KnownAdapter | None:
    """The adapter of a fingerprint; None where there is none."""
    known = known_adapters(settings).values() if fingerprint else ()
    return next((each for each in known if each.fingerprint == fingerprint), None)


def _embedded() -> Path:
    return Path(__file__).parents[1] / "data" / "adapters"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
