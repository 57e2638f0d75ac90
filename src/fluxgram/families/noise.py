"""Starting noise by seed, the same numbers on every machine, and noise levels by steps; for every family.

How a family packs noise into tokens, and how far it shifts its levels, is its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fluxgram.errors import RequestError

if TYPE_CHECKING:
    import torch

    from fluxgram.families.checkpoints import Checkpoint


def check_sides(checkpoint: Checkpoint, width: int, height: int) -> None:
    """Refuse a picture between tokens.

    Raises:
        RequestError: A side that is not a multiple of what a token covers.
    """
    multiple = checkpoint.sizes.multiple
    if width < multiple or height < multiple or width % multiple or height % multiple:
        raise RequestError(
            f"{width}x{height} cannot be drawn: sides must be multiples of {multiple}.",
            f"Take {max(1, round(width / multiple)) * multiple}x{max(1, round(height / multiple)) * multiple}.",
        )


def draw(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Normal noise of a shape, drawn on the CPU in float32 by a generator of its own.

    Seeds below 2**32 give the noise of `torch.Generator().manual_seed(seed)`. torch's CPU generator looks at no
    more than these 32 bits, so the upper half of a larger seed draws noise of its own, which is mixed in.
    """
    import torch

    small = torch.Generator().manual_seed(seed & 0xFFFFFFFF)
    noise = torch.randn(shape, generator=small, dtype=torch.float32)
    if seed >> 32:
        other = torch.Generator().manual_seed(seed >> 32)
        torch.randn(shape, generator=other)  # the first draw is that of a small seed
        noise = (noise + torch.randn(shape, generator=other)) * math.sqrt(0.5)
    return noise


def levels(steps: int, shift: float, mu: float | None) -> list[float]:
    """Noise levels from 1 down to 0; `steps + 1` numbers, in float32 as the stock scheduler computes them.

    Args:
        steps: Denoising steps.
        shift: Evenly spaced ones are shifted by it where there is no `mu`; 1 leaves them.
        mu: Exponent of a shift that goes by the picture, or None.
    """
    import numpy as np

    even: Any = np.linspace(1.0, 1 / steps, steps).astype(np.float32)
    if mu is not None:
        shift = math.exp(mu)
        return [*(float(level) for level in shift / (shift + (1 / even - 1))), 0.0]
    return [*(float(level) for level in shift * even / (1 + (shift - 1) * even)), 0.0]
