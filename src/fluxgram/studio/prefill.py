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
    named = (job.record.checkpoint, str((receipt.get("checkpoint") or {}).get("name") or ""))
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
        "parent": found.name,
        "relation": relation,
        "missing": "" if checkpoint else named[1] or named[0],
    }


def _words(part: object) -> str:
    """The text of a receipt's prompt or negative prompt."""
    return str(part.get("text") or "") if isinstance(part, Mapping) else ""
