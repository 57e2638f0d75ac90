"""The folder of a checkpoint in diffusers' layout: its files, and what is said when one is absent or of another kind.

Reads JSON only. Weights are `weights.py`; where a folder comes from is `sources.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluxgram.errors import CheckpointDamaged, CheckpointMissing, UnsafeWeights

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the folder of a pipeline holds.

    Attributes:
        family: Which family draws with it.
        parts: Folders with weights, and the classes whose weights they may be; the first is named in messages.
        counts: The folder of the tokenizer that prompts are counted with.
        tokenizers: All folders of tokenizers.
    """

    family: str
    parts: Mapping[str, tuple[str, ...]]
    counts: str
    tokenizers: tuple[str, ...]


SHAPES = {
    "Flux2KleinPipeline": Shape(
        "flux2",
        {
            "text_encoder": ("Qwen3ForCausalLM", "Qwen3Model"),
            "transformer": ("Flux2Transformer2DModel",),
            "vae": ("AutoencoderKLFlux2",),
        },
        counts="tokenizer",
        tokenizers=("tokenizer",),
    ),
    "FluxPipeline": Shape(
        "flux1",
        {
            "text_encoder": ("CLIPTextModel",),
            "text_encoder_2": ("T5EncoderModel", "T5ForConditionalGeneration"),
            "transformer": ("FluxTransformer2DModel",),
            "vae": ("AutoencoderKL",),
        },
        counts="tokenizer_2",
        tokenizers=("tokenizer", "tokenizer_2"),
    ),
}
"""What fluxgram draws with, by the pipeline that `model_index.json` names."""

WANTED = (
    "model_index.json",
    "fluxgram.toml",
    "LICENSE*",
    "scheduler/scheduler_config.json",
    *(
        f"{part}/*.{kind}"
        for part in dict.fromkeys(name for shape in SHAPES.values() for name in shape.tokenizers)
        for kind in ("json", "txt", "jinja")
    ),
    *(
        f"{part}/*.{kind}"
        for part in dict.fromkeys(name for shape in SHAPES.values() for name in shape.parts)
        for kind in ("json", "safetensors")
    ),
)
"""What is downloaded of a hub repository: never the single-file original that lies beside the folders."""

_MODEL_TYPES = {"qwen3": "flux2", "clip_text_model": "flux1", "t5": "flux1"}
"""Configurations that transformers wrote without naming a class."""
_AGAIN = "Fetch the checkpoint again, or name another one."


def has_tokenizer(place: Path) -> bool:
    """Whether a folder holds a tokenizer: in one file, or (as CLIP's) a vocabulary and its merges."""
    return (place / "tokenizer.json").is_file() or all(
        (place / name).is_file() for name in ("vocab.json", "merges.txt")
    )


def shape_of(family: str) -> Shape:
    """What the folder of a family's pipeline holds."""
    return next(shape for shape in SHAPES.values() if shape.family == family)


def read_json(path: Path, missing: dict[str, Any] | None = None) -> dict[str, Any]:
    """A JSON object.

    Args:
        path: The file.
        missing: What to answer where there is no such file; None makes that an error.

    Raises:
        CheckpointMissing: No such file.
        CheckpointDamaged: Not a JSON object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if missing is not None:
            return missing
        raise CheckpointMissing(f"The file {path} is missing.", _AGAIN) from None
    except (OSError, ValueError) as reason:
        raise CheckpointDamaged(f"{path} cannot be read as JSON: {reason}.", _AGAIN) from None
    if not isinstance(data, dict):
        raise CheckpointDamaged(f"{path} is not a JSON object.", _AGAIN)
    return data


def read_index(folder: Path, family: str = "") -> dict[str, Any]:
    """`model_index.json`, checked to be of a pipeline that fluxgram draws with.

    Args:
        folder: Of a checkpoint.
        family: The only one that will do; empty for any.

    Raises:
        CheckpointMissing: The folder has no `model_index.json`.
        CheckpointDamaged: It is the folder of another kind of model.
    """
    path = folder / "model_index.json"
    if not path.is_file():
        pickled = (
            sorted(each.name for each in folder.iterdir() if each.suffix in PICKLED)
            if folder.is_dir()
            else []
        )
        if pickled:
            raise UnsafeWeights(
                f"{folder} holds pickled weights ({pickled[0]}), which are never read.", _SAFE
            )
        raise CheckpointMissing(
            f"{folder} holds no checkpoint: {path.name} is missing.",
            "Name the folder that model_index.json lies in.",
        )
    index = read_json(path)
    kind = index.get("_class_name")
    if kind not in SHAPES:
        raise CheckpointDamaged(
            f"{path} is of a {kind}, which fluxgram does not draw with.",
            f"It draws with {', '.join(SHAPES)}.",
        )
    if family and SHAPES[kind].family != family:
        raise CheckpointDamaged(
            f"{path} is of a {kind}, which is of the family {SHAPES[kind].family}, not {family}.",
            "Mend `family` in its table.",
        )
    return index


def read_config(folder: Path, part: str, family: str = "flux2") -> dict[str, Any]:
    """`config.json` of a component (`transformer`, `vae`, `text_encoder`), checked to be of the right class.

    Args:
        folder: Of a checkpoint.
        part: The component's folder in it.
        family: Whose classes are right.

    Raises:
        CheckpointMissing: No such file.
        CheckpointDamaged: Not JSON, or of another class.
    """
    path = folder / part / "config.json"
    config = read_json(path)
    kind = config.get("_class_name") or next(iter(config.get("architectures") or ()), None)
    if kind is None and part != "transformer" and _MODEL_TYPES.get(str(config.get("model_type"))) == family:
        return config
    classes = shape_of(family).parts[part]
    if kind not in classes:
        raise CheckpointDamaged(f"{path} is of a {kind}, where a {classes[0]} is needed.", _AGAIN)
    return config


_SAFE = "Ask for the safetensors files of the checkpoint; pickled ones can run any program when read."


def weight_files(folder: Path, part: str) -> list[Path]:
    """The safetensors files of a component, by its index where it is sharded.

    Raises:
        CheckpointMissing: No weights, or a shard that the index names is absent.
        UnsafeWeights: Only pickled weights.
        CheckpointDamaged: The index is not what it should be.
    """
    place = folder / part
    index = sorted(place.glob("*.safetensors.index.json"))
    if index:
        shards = read_json(index[0]).get("weight_map")
        if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
            raise CheckpointDamaged(f"{index[0]} names no shards.", _AGAIN)
        files = [place / name for name in sorted(set(shards.values()))]
        for path in files:
            if path.parent.resolve() != place.resolve():
                raise CheckpointDamaged(f"{index[0]} names a shard outside its folder: {path.name}.", _AGAIN)
            if not path.is_file():
                raise CheckpointMissing(f"The shard {path} is missing.", _AGAIN)
        return files
    files = sorted(place.glob("*.safetensors"))
    if not files:
        pickled = sorted(path for path in place.glob("*") if path.suffix in PICKLED)
        if pickled:
            raise UnsafeWeights(f"{pickled[0]} is pickled, and pickled weights are never read.", _SAFE)
        raise CheckpointMissing(f"{place} holds no weights (*.safetensors).", _AGAIN)
    return files
