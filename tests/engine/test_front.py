"""`import fluxgram`: light, with few names, and the example in `examples/` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import fluxgram
from fluxgram.errors import RequestError
from fluxgram.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "portrait.py"


def python(*arguments: str, home: Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"FLUXGRAM_HOME": str(home), "FLUXGRAM_DEVICE": "cpu", "FLUXGRAM_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_importing_it_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = "torch numpy PIL diffusers transformers importlib.metadata"
    code = f"import sys, fluxgram; print([name for name in {heavy.split()} if name in sys.modules])"
    assert (
        python("-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}", home=tmp_path).stdout == "[]\n"
    )


def test_neither_do_requests_and_the_engine(tmp_path: Path) -> None:
    code = "import sys; from fluxgram import Engine, Request, Settings; print('torch' in sys.modules)"
    assert python("-c", code, home=tmp_path).stdout == "False\n"


def test_its_names() -> None:
    for name in fluxgram.__all__:
        assert getattr(fluxgram, name) is not None
    assert fluxgram.__version__ == version("fluxgram")
    with pytest.raises(AttributeError, match="'generat'"):
        fluxgram.generat  # type: ignore[attr-defined]  # noqa: B018


def test_generate_gives_one_picture_or_a_list(toy: str, settings: Settings) -> None:
    one = fluxgram.generate("portrait", settings=settings, seed=1, steps=1, checkpoint=toy)
    several = fluxgram.generate("portrait", settings=settings, seed=1, steps=1, checkpoint=toy, samples=2)
    assert isinstance(one, fluxgram.Result)
    assert isinstance(several, list)
    assert one.picture.tobytes() == several[0].picture.tobytes()


def test_generate_names_the_nearest_field(settings: Settings) -> None:
    with pytest.raises(RequestError) as caught:
        fluxgram.generate("portrait", settings=settings, sede=1)
    assert caught.value.hint == "Did you mean seed?"


def test_the_example_runs(mini_at_home: Path, tmp_path: Path) -> None:
    """With the toy in the place of the embedded checkpoint, so that it takes a second."""
    done = python(str(EXAMPLE), home=mini_at_home, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["portrait.png"]
    assert "seed 42" in done.stdout


def test_the_example_is_ten_lines() -> None:
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 10
