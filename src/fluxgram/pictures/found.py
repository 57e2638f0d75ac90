"""What a picture's file says about how it was made: our receipt, or the `parameters` text that A1111 started.

Files come from anybody, so nothing in here is trusted: texts are cut, numbers are held to their limits, and what cannot
be used is left out with a sentence about why. Pure functions over texts; `read.py` takes the texts out of the files.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MOST_TEXT = 200_000
"""Characters of `parameters` that are read."""
MOST_PROMPT = 20_000
"""Characters of a prompt."""
MOST_RECEIPT = 400_000
"""Characters of a receipt that is kept."""
MOST_DEPTH = 24
"""Levels of a receipt; ours have six."""
LARGEST_SEED = 2**64 - 1
MOST_STEPS, MOST_GUIDANCE, MOST_SIDE = 200, 30.0, 16_384

_PAIR = re.compile(r'\s*([A-Za-z][\w \-/]{0,60}?):\s*("(?:\\.|[^"\\])*"|[^,\n]*)(?:,|\n|$)')
_LEAST_PAIRS = 3
"""Pairs that make a last line one of settings where it does not begin with `Steps:`; A1111's own rule."""
_LONE = re.compile("[\ud800-\udfff]")
_SIZE = re.compile(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a picture was made, as far as its file says. What it does not say is empty or None.

    Attributes:
        prompt: The words.
        negative: The negative prompt.
        seed: Its own, 0 to 2**64 - 1.
        width: Pixels that were asked for.
        height: Pixels that were asked for.
        steps: Denoising steps.
        guidance: Classifier-free guidance scale.
        quality: `draft`, `proof` or `final`; only our receipts say.
        checkpoint: What drew it, as the file calls it.
        sampler: What sampled it, as the file calls it.
        software: What wrote the file.
    """

    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    quality: str = ""
    checkpoint: str = ""
    sampler: str = ""
    software: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found but, perhaps, a name of software."""
        return not any(value for name, value in asdict(self).items() if name != "software")


def settings_of_receipt(receipt: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """Settings from a receipt whose values may be of any type, and what could not be used.

    Args:
        receipt: As `plain_value` gives it.
    """
    notes: list[str] = []
    prompt, negative = _table(receipt, "prompt"), _table(receipt, "negative")
    checkpoint, size = _table(receipt, "checkpoint"), receipt.get("delivered")
    width, height = size if isinstance(size, list) and len(size) == 2 else (None, None)
    quality = receipt.get("quality")
    return Settings(
        prompt=_words(prompt.get("text"), "prompt", notes),
        negative=_words(negative.get("text"), "negative prompt", notes),
        seed=_whole(receipt.get("seed"), "seed", LARGEST_SEED, notes),
        width=_whole(width, "width", MOST_SIDE, notes, least=1),
        height=_whole(height, "height", MOST_SIDE, notes, least=1),
        steps=_whole(receipt.get("steps"), "steps", MOST_STEPS, notes, least=1),
        guidance=_real(receipt.get("guidance"), notes),
        quality=quality if quality in ("draft", "proof", "final") else "",
        checkpoint=_line(checkpoint.get("name")),
        sampler=_line(receipt.get("schedule")),
        software="fluxgram",
    ), notes


def settings_of_parameters(text: str) -> tuple[Settings, list[str]]:
    """Settings from the text that A1111 and the tools that follow it write, and what could not be used.

    Also the JSON that SwarmUI puts into the same place.
    """
    if len(text) > MOST_TEXT:
        return Settings(), [f"The text in the file has {len(text):,} characters; it is not read."]
    text = clean(text)
    if text.lstrip().startswith("{"):
        return _swarm(text)
    words, values = _split(text)
    prompt, _, negative = f"\n{words}".partition("\nNegative prompt:")
    notes: list[str] = []
    found = _SIZE.fullmatch(values.get("size", ""))
    return Settings(
        prompt=_words(prompt.strip(), "prompt", notes),
        negative=_words(negative.strip(), "negative prompt", notes),
        seed=_whole(_number(values.get("seed")), "seed", LARGEST_SEED, notes),
        width=_whole(_number(found and found[1]), "width", MOST_SIDE, notes, least=1),
        height=_whole(_number(found and found[2]), "height", MOST_SIDE, notes, least=1),
        steps=_whole(_number(values.get("steps")), "steps", MOST_STEPS, notes, least=1),
        guidance=_real(_number(values.get("distilled cfg scale") or values.get("cfg scale")), notes),
        checkpoint=_line(values.get("model")),
        sampler=_line(values.get("sampler")),
        software=_software(_line(values.get("version"))) if values else "",
    ), notes


def plain_value(value: Any) -> Any:
    """A value of a stranger's JSON that every writer of JSON takes; None where it is nested too deeply or too large."""
    try:
        tidy = _tidy(value, MOST_DEPTH)
    except RecursionError:
        return None
    return tidy if len(json.dumps(tidy)) <= MOST_RECEIPT else None


def clean(text: str) -> str:
    """Text without lone surrogates and NUL, its line ends all alike."""
    return _LONE.sub("\ufffd", text).replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")


def _tidy(value: Any, levels: int) -> Any:
    if levels < 0:
        raise RecursionError
    if isinstance(value, dict):
        return {clean(str(key)): _tidy(each, levels - 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_tidy(each, levels - 1) for each in value]
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _split(text: str) -> tuple[str, dict[str, str]]:
    """The words, and what the lines after them say, by names in small letters."""
    lines = text.strip().split("\n")
    at = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].startswith("Steps: ")), None)
    if at is None:
        if len(_PAIR.findall(lines[-1])) < _LEAST_PAIRS:
            return text, {}
        at = len(lines) - 1
    values: dict[str, str] = {}
    for name, value in _PAIR.findall("\n".join(lines[at:])):
        values.setdefault(name.strip().lower(), _unquoted(value.strip()))
    return "\n".join(lines[:at]), values


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text.strip('"')
    return text


def _swarm(text: str) -> tuple[Settings, list[str]]:
    try:
        values = plain_value(json.loads(text))
    except (ValueError, RecursionError):
        values = None
    said = _table(values, "sui_image_params") if isinstance(values, dict) else {}
    if not said:
        return Settings(), ["The settings in the file are of a form that is not known here."]
    notes: list[str] = []
    return Settings(
        prompt=_words(said.get("prompt"), "prompt", notes),
        negative=_words(said.get("negativeprompt"), "negative prompt", notes),
        seed=_whole(said.get("seed"), "seed", LARGEST_SEED, notes),
        width=_whole(said.get("width"), "width", MOST_SIDE, notes, least=1),
        height=_whole(said.get("height"), "height", MOST_SIDE, notes, least=1),
        steps=_whole(said.get("steps"), "steps", MOST_STEPS, notes, least=1),
        guidance=_real(said.get("cfgscale"), notes),
        checkpoint=_line(said.get("model")),
        software="SwarmUI",
    ), notes


def _table(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _words(value: object, what: str, notes: list[str]) -> str:
    if not isinstance(value, str):
        return ""
    if len(value) > MOST_PROMPT:
        notes.append(f"The {what} has {len(value):,} characters; the first {MOST_PROMPT:,} are taken.")
    return value[:MOST_PROMPT]


def _line(value: object) -> str:
    return " ".join(value.split())[:200] if isinstance(value, str) else ""


def _software(version: str) -> str:
    """What wrote it; A1111 and its kin give a bare version."""
    return version if " " in version else f"A1111 {version}".strip()


def _number(text: object) -> int | float | None:
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return None


def _whole(value: object, what: str, most: int, notes: list[str], *, least: int = 0) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        if value is not None:
            notes.append(f"The {what} is no whole number; it is left out.")
        return None
    if not least <= value <= most:
        notes.append(f"The {what} is not between {least} and {most}; it is left out.")
        return None
    return value


def _real(value: object, notes: list[str]) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_GUIDANCE:
        notes.append(f"The guidance is no number between 0 and {MOST_GUIDANCE:g}; it is left out.")
        return None
    return float(value)
