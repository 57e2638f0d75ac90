"""The stock pipeline, given the same weights and the same starting latents, must draw the same picture."""

from __future__ import annotations

import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fluxgram.families.checkpoints import Checkpoint, Schedule
from fluxgram.families.contract import Condition, Latents, Negative, Parts
from fluxgram.families.flux2 import Flux2, empirical_mu
from fluxgram.families.flux2_toy import LAYERS

FLUX2 = Flux2()
LATENTS = 2e-5  # states are of size 1 to 5; float32 rounding over some steps
PROMPTS = {
    "empty": "",
    "short": "portrait of a woman, soft light",
    "longer": "a man with grey hair in golden hour light, 85mm, " * 2,
    "over the limit": "a man with grey hair in golden hour light, 85mm, " * 9,
}


@pytest.fixture(scope="module")
def stock(toys: dict[str, Path]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers' own, while importing and loading
        from diffusers import Flux2KleinPipeline

        pipelines = {kind: Flux2KleinPipeline.from_pretrained(folder) for kind, folder in toys.items()}
    for pipeline in pipelines.values():
        pipeline.set_progress_bar_config(disable=True)
    return pipelines


def draw(parts: Parts, start: Latents, sigmas: list[float], condition: Condition) -> Latents:
    """Euler, in three lines."""
    x = start.tokens
    for now, then in pairwise(sigmas):
        velocity = FLUX2.predict(
            parts, Latents(x, start.rows, start.columns), torch.tensor([now]), torch.tensor([then]), condition
        )
        x = x + (then - now) * velocity
    return Latents(x, start.rows, start.columns)


def draw_stock(
    pipeline: Any, start: Latents, width: int, height: int, steps: int, condition: Condition, **prompt: Any
) -> tuple[torch.Tensor, np.ndarray]:
    seen: dict[str, torch.Tensor] = {}

    def keep(_: Any, __: int, ___: Any, values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        seen.update(values)
        return values

    picture = pipeline(
        **prompt,
        width=width,
        height=height,
        num_inference_steps=steps,
        guidance_scale=condition.guidance,
        latents=start.tokens.transpose(1, 2).unflatten(2, (start.rows, start.columns)),
        max_sequence_length=condition.text.shape[1],
        text_encoder_out_layers=LAYERS,
        callback_on_step_end=keep,
        output_type="np",
    ).images[0]
    return seen["latents"], (picture * 255).round().astype(np.uint8)


def assert_same(parts: Parts, drawn: Latents, stock_latents: torch.Tensor, stock_picture: np.ndarray) -> None:
    torch.testing.assert_close(drawn.tokens, stock_latents, atol=LATENTS, rtol=0)
    difference = np.abs(FLUX2.decode(parts, drawn).numpy().astype(int) - stock_picture.astype(int))
    # channels_last sums in another order: a value on the edge between two of 256 may fall to either side
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001


@pytest.mark.parametrize(("width", "height"), [(64, 64), (96, 64), (64, 160)])
@pytest.mark.parametrize("steps", [1, 4, 7])
def test_distilled_draws_what_the_stock_pipeline_draws(
    stock: dict[str, Any], loaded: dict[str, Parts], width: int, height: int, steps: int
) -> None:
    parts = loaded["distilled"]
    condition = FLUX2.encode(parts, PROMPTS["short"], None, 1.0)
    start = FLUX2.begin(parts, width, height, seed=3)
    expected = draw_stock(stock["distilled"], start, width, height, steps, condition, prompt=PROMPTS["short"])
    drawn = draw(parts, start, FLUX2.sigmas(parts.checkpoint, width, height, steps), condition)
    assert_same(parts, drawn, *expected)


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("steps", [2, 5])
def test_base_with_guidance_draws_what_the_stock_pipeline_draws(
    stock: dict[str, Any], loaded: dict[str, Parts], name: str, steps: int
) -> None:
    parts, width, height = loaded["base"], 96, 64
    condition = FLUX2.encode(parts, PROMPTS[name], None, 4.0)
    start = FLUX2.begin(parts, width, height, seed=4)
    # the stock pipeline pads "" as far as the prompt; ours to its own length
    expected = draw_stock(
        stock["base"], start, width, height, steps, condition,
        prompt=PROMPTS[name], negative_prompt_embeds=condition.unguided,
    )  # fmt: skip
    drawn = draw(parts, start, FLUX2.sigmas(parts.checkpoint, width, height, steps), condition)
    assert_same(parts, drawn, *expected)


def test_base_with_a_negative_prompt_draws_what_the_stock_pipeline_draws(
    stock: dict[str, Any], loaded: dict[str, Parts]
) -> None:
    parts, width, height, steps = loaded["base"], 64, 96, 3
    condition = FLUX2.encode(parts, PROMPTS["longer"], Negative("soft light", "true_cfg", 2.5), 4.0)
    assert condition.unguided is not None
    against = embed_stock(stock["base"], "soft light", condition.unguided.shape[1])
    torch.testing.assert_close(condition.unguided, against, atol=1e-5, rtol=0)
    start = FLUX2.begin(parts, width, height, seed=5)
    expected = draw_stock(
        stock["base"], start, width, height, steps, condition,
        prompt=PROMPTS["longer"], negative_prompt_embeds=against,
    )  # fmt: skip
    drawn = draw(parts, start, FLUX2.sigmas(parts.checkpoint, width, height, steps), condition)
    assert_same(parts, drawn, *expected)


def test_base_without_guidance_is_one_pass(stock: dict[str, Any], loaded: dict[str, Parts]) -> None:
    parts = loaded["base"]
    condition = FLUX2.encode(parts, PROMPTS["short"], None, 1.0)
    start = FLUX2.begin(parts, 64, 64, seed=6)
    expected = draw_stock(stock["base"], start, 64, 64, 3, condition, prompt=PROMPTS["short"])
    assert_same(parts, draw(parts, start, FLUX2.sigmas(parts.checkpoint, 64, 64, 3), condition), *expected)


def test_pictures_of_different_prompts_differ(loaded: dict[str, Parts]) -> None:
    """That parity is not parity of something that ignores its conditions."""
    parts = loaded["base"]
    start = FLUX2.begin(parts, 64, 64, seed=6)
    velocities = [
        FLUX2.predict(parts, start, torch.ones(1), torch.ones(1), FLUX2.encode(parts, prompt, None, guidance))
        for prompt, guidance in ((PROMPTS["short"], 1.0), ("a man", 1.0), (PROMPTS["short"], 4.0))
    ]
    assert (velocities[0] - velocities[1]).abs().max() > 1e-3
    assert (velocities[0] - velocities[2]).abs().max() > 1e-3


def test_noise_is_that_of_the_stock_pipeline(stock: dict[str, Any], loaded: dict[str, Parts]) -> None:
    packed, _ = stock["base"].prepare_latents(
        1, 32, 96, 64, torch.float32, torch.device("cpu"), torch.Generator().manual_seed(11)
    )
    assert torch.equal(FLUX2.begin(loaded["base"], 64, 96, 11).tokens, packed)


def embed_stock(pipeline: Any, prompt: str, length: int) -> torch.Tensor:
    with torch.no_grad():
        embedding: torch.Tensor = pipeline.encode_prompt(
            prompt, max_sequence_length=length, text_encoder_out_layers=LAYERS
        )[0]
    return embedding


@pytest.mark.parametrize("name", PROMPTS)
def test_truncated_text_encoder_reads_what_the_whole_one_reads(
    stock: dict[str, Any], loaded: dict[str, Parts], name: str
) -> None:
    text = FLUX2.encode(loaded["base"], PROMPTS[name], None, 1.0).text
    assert len(loaded["base"].components["text_encoder"].layers) == LAYERS[-1]
    assert len(stock["base"].text_encoder.model.layers) == LAYERS[-1] + 1
    torch.testing.assert_close(
        text, embed_stock(stock["base"], PROMPTS[name], text.shape[1]), atol=1e-5, rtol=0
    )


def test_last_layer_is_read_after_the_norm_as_the_stock_pipeline_does(
    stock: dict[str, Any], toy: Path, load: Any
) -> None:
    """The embedded checkpoint reads its text encoder to the end, where `hidden_states` is normed."""
    table = toy / "fluxgram.toml"
    table.write_text(table.read_text().replace("layers = [1, 2, 3]", "layers = [1, 2, 4]"))
    text = FLUX2.encode(load(toy), PROMPTS["short"], None, 1.0).text
    with torch.no_grad():
        expected = stock["base"].encode_prompt(
            PROMPTS["short"], max_sequence_length=text.shape[1], text_encoder_out_layers=(1, 2, 4)
        )[0]
    torch.testing.assert_close(text, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 28, 50])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (1024, 1024), (512, 768), (2048, 2048)])
@pytest.mark.parametrize("shift", [None, 1.0, 2.5])
def test_sigmas_are_those_of_the_stock_scheduler(
    checkpoints: dict[str, Checkpoint], steps: int, width: int, height: int, shift: float | None
) -> None:
    from dataclasses import replace

    from diffusers import FlowMatchEulerDiscreteScheduler
    from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu

    tokens = (width // 32) * (height // 32)
    stock = FlowMatchEulerDiscreteScheduler(shift=shift or 3.0, use_dynamic_shifting=shift is None)
    stock.set_timesteps(
        sigmas=np.linspace(1.0, 1 / steps, steps), mu=compute_empirical_mu(tokens, steps), device="cpu"
    )
    schedule = Schedule("empirical") if shift is None else Schedule("shift", shift)
    ours = FLUX2.sigmas(replace(checkpoints["base"], schedule=schedule), width, height, steps)
    assert len(ours) == steps + 1
    torch.testing.assert_close(torch.tensor(ours), stock.sigmas, atol=1e-7, rtol=0)
    assert empirical_mu(tokens, steps) == pytest.approx(compute_empirical_mu(tokens, steps), abs=1e-12)
