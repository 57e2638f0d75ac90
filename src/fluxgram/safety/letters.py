"""How a text is read: brought to plain small letters, and cut into words in the several ways people hide words.

Four ways, each linear in the text: as it is; with signs for letters ("ch1ld"); with signs inside a word left out
("pre-teen"); and single letters put together ("c h i l d"). What the words mean is `lexicon.py`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORD = re.compile(r"\d+|[^\W\d_]+")
_WITH_SIGNS = re.compile(r"[\w@$€!|+*]+")
_JOINED = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:[-._'’·~/\\*|][^\W\d_]++)++")
"""Begins at a word and never goes back, so that the work is linear."""
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_FILLERS = dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800))
_LONGEST_JOINED = 40
_LETTER_FLAGS = {0x1F1E6 + i: chr(97 + i) for i in range(26)}
_LETTER_SIGNS = {first + i: chr(97 + i) for first in (0x1F130, 0x1F150, 0x1F170) for i in range(26)}


@cache
def _tables() -> tuple[dict[int, str], dict[int, str]]:
    data = tomllib.loads(Path(__file__).with_name("letters.toml").read_text(encoding="utf-8"))
    return str.maketrans(data["alike"]), str.maketrans(data["signs"])


def plain(text: str) -> str:
    """Small letters without marks, invisible characters and typographic forms."""
    text = unicodedata.normalize("NFKC", text.translate(_LETTER_FLAGS | _LETTER_SIGNS)).casefold()
    text = unicodedata.normalize("NFKD", text)
    kept = (
        character for character in text if unicodedata.category(character) not in ("Mn", "Me", "Cf", "Cc")
        or character in "\n\t\r"
    )  # fmt: skip
    return "".join(kept).translate(_FILLERS)


def east_asian(text: str) -> Iterator[str]:
    """The runs of Chinese and Japanese characters, in which words are not set apart."""
    for run in _EAST_ASIAN.finditer(text):
        yield run.group()


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a number of a text.

    Attributes:
        text: It.
        link: What stands between it and the number before, where both are numbers: `.` in 2.5, `-` in 12-14.
    """

    text: str
    link: str = ""


def words(text: str) -> list[Word]:
    """The words and numbers of a plain text."""
    text = _EAST_ASIAN.sub(lambda run: f" {run.group()} ", text)
    found: list[Word] = []
    end = 0
    for each in _WORD.finditer(text):
        numbers = bool(found) and found[-1].text.isdecimal() and each.group().isdecimal()
        found.append(Word(each.group(), text[end : each.start()] if numbers else ""))
        end = each.end()
    return found


def with_signs(text: str) -> Iterator[str]:
    """Words in which signs stand for letters, read as letters; `*` stays and stands for any one letter."""
    signs = _tables()[1]
    for found in _WITH_SIGNS.finditer(text):
        word = found.group().strip("*!|+")
        if word.isalpha() or word.isdigit() or len(word) > _LONGEST_JOINED:
            continue
        read = word.translate(signs)
        yield read
        if "1" in word or "!" in word or "|" in word:
            yield word.replace("1", "l").replace("!", "l").replace("|", "i").translate(signs)
        yield read.rstrip("0123456789")


def joined(text: str) -> Iterator[str]:
    """Words with the signs inside them left out."""
    for found in _JOINED.finditer(text):
        if len(found.group()) <= 2 * _LONGEST_JOINED:
            yield "".join(letter for letter in found.group() if letter.isalpha())


def spelt_out(tokens: list[str]) -> Iterator[str]:
    """Runs of at least three single letters, put together."""
    signs, run = _tables()[1], ""
    for token in [*tokens, ".."]:
        if len(token) == 1:
            run += token.translate(signs)
            continue
        if len(run) >= 3:
            yield run
        run = ""


def forms(word: str) -> Iterator[str]:
    """A word, and what it may stand for: letters that look alike, letters said too often, a plural."""
    yield word
    alike = word
    if not word.isascii():
        alike = word.translate(_tables()[0])
        if alike != word and alike.isascii():
            yield alike
    for length in (2, 1):
        short = _shortened(alike, length)
        if short != alike:
            yield short
    if alike.endswith("s") and len(alike) > 3:
        yield alike[:-1]


def _shortened(word: str, most: int) -> str:
    """Runs of three or more of one letter, cut to `most`."""
    kept: list[str] = []
    start = 0
    for end in range(1, len(word) + 1):
        if end == len(word) or word[end] != word[start]:
            length = end - start
            kept.append(word[start] * (length if length < 3 else most))
            start = end
    return "".join(kept)
