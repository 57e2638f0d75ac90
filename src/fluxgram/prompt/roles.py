"""Tells the role of words that are no vocabulary, and what kind of picture a whole prompt is about.

Both are guesses from single words (`clues.py`); what the vocabulary knows for sure is settled before (`parse.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from fluxgram.prompt import clues
from fluxgram.prompt.clues import bag

ROLE_OF_KIND = MappingProxyType(
    {
        "light": "light", "camera": "camera", "lens": "camera", "aperture": "camera", "film": "camera",
        "skin": "detail",
        "material": "detail", "surface": "detail", "atmosphere": "setting", "macro": "detail", "product": "detail",
        "interior": "setting", "landscape": "setting", "environment": "setting", "street": "setting",
        "quality": "quality", "mode": "quality", "negative": "negative",
    }
)  # fmt: skip
"""Role of a vocabulary term by its kind."""

_STRONG_LIGHT = bag(
    "cloudy sunset light lights lighting lit backlit backlight sidelight softbox shadow shadows flash strobe "
    "illuminated sunlight daylight lamplight candlelight moonlight"
)
_PORTRAIT_SKIN = frozenset(("skin",))
_KIND_WORDS = (
    ("product", bag("product packshot still-life still mockup")),
    ("macro", frozenset(("macro",))),
    ("interior", bag("interior architecture architectural")),
    ("landscape", bag("landscape seascape cityscape")),
)


NAMING_KINDS = frozenset(("material", "macro", "product", "interior", "landscape", "environment", "street"))
"""Kinds of terms that may name what the picture shows."""


def shows(words: Sequence[str], before: Iterable[str]) -> bool:
    """Whether words of the vocabulary name the subject: a thing, a person or a place that no preposition leads to."""
    content = set(words)
    if content & (clues.PERSON | clues.THING):
        return True
    last = [word for word in before if word not in ("a", "an", "the", "his", "her", "old", "misty")][-1:]
    led = content & clues.SETTING_WORDS or (last and last[0] in clues.SETTING_WORDS)
    return not led and bool(content & (clues.LANDSCAPE | clues.INTERIOR | clues.MACRO))


SOURCES = MappingProxyType(
    {
        "window": "light.window", "windows": "light.window", "candle": "light.candle", "candles": "light.candle",
        "softbox": "light.soft-studio", "fluorescent": "light.fluorescent", "cloudy": "light.overcast",
        "sunset": "light.golden-hour-front", "moon": "light.moonlight", "campfire": "light.firelight",
        "bonfire": "light.firelight", "fireplace": "light.firelight", "flash": "light.flash",
    }
)  # fmt: skip
"""Words that name a source of light, and the term that free words about light say with them."""


def source_of(words: Iterable[str]) -> str:
    """Id of the light that free words name by its source: "daylight from large windows"; empty for none or several."""
    named = {SOURCES[word] for word in words if word in SOURCES}
    return named.pop() if len(named) == 1 else ""


def role_of_words(words: Sequence[str], *, has_subject: bool, opens_place: bool) -> str:
    """The role of a phrase.

    Args:
        words: Its words, lower case.
        has_subject: Whether the prompt's subject has been found before.
        opens_place: The phrase begins with a preposition of place.

    Returns:
        A role, or "" where the words carry nothing alone.
    """
    content = frozenset(word for word in words if word not in clues.EMPTY or word == "against")
    if not content - clues.SETTING_WORDS:
        return ""
    if not content - {"lit", "illuminated"} - clues.SETTING_WORDS:
        return ""
    if content & _STRONG_LIGHT:
        return "light"
    if opens_place:
        return _role_of_place(content)
    if content & clues.PERSON or any(word.endswith(clues.PERSON_ENDINGS) for word in content):
        return "subject"
    if _is_camera(words, content):
        return "camera"
    if content & clues.LIGHT and not content & (clues.THING | clues.BODY):
        return "light"
    return _role_of_things(content, has_subject=has_subject)


def _role_of_place(content: frozenset[str]) -> str:
    if content & clues.BODY and not content & clues.PLACE:
        return "detail"
    if content & clues.AGE:
        return "subject"
    return "setting"


def _is_camera(words: Sequence[str], content: frozenset[str]) -> bool:
    return bool(content & clues.CAMERA) or any(phrase in " ".join(words) for phrase in clues.CAMERA_PHRASES)


def _role_of_things(content: frozenset[str], *, has_subject: bool) -> str:
    nouns = content & (clues.THING | clues.PLACE | clues.BODY)
    if content & clues.QUALITY and not nouns:
        return "quality"
    if content <= clues.MEDIUM:
        return "quality"
    if content & clues.BODY:
        return "detail"
    if content & {"background", "backdrop", "seamless"}:
        return "setting"
    if not has_subject:
        return (
            "subject"
            if not nouns or content & (clues.THING | clues.LANDSCAPE | clues.INTERIOR)
            else "setting"
        )
    if content & clues.PLACE:
        return "setting"
    return "detail" if all(word.isascii() for word in content) else "unknown"


def kind_of_picture(
    subject_words: Iterable[str], all_words: Iterable[str], term_kinds: Iterable[str], *, wide: bool
) -> str:
    """What kind of picture it is: a key of `briefs.BRIEFS`, or "" where nothing tells.

    Args:
        subject_words: Words of the subject, lower case.
        all_words: All words of the prompt, lower case.
        term_kinds: Kinds of the vocabulary terms in it.
        wide: Whether a wide lens is said.
    """
    subject, said, kinds = frozenset(subject_words), frozenset(all_words), Counter(term_kinds)
    person = bool(subject & clues.PERSON) or any(word.endswith(clues.PERSON_ENDINGS) for word in subject)
    if person or (kinds["skin"] and not subject & clues.THING):
        return "environment" if (kinds["environment"] and wide) or "environmental" in said else "portrait"
    for kind, words in _KIND_WORDS:
        if said & words:
            return kind
    for kind, words in (("product", clues.THING), ("macro", clues.MACRO), ("interior", clues.INTERIOR),
                        ("landscape", clues.LANDSCAPE)):  # fmt: skip
        if subject & words:
            return kind
    for kind, signs in (("product", ("product", "material")), ("macro", ("macro",)), ("interior", ("interior",)),
                        ("landscape", ("landscape", "street"))):  # fmt: skip
        if any(kinds[sign] for sign in signs):
            return kind
    return ""
