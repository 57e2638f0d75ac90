"""`Ignored`: something of a request that was not applied, and why. Receipts list them."""

from __future__ import annotations

from dataclasses import dataclass


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
