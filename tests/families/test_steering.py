"""VSF and NAG against numbers by hand, against a dense softmax, and in their limits."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.families.checkpoints import Checkpoint
from fluxgram.families.contract import Condition, TextReport
from fluxgram.families.steering import (
    NAG_SCALE,
    NAG_SCALE_SHORT,
    TRUE_CFG_SCALE,
    VSF_SCALE,
    VSF_SCALE_SHORT,
    Steering,
    attend,
    default_scale,
    steering_of,
)

Triple = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
VSF, NAG = Steering("vsf", 3, 2, 1.5), Steering("nag", 3, 2, 4.0)


def numbers(tokens: int = 9, heads: int = 2, batch: int = 2, head: int = 4, seed: int = 0) -> Triple:
    """Queries, keys and values."""
    random = torch.Generator().manual_seed(seed)
    query, key, value = (torch.randn(batch, heads, tokens, head, generator=random) for _ in range(3))
    return query, key, value


def dense(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, steering: Steering) -> np.ndarray:
    """The papers' equations over one matrix of weights, in float64."""
    q, k, v = (each.double().numpy() for each in (query, key, value))
    kind = np.full(q.shape[2], 2)
    kind[: steering.prompt_tokens + steering.negative_tokens] = 1
    kind[: steering.prompt_tokens] = 0
    logits = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])

    def mean(seen: np.ndarray, values: np.ndarray, bias: np.ndarray | float = 0.0) -> np.ndarray:
        weights = np.exp(logits + bias) * seen
        result: np.ndarray = (weights / weights.sum(-1, keepdims=True)) @ values
        return result

    positive, negative = mean(kind != 1, v), mean(kind != 0, v)
    if steering.method == "vsf":
        of_negative = (kind == 1)[:, None]
        values = np.where(of_negative, -steering.scale * v, v)
        picture = mean(np.ones(len(kind)), values, np.where(kind == 1, steering.beta, 0.0))
    else:
        tilde = positive + steering.scale * (positive - negative)
        ratio = np.abs(tilde).sum((1, 3), keepdims=True) / np.abs(positive).sum((1, 3), keepdims=True)
        hat = np.minimum(ratio, steering.tau) / ratio * tilde
        picture = steering.alpha * hat + (1 - steering.alpha) * positive
    column = kind[:, None]
    result: np.ndarray = np.where(column == 0, positive, np.where(column == 1, negative, picture))
    return result


def plain(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, steering: Steering) -> torch.Tensor:
    """Attention of prompt and picture, the negative's tokens taken out."""
    stays = [index for index in range(query.shape[2]) if not 3 <= index < 3 + steering.negative_tokens]
    query, key, value = (each[:, :, stays] for each in (query, key, value))
    return torch.nn.functional.scaled_dot_product_attention(query, key, value)


def test_vsf_of_three_tokens_by_hand() -> None:
    """One token each; the picture looks at prompt, negative and itself with weights 1/2, 1/4, 1/4."""
    key = torch.tensor([math.log(2.0), 0.0, 0.0]).view(1, 1, 3, 1)
    query, value = torch.ones(1, 1, 3, 1), torch.tensor([8.0, 4.0, 1.0]).view(1, 1, 3, 1)
    found = attend(query, key, value, Steering("vsf", 1, 1, 3.0)).flatten().tolist()
    prompt, negative = (
        (2 * 8 + 1) / 3,
        (4 + 1) / 2,
    )  # of prompt and picture 2 : 1, of negative and picture 1 : 1
    assert found == pytest.approx([prompt, negative, 8 / 2 - 3 * 4 / 4 + 1 / 4])


def test_vsf_offset_moves_the_weight_of_the_negative_alone() -> None:
    """With beta = -ln 2 the weights are 2 : 1/2 : 1."""
    key = torch.tensor([math.log(2.0), 0.0, 0.0]).view(1, 1, 3, 1)
    query, value = torch.ones(1, 1, 3, 1), torch.tensor([8.0, 4.0, 1.0]).view(1, 1, 3, 1)
    found = attend(query, key, value, Steering("vsf", 1, 1, 3.0, beta=-math.log(2.0)))
    assert found[0, 0, 2, 0].item() == pytest.approx((2 * 8 - 3 * 0.5 * 4 + 1) / 3.5)


def test_nag_of_three_tokens_by_hand() -> None:
    """Two heads of one number; all keys equal, so that every mean is the plain one."""
    query = key = torch.zeros(1, 2, 3, 1)
    value = torch.tensor([[4.0, 0.0, 2.0], [1.0, 3.0, -1.0]]).view(1, 2, 3, 1)
    # Z+ = (3, 0), Z- = (1, 1); with phi 2 Z~ = (7, -2): its norm over both heads is 9, three times that of Z+
    found = attend(query, key, value, Steering("nag", 1, 1, 2.0, tau=2.0, alpha=0.5))[0, :, 2, 0].tolist()
    assert found == pytest.approx([0.5 * 7 * 2 / 3 + 0.5 * 3, 0.5 * -2 * 2 / 3])
    unclipped = attend(query, key, value, Steering("nag", 1, 1, 2.0, tau=3.5, alpha=1.0))[0, :, 2, 0].tolist()
    assert unclipped == pytest.approx([7, -2])


@pytest.mark.parametrize(
    "steering",
    [
        VSF,
        replace(VSF, beta=-0.7),
        replace(VSF, scale=30.0, beta=1.3),
        NAG,
        replace(NAG, scale=40.0, tau=1.1, alpha=0.6),
        replace(NAG, tau=0.5),
    ],
)
def test_agrees_with_a_dense_softmax(steering: Steering) -> None:
    triple = numbers()
    np.testing.assert_allclose(attend(*triple, steering).numpy(), dense(*triple, steering), atol=2e-5)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(("vsf", "nag")), st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.integers(1, 3),
    st.integers(1, 2), st.integers(0, 99),
)  # fmt: skip
def test_any_lengths_agree_with_a_dense_softmax(
    method: Any, prompt: int, negative: int, picture: int, heads: int, batch: int, seed: int
) -> None:
    triple = numbers(prompt + negative + picture, heads, batch, seed=seed)
    steering = Steering(method, prompt, negative, 1.7)
    found = attend(*triple, steering)
    assert found.shape == triple[0].shape
    np.testing.assert_allclose(found.numpy(), dense(*triple, steering), atol=5e-5)


@pytest.mark.parametrize("steering", [replace(NAG, scale=0.0), replace(NAG, alpha=0.0)])
def test_nag_at_nothing_is_attention_without_the_negative(steering: Steering) -> None:
    triple = numbers()
    found = attend(*triple, steering)
    assert torch.equal(torch.cat((found[:, :, :3], found[:, :, 5:]), 2), plain(*triple, steering))


def test_vsf_at_nothing_is_attention_without_the_negative_where_it_is_not_looked_at() -> None:
    """At alpha 0 the negative's tokens still take their share of the weights; an offset takes that away."""
    triple, gone = numbers(), replace(VSF, scale=0.0, beta=-1e4)
    found = attend(*triple, gone)
    expected = plain(*triple, gone)
    torch.testing.assert_close(torch.cat((found[:, :, :3], found[:, :, 5:]), 2), expected, atol=1e-6, rtol=0)
    assert (attend(*triple, replace(gone, beta=0.0))[:, :, 5:] - expected[:, :, 3:]).abs().max() > 0.01


def test_nag_of_a_negative_equal_to_the_prompt_changes_nothing() -> None:
    triple = numbers(tokens=10)
    triple = tuple(torch.cat((each[:, :, :3], each[:, :, :3], each[:, :, 6:]), 2) for each in triple)  # type: ignore[assignment]
    same = Steering("nag", 3, 3, 9.0, alpha=1.0)
    found = attend(*triple, same)
    torch.testing.assert_close(found[:, :, :3], found[:, :, 3:6], atol=1e-6, rtol=0)
    torch.testing.assert_close(
        found[:, :, 6:], attend(*triple, replace(same, scale=0.0))[:, :, 6:], atol=1e-5, rtol=0
    )


def test_nag_never_grows_beyond_tau() -> None:
    triple = numbers()

    def norm(found: torch.Tensor) -> torch.Tensor:
        return found[:, :, 5:].abs().sum((1, 3))

    wild = replace(NAG, scale=1e6, alpha=1.0)
    before = norm(attend(*triple, replace(NAG, scale=0.0)))
    torch.testing.assert_close(norm(attend(*triple, wild)), wild.tau * before, rtol=1e-4, atol=0)
    assert torch.isfinite(attend(*triple, replace(wild, tau=math.inf))).all()


def test_nag_of_values_that_are_all_zero_is_zero() -> None:
    query, key, value = numbers()
    assert torch.equal(attend(query, key, torch.zeros_like(value), NAG), torch.zeros_like(value))


@pytest.mark.parametrize("steering", [VSF, NAG])
def test_prompt_and_negative_do_not_see_each_other(steering: Steering) -> None:
    query, key, value = numbers()
    other = [each.clone() for each in (query, key, value)]
    for each in other:
        each[:, :, 3:5] += 1
    first, second = attend(query, key, value, steering), attend(*other, steering)
    assert torch.equal(first[:, :, :3], second[:, :, :3])
    assert not torch.equal(first[:, :, 5:], second[:, :, 5:])
    for each in (query, key, value):
        each[:, :, :3] += 1
    assert torch.equal(first[:, :, 3:5], attend(query, key, value, steering)[:, :, 3:5])


@pytest.mark.parametrize("steering", [VSF, replace(VSF, beta=-1.0), NAG])
def test_pictures_of_a_batch_are_each_their_own(steering: Steering) -> None:
    triple = numbers(batch=3)
    together = attend(*triple, steering)
    for index in range(3):
        alone = attend(*(each[index : index + 1] for each in triple), steering)
        torch.testing.assert_close(together[index : index + 1], alone, atol=1e-6, rtol=0)


@pytest.mark.parametrize("steering", [VSF, replace(VSF, beta=-1.0), NAG])
def test_data_type_stays_and_what_was_handed_in_too(steering: Steering) -> None:
    triple = tuple(each.bfloat16() for each in numbers())
    kept = tuple(each.clone() for each in triple)
    found = attend(*triple, steering)
    assert found.dtype == torch.bfloat16
    assert all(torch.equal(each, before) for each, before in zip(triple, kept, strict=True))
    exact = dense(*(each.float() for each in triple), steering)  # type: ignore[call-arg]
    assert np.abs(found.float().numpy() - exact).max() < 0.03 * np.abs(exact).max()


@pytest.mark.parametrize(
    ("method", "embeds", "guidance", "tokens", "scale"),
    [
        ("true_cfg", False, 4.0, 512, 4.0),
        ("true_cfg", True, 3.5, 512, TRUE_CFG_SCALE),
        ("true_cfg", False, 1.0, 512, TRUE_CFG_SCALE),
        ("vsf", False, 1.0, 512, VSF_SCALE),
        ("nag", True, 3.5, 256, NAG_SCALE),
        ("vsf", False, 1.0, 128, VSF_SCALE_SHORT),
        ("nag", False, 1.0, 64, NAG_SCALE_SHORT),
    ],
)
def test_default_scale(
    checkpoints: dict[str, Checkpoint],
    method: str,
    embeds: bool,
    guidance: float,
    tokens: int,
    scale: float,
) -> None:
    base = checkpoints["base"]
    text = replace(base.text, lengths=(32, tokens))
    assert default_scale(method, replace(base, embeds_guidance=embeds, guidance=guidance, text=text)) == scale


@pytest.mark.parametrize(
    ("method", "negative", "beta"),
    [("vsf", 3, 0.0), ("vsf", 8, 0.0), ("vsf", 24, -math.log(3)), ("nag", 24, 0.0)],
)
def test_long_negatives_weigh_no_more_than_an_eighth_of_the_prompt(
    method: str, negative: int, beta: float
) -> None:
    condition = Condition(
        torch.zeros(1, 64, 4),
        TextReport(1, 1, 1, ""),
        negative=torch.zeros(1, negative, 4),
        negative_method=method,
        negative_scale=2.0,
    )
    steering = steering_of(condition)
    assert steering is not None
    assert (steering.prompt_tokens, steering.negative_tokens, steering.scale) == (64, negative, 2.0)
    assert steering.beta == pytest.approx(beta)


def test_a_second_pass_does_not_steer_inside_attention() -> None:
    plain = Condition(torch.zeros(1, 64, 4), TextReport(1, 1, 1, ""))
    assert steering_of(plain) is None
    assert steering_of(replace(plain, unguided=plain.text, negative_method="true_cfg")) is None
