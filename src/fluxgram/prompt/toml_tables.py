"""Reading TOML that a person wrote: limits first, then every key known and every value of the right kind.

A `Table` knows its file and its name in it, so that each error can name both and the nearest key. Who reads a table
takes the keys it knows and then calls `finish`, which refuses what is left.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from fluxgram.errors import ShootError

MOST_BYTES = 262_144
"""A character or a shoot that is larger than this is not read."""
MOST_CHARACTERS = 20_000
"""Characters of one text."""
MOST_SEED = 2**64 - 1

_ENDLESS_KEY = re.compile(r"(?:[\w-]{1,99}\s?\.\s?){32}")  # tomllib's time grows with the square of its parts


def read_toml(path: Path) -> Mapping[str, object]:
    """The file's tables as they are.

    Raises:
        ShootError: It is missing, too large, not UTF-8, or not TOML; the message names file and line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ShootError(f"{path} cannot be read: {reason}.", "Give the name of a TOML file.") from None
    if len(data) > MOST_BYTES:
        raise ShootError(f"{path} is too large.", f"At most {MOST_BYTES:,} bytes are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ShootError(f"{path}, line {line}: this is not text in UTF-8.", "Save it as UTF-8.") from None
    if endless := _ENDLESS_KEY.search(text):
        line = text.count("\n", 0, endless.start()) + 1
        raise ShootError(f"{path}, line {line}: this key has no end.", "Keys here have one part.")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ShootError(f"{path} is nested too deeply.", "Tables in tables are not needed here.") from None
    except ValueError as error:  # TOMLDecodeError is one; so is a number of thousands of digits
        raise ShootError(*_explained(path, text, str(error))) from None


def _explained(path: Path, text: str, reason: str) -> tuple[str, str]:
    """Where TOML broke and how to mend it."""
    hint = 'Texts stand in "quotes", lists in [brackets], and each key is given once in its table.'
    if place := re.search(r" \(at line (\d+), column (\d+)\)$", reason):
        return f"{path}, line {place[1]}, column {place[2]}: {reason[: place.start()]}.", hint
    if reason.endswith("(at end of document)"):
        cause = reason.removesuffix(" (at end of document)")
        return f"{path}, line {text.count(chr(10)) + 1}: the file ends too early: {cause}.", hint
    return f"{path} is not TOML: {reason.splitlines()[0][:120]}.", hint


def plain_text(words: str) -> str:
    """Words on one line: every run of white space becomes one space."""
    return " ".join(words.split())


def first_control(words: str) -> str:
    """The first character that steers a terminal or a reading direction, as `U+202E`; empty where there is none."""
    for char in words:
        bidirectional = (
            char in "\u200e\u200f\u061c" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
        )
        if bidirectional or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            return f"U+{ord(char):04X}"
    return ""


class Table:
    """One table of a file.

    Args:
        values: As TOML gave them.
        path: The file, for messages.
        name: What the table is called in messages: `[shoot]`, `[[scene]] 2`.
    """

    def __init__(self, values: object, path: Path, name: str) -> None:
        if not isinstance(values, Mapping):
            raise ShootError(
                f"{path}: {name} must be a table, not {kind_of(values)}.", f"Write {name} on a line."
            )
        self.values: Mapping[str, object] = values
        self.path = path
        self.name = name
        self._taken: set[str] = set()

    def wrong(self, key: str, sentence: str, hint: str) -> ShootError:
        """The error that a value of this table is no good: `sentence` goes on after the key."""
        return ShootError(f"{self.path}: {self.name} {key} {sentence}", hint)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str, default: str = "") -> str:
        """A text on one line; `default` where the key is not there."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.wrong(key, f"must be text, not {kind_of(value)}.", 'Put it in "quotes".')
        return self._words(key, value)

    def needed(self, key: str, example: str) -> str:
        """A text that must be there and say something."""
        if found := self.text(key):
            return found
        what = "is empty" if key in self.values else "is missing"
        raise self.wrong(key, f"{what}.", f"Write {key} = {example}.")

    def texts(self, key: str, most: int = 32) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        value = self._take(key)
        if value is None:
            return ()
        parts = [value] if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            odd = (
                next((part for part in parts if not isinstance(part, str)), value)
                if isinstance(parts, list)
                else value
            )
            raise self.wrong(
                key, f"must be a list of texts; {kind_of(odd)} is none.", f'Write {key} = ["…", "…"].'
            )
        if len(parts) > most:
            raise self.wrong(key, f"has {len(parts)} entries.", f"At most {most} are taken.")
        words = [self._words(key, part) for part in parts]
        if "" in words:
            raise self.wrong(key, "holds an empty text.", "Take the empty entry out.")
        return tuple(words)

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number within limits."""
        value = self._take(key)
        if value is None:
            return default
        hint = f"It is a whole number from {least} to {most}."
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(key, f"must be a whole number, not {kind_of(value)}.", hint)
        if not least <= value <= most:
            raise self.wrong(key, f"can't be {_digits(value)}.", hint)
        return value

    def seed(self, key: str = "seed") -> int | None:
        """A seed: a whole number from 0 to 2**64 - 1, in quotes where TOML's own numbers are too small for it."""
        value = self.values.get(key)
        if isinstance(value, str):
            self._taken.add(key)
            if not re.fullmatch(r"[0-9]{1,20}", value) or int(value) > MOST_SEED:
                raise self.wrong(
                    key, f"can't be {value[:40]!r}.", f"It is a whole number from 0 to {MOST_SEED}."
                )
            return int(value)
        return None if value is None else self.whole(key, 0, 0, MOST_SEED)

    def number(self, key: str, default: float | None, least: float, most: float) -> float | None:
        """A number within limits."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.wrong(
                key, f"must be a number, not {kind_of(value)}.", f"It is from {least:g} to {most:g}."
            )
        if not least <= value <= most:  # false for nan, too
            raise self.wrong(key, f"can't be {value if value != value else _digits(value)}.",  # noqa: PLR0124
                             f"It is from {least:g} to {most:g}.")  # fmt: skip
        return float(value)

    def choice(self, key: str, options: Iterable[str], default: str) -> str:
        """One of a few words."""
        known = list(options)
        word = self.text(key, default)
        if word != default and word not in known:
            near = get_close_matches(word, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"It is one of {', '.join(known)}."
            raise self.wrong(key, f"can't be {word[:40]!r}.", hint)
        return word

    def tables(self, key: str, most: int) -> list[Table]:
        """The tables of a list of tables: `[[scene]]`."""
        value = self._take(key)
        if value is None:
            return []
        entries = value if isinstance(value, list) else [value]
        if len(entries) > most:
            raise ShootError(
                f"{self.path}: there are {len(entries)} [[{key}]].", f"At most {most} are taken."
            )
        return [Table(entry, self.path, f"[[{key}]] {index}") for index, entry in enumerate(entries, 1)]

    def table(self, key: str) -> Table:
        """A table in this one, empty where it is not there: `[shoot]`."""
        value = self._take(key)
        return Table({} if value is None else value, self.path, f"[{key}]")

    def finish(self) -> None:
        """Refuse the first key that nobody took."""
        for key in self.values:
            if key not in self._taken:
                near = get_close_matches(key, sorted(self._taken), n=1, cutoff=0.0)
                hint = f"Did you mean {near[0]!r}?" if near else "Take it out."
                raise ShootError(f"{self.path}: {self.name} has an unknown key {key[:60]!r}.", hint)

    def _take(self, key: str) -> object:
        self._taken.add(key)
        return self.values.get(key)

    def _words(self, key: str, value: str) -> str:
        words = plain_text(value)
        if len(words) > MOST_CHARACTERS:
            raise self.wrong(
                key, f"has {len(words):,} characters.", f"At most {MOST_CHARACTERS:,} are taken."
            )
        if code := first_control(words):
            raise self.wrong(key, f"holds the control character {code}.", "Take it out; it cannot be drawn.")
        return words


def kind_of(value: object) -> str:
    """What a value is, in a user's words."""
    names = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
    names |= {"list": "a list", "dict": "a table", "datetime": "a date", "date": "a date", "time": "a time"}
    return names.get(type(value).__name__, f"a {type(value).__name__}")


def _digits(number: float) -> str:
    shown = str(number) if abs(number) < 1e24 else ""
    return shown or f"a number of more than {24} digits"
