"""What the family promises beside parity: refusals, seeds, vectors of noise levels, memory plans, caches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from fluxgram.errors import OutOfMemory, RequestError
from fluxgram.families import family_of
from fluxgram.families.checkpoints import Checkpoint
from fluxgram.families.contract import Latents, Negative, Parts
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import place
from fluxgram.settings import Settings

FLUX2 = Flux2()


def test_family_of_a_checkpoint(checkpoints: dict[str, Checkpoint]) -> None:
    assert family_of(checkpoints["base"]).name == "flux2"


def against(method: Any = "true_cfg", scale: float = 3.0) -> Negative:
    return Negative("blur", method, scale)


@pytest.mark.parametrize(
    ("kind", "negative", "guidance", "words"),
    [
        ("distilled", None, 4.0, "takes no guidance scale; 4 would be ignored"),
        ("distilled", against("true_cfg"), 1.0, "does not apply a negative prompt by true_cfg"),
        ("base", against("vsf"), 4.0, "does not apply a negative prompt by vsf"),
        ("base", against(scale=1.0), 1.0, "no effect at guidance 1"),
        ("distilled", against("vsf", 0.0), 1.0, "above 0 and at most 100, not 0"),
        ("distilled", against("nag", float("nan")), 1.0, "above 0"),
        ("distilled", against("nag", 1e9), 1.0, "at most 100"),
        ("base", None, float("nan"), "at least 0"),
        ("base", None, -1.0, "at least 0"),
    ],
)
def test_what_would_be_ignored_is_refused(
    loaded: dict[str, Parts], kind: str, negative: Negative | None, guidance: float, words: str
) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        FLUX2.encode(loaded[kind], "a man", negative, guidance)
    assert caught.value.hint


def test_a_checkpoint_may_refuse_every_negative_prompt(loaded: dict[str, Parts]) -> None:
    parts = loaded["base"]
    parts = replace(parts, checkpoint=replace(parts.checkpoint, negatives=()))
    with pytest.raises(RequestError, match="applies no negative prompt"):
        FLUX2.encode(parts, "a man", against(), 3.0)


def test_condition_says_how_the_negative_was_applied(loaded: dict[str, Parts]) -> None:
    guided = FLUX2.encode(loaded["base"], "a man", None, 3.0)
    assert (guided.negative_method, guided.guidance) == ("none", 3.0)
    assert guided.unguided is not None
    second = FLUX2.encode(loaded["base"], "a man", against(), 4.0)
    assert (second.negative_method, second.negative_scale, second.guidance) == ("true_cfg", 3.0, 3.0)
    assert second.negative is None
    assert second.negative_report is not None
    assert second.negative_report.total > 0
    inside = FLUX2.encode(loaded["distilled"], "a man", against("nag", 5.0), 1.0)
    assert (inside.negative_method, inside.negative_scale, inside.guidance) == ("nag", 5.0, 1.0)
    assert inside.unguided is None
    assert inside.negative is not None
    plain = FLUX2.encode(loaded["base"], "a man", None, 1.0)
    assert (plain.negative_method, plain.negative, plain.unguided, plain.guidance) == (
        "none",
        None,
        None,
        1.0,
    )


def test_negative_is_padded_to_its_own_length(loaded: dict[str, Parts]) -> None:
    condition = FLUX2.encode(loaded["base"], "a man with grey hair, soft window light " * 2, against(), 3.0)
    assert condition.unguided is not None
    assert (condition.text.shape[1], condition.unguided.shape[1]) == (64, 32)


def test_equal_prompts_are_encoded_once(loaded: dict[str, Parts]) -> None:
    first = FLUX2.encode(loaded["base"], "a very particular prompt", None, 1.0)
    assert FLUX2.encode(loaded["base"], "a very particular prompt", None, 1.0).text is first.text


def test_cache_of_prompts_is_bounded(loaded: dict[str, Parts]) -> None:
    for index in range(70):
        FLUX2.encode(loaded["base"], f"prompt {index}", None, 1.0)
    assert len(loaded["base"].extra["prompts"]) == 64


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 1, (1 << 32) + 1])
def test_noise_is_gaussian_and_repeatable_for_every_seed(loaded: dict[str, Parts], seed: int) -> None:
    noise = FLUX2.begin(loaded["base"], 256, 256, seed).tokens
    assert torch.equal(noise, FLUX2.begin(loaded["base"], 256, 256, seed).tokens)
    assert noise.shape == (1, 64, 128)
    assert abs(float(noise.mean())) < 0.05
    assert abs(float(noise.std()) - 1) < 0.05


def test_seeds_that_torch_takes_for_the_same_give_different_noise(loaded: dict[str, Parts]) -> None:
    draws = [
        FLUX2.begin(loaded["base"], 64, 64, seed).tokens for seed in (7, 2**32 + 7, 2 * 2**32 + 7, 2**32)
    ]
    for index, one in enumerate(draws):
        for other in draws[index + 1 :]:
            assert not torch.equal(one, other)
    assert torch.equal(
        torch.randn(2, generator=torch.Generator().manual_seed(7)),
        torch.randn(2, generator=torch.Generator().manual_seed(2**32 + 7)),
    ), "torch has learnt to read 64 bits: the mixing in `begin` can go"


@pytest.mark.parametrize(("width", "height"), [(0, 64), (64, -32), (100, 64), (64, 33), (16, 64)])
def test_sizes_between_tokens_are_refused(loaded: dict[str, Parts], width: int, height: int) -> None:
    with pytest.raises(RequestError, match="multiples of 32"):
        FLUX2.begin(loaded["base"], width, height, 0)


def test_noise_levels_are_a_vector(loaded: dict[str, Parts]) -> None:
    """Two pictures at different steps in one pass get what each gets alone."""
    parts = loaded["base"]
    condition = FLUX2.encode(parts, "a man", against(), 3.0)
    starts = [FLUX2.begin(parts, 64, 96, seed) for seed in (1, 2)]
    levels = torch.tensor([0.9, 0.3])
    together = FLUX2.predict(
        parts, Latents(torch.cat([start.tokens for start in starts]), 3, 2), levels, levels, condition
    )
    for index, start in enumerate(starts):
        alone = FLUX2.predict(parts, start, levels[index : index + 1], levels[index : index + 1], condition)
        torch.testing.assert_close(together[index : index + 1], alone, atol=1e-5, rtol=0)


def test_picture_is_rows_of_pixels(loaded: dict[str, Parts]) -> None:
    picture = FLUX2.decode(loaded["base"], FLUX2.begin(loaded["base"], 96, 64, 0))
    assert picture.shape == (64, 96, 3)
    assert picture.dtype == torch.uint8
    assert picture.is_contiguous()


def draw(parts: Parts) -> torch.Tensor:
    condition = FLUX2.encode(parts, "a man", None, 3.0)
    start = FLUX2.begin(parts, 64, 64, 1)
    velocity = FLUX2.predict(parts, start, torch.ones(1), torch.zeros(1), condition)
    return FLUX2.decode(parts, Latents(start.tokens - velocity, start.rows, start.columns))


def test_one_component_at_a_time_draws_the_same_picture(
    checkpoints: dict[str, Checkpoint], loaded: dict[str, Parts], settings: Settings
) -> None:
    checkpoint = replace(checkpoints["base"], memory_gb=4.0, largest_gb=1.0)
    placement = place(checkpoint, replace(settings, memory_gb=3.0))
    assert placement.plan == "one at a time"
    stages: list[tuple[str, float]] = []
    parts = FLUX2.load(checkpoint, placement, lambda stage, fraction: stages.append((stage, fraction)))
    held = []

    class Watched(dict[str, Any]):
        """Notes which components are there after each one comes."""

        def __setitem__(self, name: str, value: Any) -> None:
            super().__setitem__(name, value)
            held.append(sorted(set(self) - {"tokenizer"}))

    parts.components = Watched(parts.components)
    assert stages == []
    assert torch.equal(draw(parts), draw(loaded["base"]))
    assert held == [["text_encoder"], ["transformer"], ["autoencoder"]]


def test_all_components_are_loaded_with_progress(
    checkpoints: dict[str, Checkpoint], settings: Settings
) -> None:
    stages: list[tuple[str, float]] = []
    parts = FLUX2.load(
        checkpoints["base"],
        place(checkpoints["base"], settings),
        lambda stage, fraction: stages.append((stage, fraction)),
    )
    assert [stage for stage, fraction in stages if fraction == 1.0] == [
        "load text encoder",
        "load transformer",
        "load autoencoder",
    ]
    assert set(parts.components) == {"tokenizer", "text_encoder", "transformer", "autoencoder"}
    assert parts.components["autoencoder"].encoder is None
    weight = parts.components["autoencoder"].decoder.conv_in.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_too_big_a_checkpoint_is_refused_before_loading(
    checkpoints: dict[str, Checkpoint], settings: Settings
) -> None:
    checkpoint = replace(checkpoints["base"], memory_gb=40.0, largest_gb=20.0)
    with pytest.raises(OutOfMemory, match="does not fit"):
        FLUX2.load(checkpoint, place(checkpoint, replace(settings, memory_gb=3.0)))


def test_out_of_memory_is_said_in_a_sentence(
    loaded: dict[str, Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_: Any, **__: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(loaded["base"].components["autoencoder"], "decode", burst)
    with pytest.raises(OutOfMemory, match="while decoding") as caught:
        FLUX2.decode(loaded["base"], FLUX2.begin(loaded["base"], 64, 64, 0))
    assert caught.value.hint


def test_bfloat16_rounds_the_timestep_as_the_stock_pipeline_does(
    checkpoints: dict[str, Checkpoint], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = FLUX2.load(checkpoints["base"], place(checkpoints["base"], replace(settings, dtype="bfloat16")))
    transformer = parts.components["transformer"]
    seen = {}

    def forward(**arguments: torch.Tensor) -> tuple[torch.Tensor]:
        seen.update(arguments)
        return (arguments["hidden_states"],)

    monkeypatch.setattr(transformer, "forward", forward)
    level = torch.tensor([0.7])
    FLUX2.predict(parts, FLUX2.begin(parts, 64, 64, 0), level, level, FLUX2.encode(parts, "a man", None, 1.0))
    stock = (level * 1000).expand(1).to(torch.bfloat16) / 1000
    assert torch.equal(seen["timestep"], stock)
    assert seen["timestep"].dtype == torch.bfloat16
    assert float(seen["timestep"].to(torch.bfloat16) * 1000) == 700.0


def test_fingerprint_follows_the_weights(loaded: dict[str, Parts]) -> None:
    assert len(loaded["base"].fingerprint) == 64
    assert loaded["base"].fingerprint != loaded["distilled"].fingerprint
