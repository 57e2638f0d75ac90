"""From a `Piece` of a file and its place in a checkpoint to the `Change`s of the layers there.

A piece of a fused layer becomes one change for each of the layers that its rows belong to; what they have in common
is in memory once until it is moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fluxgram.families.adapters.dora import Decomposed
from fluxgram.families.adapters.forms import Bias, Hadamard, LowRank, Rows, Whole, kronecker, picked

if TYPE_CHECKING:
    import torch

    from fluxgram.families.adapters.adapter import Change
    from fluxgram.families.adapters.names import Place
    from fluxgram.families.adapters.pieces import Piece


def rows_of(place: Place, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Rows]:
    """Which rows of the file's layer belong to each layer of the checkpoint."""
    start = 0
    found: dict[str, Rows] = {}
    for path in place.paths:
        stop = start + shapes[path][0]
        half = (start + stop) // 2
        found[path] = ((half, stop), (start, half)) if place.swapped else ((start, stop),)
        start = stop
    return found


def changes_of(
    piece: Piece, rows: Mapping[str, Rows], tensor: Callable[[str], torch.Tensor]
) -> dict[str, list[Change]]:
    """The changes that a piece makes, by the path of the layer.

    Args:
        piece: Of the file.
        rows: As `rows_of`.
        tensor: Reads a tensor by its name in the file.
    """
    parts = {role: _plain(tensor(name)) for role, name in piece.tensors.items() if role != "alpha"}
    if piece.kind == "bias":
        return {path: [Bias(picked(parts["diff_b"], given))] for path, given in rows.items()}
    found: dict[str, list[Change]] = {}
    make = _MAKERS[piece.kind](parts, piece.scale)
    for path, given in rows.items():
        change = make(given)
        if piece.lengths:
            lengths = parts["magnitude"].float().flatten()
            by_rows = piece.lengths == "rows"
            change = Decomposed(change, picked(lengths, given) if by_rows else lengths, by_rows)
        found[path] = [change]
        if "up_bias" in parts:
            found[path].append(Bias(picked(_scaled(parts["up_bias"], piece.scale), given)))
    return found


_Maker = Callable[["Rows"], "Change"]


def _low_rank(parts: Mapping[str, torch.Tensor], scale: float) -> _Maker:
    down, up = parts["down"], _scaled(parts["up"], scale)
    return lambda rows: LowRank(down, picked(up, rows))


def _hadamard(parts: Mapping[str, torch.Tensor], scale: float) -> _Maker:
    a1, a2 = _scaled(parts["hada_w1_a"], scale), parts["hada_w2_a"]
    return lambda rows: Hadamard(picked(a1, rows), parts["hada_w1_b"], picked(a2, rows), parts["hada_w2_b"])


def _kronecker(parts: Mapping[str, torch.Tensor], scale: float) -> _Maker:
    first, second = (
        [parts[name] for name in ((which,) if which in parts else (f"{which}_a", f"{which}_b"))]
        for which in ("lokr_w1", "lokr_w2")
    )
    first[0] = _scaled(first[0], scale)
    return lambda rows: kronecker(first, second, rows)


def _whole(parts: Mapping[str, torch.Tensor], scale: float) -> _Maker:
    change = _scaled(parts["diff"], scale)
    return lambda rows: Whole(picked(change, rows))


_MAKERS: Mapping[str, Callable[[Mapping[str, torch.Tensor], float], _Maker]] = {
    "lora": _low_rank,
    "loha": _hadamard,
    "lokr": _kronecker,
    "diff": _whole,
}


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor in a type that can be computed with: 8-bit floats become bfloat16, which holds them exactly."""
    import torch

    tensor = tensor.reshape(tensor.shape[:2]) if tensor.ndim == 4 else tensor
    if tensor.dtype.itemsize == 1:
        return tensor.to(torch.bfloat16)
    return tensor.float() if tensor.dtype == torch.float64 else tensor


def _scaled(tensor: torch.Tensor, scale: float) -> torch.Tensor:
    """A tensor times a number, in float32 where the product would lose digits otherwise."""
    import torch

    if scale == 1.0:
        return tensor
    exact = tensor.dtype != torch.float16 and abs(math.frexp(scale)[0]) == 0.5
    return (tensor if exact else tensor.float()) * scale
