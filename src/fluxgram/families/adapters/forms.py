"""The kinds of `Change` that files hold: low-rank pairs, Hadamard and Kronecker products, whole matrices, biases.

How a file becomes one of these is `building.py`; DoRA, which wraps one of them, is `dora.py`. All keep their tensors
as they came and compute in the type of what they are given; alpha is in them already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fluxgram.errors import AdapterMisfit

if TYPE_CHECKING:
    import torch

    from fluxgram.families.adapters.adapter import Change

Rows = tuple[tuple[int, int], ...]
"""Which rows of a file's layer make up a layer of the checkpoint: from and to, one range after the other."""


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """LoRA (Hu et al. 2021): `up @ down`.

    Attributes:
        down: (rank, in).
        up: (out, rank), alpha / rank in it.
    """

    down: torch.Tensor
    up: torch.Tensor

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`."""
        return (x @ self.down.to(x.dtype).T) @ self.up.to(x.dtype).T

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of the weight, float32."""
        return self.up.float() @ self.down.float()

    def to(self, device: torch.device, dtype: torch.dtype) -> LowRank:
        """The same elsewhere or in another type."""
        return LowRank(self.down.to(device, dtype), self.up.to(device, dtype))

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """`down` and `up`."""
        return self.down, self.up

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return _bytes(self.down, self.up)


@dataclass(frozen=True, slots=True, eq=False)
class Hadamard:
    """LoHa (FedPara: Hyeon-Woo et al. 2021): `(a1 @ b1) * (a2 @ b2)`, element by element.

    Attributes:
        a1: (out, rank), alpha / rank in it.
        b1: (rank, in).
        a2: (out, rank).
        b2: (rank, in).
    """

    a1: torch.Tensor
    b1: torch.Tensor
    a2: torch.Tensor
    b2: torch.Tensor

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`. The matrix is made anew each time: it would take as much memory as the layer."""
        a1, b1, a2, b2 = (each.to(x.dtype) for each in (self.a1, self.b1, self.a2, self.b2))
        return x @ (a1 @ b1).mul_(a2 @ b2).T

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of the weight, float32."""
        return (self.a1.float() @ self.b1.float()) * (self.a2.float() @ self.b2.float())

    def to(self, device: torch.device, dtype: torch.dtype) -> Hadamard:
        """The same elsewhere or in another type."""
        return Hadamard(*(each.to(device, dtype) for each in (self.a1, self.b1, self.a2, self.b2)))

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """None: its rank is the square of its factors'."""
        return None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return _bytes(self.a1, self.b1, self.a2, self.b2)


@dataclass(frozen=True, slots=True, eq=False)
class Kronecker:
    """LoKr (Yeh et al. 2023): rows of the Kronecker product of two matrices, each whole or as two factors.

    Attributes:
        first: One matrix (out1, in1), or factors (out1, rank) and (rank, in1); alpha / rank in the first of them.
        second: Likewise, (out2, in2).
        rows: Which of the out1 * out2 rows.
    """

    first: tuple[torch.Tensor, ...]
    second: tuple[torch.Tensor, ...]
    rows: tuple[int, int]

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`, without making the product."""
        y = x.reshape(*x.shape[:-1], self.first[-1].shape[1], self.second[-1].shape[1])
        for factor in reversed(self.second):
            y = y @ factor.to(x.dtype).T
        for factor in reversed(self.first):
            y = factor.to(x.dtype) @ y
        return y.flatten(-2)[..., slice(*self.rows)]

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of the weight, float32."""
        import torch

        first, second = (
            factors[0].float() if len(factors) == 1 else factors[0].float() @ factors[1].float()
            for factors in (self.first, self.second)
        )
        return torch.kron(first.contiguous(), second.contiguous())[slice(*self.rows)]

    def to(self, device: torch.device, dtype: torch.dtype) -> Kronecker:
        """The same elsewhere or in another type."""
        first, second = (
            tuple(each.to(device, dtype) for each in factors) for factors in (self.first, self.second)
        )
        return Kronecker(first, second, self.rows)

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """None: its rank is a product."""
        return None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return _bytes(*self.first, *self.second)


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A change written out in full, (out, in)."""

    change: torch.Tensor

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`."""
        return x @ self.change.to(x.dtype).T

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of the weight, float32."""
        return self.change.float()

    def to(self, device: torch.device, dtype: torch.dtype) -> Whole:
        """The same elsewhere or in another type."""
        return Whole(self.change.to(device, dtype))

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """None: its rank is full."""
        return None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return _bytes(self.change)


@dataclass(frozen=True, slots=True, eq=False)
class Bias:
    """A change of a layer's bias, (out,): the same is added whatever comes in."""

    change: torch.Tensor

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`."""
        return self.change.to(x.dtype).expand(*x.shape[:-1], -1)

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """Never: it is no change of the weight.

        Raises:
            AdapterMisfit: Always.
        """
        raise AdapterMisfit(
            "The adapter changes a bias, which cannot be merged into a weight.", "Use it beside the weights."
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> Bias:
        """The same elsewhere or in another type."""
        return Bias(self.change.to(device, dtype))

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """None: it does not depend on what comes in."""
        return None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return _bytes(self.change)


@dataclass(frozen=True, slots=True, eq=False)
class Stacked:
    """Changes one above the other: the rows of the first come first."""

    parts: tuple[Change, ...]

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`."""
        import torch

        return torch.cat([part.of(x, weight) for part in self.parts], -1)

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of the weight, float32."""
        import torch

        return torch.cat([part.dense(weight) for part in self.parts])

    def to(self, device: torch.device, dtype: torch.dtype) -> Stacked:
        """The same elsewhere or in another type."""
        return Stacked(tuple(part.to(device, dtype) for part in self.parts))

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """None."""
        return None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return sum(part.bytes for part in self.parts)


def picked(tensor: torch.Tensor, rows: Rows) -> torch.Tensor:
    """Rows of a tensor: a view where they are one range, a copy where they are several."""
    import torch

    parts = [tensor[start:stop] for start, stop in rows]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def kronecker(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor], rows: Rows) -> Change:
    """Rows of a Kronecker product, without the rows of its first matrix that they do not need."""
    parts: list[Change] = []
    height = second[0].shape[0]
    for start, stop in rows:
        low, high = start // height, -(-stop // height)
        kept = (first[0][low:high], *first[1:])
        parts.append(Kronecker(kept, tuple(second), (start - low * height, stop - low * height)))
    return parts[0] if len(parts) == 1 else Stacked(tuple(parts))


def _bytes(*tensors: torch.Tensor) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
