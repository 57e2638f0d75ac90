"""`fluxgram adapters`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.cli.conftest import Done, Shell

Run = Callable[..., Done]
KEY = "single_transformer_blocks.0.attn.to_qkv_mlp_proj"


def write(path: Path, into: int = 32, out: int = 288) -> Path:
    tensors = {
        f"transformer.{KEY}.lora_A.weight": torch.ones(2, into),
        f"transformer.{KEY}.lora_B.weight": torch.ones(out, 2),
    }
    save_file(tensors, path)
    return path


@pytest.fixture
def film(shell: Shell) -> Path:
    return write(shell.folder / "film.safetensors")


def own(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row for row in rows if not str(row["source"]).startswith("embedded:")]


def test_add_list_remove(film: Path, inside: Run) -> None:
    done = inside("adapters", "add", film.name, "--weight", 0.7, "--word", "flm", "--word", "on film")
    assert (done.status, done.out, done.err) == (0, "film\n", "")
    done = inside("adapters")
    assert done.status == 0
    assert "film" in done.out
    assert "0.7" in done.out
    assert inside("adapters", "list").out == done.out
    (row,) = own(json.loads(inside("adapters", "list", "--json").out))
    assert (row["name"], row["weight"], row["words"]) == ("film", 0.7, ["flm", "on film"])
    assert json.loads(inside("adapters", "--json").out) == json.loads(
        inside("adapters", "list", "--json").out
    )
    done = inside("adapters", "remove", "film", "--yes")
    assert (done.status, done.out) == (0, "0.0 MB are free again.\n")
    assert own(json.loads(inside("adapters", "--json").out)) == []


def test_the_same_again_is_said(film: Path, inside: Run) -> None:
    inside("adapters", "add", film.name)
    done = inside("adapters", "add", film.name, "--name", "other")
    assert (done.status, done.out) == (0, "film\n")
    assert "here already, as film; nothing was changed." in done.err
    assert "--name film --force" in done.err
    assert inside("adapters", "add", film.name, "--name", "film", "--weight", 0.5, "--force").status == 0
    assert own(json.loads(inside("adapters", "--json").out))[0]["weight"] == 0.5
    assert json.loads(inside("adapters", "add", film.name, "--json").out)["fresh"] is False


def test_a_taken_name(film: Path, inside: Run, shell: Shell) -> None:
    inside("adapters", "add", film.name)
    other = write(shell.folder / "other.safetensors", out=9 * 32 * 2)
    done = inside("adapters", "add", other.name, "--name", "film")
    assert done.status == 2
    assert "--force" in done.err
    assert inside("adapters", "add", other.name, "--name", "film", "--force").status == 0


def test_removal_is_confirmed(film: Path, inside: Run) -> None:
    inside("adapters", "add", film.name)
    done = inside("adapters", "remove", "film")
    assert done.status == 2
    assert "--yes" in done.err
    done = inside("adapters", "remove", "flm", "--yes")
    assert done.status == 2
    assert "Nearest: film" in done.err


def test_inspect_a_file(film: Path, inside: Run) -> None:
    done = inside("adapters", "inspect", film.name)
    assert done.status == 0
    for words in (
        "FLUX.2 (width 32)",
        "diffusers",
        "1 lora",
        "1 in 1 single blocks",
        "2 of 2",
        "usable",
        "yes",
    ):
        assert words in done.out, done.out
    report = json.loads(inside("adapters", "inspect", film.name, "--json").out)
    assert (report["usable"], report["matched"], report["ranks"], report["layers"]) == (
        True,
        2,
        [2],
        [f"transformer.{KEY}"],
    )


def test_one_whose_table_is_broken_is_named_and_removed(film: Path, inside: Run, shell: Shell) -> None:
    inside("adapters", "add", film.name)
    inside("adapters", "add", write(shell.folder / "other.safetensors", out=9 * 32 * 2).name)
    (shell.home / "adapters" / "film.toml").write_text("weight = 1e9")
    done = inside("adapters", "list")
    assert (done.status, "other" in done.out, "film" in done.out) == (0, True, False)
    assert "film cannot be used: " in done.err
    assert "must be from -4 to 4, not 1e+09" in "".join(done.err.split("\n"))
    assert [row["name"] for row in own(json.loads(inside("adapters", "--json").out))] == ["other"]
    assert inside("adapters", "inspect", "other").status == 0
    done = inside("adapters", "inspect", "film")
    assert done.status == 1
    assert "fluxgram adapters remove film" in done.err
    assert "--yes" in inside("adapters", "remove", "film").err
    assert inside("adapters", "remove", "film", "--yes").status == 0
    assert inside("adapters", "list").err == ""


def test_a_shelf_that_cannot_be_looked_at(inside: Run, shell: Shell) -> None:
    """What comes with the package is listed all the same."""
    shell.home.mkdir(exist_ok=True)
    (shell.home / "adapters").write_text("no folder")
    for command in (
        ["list"],
        ["add", write(shell.folder / "film.safetensors").name],
        ["remove", "film", "--yes"],
    ):
        done = inside("adapters", *command)
        assert done.status == 1
        assert done.err.startswith("error: ")
        assert "should not" not in done.err
        assert "fluxgram-redhead" in done.out or command != ["list"]
    assert inside("adapters", "inspect", "fluxgram-redhead").status == 0


def test_a_file_that_was_changed_since_says_so(film: Path, inside: Run, shell: Shell) -> None:
    inside("adapters", "add", film.name)
    kept = shell.home / "adapters" / "film.safetensors"
    write(kept, out=9 * 32 * 2)
    done = inside("adapters", "inspect", "film", "--json")
    assert done.status == 1
    report = json.loads(done.out)
    assert (report["usable"], report["matched"]) == (False, 2)
    assert report["reason"] == "The file of the adapter film was changed since it was added."
    kept.write_bytes(b"spoilt")
    done = inside("adapters", "inspect", "film")
    assert done.status == 1
    assert "was changed since it was added" in done.err


def test_patterns_that_fit_no_layer_are_shown(film: Path, inside: Run) -> None:
    config = {"lora_alpha": 2, "alpha_pattern": {"^nowhere": 4}}
    save_file(load_file(film), film, {"lora_adapter_metadata": json.dumps(config)})
    assert "^nowhere" in inside("adapters", "inspect", film.name).out
    assert json.loads(inside("adapters", "inspect", film.name, "--json").out)["idle_patterns"] == ["^nowhere"]


def test_inspect_against_a_checkpoint(film: Path, inside: Run, toy: Path) -> None:
    done = inside("adapters", "inspect", film.name, "--checkpoint", toy)
    assert (done.status, "yes" in done.out) == (0, True)
    done = inside("adapters", "inspect", film.name, "--checkpoint", "fluxgram-mini")
    assert done.status == 1
    assert "none of its 2 tensors has a place" in done.out
    assert "It was likely made for FLUX.2 (width 32)" in done.out
    done = inside("adapters", "inspect", film.name, "-c", "fluxgram-mini", "--json")
    assert done.status == 1
    report = json.loads(done.out)
    assert (report["usable"], report["matched"], report["checkpoint"]) == (False, 0, "fluxgram-mini")
    assert next(iter(report["unmatched"])) == f"transformer.{KEY}.lora_A.weight"


def test_inspect_against_one_that_is_not_here(film: Path, inside: Run) -> None:
    done = inside("adapters", "inspect", film.name, "--checkpoint", "flux2-klein-4b")
    assert done.status == 1
    assert "fluxgram checkpoints pull" in done.err
    assert inside("adapters", "inspect", film.name, "--checkpoint", "nobody").status == 2


@pytest.mark.parametrize("command", ["add", "inspect"])
def test_files_that_cannot_be_used(command: str, inside: Run, shell: Shell) -> None:
    (shell.folder / "text.safetensors").write_text("Once upon a time there was a LoRA.\n" * 9)
    (shell.folder / "old.pt").write_bytes(b"\x80\x02}q\x00.")
    for name, words in (
        ("text.safetensors", "is a text"),
        ("old.pt", "pickled"),
        ("none.safetensors", "no file"),
    ):
        done = inside("adapters", command, name)
        assert done.status in (1, 2)
        assert done.err.startswith("error: ")
        assert words in done.err
        assert done.out == ""


def test_a_damaged_one_is_shown_and_refused(inside: Run, shell: Shell) -> None:
    save_file({f"transformer.{KEY}.lora_A.weight": torch.ones(2, 32)}, shell.folder / "half.safetensors")
    done = inside("adapters", "inspect", "half.safetensors")
    assert done.status == 1
    assert "no up to its down" in done.out
    assert "0 of 1" in done.out
    assert inside("adapters", "add", "half.safetensors").status == 1


def test_names_in_files_cannot_steer_the_terminal(inside: Run, shell: Shell) -> None:
    save_file({"\x1b[2J.lora_A.weight": torch.ones(2, 32)}, shell.folder / "x.safetensors")
    done = inside("adapters", "inspect", "x.safetensors")
    assert "\x1b" not in done.out
    assert "\\x1b[2J" in done.out


def test_adding_needs_no_torch(film: Path, shell: Shell) -> None:
    code = (
        "import sys\nfrom fluxgram.cli.door import run\n"
        "status = run(['adapters', 'add', 'film.safetensors']) or run(['adapters', 'inspect', 'film'])\n"
        "print(status, 'torch' in sys.modules)"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 False"
