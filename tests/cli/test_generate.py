"""`fluxgram generate` as people use it: names, formats, prompts from everywhere, what is said, and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fluxgram.pictures.read import read_picture, read_receipt
from tests.cli.conftest import SCRIPT, Done, Shell

FAST = ("--steps", "1", "--size", "64x64")


def test_samples_are_numbered_and_seeded(shell: Shell, inside: Callable[..., Done], toy: Path) -> None:
    done = inside("generate", "grey hair", "-c", toy, *FAST, "--seed", "7", "-n", "3", "--out", "x.png")
    assert done.status == 0, done.err
    assert shell.files() == ["x-0.png", "x-1.png", "x-2.png"]
    lines = done.out.splitlines()
    assert [line.split(" · ")[:2] for line in lines] == [[f"x-{i}.png", f"seed {7 + i}"] for i in range(3)]
    assert all(line.endswith(" s") for line in lines)
    assert [read_receipt(shell.folder / name)["seed"] for name in shell.files()] == [7, 8, 9]
    assert done.err == ""


def test_json_and_resampling(shell: Shell, toy: Path) -> None:
    done = shell(
        "generate",
        "-",
        "-c",
        toy,
        "--size",
        "80x50",
        "--steps",
        "1",
        "--out",
        "x.webp",
        "--json",
        stdin=b"grey hair\n",
    )
    assert done.status == 0, done.err
    (entry,) = json.loads(done.out)["pictures"]
    assert entry["file"] == "x.webp"
    assert entry["receipt"] == read_receipt(shell.folder / "x.webp")
    assert entry["receipt"]["prompt"]["text"] == "grey hair"
    with Image.open(shell.folder / "x.webp") as image:
        assert (image.format, image.size) == ("WEBP", (80, 50))


def test_names_by_themselves(shell: Shell, inside: Callable[..., Done], toy: Path) -> None:
    """Prompt and seed name the file; a second run takes nothing away from the first."""
    command = (
        "generate",
        "Portrait of a Woman, 85mm!",
        "-c",
        toy,
        *FAST,
        "--seed",
        "7",
        "--quiet",
        "--format",
        "jpeg",
    )
    assert inside(*command).out == "portrait-woman-85mm-7.jpg\n"
    assert inside(*command).out == "portrait-woman-85mm-7-2.jpg\n"
    first, second = (read_picture(shell.folder / name) for name in shell.files())
    assert first.tobytes() == second.tobytes()


def test_force_and_prompt_file(shell: Shell, inside: Callable[..., Done], toy: Path) -> None:
    (shell.folder / "words.txt").write_bytes("\ufeffgrey hair, soft light\r\n".encode())
    (shell.folder / "x.png").write_bytes(b"old")
    done = inside("generate", "@words.txt", "-c", toy, *FAST, "--out", "x.png", "--force", "--quiet")
    assert done.status == 0, done.err
    assert read_receipt(shell.folder / "x.png")["prompt"]["text"] == "grey hair, soft light"  # type: ignore[index]


def on_terminal(shell: Shell, *arguments: str, until: bytes, send: int) -> tuple[int, str]:
    """Run on a terminal of its own, send a signal as soon as some words appear, and give status and screen."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, *arguments],
        cwd=shell.folder,
        env=shell.environment(TERM="xterm"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    screen, sent, deadline = b"", False, time.monotonic() + 240
    try:
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 1.0)[0]:
                continue
            try:
                screen += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not sent and until in screen:
                process.send_signal(send)
                sent = True
        assert sent, screen.decode()
        return process.wait(timeout=60), screen.decode("utf-8", "replace")
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_mid_step(shell: Shell, toy: Path, number: int, status: int) -> None:
    """The bar of the steps is on the screen, so at least one step is done and 199 or so are left."""
    arguments = (
        "generate",
        "grey hair",
        "-c",
        str(toy),
        "--steps",
        "200",
        "--size",
        "512x512",
        "--out",
        "x.png",
    )
    ended, screen = on_terminal(shell, *arguments, until=b"draw", send=number)
    assert ended == status, screen
    assert shell.files() == []
    assert "Traceback" not in screen
    if number == signal.SIGINT:
        assert "Stopped; nothing was written." in screen
