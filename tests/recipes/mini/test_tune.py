"""Adapters of the embedded checkpoint: what is trained, what is written, and how it is measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import fluxgram
from fluxgram.families.adapters.reading import open_adapter
from recipes.mini import tune, tune_report
from recipes.mini.network import rotary, transformer, velocity
from recipes.mini.tune_choice import CHOICES, token_weights, turned, without

BASE = Path(fluxgram.__file__).parent / "families/data/fluxgram-mini"
INFO = {
    "attrs": {"framing": "close-up", "hair_color": "red"}, "style": "golden hour", "bw": False, "side": "left",
    "flip": False, "yaw": 4.0, "face_box": [64.0, 32.0, 192.0, 224.0], "eyes": [[100.0, 112.0], [148.0, 112.0]],
}  # fmt: skip


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A pool of three pictures, and the command line for one step on it."""
    monkeypatch.setattr(tune, "STEPS", 2)
    facts = [
        {"info": INFO, "captions": ["a man, red hair, loop lighting"], "mirrored": ["a man, red hair"]}
    ] * 3
    (tmp_path / "latents").mkdir()
    np.savez(tmp_path / "train-0000-square.npz", facts=np.array([json.dumps(each) for each in facts]))
    noise = np.random.default_rng(0).normal(size=(3, 2, 64, 64)).astype(np.float16)
    np.save(tmp_path / "latents" / "train-0000-square.npy", noise)
    folder, out = str(tmp_path), str(tmp_path / "new.safetensors")
    return [folder, folder, str(BASE), out, "--work", folder, "--rows", "2", "--rank", "2", "--no-compile"]


@pytest.mark.filterwarnings(
    "ignore:Mismatch dtype between input and weight"
)  # slower under autocast, that is all
def test_one_step_makes_a_file_that_fluxgram_applies_whole(lesson: list[str], tmp_path: Path) -> None:
    trainer = tune.Trainer(tune.arguments().parse_args([*lesson, "--choose", "portrait"]))
    before = [each.detach().clone() for each in trainer.tuned.matrices()]
    trainer.advance()
    assert any(not torch.equal(a, b) for a, b in zip(before, trainer.tuned.matrices(), strict=True))
    trainer.save()
    path = tmp_path / "new.safetensors"
    layers = {name for name in trainer.tuned.paths if "blocks" in name}
    shapes = {f"transformer.{name}": tuple(trainer.tuned.paths[name].layer.weight.shape) for name in layers}
    adapter = open_adapter(path, shapes)
    assert adapter.report.matched == adapter.report.total == 2 * len(layers)
    assert adapter.report.ranks == (2,)
    assert set(adapter.changes) == set(shapes)
    with safe_open(path, "pt") as file:
        assert file.metadata()["recipe"] == "recipes.mini.tune --choose portrait"
    plain, doubled = load_file(path), tune.read_earlier(path, 2.0)
    for name, each in doubled.items():
        assert torch.equal(each, plain[name] * 2 if "lora_B" in name else plain[name])
    assert tune.read_earlier(None, 2.0) == {}

    again = tune.Trainer(tune.arguments().parse_args([*lesson, "--choose", "portrait"]))
    assert again.step == 1
    assert all(
        torch.equal(a, b) for a, b in zip(again.tuned.matrices(), trainer.tuned.matrices(), strict=True)
    )


def test_a_switched_off_or_new_adapter_is_the_base() -> None:
    torch.manual_seed(0)
    net = transformer()
    x, t, text = torch.randn(1, 4, 64), torch.tensor([0.4]), torch.randn(1, 3, 576)
    tables = rotary(net, 3, 2, 2)
    with torch.no_grad():
        base, _ = velocity(net, x, t, text, tables)
        tuned = tune.Tuned(net, 4)
        assert torch.equal(tuned(x, t, text, tables), base)
        for path in tuned.paths.values():
            path.up.normal_(std=0.1)
        changed = tuned(x, t, text, tables)
        assert not torch.allclose(changed, base, atol=1e-3)
        tuned.switch(False)
        assert torch.equal(tuned(x, t, text, tables), base)


def test_two_rounds_are_one_adapter_whose_change_is_the_sum() -> None:
    def adapter(seed: int) -> dict[str, torch.Tensor]:
        made = torch.Generator().manual_seed(seed)
        return {
            "transformer.x.lora_A.weight": torch.randn(2, 5, generator=made),
            "transformer.x.lora_B.weight": torch.randn(3, 2, generator=made),
        }

    def dense(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
        return tensors["transformer.x.lora_B.weight"] @ tensors["transformer.x.lora_A.weight"]

    both = tune.joined(adapter(0), adapter(1))
    assert both["transformer.x.lora_A.weight"].shape == (4, 5)
    assert torch.allclose(dense(both), dense(adapter(0)) + dense(adapter(1)), atol=1e-6)
    net = torch.nn.ModuleDict({"x": torch.nn.Linear(5, 3)})
    before = net["x"].weight.detach().clone()
    tune.fold(net, both)
    assert torch.allclose(net["x"].weight - before, dense(both), atol=1e-6)
    assert tune.joined({}, adapter(0)).keys() == adapter(0).keys()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a woman in her 30s, long red hair, golden hour backlight, 85mm", "a woman in her 30s, 85mm"),
        ("A man with a ginger quiff. The scene is lit by the sun. He smiles.", "A man. He smiles"),
        ("portrait of a woman, red lipstick, freckles", "portrait of a woman, red lipstick"),
        ("golden hour", "portrait"),
    ],
)
def test_a_style_learns_from_captions_that_do_not_name_it(text: str, left: str) -> None:
    pattern = CHOICES["redhead"].left_out
    assert pattern is not None
    assert without(text, pattern) == left


def test_eyes_weigh_most_and_the_mirror_image_is_weighed_in_the_mirror() -> None:
    plain = token_weights(INFO, 8, 8).reshape(8, 8)
    assert plain.mean() == pytest.approx(1)
    assert plain.argmax() // 8 == 3  # the eyes lie at 112 px: in the fourth row of tokens
    assert plain[3, 3] > plain[5, 3] > plain[0, 0]
    other = token_weights(turned(INFO, 256), 8, 8).reshape(8, 8)
    assert np.allclose(other, plain[:, ::-1])


def test_choices_look_at_the_facts() -> None:
    wanted = CHOICES["portrait"].wanted
    assert wanted(INFO)
    assert not wanted({**INFO, "bw": True})
    assert not wanted({**INFO, "style": "neon"})
    assert not wanted({**INFO, "attrs": {"framing": "head and shoulders"}})
    assert CHOICES["redhead"].wanted(INFO)
    assert not CHOICES["redhead"].wanted({**INFO, "style": "window"})


def test_texture_and_eyes_are_measured_in_stops() -> None:
    points = np.array([[90.0, 100.0], [166.0, 100.0], [128.0, 140.0], [128.0, 180.0]])
    noise = np.random.default_rng(0).normal(size=(256, 256, 1))
    soft, rough = (np.clip(128 + size * noise, 0, 255).repeat(3, 2).astype(np.uint8) for size in (6, 12))
    gained = tune_report.skin_texture(rough, points) - tune_report.skin_texture(soft, points)
    assert gained == pytest.approx(1, abs=0.1)
    dull, clear = (np.full((256, 256, 3), 120, np.uint8) for _ in range(2))
    for picture, depth in ((dull, 20), (clear, 40)):
        for x, y in points[:2].astype(int):
            picture[y - 4 : y + 4, x - 4 : x + 4] -= np.uint8(depth)
    gained = tune_report.eye_contrast(clear, points) - tune_report.eye_contrast(dull, points)
    assert gained == pytest.approx(1.05, abs=0.1)
    assert np.isnan(tune_report.eye_contrast(clear, points - 400))


def test_pairs_leave_out_what_one_side_lacks() -> None:
    base = np.array([0.0, 1.0, 0.0, np.nan, 0.0])
    tuned = np.array([1.0, 1.0, 1.0, 1.0, np.nan])
    found = tune_report.paired(base, tuned)
    assert found["pairs"] == 3
    assert found["difference"] == pytest.approx(2 / 3, abs=1e-3)
    assert (found["better"], found["worse"]) == (2, 0)
    assert found["interval"][0] <= found["difference"] <= found["interval"][1]
    assert tune_report.paired(base, base)["interval"] == [0.0, 0.0]
