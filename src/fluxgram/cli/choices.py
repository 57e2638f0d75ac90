"""Options that several commands have, and what the shell completes after them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.settings import Settings


def complete_checkpoint(incomplete: str) -> list[str]:
    """Names of checkpoints that have a table."""
    from fluxgram.errors import FluxgramError
    from fluxgram.families.checkpoints import known
    from fluxgram.settings import Settings

    try:
        names = list(known(Settings.from_environment()))
    except FluxgramError:  # a broken table must not break the shell
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_adapter(incomplete: str) -> list[str]:
    """Names of adapters that were added."""
    from fluxgram.errors import FluxgramError
    from fluxgram.families.adapters.shelf import known_adapters
    from fluxgram.settings import Settings

    try:
        names = list(known_adapters(Settings.from_environment()))
    except FluxgramError:  # a broken one must not break the shell
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_method(incomplete: str) -> list[str]:
    """Ways to apply a negative prompt."""
    return [name for name in ("true_cfg", "vsf", "nag", "none") if name.startswith(incomplete)]


def complete_quality(incomplete: str) -> list[str]:
    """Positions of the one dial."""
    return [name for name in ("draft", "proof", "final") if name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """Formats that can be written."""
    return [name for name in ("png", "jpeg", "webp") if name.startswith(incomplete)]


def look_for(adapters: Iterable[AdapterUse], settings: Settings) -> None:
    """See that adapters are there, before anything is computed; those of the hub are fetched.

    Raises:
        UnknownAdapter: One is not.
    """
    from fluxgram.families.adapters.shelf import find_adapter

    for use in adapters:
        find_adapter(use.source, settings)


Adapters = Annotated[
    list[str] | None,
    typer.Option(
        "--adapter",
        "-a",
        help="A LoRA: NAME, FILE or hub id, perhaps with :WEIGHT, @steps=0-0.6, @blocks=double:0.5. Repeatable.",
        autocompletion=complete_adapter,
    ),
]
NegativeMethod = Annotated[
    str | None,
    typer.Option(
        help="How the negative prompt steers: true_cfg, vsf, nag; none for no negative prompt.",
        autocompletion=complete_method,
    ),
]
NegativeScale = Annotated[float | None, typer.Option(help="Scale of that; the method's own by default.")]
