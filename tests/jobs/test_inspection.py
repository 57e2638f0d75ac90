"""Pictures looked at before they are handed out, by a real classifier with weights that say always the same."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fluxgram.errors import CheckpointError, RequestError
from fluxgram.jobs.door import Jobs, Order
from fluxgram.jobs.inspection import Inspector
from fluxgram.jobs.supervisor import Supervisor
from fluxgram.store.records import JobRecord

PICTURE = Image.new("RGB", (64, 64), (200, 120, 90))


def make_classifier(folder: Path, *, unsafe: bool) -> str:
    """A ViT of one layer whose last layer has made up its mind."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8,
        id2label={0: "normal", 1: "nsfw"}, label2id={"normal": 0, "nsfw": 1},
    )  # fmt: skip
    model = ViTForImageClassification(config)
    torch.nn.init.zeros_(model.classifier.weight)
    model.classifier.bias.data = torch.tensor([-5.0, 5.0] if unsafe else [5.0, -5.0])
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def accuses(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_classifier(tmp_path_factory.mktemp("vit") / "accuses", unsafe=True)


@pytest.fixture(scope="module")
def praises(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_classifier(tmp_path_factory.mktemp("vit") / "praises", unsafe=False)


def record(**extra: Any) -> JobRecord:
    return JobRecord(
        id=1, owner="", surface="native", state="running", priority=0, request={}, checkpoint="c", samples=1, cost=1.0,
        extra={"check": None, "redact": "blur"} | extra, names=("a-0.png",), format="png", created=0.0,
    )  # fmt: skip


def inspector(open_jobs: Callable[..., Jobs], **service: Any) -> Inspector:
    jobs = open_jobs(**service)
    return Inspector(jobs.settings, jobs.service)


def test_a_picture_that_is_fine_stays_as_it_is(open_jobs: Callable[..., Jobs], praises: str) -> None:
    image, verdict, notes = inspector(open_jobs, classifier=praises).inspect(PICTURE, record())
    assert (image, verdict, notes) == (PICTURE, "clean", ())


@pytest.mark.parametrize("how", ["blur", "pixelate", "black"])
def test_a_flagged_picture_is_redacted(open_jobs: Callable[..., Jobs], accuses: str, how: str) -> None:
    picture = PICTURE.copy()
    picture.paste((0, 0, 255), (30, 30, 34, 34))
    image, verdict, notes = inspector(open_jobs, classifier=accuses).inspect(picture, record(redact=how))
    assert verdict == "flagged"
    assert image.getpixel((31, 31)) != (0, 0, 255)
    assert (notes[0].value, how in notes[0].reason) == ("nsfw", True)


def test_it_can_be_left_as_it_is_and_is_flagged_all_the_same(
    open_jobs: Callable[..., Jobs], accuses: str
) -> None:
    image, verdict, notes = inspector(open_jobs, classifier=accuses).inspect(PICTURE, record(redact="none"))
    assert (image, verdict, len(notes)) == (PICTURE, "flagged", 1)


def test_where_checks_are_required_nothing_flagged_is_left_as_it_is(
    open_jobs: Callable[..., Jobs], accuses: str
) -> None:
    jobs = open_jobs(safety="require", classifier=accuses)
    with pytest.raises(RequestError, match="no flagged picture"):
        jobs.submit(Order({"prompt": "portrait"}, redact="none"))
    before = Inspector(jobs.settings, jobs.service).inspect(PICTURE.resize((2, 2)), record(redact="none"))
    assert before[1] == "flagged"
    assert "redacted (blur)" in before[2][0].reason


@pytest.mark.parametrize(
    ("policy", "check", "expected"),
    [
        ("prefer", None, "flagged"), ("prefer", True, "flagged"), ("prefer", False, "unchecked"),
        ("require", False, "flagged"), ("off", True, "unchecked"),
    ],
)  # fmt: skip
def test_policies(
    open_jobs: Callable[..., Jobs], accuses: str, policy: str, check: bool | None, expected: str
) -> None:
    looks = inspector(open_jobs, classifier=accuses, safety=policy)
    assert looks.inspect(PICTURE, record(check=check))[1] == expected


def test_a_classifier_that_cannot_be_loaded_is_told_or_refused(
    open_jobs: Callable[..., Jobs], tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "nowhere")
    image, verdict, notes = inspector(open_jobs, classifier=nowhere).inspect(PICTURE, record())
    assert (image, verdict) == (PICTURE, "unchecked")
    assert "not checked" in notes[0].reason
    with pytest.raises(CheckpointError):
        inspector(open_jobs, classifier=nowhere, safety="require").inspect(PICTURE, record())


async def followed(jobs: Jobs, number: int) -> list[str]:
    return [event.kind async for event in jobs.follow(number)]


def test_through_a_worker(
    open_jobs: Callable[..., Jobs], supervise: Callable[..., Supervisor], accuses: str
) -> None:
    jobs = open_jobs(classifier=accuses)
    supervise(jobs)
    order = replace(Order({"prompt": "portrait slow", "seed": 255, "steps": 4}), check=True, redact="black")
    number = jobs.submit(order).id
    seen = asyncio.run(followed(jobs, number))
    assert "step" in seen
    assert "preview" not in seen  # nobody looks at those
    job = jobs.get(number)
    assert (job.state, job.safety, job.pictures[0].verdict) == ("done", "flagged", "flagged")
    image = Image.open(io.BytesIO(jobs.store.read(job.pictures[0].name)))
    assert image.getextrema() == ((0, 0), (0, 0), (0, 0))
    small = Image.open(io.BytesIO(jobs.store.read(job.pictures[0].thumbnail)))
    assert max(high for _, high in small.getextrema()) <= 2
    service = job.pictures[0].receipt["service"]
    assert service["safety"] == "flagged"
    assert service["notes"][-1]["value"] == "nsfw"
