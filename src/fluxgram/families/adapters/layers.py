"""The layers of a checkpoint that adapters may change, from its files' headers: no weights, no torch.

What a loaded checkpoint says of itself is `Family.linear_shapes`; the transformer's layers are the same ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fluxgram.errors import CheckpointMissing

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings

_PARTS = ("transformer", "text_encoder", "text_encoder_2")
_TABLES = re.compile(r"(^|\.)(embed_tokens|shared|\w*embedding|relative_attention_bias|lm_head)$")
"""Weights with two sides that are no linear layers of drawing."""


def shapes_of(checkpoint: Checkpoint, settings: Settings) -> dict[str, tuple[int, ...]]:
    """Weight shape (out, in) of every linear layer of a checkpoint that is on this machine, by path.

    Raises:
        CheckpointMissing: It is not on this machine.
        CheckpointDamaged: Its files cannot be read.
    """
    from fluxgram.families import layout, sources
    from fluxgram.families.weights import read_header

    if not sources.is_present(checkpoint, settings):
        raise CheckpointMissing(
            f"{checkpoint.name} is not on this machine, so nothing can be held against it.",
            f"Fetch it with `fluxgram checkpoints pull {checkpoint.name}`.",
        )
    shapes: dict[str, tuple[int, ...]] = {}
    for part in _PARTS:
        folder = sources.place_of(part, checkpoint, settings)
        if not (folder / part).is_dir():
            continue
        for path in layout.weight_files(folder, part):
            for name, shape in read_header(path).items():
                layer = name.removesuffix(".weight")
                if layer != name and len(shape) == 2 and not _TABLES.search(layer):
                    shapes[f"{part}.{layer}"] = shape
    return shapes
