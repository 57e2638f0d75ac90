"""Safetensors files: headers checked before anything is loaded, tensors put in place, fingerprints.

Nothing is unpickled here, ever. Which files belong to a component is `layout.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import CheckpointDamaged, CheckpointMissing

if TYPE_CHECKING:
    import torch
    from torch import nn

_AGAIN = "Fetch the checkpoint again; the file is not whole."
_BIG = 64 * 2**20
Shapes = Mapping[str, tuple[int, ...]]


def read_header(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes in a safetensors file, after checking that all of its bytes are there.

    Raises:
        CheckpointMissing: No such file.
        CheckpointDamaged: Truncated, or not a safetensors file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 10 or length > size - 8:
                raise CheckpointDamaged(f"{path} is truncated or no safetensors file ({size} bytes).", _AGAIN)
            header = json.loads(file.read(length))
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = 8 + length + max((entry["data_offsets"][1] for entry in entries.values()), default=0)
        shapes = {name: tuple(int(side) for side in entry["shape"]) for name, entry in entries.items()}
    except FileNotFoundError:
        raise CheckpointMissing(f"The file {path} is missing.", "Fetch the checkpoint again.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise CheckpointDamaged(
            f"{path} is no safetensors file: its header cannot be read.", _AGAIN
        ) from None
    if size != end:
        raise CheckpointDamaged(f"{path} is truncated: {size} bytes where its header says {end}.", _AGAIN)
    return shapes


def check_shapes(
    files: Iterable[Path], expected: Shapes, ignore: Callable[[str], bool] = lambda name: False
) -> None:
    """Hold the headers of all files against what the component needs.

    Args:
        files: Safetensors files of one component.
        expected: Shape by name in the file.
        ignore: Names that may be there or not, and are not loaded.

    Raises:
        CheckpointDamaged: A tensor too few, too many, or of another shape; the sentence names it and the file.
    """
    found: dict[str, Path] = {}
    files = list(files)
    for path in files:
        for name, shape in read_header(path).items():
            if name not in expected:
                if ignore(name):
                    continue
                raise CheckpointDamaged(
                    f"{path} holds a tensor that its config.json has no place for: {name}.",
                    "The configuration and the weights are of different checkpoints; fetch both again.",
                )
            if shape != tuple(expected[name]):
                raise CheckpointDamaged(
                    f"{path}: {name} is {list(shape)}, where its config.json makes it {list(expected[name])}.",
                    "The configuration and the weights are of different checkpoints; fetch both again.",
                )
            found[name] = path
    absent = [name for name in expected if name not in found and not ignore(name)]
    if absent:
        raise CheckpointDamaged(
            f"{files[0].parent} lacks {len(absent)} of {len(expected)} tensors, the first being {absent[0]}.",
            _AGAIN,
        )


def fill(
    module: nn.Module,
    files: Iterable[Path],
    name_in_module: Callable[[str], str | None],
    dtype: torch.dtype,
    device: torch.device,
) -> None:
    """Put tensors from files in the places of a module that was made on the meta device.

    Args:
        module: Its parameters and persistent buffers are replaced, not copied into.
        files: Safetensors files.
        name_in_module: The module's name for a name in the file; None leaves the tensor unread.
        dtype: Floating-point tensors are brought to this.
        device: Where they go.
    """
    from safetensors import SafetensorError, safe_open

    state: dict[str, torch.Tensor] = {}
    for path in files:
        try:
            with safe_open(path, framework="pt", device="cpu") as file:
                for key in file.keys():  # noqa: SIM118  (safe_open is no mapping)
                    name = name_in_module(key)
                    if name is not None:
                        tensor = file.get_tensor(key)
                        kind = dtype if tensor.is_floating_point() else tensor.dtype
                        state[name] = tensor.to(device=device, dtype=kind)
        except SafetensorError as reason:
            raise CheckpointDamaged(f"{path} cannot be read: {reason}.", _AGAIN) from None
    module.load_state_dict(state, strict=True, assign=True)
    module.requires_grad_(False)
    module.eval()


def fingerprint(
    folder: Path, files: Iterable[Path], cache: Path | None = None, lenders: Iterable[Path] = ()
) -> str:
    """SHA-256 over the names and contents of files, hex.

    Args:
        folder: Names are relative to it, so that a moved checkpoint keeps its fingerprint.
        files: Weights, configurations, tokenizer.
        cache: A JSON file where digests of big files are kept by path, size and time of change; None keeps nothing.
        lenders: Folders of other checkpoints; names of files in them are relative to these.
    """
    roots = (folder, *lenders)
    named = [
        (next(path.relative_to(root) for root in roots if path.is_relative_to(root)), path) for path in files
    ]
    kept = _read_cache(cache)
    before = dict(kept)
    whole = hashlib.sha256()
    for name, path in sorted(named):
        whole.update(name.as_posix().encode() + b"\0")
        whole.update(_digest(path, kept).encode() + b"\n")
    if cache is not None and kept != before:
        _write_cache(cache, kept)
    return whole.hexdigest()


def _digest(path: Path, kept: dict[str, str]) -> str:
    state = path.stat()
    key = f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}"
    if state.st_size >= _BIG and key in kept:
        return kept[key]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if state.st_size >= _BIG:
        kept[key] = digest
    return digest


def _read_cache(cache: Path | None) -> dict[str, str]:
    try:
        data: Any = json.loads(cache.read_text(encoding="utf-8")) if cache is not None else {}
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def _write_cache(cache: Path, kept: Mapping[str, str]) -> None:
    """Best effort: a home that cannot be written to costs time, nothing else."""
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        fresh = cache.with_suffix(".new")
        fresh.write_text(json.dumps(dict(kept), indent=1), encoding="utf-8")
        fresh.replace(cache)
    except OSError:
        return
