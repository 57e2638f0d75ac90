"""Words for a person: age, ancestry, skin, face, hair, expression. What they wear is in `clothing`."""

from typing import Any

import numpy as np

from recipes.mini.heads.palettes import SKIN_TONES
from recipes.mini.portraits.captions.choice import pick, pick_for

Meta = dict[str, Any]
Rng = np.random.Generator

DECADES = {20: "twenties", 30: "thirties", 40: "forties", 50: "fifties", 60: "sixties", 70: "seventies"}

SKIN = {
    "porcelain": ("porcelain skin", "very fair skin", "pale skin"),
    "fair": ("fair skin", "pale skin"),
    "light": ("light skin", "fair skin"),
    "light olive": ("light olive skin", "light skin"),
    "olive": ("olive skin", "olive-toned skin"),
    "tan": ("tan skin", "tanned skin", "light brown skin"),
    "brown": ("brown skin", "warm brown skin"),
    "dark brown": ("dark brown skin", "dark skin"),
    "deep brown": ("deep brown skin", "dark skin", "very dark skin"),
}


def describe_person(meta: Meta, rng: Rng) -> str:
    """Gender with age and ancestry, without an article: "woman in her late forties"."""
    rng.random()  # an unused draw, kept so that a seed keeps giving the same captions
    ancestry = _ancestry(meta, rng)
    who = f"{ancestry}{meta['gender']}"
    options = _ages(meta["age"], who, "her" if meta["gender"] == "woman" else "his")
    if rng.random() < 0.12:
        return who
    return options[int(rng.integers(len(options)))]


def _ancestry(meta: Meta, rng: Rng) -> str:
    """An adjective with a trailing space, or nothing; only where face and skin both leave no doubt."""
    race, weight = max(meta["race"].items(), key=lambda item: item[1])
    tone = list(SKIN_TONES).index(meta["skin"])
    if weight < 0.8 or rng.random() >= 0.3:
        return ""
    if race == "african" and tone >= 6:
        return "Black "
    if race == "asian" and tone <= 5:
        return pick(rng, "Asian ", "East Asian ")
    if race == "caucasian" and tone <= 2:
        return pick(rng, "white ", "Caucasian ")
    return ""


def _ages(age: int, who: str, possessive: str) -> list[str]:
    """Ways to put an age."""
    if age < 20:
        return [f"{who} in {possessive} late teens", f"young {who}", f"{age}-year-old {who}"]
    decade = age // 10 * 10
    return [
        f"{who} in {possessive} {decade}s" if decade < 80 else f"{age}-year-old {who}",
        f"{who} in {possessive} {_part_of_decade(age)}{_decade_words(age)}",
        f"{age}-year-old {who}",
        f"{age} year old {who}",
        *_age_group(age, who),
    ]


def _part_of_decade(age: int) -> str:
    """Prefix such as "late "; nothing in between and from eighty on."""
    if age >= 80:
        return ""
    if age % 10 <= 2:
        return "early "
    if age % 10 >= 8:
        return "late "
    return "mid-" if 4 <= age % 10 <= 6 else ""


def _decade_words(age: int) -> str:
    """The decade as a figure after a part of it ("mid-30s"), else as a word ("thirties")."""
    decade = age // 10 * 10
    return f"{decade}s" if _part_of_decade(age) else DECADES.get(decade, "eighties")


def _age_group(age: int, who: str) -> list[str]:
    """Broad age groups, where one clearly applies."""
    if age < 32:
        return [f"young {who}"] * 2
    if 44 <= age < 60:
        return [f"middle-aged {who}"] * 2
    if age >= 64:
        return [f"elderly {who}", f"old {who}", f"senior {who}"]
    return []


def describe_features(meta: Meta, rng: Rng) -> list[str]:
    """Striking features of the face, from the net strength of the morphs that make them."""
    strength = meta.get("geo") or {}
    features = []
    if strength.get("cheekbones", 0) > 0.38:
        features.append(pick(rng, "high cheekbones", "sharp cheekbones", "defined cheekbones"))
    if strength.get("lips", 0) > 0.45:
        features.append("full lips")
    if strength.get("lips", 0) < -0.25:
        features.append("thin lips")
    if meta["gender"] == "man" and strength.get("jaw", 0) > 0.55:
        features.append(pick(rng, "strong jaw", "square jaw", "strong jawline"))
    if strength.get("oval", 0) > 0.32:
        features.append("oval face")
    if strength.get("round", 0) > 0.3:
        features.append("round face")
    return features


EXPRESSIONS = {
    "neutral": ("neutral expression", "calm expression", "relaxed expression", ""),
    "slight smile": ("slight smile", "soft smile", "gentle smile", "subtle smile"),
    "smile": ("smiling", "warm smile", "friendly smile", "smiling warmly"),
    "serious": ("serious expression", "serious look", "pensive expression"),
}


def describe_expression(meta: Meta, rng: Rng) -> str:
    """Words for the expression; a neutral one may go without."""
    return pick_for(rng, meta["expression"], EXPRESSIONS)


def describe_pose(meta: Meta, flip: bool, rng: Rng) -> str:
    """Where head and eyes point, left and right as the viewer sees them."""
    yaw = meta["yaw"] * (-1 if flip else 1)
    side = "right" if yaw > 0 else "left"
    at_camera = meta["gaze"] == "camera"
    if abs(yaw) < 9:
        straight = "looking straight ahead" if at_camera else "facing the camera"
        pose = pick(rng, "facing the camera", "front view", straight, "frontal portrait")
    elif abs(yaw) < 24:
        pose = pick(rng, f"head turned slightly to the {side}", f"face turned slightly {side}")
    else:
        three_quarter = f"three-quarter view facing {side}"
        pose = pick(rng, three_quarter, f"head turned to the {side}", "three-quarter view")
    if at_camera and rng.random() < 0.3:
        pose = pick(rng, "looking at the camera", "looking into the camera", "eye contact with the viewer")
    if not at_camera and rng.random() < 0.6:
        pose = pick(rng, "looking away from the camera", "gazing off camera")
    return pose
