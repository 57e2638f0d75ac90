"""What the distilled checkpoint gives up for its few steps: it and its teacher, by steps.

    python bench/distilled.py POOL STATE [--prompts 80] [--save PICTURES.npz]

The same balanced prompts and seeds for all: distance to the teacher's pictures at 24 steps, Frechet distance of the
judge's features to held-out renders, obedience (see `recipes/mini/evaluate.py`, which says what these are), and CPU
seconds of a picture, each contender in turn. POOL and STATE are those of `recipes/mini`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import side_by_side
import torch

from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from recipes.mini.evaluate import frechet, lit_side, obedience
from recipes.mini.judge import Judge, answers, floor, shrink, square_pool
from recipes.mini.prompts import Asked, balanced

REFERENCE = ("fluxgram-mini", 24)
CONTENDERS = (
    *(("fluxgram-mini", steps) for steps in (4, 8, 16, 24)),
    *(("fluxgram-mini-fast", steps) for steps in (2, 4, 6, 8)),
)
"""Checkpoint and steps."""
HEAD = (
    "checkpoint",
    "steps",
    "passes",
    "distance to 24 steps",
    "Fréchet",
    "obedience",
    "light side",
    "lit side right",
    "CPU s",
)


def draw_all(
    asked: list[Asked], contenders: tuple[tuple[str, int], ...] = CONTENDERS
) -> tuple[dict[tuple[str, int], np.ndarray], dict[tuple[str, int], list[float]]]:
    """Pictures (prompts, 256, 256, 3) of every contender, and CPU seconds of each."""
    engines = {name: Engine(name) for name, _ in contenders}
    for engine in engines.values():  # the first picture of a process pays for loading
        engine.generate(Request(prompt="a woman", seed=0, steps=2, size=(256, 256)))
    pictures: dict[tuple[str, int], list[np.ndarray]] = {each: [] for each in contenders}
    seconds: dict[tuple[str, int], list[float]] = {each: [] for each in contenders}
    for seed, row in enumerate(asked):
        for name, steps in contenders:
            begun = time.process_time()
            request = Request(prompt=row.prompt, seed=seed, steps=steps, size=(256, 256), quality="final")
            result = engines[name].generate(request)[0]
            seconds[name, steps].append(time.process_time() - begun)
            pictures[name, steps].append(np.asarray(result.picture))
    return {each: np.stack(drawn) for each, drawn in pictures.items()}, seconds


def distance(pictures: np.ndarray, reference: np.ndarray) -> float:
    """Root of the mean squared difference, in levels of 255; the mean over pictures."""
    squares = (pictures.astype(np.float32) - reference.astype(np.float32)) ** 2
    return float(np.sqrt(squares.mean((1, 2, 3))).mean())


def main() -> None:
    """Read the command line, draw, judge, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--prompts", type=int, default=80)
    parser.add_argument(
        "--save", type=Path, help="keep the pictures, for a face detector in another environment"
    )
    options = parser.parse_args()
    print(side_by_side.circumstances(), flush=True)
    judge = Judge()
    judge.load_state_dict(torch.load(options.state / "judge.pt", weights_only=True))
    judge.eval()
    asked = balanced(options.prompts, seed=8)
    pictures, seconds = draw_all(asked)
    if options.save:
        np.savez_compressed(options.save, **{f"{name}-{steps}": p for (name, steps), p in pictures.items()})
    floors = floor(judge, options.pool)
    renders = answers(judge, square_pool(options.pool, "held", 8)[0].float() / 127.5 - 1)[1]
    rows = []
    for (name, steps), drawn in pictures.items():
        obeyed = obedience(judge, drawn, asked, floors)
        rows.append(
            [
                name,
                str(steps),
                str(steps * (1 if name.endswith("fast") else 2)),
                f"{distance(drawn, pictures[REFERENCE]):.1f}",
                f"{frechet(answers(judge, shrink(drawn))[1], renders):.0f}",
                f"{obeyed['mean_ratio_of_counted']:.2f}",
                f"{obeyed['by_attribute']['light side']['ratio']:.2f}",
                f"{lit_side(drawn, asked)['share']:.2f}",
                side_by_side.spread(seconds[name, steps]),
            ]
        )
    print(f"\n{options.prompts} prompts, 256x256:\n\n{side_by_side.table(HEAD, rows)}")


if __name__ == "__main__":
    main()
