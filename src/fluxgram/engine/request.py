"""`Request`: what the user asks of one or more pictures, checked once at the door.

A request says nothing of the machine (that is `Settings`). Checks that need a checkpoint's table are in
`resolve` (see `plan.py`), which turns defaults into numbers and gives a `Plan`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args

from fluxgram.engine.adapter_use import AdapterUse, adapters_of
from fluxgram.engine.ignored import Ignored
from fluxgram.engine.plan import Plan, resolve
from fluxgram.engine.sizes import Pixels, Shape, check_pixels, parse_size
from fluxgram.errors import RequestError
from fluxgram.families.contract import NegativeMethod

__all__ = ["Ignored", "Plan", "Quality", "Request", "Shape", "parse_seed", "parse_size", "resolve"]

Quality = Literal["draft", "proof", "final"]

MOST_SEED = 2**64 - 1
MOST_SAMPLES = 64
MOST_STEPS = 200
MOST_GUIDANCE = 30
NEGATIVE_METHODS = (*get_args(NegativeMethod), "none")
MOST_CHARACTERS = 100_000
"""Characters of a prompt; far above what any checkpoint reads, low enough to be counted in no time."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to draw. Everything but the prompt has a default from the checkpoint's table.

    Attributes:
        prompt: The words.
        negative: What must not be there; None for what the checkpoint's table says, mostly nothing. Refused where the
            checkpoint cannot apply it.
        seed: 0 … 2**64 - 1; None draws one at random (written into the receipt). Picture i has `seed + i`.
        size: (width, height) in px to deliver, or a `Shape` for the checkpoint's best size of that shape;
            None for the checkpoint's default. `parse_size` reads either from text.
        samples: Pictures to draw, 1 … 64.
        steps: Denoising steps, 1 … 200; None goes by `quality`.
        guidance: Guidance scale, 0 … 30; None for the checkpoint's default. A second pass (classifier-free guidance)
            guides above 1 only, and 1 or 0 is none; FLUX.1 dev reads any number.
        quality: The one dial for people.
        checkpoint: Name of a checkpoint, folder in diffusers' layout, or hub id; None for the engine's own.
        strict: A prompt that does not fit is an error instead of a line in the receipt.
        preview_every: Give a small preview every so many steps; 0 for none.
        allow_ignored: List what the checkpoint cannot apply in the receipt instead of refusing it.
        adapters: Adapters to draw with, in order; at most 8. Texts and tables are read as `AdapterUse.of` does.
        negative_method: How the negative prompt steers: `true_cfg`, `vsf` or `nag`; None for the checkpoint's own way,
            `none` for no negative prompt even where the checkpoint has one of its own.
        negative_scale: Scale of that method, above 0 … 30; None for its default.

    Raises:
        RequestError: A value that no checkpoint could draw.
    """

    prompt: str
    negative: str | None = None
    seed: int | None = None
    size: Pixels | Shape | None = None
    samples: int = 1
    steps: int | None = None
    guidance: float | None = None
    quality: Quality = "final"
    checkpoint: str | None = None
    strict: bool = False
    preview_every: int = 0
    allow_ignored: bool = False
    adapters: tuple[AdapterUse, ...] = ()
    negative_method: NegativeMethod | Literal["none"] | None = None
    negative_scale: float | None = None

    def __post_init__(self) -> None:
        checked = {
            "prompt": _words("prompt", self.prompt),
            "negative": None if _blank(self.negative) else _words("negative prompt", self.negative),
            "seed": None if self.seed is None else _seed(self.seed),
            "size": _size(self.size),
            "samples": _whole("samples", self.samples, 1, MOST_SAMPLES),
            "steps": None if self.steps is None else _whole("steps", self.steps, 1, MOST_STEPS),
            "guidance": None if self.guidance is None else _guidance(self.guidance),
            "quality": _quality(self.quality),
            "checkpoint": None if self.checkpoint is None else _checkpoint(self.checkpoint),
            "strict": _switch("strict", self.strict),
            "preview_every": _whole("preview_every", self.preview_every, 0, MOST_STEPS),
            "allow_ignored": _switch("allow_ignored", self.allow_ignored),
            "adapters": adapters_of(self.adapters),
            "negative_method": None if self.negative_method is None else _method(self.negative_method),
            "negative_scale": None if self.negative_scale is None else _scale(self.negative_scale),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.negative is not None and self.negative_method == "none":
            raise RequestError(
                "negative_method is none, but there is a negative prompt.", "Leave one of the two out."
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Request:
        """Build a request from plain values (JSON, keyword arguments); `size` may be text and `seed` digits.

        Raises:
            RequestError: An unknown key (the hint names the nearest), no prompt, or an impossible value.
        """
        if not isinstance(values, Mapping):
            raise RequestError(
                f"A request is a table of fields, not {_kind(values)}.", 'Write {"prompt": "…"}.'
            )
        names = [field.name for field in fields(cls)]
        for key in values:
            if key not in names:
                near = get_close_matches(str(key), names, n=1, cutoff=0.0)
                raise RequestError(f"{str(key)!r} is not a field of a request.", f"Did you mean {near[0]}?")
        if "prompt" not in values:
            raise RequestError("The request has no prompt.", "Say in words what the picture should show.")
        plain: dict[str, Any] = dict(values)
        if isinstance(plain.get("size"), str):
            plain["size"] = parse_size(plain["size"])
        if isinstance(plain.get("seed"), str):
            plain["seed"] = parse_seed(plain["seed"])
        return cls(**plain)

    def to_dict(self) -> dict[str, object]:
        """The request as plain values that JSON can carry; `from_dict` makes an equal request of them."""
        values: dict[str, object] = {field.name: getattr(self, field.name) for field in fields(self)}
        if isinstance(self.size, Shape):
            values["size"] = str(self.size)
        elif self.size is not None:
            values["size"] = list(self.size)
        values["adapters"] = [use.to_dict() for use in self.adapters]
        return values


def parse_seed(text: str) -> int:
    """Read a seed as people write it.

    Raises:
        RequestError: Not a whole number from 0 to 2**64 - 1.
    """
    if not re.fullmatch(r"\s*[+-]?\d{1,40}\s*", text):
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise RequestError(f"{shown!r} is not a seed.", f"A seed is a whole number from 0 to {MOST_SEED}.")
    return _seed(int(text))


def _words(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise RequestError(f"The {name} must be text, not {_kind(text)}.", "Put it in quotes.")
    if not text.strip():
        raise RequestError(f"The {name} is empty.", "Say in words what the picture should show.")
    if len(text) > MOST_CHARACTERS:
        raise RequestError(
            f"The {name} has {len(text)} characters.", f"At most {MOST_CHARACTERS} are taken; shorten it."
        )
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise RequestError(
            f"The {name} holds characters that are not text.", "Save it as UTF-8 and try again."
        )
    return text


def _blank(text: object) -> bool:
    return text is None or (isinstance(text, str) and not text.strip())


def _whole(name: str, value: object, least: int, most: int) -> int:
    hint = f"It is a whole number from {least} to {most}."
    if isinstance(value, bool):
        raise RequestError(f"{name} must be a whole number, not {value}.", hint)
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise RequestError(f"{name} must be a whole number, not {_kind(value)}.", hint) from None
    if not least <= number <= most:
        raise RequestError(f"{name} can't be {_digits(number)}.", hint)
    return number


def _seed(value: object) -> int:
    try:
        return _whole("seed", value, 0, MOST_SEED)
    except RequestError as error:
        raise RequestError(str(error), f"{error.hint} Leave it out for a random one.") from None


def _size(value: object) -> Pixels | Shape | None:
    if value is None or isinstance(value, Shape):
        return value
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise RequestError("size must be a width and a height in px.", "Write size=(512, 768).")
    if any(isinstance(side, bool) or not hasattr(side, "__index__") for side in value):
        raise RequestError("The sides of a size must be whole numbers of px.", "Write size=(512, 768).")
    return check_pixels((operator.index(value[0]), operator.index(value[1])))


def _guidance(value: object) -> float:
    hint = f"It is a number from 0 to {MOST_GUIDANCE}; leave it out for the checkpoint's own."
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RequestError(f"guidance must be a number, not {_kind(value)}.", hint)
    if not 0 <= value <= MOST_GUIDANCE:  # false for NaN, too
        raise RequestError(f"guidance can't be {str(value)[:24]}.", hint)
    return float(value)


def _method(value: object) -> str:
    if value in NEGATIVE_METHODS:
        return str(value)
    near = get_close_matches(str(value), NEGATIVE_METHODS, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"It is one of {', '.join(NEGATIVE_METHODS)}."
    raise RequestError(f"There is no way {str(value)[:40]!r} to apply a negative prompt.", hint)


def _scale(value: object) -> float:
    hint = f"It is a number above 0 up to {MOST_GUIDANCE}; leave it out for the method's own."
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RequestError(f"negative_scale must be a number, not {_kind(value)}.", hint)
    if not 0 < value <= MOST_GUIDANCE:
        raise RequestError(f"negative_scale can't be {str(value)[:24]}.", hint)
    return float(value)


def _quality(value: object) -> Quality:
    for quality in get_args(Quality):
        if value == quality:
            return quality  # type: ignore[no-any-return]
    near = get_close_matches(str(value), get_args(Quality), n=1)
    hint = f"Did you mean {near[0]}?" if near else "It is draft, proof or final."
    raise RequestError(f"There is no quality {str(value)[:40]!r}.", hint)


def _checkpoint(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        shown = "empty" if isinstance(value, str) else f"not {_kind(value)}"
        raise RequestError(
            f"The checkpoint must be a name, a folder or a hub id, {shown}.", "Try fluxgram-mini."
        )
    return value


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise RequestError(f"{name} must be true or false, not {_kind(value)}.", "Leave it out for false.")
    return value


def _kind(value: object) -> str:
    """What a value is, in a user's words."""
    names = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
    names |= {"list": "a list", "tuple": "a list", "dict": "a table", "NoneType": "nothing", "bytes": "bytes"}
    return names.get(type(value).__name__, f"a {type(value).__name__}")


def _digits(number: int) -> str:
    return (
        str(number)
        if abs(number) < 10**24
        else f"a number of {int(number.bit_length() * 0.30103) + 1} digits"
    )
