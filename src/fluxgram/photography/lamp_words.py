"""Words for lamps, and what such words say of lamps: "Rembrandt lighting, single source from the upper left, warm key".

`words_of` takes the named light in whose ranges the lamps lie, or says in plain words where the key stands, and adds
what the name leaves open: depth of the shadows, colours, edges, rim, background. `read` is the way back. What words
claim holds for the lamps they were written for and for those they are read as. What lamps do and no words say is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.lamps import (
    WHITE_KELVIN,
    Key,
    Lamps,
    Told,
    is_key,
    lamps_of,
    meaning_of,
    middle,
    not_shown,
)
from fluxgram.photography.terms import Range, Term

Bins = dict[str, Range]
"""Words and the range they stand for; the empty word is what goes without saying."""

WHERE: Bins = {
    "frontal": (0, 12), "near-frontal": (12, 35), "three-quarter": (35, 65), "side-on": (65, 110),
    "rear": (110, 165), "straight rear": (165, 180),
}  # fmt: skip
"""Azimuth of a key without a name, whichever side."""
HEIGHT: Bins = {"low": (-90, -8), "": (-8, 22), "high": (22, 60), "steep": (60, 90)}
"""Elevation of a key without a name."""
SIDED_HEIGHT: Bins = {"lower ": (-90, -8), "": (-90, 90), "upper ": (22, 90)}
"""What "from the upper left" says of the elevation."""
DEPTH: Bins = {
    "hardly any shadows": (0, 0.8), "open shadows": (0.8, 2.2), "": (2.2, 3.2), "deep shadows": (3.2, 5),
    "solid black shadows": (5, 8),
}  # fmt: skip
KEY_COLOUR: Bins = {
    "candle-warm key": (1000, 2400), "warm key": (2400, 4450), "": (4450, 6400), "cool key": (6400, 9000),
    "deep blue key": (9000, 20000),
}  # fmt: skip
FILL_COLOUR: Bins = {"warm fill": (1000, 4450), "": (4450, 6400), "cool fill": (6400, 20000)}
EDGES: Bins = {
    "hard shadow edges": (0.1, 10), "": (10, 32), "soft shadow edges": (32, 75), "feathered shadow edges": (75, 180),
}  # fmt: skip
RIM_COLOUR: Bins = {
    "warm rim glow": (1000, 4450),
    "white rim glow": (4450, 6400),
    "cool rim glow": (6400, 20000),
}
BEHIND: Bins = {"unlit background": (0, 0.09), "": (0.09, 0.7), "brightly lit background": (0.7, 1)}

ADDITIONS: dict[str, Bins] = {
    "key.kelvin": KEY_COLOUR, "fill.stops": DEPTH, "fill.kelvin": FILL_COLOUR, "key.softness_degrees": EDGES,
    "rim.kelvin": RIM_COLOUR, "background": BEHIND,
}  # fmt: skip
"""Numbers of lamps that have phrases of their own, in the order in which they are said."""

_PLAIN_KEY = re.compile(
    r"(?<![\w-])(?:(?P<height>low|high|steep) )?"
    r"(?P<where>straight rear|near-frontal|three-quarter|side-on|rear|frontal) key light(?![\w-])",
    re.IGNORECASE,
)
_SIDED = re.compile(r"(?<![\w-])(?P<height>upper|lower) (?:left|right)(?![\w-])", re.IGNORECASE)
_GOES_WITHOUT_SAYING = ("key.softness_degrees", "fill.kelvin")
"""What is left unsaid where it is as the name usually has it."""
_FILL = re.compile(r"(?<!\w)(?:fill|card|reflector|bounced?)(?!\w)", re.IGNORECASE)
_LEAST_SIDE = 4.0
"""Degrees aside from which a side is said."""
_FAR = (("night", 0.35), ("outdoor", 0.2), ("daylight", 0.1), ("indoor", 0.1))
"""How much farther than a studio's light one with such a tag counts when a name is sought."""
_ANY_COLOUR = 0.4
"""The same for a name that says nothing of the colour: one that does says more."""


@dataclass(frozen=True, slots=True)
class Described:
    """Lamps in words.

    Attributes:
        phrases: What to say, in order; joined by commas they are `words`.
        terms: Those of the vocabulary among them, each with the phrase that says it; the key's first.
        side: Side of the key, empty where none is said.
        left_out: What the lamps do and the words do not say.
        claims: What the words promise, by number (`key.azimuth` is the magnitude).
    """

    phrases: tuple[str, ...]
    terms: tuple[tuple[Term, str], ...]
    side: str
    left_out: tuple[str, ...]
    claims: dict[str, Range]

    @property
    def words(self) -> str:
        """All of it."""
        return ", ".join(self.phrases)


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a prompt: its words, the light term that they say, if any, and the side that is said with it."""

    text: str
    term: Term | None = None
    side: str = ""


def number(lamps: Lamps, name: str) -> float:
    """A number of lamps by its name in `Described.claims`."""
    if name == "background":
        return lamps.background
    lamp, _, field = name.partition(".")
    value = float(getattr(getattr(lamps, lamp), field))
    return abs(value) if field == "azimuth" else value


def words_of(lamps: Lamps, catalog: Catalog, family: str = "", prefer: str = "") -> Described:
    """Say lamps in words that a reader of prompts reads back.

    Args:
        lamps: To be described.
        catalog: Whose names are used.
        family: How it reads best.
        prefer: Id of the name that was chosen; it stays as long as the lamps lie in its ranges.
    """
    chosen = catalog.terms.get(prefer)
    fits = (
        chosen is not None
        and is_key(chosen)
        and not not_shown(chosen)
        and _distance(lamps, chosen) is not None
    )
    term = chosen if fits else nearest_name(lamps, catalog)
    side = _side(lamps.key, term)
    if term:
        height = _word_at(SIDED_HEIGHT, lamps.key.elevation) if side else ""
        first = term.words(family)
        if side:  # a side behind words about a fill would be the fill's
            first += f"{', key' if _FILL.search(first) else ''} from the {height}{side}"
        claims = _ranges(term)
        claims["key.elevation"] = _both(claims["key.elevation"], SIDED_HEIGHT[height])
    else:
        first, claims = _plain_key(lamps.key, side)
    said = [(term, first)] if term else []
    phrases = [first, *_added(lamps, claims, named=term is not None)]
    if rim := _rim_phrase(lamps, term, catalog, family):
        phrases.append(rim)
        said += [(found, rim)] if (found := catalog.terms.get("light.rim")) else []
    if lamps.rim.on:
        glow = _word_at(RIM_COLOUR, lamps.rim.kelvin)
        usual = lamps_of([Told(term)]) if term and not rim else None
        if glow != _word_at(RIM_COLOUR, usual.rim.kelvin if usual else WHITE_KELVIN):
            phrases.append(glow)
        claims["rim.kelvin"] = RIM_COLOUR[glow]
    return Described(tuple(phrases), tuple(said), side, tuple(_left_out(lamps, term, side)), claims)


def nearest_name(lamps: Lamps, catalog: Catalog) -> Term | None:
    """The named light in whose ranges the lamps lie, that whose middle is nearest; None where there is none."""
    found = [
        (distance, place, term)
        for place, term in enumerate(catalog.of_kind("light"))
        if is_key(term) and "product" not in term.tags and not not_shown(term)
        if (distance := _distance(lamps, term)) is not None
    ]
    return min(found, key=lambda entry: entry[:2])[2] if found else None


def read(said: Sequence[Said]) -> Lamps | None:
    """The lamps that the pieces of a prompt mean; None where nothing says where a light stands.

    Args:
        said: Pieces with their terms and sides, in the order of the prompt; without what the prompt says no to.
    """
    told = [Told(piece.term, piece.side) for piece in said if piece.term]
    named = next((each.term for each in told if is_key(each.term)), None)
    plain = next(((match, piece) for piece in said if (match := _PLAIN_KEY.search(piece.text))), None)
    free = next((piece.side for piece in said if piece.side and piece.term is None), "")
    lamps = lamps_of(told, free)
    claims = _ranges(named) if named else {}
    if named is None and plain:
        key = _read_key(*plain)
        rim = next((piece.side for piece in said if piece.term and piece.term.id == "light.rim"), None)
        lamps = replace(Lamps(), key=key) if rim is None or lamps is None else lamps.with_key(key, rim)
    additions = {
        name: found
        for name, bins in ADDITIONS.items()
        if (found := next((span for piece in said if (span := _phrase_in(piece.text, bins))), None))
    }
    if lamps is None and not additions:
        return None
    lamps = lamps or Lamps()
    if named and (height := next((m for piece in said if (m := _SIDED.search(piece.text))), None)):
        additions["key.elevation"] = SIDED_HEIGHT[f"{height['height'].casefold()} "]
    elif named is None:
        additions = {"fill.stops": DEPTH[""], "key.softness_degrees": EDGES[""], **additions}
    for name, bounds in additions.items():
        lamps = _moved(lamps, name, _both(bounds, claims.get(name, bounds)))
    return lamps


def _moved(lamps: Lamps, name: str, bounds: Range) -> Lamps:
    """The lamps with a number inside of a range: left where it is if it is inside."""
    if bounds[0] <= number(lamps, name) <= bounds[1]:
        return lamps
    value = middle(bounds)
    if name == "background":
        return replace(lamps, background=value)
    lamp, _, field = name.partition(".")
    return replace(lamps, **{lamp: replace(getattr(lamps, lamp), **{field: value})})


def _read_key(match: re.Match[str], piece: Said) -> Key:
    """A key said in plain words."""
    where, height = match["where"].casefold(), (match["height"] or "").casefold()
    bounds = HEIGHT[height]
    if not height and (sided := _SIDED.search(piece.text)):
        bounds = HEIGHT["low" if sided["height"].casefold() == "lower" else "high"]
    azimuth = {"frontal": 0.0, "straight rear": 180.0}.get(where, middle(WHERE[where]))
    sign = 1.0 if piece.side == "right" or where == "straight rear" else -1.0
    return Key(azimuth=sign * azimuth if azimuth else 0.0, elevation=middle(bounds))


def _plain_key(key: Key, side: str) -> tuple[str, dict[str, Range]]:
    """Where a key stands that has no name, and what that claims."""
    where = next(word for word, bounds in WHERE.items() if _inside(abs(key.azimuth), bounds))
    height = _word_at(HEIGHT, key.elevation)
    claims = {"key.azimuth": WHERE[where], "key.elevation": HEIGHT[height]}
    if where in ("frontal", "straight rear") or not side:
        return f"{height} {where} key light".strip(), claims
    sided = {"low": "lower ", "high": "upper ", "steep": "upper "}.get(height, "")
    steep = "steep " if height == "steep" else ""
    return f"{steep}{where} key light from the {sided}{side}", claims


def _added(lamps: Lamps, claims: dict[str, Range], *, named: bool) -> list[str]:
    """Phrases for what the first words leave open; what they claim is added to `claims`."""
    phrases: dict[str, str] = {}
    for name, bins in ADDITIONS.items():
        if name.startswith("rim."):
            continue
        word = _word_at(bins, number(lamps, name))
        known = claims.get(name)
        if known and _within(known, bins[word]):
            continue  # the name says it already
        if known and name in _GOES_WITHOUT_SAYING and word == _word_at(bins, middle(known)):
            continue
        if word:
            phrases[name] = word
        if word or not named:
            claims[name] = _both(known or bins[word], bins[word])
    if "fill.stops" not in phrases and "key.kelvin" in phrases and "fill.kelvin" in phrases:
        # "warm key, cool fill" side by side are a name of their own
        phrases = {"fill.kelvin": phrases["fill.kelvin"], **phrases}
    return list(phrases.values())


def _rim_phrase(lamps: Lamps, term: Term | None, catalog: Catalog, family: str) -> str:
    """What is said of the rim light; empty where there is none, or where the key's name says all of it."""
    across = (lamps.rim.azimuth > 0) != (lamps.key.azimuth > 0)
    if not lamps.rim.on or (across and term and meaning_of(term).rim == "always"):
        return ""
    rim = catalog.terms.get("light.rim")
    words = rim.words(family) if rim else "thin rim light"
    sure = across and abs(lamps.key.azimuth) >= _LEAST_SIDE and _side(lamps.key, term)
    return words if sure else f"{words} from the {_of_sign(lamps.rim.azimuth)}"


def _left_out(lamps: Lamps, term: Term | None, side: str) -> list[str]:
    """What no words say."""
    told = []
    azimuth = abs(lamps.key.azimuth)
    if not side and _LEAST_SIDE <= azimuth <= 180 - _LEAST_SIDE:
        told.append(f"that the key stands {azimuth:.0f}° to the {_of_sign(lamps.key.azimuth)}")
    if abs(lamps.key.power - 1) > 0.05:
        told.append("the power of the key (the camera's exposure follows it)")
    if lamps.rim.on and abs(lamps.rim.power - 1) > 0.05:
        told.append("the power of the rim light")
    if lamps.rim.on and not 115 <= abs(lamps.rim.azimuth) <= 155:
        told.append(f"that the rim light stands at {abs(lamps.rim.azimuth):.0f}°")
    return told


def _side(key: Key, term: Term | None) -> str:
    if term and not meaning_of(term).sided:
        return ""
    outside = WHERE["frontal"][1] if term is None else _LEAST_SIDE
    last = WHERE["straight rear"][0] if term is None else 180 - _LEAST_SIDE
    return _of_sign(key.azimuth) if outside < abs(key.azimuth) < last else ""


def _of_sign(azimuth: float) -> str:
    return "right" if azimuth > 0 else "left"


def _ranges(term: Term) -> dict[str, Range]:
    """What a name claims."""
    meaning = meaning_of(term)
    claims: dict[str, Range] = {
        "key.azimuth": meaning.key_azimuth_degrees,
        "key.elevation": meaning.key_elevation_degrees,
        "key.softness_degrees": meaning.softness_degrees,
        "fill.stops": meaning.fill_stops,
    }
    if meaning.key_kelvin:
        claims["key.kelvin"] = meaning.key_kelvin
    if meaning.fill_kelvin:
        claims["fill.kelvin"] = meaning.fill_kelvin
    if "bright" in term.tags:
        claims["background"] = (0.7, 1.0)
    elif "dark" in term.tags and "backlight" in term.tags:
        claims["background"] = (0.6, 1.0)
    elif "dark" in term.tags or "night" in term.tags:
        claims["background"] = (0.0, 0.3)
    return claims


def _distance(lamps: Lamps, term: Term) -> float | None:
    """How far lamps are from the middle of what a name means, 0 to about 2; None where they lie outside."""
    if meaning_of(term).rim == "always" and not lamps.rim.on:
        return None
    total, claims = 0.0, _ranges(term)
    for name, bounds in claims.items():
        value = number(lamps, name)
        if not _inside(value, bounds):
            return None
        centre = bounds[0] if name == "key.azimuth" and bounds[0] == 0 else middle(bounds)
        total += ((value - centre) / max(bounds[1] - centre, 1e-6)) ** 2
    far = sum(more for tag, more in _FAR if tag in term.tags)
    return sqrt(total / len(claims)) + far + (0 if "key.kelvin" in claims else _ANY_COLOUR)


def _word_at(bins: Bins, value: float) -> str:
    """The word of the first range that holds a value, those that say something before the empty one."""
    return next((word for word, bounds in bins.items() if word and _inside(value, bounds)), "")


def _phrase_in(text: str, bins: Bins) -> Range | None:
    """The range of the phrase that a text has."""
    plain = " ".join(text.casefold().split())
    found = [word for word in bins if word and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", plain)]
    return bins[max(found, key=len)] if found else None


def _inside(value: float, bounds: Range) -> bool:
    return bounds[0] <= value <= bounds[1]


def _within(inner: Range, outer: Range) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _both(first: Range, second: Range) -> Range:
    """What two ranges have in common; the first where that is nothing."""
    low, high = max(first[0], second[0]), min(first[1], second[1])
    return (low, high) if low <= high else first


def is_lamp_phrase(text: str) -> bool:
    """Whether words say a lamp and nothing else: a key in plain words, or one of the additions."""
    plain = " ".join(text.casefold().split())
    if any(plain == word for bins in ADDITIONS.values() for word in bins if word):
        return True
    without_side = re.sub(r"(?: from)?(?: the)? (?:upper |lower )?(?:left|right)$", "", plain)
    return bool(_PLAIN_KEY.fullmatch(without_side)) or without_side in ("key light", "key")
