"""`fluxgram checkpoints` and `fluxgram doctor`: what is here, what fits, what would help."""

from __future__ import annotations

import json

import pytest

from fluxgram.cli.examination import estimate
from fluxgram.families.checkpoints import known
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


@pytest.mark.parametrize("name", ["flux2-klein-4b", "flux2-klein-base-4b"])
def test_estimate_is_of_the_right_order(name: str, shell: Shell) -> None:
    """klein-4B at 1024x1024 is 34.8 TFLOP a step, counted by hand."""
    checkpoint = known(Settings(home=shell.home))[name]
    passes = checkpoint.steps["final"] * (1 if checkpoint.distilled else 2)
    assert estimate(checkpoint, 1e12) == pytest.approx(passes * 34.8 / 0.6, rel=0.35)
