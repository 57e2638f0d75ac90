"""What peft's configuration says of an adapter's scale, where the file has no alpha of its own.

diffusers writes it into the file (`lora_adapter_metadata`), peft beside it (`adapter_config.json`); most loaders
overlook it and apply the adapter too strongly or too weakly.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fluxgram.errors import AdapterDamaged
from fluxgram.families.adapters.header import AdapterFile

_INSIDE = ("lora_adapter_metadata", "adapter_config", "peft_config", "lora_config")
BESIDE = ".adapter_config.json"
"""What a configuration is called beside `NAME.safetensors`, as `NAME.adapter_config.json`."""
_PATTERN = re.compile(r"\^?(?:\w|\\\.|\\d\+|\.\*|\.)+\$?")
_OF_PEFT = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class Scaling:
    """Of one component.

    Attributes:
        alpha: `lora_alpha`, None where it is not said.
        rank: `r`, 0 where it is not said.
        alphas: `alpha_pattern`: alpha by the end of a layer's name, or an expression for it.
        by_root: `use_rslora`: alpha is divided by the root of the rank, not by the rank.
    """

    alpha: float | None = None
    rank: int = 0
    alphas: Mapping[str, float] = field(default_factory=dict)
    by_root: bool = False

    def alpha_of(self, layer: str) -> float | None:
        """Alpha of a layer, by its dotted name."""
        for pattern, alpha in self.alphas.items():
            if re.fullmatch(rf"(.*\.)?({pattern})", layer):
                return alpha
        return self.alpha

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
                if "lora_alpha" in part or "alpha" in part or "alpha_pattern" in part:
                    found[component] = _scaling(part)
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise AdapterDamaged(
                f"{file.path.name}: what it says of its alpha cannot be read: {text[:60]!r}.",
                "Fetch the adapter again, with its adapter_config.json.",
            ) from None
    return found


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
    alpha = part.get("lora_alpha", part.get("alpha"))
    patterns = part.get("alpha_pattern") or {}
    return Scaling(
        alpha=None if alpha is None else _finite(alpha),
        rank=int(part.get("r") or 0),
        alphas={_harmless(key): _finite(value) for key, value in patterns.items()},
        by_root=part.get("use_rslora") is True,
    )


def _harmless(pattern: str) -> str:
    """An expression as peft's configurations have them, which cannot take for ever."""
    if len(pattern) > 200 or pattern.count(".*") > 2 or not _PATTERN.fullmatch(pattern):
        raise ValueError(pattern)
    return pattern


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(float(value)):
        raise ValueError(value)
    return float(value)
