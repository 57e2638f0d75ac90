"""What becomes of a negative prompt: which method of a checkpoint's table applies it, at which scale, or why none does.

How a method steers is `fluxgram.families.steering`; `plan.py` calls this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fluxgram.engine.ignored import Ignored
from fluxgram.families.contract import Negative
from fluxgram.families.steering import default_scale

if TYPE_CHECKING:
    from fluxgram.engine.request import Request
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import NegativeMethod

Outcome = tuple[Negative | None, tuple[Ignored, ...]]

WAYS = {"true_cfg": "a second pass", "vsf": "value sign flip", "nag": "normalised attention guidance"}
"""The methods in people's words."""
OWN = "checkpoint_negative"
"""How a checkpoint's own negative prompt that could not be applied is listed; nobody asked for it: no error."""


def plan_negative(request: Request, asked: Checkpoint, drawing: Checkpoint, guidance: float) -> Outcome:
    """The negative prompt as it will be applied, and what of it is not.

    Args:
        request: What was asked.
        asked: The checkpoint that was asked for; its own negative prompt is taken where the request has none.
        drawing: The one that draws.
        guidance: Its guidance scale.
    """
    if request.negative_method == "none":
        return None, ()
    own = request.negative is None
    text = asked.negative if own else request.negative
    if not text or not text.strip():
        return None, _without_a_text(request)
    method, ignored = _method(request, drawing)
    reason = _why_not(method, drawing, guidance)
    if reason:
        return None, (Ignored(OWN if own else "negative", text, reason),)
    scale, more = _scale(request, method, drawing, guidance, fallen_back=bool(ignored))
    return Negative(as_read(text, drawing), cast("NegativeMethod", method), scale), (*ignored, *more)


def as_read(text: str, checkpoint: Checkpoint) -> str:
    """A negative prompt in words that the checkpoint knows (`Checkpoint.read_as`); as it is where there are none."""
    if not checkpoint.read_as:
        return text
    parts = text.split(",")
    known = [checkpoint.read_as.get(" ".join(part.split()).lower().removeprefix("no ")) for part in parts]
    if not any(known):
        return text
    return ", ".join(new or part.strip() for new, part in zip(known, parts, strict=True))


def second_pass_is_guidance(checkpoint: Checkpoint) -> bool:
    """Whether `true_cfg` is what the guidance scale does anyway: the second pass of a checkpoint that embeds none."""
    return not checkpoint.embeds_guidance and not checkpoint.distilled


def _without_a_text(request: Request) -> tuple[Ignored, ...]:
    reason = "there is no negative prompt."
    given = {"negative_method": request.negative_method, "negative_scale": request.negative_scale}
    return tuple(Ignored(name, value, reason) for name, value in given.items() if value is not None)


def _method(request: Request, checkpoint: Checkpoint) -> tuple[str, tuple[Ignored, ...]]:
    """What was asked for where the checkpoint has it, else the checkpoint's own; empty where it has none."""
    known = checkpoint.negatives
    asked = request.negative_method
    if asked is None or asked in known or not known:
        return asked if asked in known else next(iter(known), ""), ()
    there = " and ".join(f"{name} ({WAYS[name]})" for name in known)
    return known[0], (Ignored("negative_method", asked, f"it has {there}, not {asked}."),)


def _why_not(method: str, checkpoint: Checkpoint, guidance: float) -> str:
    """Why a negative prompt cannot be applied, in one sentence; empty where it can."""
    if not method and checkpoint.distilled:
        return "it is distilled to draw without guidance, so nothing steers away from a text."
    if not method:
        return "its table names no way to apply one."
    if method != "true_cfg" or guidance > 1 or not second_pass_is_guidance(checkpoint):
        return ""
    return "at guidance 1 there is no second pass that steers away from a text."


def _scale(
    request: Request, method: str, checkpoint: Checkpoint, guidance: float, *, fallen_back: bool
) -> tuple[float, tuple[Ignored, ...]]:
    asked = request.negative_scale
    second_pass = method == "true_cfg" and second_pass_is_guidance(checkpoint)
    usual = guidance if second_pass else default_scale(method, checkpoint)
    if asked is None or (second_pass and asked == guidance):
        return usual, ()
    if fallen_back:
        reason = f"it is of {request.negative_method}, which is not applied."
    elif second_pass:
        reason = "its second pass is that of the guidance, whose scale holds for both."
    elif method == "true_cfg" and asked <= 1:
        reason = "a second pass steers above 1 only."
    else:
        return asked, ()
    return usual, (Ignored("negative_scale", asked, reason),)
