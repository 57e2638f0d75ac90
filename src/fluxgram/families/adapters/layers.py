"""The layers of a checkpoint that adapters may change, from its files' headers: no weights, no torch.

What a loaded checkpoint says of itself is `Family.linear_shapes`: the same layers, of text encoders by the names that
the classes in use have for them.
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
                if layer == name or len(shape) != 2 or _TABLES.search(layer):
                    continue
                if part == "transformer" or not _unread(layer, checkpoint):
                    shapes[f"{part}.{layer}"] = shape
    return shapes


def _unread(layer: str, checkpoint: Checkpoint) -> bool:
    """Whether a layer of FLUX.2's text encoder comes after the last that is read: loading leaves it away."""
    block = re.search(r"\blayers\.(\d+)\.", layer)
    return checkpoint.family == "flux2" and block is not None and int(block[1]) >= max(checkpoint.text.layers)
