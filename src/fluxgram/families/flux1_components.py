"""The components of a FLUX.1 checkpoint: made without weights, held against the files' headers and each other.

The classes are diffusers' and transformers' own. Left away is what drawing never touches: the autoencoder's encoder,
and T5's decoder where a file has one. That is exact, not an approximation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import CheckpointDamaged
from fluxgram.families import flux1_processors, layout, weights
from fluxgram.families.blueprint import Blueprint, made, settings_of, shapes_of, weightless
from fluxgram.families.decoding import decoding_half
from fluxgram.families.imports import narrow

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.flux1_text import ClipWords, T5Words

_DIFFERENT = "Its files are of different checkpoints; fetch it again, whole."
_T5_WORDS = ("shared.weight", "encoder.embed_tokens.weight")
"""Two names of one table, of which files hold one or both."""


def transformer(folder: Path, checkpoint: Checkpoint) -> Blueprint:
    """`FluxTransformer2DModel`, which steers by a negative prompt where a pass asks for it.

    Raises:
        CheckpointError: Its files are absent, damaged, or do not go with each other or the table.
    """
    with narrow():
        from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel

    config = layout.read_config(folder, "transformer", "flux1")
    files = layout.weight_files(folder, "transformer")
    module = weightless(
        lambda: FluxTransformer2DModel.from_config(settings_of(config)), folder, "transformer"
    )
    embeds = bool(module.config.guidance_embeds)
    if embeds != checkpoint.embeds_guidance:
        raise CheckpointDamaged(
            f"{folder / 'transformer'} {'embeds' if embeds else 'does not embed'} guidance, "
            f"which the table of {checkpoint.name} denies.",
            "Mend embeds_guidance in its table or in the folder's fluxgram.toml.",
        )
    if sum(module.config.axes_dims_rope) != module.config.attention_head_dim:
        raise CheckpointDamaged(
            f"{folder / 'transformer' / 'config.json'}: axes_dims_rope are not attention_head_dim together.",
            _DIFFERENT,
        )
    weights.check_shapes(files, shapes_of(module))
    flux1_processors.install(module)
    return Blueprint(module, files, lambda name: name, _to)


def autoencoder(folder: Path, checkpoint: Checkpoint) -> Blueprint:
    """The decoding half of `AutoencoderKL`, in channels_last.

    Raises:
        CheckpointError: Its files are absent, damaged, or do not go with each other.
    """
    with narrow():
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    config = layout.read_config(folder, "vae", "flux1")
    files = layout.weight_files(folder, "vae")
    module = weightless(lambda: AutoencoderKL.from_config(settings_of(config)), folder, "vae")
    for key in ("scaling_factor", "shift_factor"):
        value = module.config[key]
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or (key == "scaling_factor" and not value)
        ):
            raise CheckpointDamaged(
                f"{folder / 'vae' / 'config.json'} sets {key} to {value!r}, where FLUX.1 has a number.",
                _DIFFERENT,
            )
    return decoding_half(module, files)


def text_encoder(folder: Path, checkpoint: Checkpoint) -> Blueprint:
    """`CLIPTextModel`, whose pooled vector is read.

    Raises:
        CheckpointError: Its files are absent, damaged, or do not go with each other.
    """
    with narrow():
        from transformers.models.clip.configuration_clip import CLIPTextConfig
        from transformers.models.clip.modeling_clip import CLIPTextModel

    raw = layout.read_config(folder, "text_encoder", "flux1")
    files = layout.weight_files(folder, "text_encoder")
    config = made(lambda: CLIPTextConfig.from_dict(raw), folder, "text_encoder")
    module = weightless(lambda: CLIPTextModel(config), folder, "text_encoder")
    prefix = "text_model." if any(name.startswith("text_model.") for name in _names(files)) else ""
    expected = {prefix + name: shape for name, shape in shapes_of(module).items()}
    weights.check_shapes(files, expected, ignore=_is_positions)
    return Blueprint(
        module, files, lambda name: None if _is_positions(name) else name.removeprefix(prefix), _to
    )


def text_encoder_2(folder: Path, checkpoint: Checkpoint) -> Blueprint:
    """The encoder of T5, whose last hidden state is read.

    In float16 it overflows, so there it runs in bfloat16, the type of the weights that are given out.

    Raises:
        CheckpointError: Its files are absent, damaged, or do not go with each other.
    """
    with narrow():
        from transformers.models.t5.configuration_t5 import T5Config
        from transformers.models.t5.modeling_t5 import T5EncoderModel

    import torch

    raw = layout.read_config(folder, "text_encoder_2", "flux1")
    files = layout.weight_files(folder, "text_encoder_2")
    config = made(lambda: T5Config.from_dict(raw), folder, "text_encoder_2")
    module = weightless(lambda: T5EncoderModel(config), folder, "text_encoder_2")
    del module.shared  # the encoder's own table is the one that is looked into
    target = _T5_WORDS[1]
    expected = shapes_of(module)
    table = expected.pop(target)
    present = [name for name in _T5_WORDS if name in _names(files)] or [_T5_WORDS[0]]
    weights.check_shapes(files, {**expected, **dict.fromkeys(present, table)}, ignore=_is_decoder)

    def name_in_module(name: str) -> str | None:
        if name in _T5_WORDS:
            return target if name == present[0] else None
        return None if _is_decoder(name) else name

    def dtype(placed: torch.dtype) -> torch.dtype:
        return torch.bfloat16 if placed == torch.float16 else placed

    return Blueprint(module, files, name_in_module, _to, dtype)


BLUEPRINTS: dict[str, Callable[[Path, Checkpoint], Blueprint]] = {
    "text_encoder": text_encoder,
    "text_encoder_2": text_encoder_2,
    "transformer": transformer,
    "autoencoder": autoencoder,
}


def check_fit(folder: Path, modules: Mapping[str, Any], clip: ClipWords, t5: T5Words) -> None:
    """Hold the components against each other: each may be whole, and still be of another checkpoint.

    Raises:
        CheckpointDamaged: The sentence names the two numbers that should be one.
    """
    drawing, decoding = modules["transformer"].config, modules["autoencoder"].config
    reading, pooling = modules["text_encoder_2"].config, modules["text_encoder"].config
    packed = 4 * decoding.latent_channels
    equal = (
        (
            "text_encoder_2 gives",
            reading.d_model,
            "transformer reads",
            drawing.joint_attention_dim,
            "channels",
        ),
        (
            "text_encoder pools",
            pooling.hidden_size,
            "transformer reads",
            drawing.pooled_projection_dim,
            "channels",
        ),
        ("vae packs", packed, "transformer takes", drawing.in_channels, "channels a token"),
        (
            "vae packs",
            packed,
            "transformer gives",
            drawing.out_channels or drawing.in_channels,
            "channels a token",
        ),
    )
    for one, has, other, wants, unit in equal:
        if has != wants:
            raise CheckpointDamaged(f"In {folder}, {one} {has} {unit}, where {other} {wants}.", _DIFFERENT)
    enough = (
        ("tokenizer", clip.highest + 1, pooling.vocab_size, "words", "text_encoder"),
        ("tokenizer", clip.length, pooling.max_position_embeddings, "positions", "text_encoder"),
        ("tokenizer_2", t5.highest + 1, reading.vocab_size, "words", "text_encoder_2"),
    )
    for part, has, most, unit, reader in enough:
        if has > most:
            raise CheckpointDamaged(
                f"In {folder}, {part} has {has} {unit}, where {reader} knows {most}.", _DIFFERENT
            )


def _names(files: list[Path]) -> set[str]:
    return {name for path in files for name in weights.read_header(path)}


def _is_positions(name: str) -> bool:
    """Older files keep CLIP's positions, which are counted."""
    return name.endswith("embeddings.position_ids")


def _is_decoder(name: str) -> bool:
    return name.startswith(("decoder.", "lm_head."))


def _to(filled: nn.Module, device: torch.device) -> None:
    """What is computed, not read, goes where the weights are."""
    filled.to(device)
