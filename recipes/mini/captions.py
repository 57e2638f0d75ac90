"""Captions without pictures: unlimited people who were never rendered, described under lights that were never lit.

The text encoder learns to read from these, so that it learns words rather than the few hundred heads of the pool.
Also seasons captions with phrases that people add and that change nothing a 256 px picture can show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from recipes.mini.heads.attributes import sample
from recipes.mini.portraits.captions import caption

NAMES_SIDE = re.compile(r"(from the (upper )?(left|right)|window on the (left|right))")
"""A caption that says where the light stands."""

HARMLESS = (
    "4K", "8K", "4k", "8k", "skin texture", "skin pores", "visible pores", "visible skin pores", "pores visible",
    "subsurface scattering", "natural skin texture", "no retouching", "natural imperfections", "slight skin variation",
    "catchlights in eyes", "sharp iris detail", "natural lip texture", "hair strand detail", "flyaways", "RAW photo",
    "photorealistic", "hyperrealistic", "highly detailed", "sharp focus", "focus on eyes", "high resolution",
    "masterpiece", "best quality", "beautiful", "stunning", "elegant", "cinematic", "editorial", "award winning photo",
    "Canon EOS R5", "Canon EF 85mm f/1.4", "Sony A7 IV", "Nikon Z9", "Sigma 35mm f/1.4", "Sony FE 135mm f/1.8 GM",
    "Hasselblad", "medium format film scan", "Kodak Portra 400", "iPhone portrait mode", "shot on film", "35mm film",
    "small nose", "defined jaw", "natural eye contact", "medium shot", "environmental portrait", "candid", "bokeh",
    "depth of field", "shallow depth of field", "professional headshot", "magazine cover", "studio portrait",
    "realistic",
)  # fmt: skip
_VISIBLE = ("eye_color", "freckles", "lipstick", "beard", "brow", "top", "hair_length")


def season(text: str, rng: np.random.Generator) -> str:
    """Add one to four harmless phrases to a third of the captions, and write a sixth of them in lower case."""
    if rng.random() < 0.33:
        picked = [str(p) for p in rng.choice(HARMLESS, int(rng.integers(1, 5)), replace=False)]
        text = f"{text.rstrip('.')}, {', '.join(picked)}"
    return text.lower() if rng.random() < 0.16 else text


def prefer_side(captions: Sequence[str], rng: np.random.Generator, share: float = 0.7) -> str:
    """One of several captions; with probability `share` one that names the side of the light, where there is one."""
    named = [c for c in captions if NAMES_SIDE.search(c)]
    pool = named if named and rng.random() < share else captions
    return pool[int(rng.integers(len(pool)))]


class Imagined:
    """Captions of people who do not exist, under the lights and before the backgrounds of a pool."""

    def __init__(self, infos: Sequence[dict[str, Any]], seed: int) -> None:
        self._infos = infos
        self._rng = np.random.default_rng(seed)

    def draw(self) -> tuple[str, dict[str, Any]]:
        """A caption, and the facts it was written from (readable by `labels.label`)."""
        rng = self._rng
        person = sample(int(rng.integers(1 << 40, 1 << 41)))
        seen = bool(rng.random() < 0.7)
        person["visible"] = {name: seen or bool(rng.random() < 0.6) for name in _VISIBLE}
        person["visible"] |= {"ponytail": bool(rng.random() < 0.5), "bun": bool(rng.random() < 0.5)}
        person["geo"] = {
            name: float(rng.normal() * 0.4) for name in ("cheekbones", "lips", "jaw", "oval", "round")
        }
        info = dict(self._infos[int(rng.integers(len(self._infos)))])
        info["attrs"] = person
        info["lens"] = person["lens"]
        text = caption(person, info, rng)
        return season(text, rng), info
