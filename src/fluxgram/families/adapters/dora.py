"""DoRA (Liu et al. 2024): a change of the direction of a weight, and a length of its own for each of its rows.

The new weight is `m * (W + D) / |W + D|`, D being any of `forms.py`. peft has one length m a row; LyCORIS and
OneTrainer have one a row or one a column, which the shape of `dora_scale` tells.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from fluxgram.families.adapters.adapter import Change


@dataclass(frozen=True, slots=True, eq=False)
class Decomposed:
    """A change with lengths.

    Attributes:
        inner: The change of direction.
        lengths: (out,) or (in,).
        by_rows: Whether there is one length a row (an output) or one a column (an input).
    """

    inner: Change
    lengths: torch.Tensor
    by_rows: bool
    _known: dict[str, Any] = field(default_factory=dict, repr=False)

    def of(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """What is added to `x @ W.T`."""
        gain = self._gain(weight).to(x.dtype)
        if self.by_rows:
            return (x @ weight.to(x.dtype).T) * (gain - 1) + self.inner.of(x, weight) * gain
        scaled = x * gain
        return (scaled - x) @ weight.to(x.dtype).T + self.inner.of(scaled, weight)

    def dense(self, weight: torch.Tensor) -> torch.Tensor:
        """The change of the weight, float32."""
        gain = self._gain(weight)
        whole = weight.float() + self.inner.dense(weight)
        return whole * (gain[:, None] if self.by_rows else gain) - weight.float()

    def to(self, device: torch.device, dtype: torch.dtype) -> Decomposed:
        """The same elsewhere or in another type; lengths stay in float32, they are few and their ratio counts."""
        import torch

        return Decomposed(self.inner.to(device, dtype), self.lengths.to(device, torch.float32), self.by_rows)

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """None: it depends on the weight."""
        return None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return self.inner.bytes + self.lengths.numel() * self.lengths.element_size()

    def _gain(self, weight: torch.Tensor) -> torch.Tensor:
        """Length over norm, float32; computed once for a weight, which does not change."""
        import torch

        known = self._known.get("weight")
        if known is None or known() is not weight:
            whole = weight.detach().float() + self.inner.dense(weight)
            norm = torch.linalg.vector_norm(whole, dim=1 if self.by_rows else 0)
            gain = self.lengths.float() / norm.clamp_min(torch.finfo(torch.float32).eps)
            self._known.update(gain=gain, weight=weakref.ref(weight))
        gain_now: torch.Tensor = self._known["gain"]
        return gain_now
