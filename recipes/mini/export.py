"""Step 5: a training state becomes a checkpoint in diffusers' layout, in bfloat16, in files of at most 15 MB.

    python -m recipes.mini.export STATE FOLDER

Written are the averaged weights. The stock `Flux2KleinPipeline` opens the folder too. The folder's README.md (the
model card) is written by hand and stays.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from diffusers.schedulers import FlowMatchEulerDiscreteScheduler
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedTokenizerFast

from recipes.mini.autoencoder import autoencoder
from recipes.mini.latents import COMPONENTS, PATCH, LatentSpace, load
from recipes.mini.network import transformer
from recipes.mini.text import text_encoder

SHIFT = 2.0
"""Constant shift of the noise levels: with 64 tokens FLUX.2's own rule would leave half of the way to the last step."""
LARGEST = "14MB"
PREVIEW = 4
"""Preview pixels along each side of a token."""
INDEX = {
    "_class_name": "Flux2KleinPipeline",
    "_diffusers_version": "0.42.1",
    "is_distilled": False,
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "Qwen3ForCausalLM"],
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
    "transformer": ["diffusers", "Flux2Transformer2DModel"],
    "vae": ["diffusers", "AutoencoderKLFlux2"],
}


def part(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The tensors under a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


def preview(space: LatentSpace) -> dict[str, torch.Tensor]:
    """The linear map from a token to 4 x 4 pixels: the latent space's own inverse, averaged down.

    Returns:
        `weight` (64, 48) with columns over rows, columns and colours of the pixels, and `bias` (48,), for 0 ... 1.
    """
    per_patch = PREVIEW // 2

    def small(tokens: torch.Tensor) -> torch.Tensor:
        raw = space.restore(nn.functional.pixel_shuffle(tokens.view(-1, 4 * COMPONENTS, 1, 1), 2))
        image = nn.functional.avg_pool2d(space.decode(raw), PATCH // per_patch)
        return (image * 0.5 + 0.5).permute(0, 2, 3, 1).flatten(1)

    bias = small(torch.zeros(1, 4 * COMPONENTS))
    return {"weight": (small(torch.eye(4 * COMPONENTS)) - bias).contiguous(), "bias": bias[0].contiguous()}


def write(state: Path, folder: Path) -> None:
    """Write every component of the checkpoint."""
    average = torch.load(state / "train.pt", map_location="cpu", weights_only=True)["average"]
    space = load(state)
    net, encoder, vae = transformer(), text_encoder(), autoencoder(space)
    net.load_state_dict(part(average, "net."))
    encoder.load_state_dict(part(average, "encoder."))
    vae.load_state_dict(torch.load(state / "autoencoder.pt", weights_only=True))
    for module, name in ((net, "transformer"), (encoder, "text_encoder"), (vae, "vae")):
        statistics = {k: v.clone() for k, v in module.state_dict().items() if k.startswith("bn.")}
        module.to(torch.bfloat16)
        for key, value in statistics.items():
            setattr(module.bn, key.removeprefix("bn."), value)
        for old in (folder / name).glob("*.safetensors*"):
            old.unlink()
        module.save_pretrained(folder / name, max_shard_size=LARGEST)
    PreTrainedTokenizerFast.from_pretrained(state / "tokenizer").save_pretrained(folder / "tokenizer")
    FlowMatchEulerDiscreteScheduler(shift=SHIFT, use_dynamic_shifting=False).save_pretrained(
        folder / "scheduler"
    )
    (folder / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n", encoding="utf-8")
    save_file(preview(space), folder / "preview.safetensors")


def main() -> None:
    """Read the command line and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    write(options.state, options.folder)
    sizes = {p.name: p.stat().st_size for p in options.folder.rglob("*") if p.is_file()}
    print(
        json.dumps(
            {"megabytes": round(sum(sizes.values()) / 1e6, 1), "largest": round(max(sizes.values()) / 1e6, 1)}
        )
    )


if __name__ == "__main__":
    main()
