"""Values of a body, read leniently in type: numbers as text, flags as "yes", null and "" as the default.

`Fields` takes them one by one, remembers what is wrong, and what nobody took. Which fields there are and what they mean
is in `modelslab_fields.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from fluxgram.errors import RequestError
from fluxgram.jobs.orders import Note

MOST_TEXT = 2_000
"""Characters of a text that is no prompt, such as a webhook's address."""

TRUE = {"yes", "true", "on", "1", "y", "enabled"}
FALSE = {"no", "false", "off", "0", "n", "none", "disabled"}
NOTHING = {"", "null", "undefined"}


class InvalidFields(RequestError):
    """Fields of a body that mean nothing.

    Args:
        errors: What is wrong, by field.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()), "docs/modelslab.md lists every field and what it takes.")
        self.errors = dict(errors)


class Fields:
    """A body whose fields are taken one by one.

    Attributes:
        errors: What is wrong, by field.
        notes: What has no effect or was moved to a limit.
    """

    def __init__(self, body: Mapping[str, object]) -> None:
        self._body = body
        self._taken: set[str] = {"key", "model_id"}
        self.errors: dict[str, str] = {}
        self.notes: list[Note] = []

    def take(self, name: str) -> object:
        """The field's value; None where it is absent, null or empty."""
        self._taken.add(name)
        value = self._body.get(name)
        return None if is_nothing(value) else value

    def fail(self, name: str, reason: str) -> None:
        """Remember the first thing that is wrong with a field; the sentence begins with the field's name."""
        self.errors.setdefault(name, f"{name} {reason}")

    def note(self, name: str, value: object, reason: str) -> None:
        """List a field."""
        self.notes.append(Note(cut(name, 100), plain(value), f"{reason}."))

    def text(self, name: str, *, most: int = MOST_TEXT) -> str | None:
        """A field that is text."""
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fail(name, "must be text")
        elif len(value) > most:
            self.fail(name, f"may have at most {most} characters")
        elif "\0" in value:
            self.fail(name, "holds characters that are not text")
        else:
            return value
        return None

    def whole(self, name: str) -> int | None:
        """A field that is a whole number."""
        value = self.take(name)
        number = None if value is None else as_whole(value)
        if value is not None and number is None:
            self.fail(name, f"must be a whole number, not {plain(value, 40)!r}")
        return number

    def number(self, name: str, least: float, most: float) -> float | None:
        """A field that is a number within limits."""
        value = self.take(name)
        if value is None:
            return None
        number = as_number(value)
        if number is None:
            self.fail(name, f"must be a number, not {plain(value, 40)!r}")
        elif not least <= number <= most:
            self.fail(name, f"must be between {least:g} and {most:g}")
        else:
            return number
        return None

    def within(self, name: str, least: int, most: int, default: int) -> int:
        """A field that is a whole number within limits."""
        number = self.whole(name)
        if number is not None and not least <= number <= most:
            self.fail(name, f"must be between {least} and {most}")
        return default if number is None else number

    def flag(self, name: str) -> bool | None:
        """A field that is yes or no."""
        value = self.take(name)
        switch = None if value is None else as_flag(value)
        if value is not None and switch is None:
            self.fail(name, f"must be yes or no, not {plain(value, 40)!r}")
        return switch

    def rest(self) -> list[str]:
        """Names that nobody took, in the body's order."""
        return [name for name in self._body if name not in self._taken]


def is_nothing(value: object) -> bool:
    """Whether a value stands for the default."""
    return value is None or (isinstance(value, str) and value.strip().lower() in NOTHING)


def is_off(value: object) -> bool:
    """Whether a value asks for nothing: absent, empty, no or 0."""
    return is_nothing(value) or value in ([], {}) or as_flag(value) is False


def as_whole(value: object) -> int | None:
    """A whole number from 512, 512.0 or "512"; None for anything else."""
    if isinstance(value, str):
        match = re.fullmatch(r"([+-]?\d{1,40})(\.0{0,20})?", value.strip(), re.ASCII)
        return int(match[1]) if match else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_number(value: object) -> float | None:
    """A finite number from 7.5 or "7.5"; None for anything else."""
    if isinstance(value, str) and not re.fullmatch(
        r"[+-]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})(e[+-]?\d{1,3})?", value.strip(), re.ASCII | re.IGNORECASE
    ):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_flag(value: object) -> bool | None:
    """True or false from true, 1, "yes", "True" and their opposites; None for anything else."""
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    word = value.strip().lower() if isinstance(value, str) else None
    return True if word in TRUE else False if word in FALSE else None


def plain(value: object, most: int = 200) -> str | float:
    """A value as notes and messages carry it: a number, or text cut to `most` characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and abs(value) < 2**53:
        return value
    return cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), most)


def cut(text: str, most: int) -> str:
    """A client's own words without what is no text, at most so many characters of them."""
    clean = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return clean if len(clean) <= most else clean[: most - 1] + "…"
