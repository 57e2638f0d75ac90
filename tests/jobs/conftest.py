"""A door on a real database, and real worker processes with an engine that takes no time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fluxgram.jobs.door import Jobs
from fluxgram.jobs.supervisor import Supervisor
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings

ROOT = Path(__file__).parents[2]
ENGINE = "tests.jobs.tiny_engine:make"


@pytest.fixture(scope="module", autouse=True)
def _workers_find_the_engine() -> Iterator[None]:
    paths = [str(ROOT), str(ROOT / "src"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def open_jobs(home: Path) -> Iterator[Callable[..., Jobs]]:
    """Opens the door, any number of times, with settings of the service."""
    opened: list[Jobs] = []

    def open_one(**service: Any) -> Jobs:
        place = service.pop("home", home)
        settings = Settings(home=place, device="cpu", dtype="float32", threads=1, offline=True)
        jobs = Jobs.open(settings, ServiceSettings(**{"log_format": "text", "lease_seconds": 6.0} | service))
        opened.append(jobs)
        return jobs

    yield open_one
    for jobs in opened:
        jobs.close()


@pytest.fixture
def jobs(open_jobs: Callable[..., Jobs]) -> Jobs:
    return open_jobs()


@pytest.fixture
def supervise() -> Iterator[Callable[..., Supervisor]]:
    """Starts workers for a door."""
    started: list[Supervisor] = []

    def start(jobs: Jobs, engine: str = ENGINE) -> Supervisor:
        supervisor = Supervisor(jobs, engine=engine)
        started.append(supervisor)
        supervisor.start()
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A checkpoint of the real classes with random weights."""
    from fluxgram.families.flux2_toy import make_toy

    return str(make_toy(tmp_path_factory.mktemp("toys") / "toy"))


@pytest.fixture(scope="session")
def distilled(tmp_path_factory: pytest.TempPathFactory) -> str:
    from fluxgram.families.flux2_toy import make_toy

    return str(make_toy(tmp_path_factory.mktemp("toys") / "distilled", distilled=True, seed=1))
