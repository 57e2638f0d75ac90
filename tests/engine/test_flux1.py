"""The whole way with a folder of FLUX.1: request, plan, picture, receipt, and the same picture again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fluxgram.engine import events
from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from fluxgram.errors import RequestError
from fluxgram.families.contract import NegativeMethod
from fluxgram.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fluxgram.engine.events import Event

SMALL = Request("portrait of a woman", seed=5, steps=2)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> str:
    from fluxgram.families.flux1_toy import make_toy

    return str(make_toy(tmp_path_factory.mktemp("toys") / "dev"))


@pytest.fixture(scope="module")
def schnell(tmp_path_factory: pytest.TempPathFactory) -> str:
    from fluxgram.families.flux1_toy import make_toy

    return str(make_toy(tmp_path_factory.mktemp("toys") / "schnell", distilled=True))


@pytest.fixture
def drawing(dev: str, settings: Settings) -> Iterator[Engine]:
    with Engine(dev, settings) as engine:
        yield engine


def test_a_picture_and_its_receipt(drawing: Engine) -> None:
    (result,) = drawing.generate(Request("portrait of a woman", seed=5, size=(96, 64), quality="draft"))
    receipt = result.receipt
    assert result.picture.size == (96, 64)
    assert (receipt.checkpoint.name, receipt.checkpoint.family) == ("dev", "flux1")
    assert (receipt.steps, receipt.guidance, receipt.schedule) == (2, 3.5, "linear")
    assert (receipt.prompt.kept, receipt.prompt.lost) == (4, "")


def test_the_same_pixels_alone_among_others_and_after_another_checkpoint(
    drawing: Engine, schnell: str
) -> None:
    (alone,) = drawing.generate(SMALL)
    others = drawing.generate(Request("portrait of a woman", seed=4, steps=2, samples=2))
    assert others[1].picture.tobytes() == alone.picture.tobytes()
    assert others[0].picture.tobytes() != alone.picture.tobytes()
    (quick,) = drawing.generate(Request("portrait of a woman", seed=5, checkpoint=schnell))
    assert quick.receipt.guidance == 1.0
    assert quick.receipt.steps == 4
    assert drawing.generate(SMALL)[0].picture.tobytes() == alone.picture.tobytes()


@pytest.mark.parametrize("method", ["true_cfg", "nag", "vsf"])
def test_negative_prompts_are_applied_and_told(drawing: Engine, method: NegativeMethod) -> None:
    (plain,) = drawing.generate(SMALL)
    (steered,) = drawing.generate(
        Request("portrait of a woman", seed=5, steps=2, negative="a hat", negative_method=method)
    )
    assert steered.picture.tobytes() != plain.picture.tobytes()
    assert method in str(steered.receipt)


def test_what_schnell_cannot_do_is_refused(drawing: Engine, schnell: str) -> None:
    with pytest.raises(RequestError, match="guidance"):
        drawing.generate(Request("a man", guidance=3.5, checkpoint=schnell))
    with pytest.raises(RequestError, match="true_cfg"):
        drawing.generate(Request("a man", negative="a hat", negative_method="true_cfg", checkpoint=schnell))


@pytest.mark.parametrize("guidance", [0.0, 0.5])
def test_guidance_below_one_is_read_by_dev_as_any_other(drawing: Engine, guidance: float) -> None:
    (low,) = drawing.generate(replace(SMALL, guidance=guidance))
    assert (low.receipt.guidance, low.receipt.ignored) == (guidance, ())
    (one,) = drawing.generate(replace(SMALL, guidance=1))
    assert low.picture.tobytes() != one.picture.tobytes()


def test_previews(drawing: Engine) -> None:
    told: list[Event] = []
    drawing.generate(Request("portrait of a woman", seed=5, steps=2, preview_every=1), told.append)
    previews = [event.image for event in told if isinstance(event, events.Preview)]
    assert {image.size for image in previews} == {(16, 16)}
