"""What a checkpoint's table may not say: values that its types let through, and tables that it cannot mean.

What a table holds is `checkpoints.py`; its types are held by `tables.py`, where a `base` is followed, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint, Sizes

Fault = Callable[[str, str], Exception]
"""Makes an error of a sentence and a hint."""
_TEMPLATES = {"flux1": "clip+t5", "flux2": "qwen3-chat"}
"""How each family's words become tokens."""


def check(checkpoint: Checkpoint, tables: Mapping[str, Checkpoint], error: Fault) -> None:
    """Hold a table against itself and against those that it names.

    Args:
        checkpoint: The table.
        tables: All tables by name, each with its base in it.
        error: What to raise; the sentence names the table and the key.
    """
    _check_values(checkpoint, error)
    if checkpoint.borrows:
        _check_lender(checkpoint, _named(checkpoint, "borrows", tables, error), error)
    if checkpoint.fast:
        _check_fast(checkpoint, _named(checkpoint, "fast", tables, error), error)


def _named(checkpoint: Checkpoint, key: str, tables: Mapping[str, Checkpoint], error: Fault) -> Checkpoint:
    """The table that a key names."""
    name: str = getattr(checkpoint, key)
    if name in tables:
        return tables[name]
    near = get_close_matches(name, tables, n=3, cutoff=0.0)
    raise error(
        f"The table {checkpoint.name} has {key} = {name!r}, and there is no table of that name.",
        f"Nearest: {', '.join(near)}.",
    )


def _check_lender(checkpoint: Checkpoint, lender: Checkpoint, error: Fault) -> None:
    if lender.borrows or (lender.family, checkpoint.family) != ("flux2", "flux2"):
        raise error(
            f"The table {checkpoint.name} cannot borrow from {lender.name}: both must be of flux2, and what is lent "
            "the lender's own.",
            "Mend `borrows`.",
        )


def _check_fast(checkpoint: Checkpoint, fast: Checkpoint, error: Fault) -> None:
    faults = {
        "that is the table itself": fast.name == checkpoint.name,
        f"that leaves its own drafts to {fast.fast}": bool(fast.fast),
        f"that is of {fast.family} and not of {checkpoint.family}": fast.family != checkpoint.family,
        "that draws other sizes": not _draws(fast.sizes, checkpoint.sizes),
    }
    for fault, present in faults.items():
        if present:
            raise error(
                f"The table {checkpoint.name} cannot have fast = {fast.name!r}: {fault}.",
                'Name another one, or write fast = "", which also undoes that of a base.',
            )


def _draws(sizes: Sizes, wanted: Sizes) -> bool:
    """Whether every size that is wanted can be drawn."""
    if sizes.multiple != wanted.multiple:
        return False
    if sizes.known:
        return bool(wanted.known) and set(wanted.known) <= set(sizes.known)
    return bool(wanted.known) or (sizes.least <= wanted.least and sizes.most >= wanted.most)


def _check_values(checkpoint: Checkpoint, error: Fault) -> None:
    text, sizes = checkpoint.text, checkpoint.sizes
    faults = {
        "steps must have draft, proof and final, each at least 1": (
            set(checkpoint.steps) != {"draft", "proof", "final"} or min(checkpoint.steps.values()) < 1
        ),
        f"text.template must be {' or '.join(_TEMPLATES.values())}": text.template not in _TEMPLATES.values(),
        f"text.template of {checkpoint.family} is {_TEMPLATES.get(checkpoint.family)}": (
            text.template in _TEMPLATES.values()
            and text.template != _TEMPLATES.get(checkpoint.family, text.template)
        ),
        "text.layers must be ascending numbers of at least 0": (
            text.template == "qwen3-chat"
            and (not text.layers or list(text.layers) != sorted(set(text.layers)) or text.layers[0] < 0)
        ),
        "text.layers must be empty for clip+t5": text.template == "clip+t5" and bool(text.layers),
        "text.lengths must be ascending numbers of at least 16": (
            not text.lengths or list(text.lengths) != sorted(set(text.lengths)) or text.lengths[0] < 16
        ),
        "source must begin with embedded:, folder: or hub:": not re.match(
            r"(embedded|folder|hub):.", checkpoint.source
        ),
        "sizes must be multiples of sizes.multiple": (
            sizes.multiple < 1
            or any(side % sizes.multiple for size in (sizes.default, *sizes.known) for side in size)
        ),
        "a distilled checkpoint has guidance = 1": checkpoint.distilled and checkpoint.guidance != 1,
        "schedule.shift must be above 0": not checkpoint.schedule.shift > 0,
        "schedule.tokens must be ascending": checkpoint.schedule.tokens[0] >= checkpoint.schedule.tokens[1],
        "schedule.kind must be linear or shift in flux1, empirical or shift in flux2": checkpoint.schedule.kind
        not in ("shift", "linear" if checkpoint.family == "flux1" else "empirical"),
        "negatives must be of true_cfg, vsf and nag": not set(checkpoint.negatives)
        <= {"true_cfg", "vsf", "nag"},
        "family must be flux1 or flux2": checkpoint.family not in ("flux1", "flux2"),
    }
    for fault, present in faults.items():
        if present:
            raise error(f"The table {checkpoint.name} cannot be: {fault}.", "Mend the table.")
