"""Adapters in an OpenAI image request: `loras`, `lora`, `lora_model`, `lora_strength`, as compatible servers take them.

OpenAI has no such fields. Every form comes to the same list of names and weights; docs/openai.md has the table.
"""

from __future__ import annotations

import contextlib

from fluxgram.server.openai_body import Body, FieldRefused, shown

MOST_ADAPTERS, MOST_STRENGTH = 8, 4.0
_SOURCES, _WEIGHTS = (
    ("name", "path", "source", "lora_name", "model"),
    ("scale", "weight", "strength", "lora_scale"),
)
"""What compatible servers call an adapter's name and weight in the entries of `loras`."""
_NONE: tuple[object, ...] = (None, "", [], {})


def read_adapters(body: Body) -> list[dict[str, object]]:
    """The adapters of a request, from whichever of `loras`, `lora` and `lora_model` names them."""
    given = {
        name: value for name in ("loras", "lora", "lora_model") if (value := body.take(name)) not in _NONE
    }
    strength = body.take("lora_strength")
    if len(given) > 1:
        raise FieldRefused(
            f"{' and '.join(given)} both name adapters.", "Send one of them.", param=list(given)[1]
        )
    for param, value in given.items():
        names = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
        entries = names if isinstance(names, list) else [names]
        if len(entries) > MOST_ADAPTERS:
            raise FieldRefused(
                f"{param} names {len(entries)} adapters.", f"At most {MOST_ADAPTERS} are taken.", param=param
            )
        weights = _strengths(strength, len(entries))
        return [_adapter(entry, weight, param) for entry, weight in zip(entries, weights, strict=True)]
    if strength not in (*_NONE, 1):
        raise FieldRefused(
            "There is no adapter that lora_strength could be the strength of.", "Send lora_model, too.",
            param="lora_strength",
        )  # fmt: skip
    return []


def _strengths(value: object, count: int) -> list[float | None]:
    """A weight for each of `count` adapters, from a number or numbers separated by commas."""
    if value in _NONE:
        return [None] * count
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    weights: list[float | None] = [_weight(part, "lora_strength") for part in parts]
    if len(weights) not in (1, count):
        raise FieldRefused(
            f"lora_strength has {len(weights)} numbers for {count} adapters.", "Send one, or one for each.",
            param="lora_strength",
        )  # fmt: skip
    return weights if len(weights) == count else weights * count


def _adapter(entry: object, weight: float | None, param: str) -> dict[str, object]:
    """One adapter: a name, or an object with name and weight."""
    hint = 'Send names such as "film", or {"name": "film", "scale": 0.8}.'
    if isinstance(entry, dict):
        names = [entry[key] for key in _SOURCES if key in entry]
        weights = [_weight(entry[key], param) for key in _WEIGHTS if entry.get(key) is not None]
        unknown = [key for key in entry if key not in (*_SOURCES, *_WEIGHTS)]
        if len(names) != 1 or len(weights) > 1 or unknown:
            raise FieldRefused(f"An entry of {param} can't be read: {shown(entry)}.", hint, param=param)
        entry, weight = names[0], weights[0] if weights else weight
    if not isinstance(entry, str) or not entry.strip():
        raise FieldRefused(f"An entry of {param} names no adapter: {shown(entry)}.", hint, param=param)
    return {"source": entry.strip()} | ({} if weight is None else {"weight": weight})


def _weight(value: object, param: str) -> float:
    number = None
    with contextlib.suppress(ValueError, OverflowError):
        number = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
        )
    if number is None or not -MOST_STRENGTH <= number <= MOST_STRENGTH:
        raise FieldRefused(
            f"{shown(value)} is no weight of an adapter.",
            f"It is a number from -{MOST_STRENGTH:g} to {MOST_STRENGTH:g}; 1 is as it was made.",
            param=param,
        )
    return number
