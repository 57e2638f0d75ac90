"""`--adapter`, `--negative-method` and `--negative-scale`: drawn with, shown, drawn again, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fluxgram.pictures.read import read_picture, read_receipt
from tests.cli.conftest import Done, Shell
from tests.loras import write_lora

Run = Callable[..., Done]
FAST = ("--steps", "2", "--size", "64x64", "--seed", "7")


def test_drawn_shown_and_drawn_again(shell: Shell, inside: Run, toy: Path) -> None:
    write_lora(shell.folder / "film.safetensors", toy, seed=1)
    plain = inside("generate", "grey hair", "-c", toy, *FAST, "-o", "plain.png")
    assert (plain.status, plain.err) == (0, "")
    use = "film.safetensors:0.5@steps=0-0.5@blocks=single:2"
    made = inside("generate", "grey hair", "-c", toy, *FAST, "-o", "x.png", "--adapter", use)
    assert made.status == 0, made.err
    assert "note:  Drawn with the adapter film x 0.5, " in made.err
    assert (
        read_picture(shell.folder / "x.png").tobytes() != read_picture(shell.folder / "plain.png").tobytes()
    )
    (adapter,) = read_receipt(shell.folder / "x.png")["adapters"]
    assert (adapter["name"], adapter["strength"], adapter["source"]) == ("film", 0.5, "film.safetensors")
    shown = inside("inspect", "x.png").out
    assert "film x 0.5" in shown
    assert "steps 0-0.5, blocks single x 2" in " ".join(shown.split())

    (shell.folder / "film.safetensors").rename(shell.folder / "moved.safetensors")
    lost = inside("reshoot", "x.png", "-c", toy)
    assert lost.status == 2
    assert "--adapter FILE" in lost.err
    done = inside("reshoot", "x.png", "-c", toy, "--adapter", "moved.safetensors", "--quiet")
    assert (done.status, done.out) == (0, "x-reshoot.png\n"), done.err
    again = read_picture(shell.folder / "x-reshoot.png")
    assert again.tobytes() == read_picture(shell.folder / "x.png").tobytes()
    write_lora(shell.folder / "film.safetensors", toy, seed=2)
    changed = inside("reshoot", "x.png", "-c", toy, "-o", "y.png")
    assert changed.status == 1
    assert "add --anyway" in changed.err


def test_ways_of_a_negative_prompt(shell: Shell, inside: Run, distilled_toy: Path) -> None:
    drawn = {}
    for name, options in {
        "plain": (),
        "nag": ("--negative", "beard"),
        "vsf": ("--negative", "beard", "--negative-method", "vsf"),
        "more": ("--negative", "beard", "--negative-method", "vsf", "--negative-scale", "6"),
    }.items():
        done = inside("generate", "grey hair", "-c", distilled_toy, *FAST, "-o", f"{name}.png", *options)
        assert done.status == 0, done.err
        drawn[name] = read_picture(shell.folder / f"{name}.png").tobytes()
    assert len(set(drawn.values())) == 4
    assert "note:  The negative prompt steers by value sign flip (vsf), scale 6" in done.err
    assert "value sign flip (vsf), scale 6" in inside("inspect", "more.png").out
    again = inside("reshoot", "more.png", "-c", distilled_toy, "--json")
    assert '"same_pixels": true' in again.out


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("-a", "none.safetensors"), 2, "There is no file none.safetensors"),
        (("-a", "flim"), 2, "There is no adapter 'flim'"),
        (("-a", "film:1e9"), 2, "can't be 1000000000.0"),
        (("-a", "film", "-a", "film:2"), 2, "named twice"),
        (("-a", "half.safetensors"), 1, "half.safetensors"),
        (("-a", "text.safetensors"), 1, "text.safetensors"),
        (("--negative-method", "nag"), 2, "there is no negative prompt"),
        (("--negative", "beard", "--negative-method", "ngа"), 2, "There is no way"),
        (("--negative", "beard", "--negative-method", "vsf"), 2, "not vsf"),
        (("--negative", "beard", "--negative-scale", "0"), 2, "negative_scale can't be 0"),
    ],
)
def test_bad_ones(
    shell: Shell, inside: Run, toy: Path, options: tuple[str, ...], status: int, says: str
) -> None:
    whole = write_lora(shell.folder / "whole.safetensors", toy).read_bytes()
    (shell.folder / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    (shell.folder / "text.safetensors").write_text("portrait " * 1000)
    done = inside("generate", "grey hair", "-c", toy, *FAST, "-o", "x.png", *options)
    assert (done.status, done.out) == (status, "")
    assert says in done.err
    assert "hint:  " in done.err
    assert not (shell.folder / "x.png").exists()
