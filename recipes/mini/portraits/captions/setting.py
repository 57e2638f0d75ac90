"""Words for what is around and in front of the person: background and lens."""

from typing import Any

import numpy as np

from recipes.mini.portraits.captions.choice import pick

Info = dict[str, Any]
Rng = np.random.Generator

BOKEH_RADIUS = 9
"""Background blur in pixels above which a caption may speak of bokeh."""
BLURRED_RADIUS = 8

COLORFUL = (
    "slate blue",
    "navy",
    "teal",
    "beige",
    "brown",
    "burgundy",
    "olive",
    "sage",
    "pink",
    "mustard",
    "terracotta",
    "lavender",
    "red brick",
    "blue sky",
    "neon",
)
"""Words that a black and white picture does not show."""


def describe_lens(focal_length: int, info: Info, rng: Rng) -> str:
    """Focal length and aperture, perhaps with what they do to the background."""
    fstop = f"f/{info['fstop']:g}"
    options = [
        f"{focal_length}mm {fstop}",
        f"{focal_length}mm lens at {fstop}",
        f"shot on {focal_length}mm {fstop}",
        f"{focal_length}mm lens, {fstop}",
    ]
    if focal_length in (50, 85):
        options.append(f"Canon EF {focal_length}mm {fstop}")
    if focal_length == 85:
        options.append(f"85mm portrait lens, {fstop}")
    words = options[int(rng.integers(len(options)))]
    if info["bg_blur_px"] > BOKEH_RADIUS and rng.random() < 0.5:
        words += pick(rng, " bokeh", ", shallow depth of field", ", creamy bokeh", ", blurred background")
    return words


def describe_background(info: Info, rng: Rng) -> str:
    """The background, as blurred as it is."""
    place = info["background"]
    if "backdrop" in place or "background" in place:
        return place
    if info["bg_blur_px"] > BLURRED_RADIUS and "wall" not in place and rng.random() < 0.6:
        return pick(
            rng,
            f"blurred {place} background",
            f"{place} bokeh background",
            f"out-of-focus {place} in the background",
            f"blurred {place} in the background",
        )
    return pick(rng, f"{place} background", f"{place} in the background")


def mentions_color(background: str) -> bool:
    """Whether the words claim a color."""
    return any(word in background for word in COLORFUL)
