"""`Applied`: an adapter beside one picture, with its weight; and the linear layers that look for it.

The weights of a checkpoint are never touched: a layer computes what it always does, and adds the changes of the picture
that is drawn just now. Pictures of one pass may have different adapters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.families.adapters.adapter import Adapter


@dataclass(frozen=True, slots=True)
class Applied:
    """An adapter of one picture at one step.

    Attributes:
        adapter: Where the checkpoint runs, in its type.
        weight: Its weight now; 0 is nothing.
        blocks: Factors by the beginning of a layer's path without the component (`transformer_blocks.0`,
            `single_transformer_blocks`); the longest that fits counts, and 1 where none does.
    """

    adapter: Adapter
    weight: float = 1.0
    blocks: Mapping[str, float] = field(default_factory=dict)
