"""Every mistake of a user: one sentence, a hint, status 1 or 2, no traceback, no file left behind."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Shell


def refused(done: Done, status: int, says: str) -> None:
    """What every refusal looks like."""
    assert done.status == status, done.err
    assert done.out == ""
    error, *rest = done.err.splitlines()
    assert error.startswith("error: "), done.err
    assert says in error
    assert len(rest) == 1, done.err
    assert rest[0].startswith("hint:  ")
    assert len(rest[0]) > len("hint:  ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no prompt"),
        ([""], "prompt is empty"),
        (["  \n\t "], "prompt is empty"),
        (["x" * 100_001], "100001 characters"),
        (["a\udcffb"], "not text"),
        (["x", "--prompt-file", "y.txt"], "given twice"),
        (["@missing.txt"], "missing.txt cannot be read"),
        (["x", "--size", "0x512"], "0x512"),
        (["x", "--size", "512x-1"], "512x-1"),
        (["x", "--size", "100000x100000"], "100000x100000"),
        (["x", "--size", "huge"], "'huge' is not a picture size"),
        (["x", "--size", "1:1000"], "1:1000"),
        (["x", "--steps", "0"], "steps can't be 0"),
        (["x", "--steps", "-3"], "steps can't be -3"),
        (["x", "--steps", "many"], "--steps"),
        (["x", "--samples", "0"], "samples can't be 0"),
        (["x", "--samples", "1000"], "samples can't be 1000"),
        (["x", "--guidance", "nan"], "guidance can't be nan"),
        (["x", "--guidance", "inf"], "guidance can't be inf"),
        (["x", "--guidance", "-1"], "guidance can't be -1"),
        (["x", "--seed", "-1"], "seed can't be -1"),
        (["x", "--seed", str(2**64)], "seed can't be 18446744073709551616"),
        (["x", "--seed", "lucky"], "'lucky' is not a seed"),
        (["x", "--seed", "1.5"], "'1.5' is not a seed"),
        (["x", "--quality", "finel"], "no quality 'finel'"),
        (["x", "--nonsense"], "No such option: --nonsense"),
        (["x", "y"], "unexpected extra argument"),
    ],
)
def test_impossible_request(shell: Shell, arguments: list[str], says: str) -> None:
    refused(shell("generate", *arguments), 2, says)
    assert shell.files() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--out", "x.gif"], "no ending of a picture"),
        (["--out", "x.png", "--format", "jpeg"], "ends in .png, but jpeg was asked for"),
        (["--format", "tiff"], "'tiff' is not a format"),
        (["--out", "missing/x.png"], "folder missing is not there"),
        (["--out", "taken.png"], "taken.png is there already"),
        (["--out", "taken.png", "--samples", "1", "--format", "png"], "taken.png is there already"),
        (["--out", "many.png", "--samples", "3"], "many-1.png is there already"),
        (["--out", "y" * 300 + ".png"], "is too long"),
        (["--out", "/dev/null", "--force"], "not an ordinary file"),
    ],
)
def test_impossible_output(shell: Shell, arguments: list[str], says: str) -> None:
    """Found out before anything is computed: an unknown checkpoint is not even looked for."""
    for name in ("taken.png", "many-1.png"):
        (shell.folder / name).write_bytes(b"mine")
    refused(shell("generate", "x", "--checkpoint", "none-such", *arguments), 1, says)
    assert shell.files() == ["many-1.png", "taken.png"]
    assert (shell.folder / "taken.png").read_bytes() == b"mine"


@pytest.mark.skipif(
    not Path("/sys/kernel").is_dir(), reason="needs a folder in which not even root may write"
)
def test_unwritable_output(shell: Shell) -> None:
    refused(shell("generate", "x", "--out", "/sys/kernel/x.png"), 1, "/sys/kernel/x.png cannot be written")


def test_no_space(shell: Shell) -> None:
    done = shell("generate", "x", "--out", "x.png", limits={resource.RLIMIT_FSIZE: 50_000})
    refused(done, 1, "no space to write x.png")
    assert shell.files() == []


def test_unknown_checkpoint(shell: Shell) -> None:
    done = shell("generate", "x", "--checkpoint", "fluxgram-mni")
    refused(done, 2, "no checkpoint 'fluxgram-mni'")
    assert "fluxgram-mini" in done.err.splitlines()[1]


def test_setting_that_is_none(shell: Shell) -> None:
    refused(shell("generate", "x", FLUXGRAM_THREDS="2"), 1, "FLUXGRAM_THREDS is not a setting")


def test_the_chat_key_is_a_setting_of_one_command(shell: Shell) -> None:
    assert shell("checkpoints", "--json", FLUXGRAM_CHAT_KEY="secret").status == 0


def test_setting_out_of_range(shell: Shell) -> None:
    refused(shell("doctor", FLUXGRAM_MEMORY_GB="-2"), 1, "FLUXGRAM_MEMORY_GB must be a number")


def test_too_long_and_strict(shell: Shell, inside: Callable[..., Done], toy: Path) -> None:
    done = inside("generate", "grey hair " * 80, "--checkpoint", toy, "--strict")
    refused(done, 2, "would be lost")
    assert shell.files() == []


def test_too_long_and_not_strict(shell: Shell, inside: Callable[..., Done], toy: Path) -> None:
    done = inside("generate", "grey hair " * 80, "-c", toy, "--out", "x.png", "--steps", "1", "--quiet")
    assert done.status == 0, done.err
    assert "prompt is too long" in done.err
    assert "lost: 'grey hair" in done.err or "lost: 'hair grey" in done.err
    assert "…'" in done.err  # all of it is in the receipt
    assert done.out == "x.png\n"


def test_negative_that_cannot_be_applied(inside: Callable[..., Done], distilled_toy: Path) -> None:
    done = inside(
        "generate", "x", "-c", distilled_toy, "--negative", "a hat", "--negative-method", "true_cfg"
    )
    refused(done, 2, "can't apply this way of a negative prompt")
    assert "--allow-ignored" in done.err


def damage(folder: Path, how: str) -> None:
    weights = next((folder / "transformer").glob("*.safetensors"))
    data = weights.read_bytes()
    index = folder / "model_index.json"
    match how:
        case "truncated":
            weights.write_bytes(data[: len(data) // 2])
        case "empty":
            weights.write_bytes(b"")
        case "garbage":
            weights.write_bytes(os.urandom(len(data)))
        case "pickled":
            weights.unlink()
            weights.with_name("diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
        case "weights missing":
            weights.unlink()
        case "tokenizer missing":
            (folder / "tokenizer" / "tokenizer.json").unlink()
        case "another type":
            index.write_text(
                json.dumps(json.loads(index.read_text()) | {"_class_name": "StableDiffusionPipeline"})
            )
        case "index broken":
            index.write_text("{")


DAMAGES = {
    "truncated": "damaged",
    "empty": "damaged",
    "garbage": "damaged",
    "pickled": "pickled",
    "weights missing": "transformer",
    "tokenizer missing": "tokenizer",
    "another type": "StableDiffusionPipeline",
    "index broken": "model_index.json",
}


@pytest.mark.parametrize("how", ["truncated", "pickled"])
def test_damaged_checkpoint(shell: Shell, own_toy: Path, how: str) -> None:
    damage(own_toy, how)
    done = shell("generate", "x", "--checkpoint", own_toy, "--out", "x.png")
    refused(done, 1, DAMAGES[how])
    assert shell.files() == []


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_checkpoint_in_all_ways(
    shell: Shell, inside: Callable[..., Done], own_toy: Path, how: str
) -> None:
    damage(own_toy, how)
    refused(inside("generate", "x", "--checkpoint", own_toy, "--out", "x.png"), 1, DAMAGES[how])
    assert shell.files() == []


def test_folder_without_a_checkpoint(shell: Shell) -> None:
    refused(shell("generate", "x", "--checkpoint", shell.folder), 1, str(shell.folder))


def test_too_little_memory_by_setting(shell: Shell, toy: Path) -> None:
    done = shell("generate", "x", "--checkpoint", toy, "--out", "x.png", FLUXGRAM_MEMORY_GB="0.00001")
    refused(done, 1, "toy does not fit")
    assert shell.files() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space reliably")
def test_too_little_memory_for_real(shell: Shell, toy: Path) -> None:
    """Libraries themselves do not fit into 400 MB of addresses."""
    done = shell("generate", "x", "-c", toy, "--out", "x.png", limits={resource.RLIMIT_AS: 400 * 2**20})
    refused(done, 1, "memory")
    assert shell.files() == []


@pytest.mark.parametrize("command", ["inspect", "reshoot"])
def test_picture_that_is_none(shell: Shell, command: str) -> None:
    refused(shell(command, "missing.png"), 1, "missing.png is not there")
    (shell.folder / "x.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    refused(shell(command, "x.png"), 1, "x.png")


def test_picture_without_receipt(shell: Shell) -> None:
    from PIL import Image

    Image.new("RGB", (8, 8)).save(shell.folder / "x.png")
    refused(shell("inspect", "x.png"), 1, "no receipt")


def test_receipt_that_steers_the_terminal(shell: Shell) -> None:
    from PIL import Image

    from fluxgram.pictures.write import write_picture

    receipt = {"schema": 1, "prompt": {"text": "\x1b]0;owned\x07\x1b[2J"}}
    write_picture(Image.new("RGB", (8, 8)), shell.folder / "x.png", receipt, parameters_text="")
    done = shell("inspect", "x.png")
    refused(done, 1, "receipt")
    assert "\x1b" not in done.out + done.err


def test_file_name_that_steers_the_terminal(shell: Shell) -> None:
    done = shell("inspect", "a\x1b[31mb.png")
    refused(done, 1, "is not there")
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    "arguments", [["generat"], ["checkpoints", "wher"], ["--nonsense"], ["checkpoints", "where"]]
)
def test_no_such_command(shell: Shell, arguments: list[str]) -> None:
    refused(shell(*arguments), 2, "")


def test_checkpoints_that_are_not_here(shell: Shell) -> None:
    refused(shell("checkpoints", "where", "flux2-klein-4b"), 1, "not on this machine")
    done = shell("checkpoints", "pull", "flux2-klein-4b")
    assert done.status == 1
    assert "fluxgram is offline" in done.err
    refused(shell("checkpoints", "remove", "fluxgram-mini", "--yes"), 1, "was not downloaded")
