"""`Applied`: an adapter beside one picture, with its weight; and the linear layers that look for it.

The weights of a checkpoint are never touched: a layer computes what it always does, and adds the changes of the picture
that is drawn just now. Pictures of one pass may have different adapters. A layer is given its second path when an
adapter first changes it; with nothing in use, it computes bit for bit what it did before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fluxgram.errors import AdapterMisfit

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fluxgram.families.adapters.adapter import Adapter, Change

_KEPT = 4
"""Batches of different adapters whose stacked pairs are kept."""


@dataclass(frozen=True, slots=True)
class Applied:
    """An adapter of one picture at one step.

    Attributes:
        adapter: Where the checkpoint runs, in its type.
        weight: Its weight now; 0 is nothing.
        blocks: Factors by the beginning of a layer's path, with or without the component (`transformer_blocks.0`,
            `single_transformer_blocks`, `text_encoder`); the longest that fits counts, and 1 where none does.
    """

    adapter: Adapter
    weight: float = 1.0
    blocks: Mapping[str, float] = field(default_factory=dict)

    def factor(self, path: str) -> float:
        """What the change of a layer is multiplied by; `path` has the component first."""
        bare = path.partition(".")[2]
        fitting = [name for name in self.blocks if begins_with(path, name) or begins_with(bare, name)]
        return self.weight * (self.blocks[max(fitting, key=len)] if fitting else 1.0)

    def changes(self, prefix: str) -> bool:
        """Whether it changes anything of a component."""
        return any(begins_with(path, prefix) and self.factor(path) for path in self.adapter.changes)

    @property
    def mark(self) -> tuple[Any, ...]:
        """What it does, as a key: the same for the same file, weight and factors."""
        return (self.adapter.fingerprint, self.weight, tuple(sorted(self.blocks.items())))


def begins_with(path: str, beginning: str) -> bool:
    """Whether a layer's path begins with whole names: `blocks.1` begins `blocks.1.attn`, not `blocks.10`."""
    return path == beginning or path.startswith(f"{beginning}.")


def adapt(component: nn.Module, prefix: str) -> Adapting:
    """What applies adapters in a component; the same one for the same component. Nothing is changed yet.

    Args:
        component: A transformer or text encoder.
        prefix: Its name, as adapters' paths begin: `transformer`, `text_encoder`.
    """
    adapting: Adapting | None = component.__dict__.get("_adapting")
    if adapting is None or adapting.prefix != prefix:
        adapting = Adapting(component, prefix)
        component.__dict__["_adapting"] = adapting
    return adapting


def in_use(
    component: nn.Module, prefix: str, rows: Sequence[Sequence[Applied]]
) -> AbstractContextManager[None]:
    """`adapt(component, prefix).use(rows)`, and nothing at all where no picture has an adapter."""
    return adapt(component, prefix).use(rows) if any(rows) else nullcontext()


class Adapting:
    """Applies adapters in a component, pass by pass. Made by `adapt`; belongs to one thread, as its component does."""

    def __init__(self, component: nn.Module, prefix: str) -> None:
        self.prefix = prefix
        self._layers: dict[str, Any] = {f"{prefix}.{name}": layer for name, layer in _linear(component)}
        self._paths: dict[str, _Path] = {}
        self._ready: OrderedDict[tuple[Any, ...], dict[str, _Work]] = OrderedDict()

    @contextmanager
    def use(self, rows: Sequence[Sequence[Applied]]) -> Iterator[None]:
        """Apply adapters within the block.

        Args:
            rows: The adapters of each picture of the batch. Where all have the same ones, batches of any size may
                be computed; where not, what goes through a layer has one row a picture, outermost.

        Raises:
            AdapterMisfit: An adapter changes a layer that is not there.
        """
        work = self._work_for(rows)
        for path in work:
            if path not in self._paths:
                self._paths[path] = _Path(self._layers[path])
        try:
            for path, what in work.items():
                self._paths[path].work = what
            yield
        finally:
            for path in work:
                self._paths[path].work = None

    def _work_for(self, rows: Sequence[Sequence[Applied]]) -> dict[str, _Work]:
        """What each layer has to add; made once for the same adapters."""
        key = tuple(tuple(each.mark for each in row) for row in rows)
        if key in self._ready:
            self._ready.move_to_end(key)
            return self._ready[key]
        changes = [self._changes(row) for row in rows]
        paths = dict.fromkeys(path for row in changes for path in row)
        alike = all(row == key[0] for row in key)
        if alike:
            return {path: _Same(changes[0][path]) for path in paths}
        work: dict[str, _Work] = {path: _different([row.get(path, []) for row in changes]) for path in paths}
        self._ready[key] = work
        while len(self._ready) > _KEPT:
            self._ready.popitem(last=False)
        return work

    def _changes(self, row: Sequence[Applied]) -> dict[str, list[tuple[Change, float]]]:
        """The changes of one picture with their factors, by layer; those of factor 0 are none."""
        found: dict[str, list[tuple[Change, float]]] = {}
        for applied in row:
            for path, changes in applied.adapter.changes.items():
                if not begins_with(path, self.prefix):
                    continue
                if path not in self._layers:
                    raise AdapterMisfit(
                        f"The adapter {applied.adapter.name} changes {path}, which this checkpoint does not have.",
                        "Use it with the checkpoint that it was opened for.",
                    )
                if factor := applied.factor(path):
                    found.setdefault(path, []).extend((change, factor) for change in changes)
        return found


class _Path:
    """The forward of a linear layer that has a second path."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._plain = layer.forward
        self.work: _Work | None = None
        layer.forward = self

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        plain: torch.Tensor = self._plain(x)
        return plain if self.work is None else self.work.add(plain, x, self._layer.weight)


class _Same:
    """The same changes for every row."""

    def __init__(self, changes: list[tuple[Change, float]]) -> None:
        self._changes = [(change, change.pair, factor) for change, factor in changes]

    def add(self, y: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """`y` and what the changes make of `x`; `y` is written over."""
        for change, pair, factor in self._changes:
            if pair is None:
                y.add_(change.of(x, weight), alpha=factor)
                continue
            down, up = pair
            rows = x.reshape(-1, x.shape[-1]) @ down.to(x.dtype).T  # T5 may have a type of its own
            y.view(-1, y.shape[-1]).addmm_(rows, up.to(x.dtype).T, alpha=factor)
        return y


class _Stacked:
    """A low-rank pair of each row, padded to the largest rank: downs (rows, rank, in), ups (rows, out, rank)."""

    def __init__(self, down: torch.Tensor, up: torch.Tensor) -> None:
        self._down, self._up = down, up

    def add(self, y: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """`y` and what the changes make of `x`; `y` is written over."""
        _check_rows(x, self._down.shape[0])
        rows = x.reshape(x.shape[0], -1, x.shape[-1])
        y.view(x.shape[0], -1, y.shape[-1]).baddbmm_(rows @ self._down.mT, self._up.mT)
        return y


class _RowByRow:
    """Changes of other kinds, each row its own."""

    def __init__(self, rows: list[_Same]) -> None:
        self._rows = rows

    def add(self, y: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """`y` and what the changes make of `x`; `y` is written over."""
        _check_rows(x, len(self._rows))
        for number, same in enumerate(self._rows):
            same.add(y[number : number + 1], x[number : number + 1], weight)
        return y


_Work = _Same | _Stacked | _RowByRow


def _different(rows: list[list[tuple[Change, float]]]) -> _Work:
    """The work of a layer whose rows have different changes."""
    pairs = [[(pair, factor) for change, factor in row if (pair := change.pair) is not None] for row in rows]
    if list(map(len, pairs)) != list(map(len, rows)):
        return _RowByRow([_Same(row) for row in rows])
    rank = max(sum(down.shape[0] for (down, _), _ in row) for row in pairs)
    first, last = next(pair for row in pairs for pair, _ in row)
    downs, ups = (
        first.new_zeros(len(rows), rank, first.shape[1]),
        last.new_zeros(len(rows), last.shape[0], rank),
    )
    for number, row in enumerate(pairs):
        start = 0
        for (down, up), factor in row:
            end = start + down.shape[0]
            downs[number, start:end], ups[number, :, start:end] = down, up * factor
            start = end
    return _Stacked(downs, ups)


def _check_rows(x: torch.Tensor, rows: int) -> None:
    if x.ndim < 2 or x.shape[0] != rows:
        raise RuntimeError(f"a layer was given {tuple(x.shape)} for the adapters of {rows} pictures")


def _linear(component: nn.Module) -> Iterator[tuple[str, Any]]:
    from torch import nn

    return ((name, layer) for name, layer in component.named_modules() if isinstance(layer, nn.Linear))
