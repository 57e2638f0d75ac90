"""`Plan`: a request with every default turned into a number by a checkpoint's table.

Nothing is silent: what the checkpoint cannot apply is refused with the reason, or listed in `Plan.ignored`
where the request allows that. The receipt of each picture is written from the plan.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fluxgram.engine import negatives
from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.ignored import ONLY_LISTED, Ignored
from fluxgram.engine.sizes import Pixels, choose_sizes, crop_box
from fluxgram.errors import CheckpointMissing, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fluxgram.engine.request import Request
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Negative

    Find = Callable[[str], Checkpoint]

_RANDOM_SEED_BITS = 32
"""Short enough to be read aloud, and safe in JSON, whose readers lose digits above 53 bits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done for a request.

    Attributes:
        request: As it was asked.
        asked: The checkpoint that was asked for.
        checkpoint: The one that draws, whose table turned defaults into numbers: `asked`, or its fast version.
        rendered: (width, height) in px that the checkpoint draws.
        delivered: (width, height) in px that the user gets.
        crop: Part of the rendered picture that is delivered: left, top, right, bottom in px.
        steps: Denoising steps.
        guidance: Guidance scale: of a second pass, where 1 is none, or a number that the checkpoint reads.
        prompt: What the checkpoint reads: the request's words in the checkpoint's manner.
        negative: Negative prompt that is applied and how, or None.
        adapters: Adapters that it is drawn with: the checkpoint's own, then the request's.
        seeds: One for each picture.
        ignored: What is not applied, with the reason.
    """

    request: Request
    asked: Checkpoint
    checkpoint: Checkpoint
    rendered: Pixels
    delivered: Pixels
    crop: tuple[int, int, int, int]
    steps: int
    guidance: float
    prompt: str
    negative: Negative | None
    adapters: tuple[AdapterUse, ...]
    seeds: tuple[int, ...]
    ignored: tuple[Ignored, ...]

    @property
    def step_cost(self) -> float:
        """Work of one step, in no unit but comparable between plans: megapixels x passes x weights."""
        method = self.negative.method if self.negative else ""
        second = method == "true_cfg" or (self.guidance > 1 and not self.checkpoint.embeds_guidance)
        passes = (2.0 if second else 1.0) * _ATTENDING.get(method, 1.0)
        return self.rendered[0] * self.rendered[1] / 1e6 * passes * max(self.checkpoint.download_gb, 0.01)


_ATTENDING = {"vsf": 1.2, "nag": 1.3}
"""What a negative prompt inside attention costs, about; docs/negatives.md has what was measured."""


def key_of(checkpoint: Checkpoint) -> str:
    """What tells the weights of a checkpoint, and how they are loaded, from every other's in one engine.

    Two folders may bear the same name, and two tables may mean the same weights (`Checkpoint.base`).
    """
    loaded_by = (
        checkpoint.source,
        checkpoint.borrows,
        checkpoint.revision,
        checkpoint.distilled,
        checkpoint.embeds_guidance,
        checkpoint.negatives,
        checkpoint.sizes.multiple,
        checkpoint.text,
        checkpoint.cpu_dtype,
        checkpoint.cpu_threads,
    )
    return " ".join(map(str, loaded_by))


def resolve(request: Request, checkpoint: Checkpoint, find: Find | None = None) -> Plan:
    """Turn the defaults of a request into numbers.

    Args:
        request: What was asked.
        checkpoint: The table of what it asks for.
        find: Finds the table of a name where its files are here, and raises `CheckpointMissing` where they are not; for
            a checkpoint whose drafts another one draws. Without it, or without the files, it draws them itself.

    Raises:
        RequestError: The checkpoint cannot draw it as asked.
    """
    drawing, ignored_fast = _drawing(request, checkpoint, find)
    rendered, delivered = choose_sizes(request.size, checkpoint.sizes)
    guidance, ignored_guidance = _guidance(request, drawing)
    negative, ignored_negative = negatives.plan_negative(request, checkpoint, drawing, guidance)
    ignored = (*ignored_fast, *ignored_guidance, *ignored_negative)
    refused = [entry for entry in ignored if entry.name not in ONLY_LISTED]
    if refused and not request.allow_ignored:
        raise RequestError(
            f"{drawing.name} can't apply {' and '.join(_TITLES[entry.name] for entry in refused)}: "
            f"{refused[0].reason}",
            "Leave it out, or allow ignored parameters, which the receipt then lists.",
        )
    steps = drawing.steps[request.quality] if request.steps is None else request.steps
    seed = secrets.randbits(_RANDOM_SEED_BITS) if request.seed is None else request.seed
    return Plan(
        request=request,
        asked=checkpoint,
        checkpoint=drawing,
        rendered=rendered,
        delivered=delivered,
        crop=crop_box(rendered, delivered, checkpoint.sizes),
        steps=steps,
        guidance=guidance,
        prompt=f"{checkpoint.prefix}{request.prompt}{checkpoint.suffix}",
        negative=negative,
        adapters=_adapters(request, checkpoint, drawing, steps),
        seeds=tuple((seed + index) % 2**64 for index in range(request.samples)),
        ignored=ignored,
    )


def _drawing(
    request: Request, checkpoint: Checkpoint, find: Find | None
) -> tuple[Checkpoint, tuple[Ignored, ...]]:
    """What draws: the checkpoint itself, or its fast version where the request is a draft that this one can draw."""
    if find is None or not checkpoint.fast or request.quality != "draft":
        return checkpoint, ()
    try:
        fast = find(checkpoint.fast)
        reason = _why_not(request, fast)
    except CheckpointMissing:
        reason = "it is not on this machine"
    if not reason:
        return fast, ()
    return checkpoint, (
        Ignored("fast", checkpoint.fast, f"{reason}, so {checkpoint.name} draws the draft itself."),
    )


def _why_not(request: Request, fast: Checkpoint) -> str:
    """Why a fast version cannot draw a draft as asked; empty where it can."""
    least, most = min(fast.steps.values()), max(fast.steps.values())
    if request.steps is not None and not least <= request.steps <= most:
        return f"it is made for {least if least == most else f'{least} to {most}'} steps, not {request.steps}"
    method = request.negative_method
    if method not in (None, "none", *fast.negatives):
        return f"it applies no negative prompt by {method}"
    if request.negative is not None and not fast.negatives:
        return "it applies no negative prompt"
    return "" if request.guidance is None else "a guidance scale is asked for"


def _adapters(
    request: Request, checkpoint: Checkpoint, drawing: Checkpoint, steps: int
) -> tuple[AdapterUse, ...]:
    """The checkpoint's own adapters, then those of its fast version where this one draws, then the request's."""
    sources = [each.source for each in checkpoint.adapters]
    more = [each for each in drawing.adapters if each.source not in sources]
    own = tuple(AdapterUse(each.source, each.weight) for each in (*checkpoint.adapters, *more))
    for use in request.adapters:
        if use.source in [each.source for each in own]:
            raise RequestError(
                f"{checkpoint.name} has the adapter {use.source[:80]} already.",
                "Leave it out, or name the checkpoint without it.",
            )
        if not any(use.works_at(step, steps) for step in range(steps)):
            raise RequestError(
                f"The adapter {use.source[:80]} would work at none of {steps} steps: {use.steps[0]:g}-{use.steps[1]:g} "
                f"lies between two of them.",
                "Widen its steps.",
            )
    return (*own, *request.adapters)


_TITLES = {
    "negative": "a negative prompt",
    "guidance": "a guidance scale",
    "negative_method": "this way of a negative prompt",
    "negative_scale": "a scale of the negative prompt",
}


def _guidance(request: Request, checkpoint: Checkpoint) -> tuple[float, tuple[Ignored, ...]]:
    """The scale, and what was asked for where it is another; below 1 is a scale for what reads it as a number."""
    asked = checkpoint.guidance if request.guidance is None else request.guidance
    if checkpoint.embeds_guidance or (asked >= 1 and not checkpoint.distilled):
        return asked, ()
    if request.guidance in (None, 0, 1):  # all of these are none
        return 1.0, ()
    distilled = "it is distilled, which leaves no guidance scale to set."
    reason = distilled if checkpoint.distilled else "a second pass guides above 1 only."
    return 1.0, (Ignored("guidance", asked, reason),)
