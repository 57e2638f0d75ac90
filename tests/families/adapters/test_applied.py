"""Adapters beside shared weights: held against a copy with the change merged into its weights by torch."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import nn

from fluxgram.errors import AdapterMisfit
from fluxgram.families.adapters.adapter import Adapter, Change, Report
from fluxgram.families.adapters.applied import Applied, adapt, begins_with, in_use
from fluxgram.families.adapters.forms import Bias, Hadamard, LowRank
from fluxgram.families.contract import Latents, Parts
from fluxgram.families.flux2 import Flux2

FLUX2 = Flux2()
REPORT = Report("diffusers", {"lora": 1}, 2, 2, {}, (4,), (), (), "")


def adapter(name: str, changes: dict[str, tuple[Change, ...]]) -> Adapter:
    return Adapter(name, name * 4, REPORT, changes)


def low_rank(shape: Sequence[int], rank: int, seed: int) -> LowRank:
    dice = torch.Generator().manual_seed(seed)
    down = torch.randn(rank, shape[1], generator=dice) / shape[1] ** 0.5
    return LowRank(down, torch.randn(shape[0], rank, generator=dice) * 0.3)


@dataclass
class Layers:
    """A small component, and adapters for it."""

    component: nn.Module
    pristine: nn.Module
    first: Adapter
    second: Adapter
    other: Adapter
    """Not of low rank."""

    def merged(self, applied: Sequence[Applied]) -> nn.Module:
        """The component with the changes in its weights."""
        made = copy.deepcopy(self.pristine)
        for each in applied:
            for path, changes in each.adapter.changes.items():
                layer: Any = made.get_submodule(path.removeprefix("part."))
                factors = [f for name, f in each.blocks.items() if path.startswith(f"part.{name}")]
                factor = each.weight * (factors[0] if factors else 1.0)
                for change in changes:
                    if isinstance(change, Bias):
                        layer.bias.data += factor * change.change
                    else:
                        layer.weight.data += factor * change.dense(layer.weight)
        return made


@pytest.fixture
def layers() -> Layers:
    torch.manual_seed(0)
    component = nn.Sequential(nn.Linear(12, 16), nn.SiLU(), nn.Linear(16, 12, bias=False))
    shapes = {"part.0": (16, 12), "part.2": (12, 16)}
    first = adapter("first", {path: (low_rank(shape, 4, 1),) for path, shape in shapes.items()})
    second = adapter("second", {"part.2": (low_rank((12, 16), 2, 2), low_rank((12, 16), 1, 3))})
    hadamard = Hadamard(*(torch.randn(shape) * 0.3 for shape in ((16, 3), (3, 12), (16, 3), (3, 12))))
    other = adapter("other", {"part.0": (hadamard, Bias(torch.randn(16)))})
    return Layers(component, copy.deepcopy(component), first, second, other)


def test_a_component_of_another_type_than_its_adapter(layers: Layers) -> None:
    applied = Applied(layers.first, 0.5)
    component, x = layers.component.double(), torch.randn(3, 12, dtype=torch.float64)
    with torch.inference_mode(), adapt(component, "part").use([(applied,)] * 3):
        torch.testing.assert_close(component(x), layers.merged([applied]).double()(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 5, 12), (3, 12), (3, 2, 5, 12)], ids=["tokens", "vectors", "nested"])
@pytest.mark.parametrize("kinds", ["first second", "first other second"])
def test_each_row_has_its_own(layers: Layers, shape: tuple[int, ...], kinds: str) -> None:
    x = torch.randn(shape)
    ones = [Applied(getattr(layers, kind)) for kind in kinds.split()]
    rows = [
        [replace(ones[0], weight=0.5)],
        [],
        [*ones[1:], replace(ones[0], weight=-1.0, blocks={"2": 0.25})],
    ]
    before = layers.component(x)
    with torch.inference_mode(), adapt(layers.component, "part").use(rows):
        found = layers.component(x)
    for number, row in enumerate(rows):
        torch.testing.assert_close(found[number], layers.merged(row)(x)[number])
    assert not torch.allclose(found[0], before[0], atol=1e-3)
    assert not torch.allclose(found[2], before[2], atol=1e-3)


def test_the_same_for_all_rows_takes_any_batch(layers: Layers) -> None:
    row = [Applied(layers.first, 0.7), Applied(layers.second), Applied(layers.other, -0.3)]
    with torch.inference_mode(), adapt(layers.component, "part").use([row, row]):
        for shape in ((12,), (7, 12), (2, 3, 12)):
            x = torch.randn(shape)
            torch.testing.assert_close(layers.component(x), layers.merged(row)(x))


def test_afterwards_all_is_bitwise_as_before(layers: Layers) -> None:
    x, weights = torch.randn(2, 5, 12), copy.deepcopy(layers.component.state_dict())
    before = layers.component(x)
    with adapt(layers.component, "part").use([[Applied(layers.first)]]):
        assert not torch.equal(layers.component(x), before)
    with pytest.raises(ZeroDivisionError), adapt(layers.component, "part").use([[Applied(layers.first)]]):
        raise ZeroDivisionError
    assert torch.equal(layers.component(x), before)
    assert all(torch.equal(layers.component.state_dict()[name], weights[name]) for name in weights)
    assert adapt(layers.component, "part") is adapt(layers.component, "part")


def test_without_an_adapter_nothing_is_installed(layers: Layers) -> None:
    with in_use(layers.component, "part", [(), ()]):
        pass
    with in_use(layers.component, "part", [(Applied(layers.first, 0.0),)]):
        pass
    with in_use(layers.component, "elsewhere", [(Applied(layers.first),)]):
        pass
    assert all("forward" not in layer.__dict__ for layer in layers.component.children())


def test_a_row_too_many_is_no_picture(layers: Layers) -> None:
    rows = [[Applied(layers.first)], [Applied(layers.second)]]
    with adapt(layers.component, "part").use(rows), pytest.raises(RuntimeError, match="of 2 pictures"):
        layers.component(torch.randn(3, 5, 12))


def test_layers_that_are_not_there(layers: Layers) -> None:
    stranger = adapter("stranger", {"part.7": (low_rank((4, 4), 2, 1),)})
    with (
        pytest.raises(AdapterMisfit, match=r"stranger changes part\.7"),
        adapt(layers.component, "part").use([[Applied(stranger)]]),
    ):
        raise AssertionError("not reached")


def test_the_longest_beginning_counts() -> None:
    applied = Applied(adapter("a", {}), 2.0, {"blocks": 0.5, "blocks.1": 0.25, "text": 0.0})
    assert applied.factor("transformer.blocks.1.attn") == 0.5
    assert applied.factor("transformer.blocks.10.attn") == 1.0
    assert applied.factor("transformer.other") == 2.0
    assert applied.factor("text.blocks.0") == 1.0
    assert applied.factor("text.layer") == 0.0
    assert begins_with("blocks.1", "blocks.1")


def test_stacked_pairs_are_made_once(layers: Layers) -> None:
    adapting = adapt(layers.component, "part")
    rows = [[Applied(layers.first)], [Applied(layers.second)]]
    x = torch.randn(2, 3, 12)
    with torch.inference_mode():
        with adapting.use(rows):
            once = layers.component(x)
        layers.second.changes["part.2"][0].up.zero_()  # type: ignore[attr-defined]  # a low-rank one
        with adapting.use(rows):
            assert torch.equal(layers.component(x), once)


def of_toy(parts: Parts, seed: int, *, among: str = "transformer", rank: int = 3) -> Adapter:
    """An adapter of every layer of a toy's component."""
    shapes = FLUX2.linear_shapes(parts)
    changes = {
        path: (low_rank(shape, rank, seed + number),)
        for number, (path, shape) in enumerate(shapes.items())
        if path.startswith(f"{among}.")
    }
    return adapter(f"{among}{seed}", dict(changes))


def velocity(parts: Parts, applied: Sequence[Sequence[Applied]], seeds: Sequence[int]) -> torch.Tensor:
    """One pass of the family, a picture a row."""
    latents = [FLUX2.begin(parts, 64, 64, seed) for seed in seeds]
    tokens = torch.cat([each.tokens for each in latents])
    condition = FLUX2.encode(parts, "a man", None, 1.0)
    condition = replace(condition, rows=tuple(map(tuple, applied)))
    batch = Latents(tokens, latents[0].rows, latents[0].columns)
    t = torch.linspace(0.9, 0.4, len(seeds))
    return FLUX2.predict(parts, batch, t, t - 0.1, condition)


def test_a_family_draws_each_picture_with_its_own(loaded: dict[str, Parts]) -> None:
    parts = loaded["base"]
    transformer = parts.components["transformer"]
    weights = {name: tensor.clone() for name, tensor in transformer.state_dict().items()}
    first, second = of_toy(parts, 1), of_toy(parts, 100, rank=2)
    rows = [[Applied(first, 0.5)], [], [Applied(second), Applied(first, -0.25)]]
    plain = velocity(parts, [(), (), ()], [1, 2, 3])
    found = velocity(parts, rows, [1, 2, 3])
    assert torch.equal(velocity(parts, [(), (), ()], [1, 2, 3]), plain)
    assert all(torch.equal(transformer.state_dict()[name], weights[name]) for name in weights)
    for number, row in enumerate(rows):
        for applied in row:
            for path, (change,) in applied.adapter.changes.items():
                layer = transformer.get_submodule(path.removeprefix("transformer."))
                with torch.inference_mode():
                    layer.weight += applied.weight * change.dense(layer.weight)
        merged = velocity(parts, [(), (), ()], [1, 2, 3])[number]
        with torch.inference_mode():
            for name, tensor in transformer.state_dict().items():
                tensor.copy_(weights[name])
        torch.testing.assert_close(found[number], merged, rtol=1e-3, atol=1e-4)
        assert not row or not torch.allclose(found[number], plain[number], atol=1e-2)


def test_a_batch_is_what_its_pictures_are_alone(loaded: dict[str, Parts]) -> None:
    parts = loaded["base"]
    first, second = Applied(of_toy(parts, 1)), Applied(of_toy(parts, 100))
    together = velocity(parts, [[first], [second]], [5, 6])
    alone = replace(FLUX2.encode(parts, "a man", None, 1.0), adapters=(second,))
    latents, t = FLUX2.begin(parts, 64, 64, 6), torch.tensor([0.4])
    torch.testing.assert_close(together[1:], FLUX2.predict(parts, latents, t, t, alone), rtol=1e-4, atol=1e-5)


def test_guidance_has_them_in_both_passes(loaded: dict[str, Parts]) -> None:
    parts = loaded["base"]
    applied = Applied(of_toy(parts, 1))
    latents, t = FLUX2.begin(parts, 64, 64, 6), torch.tensor([0.5])

    def pass_of(prompt: str) -> torch.Tensor:
        condition = FLUX2.encode(parts, prompt, None, 1.0)
        return FLUX2.predict(parts, latents, t, t, replace(condition, adapters=(applied,)))

    guided = replace(FLUX2.encode(parts, "a man", None, 3.0), adapters=(applied,))
    expected = pass_of("") + 3.0 * (pass_of("a man") - pass_of(""))
    torch.testing.assert_close(FLUX2.predict(parts, latents, t, t, guided), expected, rtol=1e-3, atol=1e-4)


def test_a_text_encoder_has_them_and_forgets_them(loaded: dict[str, Parts]) -> None:
    parts = loaded["base"]
    applied = Applied(of_toy(parts, 1, among="text_encoder"))
    plain = FLUX2.encode(parts, "a woman reads", None, 1.0).text
    changed = FLUX2.encode(parts, "a woman reads", None, 1.0, [applied]).text
    halved = FLUX2.encode(parts, "a woman reads", None, 1.0, [replace(applied, weight=0.5)]).text
    off = replace(applied, blocks={"text_encoder": 0.0})
    assert torch.equal(FLUX2.encode(parts, "a woman reads", None, 1.0, [off]).text, plain)
    assert torch.equal(FLUX2.encode(parts, "a woman reads", None, 1.0).text, plain)
    assert not torch.allclose(changed, plain, atol=1e-2)
    assert not torch.allclose(halved, changed, atol=1e-2)
    assert all(path.startswith(("transformer.", "text_encoder.")) for path in FLUX2.linear_shapes(parts))
