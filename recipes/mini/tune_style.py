"""A style against its base, on prompts that ask for none: what the adapter brings by itself.

    python -m recipes.mini.tune_style draw CHECKPOINT PICTURES.npz          once for each of the two
    python -m recipes.mini.tune_faces PICTURES.npz FACES.npz                for both (mediapipe)
    python -m recipes.mini.tune_style compare BASE TUNED STATE --out REPORT.json

The prompts say neither hair nor light. Reported are the shares in which the judge sees red hair and golden hour (it
reaches kappas of 0.59 and 0.95 on renders), the warmth of the picture, and the faces that are found, paired as in
`tune_report.py`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from recipes.mini.evaluate import warmth
from recipes.mini.judge import JUDGED
from recipes.mini.labels import HAIR_COLOURS, STYLES
from recipes.mini.tune_report import paired, read

PEOPLE = tuple(
    f"{frame} of {person}"
    for frame in ("portrait", "close-up portrait", "headshot", "head and shoulders portrait")
    for person in (
        "a young woman", "a man in his 20s", "a woman in her 30s", "a man in his 40s",
        "a smiling woman in a blue shirt",
        "a man in a gray sweater", "a young man in a white t-shirt", "a woman in her 40s with a slight smile",
        "a serious man", "a woman in a white blouse", "a man with a friendly smile", "a young woman in a black top",
        "a man in a denim shirt",
    )
)  # fmt: skip
SEEDS = 2
"""Pictures of each of the 52 prompts."""


def draw(options: argparse.Namespace) -> None:
    """Draw every prompt with two seeds."""
    from fluxgram.engine.engine import Engine
    from fluxgram.engine.request import Request

    pictures = []
    with Engine(options.checkpoint) as engine:
        for number, prompt in enumerate(PEOPLE[: options.prompts]):
            seed = 100 * number
            request = Request(prompt=prompt, seed=seed, samples=SEEDS, size=(256, 256), quality="proof")
            pictures += [np.asarray(result.picture) for result in engine.generate(request)]
    np.savez_compressed(options.out, pictures=np.stack(pictures))


def measured(name: Path, state: Path) -> dict[str, np.ndarray]:
    """What is seen in the pictures of a name, each (pictures,)."""
    import torch

    from recipes.mini.judge import Judge, answers, shrink

    pictures, faces = read(name)
    judge = Judge()
    judge.load_state_dict(torch.load(state / "judge.pt", weights_only=True))
    seen, _ = answers(judge.eval(), shrink(pictures))
    names = list(JUDGED)
    return {
        "red hair": (seen[:, names.index("hair colour")] == HAIR_COLOURS["red"]).astype(float),
        "golden hour": (seen[:, names.index("light style")] == STYLES.index("golden hour")).astype(float),
        "warmth, stops of red over blue": np.array([warmth(picture) for picture in pictures]),
        "exactly one face": (faces["counts"] == 1).astype(float),
    }


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """The report."""
    base, tuned = (measured(name, options.state) for name in (options.base, options.tuned))
    return {
        "pictures": len(base["red hair"]),
        "measures": {name: paired(base[name], tuned[name]) for name in base},
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(required=True)
    step = steps.add_parser("draw")
    step.add_argument("checkpoint")
    step.add_argument("out", type=Path)
    step.add_argument("--prompts", type=int, default=len(PEOPLE))
    step.set_defaults(do=draw)
    step = steps.add_parser("compare")
    for name in ("base", "tuned", "state"):
        step.add_argument(name, type=Path)
    step.add_argument("--out", type=Path)
    step.set_defaults(do=compare)
    options = parser.parse_args()
    found = options.do(options)
    if found:
        text = json.dumps(found, indent=2) + "\n"
        print(text)
        if options.out:
            options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
