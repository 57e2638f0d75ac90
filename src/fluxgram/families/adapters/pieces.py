"""Tensors of a file put together: what each layer has, of which kind, rank and alpha, told from the header alone.

A `Piece` is whole and consistent in itself; whether the checkpoint has a place for it is `reading.py`. What is not
whole becomes a `Fault`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fluxgram.families.adapters.header import FLOATS, AdapterFile, number
from fluxgram.families.adapters.roles import Part, part_of, strangeness
from fluxgram.families.adapters.scaling import Scaling, scaling_for

Kind = Literal["lora", "loha", "lokr", "diff", "bias"]
_MOST = 1000.0
"""No adapter means to be applied as strongly as this."""
_NEEDED: dict[str, tuple[frozenset[str], ...]] = {
    "lora": (frozenset({"down", "up"}),),
    "loha": (frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}),),
    "lokr": tuple(
        frozenset(first + second)
        for first in (("lokr_w1",), ("lokr_w1_a", "lokr_w1_b"))
        for second in (("lokr_w2",), ("lokr_w2_a", "lokr_w2_b"))
    ),
    "diff": (frozenset({"diff"}),),
    "bias": (frozenset({"diff_b"}),),
}
_COUNTERPARTS = {
    "down": "up", "up": "down", "lokr_w1": "lokr_w2", "lokr_w2": "lokr_w1", "lokr_w1_a": "lokr_w1_b",
    "lokr_w1_b": "lokr_w1_a", "lokr_w2_a": "lokr_w2_b", "lokr_w2_b": "lokr_w2_a",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """A tensor that cannot be used.

    Attributes:
        name: Its name in the file.
        layer: The file's name for its layer.
        why: Words for a sentence.
        damaged: The file contradicts itself; else it may be right for another checkpoint.
    """

    name: str
    layer: str
    why: str
    damaged: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """What a file has for one of its layers.

    Attributes:
        layer: The file's name for it.
        kind: What is there.
        tensors: Names in the file by role, those that only say how (alpha) included.
        shape: (out, in) of the weight that it changes; (out, 0) of a bias.
        rank: 0 where there is none.
        alpha: None where nothing says one.
        scale: What the change is multiplied by.
        lengths: DoRA's: one a row, one a column, or none.
    """

    layer: str
    kind: Kind
    tensors: Mapping[str, str]
    shape: tuple[int, int]
    rank: int
    alpha: float | None
    scale: float
    lengths: Literal["rows", "columns", ""] = ""

    @property
    def label(self) -> str:
        """The kind as people call it: `lora`, `locon` (LyCORIS's name for it), `loha`, `lokr`, `dora`, `diff`, …"""
        plain = "locon" if self.kind == "lora" and self.layer.startswith("lycoris_") else str(self.kind)
        return (
            {"lora": "dora", "locon": "dora", "loha": "doha", "lokr": "dokr"}[plain]
            if self.lengths
            else plain
        )

    @property
    def factors(self) -> list[str]:
        """Names of the tensors that the change is a product of; where one is 0 all over, so is the change."""
        return [name for role, name in self.tensors.items() if role not in ("alpha", "magnitude", "up_bias")]


def pieces_of(file: AdapterFile, scalings: Mapping[str, Scaling]) -> tuple[list[Piece], list[Fault]]:
    """Put the tensors of a file together; `scalings` is what it says of their scale.

    Raises:
        AdapterDamaged: An alpha that is no number.
    """
    layers: dict[str, dict[str, str]] = {}
    faults: list[Fault] = []
    for name in file.entries:
        part = part_of(name)
        if part is None:
            faults.append(Fault(name, name.rpartition(".")[0], strangeness(name), damaged=False))
            continue
        roles = layers.setdefault(part.layer, {})
        if part.role in roles:
            faults.append(_twice(name, part))
        else:
            roles[part.role] = name
    pieces: list[Piece] = []
    strange = {part: fault.why for fault in faults if not fault.damaged for part in _beginnings(fault.layer)}
    for layer, roles in layers.items():
        if layer in strange and set(roles) <= {"alpha", "magnitude"}:
            faults += [Fault(name, layer, strange[layer], damaged=False) for name in roles.values()]
            continue
        found, wrong = _of_layer(file, layer, roles, scalings)
        pieces += found
        faults += wrong
    return pieces, faults


def _beginnings(layer: str) -> list[str]:
    """A layer's name and what it begins with: `x.a1` is `x`, too."""
    return [layer, layer.rpartition(".")[0]]


def _twice(name: str, part: Part) -> Fault:
    return Fault(name, part.layer, "its layer has one already: the file holds two adapters", damaged=True)


def _of_layer(
    file: AdapterFile, layer: str, roles: dict[str, str], scalings: Mapping[str, Scaling]
) -> tuple[list[Piece], list[Fault]]:
    """The pieces of one layer: its weight's and its bias's."""
    wrong = _wrong_types(file, layer, roles)
    if wrong:
        return [], wrong
    if "mid" in roles or "hada_t1" in roles or "hada_t2" in roles or "lokr_t2" in roles:
        return [], [
            Fault(name, layer, "it changes a convolution, which FLUX does not have", damaged=False)
            for name in roles.values()
        ]
    pieces: list[Piece] = []
    if "diff_b" in roles:
        bias = {"diff_b": roles.pop("diff_b")}
        pieces.append(Piece(layer, "bias", bias, (_sides(file, bias["diff_b"])[0], 0), 0, None, 1.0))
        if set(roles) <= {"alpha"}:
            pieces[0] = Piece(layer, "bias", bias | roles, pieces[0].shape, 0, None, 1.0)
            return pieces, []
    kind = _kind(roles)
    if kind is None:
        return pieces, [_incomplete(name, layer, role, roles) for role, name in roles.items()]
    try:
        pieces.append(_weights(file, layer, kind, roles, scaling_for(layer, scalings)))
    except _Inconsistent as fault:
        return pieces, [Fault(roles[fault.role], layer, fault.why, damaged=True)] + [
            Fault(name, layer, "its layer cannot be used", damaged=True)
            for role, name in roles.items()
            if role != fault.role
        ]
    return pieces, []


def _wrong_types(file: AdapterFile, layer: str, roles: Mapping[str, str]) -> list[Fault]:
    """Weights of whole numbers, and weights without elements."""
    faults = []
    for role, name in roles.items():
        entry = file.entries[name]
        if role == "alpha":
            continue
        if entry.dtype not in FLOATS:
            faults.append(Fault(name, layer, f"its weights are whole numbers ({entry.dtype})", damaged=True))
        elif 0 in entry.shape:
            side = entry.shape[:1] if role == "down" else entry.shape[1:2] if role == "up" else ()
            why = "its rank is 0" if 0 in side else f"it has no elements ({_words(entry.shape)})"
            faults.append(Fault(name, layer, why, damaged=True))
    return faults


def _kind(roles: Mapping[str, str]) -> Kind | None:
    """The kind whose tensors are all there, and no others of another kind."""
    core = frozenset(roles) - {"alpha", "magnitude", "up_bias"}
    for kind, sets in _NEEDED.items():
        if core in sets and ("up_bias" not in roles or kind == "lora"):
            return kind  # type: ignore[return-value]
    return None


def _incomplete(name: str, layer: str, role: str, roles: Mapping[str, str]) -> Fault:
    """What is missing beside a tensor, or too much."""
    other = _COUNTERPARTS.get(role)
    if other and other not in roles:
        why = f"there is no {_plain(other)} to its {_plain(role)}"
    elif role in ("alpha", "magnitude") and len(roles) == 1:
        why = f"there is nothing that its {_plain(role)} could apply to"
    else:
        why = f"its layer has tensors of a change by halves ({', '.join(map(_plain, sorted(roles)))})"
    return Fault(name, layer, why, damaged=True)


class _Inconsistent(Exception):
    """Shapes of one layer that do not go with each other."""

    def __init__(self, role: str, why: str) -> None:
        super().__init__(why)
        self.role, self.why = role, why


def _weights(
    file: AdapterFile, layer: str, kind: Kind, roles: Mapping[str, str], scaling: Scaling | None
) -> Piece:
    """The piece of a layer's weight. Raises `_Inconsistent`."""
    sides = {role: _sides(file, name) for role, name in roles.items() if role != "alpha"}
    for role, shape in sides.items():
        plain = role in ("magnitude", "up_bias") or (kind == "diff" and len(shape) == 1)
        if not plain and len(shape) != 2:
            raise _Inconsistent(role, f"it is {_words(shape)}, where a matrix is needed")
    if kind == "diff":
        out, into = (*sides["diff"], 0)[:2]
        rank = 0
    elif kind == "lora":
        (rank, into), (out, other) = sides["down"], sides["up"]
        if rank != other:
            raise _Inconsistent("up", f"its rank is {other}, that of its down is {rank}")
        if sides.get("up_bias", (out,)) != (out,):
            raise _Inconsistent("up_bias", f"it is {_words(sides['up_bias'])} beside {out} outputs")
    elif kind == "loha":
        out, into, rank = _loha(sides)
    else:
        out, into, rank = _lokr(sides, scaling)
    alpha, scale = _strength(file, layer, kind, roles, rank, scaling)
    lengths = _lengths(sides["magnitude"], (out, into)) if "magnitude" in sides else ""
    return Piece(layer, kind, roles, (out, into), rank, alpha, scale, lengths)


def _loha(sides: Mapping[str, tuple[int, ...]]) -> tuple[int, int, int]:
    (out, first), (rank, into) = sides["hada_w1_a"], sides["hada_w1_b"]
    (out2, second), (rank2, into2) = sides["hada_w2_a"], sides["hada_w2_b"]
    if (out, into) != (out2, into2) or first != rank or second != rank2:
        raise _Inconsistent("hada_w1_a", "its four factors do not go with each other")
    return out, into, rank


def _lokr(sides: Mapping[str, tuple[int, ...]], scaling: Scaling | None) -> tuple[int, int, int]:
    """(out, in) and the rank that alpha is divided by; 0 where both matrices are whole and the scale is 1."""
    shapes, ranks = [], []
    for which in ("lokr_w1", "lokr_w2"):
        if which in sides:
            shapes.append(sides[which])
            continue
        (out, left), (right, into) = sides[f"{which}_a"], sides[f"{which}_b"]
        if left != right:
            raise _Inconsistent(f"{which}_a", f"its rank is {left}, that of its other half is {right}")
        shapes.append((out, into))
        ranks.append(left)
    rank = ranks[-1] if ranks else scaling.rank if scaling else 0
    return shapes[0][0] * shapes[1][0], shapes[0][1] * shapes[1][1], rank


def _strength(
    file: AdapterFile,
    layer: str,
    kind: Kind,
    roles: Mapping[str, str],
    rank: int,
    scaling: Scaling | None,
) -> tuple[float | None, float]:
    """Alpha, and what the change is multiplied by: alpha / rank, and 1 where nothing says an alpha."""
    if not rank or kind == "diff":  # ai-toolkit's full rank has an alpha of 1e10, which 16 bits do not hold
        return None, 1.0
    in_file = "alpha" in roles
    alpha = number(file, roles["alpha"]) if in_file else scaling.alpha_of(layer) if scaling else None
    if alpha is None:
        return None, 1.0
    scale = alpha / (float(rank) if in_file or scaling is None else scaling.divisor(rank))
    role = "alpha" if in_file else next(iter(roles))
    if scale == 0:
        raise _Inconsistent(role, "its alpha is 0: it would change nothing")
    if abs(scale) > _MOST:
        raise _Inconsistent(
            role, f"its alpha is {alpha:g} at rank {rank}, which is no strength that was trained"
        )
    return alpha, scale


def _lengths(shape: tuple[int, ...], weight: tuple[int, int]) -> Literal["rows", "columns"]:
    """Whether DoRA's lengths are of rows or of columns: (out, 1) or (out,), and (1, in)."""
    out, into = weight
    if shape in ((out, 1), (out,)):
        return "rows"
    if shape == (1, into):
        return "columns"
    raise _Inconsistent("magnitude", f"it is {_words(shape)} beside a weight of {_words(weight)}")


def _sides(file: AdapterFile, name: str) -> tuple[int, ...]:
    """A shape, without the two 1s at the end that tools for convolutions leave."""
    shape = file.entries[name].shape
    return shape[:2] if len(shape) == 4 and shape[2:] == (1, 1) else shape


def _words(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _plain(role: str) -> str:
    return role.replace("_", " ")
