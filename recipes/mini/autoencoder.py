"""Step 2b: the autoencoder, taught the fixed latent space: the decoder to invert it, then the encoder to produce it.

    python -m recipes.mini.autoencoder decoder POOL STATE --minutes 30
    python -m recipes.mini.autoencoder encoder POOL STATE --minutes 10

The decoder sees latents with a little noise, so that it swallows what the transformer leaves, and is judged by L1 and
structural similarity at three scales (Wang et al. 2003); a patch discriminator joins for the last third of the time.
The latents' statistics stand in the autoencoder's batch norm, as in FLUX.2. Resumes from STATE/autoencoder.pt.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl_flux2 import AutoencoderKLFlux2
from torch import nn
from torch.nn import functional as F

from recipes.mini.latents import COMPONENTS, LatentSpace, load

CROP = 128
BATCH = 8
LEVELS = (16, 32, 64, 128, 128)
NARROW = (8, 16, 32, 64, 64)
"""Channels by resolution, full resolution first, of the decoder and of the encoder."""
NOISE = 0.15
"""Most noise on the decoder's latents, in the transformer's units."""
ADVERSARIAL = 0.02


def autoencoder(space: LatentSpace) -> AutoencoderKLFlux2:
    """FLUX.2's autoencoder with five levels; the latent statistics and the first scaling come from the space."""
    vae = AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 5, up_block_types=("UpDecoderBlock2D",) * 5,
        block_out_channels=NARROW, decoder_block_out_channels=LEVELS, layers_per_block=1,
        latent_channels=COMPONENTS, norm_num_groups=8, sample_size=256, mid_block_add_attention=False,
    )  # fmt: skip
    with torch.no_grad():
        vae.bn.running_mean.copy_(space.mean.repeat_interleave(4))
        vae.bn.running_var.copy_(space.scale.repeat_interleave(4) ** 2 - vae.config.batch_norm_eps)
        vae.post_quant_conv.weight.copy_(torch.diag(1 / space.scale)[:, :, None, None])
        vae.post_quant_conv.bias.copy_(-space.mean / space.scale)
    return vae


class Discriminator(nn.Module):
    """Judges patches of about 34 px (Isola et al. 2017), with spectral norm; used in training only."""

    def __init__(self) -> None:
        super().__init__()
        sizes, layers = (3, 24, 48, 96), []
        for a, b in pairwise(sizes):
            layers += [nn.utils.parametrizations.spectral_norm(nn.Conv2d(a, b, 4, 2, 1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(
            *layers, nn.utils.parametrizations.spectral_norm(nn.Conv2d(96, 1, 3, 1, 1))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, height, width) to patch scores (n, 1, height/8, width/8)."""
        return self.layers(x)


def dissimilarity(a: torch.Tensor, b: torch.Tensor, scales: int = 3) -> torch.Tensor:
    """1 - structural similarity in 7 px windows, averaged over scales; pictures in -1 ... 1."""
    total = torch.zeros(())
    for _ in range(scales):
        mean_a, mean_b = F.avg_pool2d(a, 7, 1), F.avg_pool2d(b, 7, 1)
        var_a, var_b = F.avg_pool2d(a * a, 7, 1) - mean_a**2, F.avg_pool2d(b * b, 7, 1) - mean_b**2
        both = F.avg_pool2d(a * b, 7, 1) - mean_a * mean_b
        c1, c2 = 0.02**2, 0.06**2
        ssim = (
            (2 * mean_a * mean_b + c1)
            * (2 * both + c2)
            / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
        )
        total = total + 1 - ssim.mean()
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return total / scales


class Crops:
    """Random crops of the pool's pictures, on the grid of 16 px patches."""

    def __init__(self, pool: Path, kind: str, seed: int, shards: int = 12) -> None:
        paths = sorted(pool.glob(f"{kind}-*.npz"))[:shards]
        self.pixels = [np.load(path)["pixels"] for path in paths]
        self.rng = np.random.default_rng(seed)

    def draw(self, batch: int, crop: int = CROP) -> torch.Tensor:
        """(batch, crop, crop, 3) uint8."""
        out = []
        for _ in range(batch):
            shard = self.pixels[int(self.rng.integers(len(self.pixels)))]
            image = shard[int(self.rng.integers(len(shard)))]
            y = 16 * int(self.rng.integers((image.shape[0] - crop) // 16 + 1))
            x = 16 * int(self.rng.integers((image.shape[1] - crop) // 16 + 1))
            cut = image[y : y + crop, x : x + crop]
            out.append(cut[:, ::-1] if self.rng.random() < 0.5 else cut)
        return torch.from_numpy(np.stack(out))


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in -1 ... 1."""
    return float(10 * torch.log10(4 / (a - b).pow(2).mean()))


class DecoderLesson:
    """One step: latents with noise in, pictures out, compared with the truth."""

    def __init__(self, vae: AutoencoderKLFlux2, space: LatentSpace) -> None:
        self.vae, self.space, self.judge = vae, space, Discriminator()
        self.parameters = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
        self.judge_optimizer = torch.optim.AdamW(self.judge.parameters(), lr=4e-4, betas=(0.5, 0.9))

    def picture(self, pixels: torch.Tensor, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Decoded and true pictures in -1 ... 1."""
        raw = self.space.encode(pixels)
        strength = noise * torch.rand(len(raw), 1, 1, 1) * self.space.scale.view(1, -1, 1, 1)
        with torch.autocast("cpu", torch.bfloat16):
            out = self.vae.decode(raw + strength * torch.randn_like(raw), return_dict=False)[0]
        return out.float(), pixels.permute(0, 3, 1, 2).float() / 127.5 - 1

    def loss(self, pixels: torch.Tensor, elapsed: float) -> torch.Tensor:
        """L1 and structure; in the last third of the time the discriminator's opinion too."""
        out, truth = self.picture(pixels, NOISE)
        loss = (out - truth).abs().mean() + 0.3 * dissimilarity(out, truth)
        if elapsed < 2 / 3:
            return loss
        real, fake = self.judge(truth), self.judge(out.detach())
        self.judge_optimizer.zero_grad()
        (F.relu(1 - real).mean() + F.relu(1 + fake).mean()).backward()
        self.judge_optimizer.step()
        return loss - ADVERSARIAL * min(1.0, (elapsed - 2 / 3) * 10) * self.judge(out).mean()


class EncoderLesson:
    """One step: pictures in, the fixed latents out."""

    def __init__(self, vae: AutoencoderKLFlux2, space: LatentSpace) -> None:
        self.vae, self.space = vae, space
        self.parameters = [*vae.encoder.parameters(), *vae.quant_conv.parameters()]

    def loss(self, pixels: torch.Tensor, elapsed: float) -> torch.Tensor:
        """Squared error of the latents' means in the transformer's units."""
        del elapsed
        truth = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.autocast("cpu", torch.bfloat16):
            mean = self.vae.encode(truth).latent_dist.mean
        return (
            (self.space.normalise(mean.float()) - self.space.normalise(self.space.encode(pixels)))
            .pow(2)
            .mean()
        )


def train(lesson: DecoderLesson | EncoderLesson, pool: Path, state: Path, minutes: float) -> None:
    """The loop: AdamW, warm-up, rate to zero with time; saves every three minutes."""
    optimizer = torch.optim.AdamW(lesson.parameters, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.0)
    crops, held = Crops(pool, "train", int(time.time())), Crops(pool, "held", 1, 2)
    probe = held.draw(16)
    begun, saved, step, sums = time.monotonic(), time.monotonic(), 0, []
    while (elapsed := (time.monotonic() - begun) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50) * min(1.0, (1 - elapsed) / 0.6)
        loss = lesson.loss(crops.draw(BATCH), elapsed)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(lesson.parameters, 1.0)
        optimizer.step()
        sums.append(loss.item())
        step += 1
        if step % 100 == 0:
            line = {"step": step, "elapsed": round(elapsed, 3), "loss": round(float(np.mean(sums)), 4)}
            if isinstance(lesson, DecoderLesson):
                with torch.no_grad():
                    line["held_out_psnr_db"] = round(psnr(*lesson.picture(probe, 0.0)), 2)
            print(json.dumps(line), flush=True)
            sums = []
        if time.monotonic() - saved > 180:
            torch.save(lesson.vae.state_dict(), state / "autoencoder.pt")
            saved = time.monotonic()
    torch.save(lesson.vae.state_dict(), state / "autoencoder.pt")


def main() -> None:
    """Read the command line and train one half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("half", choices=("decoder", "encoder"))
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    options = parser.parse_args()
    space = load(options.state)
    vae = autoencoder(space).to(memory_format=torch.channels_last)
    if (options.state / "autoencoder.pt").exists():
        vae.load_state_dict(torch.load(options.state / "autoencoder.pt", weights_only=True))
    vae.bn.eval()
    print(
        json.dumps(
            {
                "decoder": sum(p.numel() for p in vae.decoder.parameters()),
                "encoder": sum(p.numel() for p in vae.encoder.parameters()),
            }
        )
    )
    lesson = DecoderLesson(vae, space) if options.half == "decoder" else EncoderLesson(vae, space)
    train(lesson, options.pool, options.state, options.minutes)


if __name__ == "__main__":
    main()
