"""Which adapters the service offers, and that clients name no others.

Clients name what was added to this machine (`fluxgram adapters add`), never a file of it or a repository that would
have to be fetched first. No file is opened; what draws with them is `fluxgram.engine`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from fluxgram.errors import UnknownAdapter

if TYPE_CHECKING:
    from fluxgram.engine.adapter_use import AdapterUse
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
    """

    name: str
    base: str
    weight: float
    words: tuple[str, ...]
    licence: str
    fingerprint: str


def adapter_cards(settings: Settings) -> list[AdapterCard]:
    """All adapters that were added to this machine, by name."""
    from fluxgram.families.adapters.shelf import known_adapters

    return [
        AdapterCard(name, each.base, each.weight, tuple(each.words), each.licence, each.fingerprint)
        for name, each in sorted(known_adapters(settings).items())
    ]


def check_adapters(uses: Iterable[AdapterUse], settings: Settings) -> None:
    """Refuse adapters that were not added to this machine.

    Raises:
        UnknownAdapter: The first of them; the hint has the nearest name.
    """
    uses = tuple(uses)
    if not uses:
        return
    names = [card.name for card in adapter_cards(settings)]
    for use in uses:
        if use.source in names:
            continue
        shown = use.source if len(use.source) <= 80 else use.source[:79] + "…"
        near = get_close_matches(use.source, names, n=3, cutoff=0.6)
        known = (
            f"Nearest: {', '.join(near)}." if near else f"There are: {', '.join(names[:20]) or 'none yet'}."
        )
        raise UnknownAdapter(
            f"There is no adapter {shown!r}.",
            f"{known} Whoever runs this service can add one: fluxgram adapters add",
        )
