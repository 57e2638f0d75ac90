"""The front of the command line: help at once, version, completion, and failures that are nobody's mistake."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fluxgram.cli import door
from tests.cli.conftest import SCRIPT, Shell


def test_help(shell: Shell) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        done = shell(*arguments)
        assert done.status == 0
        assert all(name in done.out for name in ("generate", "reshoot", "inspect", "checkpoints", "doctor"))
    assert "--guidance" in shell("generate", "--help", COLUMNS="120").out


def test_help_needs_nothing_slow(shell: Shell) -> None:
    """It comes at once since what it loads is little: typer and what that needs to write."""
    code = (
        "import sys; from fluxgram.cli.door import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    slow = {"torch", "numpy", "PIL", "diffusers", "transformers", "huggingface_hub", "sqlalchemy", "pydantic"}
    assert loaded.isdisjoint(slow)
    assert len(loaded) < 600  # of which Python's own are most


def test_version(shell: Shell) -> None:
    assert shell("--version").out.startswith("fluxgram 0.")


@pytest.mark.parametrize(
    ("words", "answer"),
    [("fluxgram generate x --checkpoint fluxgram-", "fluxgram-mini"), ("fluxgram generate x --quality d", "draft"),
     ("fluxgram generate x --format w", "webp"), ("fluxgram che", "checkpoints")],
)  # fmt: skip
def test_completion(shell: Shell, words: str, answer: str) -> None:
    done = shell(_FLUXGRAM_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    assert answer in done.out.split()


def fail(error: BaseException) -> object:
    def command(arguments: list[str]) -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (
            TypeError("a defect\nof two lines"),
            1,
            "error: fluxgram failed in a way it should not: TypeError: a defect\n",
        ),
        (MemoryError(), 1, "too little memory"),
        (ImportError("libtorch.so: failed to map segment from shared object"), 1, "too little memory"),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_failures_that_are_nobodys_mistake(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    says: str,
) -> None:
    monkeypatch.setattr(door, "_dispatch", fail(error))
    monkeypatch.setattr(door, "_prepare_process", lambda *, debug: None)
    assert door.run(["generate"]) == status
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_dispatch", fail(TypeError("a defect")))
    monkeypatch.setattr(door, "_prepare_process", lambda *, debug: None)
    with pytest.raises(TypeError, match="a defect"):
        door.run(["generate", "--debug"])
    assert door.run(["generate", "--", "--debug"]) == 1


def test_a_reader_that_goes_away(shell: Shell) -> None:
    with subprocess.Popen([SCRIPT, "checkpoints", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=shell.environment()) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert b"Traceback" not in said
    assert b"Exception" not in said
