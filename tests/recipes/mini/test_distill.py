"""The teacher's way by closed form, and a few steps of the student on a tiny pool of its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recipes.mini import distill
from recipes.mini.distill import Distiller, level, on_students_path, on_teachers_path, write
from recipes.mini.network import rotary, velocity
from recipes.mini.text import train_tokenizer
from recipes.mini.train import Shard, Studio

# torch says so of its own RMSNorm under autocast
pytestmark = pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight:UserWarning")
CAPTIONS = ["portrait of a woman, soft window light from the left", "portrait of a man with a beard"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads on a busy machine wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training state with random weights, of which the last layer is not zero, and a tokenizer."""
    folder = tmp_path_factory.mktemp("state")
    train_tokenizer(CAPTIONS * 5, folder / "tokenizer")
    torch.manual_seed(0)
    studio = Studio()
    torch.save({"average": studio.state_dict()}, folder / "train.pt")
    return folder


@pytest.fixture
def distiller(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distiller:
    """One shard of ten pictures."""
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(10, 2, 64, 64)).astype(np.float16)
    shard = Shard(
        latents,
        np.zeros((10, 2, 64, 20), np.float16),
        np.ones((10, 2, 64), np.float32),
        np.zeros((10, 2, 16), np.int64),
        [(CAPTIONS, CAPTIONS)] * 10,
    )
    monkeypatch.setattr(distill, "read_pool", lambda *_: {"square": [shard], "tall": []})
    options = argparse.Namespace(pool=tmp_path, state=state, to=tmp_path / "fast.pt", minutes=10.0, pairs=1)
    return Distiller(options)


def test_levels_are_those_that_the_checkpoint_is_drawn_with(tmp_path: Path) -> None:
    from fluxgram.families.checkpoints import find
    from fluxgram.families.flux2 import Flux2
    from fluxgram.settings import Settings

    checkpoint = find("fluxgram-mini-fast", Settings(home=tmp_path))
    drawn = Flux2().sigmas(checkpoint, 256, 256, distill.PASSES)
    assert drawn == pytest.approx([level(1 - i / distill.PASSES) for i in range(distill.PASSES + 1)])
    assert set(checkpoint.steps.values()) == {distill.PASSES}


def test_one_step_is_eulers_with_guidance(distiller: Distiller) -> None:
    teacher, generator = distiller.teacher, torch.Generator().manual_seed(1)
    x, text = torch.randn(2, 64, 64, generator=generator), torch.randn(2, 64, 576, generator=generator)
    (_, end) = teacher.go(x, text, 1.0, 0.75, 1)
    tables = rotary(teacher.net, 64, 8, 8)
    with torch.no_grad():
        guided, free = (
            velocity(teacher.net, x, torch.ones(2), each, tables)[0] for each in (text, teacher.empty(text))
        )
    expected = x + (6 / 7 - 1) * (2 * guided - free)  # 2 s / (1 + s) at 0.75
    moved = (expected - x).abs().max()
    assert moved > 0.01
    assert (end - expected).abs().max() < 0.05 * moved  # bfloat16


def test_the_way_is_of_second_order(monkeypatch: pytest.MonkeyPatch, distiller: Distiller) -> None:
    """dx/dt = x from t = 1 down to 0: the end is x / e, and halving the steps quarters the error."""
    monkeypatch.setattr(distill, "velocity", lambda net, x, *_: (x, None))
    x, text = torch.ones(1, 64, 64), torch.zeros(1, 64, 576)

    def error(steps: int) -> float:
        return abs(float(distiller.teacher.go(x, text, 1.0, 0.0, steps)[-1][0, 0, 0]) - float(np.exp(-1)))

    assert error(24) < 2e-3
    assert error(12) / error(24) > 3
    assert error(24) / error(48) > 3


def test_lessons_lead_where_the_teacher_goes(monkeypatch: pytest.MonkeyPatch, distiller: Distiller) -> None:
    """With a constant velocity every mean is that velocity, on both kinds of path; a student that errs shows."""
    monkeypatch.setattr(distill, "velocity", lambda net, x, *_: (torch.full_like(x, 0.5), None))
    x, text = torch.randn(2, 64, 64), torch.zeros(2, 64, 576)
    states, means, places = on_teachers_path(distiller.teacher, text, x, 4)
    assert places.tolist() == pytest.approx([1 - i / 12 for i in range(4, 12)])
    torch.testing.assert_close(means, torch.full_like(means, 0.5))
    t = torch.tensor([float(level(float(s))) for s in places])
    torch.testing.assert_close(states, x + 0.5 * (t - t[0])[:, None, None, None])
    states, means, places = on_students_path(distiller.teacher, distiller.student, text, x, 4)
    assert places.tolist() == [1.0, 0.75, 0.5, 0.25]
    torch.testing.assert_close(means, torch.full_like(means, 0.5))
    torch.testing.assert_close(states[3], x + 0.5 * (0.4 - 1.0))


def test_the_student_learns_resumes_and_is_written(distiller: Distiller, tmp_path: Path) -> None:
    begun = {name: value.clone() for name, value in distiller.student.state_dict().items()}
    lessons = distiller.prepare()
    assert lessons.x.shape == lessons.v.shape == (len(lessons.s), 2, 64, 64)
    errors = [distiller.learn(lessons) for _ in range(6)]
    assert errors[-1] < errors[0]
    teacher = distiller.teacher.net.state_dict()
    assert all(torch.equal(teacher[name], value) for name, value in begun.items())
    distiller.seconds = 123.0
    distiller.save()
    again = Distiller(distiller.options)
    assert (again.step, again.seconds) == (6, 123.0)
    assert all(torch.equal(again.average[name], value) for name, value in distiller.average.items())
    write(distiller.options.to, tmp_path / "out")
    written = load_file(tmp_path / "out" / "transformer" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in written.values()} == {torch.bfloat16}
    for name, tensor in written.items():
        assert torch.equal(tensor, distiller.average[name].bfloat16())


def test_students_paths_are_used_later_on(monkeypatch: pytest.MonkeyPatch, distiller: Distiller) -> None:
    taken: list[str] = []

    def path(kind: str) -> Callable[..., tuple[torch.Tensor, ...]]:
        def lessons(*_: object) -> tuple[torch.Tensor, ...]:
            taken.append(kind)
            return torch.zeros(1, 2, 64, 64), torch.zeros(1, 2, 64, 64), torch.ones(1)

        return lessons

    monkeypatch.setattr(distill, "on_students_path", path("student's"))
    monkeypatch.setattr(distill, "on_teachers_path", path("teacher's"))
    for _ in range(12):
        distiller.prepare()
    assert set(taken) == {"teacher's"}
    distiller.seconds = 0.9 * 60 * distiller.options.minutes
    for _ in range(12):
        distiller.prepare()
    assert set(taken[12:]) == {"teacher's", "student's"}
