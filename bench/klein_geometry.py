"""A checkpoint of FLUX.2 klein 4B's width with random weights, few blocks deep, as a folder in diffusers' layout.

Speed does not depend on what the weights are. Widths, heads, text length, head of the language half and the whole
autoencoder are klein's; of the repeated blocks there are as many as the clock needs: `DEPTHS` says how many there
really are, and `klein_cpu.py` scales by that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

LENGTH = 512
"""Text tokens, padded."""


@dataclass(frozen=True, slots=True)
class Depths:
    """How many blocks the real checkpoint has.

    Attributes:
        double: Transformer blocks with streams of their own for text and picture.
        single: Transformer blocks with one stream.
        text: Layers of the text encoder.
        text_read: Layers up to the last hidden state that is read.
    """

    double: int
    single: int
    text: int
    text_read: int


KLEIN_4B = Depths(double=5, single=20, text=36, text_read=27)
TOY = Depths(double=1, single=1, text=4, text_read=3)


def make(folder: Path, *, toy: bool) -> Path:
    """Write the checkpoint.

    Args:
        folder: Made where it is not there; klein's takes about 3 GB.
        toy: The tests' toy instead, a second's work.
    """
    from fluxgram.families.flux2_toy import make_toy

    make_toy(folder, distilled=True, lengths=(LENGTH,))
    if not toy:
        table = folder / "fluxgram.toml"
        words = table.read_text("utf-8").replace("multiple = 32", "multiple = 16")
        table.unlink()  # until all is there
        _write_text_encoder(folder / "text_encoder")
        _write_transformer(folder / "transformer")
        _write_autoencoder(folder / "vae")
        table.write_text(words, encoding="utf-8")
    return folder


def _write_text_encoder(folder: Path) -> None:
    """Qwen3 4B's width, four layers of which three are read."""
    import torch
    from safetensors.torch import save_file
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=151_936, hidden_size=2560, intermediate_size=9728, num_hidden_layers=4, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, max_position_embeddings=40_960, tie_word_embeddings=True,
        pad_token_id=0, rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
    )  # fmt: skip
    config.architectures = ["Qwen3ForCausalLM"]
    config.save_pretrained(folder)
    with torch.device("meta"):
        model = Qwen3ForCausalLM(config).model
    state = {f"model.{name}": tensor for name, tensor in _random(model).items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def _write_transformer(folder: Path) -> None:
    """One double and one single block."""
    import torch
    from diffusers import Flux2Transformer2DModel

    settings: dict[str, Any] = {
        "in_channels": 128, "num_layers": 1, "num_single_layers": 1, "attention_head_dim": 128,
        "num_attention_heads": 24, "joint_attention_dim": 3 * 2560, "guidance_embeds": False,
    }  # fmt: skip
    kind: Any = Flux2Transformer2DModel
    with torch.device("meta"):
        model = kind(**settings)
    _save(model, folder)


def _write_autoencoder(folder: Path) -> None:
    """FLUX.2's, whole: the defaults of its class."""
    from diffusers import AutoencoderKLFlux2

    kind: Any = AutoencoderKLFlux2
    _save(kind(), folder)


def _save(model: Any, folder: Path) -> None:
    from safetensors.torch import save_file

    for old in folder.glob("*.safetensors"):
        old.unlink()
    model.save_config(folder)
    save_file(_random(model), folder / "diffusion_pytorch_model.safetensors", metadata={"format": "pt"})


def _random(model: nn.Module) -> dict[str, torch.Tensor]:
    """Weights in bfloat16 that keep the size of what goes through: the same million of numbers again and again."""
    import torch

    numbers = torch.randn(2**20, generator=torch.Generator().manual_seed(0))
    state = {}
    for name, tensor in model.state_dict().items():
        if tensor.ndim < 2:
            state[name] = torch.full(
                tensor.shape, float(not name.endswith(("bias", "mean"))), dtype=torch.bfloat16
            )
            continue
        scaled = (numbers / math.sqrt(tensor[0].numel())).bfloat16()
        repeats = -(-tensor.numel() // len(numbers))
        state[name] = scaled.repeat(repeats)[: tensor.numel()].view(tensor.shape).clone()
    return state
