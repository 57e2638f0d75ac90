"""From an order to a job that can be stored: everything that can be refused is refused here, before it waits.

The words are screened, the request is resolved against the checkpoint's table (defaults become numbers, the seed is
chosen), and whatever is changed or left out on the way is noted. No weights are touched and torch is not imported.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from fluxgram.engine.plan import resolve
from fluxgram.engine.request import Request
from fluxgram.errors import PromptRefused, RequestError
from fluxgram.jobs.facts import facts_of
from fluxgram.jobs.orders import Note, Redaction
from fluxgram.store.records import Format, NewJob

if TYPE_CHECKING:
    from fluxgram.engine.plan import Plan
    from fluxgram.jobs.checkpoints import Offer
    from fluxgram.jobs.orders import Caller, Order
    from fluxgram.service import ServiceSettings

MOST_PRIORITY = 100
MOST_PREVIEWS = 8
"""Of one picture."""
MOST_KEY_CHARACTERS = 255
"""Of an idempotency key."""
MOST_EXTRA_BYTES = 262_144
"""Of what a surface keeps with a job, as JSON."""


@dataclass(frozen=True, slots=True)
class Words:
    """A prompt as it will be drawn, and what was done to it."""

    prompt: str
    negative: str | None
    notes: tuple[Note, ...] = ()


def admit(order: Order, caller: Caller, offer: Offer, service: ServiceSettings) -> NewJob:
    """Check an order and turn it into a job.

    Args:
        order: As a surface hands it in.
        caller: Who asks.
        offer: The checkpoints of this service.
        service: Limits and policy.

    Raises:
        RequestError: It can't be drawn as asked, or not by this service.
        PromptRefused: The safety rules refuse the words.
        AdapterError: An adapter does not fit what draws, or is damaged.
    """
    _check(order)
    safety_notes = _safety_notes(order, service)
    table, _ = offer.choose(order.request.get("checkpoint"))
    asked = Request.from_dict({**order.request, "checkpoint": table.name})
    if order.lenient:
        asked = replace(asked, allow_ignored=True)
    refuse_words(asked.prompt, asked.negative)
    asked = replace(asked, adapters=offer.pinned(asked.adapters))
    plan = resolve(asked, table, lambda name: offer.choose(name)[0])
    _check_size(plan, service)
    offer.check_fit(plan.adapters, plan.checkpoint)
    words = _enhanced(asked, plan) if order.enhance else Words(asked.prompt, asked.negative)
    every = max(asked.preview_every, math.ceil(plan.steps / MOST_PREVIEWS)) if asked.preview_every else 0
    request = replace(
        asked, prompt=words.prompt, negative=words.negative, seed=plan.seeds[0], preview_every=every
    )
    ignored = tuple(Note(entry.name, entry.value, entry.reason) for entry in plan.ignored)
    extra = {
        "surface": {key: value for key, value in order.extra.items() if key != "base_url"},
        "notes": [note.to_dict() for note in (*order.notes, *words.notes, *safety_notes, *ignored)],
        "prompt_asked": asked.prompt,
        "check": order.check,
        "redact": order.redact,
        "base_url": str(order.extra.get("base_url", "")),
    }
    _check_extra(extra)
    width, height = plan.rendered
    return NewJob(
        owner=caller.owner,
        surface=order.surface,
        request=request.to_dict(),
        checkpoint=table.name,
        samples=request.samples,
        cost=width * height / 1e6 * plan.steps * request.samples,
        extra=extra,
        priority=order.priority,
        weight=caller.weight,
        idempotency=order.idempotency,
        fingerprint=fingerprint(order),
        format=order.format,  # type: ignore[arg-type]  # checked above
        lasts=order.lasts,
        webhook=order.webhook,
        most_queued=caller.most_queued or service.max_queued,
        most_pictures=caller.most_pictures,
    )


def refuse_words(prompt: str, negative: str | None = None) -> None:
    """Screen the words by the safety rules.

    Raises:
        PromptRefused: They are refused; the reason never quotes them.
    """
    from fluxgram.safety.words import screen

    screening = screen(prompt, negative or "")
    if screening.refused:
        raise PromptRefused(screening.reason, "Ask for something else.")


def fingerprint(order: Order) -> str:
    """A hash of what was asked, the same for the same order, whatever seed is chosen for it."""
    said = {
        "request": dict(order.request), "surface": order.surface, "enhance": order.enhance, "check": order.check,
        "redact": order.redact, "format": order.format, "lasts": order.lasts, "webhook": order.webhook,
        "priority": order.priority, "extra": {k: v for k, v in order.extra.items() if k != "base_url"},
    }  # fmt: skip
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check(order: Order) -> None:
    """What a surface could hand in wrongly, apart from the request itself."""
    if order.format not in get_args(Format):
        raise RequestError(f"{str(order.format)[:40]!r} is not a format.", "Use png, jpeg or webp.")
    if order.redact not in get_args(Redaction):
        known = ", ".join(get_args(Redaction))
        raise RequestError(
            f"{str(order.redact)[:40]!r} is nothing that can be done.", f"It is one of {known}."
        )
    priority = order.priority
    if isinstance(priority, bool) or not isinstance(priority, int) or abs(priority) > MOST_PRIORITY:
        raise RequestError(
            f"priority must be a whole number from -{MOST_PRIORITY} to {MOST_PRIORITY}.",
            "Leave it out for 0.",
        )
    if order.lasts is not None and not (math.isfinite(order.lasts) and order.lasts > 0):
        raise RequestError("Pictures must last for more than 0 seconds.", "Leave it out to keep them.")
    key = order.idempotency
    if len(key) > MOST_KEY_CHARACTERS or not key.isprintable():
        raise RequestError(
            f"An idempotency key has at most {MOST_KEY_CHARACTERS} printable characters.", "Use a UUID."
        )


def _check_size(plan: Plan, service: ServiceSettings) -> None:
    """Hold the service's limit on the size of a picture."""
    most = service.max_megapixels
    for width, height in (plan.delivered, plan.rendered):
        if most and width * height > most * 1e6:
            raise RequestError(
                f"{width}x{height} is {width * height / 1e6:.2f} megapixels, and this service draws at most {most:g}.",
                "Ask for a smaller picture.",
            )


def _check_extra(extra: dict[str, Any]) -> None:
    """What is kept with a job must be JSON, and must not fill the database."""
    try:
        size = len(json.dumps(extra, allow_nan=False).encode())
    except (TypeError, ValueError):
        raise RequestError("What is to be kept with the job is not JSON.", "Use plain values.") from None
    if size > MOST_EXTRA_BYTES:
        raise RequestError(
            f"What is to be kept with the job has {size} bytes.", f"At most {MOST_EXTRA_BYTES} are kept."
        )


def _safety_notes(order: Order, service: ServiceSettings) -> tuple[Note, ...]:
    """What becomes of the client's wish to have pictures checked.

    Raises:
        RequestError: The policy wants every picture checked, and there is nothing to check with.
    """
    if service.safety == "require":
        if not service.classifier:
            raise RequestError(
                "This service may only hand out pictures that were checked, and no classifier is configured.",
                "Its owner can set a classifier, or another policy.",
            )
        if order.redact == "none":
            raise RequestError(
                "This service hands out no flagged picture as it is.",
                "Use blur, pixelate or black for redact.",
            )
        if order.check is False:
            return (Note("check", "no", "This service checks every picture."),)
    if order.check and service.safety == "off":
        return (Note("check", "yes", "This service checks no pictures, so these are not checked."),)
    if order.check and not service.classifier:
        return (
            Note("check", "yes", "No picture classifier is configured, so the pictures are not checked."),
        )
    return ()


def _enhanced(asked: Request, plan: Plan) -> Words:
    """The prompt completed from the vocabulary, every addition noted."""
    from fluxgram.prompt.enhance import enhance

    facts = facts_of(plan.checkpoint, guided=plan.guidance > 1)
    if asked.negative_method == "none":
        facts = replace(facts, negative="unsupported")
    done = enhance(asked.prompt, "full", negative=asked.negative or "", size=plan.delivered, facts=facts)
    notes = tuple(
        Note("enhance_negative" if addition.negative else "enhance", addition.text, f"Added: {addition.why}")
        for addition in done.additions
    )
    if not notes:
        notes = (Note("enhance", "yes", done.note or "Nothing was missing."),)
    return Words(done.text, done.negative or asked.negative, notes)
