"""Components into memory: all at once, or (where they do not fit together) one after the other; and prompts kept there.

How a component is made is `blueprint.py`; which plan holds is decided by `placement.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from fluxgram.families import sources
from fluxgram.families.placement import memory_guard

if TYPE_CHECKING:
    from fluxgram.families.blueprint import Blueprint
    from fluxgram.families.contract import Parts, Progress

T = TypeVar("T")
_MOST_PROMPTS = 64
"""Remembered of one checkpoint."""


def component(parts: Parts, name: str, blueprints: Mapping[str, Callable[[Parts], Blueprint]]) -> Any:
    """A component, loaded; where one at a time is in memory, the one before it goes first.

    Args:
        parts: Where it is kept.
        name: Its name among the components.
        blueprints: How each component with weights is made, by name.
    """
    if name not in parts.components:
        for other in blueprints:
            parts.components.pop(other, None)
        free(parts.placement.device)
        load_into(parts, name, blueprints[name](parts), sources.silent)
    return parts.components[name]


def load_into(parts: Parts, name: str, blueprint: Blueprint, progress: Progress) -> None:
    """Load one component, and tell how far it is."""
    stage = f"load {name.replace('_', ' ')}"
    progress(stage, 0.0)
    with memory_guard(parts.placement, f"loading the {name.replace('_', ' ')}"):
        parts.components[name] = blueprint.load(parts.placement)
    progress(stage, 1.0)


def remembered(parts: Parts, key: tuple[Any, ...], read: Callable[[], T]) -> T:
    """What a checkpoint's text encoders made of a prompt: of the last ones from memory, of another by `read`."""
    prompts: OrderedDict[tuple[Any, ...], T] = parts.extra.setdefault("prompts", OrderedDict())
    if key not in prompts:
        prompts[key] = read()
    prompts.move_to_end(key)
    while len(prompts) > _MOST_PROMPTS:
        prompts.popitem(last=False)
    return prompts[key]


def free(device: str) -> None:
    """Give memory back before the next component comes."""
    import gc

    import torch

    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
