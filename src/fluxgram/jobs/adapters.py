"""Which adapters the service offers, that clients name no others, and that what they name fits what draws.

Clients name what was added to this machine (`fluxgram adapters add`), never a file of it or a repository that would
have to be fetched first. Of files only headers are read; what draws with them is `fluxgram.engine`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.engine.adapter_use import AdapterUse, named_twice
from fluxgram.engine.factors import factors_of
from fluxgram.errors import AdapterDamaged, AdapterMisfit, CheckpointError, UnknownAdapter
from fluxgram.families.adapters.layers import LayerFiles, layer_files, shapes_in

if TYPE_CHECKING:
    from fluxgram.families.adapters.shelf import Contents, KnownAdapter
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings


@dataclass(frozen=True, slots=True)
class AdapterCard:
    """What a client should know of an adapter.

    Attributes:
        name: What to send.
        base: What it was likely made for; empty where that is not known.
        weight: Its weight where the client says none.
        words: Words that call what it has learned.
        licence: Terms; empty where nobody said.
        fingerprint: SHA-256 of its file, hex.
        added: When it was added, in UTC; empty where it comes with fluxgram.
    """

    name: str
    base: str
    weight: float
    words: tuple[str, ...]
    licence: str
    fingerprint: str
    added: str = ""


def adapter_cards(settings: Settings) -> list[AdapterCard]:
    """All adapters that were added to this machine, by name."""
    from fluxgram.families.adapters.shelf import known_adapters

    return [card_of(each) for each in known_adapters(settings).values()]


def card_of(known: KnownAdapter) -> AdapterCard:
    """What a client should know of an adapter of the shelf."""
    return AdapterCard(
        known.name, known.base, known.weight, known.words, known.licence, known.fingerprint, known.added
    )


def refuse_broken(name: str, shelf: Contents) -> None:
    """Say of an adapter that cannot be used that it is there, without the folders of this machine.

    Raises:
        UnknownAdapter: Its table is broken, or nothing of the shelf can be looked at.
    """
    if name in shelf.broken:
        raise UnknownAdapter(
            f"The adapter {name} cannot be used: its table is broken.",
            f"Whoever runs this service can mend it, or take it away: fluxgram adapters remove {name}",
        )
    if shelf.closed is not None:
        raise UnknownAdapter(
            "The adapters that were added here cannot be looked at.",
            "Whoever runs this service sees why: fluxgram adapters",
        )


def pinned(uses: Iterable[AdapterUse], settings: Settings) -> tuple[AdapterUse, ...]:
    """The adapters of a request with the weight and the file that they have now, so that all of a job is drawn alike.

    Raises:
        UnknownAdapter: One was not added to this machine; the hint has the nearest name.
        AdapterError: One is not the file that was asked for.
        RequestError: Two of them are the same file.
    """
    from fluxgram.families.adapters.shelf import whole_shelf

    if not (uses := tuple(uses)):
        return ()
    shelf = whole_shelf(settings)
    now: list[AdapterUse] = []
    for use in uses:
        if (known := shelf.known.get(use.source)) is not None:
            use.hold_to(known.fingerprint)
            weight = known.weight if use.weight is None else use.weight
            held = replace(use, weight=weight, fingerprint=use.fingerprint or known.fingerprint)
            for other in now:
                if held.fingerprint and other.fingerprint == held.fingerprint:
                    raise named_twice(other, held)
            now.append(held)
            continue
        refuse_broken(use.source, shelf)
        shown = use.source if len(use.source) <= 80 else use.source[:79] + "…"
        names = list(shelf.known)
        near = get_close_matches(use.source, names, n=3, cutoff=0.6)
        there = (
            f"Nearest: {', '.join(near)}." if near else f"There are: {', '.join(names[:20]) or 'none yet'}."
        )
        raise UnknownAdapter(
            f"There is no adapter {shown!r}.",
            f"{there} Whoever runs this service can add one: fluxgram adapters add",
        )
    return tuple(now)


def check_fit(uses: Iterable[AdapterUse], checkpoint: Checkpoint, settings: Settings) -> None:
    """Refuse adapters that the headers of their files tell not to fit a checkpoint, in the words of what draws.

    Their numbers are looked at when they are drawn with. What is not on the shelf, or not whole on the checkpoint's
    side, is left to what draws, too.

    Args:
        uses: Those of a request.
        checkpoint: The one that draws.
        settings: Of the machine.

    Raises:
        AdapterDamaged: Half a file, or changes by halves.
        AdapterMisfit: Not every tensor has a place.
        RequestError: A factor for blocks that the checkpoint does not have.
        UnsafeWeights: Pickled.
        UnknownAdapter: It was removed just now.
    """
    from fluxgram.families.adapters.reading import as_it_lies
    from fluxgram.families.adapters.shelf import known_adapters

    if not (uses := tuple(uses)):
        return
    try:
        files = layer_files(checkpoint, settings)
        shapes = _shapes(files)
    except (CheckpointError, OSError):
        return
    shelf = known_adapters(settings)
    for use in uses:
        known = shelf.get(use.source)
        lies = as_it_lies(known.path) if known else None
        if known is None or lies is None:
            continue
        if (fault := _fault(lies, files, known.name, checkpoint.name)) is not None:
            kind, words, hint = fault
            raise kind(words, hint)
        if use.blocks:
            factors_of(use, shapes)


@lru_cache(maxsize=512)
def _fault(
    lies: tuple[Path, tuple[tuple[int, int, int], ...]], files: LayerFiles, name: str, made_for: str
) -> tuple[type[AdapterDamaged | AdapterMisfit], str, str] | None:
    """Why a file as it lies there does not fit layers as they lie there; None where it does."""
    from fluxgram.families.adapters.reading import fault_of

    fault = fault_of(lies[0], _shapes(files), name=name, made_for=made_for, numbers=False)
    return None if fault is None else (type(fault), str(fault), fault.hint)


@lru_cache(maxsize=4)
def _shapes(files: LayerFiles) -> dict[str, tuple[int, ...]]:
    return shapes_in(files)
