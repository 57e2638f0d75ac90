"""`Adapter`: a file of low-rank (or similar) changes that has found its place in a checkpoint, tensor by tensor.

How a file becomes one is `reading.py`; how it changes what layers compute is `applied.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    import torch

MOST_WEIGHT = 4.0
"""Weights of adapters are from minus this to this."""


class Change(Protocol):
    """What an adapter does to one linear layer of weight W (out, in), at weight 1."""

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`: (..., in) to (..., out), in the type of `x`."""
        ...

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """The same as a change of the weight, (out, in) float32, for checks and for those who merge."""
        ...

    def to(self, device: torch.device, dtype: torch.dtype) -> Self:
        """The same elsewhere or in another type."""
        ...

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """`down` (rank, in) and `up` (out, rank, with alpha / rank in it) where `of(x)` is `x @ down.T @ up.T`.

        Pictures with different ones then share a pass; None for changes of other kinds.
        """
        ...

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in an adapter's file, and what became of it.

    Attributes:
        form: How it was written: `diffusers`, `kohya`, `ai-toolkit`, `bfl`, `xlabs`, `comfyui`, `bare`, …
        kinds: Kinds of changes and how many layers have them, e.g. {"lora": 20} (`lora`, `locon`, `loha`, `lokr`,
            `dora`, `diff`).
        total: Tensors in the file.
        matched: Tensors that found their place. The others are unmatched, or zeros for layers that are not there.
        unmatched: Names that did not, each with the nearest names of the checkpoint.
        ranks: Ranks that occur, ascending.
        alphas: Alphas that occur, ascending; empty where the file has none (then alpha is the rank).
        layers: Layers of the checkpoint that are changed, sorted.
        base: What it was likely made for: `FLUX.1`, `FLUX.2 klein 4B`, …, or empty.
        idle: Patterns of peft's `alpha_pattern` that fit no layer of the file, so that they say nothing.
    """

    form: str
    kinds: Mapping[str, int]
    total: int
    matched: int
    unmatched: Mapping[str, tuple[str, ...]]
    ranks: tuple[int, ...]
    alphas: tuple[float, ...]
    layers: tuple[str, ...]
    base: str
    idle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that fits a checkpoint whole.

    Attributes:
        name: As people call it.
        fingerprint: SHA-256 of its file, hex.
        report: What was found.
        changes: By layer: its path, the component first (`transformer.transformer_blocks.0.attn.to_q`).
    """

    name: str
    fingerprint: str
    report: Report
    changes: Mapping[str, tuple[Change, ...]]

    @property
    def bytes(self) -> int:
        """Memory that its changes take."""
        return sum(change.bytes for changes in self.changes.values() for change in changes)

    def to(self, device: torch.device, dtype: torch.dtype) -> Adapter:
        """The same elsewhere or in another type."""
        moved = {
            path: tuple(each.to(device, dtype) for each in given) for path, given in self.changes.items()
        }
        return Adapter(self.name, self.fingerprint, self.report, moved)
