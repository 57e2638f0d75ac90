"""`AdapterUse`: an adapter that a request asks for, with its weight, and how people write that.

Nothing is opened here: what a source names is found by `fluxgram.families.adapters.shelf`, and what becomes of it is in
`opened.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any

from fluxgram.errors import AdapterError, RequestError
from fluxgram.families.adapters.adapter import MOST_WEIGHT

MOST_ADAPTERS = 8
"""Of one request."""
MOST_SOURCE = 1_000
"""Characters of a source."""
MOST_BLOCKS = 256
"""Factors by blocks of one adapter."""
FORM = "FILE_OR_NAME[:WEIGHT][@steps=0-0.6][@blocks=double:0.5,single.0-9:1]"

_FIELDS = ("source", "weight", "steps", "blocks", "fingerprint")
_DRIVE = re.compile(r"[A-Za-z]")
_OPTION = re.compile(r"@(\w+)=([^@]*)$")
_STEPS = re.compile(r"\s*([0-9.]+)\s*-\s*([0-9.]+)\s*")
_TOGETHER = re.compile(r"\s\+\s")
_HASH = re.compile(r"[0-9a-f]{64}")
_BLOCK = re.compile(r"[A-Za-z_][\w.]*(?:\.\d+-\d+)?")


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """An adapter that a request asks for.

    Attributes:
        source: Name of an adapter that was added, a file (.safetensors), a hub id `owner/repo[/file]`.
        weight: Its weight, -4 … 4; 1 as it was made, None as whoever added it said (1 where nobody did).
        steps: Share of the steps in which it works, from and to, 0 … 1. What it changes in a text encoder works
            whenever it works at all: the prompt is read once.
        blocks: Factors by blocks: `double`, `single`, `double.3`, `single.0-9`, `text_encoder`, or the beginning of a
            layer's path; the most exact counts, and 1 where none is named.
        fingerprint: SHA-256 of the file that it must be, hex; any where empty. `parse` knows no word for it.

    Raises:
        RequestError: A value that no adapter can have.
    """

    source: str
    weight: float | None = None
    steps: tuple[float, float] = (0.0, 1.0)
    blocks: Mapping[str, float] = field(default_factory=dict, hash=False)
    fingerprint: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", _source(self.source))
        where = f"the adapter {self.source[:80]}"
        weight = None if self.weight is None else _number(self.weight, f"The weight of {where}")
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "steps", _steps(self.steps, where))
        object.__setattr__(self, "blocks", _blocks(self.blocks, where))
        object.__setattr__(self, "fingerprint", _fingerprint(self.fingerprint, where))

    @classmethod
    def parse(cls, text: str) -> AdapterUse:
        """Read what people write: see `FORM`.

        A weight is what stands after the last colon, unless that is part of a file's name: `C:/film.safetensors` and
        `owner/repo:film.safetensors` have none, `C:/film.safetensors:0.8` has one.

        Raises:
            RequestError: It can't be read.
        """
        options: dict[str, str] = {}
        rest = text
        while found := _OPTION.search(rest):
            name, value = found.groups()
            if name in options or name not in ("steps", "blocks"):
                near = get_close_matches(name, ("steps", "blocks"), n=1, cutoff=0.0)[0]
                said = "is given twice" if name in options else "is nothing that an adapter has"
                raise RequestError(f"@{name} {said}: {text[:100]!r}.", f"Did you mean @{near}? Write {FORM}.")
            options[name], rest = value, rest[: found.start()]
        source, weight = _without_weight(rest)
        return cls(
            source,
            weight,
            _read_steps(options["steps"], text) if "steps" in options else (0.0, 1.0),
            _read_blocks(options["blocks"], text) if "blocks" in options else {},
        )

    @classmethod
    def of(cls, value: object) -> AdapterUse:
        """Read an adapter from plain values: a table of this class's fields, or text as for `parse`.

        Raises:
            RequestError: It is neither, or a value is impossible.
        """
        if isinstance(value, AdapterUse):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        if not isinstance(value, Mapping):
            raise RequestError("An adapter is a text or a table.", 'Write {"source": "film", "weight": 0.8}.')
        for key in value:
            if key not in _FIELDS:
                near = get_close_matches(str(key), _FIELDS, n=1, cutoff=0.0)[0]
                raise RequestError(
                    f"{str(key)[:40]!r} is not a field of an adapter.", f"Did you mean {near}?"
                )
        if "source" not in value:
            raise RequestError("An adapter has no source.", "Name one that was added: fluxgram adapters list")
        given: dict[str, Any] = {
            key: item for key, item in value.items() if item is not None or key == "source"
        }
        return cls(**given)

    def works_at(self, step: int, steps: int) -> bool:
        """Whether it works at a step, counted from 0, of so many."""
        start, end = self.steps
        return start <= step / steps < end

    def to_dict(self) -> dict[str, object]:
        """Plain values that JSON can carry; what is as usual is left out."""
        plain: dict[str, object] = {"source": self.source}
        if self.weight is not None:
            plain["weight"] = self.weight
        if self.steps != (0.0, 1.0):
            plain["steps"] = list(self.steps)
        if self.blocks:
            plain["blocks"] = dict(self.blocks)
        if self.fingerprint:
            plain["fingerprint"] = self.fingerprint
        return plain

    def hold_to(self, fingerprint: str) -> None:
        """Refuse a file that is another one than asked for.

        Args:
            fingerprint: Of the file that is there.

        Raises:
            AdapterError: It is another one.
        """
        if self.fingerprint and fingerprint and self.fingerprint != fingerprint:
            raise AdapterError(
                f"The adapter {self.source[:80]} was asked for as {self.fingerprint[:12]}, "
                f"and the one here now is {fingerprint[:12]}.",
                "Ask again to draw with the one that is here, or put the other one back.",
            )

    @property
    def called(self) -> str:
        """For people: its name without folder and ending, and what was given with it: weight, steps, blocks."""
        parts = [PurePath(self.source).stem if self.source.endswith(".safetensors") else self.source]
        if self.weight is not None:
            parts.append(f"{self.weight:g}")
        if self.steps != (0.0, 1.0):
            parts.append("steps {:g}-{:g}".format(*self.steps))
        parts += [f"{name} {factor:g}" for name, factor in self.blocks.items()]
        return " ".join(parts)

    def __str__(self) -> str:
        """As `parse` reads it."""
        text = self.source if self.weight is None else f"{self.source}:{self.weight:g}"
        if self.steps != (0.0, 1.0):
            text += "@steps={:g}-{:g}".format(*self.steps)
        if self.blocks:
            text += "@blocks=" + ",".join(f"{name}:{factor:g}" for name, factor in self.blocks.items())
        return text


def parse_together(text: str) -> tuple[AdapterUse, ...]:
    """Adapters that work together in one picture, as people write them: joined by ` + `; empty text is none.

    Raises:
        RequestError: One can't be read, there are too many, or one is there twice.
    """
    return adapters_of(_TOGETHER.split(text.strip())) if text.strip() else ()


def adapters_of(values: object) -> tuple[AdapterUse, ...]:
    """The adapters of a request, in order.

    Raises:
        RequestError: Not a list, too many, or one twice.
    """
    if not isinstance(values, list | tuple):
        raise RequestError("adapters must be a list.", 'Write adapters=["film:0.8"].')
    if len(values) > MOST_ADAPTERS:
        raise RequestError(f"{len(values)} adapters are too many.", f"A request has at most {MOST_ADAPTERS}.")
    uses = tuple(AdapterUse.of(value) for value in values)
    for number, use in enumerate(uses):
        if use.source in [each.source for each in uses[:number]]:
            raise named_twice(use, use)
    return uses


def named_twice(first: AdapterUse, second: AdapterUse) -> RequestError:
    """The error for two uses of one file, by the same name or by two."""
    one = f"The adapter {first.source[:80]} is named twice."
    two = f"The adapters {first.source[:80]} and {second.source[:80]} are one and the same."
    return RequestError(
        one if first.source == second.source else two, "Name it once, with the weight that you want."
    )


def _source(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RequestError("An adapter has no name.", f"Write {FORM}.")
    source = value.strip()
    if len(source) > MOST_SOURCE or not source.isprintable():
        raise RequestError(
            f"{source[:40]!a}… names no adapter.", f"A name has at most {MOST_SOURCE} printable characters."
        )
    return source


def _number(value: object, what: str) -> float:
    hint = f"It is a number from -{MOST_WEIGHT:g} to {MOST_WEIGHT:g}; 1 is as it was made."
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f"{what} must be a number.", hint)
    if not -MOST_WEIGHT <= value <= MOST_WEIGHT:
        raise RequestError(f"{what} can't be {str(value)[:24]}.", hint)
    return float(value)


def _steps(value: object, where: str) -> tuple[float, float]:
    hint = "Write two numbers from 0 to 1, the first one smaller: steps=0-0.6 are the first six of ten."
    numbers = tuple(value) if isinstance(value, list | tuple) else ()
    if len(numbers) != 2 or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        raise RequestError(f"The steps of {where} can't be read.", hint)
    start, end = numbers
    if not 0 <= start < end <= 1:
        raise RequestError(f"The steps of {where} can't be from {str(start)[:24]} to {str(end)[:24]}.", hint)
    return float(start), float(end)


def _blocks(value: object, where: str) -> dict[str, float]:
    hint = "Write blocks as double:0.5,single.0-9:1, or as a table of such names."
    if not isinstance(value, Mapping) or len(value) > MOST_BLOCKS:
        raise RequestError(f"The blocks of {where} can't be read.", hint)
    for name in value:
        if not isinstance(name, str) or len(name) > 200 or not _BLOCK.fullmatch(name):
            raise RequestError(f"{str(name)[:60]!r} of {where} names no blocks.", hint)
    return {name: _number(factor, f"The factor of {name} of {where}") for name, factor in value.items()}


def _fingerprint(value: object, where: str) -> str:
    if value == "" or (isinstance(value, str) and _HASH.fullmatch(value.lower())):
        return value.lower()
    raise RequestError(
        f"The fingerprint of {where} is none.", "It is the SHA-256 of its file: 64 digits 0-9 and a-f."
    )


def _without_weight(text: str) -> tuple[str, float | None]:
    source, colon, tail = text.rpartition(":")
    if not colon or re.search(r"[/\\]|\.safetensors\s*$", tail):
        return text, None
    try:
        return source, float(tail)
    except ValueError:
        if _DRIVE.fullmatch(source.strip()):
            return text, None
        hint = f"After a colon stands a number, such as film:0.8; write {FORM}."
        raise RequestError(f"{tail.strip()[:40]!r} is not a weight of {source[:80]!r}.", hint) from None


def _read_steps(text: str, whole: str) -> tuple[float, float]:
    found = _STEPS.fullmatch(text)
    try:
        if found:
            return float(found[1]), float(found[2])
    except ValueError:
        pass
    raise RequestError(f"{text[:40]!r} of {whole[:80]!r} are no steps.", "Write @steps=0-0.6.")


def _read_blocks(text: str, whole: str) -> dict[str, float]:
    blocks: dict[str, float] = {}
    for part in text.split(","):
        name, _, factor = (piece.strip() for piece in part.rpartition(":"))
        try:
            if name in blocks:
                raise ValueError  # noqa: TRY301  (one sentence for both)
            blocks[name] = float(factor)
        except ValueError:
            raise RequestError(
                f"{part.strip()[:40]!r} of {whole[:80]!r} is no factor of blocks.",
                "Write @blocks=double:0.5,single.0-9:1, each once.",
            ) from None
    return blocks
