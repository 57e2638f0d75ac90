"""Ages in a text, in digits and in words: `13 y.o.`, `twelve-year-old`, `aged 15`, `14歳`, `12-14 years old`.

Numbers of other things (whisky, lenses, minutes) are not ages. The words are in the table `ages` of `words.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fluxgram.safety import letters

_FRACTION, _RANGE = (".", ","), ("-", "–", "—", "/", "~")


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages in a text.

    Attributes:
        minor: One below 18 is there.
        adult: One of 18 and above is there.
    """

    minor: bool = False
    adult: bool = False


class AgeReader:
    """Finds ages in words and digits.

    Args:
        data: The table `ages` of `words.toml`.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._adult = int(data["adult"])
        self._units = {tuple(unit.split()) for unit in map(letters.plain, data["units"])}
        self._young_units = {tuple(unit.split()) for unit in data["young_units"]}
        self._longest = max(map(len, self._units))
        self._before = {tuple(words.split()) for words in data["before"]}
        self._things = frozenset(data["things"])
        self._numbers = {letters.plain(word): int(value) for word, value in data["numbers"].items()}

    def find(self, tokens: list[letters.Word]) -> Ages:
        """Ages among the words of a text."""
        words = [token.text for token in tokens]
        minor = adult = False
        for place, token in enumerate(tokens):
            if token.link in _FRACTION or (value := self._number(words, place)) is None:
                continue
            after = place + 1
            while after < len(tokens) and tokens[after].link in _FRACTION:  # the rest of "2.5"
                after += 1
            unit = self._unit(words, after)
            if unit is None and token.text.isdecimal() and words[after : after + 1] == ["s"]:  # "in her 30s"
                adult |= 20 <= value <= 90 and words[place - 1 : place] in (["her"], ["his"], ["their"])
                continue
            if unit is None and not self._announced(words, place):
                continue
            end = after + len(unit or ())
            following = words[end : end + 1]
            if following and (
                following[0].removesuffix("s") in self._things or (unit is None and following[0].isdecimal())
            ):
                continue
            young = value < self._adult or (unit is not None and unit in self._young_units)
            minor |= young
            adult |= not young
            minor |= self._begins_young(tokens, place)
        return Ages(minor, adult)

    def _begins_young(self, tokens: list[letters.Word], place: int) -> bool:
        """Whether an age is the end of a range that begins below 18: "12-14", "16 to 20"."""
        if tokens[place].link.strip() in _RANGE:
            return self._is_young(tokens[place - 1].text)
        return (
            place >= 2
            and tokens[place - 1].text in ("to", "or", "and", "bis")
            and self._is_young(tokens[place - 2].text)
        )

    def _is_young(self, word: str) -> bool:
        value = int(word) if word.isdecimal() and len(word) <= 3 else self._numbers.get(word)
        return value is not None and value < self._adult

    def _number(self, words: list[str], place: int) -> int | None:
        """The number at a place; the whole of it where it is made of several words."""
        word = words[place]
        if word.isdecimal():
            return int(word) if len(word) <= 3 else None
        value = self._numbers.get(word)
        if value is None:
            return None
        before = self._numbers.get(words[place - 1]) if place else None
        if value < 10 and before is not None and before in range(20, 100, 10):
            return before + value
        if place and (words[place - 1] == "hundred" or words[place - 2 : place] == ["hundred", "and"]):
            return 100 + value
        return value

    def _unit(self, words: list[str], place: int) -> tuple[str, ...] | None:
        for length in range(self._longest, 0, -1):
            if (unit := tuple(words[place : place + length])) in self._units:
                return unit
        if words[place : place + 1] == ["f"] and self._is_written_with_f(words, place):
            return ("f",)
        if words[place : place + 1] and words[place][:1] in ("岁", "歲", "歳", "才"):
            return (words[place],)
        return None

    def _is_written_with_f(self, words: list[str], place: int) -> bool:
        """Whether a number and an f are an age and a sex, not the beginning of an f-number."""
        number, following = words[place - 1], words[place + 1 : place + 2]
        return number.isdecimal() and len(number) == 2 and not (following and following[0].isdecimal())

    def _announced(self, words: list[str], place: int) -> bool:
        return any(tuple(words[max(0, place - length) : place]) in self._before for length in (1, 2))
