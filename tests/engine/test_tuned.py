"""Checkpoints with adapters, words and a fast version of their own, from tables as users write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.engine import Engine
from fluxgram.engine.receipt import Receipt
from fluxgram.engine.request import Request
from fluxgram.errors import RequestError
from fluxgram.settings import Settings
from tests.loras import write_lora
from tests.serving import toy_at_home

TABLES = """
[tuned]
base = "plain"
adapters = [{{ source = '{lora}', weight = 0.5 }}]
prefix = "photo, "
suffix = ", 85mm"
negative = "blur"
fast = "quick"

[quick]
base = "plain"
source = 'folder:{quick}'
distilled = true
guidance = 1.0
negatives = ["nag"]
fast = ""

[alone]
base = "plain"
fast = "absent"

[absent]
base = "quick"
source = "folder:/nowhere"
"""


@pytest.fixture(scope="module")
def machine(toy: str, distilled: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("tuned")
    lora = write_lora(home / "loras" / "face.safetensors", Path(toy), seed=4)
    toy_at_home(home, "plain", toy)
    with (home / "checkpoints.toml").open("a", encoding="utf-8") as file:
        file.write(TABLES.format(lora=lora, quick=distilled))
    return Settings(home=home, device="cpu", dtype="float32", threads=1, offline=True)


@pytest.fixture
def engine(machine: Settings) -> Iterator[Engine]:
    with Engine("tuned", machine) as engine:
        yield engine


ASKED = Request("portrait of a woman", seed=7)


def test_it_is_its_base_with_all_that_said(engine: Engine, machine: Settings) -> None:
    result = engine.generate(ASKED)[0]
    by_hand = Request(
        "photo, portrait of a woman, 85mm",
        negative="blur",
        seed=7,
        checkpoint="plain",
        adapters=(AdapterUse(str(machine.home / "loras" / "face.safetensors"), 0.5),),
    )
    assert engine.generate(by_hand)[0].picture.tobytes() == result.picture.tobytes()
    assert len(engine._runner.loaded) == 1
    bare = engine.generate(replace(ASKED, checkpoint="plain"))[0]
    assert np.abs(np.asarray(bare.picture).astype(int) - np.asarray(result.picture)).mean() > 2
    receipt = result.receipt
    assert (receipt.checkpoint.name, receipt.checkpoint.asked) == ("tuned", None)
    assert (receipt.prompt.text, receipt.prompt.read) == (
        "portrait of a woman",
        "photo, portrait of a woman, 85mm",
    )
    assert receipt.negative is not None
    assert (receipt.negative.text, receipt.negative.method, receipt.negative.cost) == (
        "blur",
        "true_cfg",
        1.0,
    )
    assert [(each.name, each.source, each.strength) for each in receipt.adapters] == [("face", None, 0.5)]


@pytest.mark.parametrize(
    "asked",
    [
        ASKED,
        replace(ASKED, negative_method="none"),
        replace(ASKED, quality="draft"),
        replace(ASKED, quality="draft", negative="beard", negative_method="nag", negative_scale=3.0),
        replace(ASKED, quality="draft", guidance=2.5),
        replace(ASKED, quality="draft", steps=3),
        replace(ASKED, quality="draft", steps=1),
        replace(ASKED, quality="draft", checkpoint="alone"),
    ],
    ids=["plain", "no-negative", "fast", "fast-nag", "guided", "steps", "other-steps", "absent"],
)
def test_a_receipt_makes_the_picture_again(engine: Engine, asked: Request) -> None:
    result = engine.generate(asked)[0]
    again = engine.reshoot(Receipt.from_dict(result.receipt.to_dict()))
    assert again.picture.tobytes() == result.picture.tobytes()
    assert again.receipt.is_same_picture(result.receipt)


def test_drafts_are_drawn_by_the_fast_one(engine: Engine) -> None:
    receipt = engine.generate(replace(ASKED, quality="draft"))[0].receipt
    assert (receipt.checkpoint.name, receipt.checkpoint.asked) == ("quick", "tuned")
    assert (receipt.steps, receipt.guidance) == (2, 1.0)
    assert [each.name for each in receipt.adapters] == ["face"]
    assert receipt.negative is not None
    assert receipt.negative.method == "nag"
    assert engine.generate(replace(ASKED, quality="draft", guidance=2))[0].receipt.checkpoint.name == "tuned"


def test_a_fast_version_that_is_not_here_is_told(engine: Engine) -> None:
    asked = replace(ASKED, quality="draft", checkpoint="alone")
    receipt = engine.generate(asked)[0].receipt
    assert (receipt.checkpoint.name, receipt.checkpoint.asked, receipt.steps) == ("alone", None, 2)
    assert [(entry.name, entry.value) for entry in receipt.ignored] == [("fast", "absent")]
    assert "it is not on this machine" in receipt.ignored[0].reason
    assert not receipt.to_request().allow_ignored
    assert engine.generate(replace(asked, quality="final"))[0].receipt.ignored == ()


def test_its_own_adapter_cannot_be_named_again(engine: Engine, machine: Settings) -> None:
    lora = machine.home / "loras" / "face.safetensors"
    with pytest.raises(RequestError, match="already"):
        engine.submit(replace(ASKED, adapters=(AdapterUse(str(lora)),)))
    with pytest.raises(RequestError, match="one and the same"):
        engine.generate(replace(ASKED, adapters=(AdapterUse(str(lora.parent / ".." / "loras" / lora.name)),)))
