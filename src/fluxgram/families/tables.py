"""Strict reading of TOML tables into frozen dataclasses: every key known, every value of the declared kind.

An unknown key is an error that names the table and the nearest key, so that a slip of the pen never passes for a
default. `checkpoints.py` says which tables there are.
"""

from __future__ import annotations

import tomllib
import types
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from fluxgram.errors import FluxgramError

T = TypeVar("T")


def read_toml(path: Path, error: type[FluxgramError]) -> dict[str, Any]:
    """The file as nested dictionaries; `error` where it cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise error(f"{path} cannot be read as TOML: {reason}.", "Mend the file, or take it away.") from None


def inherited(
    tables: Mapping[str, Any], alone: Collection[str], error: type[FluxgramError]
) -> dict[str, Any]:
    """Each table with a `base` becomes that table, which may have a base itself, plus what it says of its own.

    Args:
        tables: Tables by name.
        alone: Keys that are never inherited.
        error: What to raise where a base is not among the tables and their `aliases`, or leads back to itself.
    """

    def whole(name: str, came_by: tuple[str, ...]) -> Any:
        table = tables[name]
        if not isinstance(table, Mapping) or not table.get("base"):
            return table
        base = _table_named(tables, str(table["base"]))
        if base in (*came_by, name):
            way = (*came_by, name, base)
            raise error(
                f"The table {way[0]} is its own base: {' -> '.join(way)}.", "Let one of them be complete."
            )
        if base is None:
            near = get_close_matches(
                str(table["base"]), [each for each in tables if each != name], n=3, cutoff=0.0
            )
            raise error(
                f"The table {name} has the base {table['base']!r}, and there is no table of that name.",
                f"Nearest: {', '.join(near)}.",
            )
        under = whole(base, (*came_by, name))
        if not isinstance(under, Mapping):
            return table
        return {key: value for key, value in under.items() if key not in alone} | dict(table) | {"base": base}

    return {name: whole(name, ()) for name in tables}


def _table_named(tables: Mapping[str, Any], name: str) -> str | None:
    """The table of a name or an alias."""
    if name in tables:
        return name
    for each, table in tables.items():
        aliases = table.get("aliases") if isinstance(table, Mapping) else None
        if isinstance(aliases, list) and name in aliases:
            return each
    return None


def build(cls: type[T], data: Mapping[str, Any], where: str, error: type[FluxgramError]) -> T:
    """Make a dataclass of a table.

    Args:
        cls: The dataclass; its annotations say what is allowed.
        data: The table.
        where: Name of the table, for messages, e.g. `flux2-klein-4b.sizes`.
        error: What to raise for an unknown key, a missing key or a value of another kind.
    """
    if not isinstance(data, Mapping):
        raise error(f"{where} must be a table, not {data!r}.", "See `checkpoints.toml` for the shape.")
    hints = get_type_hints(cls)
    known = {item.name: item for item in fields(cls)}  # type: ignore[arg-type]
    for key in data:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.0)[0]
            raise error(f"The table {where} has an unknown key {key!r}.", f"Did you mean {near!r}?")
    values: dict[str, Any] = {}
    for name, item in known.items():
        if name in data:
            values[name] = _value(hints[name], data[name], f"{where}.{name}", error)
        elif item.default is MISSING and item.default_factory is MISSING:
            raise error(f"The table {where} lacks the key {name!r}.", f"Add a line `{name} = …`.")
    return cls(**values)


def _value(kind: Any, value: Any, where: str, error: type[FluxgramError]) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return build(kind, value, where, error)
    if origin in (Union, types.UnionType):
        return _value(next(arg for arg in args if arg is not type(None)), value, where, error)
    if origin is Literal:
        if value not in args:
            raise error(
                f"{where} must be one of {', '.join(map(str, args))}, not {value!r}.", "Mend the table."
            )
        return value
    if origin is tuple and isinstance(value, (list, tuple)):
        kinds = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        if len(kinds) == len(value):
            return tuple(_value(each, part, where, error) for each, part in zip(kinds, value, strict=True))
    if origin is dict and isinstance(value, Mapping):
        return {str(key): _value(args[1], part, f"{where}.{key}", error) for key, part in value.items()}
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise error(f"{where} must be {_words(kind)}, not {value!r}.", "Mend the table.")


def _words(kind: Any) -> str:
    plain = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return plain.get(kind, f"of the kind {kind}")
