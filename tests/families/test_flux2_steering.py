"""A negative prompt inside FLUX.2's attention: both ways of computing it, by effect, in batches, beside guidance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fluxgram.families import flux2_processors, flux2_velocity, guidance
from fluxgram.families.checkpoints import Checkpoint
from fluxgram.families.contract import Condition, Latents, Negative, NegativeMethod, Parts
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import Placement, place
from fluxgram.settings import Settings

FLUX2 = Flux2()
METHODS: tuple[NegativeMethod, ...] = ("vsf", "nag")
LEVEL = torch.tensor([0.8])
PROMPT = "portrait of a woman, soft light"


@pytest.fixture(scope="module")
def parts(checkpoints: dict[str, Checkpoint], settings: Settings) -> Parts:
    """A base toy of one's own that takes every method."""
    checkpoint = replace(checkpoints["base"], negatives=("true_cfg", "vsf", "nag"))
    return FLUX2.load(checkpoint, place(checkpoint, settings))


def condition(
    parts: Parts, method: NegativeMethod | None, guided: float = 1.0, text: str = "grey hair"
) -> Condition:
    negative = Negative(text, method, 3.0) if method else None
    return FLUX2.encode(parts, PROMPT, negative, guided)


def velocity(parts: Parts, asked: Condition, start: Latents | None = None) -> torch.Tensor:
    start = start or FLUX2.begin(parts, 96, 64, 5)
    level = LEVEL.expand(start.tokens.shape[0])
    return FLUX2.predict(parts, start, level, level, asked)


@pytest.mark.parametrize("method", METHODS)
def test_negative_steers_and_repeats_itself(parts: Parts, method: NegativeMethod) -> None:
    steered = velocity(parts, condition(parts, method))
    assert torch.equal(steered, velocity(parts, condition(parts, method)))
    assert (steered - velocity(parts, condition(parts, None))).abs().max() > 1e-3
    other = velocity(parts, condition(parts, method, text="golden hour light"))
    assert (steered - other).abs().max() > 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_a_pass_without_a_negative_is_untouched_by_one_before(parts: Parts, method: NegativeMethod) -> None:
    before = velocity(parts, condition(parts, None))
    velocity(parts, condition(parts, method))
    assert torch.equal(before, velocity(parts, condition(parts, None)))


@pytest.fixture
def stock(toys: dict[str, Path], parts: Parts) -> Iterator[Any]:
    """The same transformer with diffusers' own blocks and our attention processors, as on a GPU."""
    from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel

    ours = parts.components["transformer"]
    transformer = Flux2Transformer2DModel.from_pretrained(toys["base"] / "transformer").eval()
    flux2_processors.install(transformer)
    parts.components["transformer"] = transformer
    yield ours
    parts.components["transformer"] = ours


@pytest.mark.parametrize("guided", [1.0, 2.5])
@pytest.mark.parametrize("method", [None, *METHODS])
def test_processors_compute_what_our_blocks_compute(
    parts: Parts, stock: Any, method: NegativeMethod | None, guided: float
) -> None:
    asked = condition(parts, method, guided)
    by_processors = velocity(parts, asked)
    parts.components["transformer"] = stock
    torch.testing.assert_close(by_processors, velocity(parts, asked), atol=2e-5, rtol=0)


def test_processors_leave_a_plain_pass_to_diffusers(toys: dict[str, Path], parts: Parts, stock: Any) -> None:
    from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel

    found = velocity(parts, condition(parts, None))
    parts.components["transformer"] = Flux2Transformer2DModel.from_pretrained(toys["base"] / "transformer")
    assert torch.equal(found, velocity(parts, condition(parts, None)))


@pytest.mark.parametrize("method", METHODS)
def test_pictures_of_a_batch_have_texts_of_their_own(parts: Parts, method: NegativeMethod) -> None:
    starts = [FLUX2.begin(parts, 64, 64, seed) for seed in (1, 2)]
    both = [
        FLUX2.encode(parts, prompt, Negative(text, method, 3.0), 1.0)
        for prompt, text in (("a man", "grey hair"), (PROMPT, "gray hair"))
    ]
    negatives = [asked.negative for asked in both if asked.negative is not None]
    if negatives[0].shape != negatives[1].shape:  # VSF reads content alone: texts of one length share a pass
        both[1] = replace(both[1], negative=negatives[0].roll(1, 2))
        negatives[1] = negatives[0].roll(1, 2)
    together = replace(both[0], text=torch.cat([asked.text for asked in both]), negative=torch.cat(negatives))
    start = Latents(torch.cat([each.tokens for each in starts]), 2, 2)
    found = velocity(parts, together, start)
    for index, asked in enumerate(both):
        alone = velocity(parts, asked, starts[index])
        torch.testing.assert_close(found[index : index + 1], alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_beside_guidance_only_the_prompts_pass_is_steered(parts: Parts, method: NegativeMethod) -> None:
    asked = condition(parts, method, guided=3.0)
    assert asked.unguided is not None
    positive = velocity(parts, replace(asked, unguided=None))
    against = velocity(parts, Condition(asked.unguided, asked.report))
    torch.testing.assert_close(velocity(parts, asked), against + 3.0 * (positive - against))


def test_what_vsf_reads_is_content_and_what_nag_reads_is_padded_as_the_prompt(parts: Parts) -> None:
    tokenizer = parts.components["tokenizer"]
    long = "a man with grey hair, soft window light " * 2
    vsf = FLUX2.encode(parts, long, Negative("grey hair", "vsf", 1.0), 1.0)
    nag = FLUX2.encode(parts, long, Negative("grey hair", "nag", 1.0), 1.0)
    assert vsf.negative is not None
    assert nag.negative is not None
    assert vsf.negative.shape[1] == sum(tokenizer.encode("grey hair").mask) < 32
    assert nag.negative.shape == nag.text.shape == (1, 64, nag.text.shape[2])


def test_texts_are_each_counted_from_zero(parts: Parts) -> None:
    positions = flux2_velocity._positions(parts, 1, 1, (4, 3))
    assert positions[:, 3].tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert not positions[:, :3].any()


@pytest.mark.parametrize("pictures", [1, 2])
@pytest.mark.parametrize("method", [None, "true_cfg"])
def test_both_passes_in_one_batch_give_the_same(
    parts: Parts, pictures: int, method: NegativeMethod | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = condition(parts, method, guided=3.0)
    start = Latents(torch.cat([FLUX2.begin(parts, 64, 64, seed).tokens for seed in range(pictures)]), 2, 2)
    in_turn = velocity(parts, asked, start)
    sizes = []
    transformer = parts.components["transformer"]
    forward = transformer.forward

    def counted(**arguments: Any) -> Any:
        sizes.append(arguments["hidden_states"].shape[0])
        return forward(**arguments)

    monkeypatch.setattr(transformer, "forward", counted)
    monkeypatch.setattr(flux2_velocity, "in_one_batch", lambda placement, pass_gb: True)
    torch.testing.assert_close(velocity(parts, asked, start), in_turn, atol=2e-5, rtol=0)
    assert sizes == [2 * pictures]


def test_texts_of_different_lengths_are_never_one_batch(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = FLUX2.encode(parts, "a man with grey hair, soft window light " * 2, None, 3.0)
    expected = velocity(parts, asked)
    monkeypatch.setattr(flux2_velocity, "in_one_batch", lambda placement, pass_gb: True)
    assert torch.equal(velocity(parts, asked), expected)


@pytest.mark.parametrize(
    ("device", "limit", "pass_gb", "one"),
    [
        ("cpu", 0.0, 0.1, False),
        ("mps", 0.0, 0.1, False),
        ("cuda:0", 0.0, 1.0, True),
        ("cuda:0", 0.0, 2.0, False),
        ("cuda:0", 21.0, 1.0, False),
    ],
)
def test_one_batch_where_the_device_has_room(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, device: str, limit: float, pass_gb: float, one: bool
) -> None:
    """A device of 24 GiB, of which the checkpoint takes 18; what is free just now does not count."""
    properties = type("Properties", (), {"total_memory": 24 * 2**30})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    machine = replace(settings, memory_gb=limit) if limit else settings
    placement = Placement(device, "", "bfloat16", 1, "all", "", 18.0, 19.0, machine)
    assert guidance.in_one_batch(placement, pass_gb) is one
