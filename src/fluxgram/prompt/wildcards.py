r"""Dynamic prompts: `{red|blue|{dark|light} green}`, weights `{2::red|blue}`, and `__hair__` for a line of `hair.txt`.

What is chosen depends on the seed and on where the choice stands, and on nothing else (no state, no hash or random
generator of Python's), so the same seed gives the same words on every machine and in every version:

1. Choices are numbered in reading order from 0, within the text or within the option that holds them; the numbers from
   the outside in, joined by `/`, are the choice's path ("0", "2", "2/0").
2. d = SHA-256 of the text `fluxgram-choice-1 SEED PLACE PATH` in UTF-8; x = d's first 8 bytes, big-endian, over 2**64.
3. With the weights (1 where none is given) added up in order, the first option is taken whose sum is above x times the
   sum of all. All arithmetic is exact.

A wildcard file has one option a line, each with a weight and choices of its own if it likes; `#` begins a comment line.
A backslash takes the meaning from the next character: `\{`, `\|`, `\_`.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from fluxgram.errors import ShootError

MOST_CHARACTERS = 100_000
"""Of a text before and after."""
MOST_CHOICES = 10_000
"""Made for one text."""
MOST_DEPTH = 16
"""Choices within choices, wildcards within wildcards."""
MOST_BYTES = 1_000_000
"""Of a wildcard file."""

_SPECIAL = re.compile(r"\\(.)|([{}|])|__(?!_)([\w/-]{1,80}?)__", re.DOTALL)
_WEIGHT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,3})?)::")


@dataclass(frozen=True, slots=True)
class _Wildcard:
    """A line of a file, to be chosen."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of several texts, to be chosen; `upto[i]` is the sum of the weights up to and with option i."""

    options: tuple[_Text, ...]
    upto: tuple[Fraction, ...]
    lines: tuple[int, ...] = ()  # of the file, where they come from one


_Text = tuple["str | _Choice | _Wildcard", ...]


def is_dynamic(text: str) -> bool:
    """Whether `expand` would change anything in it."""
    return _SPECIAL.search(text) is not None


def expand(
    text: str, seed: int, folder: Path | Sequence[Path] | None = None, *, place: str = "the prompt"
) -> str:
    """Make every choice of a text.

    Args:
        text: With `{a|b}` and `__name__` in it.
        seed: The same seed chooses the same.
        folder: Where wildcard files are; of several folders, the first that has the file.
        place: What the text is, for messages; texts at different places choose independently.

    Raises:
        ShootError: Braces that do not match, a wildcard that is not there or goes round in a circle, or a text that
            grows beyond all measure. The message names file, line and character.
    """
    if not is_dynamic(text) and len(text) <= MOST_CHARACTERS:
        return text
    folders = [] if folder is None else [folder] if isinstance(folder, Path) else list(folder)
    return _Expansion(seed, place, folders).of(text)


class _Expansion:
    """One call of `expand`: the files read for it and the choices made so far."""

    def __init__(self, seed: int, place: str, folders: Sequence[Path]) -> None:
        self.seed, self.place, self.folders = seed, place, folders
        self.files: dict[str, tuple[Path, _Choice]] = {}
        self.choices = 0
        self.length = 0

    def of(self, text: str) -> str:
        parsed = _Reader(text, self.place).whole()
        self._follow(parsed, self.place, ())
        pieces: list[str] = []
        self._write(parsed, "", pieces)
        return "".join(pieces)

    def _write(self, text: _Text, path: str, pieces: list[str], depth: int = 0) -> None:
        if depth > MOST_DEPTH:  # `_follow` sees only the first way to a file, which may not be the longest
            raise self._too_much(f"wildcards {MOST_DEPTH} deep")
        number = 0
        for part in text:
            if isinstance(part, str):
                pieces.append(part)
                self.length += len(part)
                if self.length > MOST_CHARACTERS:
                    raise self._too_much(f"more than {MOST_CHARACTERS:,} characters")
                continue
            here = f"{path}/{number}" if path else str(number)
            number += 1
            if isinstance(part, _Choice):
                self._write(self._chosen(part, here), here, pieces, depth)
            else:
                self._write(self._chosen(self.files[part.name][1], here), here, pieces, depth + 1)

    def _chosen(self, choice: _Choice, path: str) -> _Text:
        self.choices += 1
        if self.choices > MOST_CHOICES:
            raise self._too_much(f"more than {MOST_CHOICES:,} choices")
        digest = hashlib.sha256(f"fluxgram-choice-1 {self.seed} {self.place} {path}".encode()).digest()
        mark = Fraction(int.from_bytes(digest[:8], "big"), 2**64) * choice.upto[-1]
        return choice.options[bisect_right(choice.upto, mark)]

    def _too_much(self, what: str) -> ShootError:
        return ShootError(f"{self.place} grows to {what}.", "Use fewer choices within choices.")

    def _follow(self, text: _Text, source: str, chain: tuple[str, ...]) -> None:
        """Read every file that some seed could need, so that a mistake shows with all seeds, and refuse circles."""
        for part in text:
            if isinstance(part, _Choice):
                for option in part.options:
                    self._follow(option, source, chain)
            elif isinstance(part, _Wildcard):
                if part.name in chain:
                    circle = " → ".join([*chain[chain.index(part.name) :], part.name])
                    hint = "Take one of them out of the other's file."
                    raise ShootError(f"{source}: the wildcards go round in a circle: {circle}.", hint)
                if len(chain) >= MOST_DEPTH:
                    raise self._too_much(f"wildcards {MOST_DEPTH} deep")
                if part.name not in self.files:
                    path, choice = self.files[part.name] = self._read(part, source)
                    for line, option in zip(choice.lines, choice.options, strict=True):
                        self._follow(option, f"{path}, line {line}", (*chain, part.name))

    def _read(self, wildcard: _Wildcard, source: str) -> tuple[Path, _Choice]:
        for folder in self.folders if all(wildcard.name.split("/")) else ():  # no name begins at the root
            path = folder / f"{wildcard.name}.txt"
            if path.is_file():
                return path, _choice_of(path)
        names = {
            _name_of(path, folder) for folder in self.folders if folder.is_dir() for path in _texts_in(folder)
        }
        near = get_close_matches(wildcard.name, sorted(names), n=3, cutoff=0.4)
        hint = f"Nearest: {', '.join(near)}." if near else (
            f"Make a file {wildcard.name}.txt with one option a line, or write \\__ if you mean the characters."
        )  # fmt: skip
        raise ShootError(
            f"{source}, character {wildcard.at + 1}: there is no wildcard {wildcard.name!r}.", hint
        )


def _texts_in(folder: Path) -> list[Path]:
    """Some of the wildcard files of a folder and of the folders in it, for a hint."""
    found = sorted(folder.glob("*.txt"))[:500]
    return found + sorted(folder.glob("*/*.txt"))[:500]


def _name_of(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _choice_of(path: Path) -> _Choice:
    """A wildcard file as a choice among its lines."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ShootError(f"{path} cannot be read: {error.strerror}.", "It should be a text file.") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ShootError(f"{path}, line {line}: this is not text in UTF-8.", "Save it as UTF-8.") from None
    if len(data) > MOST_BYTES:
        raise ShootError(f"{path} is too large.", f"At most {MOST_BYTES:,} bytes are read.")
    options: list[_Text] = []
    weights: list[Fraction] = []
    lines: list[int] = []
    for number, written in enumerate(text.split("\n"), 1):
        words = written.strip()
        if words and not words.startswith("#"):
            reader = _Reader(words, f"{path}, line {number}")
            weights.append(reader.weight())
            options.append(reader.whole())
            lines.append(number)
    if not any(weights):
        raise ShootError(
            f"{path} has no option to choose.", "Write one a line; lines that begin with # do not count."
        )
    return _Choice(tuple(options), tuple(accumulate(weights)), tuple(lines))


class _Reader:
    """Reads one text into its parts, left to right, once."""

    def __init__(self, text: str, source: str) -> None:
        if len(text) > MOST_CHARACTERS:
            hint = f"At most {MOST_CHARACTERS:,} are taken."
            raise ShootError(f"{source} has {len(text):,} characters.", hint)
        self.text, self.source = text, source
        self.at = 0

    def whole(self) -> _Text:
        """The text; a closing brace that nothing opened is an error, a bar is a bar."""
        text, end = self._until("}", depth=0)
        if end:
            raise self._error(self.at - 1, "this } closes nothing", "Write \\} if you mean the brace itself.")
        return text

    def weight(self) -> Fraction:
        """A weight that stands here, else 1."""
        found = _WEIGHT.match(self.text, self.at)
        if not found:
            return Fraction(1)
        self.at = found.end()
        return Fraction(found[1])

    def _choice(self, opened: int, depth: int) -> _Choice:
        if depth > MOST_DEPTH:
            raise self._error(opened, f"choices are nested more than {MOST_DEPTH} deep", "Use fewer.")
        options, weights, end = [], [], "|"
        while end == "|":
            weights.append(self.weight())
            text, end = self._until("|}", depth)
            if not end:
                hint = "Close it with }, or write \\{ if you mean the brace itself."
                raise self._error(opened, "this { is never closed", hint)
            options.append(text)
        if not any(weights):
            raise self._error(
                opened, "none of these can be chosen: all weights are 0", "Give one a weight above 0."
            )
        return _Choice(tuple(options), tuple(accumulate(weights)))

    def _until(self, ends: str, depth: int) -> tuple[_Text, str]:
        """Parts up to one of `ends` (which is passed over) or the end of the text."""
        parts: list[str | _Choice | _Wildcard] = []
        while found := _SPECIAL.search(self.text, self.at):
            if found.start() > self.at:
                parts.append(self.text[self.at : found.start()])
            self.at = found.end()
            escaped, sign, name = found.groups()
            if escaped is not None:
                parts.append(escaped)
            elif name is not None:
                parts.append(_Wildcard(name, found.start()))
            elif sign == "{":
                parts.append(self._choice(found.start(), depth + 1))
            elif sign in ends:
                return tuple(parts), sign
            else:
                parts.append(sign)
        if self.at < len(self.text):
            parts.append(self.text[self.at :])
            self.at = len(self.text)
        return tuple(parts), ""

    def _error(self, at: int, what: str, hint: str) -> ShootError:
        return ShootError(f"{self.source}, character {at + 1}: {what}.", hint)
