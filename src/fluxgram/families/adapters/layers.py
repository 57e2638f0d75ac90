"""The layers of a checkpoint that adapters may change, from its files' headers: no weights, no torch.

What a loaded checkpoint says of itself is `Family.linear_shapes`: the same layers, of text encoders by the names that
the classes in use have for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.errors import CheckpointMissing

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings

_PARTS = ("transformer", "text_encoder", "text_encoder_2")
_TABLES = re.compile(r"(^|\.)(embed_tokens|shared|\w*embedding|relative_attention_bias|lm_head)$")
"""Weights with two sides that are no linear layers of drawing."""


@dataclass(frozen=True, slots=True)
class LayerFiles:
    """The files that a checkpoint's layers are in, as they lie there now; equal ones hold the same layers.

    Attributes:
        files: Component, file, and what changes when that is written anew.
        text_layers: Of FLUX.2's text encoder those before this one are read; None where all are.
    """

    files: tuple[tuple[str, Path, int, int], ...]
    text_layers: int | None


def shapes_of(checkpoint: Checkpoint, settings: Settings) -> dict[str, tuple[int, ...]]:
    """Weight shape (out, in) of every linear layer of a checkpoint that is on this machine, by path.

    Raises:
        CheckpointMissing: It is not on this machine.
        CheckpointDamaged: Its files cannot be read.
    """
    return shapes_in(layer_files(checkpoint, settings))


def layer_files(checkpoint: Checkpoint, settings: Settings) -> LayerFiles:
    """The files of a checkpoint that is on this machine; none of them is opened.

    Raises:
        CheckpointMissing: It is not on this machine.
        CheckpointDamaged: Its files cannot be read.
    """
    from fluxgram.families import layout, sources

    if not sources.is_present(checkpoint, settings):
        raise CheckpointMissing(
            f"{checkpoint.name} is not on this machine, so nothing can be held against it.",
            f"Fetch it with `fluxgram checkpoints pull {checkpoint.name}`.",
        )
    files: list[tuple[str, Path, int, int]] = []
    for part in _PARTS:
        folder = sources.place_of(part, checkpoint, settings)
        if not (folder / part).is_dir():
            continue
        for path in layout.weight_files(folder, part):
            stat = path.stat()
            files.append((part, path, stat.st_mtime_ns, stat.st_size))
    return LayerFiles(tuple(files), max(checkpoint.text.layers) if checkpoint.family == "flux2" else None)


def shapes_in(found: LayerFiles) -> dict[str, tuple[int, ...]]:
    """Weight shape (out, in) of every linear layer in some files, by path.

    Raises:
        CheckpointMissing: One is gone.
        CheckpointDamaged: One cannot be read.
    """
    from fluxgram.families.weights import read_header

    shapes: dict[str, tuple[int, ...]] = {}
    for part, path, _, _ in found.files:
        for name, shape in read_header(path).items():
            layer = name.removesuffix(".weight")
            if layer == name or len(shape) != 2 or _TABLES.search(layer):
                continue
            if part == "transformer" or not _unread(layer, found.text_layers):
                shapes[f"{part}.{layer}"] = shape
    return shapes


def _unread(layer: str, read: int | None) -> bool:
    """Whether a layer of a text encoder comes after the last that is read: loading leaves it away."""
    block = re.search(r"\blayers\.(\d+)\.", layer)
    return read is not None and block is not None and int(block[1]) >= read
