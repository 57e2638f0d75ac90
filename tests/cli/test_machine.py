"""`fluxgram checkpoints` and `fluxgram doctor`: what is here, what fits, what would help."""

from __future__ import annotations

import json
import math

import pytest
from safetensors import safe_open

from fluxgram.families.checkpoints import known
from fluxgram.families.sources import where
from fluxgram.jobs.examination import estimate
from fluxgram.settings import Settings
from tests.cli.conftest import Shell


def test_list(shell: Shell) -> None:
    done = shell("checkpoints")
    assert done.status == 0, done.err
    for part in ("fluxgram-mini", "flux2-klein-4b", "Apache-2.0", "not commercial, gated", "GB"):
        assert part in done.out


def test_list_as_json(shell: Shell) -> None:
    rows = {
        row["name"]: row for row in json.loads(shell("checkpoints", "--json", FLUXGRAM_MEMORY_GB="4").out)
    }
    assert set(rows) == set(known(Settings(home=shell.home)))
    assert rows["fluxgram-mini"]["fits"].startswith("yes")
    assert rows["flux2-klein-4b"]["fits"] == "no"
    assert rows["flux2-klein-4b"]["folder"] is None


def test_what_draws_no_drafts_because_it_is_not_here(shell: Shell) -> None:
    rows = {row["name"]: row for row in json.loads(shell("checkpoints", "--json").out)}
    assert (rows["fluxgram-mini"]["fast"], rows["fluxgram-mini"]["fast_here"]) == ("fluxgram-mini-fast", True)
    assert (rows["flux2-klein-4b"]["fast"], rows["flux2-klein-4b"]["fast_here"]) == ("", False)
    shell.home.mkdir(parents=True, exist_ok=True)
    tables = '[away]\nbase = "mini-fast"\nsource = "folder:/nowhere"\n[mine]\nbase = "mini"\nfast = "away"\n'
    (shell.home / "checkpoints.toml").write_text(tables, encoding="utf-8")
    listed = " ".join(shell("checkpoints", COLUMNS="200").out.split())
    assert listed.count("which draws its drafts, no") == 1
    assert "away, which draws its drafts, no" in listed
    assert "It draws its drafts itself: away is not here." in " ".join(
        shell("doctor", COLUMNS="300").out.split()
    )


def test_doctor(shell: Shell) -> None:
    done = shell("doctor", FLUXGRAM_MEMORY_GB="4")
    assert done.status == 0, done.err
    for part in (
        "processor",
        "memory",
        "TFLOP/s",
        "torch",
        "fluxgram-mini runs on",
        "does not fit",
        "FLUXGRAM_MEMORY_GB limits",
    ):
        assert part in done.out


def test_doctor_as_json_when_nothing_fits(shell: Shell) -> None:
    done = shell("doctor", "--json", FLUXGRAM_MEMORY_GB="0.001")
    assert done.status == 1, done.err
    found = json.loads(done.out)
    assert not any(outlook["runs"] for outlook in found["outlooks"])
    assert any("No checkpoint fits" in remedy for remedy in found["remedies"])
    assert all(rate > 0 for rate in found["tflops"].values())


def test_the_embedded_checkpoint_is_estimated_by_its_own_weights_and_threads(shell: Shell) -> None:
    settings = Settings(home=shell.home, offline=True)
    mini = known(settings)["fluxgram-mini"]
    folder = where(mini, settings)
    assert folder is not None
    with safe_open(folder / "transformer" / "diffusion_pytorch_model.safetensors", "pt") as file:
        weights = sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    found = json.loads(shell("doctor", "--json", FLUXGRAM_THREADS="0").out)
    (seconds,) = (each["seconds"] for each in found["outlooks"] if each["checkpoint"] == "fluxgram-mini")
    rates = found["tflops"]
    rate = rates.get("cpu float32 1 thread") or rates["cpu float32"]  # the latter where there is one core
    passes, tokens = mini.steps["final"] * 2, (256 // 32) ** 2 + mini.text.lengths[-1]
    assert seconds == pytest.approx(passes * 2 * weights * tokens / (0.6e12 * rate), abs=0.3)


@pytest.mark.parametrize(
    ("name", "passes", "tera"),
    [
        ("flux2-klein-4b", 4, 34.8),
        ("flux2-klein-base-4b", 100, 34.8),
        ("flux1-schnell", 4, 74.4),
        ("flux1-dev", 50, 74.4),
    ],
)
def test_estimate_is_of_the_right_order(name: str, passes: int, tera: float, shell: Shell) -> None:
    """TFLOP a pass at 1024x1024, counted by hand."""
    checkpoint = known(Settings(home=shell.home))[name]
    assert estimate(checkpoint, 1e12) == pytest.approx(passes * tera / 0.6, rel=0.35)
