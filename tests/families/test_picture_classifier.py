"""Picture classifiers: a tiny real ViT on disk in the real format, scored as the stock pipeline scores it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fluxgram.errors import (
    CheckpointDamaged,
    CheckpointError,
    CheckpointMissing,
    UnknownCheckpoint,
    UnsafeWeights,
)
from fluxgram.families.picture_classifier import load_classifier, unsafe_among
from fluxgram.settings import Settings

LABELS = ("drawings", "hentai", "neutral", "porn", "sexy")


def make(folder: Path, labels: tuple[str, ...] = LABELS, problem: str | None = None) -> Path:
    """A ViT of one layer with random weights, written by transformers itself."""
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    torch.manual_seed(3)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8,
        id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)},
        initializer_range=0.6, problem_type=problem,
    )  # fmt: skip
    model = ViTForImageClassification(config)
    torch.nn.init.normal_(model.classifier.weight, std=1.5)  # so that pictures differ in their labels
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def picture(seed: int) -> Image.Image:
    """A random colour with some noise: random weights tell colours apart, and noise alone they do not."""
    random = np.random.default_rng(seed)
    colour = random.integers(0, 256, 3) + random.normal(0, 20, (50, 40, 3))
    return Image.fromarray(colour.clip(0, 255).astype(np.uint8))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", offline=True)


@pytest.mark.parametrize("problem", [None, "multi_label_classification"])
def test_scores_are_those_of_the_stock_pipeline(
    tmp_path: Path, settings: Settings, problem: str | None
) -> None:
    from transformers import pipeline

    folder = make(tmp_path / "vit", problem=problem)
    classifier = load_classifier(str(folder), settings)
    stock = pipeline("image-classification", model=str(folder), top_k=None)
    seen = set()
    for seed in range(24):
        told = {each["label"]: each["score"] for each in stock(picture(seed))}
        unsafe = {label: told[label] for label in ("hentai", "porn", "sexy")}
        expected = max(unsafe.values()) if problem else sum(unsafe.values())
        score = classifier.score(picture(seed))
        assert score.unsafe == pytest.approx(expected, abs=1e-5)
        best = unsafe if expected >= 0.5 else told
        assert score.label == max(best, key=lambda label: best[label])
        seen.add(score.unsafe >= 0.5)
    assert seen == {True, False}, "the pictures fall on both sides, so both ways of naming a label are tried"


def test_any_kind_of_picture_is_read_and_none_is_changed(tmp_path: Path, settings: Settings) -> None:
    classifier = load_classifier(str(make(tmp_path / "vit")), settings)
    for mode in ("RGB", "RGBA", "L", "P", "1", "CMYK"):
        image = picture(1).convert(mode)
        before = image.tobytes()
        assert 0 <= classifier.score(image).unsafe <= 1
        assert (image.mode, image.tobytes()) == (mode, before)


def test_labels_that_say_what_is_unsafe() -> None:
    for labels, expected in [
        (("normal", "nsfw"), (1,)), (("SFW", "NSFW"), (1,)), (LABELS, (1, 3, 4)), (("unsafe", "safe"), (0,)),
        (("safe_normal", "nudity_pornography", "not_nsfw", "non-nude"), (1,)),
    ]:  # fmt: skip
        assert unsafe_among(labels, "x") == expected
    with pytest.raises(CheckpointError, match="LABEL_0, LABEL_1"):
        unsafe_among(("LABEL_0", "LABEL_1"), "x")


def test_a_classifier_of_something_else_is_refused_by_its_labels(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(CheckpointError, match="do not say what is unsafe: cat, dog"):
        load_classifier(str(make(tmp_path / "vit", ("cat", "dog"))), settings)


def test_damage_is_told_in_a_sentence(tmp_path: Path, settings: Settings) -> None:
    def broken(name: str) -> Path:
        return make(tmp_path / name)

    cut = broken("cut")
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointDamaged, match="truncated"):
        load_classifier(str(cut), settings)

    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        (bare := broken(f"no-{name}")).joinpath(name).unlink()
        with pytest.raises(CheckpointMissing, match=name):
            load_classifier(str(bare), settings)

    (garbled := broken("garbled")).joinpath("config.json").write_text("{")
    with pytest.raises(CheckpointDamaged, match="JSON"):
        load_classifier(str(garbled), settings)

    def rewrite(name: str, **changes: object) -> Path:
        folder = broken(name)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))
        return folder

    with pytest.raises(CheckpointDamaged, match="names no labels"):
        load_classifier(str(rewrite("unlabelled", id2label={})), settings)
    with pytest.raises(CheckpointDamaged, match="cannot be loaded as a picture classifier"):
        load_classifier(str(rewrite("kind", model_type="no-such-thing")), settings)
    with pytest.raises(CheckpointDamaged, match="cannot be loaded as a picture classifier"):
        load_classifier(str(rewrite("wide", hidden_size=24)), settings)
    with pytest.raises(CheckpointDamaged, match=r"lacks \d+ tensors"):
        load_classifier(str(rewrite("deep", num_hidden_layers=2)), settings)


def test_pickled_weights_are_never_read(tmp_path: Path, settings: Settings) -> None:
    folder = make(tmp_path / "vit")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UnsafeWeights, match="pickled"):
        load_classifier(str(folder), settings)


def test_code_of_a_repository_is_not_run(tmp_path: Path, settings: Settings) -> None:
    folder = make(tmp_path / "vit")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.Own", "AutoModelForImageClassification": "own.Own"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Own: pass\n")
    with pytest.raises(CheckpointDamaged):
        load_classifier(str(folder), settings)
    assert not (tmp_path / "ran").exists()


def test_names_that_lead_nowhere(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(CheckpointMissing, match="offline"):
        load_classifier("somebody/classifier", settings)
    for name in (str(tmp_path / "absent"), "", "classifier", "../up/../x"):
        with pytest.raises(CheckpointMissing, match="no folder"):
            load_classifier(name, settings)


def test_a_downloaded_one_is_found_offline(tmp_path: Path, settings: Settings) -> None:
    """In the layout that huggingface_hub keeps."""
    storage = settings.home / "hub" / "models--somebody--classifier"
    make(storage / "snapshots" / ("c" * 40))
    (storage / "refs").mkdir()
    (storage / "refs" / "main").write_text("c" * 40)
    assert load_classifier("somebody/classifier", settings).labels == LABELS
    assert load_classifier(f"somebody/classifier@{'c' * 40}", settings).labels == LABELS
    with pytest.raises(CheckpointMissing):
        load_classifier("somebody/classifier@other", replace(settings))


def test_it_is_downloaded_from_the_hub_without_the_rest(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a server on this machine that speaks the hub's protocol."""
    from tests.families import test_hub

    folder = make(tmp_path / "vit")
    (folder / "pytorch_model.bin").write_bytes(b"never")
    (folder / "README.md").write_text("# a classifier")
    server = test_hub.Hub(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "shared"))
        online = replace(settings, offline=False)
        assert load_classifier(test_hub.REPO, online).score(picture(1)) == load_classifier(
            str(folder), online
        ).score(picture(1))
        assert server.fetched == {"config.json", "model.safetensors", "preprocessor_config.json"}
        server.asked.clear()
        assert load_classifier(test_hub.REPO, settings).labels == LABELS
        assert server.asked == []
        with pytest.raises(UnknownCheckpoint, match="somebody/else"):
            load_classifier("somebody/else", online)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
