"""The real console script in a process of its own, and a toy checkpoint for it to draw with."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("fluxgram")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """Runs fluxgram in a folder of its own, with a home of its own, without a network or a terminal."""

    folder: Path
    home: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("FLUXGRAM_", "HF_"))
        }
        return (
            kept | {"FLUXGRAM_HOME": str(self.home), "FLUXGRAM_OFFLINE": "1", "FLUXGRAM_THREADS": "1"} | more
        )

    def __call__(
        self, *arguments: object, stdin: bytes = b"", limits: dict[int, int] | None = None, **environment: str
    ) -> Done:
        def restrict() -> None:
            for which, number in (limits or {}).items():
                resource.setrlimit(which, (number, number))

        done = subprocess.run(
            [SCRIPT, *[os.fsencode(str(argument)) for argument in arguments]],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            env=self.environment(**environment),
            timeout=300,
            check=False,
            preexec_fn=restrict if limits else None,
        )
        return Done(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    return Shell(folder, home)


@pytest.fixture
def inside(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Runs commands in this process: the same door, but torch is imported only once for all of them."""
    from fluxgram.cli import door

    monkeypatch.chdir(shell.folder)
    monkeypatch.setattr(door, "_prepare_process", lambda *, debug: None)
    for name, value in shell.environment().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Done:
        status = door.run([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Done(status, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint like klein base, with random weights; not to be changed."""
    from fluxgram.families.flux2_toy import make_toy

    return make_toy(tmp_path_factory.mktemp("toys") / "toy")


@pytest.fixture(scope="session")
def distilled_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint like klein, with random weights; not to be changed."""
    from fluxgram.families.flux2_toy import make_toy

    return make_toy(tmp_path_factory.mktemp("toys") / "toy-distilled", distilled=True, seed=1)


@pytest.fixture
def own_toy(toy: Path, tmp_path: Path) -> Path:
    """A copy of the toy that a test may damage."""
    return Path(shutil.copytree(toy, tmp_path / "own-toy"))
