"""A checkpoint with a transformer of its own, which borrows everything else from another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from fluxgram.errors import CheckpointMissing, SettingsError
from fluxgram.families import sources
from fluxgram.families.checkpoints import Checkpoint, find
from fluxgram.families.contract import Parts
from fluxgram.families.flux2 import Flux2
from fluxgram.families.placement import place
from fluxgram.settings import Settings

FLUX2 = Flux2()
TABLE = """
[{name}]
family = "{family}"
title = "a toy"
source = "folder:{folder}"
distilled = false
guidance = 2.0
download_gb = 0.1
memory_gb = 0.1
steps = {{ draft = 2, proof = 3, final = 4 }}
{more}

[{name}.licence]
name = "none"
page = ""
commercial = false
outputs = "none"

[{name}.sizes]
multiple = {multiple}
default = [{multiple}, {multiple}]

[{name}.text]
template = "qwen3-chat"
layers = [{layers}]
lengths = [{lengths}]

[{name}.schedule]
kind = "empirical"
"""


@pytest.fixture
def shelf(toys: dict[str, Path], checkpoints: dict[str, Checkpoint], tmp_path: Path) -> Settings:
    """Two tables: `lender`, a whole folder, and `borrower`, whose folder has the other toy's transformer only."""
    lender, borrower = tmp_path / "lender", tmp_path / "borrower"
    shutil.copytree(toys["base"], lender)
    borrower.mkdir()
    shutil.copy(lender / "model_index.json", borrower)
    shutil.copytree(toys["distilled"] / "transformer", borrower / "transformer")
    text, multiple = checkpoints["base"].text, checkpoints["base"].sizes.multiple
    numbers = {
        "layers": ", ".join(map(str, text.layers)),
        "lengths": ", ".join(map(str, text.lengths)),
        "multiple": multiple,
    }
    tables = TABLE.format(name="lender", folder=lender, family="flux2", more="", **numbers)
    more = 'borrows = "lender"'
    tables += TABLE.format(name="borrower", folder=borrower, family="flux2", more=more, **numbers)
    home = tmp_path / "home"
    home.mkdir()
    (home / "checkpoints.toml").write_text(tables, encoding="utf-8")
    return Settings(home=home, device="cpu", dtype="float32")


def loaded_from(name: str, settings: Settings) -> Parts:
    checkpoint = find(name, settings)
    return FLUX2.load(checkpoint, place(checkpoint, settings))


def test_parts_come_from_the_folder_that_has_them(shelf: Settings, toys: dict[str, Path]) -> None:
    lender, borrower = loaded_from("lender", shelf), loaded_from("borrower", shelf)
    for name in ("text_encoder", "autoencoder"):
        theirs = lender.components[name].state_dict()
        for key, tensor in borrower.components[name].state_dict().items():
            assert torch.equal(tensor, theirs[key])
    from safetensors.torch import load_file

    own = load_file(next((toys["distilled"] / "transformer").glob("*.safetensors")))
    weight = borrower.components["transformer"].state_dict()["proj_out.weight"]
    assert torch.equal(weight, own["proj_out.weight"].float())
    assert not torch.equal(weight, lender.components["transformer"].state_dict()["proj_out.weight"])
    prompt = "a woman, soft light from the left"
    assert torch.equal(
        FLUX2.encode(borrower, prompt, None, 1.0).text, FLUX2.encode(lender, prompt, None, 1.0).text
    )


def test_it_draws_as_a_whole_folder_of_the_same_parts_does(shelf: Settings, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "lender", whole)
    shutil.rmtree(whole / "transformer")
    shutil.copytree(tmp_path / "borrower" / "transformer", whole / "transformer")
    joined, borrower = loaded_from(str(whole), shelf), loaded_from("borrower", shelf)
    side = borrower.checkpoint.sizes.multiple * 2
    velocities = []
    for parts in (joined, borrower):
        latents = FLUX2.begin(parts, side, side, 3)
        condition = FLUX2.encode(parts, "a man", None, 1.0)
        t = torch.tensor([0.5])
        velocities.append(FLUX2.predict(parts, latents, t, t, condition))
        assert FLUX2.decode(parts, latents).shape == (side, side, 3)
    assert torch.equal(*velocities)


def test_one_component_at_a_time_is_found_again(shelf: Settings) -> None:
    from dataclasses import replace

    checkpoint = find("borrower", shelf)
    parts = FLUX2.load(checkpoint, replace(place(checkpoint, shelf), plan="one at a time"))
    assert set(parts.components) == {"tokenizer"}
    assert FLUX2.encode(parts, "a man", None, 1.0).text.ndim == 3
    assert {path.partition(".")[0] for path in FLUX2.linear_shapes(parts)} == {"transformer", "text_encoder"}


def test_the_fingerprint_tells_of_what_is_borrowed(shelf: Settings, tmp_path: Path) -> None:
    before = loaded_from("borrower", shelf).fingerprint
    assert before != loaded_from("lender", shelf).fingerprint
    words = tmp_path / "lender" / "tokenizer" / "tokenizer_config.json"
    words.write_text(words.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = loaded_from("borrower", shelf).fingerprint
    assert after != before
    moved = tmp_path / "a" / "moved"
    shutil.copytree(tmp_path / "lender", moved)
    table = (shelf.home / "checkpoints.toml").read_text(encoding="utf-8")
    (shelf.home / "checkpoints.toml").write_text(
        table.replace(f'"folder:{tmp_path / "lender"}"', f'"folder:{moved}"'), encoding="utf-8"
    )
    assert loaded_from("borrower", shelf).fingerprint == after


def test_it_is_here_only_with_its_lender(shelf: Settings, tmp_path: Path) -> None:
    borrower = find("borrower", shelf)
    assert sources.is_present(borrower, shelf)
    assert sources.pull(borrower, shelf) == tmp_path / "borrower"
    (tmp_path / "lender" / "model_index.json").unlink()
    assert not sources.is_present(borrower, shelf)
    for fetch in (lambda: sources.pull(borrower, shelf), lambda: loaded_from("borrower", shelf)):
        with pytest.raises(CheckpointMissing, match="lender"):
            fetch()


@pytest.mark.parametrize(
    ("borrows", "family", "words"),
    [
        ("lendr", "flux2", "no table of that name"),
        ("fluxgram-mini-fast", "flux2", "cannot borrow from fluxgram-mini-fast"),
        ("flux1-dev", "flux2", "cannot borrow from flux1-dev"),
    ],
)
def test_what_cannot_be_borrowed_is_said(tmp_path: Path, borrows: str, family: str, words: str) -> None:
    table = TABLE.format(
        name="odd",
        folder="/nowhere",
        family=family,
        more=f'borrows = "{borrows}"',
        layers="1",
        lengths="32",
        multiple=16,
    )
    (tmp_path / "checkpoints.toml").write_text(table, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as caught:
        find("fluxgram-mini", Settings(home=tmp_path))
    assert caught.value.hint


def test_a_borrowed_tokenizer_counts_words(shelf: Settings) -> None:
    from fluxgram.jobs.facts import checkpoint_facts

    ours, theirs = (checkpoint_facts(name, shelf).count_tokens for name in ("borrower", "lender"))
    assert ours is not None
    assert theirs is not None
    assert ours("a woman with brown hair") == theirs("a woman with brown hair")


def test_the_embedded_fast_checkpoint_borrows_of_its_teacher(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, device="cpu")
    fast = find("fluxgram-mini-fast", settings)
    folder = sources.folder_of(fast, settings)
    assert sources.place_of("transformer", fast, settings) == folder
    for part in ("tokenizer", "text_encoder", "vae"):
        assert sources.place_of(part, fast, settings) == sources.folder_of(
            find("fluxgram-mini", settings), settings
        )
    assert (fast.distilled, fast.guidance) == (True, 1.0)
    assert max(fast.steps.values()) <= 8
