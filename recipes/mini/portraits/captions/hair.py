"""Words for hair: style, color, and what of them is in the frame."""

from typing import Any

import numpy as np

from recipes.mini.portraits.captions.choice import pick

Meta = dict[str, Any]
Rng = np.random.Generator

COLOR_WORDS = {
    "salt-and-pepper": ("salt-and-pepper", "graying"),
    "gray": ("gray", "grey", "silver"),
    "blond": ("blond", "blonde", "golden blonde"),
    "dark blond": ("dark blond", "dark blonde", "dirty blonde"),
    "platinum blond": ("platinum blond", "platinum blonde"),
    "red": ("red", "ginger", "copper red"),
}
"""Other words for a color; colors that are not here have one word."""

STYLE_WORDS = {
    "buzz cut": ("{color} buzz cut", "buzz-cut {color} hair"),
    "short crop": ("short {color} hair", "short cropped {color} hair"),
    "side part": ("short {color} hair with a side part", "neatly parted {color} hair", "short {color} hair"),
    "slicked back": ("slicked-back {color} hair",),
    "quiff": ("{color} quiff", "short {color} hair styled up"),
    "fade": ("{color} fade haircut", "short {color} hair with faded sides"),
    "receding": ("short {color} hair with a receding hairline", "receding {color} hair"),
    "short curls": ("short curly {color} hair", "short {color} curls"),
    "short afro": ("short {color} afro",),
    "afro": ("{color} afro", "big {color} afro"),
    "pixie": ("{color} pixie cut", "short {color} pixie haircut"),
    "bob": ("{color} bob", "chin-length {color} bob haircut", "short {color} hair in a bob"),
    "bob with bangs": ("{color} bob with bangs", "{color} bob with a fringe"),
    "shoulder-length": (
        "shoulder-length {color} hair",
        "medium-length {color} hair",
        "{color} hair with loose waves",
    ),
    "long straight": ("long straight {color} hair", "long {color} hair"),
    "long wavy": ("long wavy {color} hair", "long {color} hair with loose waves", "wavy {color} hair"),
    "long curly": ("long curly {color} hair", "curly {color} hair"),
    "ponytail": ("{color} hair in a ponytail", "{color} hair pulled back", "{color} hair tied back"),
    "bun": ("{color} hair in a bun", "{color} hair pulled back"),
}

CROPPED_WORDS = {
    "long straight": ("{color} hair", "straight {color} hair"),
    "long wavy": ("{color} hair", "wavy {color} hair"),
    "long curly": ("{color} hair", "curly {color} hair"),
    "shoulder-length": ("{color} hair", "{color} hair"),
}
"""For long hair whose length is outside the frame."""

NOUN_STYLES = ("quiff", "bob", "buzz cut", "pixie", "fade", "afro")
"""Beginnings of words that need an article once the color is left out."""


def describe_hair(meta: Meta, rng: Rng, with_color: bool = True) -> str:
    """Words for the hair; without its color where the light or a monochrome picture hides it."""
    style = meta["hair_style"]
    if style == "bald":
        return pick(rng, "bald head", "bald", "a bald head")
    if style == "shaved":
        return pick(rng, "shaved head", "closely shaved hair")
    color = meta["hair_color"]
    if color in COLOR_WORDS:
        color = pick(rng, *COLOR_WORDS[color])
    templates = _visible_style(style, meta.get("visible", {}))
    options = [" ".join(t.format(color=color if with_color else "").split()) for t in templates]
    if not with_color:
        options = [o for o in options if o not in ("hair", "fade haircut hair")] or [""]
    words = options[int(rng.integers(len(options)))]
    return "a " + words if not with_color and words.startswith(NOUN_STYLES) else words


def _visible_style(style: str, visible: dict[str, bool]) -> tuple[str, ...]:
    """Wordings of a style that claim no more than the picture shows."""
    if style in ("ponytail", "bun") and not visible.get(style):
        return STYLE_WORDS[style][1:]
    if style in CROPPED_WORDS and not visible.get("hair_length", True):
        return CROPPED_WORDS[style]
    return STYLE_WORDS.get(style, ("{color} hair",))
