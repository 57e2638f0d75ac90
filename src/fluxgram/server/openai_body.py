"""Reads fields of a JSON body one by one: right type or a refusal that names the field.

Types are strict, as OpenAI's are; `null` is the same as leaving a field out. What was never read can be asked for
at the end, so that nothing a client sends is dropped without a word. Which fields there are is `openai_fields.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from fluxgram.errors import RequestError
from fluxgram.server.failures import Malformed
from fluxgram.server.strict import read_json

_SHOWN = 120
"""Characters of a client's value that are given back."""


class FieldRefused(RequestError):
    """A field of an OpenAI request cannot be taken as it is.

    Args:
        message: One sentence saying what is wrong.
        hint: One sentence saying what to do.
        param: Name of the field, as the client wrote it; None for the body itself.
        code: OpenAI's word for it.
    """

    def __init__(
        self, message: str, hint: str = "", *, param: str | None, code: str = "invalid_value"
    ) -> None:
        super().__init__(message, hint)
        self.param = param
        self.code = code


class Body:
    """A JSON object of which fields are read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}
        self._read: set[str] = set()

    @classmethod
    def parse(cls, data: bytes) -> Body:
        """Read the bytes of a request.

        Raises:
            FieldRefused: They are no JSON object.
        """
        hint = 'Send a JSON object such as {"prompt": "…"}.'
        try:
            values = read_json(data)
        except Malformed as error:
            raise FieldRefused(str(error), error.hint, param=None, code="invalid_json") from None
        if not isinstance(values, dict):
            raise FieldRefused(
                f"The body is {kind_of(values)}, not a JSON object.", hint, param=None, code="invalid_type"
            )
        return cls(values)

    def take(self, name: str) -> Any:
        """Any value; None where it is absent."""
        self._read.add(name)
        return self._values.get(name)

    def unread(self) -> dict[str, Any]:
        """What no one asked for."""
        return {name: value for name, value in self._values.items() if name not in self._read}

    def text(self, name: str) -> str | None:
        """A text."""
        value = self.take(name)
        if value is None or isinstance(value, str):
            return value
        raise _wrong_type(name, value, "a text")

    def whole(self, name: str, least: int | None = None, most: int | None = None) -> int | None:
        """A whole number, in a range where one is given."""
        value = self.take(name)
        if value is None:
            return None
        span = "" if least is None else f" from {least} to {most}"
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_type(name, value, f"a whole number{span}")
        if least is not None and most is not None and not least <= value <= most:
            raise FieldRefused(f"{name} can't be {shown(value)}.", f"It is a whole number{span}.", param=name)
        return value

    def number(self, name: str) -> float | None:
        """A finite number."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(name, value, "a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise FieldRefused(f"{name} can't be {shown(value)}.", "It is a finite number.", param=name)
        return number

    def flag(self, name: str) -> bool | None:
        """True or false; `yes` and `no` are taken too, which clients of other image APIs write."""
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in _SWITCH:
            return _SWITCH[value.strip().lower()]
        raise _wrong_type(name, value, "true or false")

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of a few words."""
        value = self.text(name)
        if value is None or value in choices:
            return value
        raise FieldRefused(
            f"{name} can't be {shown(value)}.", f"It is one of {', '.join(choices)}.", param=name
        )

    def one_of(self, *readings: tuple[str, Any]) -> tuple[str, Any]:
        """The one value of a field that has several names: the name it came under, and the value.

        Args:
            *readings: Name and value, as read.

        Raises:
            FieldRefused: Two names, two values.
        """
        given = [(name, value) for name, value in readings if value is not None]
        if not given:
            return readings[0][0], None
        for name, value in given[1:]:
            if value != given[0][1]:
                raise FieldRefused(
                    f"{given[0][0]} is {shown(given[0][1])} and {name} is {shown(value)}, which are the same thing.",
                    "Send one of the two.",
                    param=name,
                )
        return given[0]


_SWITCH = {"yes": True, "true": True, "no": False, "false": False}


def _wrong_type(name: str, value: object, wanted: str) -> FieldRefused:
    return FieldRefused(
        f"{name} must be {wanted}, not {kind_of(value)}.",
        "Leave it out for the default." if name != "prompt" else "Say in words what the picture should show.",
        param=name,
        code="invalid_type",
    )


def kind_of(value: object) -> str:
    """What a JSON value is, in a user's words."""
    names = {bool: "true or false", str: "a text", int: "a whole number", float: "a number"}
    return (names | {list: "a list", dict: "an object"}).get(type(value), "null")


def shown(value: object) -> str:
    """A client's value, short and fit for any answer, log and database."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**24:
        return "a very large number" if value > 0 else "a very small number"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True, default=str)
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    clean = cut.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
    return repr(clean) if isinstance(value, str) else clean
