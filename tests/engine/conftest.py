"""Toys for the engine's tests: the real classes with random weights, made once a session.

`toy` is as klein base (guidance, negative prompts), `distilled` as klein, `picky` draws two sizes only.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from fluxgram.settings import Settings
from tests.serving import toy_at_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fluxgram.engine.engine import Engine
    from fluxgram.families.checkpoints import Checkpoint

# Machines that run tests are shared and slow at times: how long an example takes says nothing of the code.
hypothesis.settings.register_profile(
    "fluxgram", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("fluxgram")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    return Settings(home=home, device="cpu", dtype="float32", threads=1, offline=True)


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> str:
    from fluxgram.families.flux2_toy import make_toy

    return str(make_toy(tmp_path_factory.mktemp("toys") / "toy"))


@pytest.fixture(scope="session")
def distilled(tmp_path_factory: pytest.TempPathFactory) -> str:
    from fluxgram.families.flux2_toy import make_toy

    return str(make_toy(tmp_path_factory.mktemp("toys") / "distilled", distilled=True, seed=1))


@pytest.fixture(scope="session")
def picky(toy: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("toys") / "picky"
    shutil.copytree(toy, folder)
    table = folder / "fluxgram.toml"
    text = table.read_text(encoding="utf-8")
    table.write_text(
        text.replace("least = 32\n", "least = 32\nknown = [[64, 64], [64, 96]]\n"), encoding="utf-8"
    )
    return str(folder)


@pytest.fixture(scope="session")
def mini_at_home(toy: str, home: Path) -> Path:
    """The home folder, where the name `fluxgram-mini` means the toy."""
    toy_at_home(home, "fluxgram-mini", toy)
    return home


@pytest.fixture
def engine(toy: str, settings: Settings) -> Iterator[Engine]:
    from fluxgram.engine.engine import Engine

    with Engine(toy, settings) as engine:
        yield engine


def table(**changes: object) -> Checkpoint:
    """A checkpoint's table, as that of klein base, with changes; no files behind it."""
    from dataclasses import replace

    from fluxgram.families.checkpoints import find

    base = find("flux2-klein-base-4b", Settings(home=Path("nowhere")))
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture(name="table")
def table_fixture() -> object:
    return table
