"""Checkpoints are fetched in processes of their own: progress, stop, resume, and what is said when it goes wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fluxgram.errors import CheckpointMissing, UnknownCheckpoint
from fluxgram.families.sources import is_present
from fluxgram.jobs import aside
from fluxgram.jobs.pulling import Pulls
from tests.jobs.slow_hub import HELD, NAME, SlowHub, settings_of, slow_hub
from tests.serving import wait_until


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowHub]:
    with slow_hub(tmp_path / "served") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "shared"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


def over(pulls: Pulls) -> str:
    return wait_until(lambda: (state := pulls.get(NAME).state) != "running" and state, "the end of the pull")


def test_stopped_in_the_middle_and_gone_on_with(hub: SlowHub, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with contextlib.closing(Pulls(settings)) as pulls:
        assert pulls.get(NAME).state == "none"
        first = pulls.start(NAME)
        assert pulls.start(NAME) == first or pulls.get(NAME).started == first.started  # no second one
        wait_until(lambda: hub.times(HELD), "the held file being asked for")
        wait_until(lambda: list(tmp_path.rglob("snapshots/*/tokenizer/tokenizer.json")), "the other files")
        stopped = pulls.cancel(NAME)
        assert (stopped.state, stopped.problem) == ("cancelled", None)
        assert pulls.cancel(NAME).state == "cancelled"
        assert not is_present(pulls.table(NAME), settings)
        before = hub.times("tokenizer/tokenizer.json")
        hub.free.set()
        pulls.start(NAME)
        assert over(pulls) == "done"
        assert is_present(pulls.table(NAME), settings)
        assert hub.times("tokenizer/tokenizer.json") == before  # was there already
        done = pulls.get(NAME)
        assert (done.fraction, done.problem) == (1.0, None)
        assert done.finished is not None
    assert Pulls(settings).get(NAME).state == "done"


def test_a_service_that_ended_in_the_middle_says_so(hub: SlowHub, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    before = Pulls(settings)
    before.start(NAME)
    wait_until(lambda: hub.times(HELD), "the held file being asked for")
    before.close()
    with pytest.raises(CheckpointMissing, match="ending"):
        before.start(NAME)
    hub.free.set()
    with contextlib.closing(Pulls(settings)) as after:
        found = after.get(NAME)
        assert found.state == "interrupted"
        assert found.problem is not None
        assert "goes on" in found.problem["hint"]
        after.start(NAME)
        assert over(after) == "done"


def test_a_process_that_is_killed_is_told(hub: SlowHub, tmp_path: Path) -> None:
    with contextlib.closing(Pulls(settings_of(tmp_path / "home"))) as pulls:
        pulls.start(NAME)
        wait_until(lambda: hub.times(HELD), "the held file being asked for")
        for child in psutil.Process().children():
            if "fluxgram.jobs.aside" in " ".join(child.cmdline()):
                child.kill()
        assert over(pulls) == "failed"
        problem = pulls.get(NAME).problem
        assert problem is not None
        assert "ended in the middle" in problem["message"]


def test_gated_names_the_page(hub: SlowHub, tmp_path: Path) -> None:
    hub.gated = True
    with contextlib.closing(Pulls(settings_of(tmp_path / "home"))) as pulls:
        pulls.start(NAME)
        assert over(pulls) == "failed"
        problem = pulls.get(NAME).problem
        assert problem is not None
        assert problem["kind"] == "CheckpointGated"
        assert f"{hub.url}/somebody/FLUX.2-klein-toy, accept the licence" in problem["hint"]


def test_offline_is_told(tmp_path: Path) -> None:
    with contextlib.closing(Pulls(settings_of(tmp_path / "home", offline=True))) as pulls:
        pulls.start(NAME)
        assert over(pulls) == "failed"
        problem = pulls.get(NAME).problem
        assert problem is not None
        assert "offline" in problem["message"]


def test_what_cannot_be_fetched(tmp_path: Path) -> None:
    pulls = Pulls(settings_of(tmp_path / "home"))
    with pytest.raises(UnknownCheckpoint, match="no checkpoint 'far-awy'") as caught:
        pulls.start("far-awy")
    assert caught.value.hint == "Did you mean far-away?"
    with pytest.raises(UnknownCheckpoint):
        pulls.get("../../etc/passwd")
    with pytest.raises(CheckpointMissing, match="it is embedded"):
        pulls.start("fluxgram-mini")
    assert pulls.table("somebody/FLUX.2-klein-toy").name == NAME


@pytest.mark.parametrize("text", ["", "[", '{"state": "running", "colour": 1}', "[1]"])
def test_a_damaged_note_is_none(tmp_path: Path, text: str) -> None:
    settings = settings_of(tmp_path / "home")
    folder = settings.home / "service" / "pulls"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.json").write_text(text)
    assert Pulls(settings).get(NAME).state == "none"


def test_the_process_ends_with_its_parent(hub: SlowHub, tmp_path: Path) -> None:
    process = aside.begin("pull", settings_of(tmp_path / "home"), NAME)
    wait_until(lambda: hub.times(HELD), "the held file being asked for")
    assert process.stdin is not None
    process.stdin.close()  # as when the parent is gone
    assert process.wait(timeout=60) == 0
    assert process.stdout is not None
    process.stdout.close()
