"""The table of a folder that has none: that of its kind, with what the folder's own files say.

Reads JSON and TOML only, no weights. Which files a folder must hold is `layout.py`; what a table says is
`checkpoints.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import CheckpointDamaged
from fluxgram.families import layout

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint

_AGAIN = "Fetch the checkpoint again, or name another one."
_UNKNOWN_NOISE = (
    "shift_terminal",
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "invert_sigmas",
)
"""What schedulers of other checkpoints do, and neither family does here."""


def table_of(folder: Path, tables: Mapping[str, Checkpoint]) -> dict[str, Any]:
    """A table by a folder's files.

    Args:
        folder: In diffusers' layout, or with its small files alone.
        tables: Those that fluxgram knows; the nearest of the folder's kind gives what the files do not say.

    Raises:
        CheckpointMissing: A file that says what it is is absent.
        CheckpointDamaged: It is of a kind that fluxgram does not draw with.
    """
    from fluxgram.families.tables import read_toml

    index = layout.read_index(folder)
    family = layout.SHAPES[index["_class_name"]].family
    likest = tables[_likest(folder, family, index)]
    folder = folder.resolve()
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    table: dict[str, Any] = {
        "name": folder.name,
        "family": family,
        "title": f"The folder {folder}",
        "source": f"folder:{folder}",
        "licence": {
            "name": "not stated",
            "page": "",
            "commercial": False,
            "outputs": "as the folder's owner says",
        },
        "distilled": likest.distilled,
        "steps": likest.steps,
        "guidance": likest.guidance,
        "embeds_guidance": likest.embeds_guidance,
        "negatives": list(likest.negatives),
        "download_gb": round(size / 1e9, 3),
        "memory_gb": round(size / 2**30, 3),
        "sizes": {"multiple": _multiple(folder), "default": list(likest.sizes.default)},
        "text": {
            "template": likest.text.template,
            "layers": list(likest.text.layers),
            "lengths": list(likest.text.lengths),
        },
        "schedule": _schedule(folder, family),
    }
    own = folder / "fluxgram.toml"
    return table | (read_toml(own, CheckpointDamaged) if own.is_file() else {})


def _likest(folder: Path, family: str, index: Mapping[str, Any]) -> str:
    """Name of the checkpoint that a folder is most like."""
    if family == "flux2":
        return "flux2-klein-4b" if index.get("is_distilled", False) else "flux2-klein-base-4b"
    embeds = layout.read_config(folder, "transformer", family).get("guidance_embeds", False)
    return "flux1-dev" if embeds else "flux1-schnell"


def _schedule(folder: Path, family: str) -> dict[str, Any]:
    """Noise levels as the folder's scheduler has them."""
    path = folder / "scheduler" / "scheduler_config.json"
    noise = layout.read_json(path, {})
    odd = [key for key in _UNKNOWN_NOISE if noise.get(key)]
    if noise.get("time_shift_type", "exponential") != "exponential":
        odd.append("time_shift_type")
    if odd:
        raise CheckpointDamaged(
            f"{path} sets {odd[0]} to {noise[odd[0]]!r}, which fluxgram does not draw with.",
            "Name a checkpoint with FLUX's own noise levels.",
        )
    if noise and not noise.get("use_dynamic_shifting", False):
        return {"kind": "shift", "shift": _number(path, noise, "shift", 1.0)}
    if family == "flux2":
        return {"kind": "empirical"}
    between = (
        ("base_image_seq_len", 256),
        ("max_image_seq_len", 4096),
        ("base_shift", 0.5),
        ("max_shift", 1.15),
    )
    low, high, least, most = (_number(path, noise, key, usual) for key, usual in between)
    return {"kind": "linear", "tokens": [int(low), int(high)], "exponents": [least, most]}


def _number(path: Path, noise: Mapping[str, Any], key: str, usual: float) -> float:
    value = noise.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CheckpointDamaged(f"{path} sets {key} to {value!r}, which is no number.", _AGAIN)
    return float(value)


def _multiple(folder: Path) -> int:
    """Pixels a token: the autoencoder's factor times the 2x2 packing."""
    levels = layout.read_json(folder / "vae" / "config.json", {}).get("block_out_channels", [0, 0, 0, 0])
    if not isinstance(levels, list) or not 0 < len(levels) < 12:
        raise CheckpointDamaged(
            f"{folder / 'vae' / 'config.json'} has no list of block_out_channels, but {levels!r}.", _AGAIN
        )
    return int(2 ** len(levels))
