"""The family contract: what one kind of FLUX must offer so that the engine can draw with it.

A family is one small file that implements `Family` (see `flux2.py`), and a toy of it for tests. The loop in
`fluxgram.engine` knows nothing but these names: guidance, negative prompts and adapters live inside `predict`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import torch

    from fluxgram.families.adapters.applied import Applied
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.placement import Placement

Progress = Callable[[str, float], None]
"""`progress(stage, fraction)`: the stage is `download`, `load text encoder`, `load transformer` or
`load autoencoder`, the fraction 0 … 1."""


@dataclass(slots=True)
class Parts:
    """A loaded checkpoint: its components where they will run.

    Attributes:
        checkpoint: The table it was loaded by.
        placement: Device, data type and memory plan (with the sentence that says so).
        components: By name (`transformer`, `text_encoder`, `tokenizer`, `autoencoder`); a family may leave some
            unloaded until needed.
        fingerprint: SHA-256 over the weight files, hex.
        extra: What a family keeps for itself (rotary tables, embedding cache).
    """

    checkpoint: Checkpoint
    placement: Placement
    components: dict[str, Any]
    fingerprint: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextReport:
    """What the text encoder really read.

    Attributes:
        total: Tokens of the prompt (without the template's).
        kept: Tokens of the prompt that the checkpoint can read.
        limit: The most tokens of a prompt that it can read.
        lost: The exact text that was cut off; empty where nothing was.
    """

    total: int
    kept: int
    limit: int
    lost: str


NegativeMethod = Literal["true_cfg", "vsf", "nag"]
"""How a negative prompt steers: a second pass (classifier-free guidance: Ho and Salimans 2022), negative tokens whose
values change sign in attention (VSF: arXiv 2508.10931), or extrapolated and normalised attention (NAG: arXiv
2505.21179)."""


@dataclass(frozen=True, slots=True)
class Negative:
    """What must not be there, and how the picture is steered away from it.

    Attributes:
        text: The words.
        method: See `NegativeMethod`.
        scale: Of the method: guidance scale of `true_cfg` and `nag`, weight of the flipped values of `vsf`.
    """

    text: str
    method: NegativeMethod
    scale: float


@dataclass(frozen=True, slots=True)
class Condition:
    """What one picture is drawn from.

    Attributes:
        text: Prompt embedding, (1, text tokens, channels).
        report: What was read of the prompt.
        guidance: Guidance scale of the checkpoint's own kind (a second pass, or embedded); 1 is none.
        unguided: Embedding that a second pass is drawn from: of the negative prompt where the method is `true_cfg`,
            of the empty text where there is guidance and no such negative, or None for a single pass.
        negative: Embedding of a negative prompt that steers inside attention (`vsf`, `nag`), or None.
        negative_report: What was read of the negative prompt, or None.
        negative_method: How it steers; `none` where there is none. Written into the receipt.
        negative_scale: Scale of the method.
        pooled: Pooled prompt embedding (1, channels) of families that have one, else None; `pooled_unguided` is that
            of the second pass.
        references: Reference pictures as packed latents (none in this version).
        adapters: Adapters of this picture with their weights at this step, in order.
        rows: Where a batch is drawn, the adapters of each of its pictures; None where `adapters` is all of them.
    """

    text: torch.Tensor
    report: TextReport
    guidance: float = 1.0
    unguided: torch.Tensor | None = None
    negative: torch.Tensor | None = None
    negative_report: TextReport | None = None
    negative_method: str = "none"
    negative_scale: float = 1.0
    pooled: torch.Tensor | None = None
    pooled_unguided: torch.Tensor | None = None
    references: tuple[Any, ...] = ()
    adapters: tuple[Applied, ...] = ()
    rows: tuple[tuple[Applied, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Latents:
    """A picture on its way from noise: packed latents and the grid that they stand on.

    Attributes:
        tokens: (1, rows * columns, channels), float32 or the family's working type.
        rows: Tokens down.
        columns: Tokens across.
    """

    tokens: torch.Tensor
    rows: int
    columns: int


class Family(Protocol):
    """One kind of FLUX. Stateless: everything it needs comes in `parts`."""

    name: str

    def load(self, checkpoint: Checkpoint, placement: Placement, progress: Progress) -> Parts:
        """Find, verify and load the components. Raises `CheckpointError` or `OutOfMemory`."""
        ...

    def count_tokens(self, parts: Parts, text: str) -> TextReport:
        """What the text encoder would read of a prompt; cheap, no weights touched."""
        ...

    def linear_shapes(self, parts: Parts) -> dict[str, tuple[int, ...]]:
        """Weight shape (out, in) of every linear layer that an adapter may change, by path, the component first."""
        ...

    def encode(
        self,
        parts: Parts,
        prompt: str,
        negative: Negative | None,
        guidance: float,
        adapters: Sequence[Applied] = (),
    ) -> Condition:
        """Text to embeddings (cached by checkpoint, text and the adapters that change the text encoder).

        Raises `RequestError` for what would be ignored. The adapters are not kept in the condition.
        """
        ...

    def begin(self, parts: Parts, width: int, height: int, seed: int) -> Latents:
        """Starting noise for a picture of `width` x `height` px: drawn on the CPU in float32, by its own generator."""
        ...

    def sigmas(self, checkpoint: Checkpoint, width: int, height: int, steps: int) -> list[float]:
        """Noise levels from 1 down to 0; `steps + 1` numbers."""
        ...

    def predict(
        self, parts: Parts, latents: Latents, t: torch.Tensor, t_next: torch.Tensor, condition: Condition
    ) -> torch.Tensor:
        """Velocity at noise levels `t`, (batch,) of 0 … 1, for the packed latents; guidance and negatives are in it."""
        ...

    def decode(self, parts: Parts, latents: Latents) -> torch.Tensor:
        """Packed latents to a picture, (height, width, 3) uint8 on the CPU."""
        ...


Families = Sequence[Family]
