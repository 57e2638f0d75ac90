"""A file held against a checkpoint by its header: which pieces have a place, which have none and why, and the `Report`.

`reading.py` loads what was found right here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fluxgram.errors import AdapterDamaged, AdapterMisfit
from fluxgram.families.adapters import header
from fluxgram.families.adapters.adapter import Report
from fluxgram.families.adapters.header import AdapterFile
from fluxgram.families.adapters.kinship import Kin, family_said, kin_of
from fluxgram.families.adapters.names import (
    FLUX1,
    FLUX2,
    Directory,
    Place,
    enumerated,
    flat,
    text_encoder_of,
)
from fluxgram.families.adapters.pieces import Fault, Piece, pieces_of
from fluxgram.families.adapters.roles import form_of, part_of
from fluxgram.families.adapters.scaling import idle_patterns, scalings_of

Shapes = Mapping[str, tuple[int, ...]]
_NAMED = 3
"""Layers that an error names."""
_NEAREST = 20
"""Layers that a report has nearest names for; looking for them takes time."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the header of a file says, held against a checkpoint or against what the file is likely for.

    Attributes:
        report: As people are told.
        placed: What has a place.
        faults: What has none.
        residual: See `Scaling`.
    """

    report: Report
    placed: list[tuple[Piece, Place]]
    faults: list[Fault]
    residual: str


def survey_of(file: AdapterFile, shapes: Shapes | None) -> Survey:
    """Hold a file against a checkpoint, or (None) against all FLUX that there is.

    Raises:
        AdapterDamaged: An alpha that is no number, or a configuration that cannot be read.
    """
    scalings = scalings_of(file)
    pieces, faults = pieces_of(file, scalings)
    idle = idle_patterns({*(each.layer for each in pieces), *(each.layer for each in faults)}, scalings)
    kin = kin_of({piece.layer: piece.shape for piece in pieces} | {fault.layer: () for fault in faults})
    said = family_said(file.metadata)
    if said and not kin.family:
        kin = Kin(said, said, kin.width, kin.doubles, kin.singles)
    directory = Directory(_likely(kin) if shapes is None else shapes, any_text=shapes is None)
    placed: list[tuple[Piece, Place]] = []
    taken: dict[tuple[str, bool], str] = {}
    for piece in pieces:
        place = directory.place(piece.layer)
        why = _absent(piece) if place is None else _misfit(piece, place, shapes)
        if place is not None and not why:
            why = _taken(piece, place, taken)
        if place is None or why:
            if not _is_idle(file, piece):
                faults += [Fault(name, piece.layer, why, damaged=False) for name in piece.tensors.values()]
            continue
        placed.append((piece, place))
    report = _report(file, placed, pieces, faults, directory, str(kin) if kin.name else "")
    residual = next((each.residual for each in scalings.values() if each.residual), "")
    return Survey(replace(report, idle=idle), placed, faults, residual)


def _absent(piece: Piece) -> str:
    if text_encoder_of(flat(piece.layer)):
        return "it is of a text encoder that the checkpoint does not have, or does not read that far"
    return "there is no such layer"


def _misfit(piece: Piece, place: Place, shapes: Shapes | None) -> str:
    """Why a piece cannot go where its name says; empty where it can."""
    if piece.lengths == "columns" and (len(place.paths) > 1):
        return "its lengths (DoRA) are of columns of a layer that is split in the checkpoint"
    if shapes is None:
        return ""
    out, into = sum(shapes[path][0] for path in place.paths), shapes[place.paths[0]][1]
    wanted = (out, 0) if piece.kind == "bias" else (out, into)
    if piece.shape == wanted:
        return ""
    here = (
        place.paths[0]
        if len(place.paths) == 1
        else f"{place.paths[0]} to {place.paths[-1].rpartition('.')[2]}"
    )
    return f"it is for a layer of {piece.shape[0]} x {piece.shape[1]}, and {here} is {out} x {into}"


def _taken(piece: Piece, place: Place, taken: dict[tuple[str, bool], str]) -> str:
    """Why a place is not free; empty where it is, and then it is taken."""
    keys = [(path, piece.kind == "bias") for path in place.paths]
    for key in keys:
        if key in taken:
            return f"{key[0]} is changed by {taken[key]} already"
    taken |= dict.fromkeys(keys, piece.layer)
    return ""


def _is_idle(file: AdapterFile, piece: Piece) -> bool:
    """Whether a piece changes nothing: some tools write zeros for layers that they did not train."""
    if piece.lengths or "up_bias" in piece.tensors:
        return False
    return any(header.is_zero(file, name) for name in piece.factors)


def _likely(kin: Kin) -> set[str]:
    """Layers of the transformer that a file was likely made for."""
    tables = {"FLUX.1": (FLUX1,), "FLUX.2": (FLUX2,)}.get(kin.family, (FLUX1, FLUX2))
    return {
        path for table in tables for path in enumerated(table, min(kin.doubles, 999), min(kin.singles, 999))
    }


def _report(
    file: AdapterFile,
    placed: list[tuple[Piece, Place]],
    pieces: list[Piece],
    faults: list[Fault],
    directory: Directory,
    base: str,
) -> Report:
    unmatched: dict[str, tuple[str, ...]] = {}
    near: dict[str, tuple[str, ...]] = {}
    for fault in sorted(faults, key=lambda each: each.name):
        if fault.layer not in near and len(near) < _NEAREST:
            near[fault.layer] = directory.nearest(fault.layer)
        unmatched[fault.name] = near.get(fault.layer, ())
    return Report(
        form=form_of(file.entries),
        kinds=dict(sorted(Counter(piece.label for piece in pieces).items())),
        total=len(file.entries),
        matched=len({name for piece, _ in placed for name in piece.tensors.values()}),
        unmatched=unmatched,
        ranks=tuple(sorted({piece.rank for piece in pieces if piece.rank})),
        alphas=tuple(sorted({piece.alpha for piece in pieces if piece.alpha is not None})),
        layers=tuple(sorted({path for _, place in placed for path in place.paths})),
        base=base,
    )


def refuse(file: AdapterFile, survey: Survey, shapes: Shapes | None, name: str, made_for: str) -> None:
    """Raise for what the header tells to be wrong with a file, the worse first; its numbers are `refuse_numbers`.

    Args:
        file: The file.
        survey: As `survey_of`.
        shapes: That it was held against.
        name: What people call the adapter.
        made_for: What people call the checkpoint.

    Raises:
        AdapterDamaged: Changes by halves.
        AdapterMisfit: Not every tensor has a place.
    """
    report, faults = survey.report, survey.faults
    if faults and not report.kinds and not any(fault.damaged for fault in faults):
        raise AdapterMisfit(
            f"{name} holds no adapter that can be read: none of its {report.total} tensors is of one "
            f"({faults[0].name}: {faults[0].why}).",
            "Name the file of a LoRA, LoHa, LoKr or DoRA; a checkpoint is given with --checkpoint.",
        )
    if survey.residual:
        raise AdapterMisfit(
            f"The adapter {name} was trained beside weights that its beginning had changed "
            f"(init_lora_weights = {survey.residual!r}), which no checkpoint has.",
            "Ask for it as a plain LoRA: peft makes one with path_initial_model_for_weight_conversion.",
        )
    damaged = [fault for fault in faults if fault.damaged]
    if damaged:
        raise AdapterDamaged(
            f"The adapter {name} is damaged: {len(damaged)} of its {report.total} tensors cannot be used; "
            f"{_listed(damaged, {})}.",
            "Fetch it again, or ask for another file; nothing of it was applied.",
        )
    if faults:
        where = (made_for or "this checkpoint") if shapes is not None else "any FLUX.1 or FLUX.2"
        count = len(report.unmatched)
        unplaced = f"{count} of its {report.total} tensors {'has' if count == 1 else 'have'} no place"
        if count == report.total:
            unplaced = f"none of its {count} tensors has a place"
        made = [f"It was likely made for {report.base}"] if report.base else []
        if shapes is not None:
            made.append(f"{made_for or 'the checkpoint'} is {kin_of(shapes)}")
        raise AdapterMisfit(
            f"The adapter {name} does not fit {where}: {unplaced}; {_listed(faults, report.unmatched)}.",
            f"{'; '.join([*made, 'nothing of it was applied'])}.",
        )
    said, here = family_said(file.metadata), kin_of(shapes).family if shapes is not None else ""
    if said and here and said != here:  # some layers of the two are alike
        raise AdapterMisfit(
            f"The adapter {name} says that it was made for {said}; {made_for or 'this checkpoint'} is {here}.",
            "Its layers are found here by chance; take a checkpoint of its own kind. Nothing of it was applied.",
        )


def refuse_numbers(file: AdapterFile, survey: Survey, name: str) -> None:
    """Raise for numbers that no adapter has; all of the file is read. For files that `refuse` let pass.

    Raises:
        AdapterDamaged: Impossible numbers, or no change at all.
    """
    header.check_numbers(file, [name for name in file.entries if not _is_alpha(name)])
    if all(_is_idle(file, piece) for piece, _ in survey.placed):
        raise AdapterDamaged(
            f"The adapter {name} would change nothing: all of its weights are 0.",
            "It was saved before it was trained; ask for another file.",
        )


def _is_alpha(name: str) -> bool:
    """Alpha is no weight; where it counts it has been looked at."""
    part = part_of(name)
    return part is not None and part.role == "alpha"


def _listed(faults: list[Fault], near: Mapping[str, tuple[str, ...]]) -> str:
    """The first faults in words, one a layer: by the tensor's name, or the layer's where all of its tensors have it.

    Args:
        faults: At least one.
        near: The nearest names by the tensor's.
    """
    layers: dict[str, list[Fault]] = {}
    for fault in faults:
        layers.setdefault(fault.layer, []).append(fault)
    said = []
    for layer, each in list(layers.items())[:_NAMED]:
        one = len({fault.why for fault in each}) == 1 < len(each)
        nearest = f" (nearest: {', '.join(near[each[0].name])})" if near.get(each[0].name) else ""
        said.append(f"{layer if one else each[0].name}: {each[0].why}{nearest}")
    return "; ".join([*said, "…"] if len(layers) > _NAMED else said)
