"""Writing TOML: texts, numbers, switches, lists of them, tables and lists of tables: all that a character needs.

The standard library reads TOML but does not write it. `toml_tables.py` reads; what is written here reads back equal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from fluxgram.durable import write_whole

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def toml_text(table: Mapping[str, object]) -> str:
    """A table as TOML, keys in their order, plain values before the tables among them.

    Args:
        table: Values are text, whole numbers, finite numbers, true or false, lists of these, tables (`dict`), and
            lists of tables.

    Raises:
        TypeError: A value of another kind.
        ValueError: A number that TOML's readers need not hold (infinite, or beyond 64 bits), or half a character.
    """
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_table(value)]
    for key, value in table.items():
        name = ".".join(_key(part) for part in (*path, key))
        if isinstance(value, Mapping):
            lines += ["", f"[{name}]", *_lines(value, (*path, key))]
        elif _is_table(value):
            for entry in value:  # type: ignore[attr-defined]  # a list of tables, as `_is_table` says
                lines += ["", f"[[{name}]]", *_lines(entry, (*path, key))]
    return lines


def _is_table(value: object) -> bool:
    many = (
        isinstance(value, (list, tuple)) and bool(value) and all(isinstance(part, Mapping) for part in value)
    )
    return many or isinstance(value, Mapping)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{value} does not fit into 64 bits")
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a number to be kept")
        return repr(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(part) for part in value)}]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _quoted(text: str) -> str:
    text.encode("utf-8")  # refuses half characters (lone surrogates) with a ValueError
    return '"' + "".join(_ESCAPES.get(char) or _plain(char) for char in text) + '"'


def _plain(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x20 or ord(char) == 0x7F else char


def save_text(text: str, path: Path, *, overwrite: bool = False) -> None:
    """Write a text file as UTF-8, whole or not at all. A file that is replaced keeps its permissions.

    Raises:
        FileExistsError: The name is taken, and `overwrite` is false.
        OSError: It cannot be written there.
    """
    write_whole(text.encode("utf-8"), path, overwrite=overwrite, keep_mode=True)
