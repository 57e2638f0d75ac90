"""Which layer of a checkpoint a file means: every tool's names for layers, brought to diffusers' names.

Two worlds of names exist: diffusers' own, and those of Black Forest Labs' code, where several layers are fused into
one. Both come dotted or with underscores, with and without prefixes. What a checkpoint has decides which is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

_IMAGE = (
    "transformer_blocks.{}.attn.to_q",
    "transformer_blocks.{}.attn.to_k",
    "transformer_blocks.{}.attn.to_v",
)
_TEXT = (
    "transformer_blocks.{}.attn.add_q_proj", "transformer_blocks.{}.attn.add_k_proj",
    "transformer_blocks.{}.attn.add_v_proj",
)  # fmt: skip
_SINGLE = (
    "single_transformer_blocks.{}.attn.to_q", "single_transformer_blocks.{}.attn.to_k",
    "single_transformer_blocks.{}.attn.to_v",
)  # fmt: skip
_BOTH: dict[str, tuple[str, ...]] = {
    "img_in": ("x_embedder",),
    "txt_in": ("context_embedder",),
    "final_layer.linear": ("proj_out",),
    "final_layer.adaLN_modulation.1": ("norm_out.linear",),
    "double_blocks.{}.img_attn.qkv": _IMAGE,
    "double_blocks.{}.txt_attn.qkv": _TEXT,
    "double_blocks.{}.img_attn.proj": ("transformer_blocks.{}.attn.to_out.0",),
    "double_blocks.{}.txt_attn.proj": ("transformer_blocks.{}.attn.to_add_out",),
}
FLUX1: Mapping[str, tuple[str, ...]] = _BOTH | {
    "time_in.in_layer": ("time_text_embed.timestep_embedder.linear_1",),
    "time_in.out_layer": ("time_text_embed.timestep_embedder.linear_2",),
    "guidance_in.in_layer": ("time_text_embed.guidance_embedder.linear_1",),
    "guidance_in.out_layer": ("time_text_embed.guidance_embedder.linear_2",),
    "vector_in.in_layer": ("time_text_embed.text_embedder.linear_1",),
    "vector_in.out_layer": ("time_text_embed.text_embedder.linear_2",),
    "double_blocks.{}.img_mod.lin": ("transformer_blocks.{}.norm1.linear",),
    "double_blocks.{}.txt_mod.lin": ("transformer_blocks.{}.norm1_context.linear",),
    "double_blocks.{}.img_mlp.0": ("transformer_blocks.{}.ff.net.0.proj",),
    "double_blocks.{}.img_mlp.2": ("transformer_blocks.{}.ff.net.2",),
    "double_blocks.{}.txt_mlp.0": ("transformer_blocks.{}.ff_context.net.0.proj",),
    "double_blocks.{}.txt_mlp.2": ("transformer_blocks.{}.ff_context.net.2",),
    "single_blocks.{}.modulation.lin": ("single_transformer_blocks.{}.norm.linear",),
    "single_blocks.{}.linear1": (*_SINGLE, "single_transformer_blocks.{}.proj_mlp"),
    "single_blocks.{}.linear2": ("single_transformer_blocks.{}.proj_out",),
    # XLabs' own: what it adds to the fused layers above; the MLP's rows of `linear1` are left alone.
    "double_blocks.{}.processor.qkv_lora1": _IMAGE,
    "double_blocks.{}.processor.qkv_lora2": _TEXT,
    "double_blocks.{}.processor.proj_lora1": ("transformer_blocks.{}.attn.to_out.0",),
    "double_blocks.{}.processor.proj_lora2": ("transformer_blocks.{}.attn.to_add_out",),
    "single_blocks.{}.processor.qkv_lora": _SINGLE,
    "single_blocks.{}.processor.proj_lora": ("single_transformer_blocks.{}.proj_out",),
}
"""Black Forest Labs' names in FLUX.1, and the layers in diffusers that their rows make up, in order."""
FLUX2: Mapping[str, tuple[str, ...]] = _BOTH | {
    "time_in.in_layer": ("time_guidance_embed.timestep_embedder.linear_1",),
    "time_in.out_layer": ("time_guidance_embed.timestep_embedder.linear_2",),
    "guidance_in.in_layer": ("time_guidance_embed.guidance_embedder.linear_1",),
    "guidance_in.out_layer": ("time_guidance_embed.guidance_embedder.linear_2",),
    "double_stream_modulation_img.lin": ("double_stream_modulation_img.linear",),
    "double_stream_modulation_txt.lin": ("double_stream_modulation_txt.linear",),
    "single_stream_modulation.lin": ("single_stream_modulation.linear",),
    "double_blocks.{}.img_mlp.0": ("transformer_blocks.{}.ff.linear_in",),
    "double_blocks.{}.img_mlp.2": ("transformer_blocks.{}.ff.linear_out",),
    "double_blocks.{}.txt_mlp.0": ("transformer_blocks.{}.ff_context.linear_in",),
    "double_blocks.{}.txt_mlp.2": ("transformer_blocks.{}.ff_context.linear_out",),
    "single_blocks.{}.linear1": ("single_transformer_blocks.{}.attn.to_qkv_mlp_proj",),
    "single_blocks.{}.linear2": ("single_transformer_blocks.{}.attn.to_out",),
}
"""The same in FLUX.2."""
SWAPPED = "final_layer.adaLN_modulation.1"
"""Its rows are (shift, scale), where diffusers' `norm_out.linear` has (scale, shift)."""

_PREFIXES = re.compile(
    r"(?:base_model_model_|lora_unet_|lora_transformer_|lycoris_|(?:model_)?diffusion_model_|unet_|module_"
    r"|transformer_(?!blocks_))+"
)
_TEXT_ENCODER = re.compile(
    r"(?:base_model_model_)?(?:lora_(?P<te>te\d?)_|text_encoders?_(?P<name>2(?=_)|clip_l|t5xxl|qwen3_\w*?b|qwen\w*?)?_?)"
    r"(?:transformer_)?(?:text_encoder_)?(?P<rest>.+)"
)
_INNER = re.compile(r"^(?:(?:text_model|language_model|model|transformer)_)+")
_FIRST, _SECOND = "text_encoder", "text_encoder_2"
_WHICH = {"2": _SECOND, "t5xxl": _SECOND, "te2": _SECOND, "te3": _SECOND}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of a file's layer belong: layers of the checkpoint in the order of the rows.

    Attributes:
        paths: With the component first.
        swapped: The first half of the rows is the second half of the layer's.
    """

    paths: tuple[str, ...]
    swapped: bool = False


class Directory:
    """Finds the layers of one checkpoint by whatever name."""

    def __init__(self, paths: Iterable[str], *, any_text: bool = False) -> None:
        """Take note of the layers.

        Args:
            paths: Of its linear layers, with the component first.
            any_text: Whatever is named as a layer of a text encoder is taken for one.
        """
        self._any_text = any_text
        self._paths = sorted(paths)
        self._known = set(self._paths)
        self._transformer: dict[str, str] = {}
        self._text: dict[tuple[str, str], str] = {}
        for path in self._paths:
            component, _, layer = path.partition(".")
            if component == "transformer":
                self._transformer[flat(layer)] = path
            else:
                self._text[component, _INNER.sub("", flat(layer))] = path

    def place(self, layer: str) -> Place | None:
        """Where a layer of a file belongs, by the file's name for it; None where the checkpoint has no such layer."""
        name = flat(layer)
        if (inner := text_encoder_of(name)) is not None:
            path = self._text.get(inner) or (".".join(inner) if self._any_text else None)
            return Place((path,)) if path else None
        name = bare(name)
        if path := self._transformer.get(name):
            return Place((path,))
        for table in (FLUX1, FLUX2):
            for paths, swapped in translated(name, table):
                whole = tuple(f"transformer.{each}" for each in paths)
                if self._known.issuperset(whole):
                    return Place(whole, swapped)
        return None

    def nearest(self, layer: str) -> tuple[str, ...]:
        """Layers of the checkpoint whose names are near to a name in a file."""
        name = bare(flat(layer))
        wanted = next(
            (paths[0] for table in (FLUX2, FLUX1) for paths, _ in translated(name, table)), name.replace("_", ".")
        )  # fmt: skip
        prefix = "" if text_encoder_of(flat(layer)) else "transformer."
        return tuple(get_close_matches(prefix + wanted, self._paths, n=2, cutoff=0.6))


def flat(name: str) -> str:
    """A name as kohya's tools write it: with underscores for dots."""
    return name.replace(".", "_")


def bare(name: str) -> str:
    """A flat name of a transformer's layer without what tools put before it."""
    name = _PREFIXES.sub("", name, count=1) if _PREFIXES.match(name) else name
    return f"tran{name}" if name.startswith("sformer_blocks_") else name  # so some exports cut it


def text_encoder_of(name: str) -> tuple[str, str] | None:
    """Component and layer of a flat name, without the wrappers' names, where it is a text encoder's."""
    found = _TEXT_ENCODER.fullmatch(name)
    if found is None:
        return None
    component = _WHICH.get(found["te"] or found["name"] or "", _FIRST)
    return component, _INNER.sub("", found["rest"])


def translated(name: str, table: Mapping[str, Sequence[str]]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Diffusers' names for a flat name of Black Forest Labs, and whether its halves are swapped."""
    numbers = re.findall(r"(?<=blocks_)\d+", name)
    pattern = re.sub(r"(?<=blocks_)\d+", "{}", name)
    for original, paths in table.items():
        if flat(original) == pattern:
            yield tuple(path.format(*numbers) for path in paths), original == SWAPPED


def enumerated(table: Mapping[str, Sequence[str]], doubles: int, singles: int) -> Iterator[str]:
    """Paths of all linear layers of a transformer of a family, with so many blocks of each kind."""
    for path in dict.fromkeys(path for paths in table.values() for path in paths):
        count = singles if path.startswith("single_") else doubles if "{}" in path else 1
        yield from (f"transformer.{path.format(number)}" for number in range(count))
