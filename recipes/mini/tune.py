"""Step 11: adapters for fluxgram-mini: a portrait tune and styles, as LoRA files in diffusers' form.

    python -m recipes.mini.tune POOL STATE BASE OUT.safetensors --choose portrait --work WORK --minutes 30

The chosen part of the pool (`tune_choice.py`) teaches in two ways. Flow matching alone would only go on as the base was
trained. So the base first draws the same captions itself, and the adapter learns to make the renders likelier and the
base's own pictures less likely than the base does: direct discriminative optimization (Zheng et al. 2025,
arXiv 2503.01103), the likelihood's ratio being read off the errors of the velocity as in Diffusion-DPO (Wallace et al.
2023) and SPIN (Yuan et al. 2024). Everything but the low-rank matrices is frozen. A further round (`--after`) has the
tuned base for its rival; its file holds both. Resumes from WORK. How the result is held against its base is
`tune_report.py`.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

from recipes.mini.network import Rotary, rotary, velocity
from recipes.mini.text import LAYERS, LENGTHS, hidden_states, tokenize
from recipes.mini.tune_choice import CHOICES, Choice, Chosen, read_chosen

RANK = 16
RATE = 1e-3
SHARPNESS = 150.0
"""Of the discrimination: what the difference of two mean errors is multiplied with."""
FLOW = 1.0
"""Weight of plain flow matching beside it."""
TIME_MEAN = -0.2
"""Mean of the logit-normal times: below the base's, because eyes and skin are decided late."""
DROPOUT = 0.1
EMA = 0.98
STEPS, SHIFT, GUIDANCE = 10, 2.0, 2.0
"""How the base draws its own pictures: steps, shift of the noise levels, guidance."""
TALL = 0.3
"""Share of batches that are 256x384."""


class LowRank(nn.Module):
    """A frozen linear layer and a low-rank path beside it: W x + on * B A x (Hu et al. 2021), alpha being the rank."""

    def __init__(self, layer: nn.Linear, rank: int, on: torch.Tensor) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.empty(rank, layer.in_features))
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        self.register_buffer("on", on, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., in) to (..., out)."""
        return self.layer(x) + self.on * F.linear(F.linear(x, self.down), self.up)


class Tuned(nn.Module):
    """A transformer with low-rank paths in the attention and feed-forward layers of its blocks."""

    def __init__(self, net: Flux2Transformer2DModel, rank: int = RANK) -> None:
        super().__init__()
        self.net = net.requires_grad_(False)
        self.on = torch.ones(())
        self.paths: dict[str, LowRank] = {}
        names = [
            name
            for name, layer in net.named_modules()
            if isinstance(layer, nn.Linear) and "transformer_blocks." in name
        ]
        for name in names:
            above, _, last = name.rpartition(".")
            path = LowRank(net.get_submodule(name), rank, self.on)
            setattr(net.get_submodule(above), last, path)
            self.paths[name] = path

    def forward(self, x: torch.Tensor, t: torch.Tensor, text: torch.Tensor, tables: Rotary) -> torch.Tensor:
        """Velocity of noisy latents, as `network.velocity`."""
        return velocity(self.net, x, t, text, tables)[0]

    def matrices(self) -> list[nn.Parameter]:
        """What is trained."""
        return [each for path in self.paths.values() for each in (path.down, path.up)]

    def switch(self, on: bool) -> None:
        """With the adapter, or the base alone."""
        self.on.fill_(float(on))

    def tensors(self, values: list[torch.Tensor] | None = None) -> dict[str, torch.Tensor]:
        """The file's tensors in bfloat16: `transformer.LAYER.lora_A.weight` (rank, in) and `lora_B` (out, rank)."""
        found = {}
        rest = iter(values or [p.data for p in self.matrices()])
        for name in self.paths:
            found[f"transformer.{name}.lora_A.weight"] = next(rest).to(torch.bfloat16).contiguous()
            found[f"transformer.{name}.lora_B.weight"] = next(rest).to(torch.bfloat16).contiguous()
        return found


class Words:
    """The base's text encoder, frozen."""

    def __init__(self, base: Path) -> None:
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(base / "tokenizer")
        self.encoder = Qwen3ForCausalLM.from_pretrained(base / "text_encoder", dtype=torch.float32).eval()
        self.length = LENGTHS[0]

    def fits(self, text: str) -> bool:
        """Whether it is read whole."""
        return len(self.tokenizer(text)["input_ids"]) <= self.length - 2

    @torch.no_grad()
    def __call__(self, texts: list[str]) -> torch.Tensor:
        """(texts, tokens, 576)."""
        ids, mask = tokenize(self.tokenizer, texts, self.length)
        with torch.autocast("cpu", torch.bfloat16):
            states = hidden_states(self.encoder, ids, mask)
        return torch.stack([states[layer] for layer in LAYERS], 2).flatten(2).float()


def levels(steps: int, shift: float) -> list[float]:
    """Noise levels from 1 to 0, shifted as the checkpoint's table says."""
    plain = np.linspace(1, 0, steps + 1)
    return [float(shift * x / (1 + (shift - 1) * x)) for x in plain]


@torch.no_grad()
def draw(
    run: Callable[..., torch.Tensor],
    noise: torch.Tensor,
    text: torch.Tensor,
    empty: torch.Tensor,
    tables: Rotary,
) -> torch.Tensor:
    """Euler steps with classifier-free guidance from noise (n, tokens, 64) to latents."""
    x, both = noise, torch.cat([text, empty.expand_as(text)])
    ladder = levels(STEPS, SHIFT)
    for now, later in pairwise(ladder):
        t = torch.full((2 * len(x),), now)
        with torch.autocast("cpu", torch.bfloat16):
            asked, free = run(torch.cat([x, x]), t, both, tables).float().chunk(2)
        x = x + (later - now) * (free + GUIDANCE * (asked - free))
    return x


class Trainer:
    """The loop, its clock and its state on disk."""

    def __init__(self, options: argparse.Namespace) -> None:
        torch.manual_seed(options.seed)
        self.options = options
        self.choice: Choice = CHOICES[options.choose]
        net = Flux2Transformer2DModel.from_pretrained(options.base / "transformer", torch_dtype=torch.float32)
        self.words = Words(options.base)
        self.empty = self.words([""])
        self.tables = {
            shape: rotary(net, self.words.length, rows, 8) for shape, rows in (("square", 8), ("tall", 12))
        }
        self.earlier = read_earlier(options.after, options.after_weight)
        fold(net, self.earlier)
        self.tuned = Tuned(net, options.rank)
        self.run_net = torch.compile(self.tuned, dynamic=False) if options.compile else self.tuned
        self.rng = np.random.default_rng(options.seed)
        self.noise = torch.Generator().manual_seed(options.seed)
        self.chosen = read_chosen(
            options.pool, options.state, self.choice, self.words.fits, self.rng, options.most
        )
        self.optimizer = torch.optim.AdamW(self.tuned.matrices(), lr=options.rate, weight_decay=0.01)
        self.average = [p.detach().clone() for p in self.tuned.matrices()]
        self.step, self.seconds = 0, 0.0
        self.rivals = {shape: self._rivals(shape, chosen) for shape, chosen in self.chosen.items()}
        self._resume()

    def _rivals(self, shape: str, chosen: Chosen) -> torch.Tensor:
        """What the base draws for the same captions, (pictures, tokens, 64); kept in WORK."""
        path = self.options.work / f"rivals-{self.options.choose}-{shape}.npy"
        if path.exists() and len(kept := np.load(path)) == len(chosen.asked):
            return torch.from_numpy(kept)
        self.tuned.switch(False)
        found = []
        rows = self.options.rows  # twice as many go through a pass, as in training: one shape to compile
        for first in range(0, len(chosen.asked), rows):
            asked = chosen.asked[first : first + rows]
            text = self.words(asked + [""] * (rows - len(asked)))
            noise = torch.randn(rows, *chosen.latents.shape[1:], generator=self.noise)
            found.append(draw(self.run_net, noise, text, self.empty, self.tables[shape])[: len(asked)].half())
        rivals = torch.cat(found)
        np.save(path, rivals.numpy())
        return rivals

    def batch(self) -> dict[str, Any]:
        """Renders and the base's pictures of the same captions, under the same noise and time."""
        shape = "tall" if "tall" in self.chosen and self.rng.random() < TALL else "square"
        chosen, rows = self.chosen[shape], self.options.rows
        picked = torch.from_numpy(self.rng.integers(len(chosen.asked), size=rows))
        texts = [chosen.asked[i] if self.rng.random() >= DROPOUT else "" for i in picked.tolist()]
        t = torch.sigmoid(torch.randn(rows, generator=self.noise) + TIME_MEAN)
        x = torch.cat([chosen.latents[picked], self.rivals[shape][picked]]).float()
        noise = torch.randn(rows, *x.shape[1:], generator=self.noise)
        weights = chosen.weights[picked]
        text = self.words(texts)
        return {
            "x": x, "noise": torch.cat([noise, noise]), "t": torch.cat([t, t]), "text": torch.cat([text, text]),
            "weights": torch.cat([weights, weights]), "tables": self.tables[shape],
        }  # fmt: skip

    def _errors(self, batch: dict[str, Any]) -> torch.Tensor:
        """Weighted mean error of the velocity of each row."""
        t = batch["t"][:, None, None]
        noisy = (1 - t) * batch["x"] + t * batch["noise"]
        with torch.autocast("cpu", torch.bfloat16):
            v = self.run_net(noisy, batch["t"], batch["text"], batch["tables"])
        error = (v.float() - (batch["noise"] - batch["x"])).pow(2).mean(-1)
        return (error * batch["weights"]).mean(-1)

    def advance(self) -> np.ndarray:
        """One step; gives the loss, plain flow, and by how much renders became likelier and rivals less so."""
        elapsed = self.seconds / (60 * self.options.minutes)
        for group in self.optimizer.param_groups:
            group["lr"] = (
                self.options.rate * min(1, (self.step + 1) / 30) * min(1.0, max(0.02, (1 - elapsed) / 0.5))
            )
        batch = self.batch()
        self.tuned.switch(False)
        with torch.no_grad():
            before = self._errors(batch)
        self.tuned.switch(True)
        now = self._errors(batch)
        real, rival = (now - before).chunk(2)
        sharpness = self.options.sharpness
        told = (F.softplus(sharpness * real) + F.softplus(-sharpness * rival)).mean() / sharpness
        flow = now.chunk(2)[0].mean()
        loss = told * self.options.tell + self.options.flow * flow
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.tuned.matrices(), 1.0)
        self.optimizer.step()
        self.step += 1
        for kept, value in zip(self.average, self.tuned.matrices(), strict=True):
            kept.lerp_(value.detach(), 1 - min(EMA, (1 + self.step) / (10 + self.step)))
        return np.array([told.item() * sharpness, flow.item(), real.mean().item(), rival.mean().item()])

    def run(self) -> None:
        """Train for the minutes that are left, telling a line every 25 steps and saving every two minutes."""
        sums, since, saved = np.zeros(4), 0, time.monotonic()
        while self.seconds < 60 * self.options.minutes:
            begun = time.monotonic()
            sums += self.advance()
            self.seconds += min(30.0, time.monotonic() - begun)  # what compiling takes is not training
            since += 1
            if self.step % 25 == 0:
                told, flow, real, rival = (round(float(v), 4) for v in sums / since)
                line = {"step": self.step, "minutes": round(self.seconds / 60, 1), "told": told, "flow": flow}
                print(json.dumps(line | {"renders": real, "rivals": rival}), flush=True)
                sums, since = np.zeros(4), 0
            if time.monotonic() - saved > 120:
                self.save()
                saved = time.monotonic()
        self.save()

    @property
    def _path(self) -> Path:
        path: Path = self.options.work / f"tune-{self.options.choose}.pt"
        return path

    def _resume(self) -> None:
        if not self._path.exists():
            return
        kept = torch.load(self._path, weights_only=True)
        for value, stored in zip(self.tuned.matrices(), kept["matrices"], strict=True):
            value.data.copy_(stored)
        self.average, self.step, self.seconds = kept["average"], kept["step"], kept["seconds"]
        self.optimizer.load_state_dict(kept["optimizer"])

    def save(self) -> None:
        """Write the state and the adapter, each under a temporary name and renamed."""
        state = {
            "matrices": [p.data for p in self.tuned.matrices()],
            "average": self.average,
            "step": self.step,
        }
        state |= {"seconds": self.seconds, "optimizer": self.optimizer.state_dict()}
        torch.save(state, self._path.with_suffix(".tmp"))
        self._path.with_suffix(".tmp").replace(self._path)
        tensors = joined(self.earlier, self.tuned.tensors(self.average))
        write(tensors, self.options)


def read_earlier(path: Path | None, weight: float) -> dict[str, torch.Tensor]:
    """The tensors of an adapter of an earlier round at a weight; none without one."""
    tensors = load_file(path) if path else {}
    return {name: each * weight if ".lora_B." in name else each for name, each in tensors.items()}


def fold(net: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Add an adapter to the weights, so that the next round begins where it ended."""
    for name, down in tensors.items():
        if ".lora_A." in name:
            up = tensors[name.replace(".lora_A.", ".lora_B.")]
            layer = net.get_submodule(name.removeprefix("transformer.").removesuffix(".lora_A.weight"))
            layer.weight.data += up.float() @ down.float()


def joined(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Two adapters of the same layers as one, whose rank is the sum of theirs."""
    return {
        name: torch.cat([first[name], each], 0 if ".lora_A." in name else 1) if first else each
        for name, each in second.items()
    }


def write(tensors: dict[str, torch.Tensor], options: argparse.Namespace) -> None:
    """The adapter's file: diffusers' names, and metadata that says how it was made."""
    rank = str(len(next(each for name, each in tensors.items() if ".lora_A." in name)))
    about = {
        "format": "pt", "base": options.base.name, "rank": rank, "alpha": rank,
        "recipe": f"recipes.mini.tune --choose {options.choose}", "licence": "Apache-2.0",
        "words": CHOICES[options.choose].trigger,
    }  # fmt: skip
    temporary = options.out.with_suffix(".tmp")
    save_file(tensors, temporary, about)
    temporary.replace(options.out)


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pool", "state", "base", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--choose", choices=sorted(CHOICES), default="portrait")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rank", type=int, default=RANK)
    parser.add_argument("--rows", type=int, default=12, help="renders of a step, and as many rivals")
    parser.add_argument("--after", type=Path, help="adapter of an earlier round, which this one goes on from")
    parser.add_argument("--after-weight", type=float, default=1.0)
    parser.add_argument("--most", type=int, default=900, help="most pictures; a third as many tall ones")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--sharpness", type=float, default=SHARPNESS)
    parser.add_argument(
        "--tell", type=float, default=1.0, help="weight of the discrimination; 0: flow matching alone"
    )
    parser.add_argument("--flow", type=float, default=FLOW)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    return parser


def main() -> None:
    """Read the command line and train."""
    options = arguments().parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    Trainer(options).run()


if __name__ == "__main__":
    main()
