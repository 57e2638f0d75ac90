"""Which pictures of the pool an adapter is trained on, under which words, and which of their tokens weigh more.

A choice says yes or no to the facts of a picture and writes the words that the adapter is to hear. The words of a style
leave out what the style is to bring by itself. Training is `tune.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.mini.captions import prefer_side, season
from recipes.mini.labels import mirrored

FACE, EYES = 3.0, 5.0
"""Weight of a token in the face, and of one in the band of the eyes, against one outside."""
Info = Mapping[str, Any]

CLEAR = (
    "soft studio", "butterfly", "loop", "rembrandt", "split", "window", "golden hour", "high-key", "overcast",
    "open shade sun", "mixed warm cool",
)  # fmt: skip
"""Lights that show a face; noon sun, neon and low key hide half of it or paint it."""


@dataclass(frozen=True)
class Choice:
    """A part of the pool.

    Attributes:
        wanted: Whether a picture belongs to it, by its facts.
        trigger: Words that bring the adapter's subject where a prompt has none of it; empty for none.
        left_out: Parts of captions (comma or sentence) that the adapter is to bring by itself; None for none.
    """

    wanted: Callable[[Info], bool]
    trigger: str = ""
    left_out: re.Pattern[str] | None = None

    def words(self, captions: Sequence[str], rng: np.random.Generator) -> str:
        """One of a picture's captions, seasoned, without what is left out."""
        text = (
            prefer_side(captions, rng)
            if self.left_out is None
            else captions[int(rng.integers(len(captions)))]
        )
        if self.left_out is not None:
            text = without(text, self.left_out)
        return season(text, rng)


def without(text: str, pattern: re.Pattern[str]) -> str:
    """The text without the phrases and sentences in which the pattern occurs; at least `portrait` is left."""
    sentences = []
    for sentence in re.split(r"(?<=\.)\s+", text):
        phrases = re.split(r",\s*|\s+(?=with )", sentence.rstrip("."))
        kept = [phrase for phrase in phrases if phrase and not pattern.search(phrase)]
        if kept:
            sentences.append(", ".join(kept))
    return ". ".join(sentences) or "portrait"


def _portrait(info: Info) -> bool:
    return info["attrs"]["framing"] == "close-up" and info["style"] in CLEAR and not info["bw"]


def _redhead(info: Info) -> bool:
    return info["attrs"]["hair_color"] in ("red", "auburn") and info["style"] == "golden hour"


_HAIR_AND_LIGHT = re.compile(
    r"hair|freckl|golden|sun|glow|light|\blit\b|backlit|auburn|ginger|copper|\bred (?!lip)|blond|brunette|bald"
    r"|\bbob\b|buzz|crop|curls|waves|quiff|pixie|fringe|bangs|eye contact|with the viewer",
    re.IGNORECASE,
)


CHOICES: dict[str, Choice] = {
    "portrait": Choice(_portrait),
    "redhead": Choice(
        _redhead,
        "redhead",
        _HAIR_AND_LIGHT,
    ),
}


@dataclass
class Chosen:
    """Pictures of one size: `latents` (n, tokens, 64), `weights` (n, tokens) of mean 1, and the words: `asked`."""

    latents: torch.Tensor
    weights: torch.Tensor
    asked: list[str]


def token_weights(info: Info, rows: int, columns: int) -> np.ndarray:
    """Weights of tokens of 32 px, (rows * columns,) of mean 1, by the facts of a picture of that orientation.

    Facts of tall pictures are those of the square they were cut from; the cut is around the face.
    """
    left, top, right, bottom = (float(edge) for edge in info["face_box"])
    eyes = np.array(info["eyes"], float)
    if rows > columns:
        side = 32 * rows
        cut = float(np.clip((left + right) / 2 - 16 * columns, 0, side - 32 * columns))
        left, right, eyes = left - cut, right - cut, eyes - [cut, 0]
    apart = max(16.0, abs(eyes[1, 0] - eyes[0, 0]))
    middle = eyes[:, 1].mean()
    found = np.ones((rows, columns))
    found += (FACE - 1) * _covered((left, top, right, bottom), rows, columns)
    band = (
        eyes[:, 0].min() - 0.4 * apart,
        middle - 0.3 * apart,
        eyes[:, 0].max() + 0.4 * apart,
        middle + 0.3 * apart,
    )
    found += (EYES - FACE) * _covered(band, rows, columns)
    return (found / found.mean()).reshape(-1).astype(np.float32)


def _covered(box: tuple[float, float, float, float], rows: int, columns: int) -> np.ndarray:
    """Share of each token that lies in a box (left, top, right, bottom in px)."""
    left, top, right, bottom = (edge / 32 for edge in box)
    down = np.clip(np.minimum(bottom, np.arange(rows) + 1) - np.maximum(top, np.arange(rows)), 0, 1)
    across = np.clip(np.minimum(right, np.arange(columns) + 1) - np.maximum(left, np.arange(columns)), 0, 1)
    covered: np.ndarray = down[:, None] * across[None]
    return covered


def turned(info: Info, width: int) -> dict[str, Any]:
    """The facts of the mirror image, the face's place included."""
    left, top, right, bottom = info["face_box"]
    eyes = [[width - x, y] for x, y in reversed(info["eyes"])]
    return {**mirrored(dict(info)), "face_box": [width - right, top, width - left, bottom], "eyes": eyes}


def read_chosen(
    pool: Path,
    state: Path,
    choice: Choice,
    fits: Callable[[str], bool],
    rng: np.random.Generator,
    most: int,
    kind: str = "train",
) -> dict[str, Chosen]:
    """The chosen pictures and their mirror images, at most so many `square` ones and a third as many `tall` ones."""
    found: dict[str, list[tuple[torch.Tensor, np.ndarray, str]]] = {"square": [], "tall": []}
    for path in sorted((state / "latents").glob(f"{kind}-*.npy")):
        shape = path.stem.split("-")[-1]
        rows = 12 if shape == "tall" else 8
        with np.load(pool / f"{path.stem}.npz") as file:
            facts = [json.loads(line) for line in file["facts"]]
        latents = np.load(path, mmap_mode="r")
        for index, fact in enumerate(facts):
            if not choice.wanted(fact["info"]):
                continue
            both = (fact["info"], fact["captions"]), (turned(fact["info"], 32 * rows), fact["mirrored"])
            for side, (info, captions) in enumerate(both):
                text = choice.words(captions, rng)
                text = text if fits(text) else min(captions, key=len)
                weights = token_weights(info, rows, 8)
                found[shape].append((torch.from_numpy(np.array(latents[index, side])), weights, text))
    chosen = {}
    for shape, entries in found.items():
        if not entries:
            continue
        picked = [
            entries[i] for i in rng.permutation(len(entries))[: most if shape == "square" else most // 3]
        ]
        tensors, weights, asked = zip(*picked, strict=True)
        chosen[shape] = Chosen(torch.stack(tensors), torch.from_numpy(np.stack(weights)), list(asked))
    return chosen
