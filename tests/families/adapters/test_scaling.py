"""Which alpha a layer has by peft's patterns: the same as by peft's own rule, which takes any regular expression."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fluxgram.errors import AdapterDamaged, AdapterMisfit
from fluxgram.families.adapters.header import number, open_file
from fluxgram.families.adapters.reading import check_adapter, fault_of, inspect_adapter
from fluxgram.families.adapters.scaling import scalings_of

Q = "transformer_blocks.0.attn.to_q"
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


@pytest.mark.parametrize(
    "before", ["", "transformer.", "base_model.model.", "base_model.model.transformer.", "diffusion_model."]
)
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


def lora(folder: Path, config: dict[str, object], *, beside: bool = False) -> Path:
    """A LoRA of one layer with a configuration of peft in it or beside it."""
    path = folder / "adapter_model.safetensors"
    before = "base_model.model" if beside else "transformer"
    tensors = {
        f"{before}.{Q}.lora_A.weight": torch.ones(4, 32),
        f"{before}.{Q}.lora_B.weight": torch.ones(32, 4),
    }
    if beside:
        (folder / "adapter_config.json").write_text(json.dumps(config))
    save_file(tensors, path, None if beside else {"lora_adapter_metadata": json.dumps(config)})
    return path


def test_a_pattern_that_fits_no_layer_is_reported(tmp_path: Path) -> None:
    pattern = {"to_q": 8, "^attn.to_q": 2, "to_k": 2, r".*\.ff\..*": 2}
    path = lora(tmp_path, {"transformer.lora_alpha": 4, "transformer.alpha_pattern": pattern})
    report = inspect_adapter(path)
    assert (report.alphas, report.idle) == ((8.0,), ("^attn.to_q", "to_k", r".*\.ff\..*"))
    other = lora(tmp_path, {"text_encoder.lora_alpha": 4, "text_encoder.alpha_pattern": {"to_q": 2}})
    assert inspect_adapter(other).idle == ("to_q",)


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("init", ["pissa", "pissa_niter_16", "olora", "OLoRA", "corda", "loftq", "lora_ga"])
def test_what_was_trained_beside_changed_weights_is_refused(init: str, beside: bool, tmp_path: Path) -> None:
    """What of peft (`tuners/lora/layer.py`) takes out of the weights what it puts into the adapter."""
    config: dict[str, object] = {"r": 4, "lora_alpha": 4, "init_lora_weights": init}
    path = lora(
        tmp_path,
        config if beside else {f"transformer.{key}": each for key, each in config.items()},
        beside=beside,
    )
    with pytest.raises(AdapterMisfit, match=f"init_lora_weights = {init!r}") as caught:
        check_adapter(path)
    assert "path_initial_model_for_weight_conversion" in caught.value.hint
    assert str(fault_of(path, {f"transformer.{Q}": (32, 32)}, numbers=False)) == str(caught.value)
    assert inspect_adapter(path).matched == 2


@pytest.mark.parametrize("init", [True, False, None, "gaussian", "eva", "orthogonal"])
def test_other_beginnings_are_of_no_account(init: object, tmp_path: Path) -> None:
    """`True` is also what peft writes beside one that it converted."""
    path = lora(tmp_path, {"transformer.lora_alpha": 4, "transformer.init_lora_weights": init})
    assert check_adapter(path).matched == 2


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_alpha_in_8_bits_is_what_torch_says(kind: torch.dtype, tmp_path: Path) -> None:
    numbers = torch.arange(256, dtype=torch.uint8).view(kind)
    path = tmp_path / "a.safetensors"
    save_file({f"{bits}.alpha": numbers[bits].clone() for bits in range(256)}, path)
    file = open_file(path)
    for bits, value in enumerate(numbers.double().tolist()):
        if value - value == 0:
            assert number(file, f"{bits}.alpha") == value
        else:
            with pytest.raises(AdapterDamaged, match="is no number"):
                number(file, f"{bits}.alpha")


def test_alpha_in_8_bits_counts(tmp_path: Path) -> None:
    path = lora(tmp_path, {})
    tensors = load_file(path) | {f"transformer.{Q}.alpha": torch.tensor(12.0).to(torch.float8_e4m3fn)}
    save_file(tensors, path)
    assert check_adapter(path).alphas == (12.0,)


@pytest.mark.parametrize("shape", [(), (1,)])
def test_alpha_that_has_no_meaning_is_not_read(shape: tuple[int, ...], tmp_path: Path) -> None:
    """ai-toolkit's full rank: 9999999999, infinite in 16 bits."""
    key, path = "diffusion_model.double_blocks.0.img_attn.proj", tmp_path / "a.safetensors"
    tensors = {f"{key}.lokr_w1": torch.ones(4, 4), f"{key}.lokr_w2": torch.ones(8, 8)}
    for kind in (torch.float16, torch.float32, torch.bfloat16):
        save_file(tensors | {f"{key}.alpha": torch.full(shape, 9999999999.0).to(kind)}, path)
        assert (check_adapter(path).alphas, check_adapter(path).matched) == ((), 3)
