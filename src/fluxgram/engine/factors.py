"""Factors of an adapter by blocks: from the names that people write to a checkpoint's layers. Nothing is loaded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from fluxgram.errors import RequestError
from fluxgram.families.adapters.applied import begins_with

if TYPE_CHECKING:
    from fluxgram.engine.adapter_use import AdapterUse

_GROUPS = {"double": "transformer_blocks", "single": "single_transformer_blocks"}
_RANGE = re.compile(r"(.+)\.(\d+)-(\d+)")


def factors_of(
    use: AdapterUse, layers: Collection[str], changed: Collection[str] | None = None
) -> dict[str, float]:
    """Factors by beginnings of layers' whole paths; of several that fit a layer, the longest counts.

    A block that is named alone counts more than a range that it is in.

    Args:
        use: The adapter as it was asked for.
        layers: Paths of the checkpoint's layers, the component first.
        changed: Paths of those that the adapter changes; None where that is not known yet.

    Raises:
        RequestError: Blocks that the checkpoint does not have, blocks named twice, or blocks in which the adapter
            changes nothing.
    """
    where = f"The adapter {use.source[:80]} has"
    alone: dict[str, float] = {}
    ranges: dict[str, float] = {}
    for name, factor in use.blocks.items():
        beginnings, is_range = _beginnings(name)
        found = ranges if is_range else alone
        paths: set[str] = set()
        for beginning in beginnings:
            here = set(_whole(beginning, layers))
            if not here:
                raise RequestError(
                    f"{where} a factor for {name}, and there are no such blocks here.",
                    f"There are: {_blocks_there(layers)}.",
                )
            paths |= here
        if twice := paths & found.keys():
            raise RequestError(f"{where} two factors for {min(twice)}.", "Name the blocks once.")
        if changed is not None and not any(begins_with(each, path) for each in changed for path in paths):
            raise RequestError(
                f"{where} a factor for {name}, and changes nothing there, so it would do nothing.",
                f"It changes {_blocks_there(changed)}.",
            )
        found |= dict.fromkeys(paths, factor)
    return ranges | alone


def _beginnings(name: str) -> tuple[list[str], bool]:
    """Beginnings of paths of a name such as `double` or `single.0-9`, and whether it is a range."""
    group, dot, rest = name.partition(".")
    path = f"{_GROUPS.get(group, group)}{dot}{rest}"
    found = _RANGE.fullmatch(path)
    if not found:
        return [path], False
    first, last = int(found[2]), min(int(found[3]), int(found[2]) + 999)
    return [f"{found[1]}.{number}" for number in range(first, last + 1)] or [path], True


def _whole(beginning: str, layers: Collection[str]) -> Iterator[str]:
    """A beginning with the component before it, for each component that has such layers."""
    for path in layers:
        if begins_with(path, beginning):
            yield beginning
        elif begins_with(_bare(path), beginning):
            yield f"{path.partition('.')[0]}.{beginning}"


def _blocks_there(layers: Collection[str]) -> str:
    """What can be named, in a line: `double.0-4, single.0-19, …`."""
    groups: dict[str, list[int]] = {}
    for path in layers:
        for word, group in _GROUPS.items():
            if begins_with(_bare(path), group):
                number = int(_bare(path).split(".")[1])
                low, high = groups.get(word, (number, number))
                groups[word] = [min(low, number), max(high, number)]
    counted = [f"{word}.{low}-{high}" for word, (low, high) in groups.items()]
    return ", ".join([*counted, *dict.fromkeys(path.partition(".")[0] for path in layers)])


def _bare(path: str) -> str:
    """A layer's path without its component."""
    return path.partition(".")[2]
