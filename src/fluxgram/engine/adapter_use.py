"""`AdapterUse`: an adapter that a request asks for, with its weight, and how people write that.

Nothing is opened here. What becomes of it is `fluxgram.families.adapters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """An adapter that a request asks for.

    Attributes:
        source: Name of an adapter that was added, a file (.safetensors), a hub id `owner/repo[/file]`.
        weight: Its weight, -4 … 4; 1 as it was made.
        steps: Share of the steps in which it works, from and to, 0 … 1.
        blocks: Factors by blocks: `double`, `single`, `double.3`, `single.0-9`, or the beginning of a layer's path.
    """

    source: str
    weight: float = 1.0
    steps: tuple[float, float] = (0.0, 1.0)
    blocks: Mapping[str, float] = field(default_factory=dict)
