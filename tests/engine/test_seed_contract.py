"""The seed contract: the same request gives the same pixels, whatever else happens on the machine."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from fluxgram.engine.result import Result
from fluxgram.settings import Settings

REQUEST = Request(
    "portrait of a woman with grey hair", negative="beard", seed=2**64 - 2, size=(96, 128), steps=4
)
OTHERS = [
    Request("a man", seed=1, size=(64, 64), steps=7),
    Request("a man in golden hour light", seed=2**64 - 2, size=(128, 96), steps=2, guidance=1),
    Request("portrait " * 40, seed=3, size=(160, 96), steps=5, samples=2),
]

ALONE = """
import hashlib, sys
from pathlib import Path
from fluxgram.engine.engine import Engine
from fluxgram.engine.request import Request
from fluxgram.settings import Settings

settings = Settings(home=Path(sys.argv[2]), device="cpu", dtype=sys.argv[3], threads=int(sys.argv[4]), offline=True)
with Engine(sys.argv[1], settings) as engine:
    for seed in sys.argv[5:]:
        words, size = "portrait of a woman with grey hair", (96, 128)
        request = Request(words, negative="beard", seed=int(seed), size=size, steps=4)
        print(hashlib.sha256(engine.generate(request)[0].picture.tobytes()).hexdigest())
"""


def mark(result: Result) -> str:
    return hashlib.sha256(result.picture.tobytes()).hexdigest()


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def machine(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    return replace(settings, dtype=request.param)


@pytest.fixture(scope="module")
def engine(toy: str, machine: Settings) -> Iterator[Engine]:
    with Engine(toy, machine) as engine:
        yield engine


@pytest.fixture(scope="module")
def alone(engine: Engine) -> list[str]:
    """Marks of the four pictures, each drawn alone."""
    seeds = [2**64 - 2, 2**64 - 1, 0, 1]
    marks = [mark(engine.generate(replace(REQUEST, seed=seed))[0]) for seed in seeds]
    assert len(set(marks)) == 4
    return marks


def test_in_a_request_of_four(engine: Engine, alone: list[str]) -> None:
    assert [mark(result) for result in engine.generate(replace(REQUEST, samples=4))] == alone


def test_between_jobs_of_other_sizes_and_steps(engine: Engine, alone: list[str]) -> None:
    before = [engine.submit(request) for request in OTHERS[:2]]
    for _ in range(3):
        engine.step()
    job = engine.submit(replace(REQUEST, samples=4, preview_every=1))
    engine.step()
    after = engine.submit(OTHERS[2])
    while engine.busy:
        engine.step()
    assert [mark(result) for result in job.results] == alone
    assert all(other.over and other.error is None for other in [*before, after])
    for request, other in zip(OTHERS, [*before, after], strict=True):
        assert [mark(result) for result in other.results] == [
            mark(result) for result in engine.generate(request)
        ]


def test_in_a_new_process(toy: str, machine: Settings, alone: list[str], tmp_path: Path) -> None:
    seeds = [str(2**64 - 2), "0"]
    command = [sys.executable, "-c", ALONE, toy, str(tmp_path), machine.dtype, str(machine.threads), *seeds]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout.split() == [alone[0], alone[2]], done.stderr


@pytest.mark.slow
def test_on_two_threads(toy: str, settings: Settings) -> None:
    small = Request("portrait of a woman", seed=1, steps=2, guidance=1)
    with Engine(toy, replace(settings, threads=2)) as engine:
        alone = engine.generate(replace(small, seed=2))[0]
        other, job = engine.submit(OTHERS[1]), engine.submit(replace(small, samples=2))
        while engine.busy:
            engine.step()
    assert mark(job.results[1]) == mark(alone)
    assert other.over
    assert alone.receipt.machine.threads == 2


def test_whatever_others_do_to_torch(engine: Engine, alone: list[str], machine: Settings) -> None:
    import torch

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(machine.threads + 1)
        torch.manual_seed(123)
        torch.rand(7)
        assert mark(engine.generate(REQUEST)[0]) == alone[0]
        assert torch.get_num_threads() == machine.threads
    finally:
        torch.set_num_threads(threads)


def test_the_receipt_is_the_same_but_for_the_time(engine: Engine) -> None:
    one = engine.generate(replace(REQUEST, samples=2))[1].receipt
    other = engine.generate(replace(REQUEST, seed=2**64 - 1))[0].receipt
    assert one.is_same_picture(other)
    assert {name for name, value in one.to_dict().items() if other.to_dict()[name] != value} <= {
        "seconds",
        "created",
    }
