"""Which alpha a layer has by peft's patterns: the same as by peft's own rule, which takes any regular expression."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fluxgram.families.adapters.header import open_file
from fluxgram.families.adapters.scaling import scalings_of

LAYER = "transformer_blocks.12.attn.to_q"
PATTERNS = [
    "to_q", "o_q", "attn.to_q", r"attn\.to_q$", "12.attn.to_q", "to_k", "transformer_blocks.1.attn.to_q",
    f"^{LAYER}", "^attn.to_q", "^transformer_blocks", r"transformer_blocks\.\d+\.attn\.to_q",
    r"blocks\.\d+\.attn\.to_q", r"transformer_blocks\..*\.to_q$", "^transformer_blocks.*q", ".*attn.*", ".*mlp.*",
    "^attn.*", ".*", r".*\.\d+\.attn.to_.", "t.*n.*_q", "t.*_q.*n", r"\d+\.attn.*",
]  # fmt: skip


def first_fitting(patterns: list[str], layer: str) -> str | None:
    """The rule of peft (`get_pattern_key`)."""
    return next((each for each in patterns if re.match(rf"(.*\.)?({each})$", layer)), None)


def alpha_of(patterns: dict[str, float], layer: str, folder: Path) -> float | None:
    config = {"r": 4, "lora_alpha": 1.0, "alpha_pattern": patterns}
    path = folder / "a.safetensors"
    save_file({"x": torch.ones(1)}, path, {"lora_adapter_metadata": json.dumps(config)})
    return scalings_of(open_file(path))[""].alpha_of(layer)


@pytest.mark.parametrize("before", ["", "transformer.", "base_model.model.transformer.", "diffusion_model."])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_read_as_peft_reads_it(pattern: str, before: str, tmp_path: Path) -> None:
    fits = first_fitting([pattern], LAYER) is not None
    assert alpha_of({pattern: 2.0}, before + LAYER, tmp_path) == (2.0 if fits else 1.0)


@pytest.mark.parametrize(
    "patterns", [[".*to_q", "to_q"], ["to_q", ".*to_q"], ["to_k", "attn.to_q", "to_q", f"^{LAYER}"]]
)
def test_the_first_that_fits_counts(patterns: list[str], tmp_path: Path) -> None:
    alphas = {pattern: 2.0 + number for number, pattern in enumerate(patterns)}
    assert alpha_of(alphas, LAYER, tmp_path) == alphas[first_fitting(patterns, LAYER) or ""]
