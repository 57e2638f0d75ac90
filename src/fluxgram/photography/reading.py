"""Strict reading of vocabulary files: every key known, every value of its kind and inside what is physically possible.

A file has tables `[kind.name]` for terms and `[preset.name]` for whole looks. A slip of the pen is a `VocabularyError`
that names file, table and the nearest key. What the words are used for is `catalog.py`'s.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from fluxgram.errors import VocabularyError
from fluxgram.photography import limits
from fluxgram.photography.phrases import normal
from fluxgram.photography.terms import (
    KINDS,
    DetailMeaning,
    Expectation,
    LightMeaning,
    Meaning,
    OpticsMeaning,
    Preset,
    Range,
    Term,
)

FAMILIES = ("flux1", "flux2", "flux3")
BRIEFS = ("portrait", "product", "landscape", "macro", "environment", "interior")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_OPTICAL = ("camera", "lens", "aperture", "film")
_TEXTS = ("say", "effect", "best_for", "source")
_LISTS = ("aliases", "instead_of", "conflicts", "tags")
_TERM_KEYS = (*_TEXTS, *_LISTS, "say_for", "meaning", "expect")
_PRESET_TEXTS = ("title", "effect", "best_for", "brief", "source")


class File(Protocol):
    """A file of a package or of a folder."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        ...

    def read_bytes(self) -> bytes:
        """All of it."""
        ...


@dataclass(frozen=True, slots=True)
class Entries:
    """What a file holds."""

    terms: tuple[Term, ...]
    presets: tuple[Preset, ...]


def read_file(file: File) -> Entries:
    """Read a vocabulary file.

    Raises:
        VocabularyError: It cannot be read, or a table of it is not right.
    """
    where = str(file) if isinstance(file, Path) else file.name
    try:
        data = tomllib.loads(file.read_bytes().decode("utf-8"))
    except OSError as reason:
        raise VocabularyError(f"{where} cannot be read: {reason.strerror or reason}.") from None
    except UnicodeDecodeError as reason:
        raise VocabularyError(
            f"{where} is not UTF-8: byte {reason.start} is {reason.object[reason.start]:#04x}.",
            "Save it as UTF-8.",
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as reason:
        raise VocabularyError(
            f"{where} is not TOML: {reason}.", "Mend the line, or take the file away."
        ) from None
    terms: list[Term] = []
    presets: list[Preset] = []
    for kind, tables in data.items():
        if kind not in (*KINDS, "preset"):
            raise VocabularyError(
                f"{where} has a table of the unknown kind {kind!r}.", _near(kind, (*KINDS, "preset"))
            )
        for name, table in _table(tables, f"{where}, table [{kind}]").items():
            at = f"{where}, table [{kind}.{name}]"
            if not _NAME.fullmatch(name):
                raise VocabularyError(
                    f"{at}: the name is not lower-case words joined by '-'.", "Rename the table."
                )
            if kind == "preset":
                presets.append(_preset(name, _table(table, at), at))
            else:
                terms.append(_term(kind, name, _table(table, at), at))
    return Entries(tuple(terms), tuple(presets))


def _term(kind: str, name: str, table: Mapping[str, Any], at: str) -> Term:
    _check_keys(table, _TERM_KEYS, at)
    lists = {key: _texts(table, key, at) for key in _LISTS}
    say_for = _table(table.get("say_for", {}), f"{at}, key 'say_for'")
    _check_keys(say_for, FAMILIES, f"{at}, key 'say_for'")
    for phrase in (_text(table, "say", at), *lists["aliases"], *lists["instead_of"]):
        if not any(word not in ",." for word in normal(phrase)) or "." in normal(phrase):
            raise VocabularyError(
                f"{at}: {phrase!r} is no phrase to say.", "Use words, numbers and commas only."
            )
    return Term(
        id=f"{kind}.{name}",
        kind=kind,
        say=table["say"],
        effect=_text(table, "effect", at),
        best_for=_text(table, "best_for", at),
        source=_text(table, "source", at),
        aliases=lists["aliases"],
        instead_of=lists["instead_of"],
        conflicts=lists["conflicts"],
        tags=lists["tags"],
        say_for=MappingProxyType({key: _text(say_for, key, f"{at}, key 'say_for'") for key in say_for}),
        meaning=_meaning(kind, table["meaning"], f"{at}, key 'meaning'") if "meaning" in table else None,
        expect=_expectations(table.get("expect", {}), f"{at}, key 'expect'"),
    )


def _preset(name: str, table: Mapping[str, Any], at: str) -> Preset:
    _check_keys(table, (*_PRESET_TEXTS, "terms", "negative"), at)
    texts = {key: _text(table, key, at) for key in _PRESET_TEXTS}
    if texts["brief"] not in BRIEFS:
        raise VocabularyError(
            f"{at}: {texts['brief']!r} is not a kind of brief.", _near(texts["brief"], BRIEFS)
        )
    terms = _texts(table, "terms", at)
    if not terms:
        raise VocabularyError(f"{at} lacks the key 'terms'.", "Name at least one term.")
    negative = _text(table, "negative", at) if "negative" in table else ""
    return Preset(id=f"preset.{name}", **texts, terms=terms, negative=negative)


def _meaning(kind: str, value: Any, at: str) -> Meaning:
    table = _table(value, at)
    if kind == "light":
        return _light(table, at)
    if kind in _OPTICAL:
        return _optics(table, at)
    _check_keys(table, tuple(limits.DETAIL), at)
    return DetailMeaning(
        size_mm=_range(table, "size_mm", limits.DETAIL, at),
        least_px_per_mm=_number(table, "least_px_per_mm", limits.DETAIL, at),
    )


def _light(table: Mapping[str, Any], at: str) -> LightMeaning:
    _check_keys(table, tuple(field.name for field in fields(LightMeaning)), at)
    needed = ("key_azimuth_degrees", "key_elevation_degrees", "softness_degrees", "fill_stops")
    values: dict[str, Any] = {key: _range(table, key, limits.LIGHT, at) for key in needed}
    values |= {
        key: _range(table, key, limits.LIGHT, at) for key in ("key_kelvin", "fill_kelvin") if key in table
    }
    rim = table.get("rim", "none")
    if rim not in ("none", "maybe", "always"):
        raise VocabularyError(f"{at}: 'rim' must be none, maybe or always, not {rim!r}.", "Mend the value.")
    sided = table.get("sided", True)
    if not isinstance(sided, bool):
        raise VocabularyError(f"{at}: 'sided' must be true or false, not {sided!r}.", "Mend the value.")
    return LightMeaning(**values, rim=rim, sided=sided, colours=_texts(table, "colours", at))


def _optics(table: Mapping[str, Any], at: str) -> OpticsMeaning:
    _check_keys(table, tuple(limits.OPTICS), at)
    values: dict[str, Any] = {}
    for key in table:
        if key in ("sensor_mm", "isolation_stops"):
            values[key] = _pair(table, key, limits.OPTICS, at)
        else:
            values[key] = _number(table, key, limits.OPTICS, at)
    if "isolation_stops" in table:
        values["isolation_stops"] = _range(table, "isolation_stops", limits.OPTICS, at)
    if "blades" in values:
        values["blades"] = int(values["blades"])
    return OpticsMeaning(**values)


def _expectations(value: Any, at: str) -> tuple[Expectation, ...]:
    table = _table(value, at)
    _check_keys(table, tuple(limits.MEASURES), at)
    return tuple(Expectation(key, *_range(table, key, limits.MEASURES, at)) for key in table)


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], at: str) -> None:
    for key in table:
        if key not in known:
            raise VocabularyError(f"{at} has an unknown key {key!r}.", _near(key, known))


def _near(word: str, known: tuple[str, ...]) -> str:
    return f"Did you mean {get_close_matches(word, known, n=1, cutoff=0.0)[0]!r}?"


def _table(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise VocabularyError(
            f"{at} must be a table, not {value!r}.", "docs/words.md shows the shape of a term."
        )
    return value


def _text(table: Mapping[str, Any], key: str, at: str) -> str:
    if key not in table:
        raise VocabularyError(f"{at} lacks the key {key!r}.", f'Add a line `{key} = "…"`.')
    value = table[key]
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise VocabularyError(f"{at}: {key!r} must be a text on one line, not {value!r}.", "Mend the value.")
    return value


def _texts(table: Mapping[str, Any], key: str, at: str) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list):
        raise VocabularyError(f"{at}: {key!r} must be a list of texts, not {values!r}.", "Write it in [ ].")
    return tuple(_text({key: value}, key, at) for value in values)


def _number(table: Mapping[str, Any], key: str, bounds: Mapping[str, Range], at: str) -> float:
    if key not in table:
        raise VocabularyError(f"{at} lacks the key {key!r}.", f"Add a line `{key} = …`.")
    return _inside(table[key], key, bounds, at)


def _inside(value: Any, key: str, bounds: Mapping[str, Range], at: str) -> float:
    low, high = bounds[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise VocabularyError(
            f"{at}: {key!r} must be from {low:g} to {high:g}, not {value!r}.", "Mend the value."
        )
    return float(value)


def _pair(table: Mapping[str, Any], key: str, bounds: Mapping[str, Range], at: str) -> Range:
    value = table.get(key)
    if not isinstance(value, list) or len(value) != 2:
        raise VocabularyError(
            f"{at}: {key!r} must be two numbers, not {value!r}.", f"Write `{key} = [low, high]`."
        )
    return _inside(value[0], key, bounds, at), _inside(value[1], key, bounds, at)


def _range(table: Mapping[str, Any], key: str, bounds: Mapping[str, Range], at: str) -> Range:
    if key not in table:
        raise VocabularyError(f"{at} lacks the key {key!r}.", f"Add a line `{key} = [low, high]`.")
    low, high = _pair(table, key, bounds, at)
    if low > high:
        raise VocabularyError(
            f"{at}: {key!r} must be [low, high], not [{low:g}, {high:g}].", "Swap the numbers."
        )
    return low, high
