"""Dataclasses from plain values: what JSON gave back, checked against the fields' types.

Only the kinds of types that a receipt uses are known. It is not a general validator. A field whose default is None
may be absent: it came later than the first form, and older values lack it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def from_plain(kind: type[T], values: Mapping[str, Any]) -> T:
    """Build the dataclass `kind` from plain values.

    Raises:
        KeyError: A field is absent; its name is the argument.
        ValueError: A value is of another type; the field's name is the argument.
    """
    hints = get_type_hints(kind)
    if not isinstance(values, Mapping):
        raise ValueError(kind.__name__)  # noqa: TRY004  (bad data, not a bad call)
    given = [f.name for f in fields(kind) if f.name in values or f.default is not None]  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], values[name], name) for name in given})


def _value(kind: Any, value: Any, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if hasattr(kind, "__dataclass_fields__"):
        return from_plain(kind, value)
    if origin in (Union, UnionType):
        return None if value is None and NoneType in inner else _any_of(inner, value, where)
    if origin is tuple:
        return _tuple(inner, value, where)
    if origin is dict and isinstance(value, Mapping):
        return {_value(inner[0], key, where): _value(inner[1], item, where) for key, item in value.items()}
    if origin is Literal and value in inner:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if origin is None and type(value) is kind:
        return value
    raise ValueError(where)


def _tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    """A tuple of any length (`tuple[int, ...]`) or of a fixed one; JSON gives lists."""
    if not isinstance(value, list | tuple):
        raise ValueError(where)  # noqa: TRY004  (bad data, not a bad call)
    kinds = (inner[0],) * len(value) if inner[-1] is ... else inner
    if len(kinds) != len(value):
        raise ValueError(where)
    return tuple(_value(kind, item, where) for kind, item in zip(kinds, value, strict=True))


def _any_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """`value` as the first kind that takes it as it is."""
    for kind in kinds:
        try:
            return _value(kind, value, where)
        except (KeyError, ValueError):
            continue
    raise ValueError(where)
