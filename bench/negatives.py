"""Negative prompts: what each method costs over none, and how far it takes away what it names, by its scale.

Costs are CPU seconds of one denoising step, on one thread, in turn: the embedded checkpoint, and a wider transformer
with random weights and FLUX.2's text length. Curves count pictures in which a judge that never saw a generated one
(`recipes/mini/judge.py`) finds what the negative prompt names, against the same seeds without; and what else changed.

    python bench/negatives.py cost
    python bench/negatives.py curves --judge STATE/judge.pt --seeds 8
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from side_by_side import circumstances, in_turn, spread, table

from fluxgram.families import flux2_blocks
from fluxgram.families.checkpoints import find
from fluxgram.families.contract import Latents, Negative, Parts
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import place
from fluxgram.families.steering import Steering
from fluxgram.settings import Settings

FLUX2 = Flux2()
ASKED: dict[str, tuple[str, ...]] = {
    "glasses": (
        "portrait of a man wearing round glasses, brown hair, soft window light from the left",
        "close-up portrait of an elderly woman in her 70s, gray hair, thin metal glasses, loop lighting from the right",
    ),
    "beard": (
        "elderly man with white hair and a full beard, Rembrandt lighting, key light from the upper left",
        "portrait of a man in his 40s with short black hair and a short beard, soft studio lighting from the right",
    ),
}
"""Prompts that ask for it: the negative contradicts them."""
OPEN = (
    "portrait of a man",
    "portrait of an elderly man, soft window light from the left",
    "man in his 40s, black hair, loop lighting from the right",
    "portrait of a middle-aged man, golden hour backlight",
)
"""Prompts that leave it open."""
NEGATIVES = {
    "glasses": ("glasses", "thin metal glasses, round glasses, black rectangular glasses"),
    "beard": ("beard", "full beard, short beard, stubble, moustache"),
}
"""The bare word, and the words of the embedded checkpoint's captions."""
SCALES = {"nag": (1.0, 2.0, 4.0, 8.0), "vsf": (0.5, 1.0, 2.0, 3.0)}


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=("cost", "curves"))
    parser.add_argument("--checkpoint", default="fluxgram-mini-fast")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--judge", type=Path, help="weights of the judge, for the curves")
    parser.add_argument("--attributes", nargs="+", default=list(ASKED), choices=list(ASKED))
    parser.add_argument("--methods", nargs="+", default=list(SCALES), choices=[*SCALES, "true_cfg"])
    parser.add_argument("--scales", nargs="+", type=float, help="instead of each method's own")
    parser.add_argument("--seeds", type=int, default=6, help="pictures of each prompt")
    options = parser.parse_args()
    if options.what == "curves" and options.judge is None:
        parser.error("the curves need --judge")
    torch.set_num_threads(1)
    print(circumstances())
    print(f"- checkpoint: {options.checkpoint}; one thread\n", flush=True)
    parts = load(options.checkpoint)
    cost(parts, options.rounds) if options.what == "cost" else curves(parts, options)


def load(name: str) -> Parts:
    """A checkpoint on the CPU that takes every method."""
    settings = Settings(home=Path(tempfile.mkdtemp()), device="cpu", threads=1, offline=True)
    checkpoint = replace(find(name, settings), negatives=("true_cfg", "vsf", "nag"))
    return FLUX2.load(checkpoint, place(checkpoint, settings))


def cost(parts: Parts, rounds: int) -> None:
    """One step with each method over one without, of the checkpoint and of a wider transformer."""
    start, level = FLUX2.begin(parts, 256, 256, 1), torch.tensor([0.8])

    def step(negative: Negative | None) -> None:
        condition = FLUX2.encode(parts, OPEN[0], negative, 1.0)
        FLUX2.predict(parts, start, level, level, condition)

    methods: tuple[Any, ...] = ("true_cfg", "vsf", "nag")
    contenders: dict[str, Callable[[], None]] = {"none": partial(step, None)}
    contenders |= {name: partial(step, Negative("glasses", name, 2.0)) for name in methods}
    _ratios(f"{parts.checkpoint.name}, 256x256", contenders, rounds)
    wide = Wide()
    steered = {
        "vsf, 16 tokens": partial(wide.step, Steering("vsf", wide.words, 16, 2.0)),
        "nag, as many tokens as the prompt": partial(wide.step, Steering("nag", wide.words, wide.words, 4.0)),
    }
    contenders = {
        "none": partial(wide.step, None),
        "true_cfg": wide.two_steps,
    }
    _ratios("768 wide, 2 + 4 blocks, 512 text and 1024 picture tokens", contenders | steered, rounds)


def _ratios(title: str, contenders: dict[str, Callable[[], None]], rounds: int) -> None:
    def clocked(contender: Callable[[], None]) -> float:
        begun = time.process_time()
        contender()
        return time.process_time() - begun

    for contender in contenders.values():
        contender()  # not counted
    seconds = in_turn({name: partial(clocked, each) for name, each in contenders.items()}, rounds)
    rows = []
    for name, took in seconds.items():
        times = [a / b for a, b in zip(took, seconds["none"], strict=True)]
        rows.append([name, spread([1000 * each for each in took], 1), spread(times)])
    print(table([title, "CPU ms of one step", "times none"], rows) + "\n", flush=True)


class Wide:
    """FLUX.2's transformer, 768 wide, with random weights."""

    words = 512

    def __init__(self) -> None:
        from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel

        torch.manual_seed(0)
        self._transformer: Any = Flux2Transformer2DModel(
            in_channels=128, num_layers=2, num_single_layers=4, attention_head_dim=64, num_attention_heads=12,
            joint_attention_dim=512, timestep_guidance_channels=64, axes_dims_rope=(16, 16, 16, 16),
            guidance_embeds=False,
        ).eval()  # fmt: skip
        flux2_blocks.hasten(self._transformer)

    def two_steps(self) -> None:
        """Two passes without steering."""
        self.step(None)
        self.step(None)

    def step(self, steering: Steering | None) -> None:
        """One pass."""
        more = steering.negative_tokens if steering else 0
        with torch.inference_mode():
            self._transformer(
                hidden_states=torch.randn(1, 1024, 128),
                encoder_hidden_states=torch.randn(1, self.words + more, 512),
                timestep=torch.tensor([0.8]),
                img_ids=torch.zeros(1024, 4),
                txt_ids=torch.zeros(self.words + more, 4),
                joint_attention_kwargs={"steering": steering} if steering else None,
                return_dict=False,
            )


def curves(parts: Parts, options: argparse.Namespace) -> None:
    """What the judge finds with and without, over the scales of each method."""
    sees = Judged(options.judge)
    head = [
        "negative",
        "method",
        "scale",
        "where asked",
        "where open",
        "others kept",
        "light side kept",
        "pixels",
    ]
    for attribute in options.attributes:
        asked = len(ASKED[attribute]) * options.seeds
        draw = partial(pictures, parts, (*ASKED[attribute], *OPEN), options.seeds)
        plain = draw(None)
        before = sees(plain)
        rows = [["none", "", "", *_found(before[attribute], asked), "1.00", "1.00", "0.0"]]
        for text, method in product(NEGATIVES[attribute], options.methods):
            for scale in options.scales or SCALES.get(method, (2.0, 3.0)):
                steered = draw(Negative(text, method, scale))
                after = sees(steered)
                kept = {name: (after[name].argmax(1) == before[name].argmax(1)).mean() for name in before}
                others = np.mean([share for name, share in kept.items() if name != attribute])
                apart = np.abs(steered.astype(float) - plain).mean()
                shares = (f"{others:.2f}", f"{kept['light side']:.2f}", f"{apart:.1f}")
                rows.append([text, method, f"{scale:g}", *_found(after[attribute], asked), *shares])
        print(f"{attribute}: {asked} and {len(plain) - asked} pictures\n\n{table(head, rows)}\n", flush=True)


def _found(answers: np.ndarray, asked: int) -> tuple[str, str]:
    """Share of pictures that show it and mean probability, where asked and where open."""
    first, second = (
        f"{(each > 0.5).mean():.2f} ({each.mean():.2f})" for each in (answers[:asked, 1], answers[asked:, 1])
    )
    return first, second


class Judged:
    """Probabilities (pictures, classes) of each judged attribute."""

    def __init__(self, weights: Path) -> None:
        from recipes.mini.judge import JUDGED, Judge

        self._names = list(JUDGED)
        self._judge = Judge()
        self._judge.load_state_dict(torch.load(weights, weights_only=True))
        self._judge.eval()

    @torch.no_grad()
    def __call__(self, drawn: np.ndarray) -> dict[str, np.ndarray]:
        """Of (pictures, 256, 256, 3) uint8."""
        from recipes.mini.judge import shrink

        answers = self._judge(shrink(drawn))
        return {name: each.softmax(-1).numpy() for name, each in zip(self._names, answers, strict=True)}


def pictures(parts: Parts, prompts: tuple[str, ...], seeds: int, negative: Negative | None) -> np.ndarray:
    """(prompts * seeds, 256, 256, 3) uint8: each prompt with the same seeds, at the checkpoint's own guidance."""
    steps = parts.checkpoint.steps["draft"]
    sigmas = FLUX2.sigmas(parts.checkpoint, 256, 256, steps)
    drawn = []
    for prompt in prompts:
        condition = FLUX2.encode(parts, prompt, negative, parts.checkpoint.guidance)
        starts = [FLUX2.begin(parts, 256, 256, seed) for seed in range(seeds)]
        x, grid = torch.cat([start.tokens for start in starts]), (starts[0].rows, starts[0].columns)
        for now, then in pairwise(sigmas):
            level, last = torch.full((seeds,), now), torch.full((seeds,), then)
            x = x + (then - now) * FLUX2.predict(parts, Latents(x, *grid), level, last, condition)
        drawn += [FLUX2.decode(parts, Latents(x[i : i + 1], *grid)).numpy() for i in range(seeds)]
    return np.stack(drawn)


if __name__ == "__main__":
    main()
