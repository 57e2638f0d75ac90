"""Step 10: a student of the transformer that draws in four passes what its teacher draws in 24 steps of two passes.

    python -m recipes.mini.distill POOL STATE --minutes 30 [--export FOLDER]

Guidance is distilled in (Meng et al. 2023, arXiv 2210.03142), and many steps into few as in progressive distillation
(Salimans and Ho 2022, arXiv 2202.00512): from a state at noise level t the teacher goes on for a quarter of the
schedule, in three steps with classifier-free guidance, and the student learns the mean velocity of that way. The states
lie on the teacher's own paths from noise, on renders with noise added, and on the student's own paths, where its errors
are (Ross et al. 2011, arXiv 1011.0686). Text encoder and autoencoder stay the teacher's. Resumes from STATE/fast.pt.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel
from torch import nn
from transformers import PreTrainedTokenizerFast

from recipes.mini.export import SHIFT, part
from recipes.mini.network import Rotary, rotary, transformer, velocity
from recipes.mini.text import LAYERS, hidden_states, text_encoder, tokenize
from recipes.mini.train import Batches, read_pool

GUIDANCE = 2.0
"""What is distilled in."""
GRID = 12
"""Levels of a teacher's path; divisible by `PASSES`."""
PASSES = 4
"""The student's own number of passes: its velocity is the mean over 1 / PASSES of the schedule."""
LESSONS = 64
"""Groups of lessons that are kept to be learnt again."""
TIMES = 10
"""Steps of the student for each new group of lessons."""
RATE, RATE_REST = 6e-4, 3e-4
EMA = 0.99


def level(s: float | torch.Tensor) -> Any:
    """Noise level at `s` of the schedule, 1 ... 0: the shift that the checkpoint is drawn with."""
    return SHIFT * s / (1 + (SHIFT - 1) * s)


@dataclass
class Lessons:
    """States and the mean velocities from them on.

    Attributes:
        x: (levels, pictures, tokens, 64), half precision.
        v: The teacher's mean velocity over the next quarter of the schedule, of the same shape.
        s: (levels,) places in the schedule.
        text: (pictures, text tokens, channels), half precision.
        weights: (pictures, tokens): faces weigh more.
        shape: `square` or `tall`.
    """

    x: torch.Tensor
    v: torch.Tensor
    s: torch.Tensor
    text: torch.Tensor
    weights: torch.Tensor
    shape: str


class Teacher:
    """The trained transformer under guidance, and the text encoder."""

    def __init__(self, average: dict[str, torch.Tensor], tokenizer: PreTrainedTokenizerFast) -> None:
        self.net, self.encoder, self.tokenizer = transformer().eval(), text_encoder().eval(), tokenizer
        self.net.load_state_dict(part(average, "net."))
        self.encoder.load_state_dict(part(average, "encoder."))
        self.tables: dict[tuple[int, int], Rotary] = {}

    @torch.no_grad()
    def read(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Token ids to prompt embeddings (batch, tokens, channels) in float32."""
        states = hidden_states(self.encoder, ids, mask)
        return torch.stack([states[layer] for layer in LAYERS], 2).flatten(2)

    def table(self, length: int, tokens: int) -> Rotary:
        """Rotary tables for so many text and picture tokens; all grids are 8 tokens wide."""
        if (length, tokens) not in self.tables:
            self.tables[length, tokens] = rotary(self.net, length, tokens // 8, 8)
        return self.tables[length, tokens]

    def empty(self, like: torch.Tensor) -> torch.Tensor:
        """The embedding of no words, for as many pictures and of as many tokens as `like`."""
        return self.read(*tokenize(self.tokenizer, [""], like.shape[1])).expand_as(like)

    @torch.no_grad()
    def go(
        self, x: torch.Tensor, text: torch.Tensor, start: float, end: float, steps: int
    ) -> list[torch.Tensor]:
        """States on the way from `start` to `end` of the schedule: `steps` of Adams-Bashforth's second order.

        One evaluation a step, as Euler, with the error of about twice as many steps.
        """
        both, tables = torch.cat([text, self.empty(text)]), self.table(text.shape[1], x.shape[1])
        levels = [float(level(start + (end - start) * i / steps)) for i in range(steps + 1)]
        states, last, width = [x], None, 0.0
        for t, after in pairwise(levels):
            with torch.autocast("cpu", torch.bfloat16):
                v, _ = velocity(self.net, x.repeat(2, 1, 1), torch.full((2 * len(x),), t), both, tables)
            guided, free = v.float().chunk(2)
            now, step = free + GUIDANCE * (guided - free), after - t
            slope = now if last is None else now + (now - last) * (step / (2 * width))
            x, last, width = x + step * slope, now, step
            states.append(x)
        return states


def on_teachers_path(
    teacher: Teacher, text: torch.Tensor, x: torch.Tensor, first: int
) -> tuple[torch.Tensor, ...]:
    """Lessons from a path that begins with `x` at level `first` of `GRID`: states, mean velocities, places."""
    states = teacher.go(x, text, 1 - first / GRID, 0.0, GRID - first)
    quarter, places, means = GRID // PASSES, [], []
    for i in range(len(states) - 1):
        j = min(i + quarter, len(states) - 1)
        s, end = (1 - (first + k) / GRID for k in (i, j))
        means.append((states[j] - states[i]) / float(level(end) - level(s)))
        places.append(s)
    return torch.stack(states[:-1]), torch.stack(means), torch.tensor(places)


def on_students_path(
    teacher: Teacher, student: Flux2Transformer2DModel, text: torch.Tensor, x: torch.Tensor, passes: int
) -> tuple[torch.Tensor, ...]:
    """Lessons from the states that the student itself comes to in so many passes."""
    tables, states, means, places = teacher.table(text.shape[1], x.shape[1]), [], [], []
    for i in range(passes):
        s = 1 - i / passes
        end = max(0.0, s - 1 / PASSES)
        taught = teacher.go(x, text, s, end, GRID // PASSES)[-1]
        states.append(x)
        means.append((taught - x) / float(level(end) - level(s)))
        places.append(s)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            t = float(level(s))
            v, _ = velocity(student, x, torch.full((len(x),), t), text, tables)
        x = x + v.float() * (float(level(s - 1 / passes)) - t)
    return torch.stack(states), torch.stack(means), torch.tensor(places)


class Distiller:
    """The loop: new lessons, several steps on what is kept, an average of the weights, state on disk."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.target = options.state / "fast.pt" if options.to is None else options.to
        average = torch.load(options.state / "train.pt", map_location="cpu", weights_only=True)["average"]
        tokenizer = PreTrainedTokenizerFast.from_pretrained(options.state / "tokenizer")
        self.teacher = Teacher(average, tokenizer)
        self.student = copy.deepcopy(self.teacher.net).train()
        self.average = {k: v.detach().clone() for k, v in self.student.state_dict().items()}
        self.step, self.seconds = 0, 0.0
        if self.target.exists():
            saved = torch.load(self.target, weights_only=True)
            self.student.load_state_dict(saved["student"])
            self.average, self.step, self.seconds = saved["average"], saved["step"], saved["seconds"]
        blocks = [*self.student.transformer_blocks, *self.student.single_transformer_blocks]
        matrices = [p for block in blocks for p in block.parameters() if p.ndim == 2]
        chosen = {id(p) for p in matrices}
        rest = [p for p in self.student.parameters() if id(p) not in chosen]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(
                matrices, lr=RATE, momentum=0.95, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"
            ),
            torch.optim.AdamW(rest, lr=RATE_REST, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.rng = np.random.default_rng(self.step)
        pool = read_pool(options.pool, options.state, "train")
        self.batches = Batches(pool, tokenizer, seed=50_000 + self.step)
        self.kept: deque[Lessons] = deque(maxlen=LESSONS)

    @property
    def elapsed(self) -> float:
        """Share of the time that is over."""
        return self.seconds / (60 * self.options.minutes)

    def prepare(self) -> Lessons:
        """One group of lessons: more and more of them on the student's own paths."""
        batch = self.batches.draw(self.options.pairs)
        text, x = self.teacher.read(batch["ids"], batch["mask"]), batch["noise"]
        if self.rng.random() < min(0.6, 1.2 * self.elapsed):
            passes = int(self.rng.choice([PASSES, PASSES, 6, 8]))
            states, means, places = on_students_path(self.teacher, self.student, text, x, passes)
        else:
            first = int(self.rng.integers(1, GRID - 1)) if self.rng.random() < 0.25 else 0
            t = float(level(1 - first / GRID))
            start = (1 - t) * batch["x"] + t * x
            states, means, places = on_teachers_path(self.teacher, text, start, first)
        return Lessons(states.half(), means.half(), places, text.half(), batch["weights"], batch["shape"])

    def learn(self, lessons: Lessons) -> float:
        """One step on one level of each picture; half of the levels are those of four passes. Gives the error."""
        quarters = torch.nonzero((lessons.s * PASSES).frac().abs() < 1e-4)[:, 0]
        count = lessons.x.shape[1]
        index = torch.from_numpy(self.rng.integers(len(lessons.s), size=count))
        if len(quarters):
            picked = quarters[torch.from_numpy(self.rng.integers(len(quarters), size=count))]
            index = torch.where(torch.from_numpy(self.rng.random(count) < 0.5), picked, index)
        rows = torch.arange(count)
        x, target, s = (lessons.x[index, rows].float(), lessons.v[index, rows].float(), lessons.s[index])
        tables = self.teacher.table(lessons.text.shape[1], x.shape[1])
        with torch.autocast("cpu", torch.bfloat16):
            v, _ = velocity(self.student, x, level(s), lessons.text.float(), tables)
        error = ((v.float() - target).pow(2).mean(-1) * lessons.weights).mean(1)
        width = level(s) - level((s - 1 / PASSES).clamp(min=0))
        rate = min(1.0, (self.step + 1) / 30) * min(1.0, max(0.02, (1 - self.elapsed) / 0.4))
        for optimizer, top in zip(self.optimizers, (RATE, RATE_REST), strict=True):
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = top * rate
        (error * width * PASSES).mean().backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        decay = min(EMA, (1 + self.step) / (10 + self.step))
        for name, value in self.student.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return float(error.detach().mean())

    def save(self) -> None:
        """Write the state under a temporary name and rename it."""
        kept = {"student": self.student.state_dict(), "average": self.average}
        kept |= {"step": self.step, "seconds": self.seconds}
        torch.save(kept, self.target.with_suffix(".tmp"))
        self.target.with_suffix(".tmp").replace(self.target)

    def run(self) -> None:
        """Learn until the time is up, saving every two minutes."""
        saved, errors = time.monotonic(), []
        while self.elapsed < 1:
            begun = time.monotonic()
            self.kept.append(self.prepare())
            errors += [self.learn(self.kept[int(self.rng.integers(len(self.kept)))]) for _ in range(TIMES)]
            self.seconds += min(time.monotonic() - begun, 60.0)
            if len(errors) >= 5 * TIMES:
                line = {"step": self.step, "minutes": round(self.seconds / 60, 1)}
                print(json.dumps(line | {"error": round(float(np.mean(errors)), 4)}), flush=True)
                errors = []
            if time.monotonic() - saved > 120:
                self.save()
                saved = time.monotonic()
        self.save()


def write(student: Path, folder: Path) -> None:
    """The averaged student as `folder`/transformer in bfloat16; what is not there is borrowed of its teacher."""
    net = transformer()
    net.load_state_dict(torch.load(student, weights_only=True)["average"])
    net.to(torch.bfloat16).save_pretrained(folder / "transformer")


def main() -> None:
    """Read the command line, train, and write the component where `--export` asks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--to", type=Path, help="the student's state; STATE/fast.pt where not said")
    parser.add_argument("--export", type=Path, help="write the student there when the time is up")
    options = parser.parse_args()
    distiller = Distiller(options)
    distiller.run()
    if options.export:
        write(distiller.target, options.export)


if __name__ == "__main__":
    main()
