"""How a grid of settings becomes cells: two axes, one cell for each pair of their values, labels for both.

Pure: nothing is handed in here (`comparisons.py`), and how a light or a lens gets into a prompt comes from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from fluxgram.engine.adapter_use import parse_together
from fluxgram.errors import RequestError

MOST_CELLS = 64
"""Of one comparison; nobody looks at more, and they are handed in together."""
MOST_LABEL = 80
"""Characters."""
Vary = Literal[
    "prompt", "light", "lens", "checkpoint", "adapters", "seed", "quality", "steps", "guidance", "size",
    "negative", "negative_method",
]  # fmt: skip
"""What an axis may change."""
WORDS = ("light", "lens")
"""Axes whose values are terms of the vocabulary, put into the prompt."""
AS_WRITTEN = "as written"
WITHOUT = "without adapters"

METHODS = {"true_cfg": "true CFG", "vsf": "VSF", "nag": "NAG", "none": "no negative prompt"}
_OVERRULED = {"quality": "steps", "negative_method": "negative_scale"}
"""What would win over a setting, or means nothing to another value of it."""

Rewrite = Callable[[str, str, str, str], tuple[str, str]]
"""(kind, term, prompt, checkpoint) → the prompt with that term instead of its like, and what to call it."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What changes along one side of a grid.

    Attributes:
        vary: Which setting.
        values: Its values, in order; an empty text for `light` and `lens` leaves the prompt as it is, for `adapters` it
            is none. Several adapters in one picture are joined by ` + `.
        labels: What to call them instead of what they are.
    """

    vary: Vary
    values: tuple[str | float, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellOrder:
    """One cell that is asked for. One of `request`, `picture` and `endpoint` is given.

    Attributes:
        label: What to call it.
        x: Its column, from 0.
        y: Its row, from 0.
        request: Fields of a request to draw.
        picture: Name of a picture that is there.
        endpoint: Name of another server.
        prompt: What that server is asked for.
        size: Width and height that it is asked for, `512x768`; empty leaves that to it.
        seed: Sent to it where given; not every server knows seeds.
        more: What else it is asked for: `negative`, `quality`, `steps`, `guidance`, where given.
    """

    label: str
    x: int = 0
    y: int = 0
    request: Mapping[str, Any] | None = None
    picture: str = ""
    endpoint: str = ""
    prompt: str = ""
    size: str = ""
    seed: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def grid(
    request: Mapping[str, Any], x: Axis, y: Axis | None, rewrite: Rewrite
) -> tuple[list[CellOrder], dict[str, Any]]:
    """The cells of a grid, row by row, and its axes with their labels.

    Args:
        request: What all cells share.
        x: What changes from column to column.
        y: What changes from row to row; None is a single row.
        rewrite: Puts a light or a lens into a prompt.

    Raises:
        RequestError: Both axes change the same, one has no values, or there are too many cells.
    """
    if y is not None and x.vary == y.vary:
        raise RequestError(f"Both axes vary the {x.vary}.", "Choose another setting for one of them.")
    rows: Sequence[Any] = y.values if y is not None else ("",)
    if not x.values or not rows:
        raise RequestError("An axis needs at least one value.", "Give the values that should be compared.")
    if len(x.values) * len(rows) > MOST_CELLS:
        raise RequestError(
            f"{len(x.values)} × {len(rows)} are {len(x.values) * len(rows)} pictures.",
            f"A comparison has at most {MOST_CELLS}.",
        )
    cells, columns, sides = [], [""] * len(x.values), [""] * len(rows)
    for row, below in enumerate(rows):
        for column, beside in enumerate(x.values):
            wanted = dict(request)
            # Words go in last: they need to know the prompt and the checkpoint of their own cell.
            changes = [(x, beside, columns, column)] + ([(y, below, sides, row)] if y is not None else [])
            for axis, value, labels, place in sorted(changes, key=lambda change: change[0].vary in WORDS):
                said = _apply(wanted, axis.vary, value, rewrite)
                labels[place] = label_of(axis.labels[place] if place < len(axis.labels) else said)
            label = " · ".join(part for part in (columns[column], sides[row]) if part)
            cells.append(CellOrder(label_of(label), column, row, wanted))
    axes = {"x": {"vary": x.vary, "labels": columns}}
    if y is not None:
        axes["y"] = {"vary": y.vary, "labels": sides}
    return cells, axes


def _apply(wanted: dict[str, Any], vary: str, value: str | float, rewrite: Rewrite) -> str:
    """Change one setting of a request; returns what the value is called."""
    if vary not in get_args(Vary):
        raise RequestError(f"{vary!r} cannot be varied.", f"One of {', '.join(get_args(Vary))} can.")
    if vary in WORDS:
        if value == "":
            return AS_WRITTEN
        wanted["prompt"], called = rewrite(
            vary, str(value), str(wanted.get("prompt", "")), str(wanted.get("checkpoint") or "")
        )
        return called
    if vary == "adapters":
        uses = parse_together(str(value))
        wanted["adapters"] = [use.to_dict() for use in uses]
        return " + ".join(use.called for use in uses) or WITHOUT
    wanted[vary] = value
    if (other := _OVERRULED.get(vary)) is not None:
        wanted.pop(other, None)
    if vary == "negative_method":
        if value == "none":  # else the two would contradict each other
            wanted.pop("negative", None)
        return METHODS.get(str(value), str(value))
    return {"seed": f"seed {value}", "steps": f"{value} steps", "guidance": f"guidance {value}"}.get(
        vary, str(value).replace("x", " × ") if vary == "size" else str(value) or "none"
    )


def label_of(text: str) -> str:
    """A label on one line; too long a one is cut at a word."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if len(line) <= MOST_LABEL:
        return line
    return line[: MOST_LABEL - 1].rsplit(" ", 1)[0].rstrip(",;") + "…"
