"""`fluxgram reshoot` and `inspect`: the same pixels from the file alone, or a refusal with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fluxgram.pictures.read import read_picture, read_receipt
from tests.cli.conftest import Done, Shell


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_same_pixels(shell: Shell, inside: Callable[..., Done], toy: Path, ending: str) -> None:
    name, again = f"x.{ending}", f"x-reshoot.{ending}"
    made = inside(
        "generate", "grey hair", "-c", toy, "--out", name, "--steps", "2", "--size", "96x64", "--seed", "3"
    )
    assert made.status == 0, made.err
    done = inside("reshoot", name, "--checkpoint", toy, "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["same_pixels"] is True
    first, second = read_picture(shell.folder / name), read_picture(shell.folder / again)
    assert first.tobytes() == second.tobytes()
    assert read_receipt(shell.folder / again)["seed"] == 3


def test_other_weights_and_a_folder_that_moved(
    shell: Shell, inside: Callable[..., Done], toy: Path, distilled_toy: Path
) -> None:
    made = inside("generate", "grey hair", "-c", toy, "--out", "x.png", "--steps", "1", "--size", "64x64")
    assert made.status == 0, made.err
    lost = inside("reshoot", "x.png")
    assert lost.status == 2
    assert "--checkpoint FOLDER" in lost.err
    other = inside("reshoot", "x.png", "--checkpoint", distilled_toy)
    assert other.status == 1
    assert "--anyway" in other.err
    assert shell.files() == ["x.png"]


def test_inspect(shell: Shell, inside: Callable[..., Done], toy: Path) -> None:
    words = "grey hair " * 80
    made = inside(
        "generate", words, "-c", toy, "--out", "x.png", "--steps", "1", "--size", "80x50", "--seed", "3"
    )
    assert made.status == 0, made.err
    done = inside("inspect", "x.png")
    assert done.status == 0, done.err
    for part in (
        "tokens read (limit",
        "lost",
        "80x50, drawn at",
        "toy (flux2",
        "seconds",
        "versions",
        "torch",
    ):
        assert part in done.out
    assert json.loads(inside("inspect", "x.png", "--json").out) == read_receipt(shell.folder / "x.png")
