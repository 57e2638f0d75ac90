"""Toys of every kind, made once a session, and the loaded parts of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fluxgram.families import family_of, flux1_toy
from fluxgram.families.checkpoints import Checkpoint, find
from fluxgram.families.contract import Parts
from fluxgram.families.flux1 import Flux1
from fluxgram.families.flux2 import Flux2
from fluxgram.families.flux2_toy import make_toy
from fluxgram.families.placement import place
from fluxgram.settings import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        home=tmp_path_factory.mktemp("home"), device="cpu", dtype="float32", threads=1, offline=True
    )


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("toys")
    return {
        "base": make_toy(folder / "base", distilled=False),
        "distilled": make_toy(folder / "distilled", distilled=True, seed=1),
    }


@pytest.fixture(scope="session")
def checkpoints(toys: dict[str, Path], settings: Settings) -> dict[str, Checkpoint]:
    return {kind: find(str(folder), settings) for kind, folder in toys.items()}


@pytest.fixture(scope="session")
def loaded(checkpoints: dict[str, Checkpoint], settings: Settings) -> dict[str, Parts]:
    return {kind: Flux2().load(each, place(each, settings)) for kind, each in checkpoints.items()}


@pytest.fixture(scope="session")
def toys1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Toys of FLUX.1."""
    folder = tmp_path_factory.mktemp("toys1")
    return {
        "schnell": flux1_toy.make_toy(folder / "schnell", distilled=True),
        "dev": flux1_toy.make_toy(folder / "dev", seed=1),
    }


@pytest.fixture(scope="session")
def checkpoints1(toys1: dict[str, Path], settings: Settings) -> dict[str, Checkpoint]:
    return {kind: find(str(folder), settings) for kind, folder in toys1.items()}


@pytest.fixture(scope="session")
def loaded1(checkpoints1: dict[str, Checkpoint], settings: Settings) -> dict[str, Parts]:
    return {kind: Flux1().load(each, place(each, settings)) for kind, each in checkpoints1.items()}


@pytest.fixture
def toy(toys: dict[str, Path], tmp_path: Path) -> Path:
    """A toy of one's own, to be damaged."""
    return Path(shutil.copytree(toys["base"], tmp_path / "toy"))


@pytest.fixture
def toy1(toys1: dict[str, Path], tmp_path: Path) -> Path:
    """A toy of FLUX.1 dev of one's own, to be damaged."""
    return Path(shutil.copytree(toys1["dev"], tmp_path / "toy1"))


@pytest.fixture
def load(settings: Settings) -> Callable[[Path], Parts]:
    def load_folder(folder: Path) -> Parts:
        checkpoint = find(str(folder), settings)
        return family_of(checkpoint).load(
            checkpoint, place(checkpoint, settings), lambda stage, fraction: None
        )

    return load_folder
