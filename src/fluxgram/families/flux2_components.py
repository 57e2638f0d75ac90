"""The components of a FLUX.2 klein checkpoint: made without weights, held against the files' headers, then filled.

The classes are diffusers' and transformers' own. Left away is what drawing never touches: text-encoder layers after
the last one that is read, its language head, and the autoencoder's encoder. That is exact, not an approximation.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import CheckpointDamaged
from fluxgram.families import flux2_blocks, flux2_processors, layout, weights
from fluxgram.families.blueprint import Blueprint, made, settings_of, shapes_of, weightless
from fluxgram.families.decoding import decoding_half
from fluxgram.families.imports import narrow

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.checkpoints import Checkpoint


def transformer(folder: Path, checkpoint: Checkpoint) -> Blueprint:
    """`Flux2Transformer2DModel` with its rotary tables remembered, its blocks hastened on a CPU, steerable elsewhere.

    Raises:
        CheckpointError: Its files are absent, damaged, or do not go with each other.
    """
    with narrow():
        from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel

    config = layout.read_config(folder, "transformer")
    files = layout.weight_files(folder, "transformer")
    module = weightless(
        lambda: Flux2Transformer2DModel.from_config(settings_of(config)), folder, "transformer"
    )
    if config.get("guidance_embeds"):
        raise CheckpointDamaged(
            f"{folder} embeds guidance, which no klein checkpoint does.", "Name a klein checkpoint."
        )
    weights.check_shapes(files, shapes_of(module))

    def finish(filled: nn.Module, device: torch.device) -> None:
        filled.pos_embed = remembering(filled.get_submodule("pos_embed"))
        if device.type == "cpu":
            flux2_blocks.hasten(filled)
        else:
            flux2_processors.install(filled)

    return Blueprint(module, files, lambda name: name, finish)


def autoencoder(folder: Path, checkpoint: Checkpoint) -> Blueprint:
    """The decoding half of `AutoencoderKLFlux2`, in channels_last.

    Raises:
        CheckpointError: Its files are absent, damaged, or do not go with each other.
    """
    with narrow():
        from diffusers.models.autoencoders.autoencoder_kl_flux2 import AutoencoderKLFlux2

    config = layout.read_config(folder, "vae")
    files = layout.weight_files(folder, "vae")
    module = weightless(lambda: AutoencoderKLFlux2.from_config(settings_of(config)), folder, "vae")
    return decoding_half(module, files)


def text_encoder(folder: Path, checkpoint: Checkpoint) -> Blueprint:
    """`Qwen3Model`, cut after the last layer whose hidden state is read.

    The stock pipeline reads `hidden_states`, of which all but the last are taken before the final norm. So the norm
    goes with the layers that are cut off, and stays where nothing is.

    Raises:
        CheckpointError: Its files are absent, damaged, or do not go with each other.
    """
    with narrow():
        from transformers.models.qwen3.configuration_qwen3 import Qwen3Config
        from transformers.models.qwen3.modeling_qwen3 import Qwen3Model

    import torch

    raw = layout.read_config(folder, "text_encoder")
    files = layout.weight_files(folder, "text_encoder")
    config = made(lambda: Qwen3Config.from_dict(raw), folder, "text_encoder")
    depth, last = config.num_hidden_layers, checkpoint.text.layers[-1]
    if last > depth:
        raise CheckpointDamaged(
            f"{checkpoint.name} reads hidden state {last} of a text encoder with {depth} layers.",
            "Mend text.layers in its table or in the folder's fluxgram.toml.",
        )
    config._attn_implementation = "sdpa"  # noqa: SLF001  (what the stock pipeline gets by default)
    whole = weightless(lambda: Qwen3Model(config), folder, "text_encoder")
    prefix = "model." if "Model" not in (raw.get("architectures") or [""])[0] else ""
    expected = {prefix + name: shape for name, shape in shapes_of(whole).items()}
    weights.check_shapes(files, expected, ignore=lambda name: name == "lm_head.weight")
    whole.layers = whole.layers[:last]
    config.num_hidden_layers = last
    if last < depth:
        whole.norm = torch.nn.Identity()
    needed = set(whole.state_dict())

    def name_in_module(name: str) -> str | None:
        name = name.removeprefix(prefix)
        return name if name in needed else None

    def finish(filled: nn.Module, device: torch.device) -> None:
        filled.rotary_emb.to(device)

    return Blueprint(whole, files, name_in_module, finish)


BLUEPRINTS: dict[str, Callable[[Path, Checkpoint], Blueprint]] = {
    "text_encoder": text_encoder,
    "transformer": transformer,
    "autoencoder": autoencoder,
}


def remembering(inner: nn.Module) -> nn.Module:
    """A module that gives the answer of `inner` again for a tensor of positions that it has seen (the same object).

    FLUX.2's rotary tables depend on the grid alone, yet are computed in float64 at every step.
    """
    import torch

    class Remembering(torch.nn.Module):
        """See `remembering`."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = inner
            self.seen: dict[int, tuple[torch.Tensor, Any]] = {}

        def forward(self, ids: torch.Tensor) -> Any:
            if id(ids) not in self.seen:
                while len(self.seen) >= 32:
                    self.seen.pop(next(iter(self.seen)))
                self.seen[id(ids)] = (ids, self.inner(ids))
            return self.seen[id(ids)][1]

    return Remembering()
