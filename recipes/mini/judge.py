"""Step 6: the judge, a small network that reads attributes off pictures; trained on renders, never on generated ones.

    python -m recipes.mini.judge POOL STATE --minutes 25

Its agreement with the truth is Cohen's kappa (Cohen 1960), on heads it never saw. An attribute that it cannot read
there is not counted in the evaluation of the checkpoint. Resumes from STATE/judge_training.pt, whose time counts.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from recipes.mini.labels import ATTRIBUTES, UNKNOWN, label, mirrored

SIZE = 128
JUDGED = {
    "gender": 0, "age": 0, "skin": 1, "hair colour": 0, "hair length": 0, "beard": 0, "glasses": 0, "framing": 0,
    "light side": 0, "light style": 0, "background": 0,
}  # fmt: skip
"""Attributes that are judged, and by how many classes an answer may be off."""
BATCH = 64
RATE = 2e-3
FEATURES = 192
WIDTHS = (24, 48, 96, FEATURES)


class Block(nn.Module):
    """Two convolutions with a way around them (He et al. 2016), halving the size."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(channels, out, 3, 2, 1), nn.Conv2d(out, out, 3, 1, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(out), nn.BatchNorm2d(out)])
        self.around = nn.Conv2d(channels, out, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, channels, h, w) to (n, out, h/2, w/2)."""
        y = F.relu(self.norms[0](self.first(x)))
        return F.relu(self.norms[1](self.second(y)) + self.around(x))


class Judge(nn.Module):
    """Pictures to logits of every judged attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTHS[0], 5, 2, 2)
        self.blocks = nn.Sequential(
            *(Block(a, b) for a, b in zip((WIDTHS[0], *WIDTHS[:-1]), WIDTHS, strict=True))
        )
        self.where = nn.Conv2d(FEATURES, 32, 1)
        self.mix = nn.Sequential(nn.Dropout(0.2), nn.Linear(FEATURES + 32 * 16, FEATURES), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(FEATURES, ATTRIBUTES[name][0]) for name in JUDGED)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Pictures (n, 3, 128, 128) in -1 ... 1 to (n, 192)."""
        maps = self.blocks(F.relu(self.stem(x)))
        return self.mix(torch.cat([maps.mean((2, 3)), self.where(maps).flatten(1)], 1))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Logits (n, classes) of each attribute of `JUDGED`."""
        features = self.features(x)
        return [head(features) for head in self.heads]


def shrink(pixels: np.ndarray | torch.Tensor) -> torch.Tensor:
    """(n, 256, 256, 3) uint8 to (n, 3, 128, 128) in -1 ... 1."""
    x = torch.as_tensor(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    return F.interpolate(x, (SIZE, SIZE), mode="area")


def kappa(truth: np.ndarray, answer: np.ndarray, classes: int, tolerance: int = 0) -> float:
    """Cohen's kappa; an answer agrees when it is at most `tolerance` classes off. NaN without any truth."""
    known = truth != UNKNOWN
    if not known.any():
        return float("nan")
    table = np.zeros((classes, classes))
    np.add.at(table, (truth[known], answer[known]), 1)
    table /= table.sum()
    index = np.arange(classes)
    agree = np.abs(index[:, None] - index[None]) <= tolerance
    observed = float((table * agree).sum())
    chance = float((np.outer(table.sum(1), table.sum(0)) * agree).sum())
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")


def square_pool(pool: Path, kind: str, shards: int) -> tuple[torch.Tensor, np.ndarray]:
    """Square pictures at half size (n, 128, 128, 3) uint8, and labels (n, 2, attributes) of both orientations."""
    pixels, labels = [], []
    for path in sorted(pool.glob(f"{kind}-*-square.npz"))[:shards]:
        with np.load(path) as file:
            small = F.interpolate(
                torch.from_numpy(file["pixels"]).permute(0, 3, 1, 2).float(), (SIZE, SIZE), mode="area"
            )
            pixels.append(small.round().byte())
            infos = [json.loads(line)["info"] for line in file["facts"]]
        labels.append(np.array([[label(info), label(mirrored(info))] for info in infos]))
    return torch.cat(pixels), np.concatenate(labels)


def judged_columns() -> list[int]:
    """Places of the judged attributes in a row of labels."""
    names = list(ATTRIBUTES)
    return [names.index(name) for name in JUDGED]


def augmented(pixels: torch.Tensor, flip: torch.Tensor) -> torch.Tensor:
    """(n, 3, 128, 128) uint8 to -1 ... 1, mirrored where `flip`, other in exposure, place, noise and sharpness."""
    x = pixels.float() / 127.5 - 1
    x = torch.where(flip[:, None, None, None].bool(), x.flip(-1), x)
    x = x * (0.9 + 0.2 * torch.rand(len(x), 1, 1, 1)) + 0.1 * (torch.rand(len(x), 1, 1, 1) - 0.5)
    x = torch.roll(x, tuple(torch.randint(-6, 7, (2,)).tolist()), (2, 3)) + 0.04 * torch.randn_like(x)
    return F.avg_pool2d(x, 3, 1, 1) if torch.rand(()) < 0.5 else x


def lesson(judge: Judge, pixels: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of a random batch, summed over the attributes; () float32."""
    rows, flip = torch.randint(len(pixels), (BATCH,)), torch.randint(2, (BATCH,))
    x = augmented(pixels[rows], flip)
    with torch.autocast("cpu", torch.bfloat16):
        logits = judge(x.to(memory_format=torch.channels_last))
    losses = [
        F.cross_entropy(v.float(), targets[rows, flip, i], ignore_index=UNKNOWN) for i, v in enumerate(logits)
    ]
    return torch.stack(losses).nan_to_num().sum()


def train(pool: Path, state: Path, minutes: float) -> Judge:
    """AdamW for so many minutes in all, the rate falling to zero; saves every two minutes."""
    pixels, labels = square_pool(pool, "train", 40)
    targets = torch.from_numpy(labels[:, :, judged_columns()])
    judge = Judge().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=RATE, weight_decay=0.05)
    path, step, seconds, unsaved = state / "judge_training.pt", 0, 0.0, 0.0
    if path.exists():
        kept = torch.load(path, weights_only=True)
        judge.load_state_dict(kept["judge"])
        optimizer.load_state_dict(kept["optimizer"])
        step, seconds = kept["step"], kept["seconds"]
    while (elapsed := seconds / (60 * minutes)) < 1:
        begun = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * (1 - elapsed)
        loss = lesson(judge, pixels, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        took = time.monotonic() - begun
        seconds, unsaved = seconds + took, unsaved + took
        if step % 100 == 0:
            print(
                json.dumps({"step": step, "elapsed": round(elapsed, 2), "loss": round(loss.item(), 3)}),
                flush=True,
            )
        if unsaved > 120:
            kept = {
                "judge": judge.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "seconds": seconds,
            }
            torch.save(kept, path.with_suffix(".tmp"))
            path.with_suffix(".tmp").replace(path)
            unsaved = 0.0
    return judge.eval()


@torch.no_grad()
def answers(judge: Judge, pictures: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Classes (n, judged) and features (n, 192) of pictures (n, 3, 128, 128) in -1 ... 1."""
    classes, features = [], []
    for batch in pictures.split(64):
        found = judge.features(batch)
        features.append(found)
        classes.append(torch.stack([head(found).argmax(-1) for head in judge.heads], 1))
    return torch.cat(classes).numpy(), torch.cat(features).numpy()


def floor(judge: Judge, pool: Path) -> dict[str, float]:
    """Kappa of the judge on held-out heads, by attribute."""
    pixels, labels = square_pool(pool, "held", 8)
    found, _ = answers(judge, pixels.float() / 127.5 - 1)
    truth = labels[:, 0, judged_columns()]
    return {
        name: kappa(truth[:, i], found[:, i], ATTRIBUTES[name][0], off)
        for i, (name, off) in enumerate(JUDGED.items())
    }


def main() -> None:
    """Read the command line, train the judge and tell its kappas."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--minutes", type=float, default=25)
    options = parser.parse_args()
    torch.manual_seed(0)
    judge = train(options.pool, options.state, options.minutes)
    torch.save(judge.state_dict(), options.state / "judge.pt")
    print(json.dumps({name: round(value, 2) for name, value in floor(judge, options.pool).items()}))


if __name__ == "__main__":
    main()
