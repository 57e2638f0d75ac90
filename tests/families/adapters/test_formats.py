"""Every format in the wild does exactly what its tool meant: layer by layer, and in what the transformer draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from fluxgram.families.adapters.adapter import Adapter
from fluxgram.families.adapters.applied import Applied, adapt
from fluxgram.families.adapters.forms import Bias
from fluxgram.families.adapters.reading import fault_of, inspect_adapter, open_adapter
from tests.families.adapters.corpus import FORMATS, File, World

CASES = [(name, family) for name, (_, families) in FORMATS.items() for family in families]
_written: dict[tuple[str, str], tuple[File, Path, Adapter]] = {}


@pytest.fixture
def case(
    request: pytest.FixtureRequest, worlds: Mapping[str, World], tmp_path_factory: pytest.TempPathFactory
) -> tuple[File, Path, Adapter]:
    """A file of the corpus and what fluxgram reads in it; both made once."""
    name, family = request.param
    if request.param not in _written:
        file = File(worlds[family])
        FORMATS[name][0](file)
        path = file.write(tmp_path_factory.mktemp("corpus"))
        _written[request.param] = (file, path, open_adapter(path, file.world.shapes))
    return _written[request.param]


each = pytest.mark.parametrize("case", CASES, indirect=True, ids="-".join)


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(
        actual, expected, rtol=1e-4, atol=2e-5 * float(expected.abs().max().clamp_min(1))
    )


@each
def test_every_tensor_finds_its_place(case: tuple[File, Path, Adapter]) -> None:
    file, path, adapter = case
    wanted = {f"transformer.{name}" for name in file.deltas}
    assert set(adapter.changes) == wanted
    report = adapter.report
    assert (report.total, report.matched, report.unmatched) == (len(file.tensors), len(file.tensors), {})
    assert set(report.layers) == wanted
    assert fault_of(path, file.world.shapes) is None


@each
def test_the_change_of_each_layer_is_the_dense_one(case: tuple[File, Path, Adapter]) -> None:
    file, _, adapter = case
    for name, delta in file.deltas.items():
        weight = file.world.weights[name]
        changes = [each for each in adapter.changes[f"transformer.{name}"] if not isinstance(each, Bias)]
        close(torch.stack([each.dense(weight) for each in changes]).sum(0), delta)
        x = torch.randn(2, 5, weight.shape[1], generator=torch.Generator().manual_seed(1))
        made = sum(each.of(x, weight) for each in adapter.changes[f"transformer.{name}"])
        close(made, x @ delta.T + file.biases.get(name, torch.zeros(())))


@each
def test_what_is_drawn_is_as_with_merged_weights(
    case: tuple[File, Path, Adapter],
    transformers: Mapping[str, Any],
    draw: Callable[[str], torch.Tensor],
) -> None:
    file, _, adapter = case
    family = file.world.family
    before = draw(family)
    with adapt(transformers[family], "transformer").use([[Applied(adapter, 0.5)]]):
        actual = draw(family)
    with merged(file, 0.5):
        expected = draw(family)
    torch.testing.assert_close(actual, expected, rtol=2e-3, atol=2e-3 * float(expected.abs().max()))
    assert float((expected - before).abs().max()) > 0.05 * float(before.abs().max())
    assert torch.equal(draw(family), before)


@contextmanager
def merged(file: File, weight: float) -> Iterator[None]:
    """Inside this, the toy's weights have a file's changes in them."""
    changed = [(file.world.weights[name], delta) for name, delta in file.deltas.items()]
    changed += [(file.world.biases[name], delta) for name, delta in file.biases.items()]
    kept = [tensor.clone() for tensor, _ in changed]
    for tensor, delta in changed:
        tensor.add_(delta, alpha=weight)
    yield
    for (tensor, _), before in zip(changed, kept, strict=True):
        tensor.copy_(before)


@each
def test_in_half_precision_it_is_nearly_the_same(case: tuple[File, Path, Adapter]) -> None:
    file, _, adapter = case
    half = adapter.to(torch.device("cpu"), torch.bfloat16)
    assert half.bytes < 0.7 * adapter.bytes
    for name, delta in file.deltas.items():
        weight = file.world.weights[name].bfloat16()
        x = torch.randn(3, weight.shape[1], generator=torch.Generator().manual_seed(2)).bfloat16()
        made = sum(each.of(x, weight) for each in half.changes[f"transformer.{name}"])
        expected = x.float() @ delta.T + file.biases.get(name, torch.zeros(()))
        assert isinstance(made, torch.Tensor)
        assert made.dtype == torch.bfloat16
        assert float((made.float() - expected).norm()) < 0.05 * float(expected.norm())


@each
def test_looking_at_it_needs_no_checkpoint(case: tuple[File, Path, Adapter]) -> None:
    file, path, adapter = case
    report = inspect_adapter(path)
    assert report.unmatched == {}
    family = {"flux1": "FLUX.1", "flux2": "FLUX.2"}[file.world.family]
    assert report.base.startswith(family), report.base
    assert set(report.layers) >= set(adapter.report.layers)


@pytest.mark.parametrize(
    ("name", "form", "kinds"),
    [
        ("diffusers", "diffusers", {"lora"}),
        ("peft with adapter_config.json", "peft", {"lora"}),
        ("kohya and musubi", "kohya", {"lora"}),
        ("ai-toolkit", "ai-toolkit", {"lora"}),
        ("LoKr of ai-toolkit: both whole", "ai-toolkit", {"lokr"}),
        ("ComfyUI with alpha", "comfyui", {"lora"}),
        ("bare names of diffusers", "bare", {"lora"}),
        ("bare names of Black Forest Labs", "bfl", {"lora"}),
        ("xlabs", "xlabs", {"lora"}),
        ("OneTrainer's DoRA", "onetrainer", {"dora"}),
        ("OneTrainer, dotted", "onetrainer", {"lora"}),
        ("LyCORIS LoCon", "lycoris", {"locon"}),
        ("LoHa by kohya's names", "kohya", {"loha"}),
        ("LoHa with lengths", "kohya", {"doha"}),
        ("whole differences", "comfyui", {"diff"}),
        ("differences of biases", "comfyui", {"lora", "bias"}),
    ],
)
def test_the_report_names_form_and_kinds(
    name: str, form: str, kinds: set[str], worlds: Mapping[str, World], tmp_path: Path
) -> None:
    writer, families = FORMATS[name]
    file = File(worlds[families[-1]])
    writer(file)
    report = inspect_adapter(file.write(tmp_path))
    assert (report.form, set(report.kinds)) == (form, kinds)


def test_ranks_and_alphas_are_reported(worlds: Mapping[str, World], tmp_path: Path) -> None:
    file = File(worlds["flux2"])
    FORMATS["kohya and musubi"][0](file)
    key = "lora_unet_single_blocks_0_linear1"
    file.tensors[f"{key}.lora_down.weight"] = torch.randn(7, 32)
    file.tensors[f"{key}.lora_up.weight"] = torch.randn(288, 7)
    file.tensors[f"{key}.alpha"] = torch.tensor(3.5, dtype=torch.bfloat16)
    report = inspect_adapter(file.write(tmp_path))
    assert (report.ranks, report.alphas) == ((4, 7), (1.0, 3.5))
