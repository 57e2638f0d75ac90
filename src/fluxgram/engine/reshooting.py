"""A picture again from its receipt: whether checkpoint and adapters are still those that drew it, and where they are.

The receipt's request is `Receipt.to_request`; drawing it is `Engine.reshoot`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fluxgram.errors import AdapterError, CheckpointError, RequestError, UnknownAdapter

if TYPE_CHECKING:
    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.engine.catalogue import Catalogue
    from fluxgram.engine.receipt import Receipt
    from fluxgram.engine.request import Request

_LIKE_IT = "allow changed weights to make another picture like it."


def refuse_changed(receipt: Receipt, checkpoint: str, adapters: Sequence[str]) -> None:
    """Hold what would draw now against what drew the picture.

    Args:
        receipt: Of the picture.
        checkpoint: Hash of the checkpoint here.
        adapters: Hashes of the adapters here, in order.

    Raises:
        CheckpointError: The checkpoint is another one.
        AdapterError: An adapter is.
    """
    if checkpoint != receipt.checkpoint.fingerprint:
        raise CheckpointError(
            f"The picture was made by {receipt.checkpoint.name} {receipt.checkpoint.fingerprint[:12]}, "
            f"and the one here is {checkpoint[:12]}.",
            f"Get the weights it was made with, or {_LIKE_IT}",
        )
    if len(adapters) != len(receipt.adapters):
        raise AdapterError(
            f"{receipt.checkpoint.name} comes with other adapters now than when the picture was made.",
            f"Mend its table, or {_LIKE_IT}",
        )
    for then, now in zip(receipt.adapters, adapters, strict=True):
        if then.fingerprint != now:
            raise AdapterError(
                f"The picture was made with the adapter {then.name} {then.fingerprint[:12]}, "
                f"and the one here is {now[:12]}.",
                f"Get the file it was made with, or {_LIKE_IT}",
            )


def with_sources(request: Request, receipt: Receipt, places: Sequence[str], catalogue: Catalogue) -> Request:
    """The receipt's request with its adapters where they are now.

    Args:
        request: Of the receipt.
        receipt: Has the adapters' hashes.
        places: Where adapters are now: each is taken for the one of its hash, else for the one of its name.
        catalogue: Finds adapters.

    Raises:
        UnknownAdapter: An adapter is nowhere, or a place was named that no adapter of the picture is in.
    """
    from fluxgram.families.adapters.reading import fingerprint_of

    asked = [each for each in receipt.adapters if each.source is not None]
    there = {place: catalogue.adapter(place) for place in places}
    taken: dict[int, str] = {}
    for place, known in there.items():
        fingerprint = fingerprint_of(known.path)
        fitting = [i for i, each in enumerate(asked) if each.fingerprint == fingerprint]
        fitting += [i for i, each in enumerate(asked) if known.name in (each.name, _stem(each.source or ""))]
        free = [number for number in fitting if number not in taken]
        if not free:
            names = ", ".join(each.name for each in receipt.adapters) or "none"
            raise RequestError(f"{place[:80]} is no adapter of this picture.", f"Its adapters: {names}.")
        taken[free[0]] = place
    uses = []
    for number, use in enumerate(request.adapters):
        uses.append(replace(use, source=taken[number]) if number in taken else _found(use, catalogue))
    return replace(request, adapters=tuple(uses))


def _found(use: AdapterUse, catalogue: Catalogue) -> AdapterUse:
    try:
        catalogue.adapter(use.source)
    except UnknownAdapter as error:
        hint = f"If it is a file, say where: --adapter FILE. {error.hint}".strip()
        raise UnknownAdapter(str(error), hint) from None
    return use


def _stem(source: str) -> str:
    return source.rpartition("/")[2].removesuffix(".safetensors")
