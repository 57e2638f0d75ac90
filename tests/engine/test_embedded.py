"""The embedded checkpoint through the engine: a portrait offline, the seed contract, and reshooting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import fluxgram
from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from fluxgram.settings import Settings

FOLDER = Path(fluxgram.__file__).parent / "families" / "data" / "fluxgram-mini"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "model_index.json").is_file(), reason="the embedded checkpoint is not in this tree yet"
)

PORTRAIT = Request("portrait of a woman with grey hair, soft window light from the left", seed=42, steps=2)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), device="cpu", threads=1, offline=True)
    with Engine(settings=settings) as engine:
        yield engine


def test_the_same_pixels_alone_and_in_company(engine: Engine) -> None:
    alone = engine.generate(PORTRAIT)[0]
    other = engine.submit(replace(PORTRAIT, prompt="a man in golden hour light", size=(256, 384), steps=3))
    engine.step()
    pair = engine.generate(replace(PORTRAIT, seed=41, samples=2, preview_every=1))
    assert pair[1].picture.tobytes() == alone.picture.tobytes()
    assert pair[1].receipt.is_same_picture(alone.receipt)
    while engine.busy:
        engine.step()
    assert other.results[0].receipt.rendered == (256, 384)


def test_another_size_is_resampled_and_said(engine: Engine) -> None:
    result = engine.generate(replace(PORTRAIT, size=(300, 450), steps=1))[0]
    assert result.picture.size == (300, 450)
    assert result.receipt.rendered == (256, 384)
    again = engine.reshoot(result.receipt)
    assert again.picture.tobytes() == result.picture.tobytes()
