"""What the Studio says, in one place: `texts/LANGUAGE/SECTION.toml`, a table of keys a section.

A key is `section.name`; `{n}` in a text stands for a value. To translate, copy `texts/en` and translate the values.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

FOLDER = Path(__file__).with_name("texts")


def read_texts(language: str = "en") -> dict[str, str]:
    """All texts of a language by `section.name`."""
    found: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        for name, text in tomllib.loads(path.read_text("utf-8")).items():
            found[f"{path.stem}.{name}"] = str(text).strip()
    return found


def of_sections(texts: Mapping[str, str], sections: Iterable[str]) -> dict[str, str]:
    """The texts of some sections."""
    wanted = tuple(f"{section}." for section in sections)
    return {key: text for key, text in texts.items() if key.startswith(wanted)}


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values into a text; what is not given stays as it is written."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text
