"""The stock FluxPipeline, given the same weights and the same starting latents, must draw the same picture."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fluxgram.families.adapters.applied import Applied
from fluxgram.families.adapters.reading import open_adapter
from fluxgram.families.checkpoints import Checkpoint, Schedule
from fluxgram.families.contract import Condition, Latents, Negative, Parts
from fluxgram.families.flux1 import Flux1, linear_mu
from fluxgram.families.placement import place
from fluxgram.settings import Settings

FLUX1 = Flux1()
LATENTS = 2e-5  # states are of size 1 to 5; float32 rounding over some steps
PROMPTS = {
    "empty": "",
    "short": "portrait of a woman, soft light",
    "longer than CLIP reads": "a man with grey hair in golden hour light, 85mm, " * 2,
    "longer than T5 reads": "a man with grey hair in golden hour light, 85mm, " * 9,
}


def open_stock(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers' own, while importing and loading
        from diffusers import FluxPipeline

        pipeline = FluxPipeline.from_pretrained(folder, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def stock(toys1: dict[str, Path]) -> dict[str, Any]:
    return {kind: open_stock(folder) for kind, folder in toys1.items()}


def draw(parts: Parts, start: Latents, sigmas: list[float], condition: Condition) -> Latents:
    """Euler, in three lines."""
    x = start.tokens
    for now, then in pairwise(sigmas):
        velocity = FLUX1.predict(
            parts, Latents(x, start.rows, start.columns), torch.tensor([now]), torch.tensor([then]), condition
        )
        x = x + (then - now) * velocity
    return Latents(x, start.rows, start.columns)


def draw_stock(
    pipeline: Any, start: Latents, width: int, height: int, steps: int, condition: Condition, **asked: Any
) -> tuple[torch.Tensor, np.ndarray]:
    seen: dict[str, torch.Tensor] = {}

    def keep(_: Any, __: int, ___: Any, values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        seen.update(values)
        return values

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = pipeline(
            width=width,
            height=height,
            num_inference_steps=steps,
            guidance_scale=condition.guidance,
            latents=start.tokens,
            max_sequence_length=condition.text.shape[1],
            callback_on_step_end=keep,
            output_type="np",
            **asked,
        ).images[0]
    return seen["latents"], (picture * 255).round().astype(np.uint8)


def assert_same(parts: Parts, drawn: Latents, stock_latents: torch.Tensor, stock_picture: np.ndarray) -> None:
    torch.testing.assert_close(drawn.tokens, stock_latents, atol=LATENTS, rtol=0)
    difference = np.abs(FLUX1.decode(parts, drawn).numpy().astype(int) - stock_picture.astype(int))
    # channels_last sums in another order: a value on the edge between two of 256 may fall to either side
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001


@pytest.mark.parametrize(("width", "height"), [(64, 64), (96, 64), (48, 160)])
@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("kind", ["schnell", "dev"])
def test_every_size_is_drawn_as_the_stock_pipeline_draws_it(
    stock: dict[str, Any], loaded1: dict[str, Parts], kind: str, steps: int, width: int, height: int
) -> None:
    parts = loaded1[kind]
    condition = FLUX1.encode(parts, PROMPTS["short"], None, parts.checkpoint.guidance)
    start = FLUX1.begin(parts, width, height, seed=3)
    expected = draw_stock(stock[kind], start, width, height, steps, condition, prompt=PROMPTS["short"])
    assert_same(
        parts, draw(parts, start, FLUX1.sigmas(parts.checkpoint, width, height, steps), condition), *expected
    )


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("kind", ["schnell", "dev"])
def test_every_length_of_text_is_read_as_the_stock_pipeline_reads_it(
    stock: dict[str, Any], loaded1: dict[str, Parts], kind: str, name: str
) -> None:
    parts = loaded1[kind]
    condition = FLUX1.encode(parts, PROMPTS[name], None, parts.checkpoint.guidance)
    with torch.no_grad():
        text, pooled, _ = stock[kind].encode_prompt(
            PROMPTS[name], max_sequence_length=condition.text.shape[1]
        )
    torch.testing.assert_close(condition.text, text, atol=1e-5, rtol=0)
    torch.testing.assert_close(condition.pooled, pooled, atol=1e-5, rtol=0)
    start = FLUX1.begin(parts, 96, 64, seed=4)
    expected = draw_stock(stock[kind], start, 96, 64, 3, condition, prompt=PROMPTS[name])
    assert_same(parts, draw(parts, start, FLUX1.sigmas(parts.checkpoint, 96, 64, 3), condition), *expected)


@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 7.0])
def test_guidance_is_the_number_that_the_stock_pipeline_hands_in(
    stock: dict[str, Any], loaded1: dict[str, Parts], guidance: float
) -> None:
    parts = loaded1["dev"]
    condition = FLUX1.encode(parts, PROMPTS["short"], None, guidance)
    start = FLUX1.begin(parts, 64, 64, seed=6)
    expected = draw_stock(stock["dev"], start, 64, 64, 2, condition, prompt=PROMPTS["short"])
    assert_same(parts, draw(parts, start, FLUX1.sigmas(parts.checkpoint, 64, 64, 2), condition), *expected)


@pytest.mark.parametrize("negative", ["", "soft light", PROMPTS["longer than T5 reads"]])
@pytest.mark.parametrize("scale", [1.5, 4.0])
def test_a_negative_prompt_by_true_cfg_draws_what_the_stock_pipeline_draws(
    stock: dict[str, Any], loaded1: dict[str, Parts], negative: str, scale: float
) -> None:
    parts = loaded1["dev"]
    condition = FLUX1.encode(parts, PROMPTS["short"], Negative(negative, "true_cfg", scale), 2.5)
    start = FLUX1.begin(parts, 64, 96, seed=5)
    expected = draw_stock(
        stock["dev"], start, 64, 96, 3, condition,
        prompt=PROMPTS["short"], negative_prompt=negative, true_cfg_scale=scale,
    )  # fmt: skip
    assert_same(parts, draw(parts, start, FLUX1.sigmas(parts.checkpoint, 64, 96, 3), condition), *expected)


def test_what_is_drawn_depends_on_everything_that_it_should(loaded1: dict[str, Parts]) -> None:
    """That parity is not parity of something that ignores its conditions."""
    parts = loaded1["dev"]
    start = FLUX1.begin(parts, 64, 64, seed=6)
    plain = FLUX1.encode(parts, PROMPTS["short"], None, 3.5)
    other = FLUX1.encode(parts, "a man", None, 3.5)
    conditions = [
        plain,
        replace(plain, text=other.text),
        replace(plain, pooled=other.pooled),
        replace(plain, guidance=1.0),
        FLUX1.encode(parts, PROMPTS["short"], Negative("a man", "true_cfg", 3.0), 3.5),
    ]
    first, *rest = (FLUX1.predict(parts, start, torch.ones(1), torch.ones(1), each) for each in conditions)
    for velocity in rest:
        assert (velocity - first).abs().max() > 1e-3


def test_noise_is_that_of_the_stock_pipeline(stock: dict[str, Any], loaded1: dict[str, Parts]) -> None:
    for seed in (0, 11, 2**32 - 1):
        packed, _ = stock["dev"].prepare_latents(
            1, 16, 96, 64, torch.float32, torch.device("cpu"), torch.Generator().manual_seed(seed)
        )
        assert torch.equal(FLUX1.begin(loaded1["dev"], 64, 96, seed).tokens, packed)


@pytest.mark.parametrize("kind", ["schnell", "dev"])
@pytest.mark.parametrize("level", [0.1976, 0.5911999940872192])
def test_bfloat16_rounds_time_and_guidance_as_the_stock_pipeline_does(
    toys1: dict[str, Path], checkpoints1: dict[str, Checkpoint], settings: Settings, kind: str, level: float
) -> None:
    """The velocity from latents that bfloat16 can hold is the same bit for bit: nothing is rounded elsewhere."""
    checkpoint = checkpoints1[kind]
    parts = FLUX1.load(checkpoint, place(checkpoint, replace(settings, dtype="bfloat16")))
    pipeline = open_stock(toys1[kind], torch.bfloat16)
    answers: list[torch.Tensor] = []
    pipeline.transformer.register_forward_hook(lambda module, given, answer: answers.append(answer[0]))
    condition = FLUX1.encode(parts, PROMPTS["short"], None, 1.0 if kind == "schnell" else 3.3)
    start = FLUX1.begin(parts, 64, 64, seed=8)
    start = replace(start, tokens=start.tokens.bfloat16().float())
    draw_stock(pipeline, start, 64, 64, 1, condition, prompt=PROMPTS["short"], sigmas=[level])
    sigma = pipeline.scheduler.sigmas[:1]
    rounded = (sigma * 1000).bfloat16() / 1000
    assert kind == "dev" or float(rounded * 1000) != float(sigma.bfloat16() * 1000), (
        "a level that tells nothing"
    )
    velocity = FLUX1.predict(parts, start, sigma, torch.zeros(1), condition)
    assert answers[0].dtype == torch.bfloat16
    assert torch.equal(velocity, answers[0].float())


@pytest.mark.parametrize("steps", [1, 4, 28, 50])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (1024, 1024), (512, 768), (2048, 2048)])
@pytest.mark.parametrize(
    "schedule",
    [
        Schedule("shift", 1.0),
        Schedule("shift", 3.0),
        Schedule("linear"),
        Schedule("linear", 1.0, (64, 1024), (0.3, 2.0)),
    ],
)
def test_sigmas_are_those_of_the_stock_pipeline(
    checkpoints1: dict[str, Checkpoint], steps: int, width: int, height: int, schedule: Schedule
) -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler
    from diffusers.pipelines.flux.pipeline_flux import calculate_shift

    tokens = (width // 16) * (height // 16)
    mu = calculate_shift(tokens, *schedule.tokens, *schedule.exponents)
    stock = FlowMatchEulerDiscreteScheduler(
        shift=schedule.shift, use_dynamic_shifting=schedule.kind == "linear"
    )
    stock.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu, device="cpu")
    ours = FLUX1.sigmas(replace(checkpoints1["dev"], schedule=schedule), width, height, steps)
    assert len(ours) == steps + 1
    torch.testing.assert_close(torch.tensor(ours), stock.sigmas, atol=1e-7, rtol=0)
    assert linear_mu(tokens, schedule.tokens, schedule.exponents) == pytest.approx(mu, abs=1e-12)


def test_an_adapter_does_what_it_does_merged_into_the_stock_pipeline(
    toys1: dict[str, Path], loaded1: dict[str, Parts], tmp_path: Path
) -> None:
    parts, prefix = loaded1["dev"], "transformer."
    generator = torch.Generator().manual_seed(1)
    layers = ("transformer_blocks.0.attn.to_q", "transformer_blocks.0.ff_context.net.2",
              "single_transformer_blocks.0.attn.to_v", "single_transformer_blocks.0.proj_out")  # fmt: skip
    tensors: dict[str, torch.Tensor] = {}
    for layer in layers:
        out, width = FLUX1.linear_shapes(parts)[prefix + layer]
        tensors[f"{prefix}{layer}.lora_A.weight"] = torch.randn(4, width, generator=generator)
        tensors[f"{prefix}{layer}.lora_B.weight"] = torch.randn(out, 4, generator=generator) / 4
    save_file(tensors, tmp_path / "look.safetensors")
    adapter = open_adapter(tmp_path / "look.safetensors", FLUX1.linear_shapes(parts))
    pipeline = open_stock(toys1["dev"])
    for layer in layers:
        down, up = (tensors[f"{prefix}{layer}.lora_{each}.weight"] for each in "AB")
        weight = pipeline.transformer.get_submodule(layer).weight
        weight.data += 0.6 * up @ down
    condition = FLUX1.encode(parts, PROMPTS["short"], None, 3.5)
    start, sigmas = FLUX1.begin(parts, 64, 64, seed=9), FLUX1.sigmas(parts.checkpoint, 64, 64, 3)
    expected = draw_stock(pipeline, start, 64, 64, 3, condition, prompt=PROMPTS["short"])
    drawn = draw(parts, start, sigmas, replace(condition, adapters=(Applied(adapter, 0.6),)))
    assert_same(parts, drawn, *expected)
    assert (drawn.tokens - draw(parts, start, sigmas, condition).tokens).abs().max() > 0.01
