"""Step 4: the transformer and the text encoder, trained together on the pool.

    python -m recipes.mini.train POOL STATE --minutes 90 [--ranks 2] [--device cuda]

Rectified flow on the fixed latents: x_t = (1 - t) x_0 + t e, target e - x_0 (Liu et al. 2022; Esser et al. 2024), with
logit-normal times and a share of times near 1, where the side of the light is decided. A picture and its mirror image
go through with the same noise and time and captions that differ in left and right. Muon on the blocks' matrices, AdamW
on the rest, an exponential moving average of the weights. Resumes from STATE/train.pt; the learning rate falls to zero
over the last quarter of `--minutes`, so give the whole time you have. Faces weigh three times what is around them.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from transformers import PreTrainedTokenizerFast

from recipes.mini.captions import prefer_side, season
from recipes.mini.labels import UNKNOWN, label, mirrored
from recipes.mini.network import CELLS, Geometry, Rotary, rotary, transformer, velocity
from recipes.mini.text import (
    LAYERS,
    LENGTHS,
    Reader,
    hidden_states,
    name_attributes,
    naming_loss,
    text_encoder,
    tokenize,
)

PAIRS = 8
"""Pictures a step and process; each comes with its mirror image."""
DROPOUT = 0.1
TIME_SHIFT = 0.1
NEAR_ONE = 0.1
"""Times are logit-normal around this mean, and this share of them is drawn evenly from 0.9 ... 1."""
FACE = 3.0
"""Weight of a token in the face against one outside it: a face is a fifth of the picture, and what people look at."""
WEIGHTS = (1.0, 0.5, 0.01, 0.0)
"""Of the velocity, the geometry, the naming (a sum over 16 attributes), and the velocity without the faces' weight."""
RATE, RATE_REST = 2e-3, 1e-3
EMA = 0.9985


class Studio(nn.Module):
    """Everything that is trained here."""

    def __init__(self) -> None:
        super().__init__()
        reader = Reader(text_encoder())
        self.encoder, self.heads = reader.encoder, reader.heads
        self.net = transformer()
        self.geometry = Geometry()

    def forward(
        self, x: torch.Tensor, t: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor, tables: Rotary
    ) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        """Velocity and geometry of noisy latents, and what the text encoder read."""
        states = hidden_states(self.encoder, ids, mask)
        text = torch.stack([states[layer] for layer in LAYERS], 2).flatten(2)
        v, tap = velocity(self.net, x, t, text, tables)
        return v, self.geometry(tap), name_attributes(self.heads, states, mask)


@dataclass
class Shard:
    """Pictures of one size: `latents` (n, 2, tokens, 64), `cells` (n, 2, tokens, 20), `weights` (n, 2, tokens),
    `labels` (n, 2, attributes), `captions` [n][2][...]; the second of each pair is the mirror image.
    """

    latents: np.ndarray
    cells: np.ndarray
    weights: np.ndarray
    labels: np.ndarray
    captions: list[tuple[list[str], list[str]]]


def cells_of_tokens(geometry: np.ndarray) -> np.ndarray:
    """(n, rows, columns, 5) uint8 to both orientations of 2 x 2 cells a token, (n, 2, tokens, 20) in -1 ... 1."""
    plain = geometry.astype(np.float32) / 127.5 - 1
    mirrored = plain[:, :, ::-1] * np.array([-1, 1, 1, 1, 1], np.float32)
    both = np.stack([plain, mirrored], 1)
    n, _, rows, columns, parts = both.shape
    grouped = both.reshape(n, 2, rows // 2, 2, columns // 2, 2, parts).transpose(0, 1, 2, 4, 3, 5, 6)
    return grouped.reshape(n, 2, rows * columns // 4, CELLS).astype(np.float16)


def weights_of_tokens(face_box: Sequence[float], rows: int, columns: int) -> np.ndarray:
    """Weights of tokens of 32 px by how much of each lies in the face (left, top, right, bottom in px).

    Returns:
        (2, rows * columns), 1 ... `FACE` divided by their mean: as it is, and mirrored.
    """
    left, top, right, bottom = (edge / 32 for edge in face_box)
    down = np.clip(np.minimum(bottom, np.arange(rows) + 1) - np.maximum(top, np.arange(rows)), 0, 1)
    across = np.clip(np.minimum(right, np.arange(columns) + 1) - np.maximum(left, np.arange(columns)), 0, 1)
    plain = 1 + (FACE - 1) * down[:, None] * across[None]
    plain /= plain.mean()
    return np.stack([plain, plain[:, ::-1]]).reshape(2, -1).astype(np.float32)


def read_pool(pool: Path, state: Path, kind: str) -> dict[str, list[Shard]]:
    """All shards of a kind that have latents, by shape (`square`, `tall`)."""
    shards: dict[str, list[Shard]] = {"square": [], "tall": []}
    for path in sorted((state / "latents").glob(f"{kind}-*.npy")):
        with np.load(pool / f"{path.stem}.npz") as file:
            facts = [json.loads(line) for line in file["facts"]]
            cells = cells_of_tokens(file["geometry"])
            rows, columns = (edge // 32 for edge in file["pixels"].shape[1:3])
        captions = [(fact["captions"], fact["mirrored"]) for fact in facts]
        labels = np.array([[label(fact["info"]), label(mirrored(fact["info"]))] for fact in facts])
        weights = np.stack([weights_of_tokens(fact["info"]["face_box"], rows, columns) for fact in facts])
        shards[path.stem.split("-")[-1]].append(Shard(np.load(path), cells, weights, labels, captions))
    return shards


class Batches:
    """Draws batches of picture pairs with captions."""

    def __init__(self, shards: dict[str, list[Shard]], tokenizer: PreTrainedTokenizerFast, seed: int) -> None:
        self.shards, self.tokenizer = shards, tokenizer
        self.rng = np.random.default_rng(seed)
        self.noise = torch.Generator().manual_seed(seed)

    def draw(self, pairs: int = PAIRS) -> dict[str, Any]:
        """Tensors of one batch: latents, cells, weights, labels, ids, mask, t, noise, and the shape's name."""
        rng = self.rng
        shape = "tall" if self.shards["tall"] and rng.random() < 0.2 else "square"
        long = shape == "square" and rng.random() < 0.06  # three shapes to compile, not four
        latents, cells, weights, labels, texts = [], [], [], [], []
        for _ in range(pairs):
            shard = self.shards[shape][int(rng.integers(len(self.shards[shape])))]
            index = int(rng.integers(len(shard.latents)))
            latents.append(shard.latents[index])
            cells.append(shard.cells[index])
            weights.append(shard.weights[index])
            labels.append(shard.labels[index])
            texts += [self._caption(side, long) for side in shard.captions[index]]
        ids, mask = tokenize(self.tokenizer, texts, LENGTHS[1] if long else LENGTHS[0])
        x = torch.from_numpy(np.concatenate(latents)).float()
        t = torch.sigmoid(torch.randn(pairs, generator=self.noise) + TIME_SHIFT)
        near_one = torch.rand(pairs, generator=self.noise) < NEAR_ONE
        t = torch.where(near_one, 0.9 + 0.1 * torch.rand(pairs, generator=self.noise), t).repeat_interleave(2)
        noise = torch.randn(pairs, *x.shape[1:], generator=self.noise).repeat_interleave(2, 0)
        answers = torch.from_numpy(np.concatenate(labels)).clone()
        answers[torch.tensor([not text for text in texts])] = UNKNOWN
        lessons = {"cells": torch.from_numpy(np.concatenate(cells)).float(), "labels": answers}
        lessons["weights"] = torch.from_numpy(np.concatenate(weights))
        return {"x": x, "ids": ids, "mask": mask, "t": t, "noise": noise, "shape": shape} | lessons

    def _caption(self, captions: list[str], long: bool) -> str:
        if self.rng.random() < DROPOUT:
            return ""
        text = season(prefer_side(captions, self.rng), self.rng)
        if long:
            return season(season(text, self.rng), self.rng)
        fits = len(self.tokenizer(text)["input_ids"]) <= LENGTHS[0] - 2
        return text if fits else min(captions, key=len)


def losses(studio: nn.Module, batch: dict[str, Any], tables: Rotary) -> torch.Tensor:
    """Weighted error of the velocity, smooth L1 of the geometry, cross-entropy of the naming, plain error; (4,)."""
    t = batch["t"][:, None, None]
    x_t = (1 - t) * batch["x"] + t * batch["noise"]
    with torch.autocast(x_t.device.type, torch.bfloat16):
        v, cells, named = studio(x_t, batch["t"], batch["ids"], batch["mask"], tables)
    error = (v.float() - (batch["noise"] - batch["x"])).pow(2).mean(-1)
    flow = (error * batch["weights"]).mean()
    geometry = nn.functional.smooth_l1_loss(cells.float(), batch["cells"], beta=0.1)
    return torch.stack([flow, geometry, naming_loss(named, batch["labels"]), error.mean()])


def optimizers(studio: Studio) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks of both networks, AdamW for everything else."""
    blocks = [
        *studio.net.transformer_blocks,
        *studio.net.single_transformer_blocks,
        *studio.encoder.model.layers,
    ]
    matrices = [p for block in blocks for p in block.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in studio.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=RATE, momentum=0.95, weight_decay=0.02, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=RATE_REST, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def share_gradients(studio: nn.Module, seconds: float, ranks: int) -> float:
    """Average the gradients over the processes, and their clocks, so that all of them end together."""
    gradients = [p.grad for p in studio.parameters() if p.grad is not None]
    flat = torch.cat([*(g.flatten() for g in gradients), torch.tensor([seconds])])
    dist.all_reduce(flat)
    flat /= ranks
    *parts, clock = flat.split([g.numel() for g in gradients] + [1])
    for g, part in zip(gradients, parts, strict=True):
        g.copy_(part.view_as(g))
    return float(clock)


def rate(elapsed: float, step: int) -> float:
    """Learning rate factor: warm-up, constant, and down to zero over the last quarter of the time."""
    return min(1.0, (step + 1) / 100) * min(1.0, max(0.0, (1 - elapsed) / 0.25))


class Trainer:
    """The loop, its clock and its state on disk."""

    def __init__(self, options: argparse.Namespace, rank: int) -> None:
        self.options, self.rank = options, rank
        tokenizer = PreTrainedTokenizerFast.from_pretrained(options.state / "tokenizer")
        torch.manual_seed(0)
        self.studio = Studio().to(options.device)
        if (taught := options.state / "reader.pt").exists():
            self.studio.load_state_dict(torch.load(taught, weights_only=True), strict=False)
        self.average = {k: v.detach().clone() for k, v in self.studio.state_dict().items()}
        self.optimizers = optimizers(self.studio)
        self.step, self.seconds, self.last = 0, 0.0, 0.0
        self._resume()
        self.tokenizer = tokenizer
        self.seed = 1000 * self.step + rank
        self.batches = Batches(read_pool(options.pool, options.state, "train"), tokenizer, self.seed)
        self.held = Batches(read_pool(options.pool, options.state, "held"), tokenizer, 7)
        net = self.studio.net
        self.tables = {
            (shape, length): tuple(t.to(options.device) for t in rotary(net, length, rows, columns))
            for shape, (rows, columns) in {"square": (8, 8), "tall": (12, 8)}.items()
            for length in LENGTHS
        }
        self.compiled = torch.compile(self.studio, dynamic=False) if options.compile else self.studio

    def _resume(self) -> None:
        path = self.options.state / "train.pt"
        if not path.exists():
            return
        saved = torch.load(path, map_location=self.options.device, weights_only=True)
        self.studio.load_state_dict(saved["studio"])
        self.average = saved["average"]
        self.step, self.seconds = saved["step"], saved["seconds"]
        for optimizer, state in zip(self.optimizers, saved.get("optimizers", []), strict=False):
            optimizer.load_state_dict(state)

    def save(self) -> None:
        """Write STATE/train.pt under a temporary name and rename it."""
        if self.rank:
            return
        path = self.options.state / "train.pt"
        torch.save(
            {
                "studio": self.studio.state_dict(),
                "average": self.average,
                "optimizers": [o.state_dict() for o in self.optimizers],
                "step": self.step,
                "seconds": self.seconds,
            },
            path.with_suffix(".tmp"),
        )
        path.with_suffix(".tmp").replace(path)

    def _ready(self, batch: dict[str, Any]) -> tuple[dict[str, Any], Rotary]:
        tables = self.tables[batch["shape"], batch["ids"].shape[1]]
        moved = {k: v.to(self.options.device) if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
        return moved, tables

    def advance(self) -> np.ndarray:
        """One step; gives the four losses."""
        elapsed = self.seconds / (60 * self.options.minutes)
        for optimizer, top in zip(self.optimizers, (RATE, RATE_REST), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = top * rate(elapsed, self.step)
        parts = losses(self.compiled, *self._ready(self.batches.draw(self.options.pairs)))
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        (parts * torch.tensor(WEIGHTS, device=parts.device)).sum().backward()
        if self.options.ranks > 1:
            self.last = share_gradients(self.studio, self.last, self.options.ranks)
        self.seconds += self.last
        nn.utils.clip_grad_norm_(self.studio.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        decay = min(EMA, (1 + self.step) / (10 + self.step))
        for name, value in self.studio.state_dict().items():
            self.average[name].lerp_(value, 1 - decay) if value.is_floating_point() else None
        return parts.detach().cpu().numpy()

    @torch.no_grad()
    def held_out(self) -> float:
        """Flow loss on held-out heads, always the same batches; not compiled, which would take longer than it saves."""
        self.held.rng = np.random.default_rng(7)
        self.held.noise.manual_seed(7)
        return float(
            np.mean([losses(self.studio, *self._ready(self.held.draw(8)))[3].item() for _ in range(12)])
        )

    def run(self) -> None:
        """Train until the time is up, saving every few minutes."""
        sums, since, saved, spent = np.zeros(4), 0, time.monotonic(), time.monotonic()
        while self.seconds < 60 * self.options.minutes:
            begun = time.monotonic()
            sums += self.advance()
            since += 1
            self.last = min(time.monotonic() - begun, 5.0)
            if self.step % 50 == 0:
                weighted, geometry, naming, flow = (round(float(value), 4) for value in sums / since)
                speed = since * 2 * self.options.pairs * self.options.ranks / (time.monotonic() - spent)
                line = {
                    "step": self.step,
                    "minutes": round(self.seconds / 60, 1),
                    "flow": flow,
                    "weighted": weighted,
                }
                line |= {"geometry": geometry, "naming": naming, "pictures_per_second": round(speed, 1)}
                if self.step % 400 == 0 and self.held.shards["square"]:
                    line["held_out"] = round(self.held_out(), 4)
                if self.rank == 0:
                    print(json.dumps(line), flush=True)
                sums, since, spent = np.zeros(4), 0, time.monotonic()
            if time.monotonic() - saved > 180:
                self.save()
                saved = time.monotonic()
        self.save()


def main() -> None:
    """Read the command line and train; with `--ranks n`, one process per rank with RANK set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    rank = int(os.environ.get("RANK", "0"))
    if options.ranks > 1:
        dist.init_process_group(
            "gloo", init_method="tcp://127.0.0.1:29511", rank=rank, world_size=options.ranks
        )
    Trainer(options, rank).run()


if __name__ == "__main__":
    main()
