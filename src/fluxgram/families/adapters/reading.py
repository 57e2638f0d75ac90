"""Adapters' files read: every tensor finds its place in a checkpoint, or nothing is used and the reason is said.

Everything that the header can tell is checked before a tensor is loaded. What tensors are is `roles.py`, whose layers
they are `names.py`, what they make up `pieces.py`; the changes themselves are `forms.py` and `dora.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.errors import AdapterDamaged, AdapterMisfit
from fluxgram.families.adapters import header
from fluxgram.families.adapters.adapter import Adapter, Change, Report
from fluxgram.families.adapters.building import changes_of, rows_of
from fluxgram.families.adapters.header import AdapterFile
from fluxgram.families.adapters.scaling import config_beside
from fluxgram.families.adapters.survey import Survey, refuse, refuse_numbers, survey_of

if TYPE_CHECKING:
    import torch


def open_adapter(
    path: Path, shapes: Mapping[str, tuple[int, ...]], *, name: str = "", made_for: str = ""
) -> Adapter:
    """Read an adapter and hold it against a checkpoint.

    Args:
        path: A .safetensors file of any tool's making.
        shapes: Weight shape (out, in) of every linear layer of the checkpoint by path, the component first.
        name: What people call the adapter; that of the file where empty.
        made_for: What people call the checkpoint, for errors; what its layers look like where empty.

    Returns:
        The adapter, on the CPU in the file's own types.

    Raises:
        UnknownAdapter: No such file.
        UnsafeWeights: Pickled.
        AdapterDamaged: Half a file, none of safetensors, changes by halves, impossible numbers, or no change at all.
        AdapterMisfit: Not every tensor has a place here.
    """
    file = header.open_file(path)
    name = name or path.stem
    survey = survey_of(file, shapes)
    refuse(file, survey, shapes, name, made_for)
    refuse_numbers(file, survey, name)
    return Adapter(name, fingerprint_of(path), survey.report, _load(file, survey, shapes))


def inspect_adapter(path: Path, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Report:
    """What is in an adapter's file; nothing of it is loaded but single numbers such as alpha.

    Args:
        path: A .safetensors file.
        shapes: As in `open_adapter`; where they are given, tensors that do not fit are unmatched. Without them those
            are that no FLUX could have.

    Raises:
        UnknownAdapter: No such file.
        UnsafeWeights: Pickled.
        AdapterDamaged: Half a file, or no safetensors file.
    """
    return survey_of(header.open_file(path), shapes).report


def check_adapter(path: Path, name: str = "") -> Report:
    """Look at all of an adapter without a checkpoint: its numbers, and whether any FLUX has its layers.

    Raises:
        UnknownAdapter: No such file.
        UnsafeWeights: Pickled.
        AdapterDamaged: As `open_adapter`.
        AdapterMisfit: It is for something that fluxgram does not draw with.
    """
    file = header.open_file(path)
    survey = survey_of(file, None)
    refuse(file, survey, None, name or path.stem, "")
    refuse_numbers(file, survey, name or path.stem)
    return survey.report


def fault_of(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]] | None,
    *,
    name: str = "",
    made_for: str = "",
    numbers: bool = True,
) -> AdapterDamaged | AdapterMisfit | None:
    """Why an adapter cannot be used with a checkpoint (with any, where there are no shapes), or None.

    Its numbers are looked at too, or only its header, which is quick; torch is not needed.

    Raises:
        UnknownAdapter: No such file.
        UnsafeWeights: Pickled.
    """
    try:
        file = header.open_file(path)
        survey = survey_of(file, shapes)
        refuse(file, survey, shapes, name or path.stem, made_for)
        if numbers:
            refuse_numbers(file, survey, name or path.stem)
    except (AdapterDamaged, AdapterMisfit) as reason:
        return reason
    return None


def fingerprint_of(path: Path) -> str:
    """SHA-256 of an adapter's file, hex; together with the configuration beside it, where its strength is in that.

    Raises:
        AdapterDamaged: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        if (config := config_beside(path)) is not None:
            digest.update(config.read_bytes())
    except OSError as reason:
        raise AdapterDamaged(
            f"{path} cannot be read: {reason.strerror or reason}.", "Check the file."
        ) from None
    return digest.hexdigest()


def as_it_lies(path: Path) -> tuple[Path, tuple[tuple[int, int, int], ...]] | None:
    """What changes when an adapter's file, or the configuration beside it, is written anew; None where it is gone."""
    try:
        config = config_beside(path)
        stats = [each.stat() for each in (path, config) if each is not None]
    except OSError:
        return None
    return path, tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)


def _load(
    file: AdapterFile, survey: Survey, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[Change, ...]]:
    """The changes of all layers."""
    from safetensors import SafetensorError, safe_open

    changes: dict[str, list[Change]] = {}
    try:
        with safe_open(file.path, framework="pt", device="cpu") as opened:

            def copied(name: str) -> torch.Tensor:
                """Not mapped: a file that is cut off later would end the process (SIGBUS)."""
                tensor: torch.Tensor = opened.get_tensor(name).clone()
                return tensor

            for piece, place in survey.placed:
                for path, made in changes_of(piece, rows_of(place, shapes), copied).items():
                    changes.setdefault(path, []).extend(made)
    except (SafetensorError, OSError) as reason:
        raise AdapterDamaged(f"{file.path} cannot be read: {reason}.", "Fetch the adapter again.") from None
    return {path: tuple(each) for path, each in sorted(changes.items())}
