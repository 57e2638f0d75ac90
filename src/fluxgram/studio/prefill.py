"""What the start page begins with where one wants to go on from a picture: its settings, read from its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from fluxgram.errors import RequestError, UnknownJob

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller

Relation = Literal["push", "more", "again", "light"]
"""How the new picture comes from the old one: other words and the same seed, the same words and other seeds, the same
in everything, or another light."""
_MOST_CHARACTERS = 20_000
_MOST_ADAPTERS, _MOST_WEIGHT = 8, 4.0
MORE = 4
"""Pictures at a time where one wants more of the kind."""


def prefill(jobs: Jobs, name: str, relation: Relation, caller: Caller) -> dict[str, Any]:
    """The settings of a picture as fields of the draft.

    Args:
        jobs: The door.
        name: Of the picture's file.
        relation: What is wanted of it.
        caller: Who looks.

    Raises:
        UnknownJob: There is no such picture that the caller may see.
        RequestError: Nothing is known of how it was made.
    """
    found = jobs.queue.find_picture(name)
    try:
        job = jobs.get(found.job, caller)
    except UnknownJob:
        raise UnknownJob(
            "There is no picture of that name.", "Check its name; pictures may have been removed."
        ) from None
    receipt, request = found.receipt, job.record.request
    prompt = _words(receipt.get("prompt")) or str(request.get("prompt") or "")
    negative = _words(receipt.get("negative")) or str(request.get("negative") or "")
    if not prompt.strip():
        raise RequestError(
            "It is not known how this picture was made.",
            "Write your own words; it stays linked as their origin.",
        )
    known = {card.name for card in jobs.checkpoints() if card.present}
    drawn_by = receipt.get("checkpoint") or {}
    named = (job.record.checkpoint, str(drawn_by.get("asked") or drawn_by.get("name") or ""))
    checkpoint = next((name for name in named if name in known), "")
    quality = str(receipt.get("quality") or request.get("quality") or "final")
    locked = relation != "more"
    return {
        "prompt": prompt[:_MOST_CHARACTERS],
        "negative": negative[:_MOST_CHARACTERS],
        "size": f"{found.width}x{found.height}",
        "samples": 1 if locked else MORE,
        "seed": str(found.seed) if locked else "",
        "locked": locked,
        "quality": quality if quality in ("draft", "proof", "final") else "final",
        "checkpoint": checkpoint,
        "adapters": _adapters(receipt, request),
        "negative_method": _method(receipt),
        "parent": found.name,
        "relation": relation,
        "missing": "" if checkpoint else named[1] or named[0],
    }


def _words(part: object) -> str:
    """The text of a receipt's prompt or negative prompt."""
    return str(part.get("text") or "") if isinstance(part, Mapping) else ""


def _adapters(receipt: Mapping[str, Any], request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The adapters that were asked for, each with its weight; what came with the checkpoint comes again by itself."""
    applied, asked = receipt.get("adapters"), request.get("adapters")
    found = []
    for each in applied if isinstance(applied, list) else asked if isinstance(asked, list) else ():
        source = each.get("source") if isinstance(each, Mapping) else None
        weight = each.get("strength", each.get("weight")) if isinstance(each, Mapping) else None
        if isinstance(source, str) and source:
            sound = (
                isinstance(weight, int | float)
                and not isinstance(weight, bool)
                and abs(weight) <= _MOST_WEIGHT
            )
            found.append({"source": source, "weight": weight if sound else 1.0})
    return found[:_MOST_ADAPTERS]


def _method(receipt: Mapping[str, Any]) -> str:
    """How the negative prompt was applied; empty where it was not, or nobody knows."""
    negative = receipt.get("negative")
    said = negative.get("method") if isinstance(negative, Mapping) else None
    return said if said in ("true_cfg", "vsf", "nag") else ""
