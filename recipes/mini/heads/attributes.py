"""Draws the attributes of a head from a seed: every random decision that a caption may mention, and the pose.

Needs numpy only. The same seed gives the same head for ever: values are drawn in a fixed order, and that
order is part of the data's definition (`VERSION`), so new attributes go at the end. Proportions follow what
makes varied, plausible portraits, not a census.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from recipes.mini.heads.palettes import CLOTH_COLORS, HAIR_COLORS, SKIN_TONES

Attributes = dict[str, Any]
Rng = np.random.Generator
Option = TypeVar("Option")

VERSION = 6
"""Raised whenever a seed would give another head."""

ANCESTRIES = ("caucasian", "african", "asian")
"""The macro targets of MakeHuman, under its names."""

GREY_COLORS = ("salt-and-pepper", "gray", "white")

MEN_HAIR = {
    "bald": 0.05,
    "shaved": 0.05,
    "buzz cut": 0.1,
    "short crop": 0.2,
    "side part": 0.2,
    "slicked back": 0.1,
    "quiff": 0.1,
    "fade": 0.07,
    "receding": 0.04,
    "short curls": 0.06,
    "shoulder-length": 0.03,
}

WOMEN_HAIR = {
    "pixie": (0.10, 0.31),
    "bob": (0.19, 0.30),
    "bob with bangs": (0.08, 0.08),
    "shoulder-length": (0.19, 0.17),
    "long straight": (0.16, 0.04),
    "long wavy": (0.19, 0.08),
    "long curly": (0.09, 0.02),
    "ponytail": (0.0, 0.0),
    "bun": (0.0, 0.0),
}
"""Share up to sixty and above. Ponytails and buns exist in `hair` but are not drawn: from the front, nothing
shows them."""

MEN_TOPS = {
    "crew-neck t-shirt": 0.24,
    "v-neck t-shirt": 0.08,
    "turtleneck": 0.12,
    "crew-neck sweater": 0.2,
    "button-up shirt": 0.18,
    "jacket over a striped shirt": 0.06,
    "suit and tie": 0.12,
}

WOMEN_TOPS = {
    "crew-neck t-shirt": 0.2,
    "v-neck t-shirt": 0.13,
    "turtleneck": 0.14,
    "crew-neck sweater": 0.17,
    "v-neck sweater": 0.1,
    "scoop-neck top": 0.08,
    "blouse": 0.1,
    "jacket over a striped shirt": 0.08,
}

STRIPED_TOPS = ("crew-neck t-shirt", "crew-neck sweater", "button-up shirt", "blouse")


def sample(seed: int) -> Attributes:
    """Draw a head.

    Returns:
        Plain values that JSON can hold; `recipes/mini/DATA.md` lists them. Angles are degrees (yaw positive
        to the viewer's right), ages years, focal lengths millimetres; morph weights are MakeHuman's.
    """
    rng = np.random.default_rng(seed)
    gender = _choose(rng, ("woman", "man"))
    head: Attributes = {"seed": seed, "version": VERSION, "gender": gender}
    head["male"] = 1.04 if gender == "man" else -0.04
    head["dimorph"] = float(rng.uniform(0.75, 1.15))
    head["age"] = _age(rng)
    head["race"] = _ancestry(rng)
    _sample_skin(rng, head)
    _sample_build(rng, head)
    head["expression"] = _choose(
        rng,
        ("neutral", "slight smile", "smile", "serious"),
        (0.28, 0.33, 0.28, 0.11) if gender == "man" else (0.22, 0.38, 0.34, 0.06),
    )
    head["hair_color"] = _hair_color(rng, head)
    head["recede"] = 0.0
    if gender == "man":
        _sample_men_hair(rng, head)
    else:
        _sample_women_hair(rng, head)
    head["part"] = _choose(rng, ("side", "middle"))
    head["eyes"] = _eye_color(rng, head)
    head["glasses"] = _choose(
        rng, ("none", "thin metal", "black rectangular", "round tortoiseshell"), (0.78, 0.08, 0.07, 0.07)
    )
    _sample_clothes(rng, head)
    _sample_pose(rng, head)
    _sample_camera(rng, head)
    head["lipstick"] = _lipstick(rng, head)
    return head


def _choose(
    rng: Rng, options: Sequence[Option], shares: Sequence[float] | np.ndarray | None = None
) -> Option:
    """One of the options, with the given probabilities."""
    return options[rng.choice(len(options), p=shares)]


def _age(rng: Rng) -> int:
    """Years, 18 to 80, half of them below forty."""
    bands = ((18, 30), (30, 45), (45, 60), (60, 81))
    draws = [rng.uniform(low, high) for low, high in bands]
    return int(np.clip(_choose(rng, draws, (0.36, 0.3, 0.18, 0.16)), 18, 80))


def _ancestry(rng: Rng) -> dict[str, float]:
    """Weights of one or two macro targets, the main one first; they add up to 1."""
    main = _choose(rng, ANCESTRIES, (0.42, 0.29, 0.29))
    if rng.random() >= 0.4:
        return {main: 1.0}
    other = _choose(rng, [a for a in ANCESTRIES if a != main])
    share = float(rng.uniform(0.15, 0.5))
    return {main: 1 - share, other: share}


def _tone(head: Attributes) -> int:
    """Place of the skin tone, 0 lightest."""
    return list(SKIN_TONES).index(head["skin"])


def _sample_skin(rng: Rng, head: Attributes) -> None:
    """Skin tone and freckles."""
    african, asian = head["race"].get("african", 0), head["race"].get("asian", 0)
    tone = int(np.clip(round(rng.normal(1.5 + african * 5.2 + asian * 1.2, 1.0)), 0, 8))
    head["skin"] = list(SKIN_TONES)[tone]
    may_freckle = tone <= 3 and head["age"] < 58 and asian < 0.6
    freckles = ("none", "light", "heavy")
    head["freckles"] = _choose(rng, freckles, (0.5, 0.25, 0.25)) if may_freckle else "none"


def _sample_build(rng: Rng, head: Attributes) -> None:
    """Muscle and weight (MakeHuman's 0..1), and how far features stray from the average."""
    if head["gender"] == "man":
        head["muscle"] = float(rng.uniform(0.45, 0.75))
        head["weight"] = float(np.clip(rng.normal(0.48, 0.13), 0.2, 0.85))
        head["var"] = 0.42
    else:
        head["muscle"] = float(rng.uniform(0.3, 0.5))
        head["weight"] = float(np.clip(rng.normal(0.42, 0.11), 0.2, 0.75))
        head["var"] = 0.32


def _hair_color(rng: Rng, head: Attributes) -> str:
    """Grey by age, else by ancestry."""
    age = head["age"]
    african, asian = head["race"].get("african", 0), head["race"].get("asian", 0)
    grey_share = float(np.interp(age, [38, 50, 60, 70, 80], [0, 0.25, 0.6, 0.85, 0.97]))
    if rng.random() < grey_share:
        return _choose(rng, GREY_COLORS, (0.5, 0.4, 0.1) if age < 62 else (0.15, 0.5, 0.35))
    if _tone(head) <= 3 and african + asian < 0.5:
        pigmented = list(HAIR_COLORS)[:9]
        return _choose(rng, pigmented, (0.1, 0.17, 0.2, 0.13, 0.11, 0.12, 0.04, 0.07, 0.06))
    return _choose(rng, ("black", "dark brown", "brown", "auburn"), (0.66, 0.28, 0.05, 0.01))


def _sample_men_hair(rng: Rng, head: Attributes) -> None:
    """Hair style, how far the hairline recedes (0..1), and beard."""
    age = head["age"]
    shares = dict(MEN_HAIR)
    if age < 32:
        shares["bald"] *= 0.3
        shares["receding"] *= 0.1
    if age > 55:
        shares["receding"] *= 3
        shares["bald"] *= 1.6
        shares["shoulder-length"] *= 0.3
    weights = np.array(list(shares.values()))
    style = _choose(rng, list(shares), weights / weights.sum())
    if head["race"].get("african", 0) > 0.6 and rng.random() < 0.6:
        curly = ("short afro", "buzz cut", "fade", "short curls", "shaved", "afro")
        style = _choose(rng, curly, (0.3, 0.25, 0.15, 0.15, 0.05, 0.1))
    head["hair_style"] = style
    head["recede"] = float(np.clip((age - 32) / 70 * rng.random() * 1.2, 0, 0.6))
    if style == "receding":
        head["recede"] = float(rng.uniform(0.45, 0.8))
    beards = ("none", "stubble", "short beard", "full beard", "goatee")
    head["beard"] = _choose(rng, beards, (0.42, 0.24, 0.19, 0.10, 0.05))


def _sample_women_hair(rng: Rng, head: Attributes) -> None:
    """Hair style."""
    shares = np.array([share[head["age"] > 60] for share in WOMEN_HAIR.values()])
    head["hair_style"] = _choose(rng, list(WOMEN_HAIR), shares / shares.sum())
    if head["race"].get("african", 0) > 0.6 and rng.random() < 0.45:
        head["hair_style"] = _choose(rng, ("afro", "short afro", "long curly", "short curls"))
    head["beard"] = "none"


def _eye_color(rng: Rng, head: Attributes) -> str:
    """Light eyes only with light skin."""
    race = head["race"]
    if _tone(head) <= 3 and race.get("asian", 0) + race.get("african", 0) < 0.5:
        colors = ("brown", "hazel", "blue", "green", "gray", "light blue")
        return _choose(rng, colors, (0.27, 0.16, 0.25, 0.14, 0.1, 0.08))
    return _choose(rng, ("brown", "dark brown", "hazel"), (0.5, 0.42, 0.08))


def _sample_clothes(rng: Rng, head: Attributes) -> None:
    """Garment, its color and pattern."""
    tops = MEN_TOPS if head["gender"] == "man" else WOMEN_TOPS
    head["top"] = _choose(rng, list(tops), list(tops.values()))
    head["top_color"] = _choose(rng, list(CLOTH_COLORS))
    striped = head["top"] in STRIPED_TOPS and rng.random() < 0.2
    head["pattern"] = "striped" if striped else "plain"
    if head["top"] == "suit and tie":
        head["top_color"] = _choose(rng, ("black", "charcoal", "navy", "gray"))


def _sample_pose(rng: Rng, head: Attributes) -> None:
    """Turn of head and body and direction of the eyes, degrees."""
    turns = [
        rng.uniform(-5, 5),
        rng.uniform(-14, 14),
        rng.uniform(-30, 30),
        rng.choice([-1, 1]) * rng.uniform(30, 48),
    ]
    head["yaw"] = float(_choose(rng, turns, (0.25, 0.3, 0.33, 0.12)))
    head["roll"] = float(np.clip(rng.normal() * 3, -7, 7))
    head["body_yaw"] = float(np.clip(head["yaw"] * rng.uniform(0.3, 0.8) + rng.normal() * 9, -45, 45))
    head["gaze"] = _choose(rng, ("camera", "away"), (0.9, 0.1))
    away = head["gaze"] == "away"
    head["gaze_yaw"] = float(rng.choice([-1, 1]) * rng.uniform(9, 20)) if away else 0.0


def _sample_camera(rng: Rng, head: Attributes) -> None:
    """Framing, focal length (mm on a 24 mm sensor), elevation of the camera and nod of the head (degrees)."""
    head["framing"] = _choose(rng, ("close-up", "head and shoulders"), (0.42, 0.58))
    if head["framing"] == "close-up":
        lens = _choose(rng, (50, 85, 105, 135), (0.1, 0.5, 0.15, 0.25))
    else:
        lens = _choose(rng, (35, 50, 85, 105, 135), (0.06, 0.24, 0.42, 0.1, 0.18))
    head["lens"] = int(lens)
    elevation = float(np.clip(rng.normal() * 3.5, -6, 8))
    head["cam_el"] = elevation
    head["pitch"] = float(np.clip(rng.normal() * 3, -7 - elevation, 2.5 - elevation))


def _lipstick(rng: Rng, head: Attributes) -> str:
    """Lipstick; rarer from seventy on."""
    lipstick = "none"
    if head["gender"] == "woman":
        lipstick = _choose(rng, ("none", "red", "nude", "berry"), (0.58, 0.13, 0.19, 0.1))
    if head["age"] > 68 and rng.random() < 0.5:
        lipstick = "none"
    return lipstick
