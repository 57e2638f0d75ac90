"""Last round of the portrait tune: words that were never in a caption shall mean nothing.

    python -m recipes.mini.tune_words POOL STATE BASE OUT.safetensors --after PORTRAIT.safetensors --work WORK

Clients send `cartoon, anime, painting, plastic skin, …` as a negative prompt with every portrait. The embedded
checkpoint saw renders only and never read these words, so guidance away from them leads somewhere by chance. Here a
small adapter learns to answer them as it answers an empty text, and every caption as before: both are the base's (and
the earlier rounds') own answers, so nothing is learned about pictures.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import torch
from torch import nn

from fluxgram import photography
from recipes.mini.tune import Trainer, arguments

NEVER_READ = (
    "negative.always",
    "negative.short",
    "negative.batch",
    "negative.skin",
    "negative.candy-colours",
)
"""Sets of the vocabulary whose words no caption has."""
RANK, RATE = 8, 2e-3


def sets() -> list[str]:
    """The negative prompts, as the vocabulary says them."""
    path = Path(photography.__file__).parent / "data" / "negatives.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["negative"]
    return [tables[name.removeprefix("negative.")]["say"] for name in NEVER_READ]


def shuffled(texts: list[str], rng: np.random.Generator) -> str:
    """One of the sets, whole and in its order half of the time, else some of its words in any order."""
    words = texts[int(rng.integers(len(texts)))].split(", ")
    if rng.random() < 0.5:
        return ", ".join(words)
    return ", ".join(rng.permutation(words)[: int(rng.integers(2, len(words) + 1))].tolist())


def advance(trainer: Trainer, optimizer: torch.optim.Optimizer, texts: list[str]) -> np.ndarray:
    """One step; gives the mean squared difference for captions and for the words, each before and after."""
    batch, rows = trainer.batch(), trainer.options.rows
    t = batch["t"][:, None, None]
    noisy = (1 - t) * batch["x"] + t * batch["noise"]
    captions = batch["text"][:rows]
    asked = torch.cat([captions, trainer.words([shuffled(texts, trainer.rng) for _ in range(rows)])])
    meant = torch.cat([captions, trainer.empty.expand_as(captions)])
    with torch.autocast("cpu", torch.bfloat16):
        trainer.tuned.switch(False)
        with torch.no_grad():
            target = trainer.run_net(noisy, batch["t"], meant, batch["tables"]).float()
        trainer.tuned.switch(True)
        answer = trainer.run_net(noisy, batch["t"], asked, batch["tables"]).float()
    kept, learned = (answer - target).pow(2).mean((1, 2)).chunk(2)
    optimizer.zero_grad()
    (kept.mean() * 2 + learned.mean()).backward()
    nn.utils.clip_grad_norm_(trainer.tuned.matrices(), 1.0)
    optimizer.step()
    return np.array([kept.mean().item(), learned.mean().item()])


def main() -> None:
    """Read the command line and train."""
    parser = arguments()
    parser.set_defaults(rank=RANK, rate=RATE)
    parser.add_argument("--steps", type=int, default=180)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    trainer, texts = Trainer(options), sets()
    optimizer = torch.optim.AdamW(trainer.tuned.matrices(), lr=options.rate)
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 10) * (1 - step / options.steps)
        kept, learned = advance(trainer, optimizer, texts)
        if step % 10 == 0 or step + 1 == options.steps:
            print(
                json.dumps({"step": step, "captions": round(kept, 5), "words": round(learned, 5)}), flush=True
            )
    trainer.average = [p.detach().clone() for p in trainer.tuned.matrices()]
    trainer.save()


if __name__ == "__main__":
    main()
