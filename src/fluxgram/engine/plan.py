"""`Plan`: a request with every default turned into a number by a checkpoint's table.

Nothing is silent: what the checkpoint cannot apply is refused with the reason, or listed in `Plan.ignored`
where the request allows that. The receipt of each picture is written from the plan.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fluxgram.engine.sizes import Pixels, choose_sizes, crop_box
from fluxgram.errors import RequestError
from fluxgram.families.contract import Negative

if TYPE_CHECKING:
    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.engine.request import Request
    from fluxgram.families.checkpoints import Checkpoint

_RANDOM_SEED_BITS = 32
"""Short enough to be read aloud, and safe in JSON, whose readers lose digits above 53 bits."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A parameter that the checkpoint cannot apply.

    Attributes:
        name: Field of the request.
        value: What was asked.
        reason: Why it is not applied, in one sentence.
    """

    name: str
    value: str | float
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done for a request.

    Attributes:
        request: As it was asked.
        checkpoint: The table that turned defaults into numbers.
        rendered: (width, height) in px that the checkpoint draws.
        delivered: (width, height) in px that the user gets.
        crop: Part of the rendered picture that is delivered: left, top, right, bottom in px.
        steps: Denoising steps.
        guidance: Classifier-free guidance scale; 1 is none.
        prompt: What the checkpoint reads: the request's words in the checkpoint's manner.
        negative: Negative prompt that is applied and how, or None.
        adapters: Adapters that it is drawn with: the checkpoint's own, then the request's.
        seeds: One for each picture.
        ignored: What is not applied, with the reason.
    """

    request: Request
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
        passes = 2 if self.guidance > 1 else 1
        return self.rendered[0] * self.rendered[1] / 1e6 * passes * max(self.checkpoint.download_gb, 0.01)


def key_of(checkpoint: Checkpoint) -> str:
    """What tells a checkpoint from every other in one engine: two folders may bear the same name."""
    return f"{checkpoint.name} {checkpoint.source}"


def resolve(request: Request, checkpoint: Checkpoint) -> Plan:
    """Turn the defaults of a request into numbers.

    Raises:
        RequestError: The checkpoint cannot draw it as asked.
    """
    rendered, delivered = choose_sizes(request.size, checkpoint.sizes)
    guidance, ignored_guidance = _guidance(request, checkpoint)
    negative, ignored_negative = _negative(request, checkpoint, guidance)
    ignored = tuple(entry for entry in (ignored_guidance, ignored_negative) if entry is not None)
    if ignored and not request.allow_ignored:
        raise RequestError(
            f"{checkpoint.name} can't apply {' and '.join(_TITLES[entry.name] for entry in ignored)}: "
            f"{ignored[0].reason}",
            "Leave it out, or allow ignored parameters, which the receipt then lists.",
        )
    seed = secrets.randbits(_RANDOM_SEED_BITS) if request.seed is None else request.seed
    return Plan(
        request=request,
        checkpoint=checkpoint,
        rendered=rendered,
        delivered=delivered,
        crop=crop_box(rendered, delivered, checkpoint.sizes),
        steps=checkpoint.steps[request.quality] if request.steps is None else request.steps,
        guidance=guidance,
        prompt=request.prompt,
        negative=None if negative is None else Negative(negative, "true_cfg", guidance),
        adapters=request.adapters,
        seeds=tuple((seed + index) % 2**64 for index in range(request.samples)),
        ignored=ignored,
    )


_TITLES = {"negative": "a negative prompt", "guidance": "a guidance scale"}


def _guidance(request: Request, checkpoint: Checkpoint) -> tuple[float, Ignored | None]:
    if request.guidance is None:
        return (1.0 if checkpoint.distilled else max(1.0, checkpoint.guidance)), None
    asked = max(1.0, request.guidance)
    if checkpoint.distilled and asked > 1:
        return 1.0, Ignored("guidance", asked, "it is distilled, which leaves no guidance scale to set.")
    return asked, None


def _negative(request: Request, checkpoint: Checkpoint, guidance: float) -> tuple[str | None, Ignored | None]:
    if request.negative is None or (guidance > 1 and not checkpoint.distilled):
        return request.negative, None
    if checkpoint.distilled:
        reason = "it is distilled to draw without guidance, so nothing steers away from a text."
    else:
        reason = "at guidance 1 there is no second pass that steers away from a text."
    return None, Ignored("negative", request.negative, reason)
