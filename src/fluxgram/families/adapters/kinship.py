"""What a set of layers belongs to: `FLUX.1`, `FLUX.2 klein 4B`, something else; told from names, widths and numbers.

For the sentence that says why an adapter does not fit, and for looking at one without a checkpoint. A guess decides
nothing: whether an adapter fits is held against the checkpoint tensor by tensor (`reading.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fluxgram.families.adapters.names import bare, flat, text_encoder_of

_FLUX1 = re.compile(
    r"(img|txt)_mod_lin|blocks_\d+_modulation_lin|vector_in|norm1|single_transformer_blocks_\d+_(attn_to_[qkv]$|norm|proj_)"
    r"|ff(_context)?_net_|time_text_embed|processor_(qkv|proj)_lora"
)
_FLUX2 = re.compile(
    r"_stream_modulation|to_qkv_mlp_proj|ff(_context)?_linear_(in|out)|time_guidance_embed"
    r"|single_transformer_blocks_\d+_attn_to_out"
)
_OTHERS = (
    (re.compile(r"distilled_guidance_layer"), "Chroma"),
    (re.compile(r"mode_blocks|image_cond"), "FLUX.3"),
    (re.compile(r"(down|up|mid|input|output|middle)_block"), "Stable Diffusion"),
    (re.compile(r"joint_blocks|joint_transformer"), "Stable Diffusion 3"),
    (re.compile(r"transformer_blocks_\d+_(img|txt)_(mod_1|mlp_net)"), "Qwen-Image"),
    (re.compile(r"^blocks_\d+_(self_attn|cross_attn|ffn)"), "Wan"),
    (re.compile(r"^layers_\d+_(attention|feed_forward|adaLN)"), "Z-Image or Lumina"),
    (re.compile(r"double_stream_blocks|single_stream_blocks"), "HiDream or HunyuanVideo"),
)
_RATIOS = (  # outputs over inputs that only one family has
    (re.compile(r"single_blocks_\d+_linear1$"), {7.0: "FLUX.1", 9.0: "FLUX.2"}),
    (re.compile(r"single_blocks_\d+_linear2$"), {1 / 5: "FLUX.1", 1 / 4: "FLUX.2"}),
    (re.compile(r"double_blocks_\d+_(img|txt)_mlp_0$"), {4.0: "FLUX.1", 6.0: "FLUX.2"}),
    (re.compile(r"double_blocks_\d+_(img|txt)_mlp_2$"), {1 / 4: "FLUX.1", 1 / 3: "FLUX.2"}),
)
_WIDE = re.compile(
    r"(attn_qkv|attn_to_[qkv]|attn_add_[qkv]_proj|attn_proj|attn_to_add_out|attn_to_out_0|linear1|qkv_lora\d?"
    r"|to_qkv_mlp_proj|mlp_0|ff(_context)?_(linear_in|net_0_proj)|proj_mlp|modulation\w*|mod_lin)$"
)
"""Layers that take as many numbers as the transformer is wide."""
_DOUBLE = re.compile(r"^(?:double_blocks|transformer_blocks)_(\d+)_")
_SINGLE = re.compile(r"^single_(?:transformer_)?blocks_(\d+)_")
_NAMED = {
    ("FLUX.2", 3072): "FLUX.2 klein 4B",
    ("FLUX.2", 4096): "FLUX.2 klein 9B",
    ("FLUX.2", 6144): "FLUX.2 dev",
}


@dataclass(frozen=True, slots=True)
class Kin:
    """What layers belong to.

    Attributes:
        name: `FLUX.1`, `FLUX.2 klein 4B`, `FLUX.2`, `Stable Diffusion`, …; empty where it cannot be told.
        family: `FLUX.1`, `FLUX.2`, or empty.
        width: Channels of the transformer; 0 where it cannot be told.
        doubles: Double blocks, as far as layers in them are named.
        singles: Single blocks, likewise.
    """

    name: str
    family: str
    width: int
    doubles: int
    singles: int

    def __str__(self) -> str:
        """With its measures, e.g. `FLUX.1 (width 3072, 19 double blocks)`."""
        measures = [f"width {self.width}"] if self.width else []
        measures += [f"{self.doubles} double block{'s' * (self.doubles != 1)}"] if self.doubles else []
        return f"{self.name or 'something else'}{' (' + ', '.join(measures) + ')' if measures else ''}"


def family_said(metadata: Mapping[str, str]) -> str:
    """The family that a file's maker wrote into it, as kohya's tools and ModelSpec do; empty where nothing is said."""
    for key in ("ss_base_model_version", "modelspec.architecture"):
        if found := re.match(r"flux[-_. ]?([12])(?!\d)", metadata.get(key, "").lower()):
            return f"FLUX.{found[1]}"
    return ""


def kin_of(layers: Mapping[str, tuple[int, ...]]) -> Kin:
    """What layers belong to, by their names (of whatever tool) and their shapes, (out, in), () where unknown."""
    shapes = {bare(flat(name)): shape for name, shape in layers.items() if not text_encoder_of(flat(name))}
    doubles, singles = (1 + max(_numbers(pattern, shapes), default=-1) for pattern in (_DOUBLE, _SINGLE))
    width = max(
        (shape[1] for name, shape in shapes.items() if len(shape) == 2 and _WIDE.search(name)), default=0
    )
    for pattern, name in _OTHERS:
        if any(pattern.search(each) for each in shapes):
            return Kin(name, "", 0, 0, 0)
    family = _family(shapes, width, doubles, singles)
    name = _NAMED.get((family, width), family)
    if not family and (doubles or singles):
        name = "FLUX.1 or FLUX.2"
    return Kin(name, family, width, doubles, singles)


def _family(shapes: Mapping[str, tuple[int, ...]], width: int, doubles: int, singles: int) -> str:
    """By names that only one has, else by proportions, else by numbers."""
    for family, pattern in (("FLUX.2", _FLUX2), ("FLUX.1", _FLUX1)):
        if any(pattern.search(name) for name in shapes):
            return family
    for name, shape in shapes.items():
        for pattern, ratios in _RATIOS:
            if len(shape) == 2 and pattern.search(name) and shape[0] / shape[1] in ratios:
                return ratios[shape[0] / shape[1]]
    if doubles > 8 or (singles > 24 and width == 3072):
        return "FLUX.1"
    return "FLUX.2" if width in (4096, 6144) else ""


def _numbers(pattern: re.Pattern[str], names: Iterable[str]) -> list[int]:
    return [int(found[1]) for name in names if (found := pattern.match(name)) and len(found[1]) < 4]
