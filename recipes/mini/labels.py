"""What a portrait shows, as class numbers: the targets of the text encoder's first lessons and of the judges.

Each attribute maps the facts of a composed picture (`info` of `portraits.compose`) to a class, or to `UNKNOWN`
where it does not apply (no beard in sight on a close-up of nothing, no light side under an overcast sky).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

UNKNOWN = -100
"""Ignored by cross-entropy (torch's default `ignore_index`)."""

SKIN = ("porcelain", "fair", "light", "light olive", "olive", "tan", "brown", "dark brown", "deep brown")
HAIR_COLOURS: dict[str, int] = {
    "black": 0, "dark brown": 0, "brown": 1, "light brown": 1, "dark blond": 2, "blond": 2, "platinum blond": 2,
    "auburn": 3, "red": 3, "salt-and-pepper": 4, "gray": 4, "white": 4,
}  # fmt: skip
HAIR_LENGTHS: dict[str, int] = {
    "bald": 0, "shaved": 0, "buzz cut": 0,
    "short crop": 1, "side part": 1, "slicked back": 1, "quiff": 1, "fade": 1, "receding": 1, "short curls": 1,
    "short afro": 1, "afro": 1, "pixie": 1, "ponytail": 1, "bun": 1,
    "bob": 2, "bob with bangs": 2, "shoulder-length": 2,
    "long straight": 3, "long wavy": 3, "long curly": 3,
}  # fmt: skip
STYLES = (
    "soft studio", "butterfly", "loop", "rembrandt", "split", "golden hour", "window", "noon sun", "neon",
    "low-key", "high-key", "mixed warm cool", "overcast", "open shade sun",
)  # fmt: skip
STYLE_GROUPS: dict[str, int] = {
    "soft studio": 0, "butterfly": 0, "loop": 0, "window": 0, "overcast": 0, "high-key": 1, "noon sun": 2,
    "open shade sun": 2, "rembrandt": 3, "split": 3, "low-key": 3, "golden hour": 4, "neon": 5, "mixed warm cool": 6,
}  # fmt: skip
EXPRESSIONS = {"smile": 0, "slight smile": 0, "neutral": 1, "serious": 2}
NEON = ("magenta", "pink", "cyan", "blue", "red", "green", "orange", "purple", "teal")
CLOTH = (
    "white", "cream", "black", "charcoal", "gray", "light gray", "navy", "denim blue", "light blue", "burgundy",
    "rust", "dusty pink", "olive green", "forest green", "sage green", "mustard", "beige", "camel", "brown", "teal",
    "lavender", "red",
)  # fmt: skip
_GARMENTS = {colour: index for index, colour in enumerate(CLOTH)}
BACKGROUND_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("wall", ("wall",)),
    ("dark", ("dark", "black")),
    ("white", ("white",)),
    ("nature", ("garden", "park", "forest", "wood", "tree", "leaves", "foliage", "green")),
    ("open", ("beach", "sea", "sunset", "field", "meadow", "countryside", "golden")),
    ("city", ("street", "city", "urban", "neon")),
    ("office", ("office",)),
    ("home", ("room", "interior", "home", "book", "café", "coffee", "kitchen", "window", "cosy", "cozy")),
)


def _lookup(table: Mapping[str, int], value: object) -> int:
    return table.get(str(value), UNKNOWN)


def _age(info: Mapping[str, Any]) -> int:
    age = info["attrs"]["age"]
    return 0 if age < 32 else 1 if age < 60 else 2


def _side(info: Mapping[str, Any]) -> int:
    return {"left": 0, "right": 1}.get(info["side"], 2)


def _hair_colour(info: Mapping[str, Any]) -> int:
    hairless = info["attrs"]["hair_style"] in ("bald", "shaved")
    return UNKNOWN if hairless else _lookup(HAIR_COLOURS, info["attrs"]["hair_color"])


def background_kind(info: Mapping[str, Any]) -> int:
    """Index into `BACKGROUND_WORDS` by the first word that fits; the plain studio backdrop comes after them."""
    name = str(info["background"]).lower()
    for index, (_, words) in enumerate(BACKGROUND_WORDS):
        if any(word in name for word in words):
            return index
    return len(BACKGROUND_WORDS)


ATTRIBUTES: dict[str, tuple[int, Callable[[Mapping[str, Any]], int]]] = {
    "gender": (2, lambda i: int(i["attrs"]["gender"] == "man")),
    "age": (3, _age),
    "skin": (len(SKIN), lambda i: SKIN.index(i["attrs"]["skin"])),
    "hair colour": (5, _hair_colour),
    "hair length": (4, lambda i: _lookup(HAIR_LENGTHS, i["attrs"]["hair_style"])),
    "beard": (2, lambda i: int(i["attrs"]["beard"] in ("short beard", "full beard", "goatee"))),
    "glasses": (2, lambda i: int(i["attrs"]["glasses"] != "none")),
    "framing": (2, lambda i: int(i["attrs"]["framing"] == "close-up")),
    "light side": (3, _side),
    "light style": (len(STYLES), lambda i: STYLES.index(i["style"])),
    "background": (len(BACKGROUND_WORDS) + 1, background_kind),
    "black and white": (2, lambda i: int(bool(i["bw"]))),
    "garment colour": (len(CLOTH), lambda i: _lookup(_GARMENTS, i["attrs"]["top_color"])),
    "expression": (3, lambda i: _lookup(EXPRESSIONS, i["attrs"]["expression"])),
    "neon left": (len(NEON), lambda i: _neon(i, "left")),
    "neon right": (len(NEON), lambda i: _neon(i, "right")),
}  # fmt: skip


def _neon(info: Mapping[str, Any], side: str) -> int:
    """Colour of the neon light on one side of the picture: the first of the pair is the key's."""
    pair = info.get("neon")
    if not pair:
        return UNKNOWN
    first, second = pair
    return NEON.index(first if info["side"] == side else second)


def label(info: Mapping[str, Any]) -> list[int]:
    """Class of each of `ATTRIBUTES`, in their order."""
    return [read(info) for _, read in ATTRIBUTES.values()]


def mirrored(info: dict[str, Any]) -> dict[str, Any]:
    """The facts of the mirror image, as far as captions and labels use them."""
    swap = {"left": "right", "right": "left", None: None}
    return {**info, "side": swap[info["side"]], "flip": not info["flip"], "yaw": -info["yaw"]}
