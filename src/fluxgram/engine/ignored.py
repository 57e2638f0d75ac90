"""`Ignored`: something of a request that was not applied, and why. Receipts list them."""

from __future__ import annotations

from dataclasses import dataclass

ONLY_LISTED = frozenset({"checkpoint_negative", "fast", "adapter_steps"})
"""Names of what is listed and never refused: a checkpoint's own negative prompt that it cannot apply, a fast version
that does not draw a draft, and a share of the steps that an adapter's part in a text encoder cannot keep to."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A parameter that the checkpoint cannot apply.

    Attributes:
        name: Field of the request, or of `ONLY_LISTED`.
        value: What was asked.
        reason: Why it is not applied, in one sentence.
    """

    name: str
    value: str | float
    reason: str
