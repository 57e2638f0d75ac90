"""What was applied in a job's pictures, in an answer: for surfaces whose own form has no place for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def applied(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Adapters, and how the negative prompt was applied; the texts themselves are in the receipt.

    Args:
        receipt: Of the first picture; empty where there is none yet.

    Returns:
        `adapters` as in the receipt, and `negative` (method, scale, cost), null where there is none.
    """
    negative = receipt.get("negative")
    how = None if negative is None else {name: negative.get(name) for name in ("method", "scale", "cost")}
    return {"adapters": receipt.get("adapters", []), "negative": how}
