"""What a service says of its machine: counted storage, and an examination that is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxgram.errors import CheckpointError
from fluxgram.jobs.door import Jobs
from fluxgram.jobs.machine import Machine
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    settings = Settings(home=tmp_path / "home", device="cpu", offline=True, threads=1)
    with contextlib.closing(Jobs.open(settings, ServiceSettings(retention_days=30))) as opened:
        yield opened


def test_storage_of_an_empty_home(jobs: Jobs) -> None:
    found = Machine(jobs).storage()
    assert (found.pictures, found.bytes, found.bin_pictures, found.bin_bytes) == (0, 0, 0, 0)
    assert found.database_bytes is not None
    assert found.database_bytes >= Path(found.database).stat().st_size
    assert found.free_bytes is not None
    assert found.retention_days == 30


def test_an_examination_is_kept(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXGRAM_SERVE_WEBHOOK_SECRET", "whsec_hush")
    machine = Machine(jobs)
    assert machine.last() is None
    found = machine.examine()
    assert {each["checkpoint"] for each in found["outlooks"]} >= {"fluxgram-mini", "flux2-klein-4b"}
    assert found["tflops"]["cpu float32"] > 0
    assert "hush" not in str(found)
    assert Machine(jobs).last() == found


def test_what_cannot_be_examined_is_told(jobs: Jobs) -> None:
    (jobs.settings.home / "checkpoints.toml").write_text("[broken]\nfamily = 'flux2'\ncolour = 1\n")
    machine = Machine(jobs)
    with pytest.raises(CheckpointError, match="broken"):
        machine.examine()
    assert machine.last() is None
