"""What peft's configuration says of an adapter's scale, where the file has no alpha of its own.

diffusers writes it into the file (`lora_adapter_metadata`), peft beside it (`adapter_config.json`); most loaders
overlook it and apply the adapter too strongly or too weakly.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fluxgram.errors import AdapterDamaged
from fluxgram.families.adapters.header import AdapterFile
from fluxgram.families.adapters.names import flat, text_encoder_of

_INSIDE = ("lora_adapter_metadata", "adapter_config", "peft_config", "lora_config")
BESIDE = ".adapter_config.json"
"""What a configuration is called beside `NAME.safetensors`, as `NAME.adapter_config.json`."""
_NAME = re.compile(r"\^?(?:\w|\\?\.)+\$?")
"""The end of a layer's name, or all of it after `^`; dots in it may be escaped."""
_EXPRESSION = re.compile(r"\^?(?:\w|\\?\.(?!\*)|\\d\+(?![\d.]|\\d)|\.\*)+\$?")
r"""What is read beyond that: `\d+` before what is no digit, and `.*`."""
_WHOLE = r"(?:base_model\.model\.)?(?:(?:transformer|text_encoder(?:_2)?|unet|diffusion_model)\.)?"
"""What files have before a layer's name that peft, which adds it, does not count."""
_MOST_EXPRESSIONS, _LONGEST_EXPRESSION = 16, 200
_OF_PEFT = "adapter_model.safetensors"
_RESIDUAL = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Beginnings of peft that take out of the weights what they put into the adapter (`pissa_niter_16`, too)."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Of one component.

    Attributes:
        alpha: `lora_alpha`, None where it is not said.
        rank: `r`, 0 where it is not said.
        named: `alpha_pattern`: alpha by the end of a layer's name, with its number among all of the pattern.
        expressed: The same by expressions for the end of a name.
        by_root: `use_rslora`: alpha is divided by the root of the rank, not by the rank.
        patterns: The keys of `alpha_pattern`, in order.
        residual: `init_lora_weights` where it changed the weights that the adapter was trained beside: it says
            nothing beside others. peft saves one that was converted to a plain LoRA with another word.
    """

    alpha: float | None = None
    rank: int = 0
    named: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    expressed: Sequence[tuple[re.Pattern[str], int, float]] = ()
    by_root: bool = False
    patterns: Sequence[str] = ()
    residual: str = ""

    def alpha_of(self, layer: str) -> float | None:
        """Alpha of a layer, by its dotted name: of what fits it in the pattern the first, as peft has it."""
        fitting = self._fitting(layer)
        return min(fitting)[1] if fitting else self.alpha

    def idle(self, layers: Iterable[str]) -> list[str]:
        """The patterns that none of a file's layers fits, so that they say nothing."""
        used = {number for layer in layers for number, _ in self._fitting(layer)}
        return [pattern for number, pattern in enumerate(self.patterns) if number not in used]

    def _fitting(self, layer: str) -> list[tuple[int, float]]:
        ends = [layer, *(layer[found.end() :] for found in re.finditer(r"\.", layer))]
        names = [f"^{layer}", f"^{re.sub(_WHOLE, '', layer, count=1)}", *ends]
        fitting = [self.named[name] for name in names if name in self.named]
        fitting += [(number, alpha) for regex, number, alpha in self.expressed if regex.fullmatch(layer)]
        return fitting

    def divisor(self, rank: int) -> float:
        """What alpha is divided by at a rank."""
        return math.sqrt(rank) if self.by_root else float(rank)


def scalings_of(file: AdapterFile) -> dict[str, Scaling]:
    """By component (`transformer`, `text_encoder`, … or empty for all); empty where nothing is said.

    Raises:
        AdapterDamaged: A configuration is there and cannot be read.
    """
    found: dict[str, Scaling] = {}
    for text in _texts(file):
        try:
            data = json.loads(text)
            parts: dict[str, dict[str, Any]] = {}
            for key, value in data.items():
                component, dot, name = key.rpartition(".")
                known = dot and component in ("transformer", "text_encoder", "text_encoder_2", "unet")
                parts.setdefault(component if known else "", {})[name if known else key] = value
            for component, part in parts.items():
                if not part.keys().isdisjoint(("lora_alpha", "alpha", "alpha_pattern", "init_lora_weights")):
                    found[component] = _scaling(part)
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as reason:
            what = str(reason) if isinstance(reason, _Unread) else repr(text[:60])
            raise AdapterDamaged(
                f"{file.path.name}: what it says of its alpha cannot be read: {what}.",
                "Fetch the adapter again, with its adapter_config.json.",
            ) from None
    return found


def scaling_for(layer: str, scalings: Mapping[str, Scaling]) -> Scaling | None:
    """What peft says of a layer: the configuration of its component, else that of the file."""
    inner = text_encoder_of(flat(layer))
    component = inner[0] if inner else "transformer"
    return scalings.get(component) or scalings.get("") or (scalings.get("unet") if not inner else None)


def idle_patterns(layers: Iterable[str], scalings: Mapping[str, Scaling]) -> tuple[str, ...]:
    """Patterns of alpha that fit no layer of their component."""
    told: dict[int, list[str]] = {}
    for layer in layers:
        told.setdefault(id(scaling_for(layer, scalings)), []).append(layer)
    return tuple(each for scaling in scalings.values() for each in scaling.idle(told.get(id(scaling), ())))


def config_beside(path: Path) -> Path | None:
    """The configuration of peft that lies beside an adapter's file."""
    own = path.with_name(path.stem + BESIDE)
    peft = path.with_name("adapter_config.json")
    if own.is_file():
        return own
    return peft if path.name == _OF_PEFT and peft.is_file() else None


def _texts(file: AdapterFile) -> list[str]:
    inside = [file.metadata[key] for key in _INSIDE if key in file.metadata]
    beside = config_beside(file.path)
    if inside or beside is None:
        return inside
    try:
        return [beside.read_text(encoding="utf-8")]
    except (OSError, UnicodeDecodeError) as reason:
        raise AdapterDamaged(f"{beside} cannot be read: {reason}.", "Fetch it again.") from None


def _scaling(part: Mapping[str, Any]) -> Scaling:
    alpha, beginning = part.get("lora_alpha", part.get("alpha")), part.get("init_lora_weights")
    named, expressed = _patterns(part.get("alpha_pattern") or {})
    return Scaling(
        alpha=None if alpha is None else _finite(alpha),
        rank=int(part.get("r") or 0),
        named=named,
        expressed=expressed,
        by_root=part.get("use_rslora") is True,
        patterns=tuple(part.get("alpha_pattern") or ()),
        residual=beginning if isinstance(beginning, str) and beginning.lower().startswith(_RESIDUAL) else "",
    )


class _Unread(ValueError):
    """What is there and is not read, in words."""


def _patterns(
    given: Mapping[str, Any],
) -> tuple[dict[str, tuple[int, float]], list[tuple[re.Pattern[str], int, float]]]:
    """A pattern's names and its expressions; each with its number and alpha."""
    named: dict[str, tuple[int, float]] = {}
    expressed: list[tuple[re.Pattern[str], int, float]] = []
    for number, (key, value) in enumerate(given.items()):
        if _NAME.fullmatch(key):
            named.setdefault(key.replace("\\", "").removesuffix("$"), (number, _finite(value)))
        else:
            expressed.append((_harmless(key), number, _finite(value)))
    if len(expressed) > _MOST_EXPRESSIONS:
        raise _Unread(f"{len(expressed)} expressions for names of layers")
    return named, expressed


def _harmless(pattern: str) -> re.Pattern[str]:
    r"""An expression that fits what peft's `(.*\.)?(pattern)$` would, and never goes back over what it has read.

    Raises:
        _Unread: It is another one than people write for names of layers, or too long.
    """
    if len(pattern) > _LONGEST_EXPRESSION or not _EXPRESSION.fullmatch(pattern):
        raise _Unread(f"the expression {pattern[:60]!r}")
    first, *others = pattern.removeprefix("^").removesuffix("$").replace("\\d+", "\\d++").split(".*")
    beginning = _WHOLE if pattern.startswith("^") else r"(?:.*?\.)??"
    if not others:
        return re.compile(f"{beginning}{first}")
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(f"(?>{beginning}{first}){between}.*{others[-1]}", re.DOTALL)


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(float(value)):
        raise ValueError(value)
    return float(value)
