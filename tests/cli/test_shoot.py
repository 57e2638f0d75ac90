"""`fluxgram shoot` as people use it: whole, again, for one scene, after a kill, and with every kind of mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from fluxgram.pictures.read import read_receipt, read_source
from tests.cli.conftest import SCRIPT, Done, Shell
from tests.cli.test_bad_input import refused
from tests.loras import write_lora

Run = Callable[..., Done]

SHOOT = """
[shoot]
title = "<Test> & more"
checkpoint = "{checkpoint}"
size = "64x64"
steps = {steps}
guidance = 1

[[character]]
name = "Mara"
anchor = "woman in her 30s, brown eyes"
seed = 42

[[scene]]
name = "Café"
setting = "café"
light = "window"
side = "left"
camera = "85mm"

[[scene]]
name = "street"
setting = "street"
light = "overcast"
camera = "35mm"
"""


def write(shell: Shell, checkpoint: Path, steps: int = 1, more: str = "") -> None:
    (shell.folder / "s.toml").write_text(
        SHOOT.format(checkpoint=checkpoint, steps=steps) + more, encoding="utf-8"
    )


def drawn(shell: Shell) -> list[str]:
    folder = shell.folder / "s"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


class Page(HTMLParser):
    """What a page shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


ALL = ["café.png", "contact-sheet.html", "contact-sheet.png", "street.png"]


def test_whole_and_again(shell: Shell, inside: Run, toy: Path) -> None:
    write(shell, toy)
    done = inside("shoot", "s.toml", "--no-lint")
    assert done.status == 0, done.err
    assert drawn(shell) == ALL
    lines = done.out.splitlines()
    assert lines[0].startswith("s/café.png · seed 42 · ")
    assert lines[2:] == ["s/contact-sheet.png", "s/contact-sheet.html"]
    receipts = [read_receipt(shell.folder / "s" / name) for name in ("café.png", "street.png")]
    assert [receipt["seed"] for receipt in receipts] == [42, 42]
    assert receipts[0]["prompt"]["text"].lower().startswith("woman in her 30s, brown eyes, café")  # type: ignore[index]
    page = Page((shell.folder / "s" / "contact-sheet.html").read_text("utf-8"))
    assert [image["src"] for image in page.images] == ["caf%C3%A9.png", "street.png"]
    assert all("woman in her 30s" in str(image["alt"]).lower() for image in page.images)
    assert "<Test> & more" in page.words
    assert not page.tags & {"script", "link", "iframe", "test"}
    with Image.open(shell.folder / "s" / "contact-sheet.png") as sheet:
        assert sheet.width > 2 * 64
    assert read_source(shell.folder / "s" / "contact-sheet.png").endswith("trainedAlgorithmicMedia")

    before = {name: (shell.folder / "s" / name).read_bytes() for name in ("café.png", "street.png")}
    again = inside("shoot", "s.toml", "--no-lint")
    assert again.out.count("there already") == 2
    (shell.folder / "s" / "street.png").unlink()
    once_more = inside("shoot", "s.toml", "--no-lint", "--json")
    states = {entry["file"]: entry["state"] for entry in json.loads(once_more.out)["pictures"]}
    assert states == {"s/café.png": "there", "s/street.png": "drawn"}
    assert (shell.folder / "s" / "café.png").read_bytes() == before["café.png"]
    with Image.open(shell.folder / "s" / "street.png") as new:
        (shell.folder / "old.png").write_bytes(before["street.png"])
        with Image.open(shell.folder / "old.png") as old:
            assert new.tobytes() == old.tobytes()


def test_one_scene_and_changes(shell: Shell, inside: Run, toy: Path) -> None:
    write(shell, toy)
    assert inside("shoot", "s.toml", "--no-lint", "--scene", "street").status == 0
    assert drawn(shell) == ["contact-sheet.html", "contact-sheet.png", "street.png"]
    inside("shoot", "s.toml", "--no-lint")
    kept = [(shell.folder / "s" / name).stat().st_mtime_ns for name in ("café.png", "street.png")]
    text = (
        (shell.folder / "s.toml")
        .read_text("utf-8")
        .replace('setting = "street"', 'setting = "red brick wall"')
    )
    (shell.folder / "s.toml").write_text(text, encoding="utf-8")
    done = inside("shoot", "s.toml", "--no-lint")
    assert "s/street.png · seed 42 · kept, though the shoot now says otherwise" in done.out
    done = inside("shoot", "s.toml", "--no-lint", "--scene", "street", "--force")
    assert done.status == 0, done.err
    now = [(shell.folder / "s" / name).stat().st_mtime_ns for name in ("café.png", "street.png")]
    assert now[0] == kept[0]
    assert now[1] > kept[1]
    page = Page((shell.folder / "s" / "contact-sheet.html").read_text("utf-8"))
    assert [image["src"] for image in page.images] == ["caf%C3%A9.png", "street.png"]
    assert "red brick wall" in page.words


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_goes_on_after_it_was_stopped(shell: Shell, toy: Path, number: int, status: int) -> None:
    """Stopped as soon as the first picture is there: pictures are whole or absent, and the next run draws the rest."""
    scenes = "".join(f'[[scene]]\nname = "{i}"\nlight = "window"\n' for i in range(2))
    write(shell, toy, steps=16, more=scenes)
    process = subprocess.Popen(
        [SCRIPT, "shoot", "s.toml", "--no-lint"],
        cwd=shell.folder,
        env=shell.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    try:
        while not (shell.folder / "s" / "café.png").exists() and time.monotonic() < deadline:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == status
    there = [name for name in drawn(shell) if name.endswith(".png")]
    assert 1 <= len(there) < 4
    for name in there:
        assert read_receipt(shell.folder / "s" / name)["seed"] == 42
    if number == signal.SIGINT:
        assert b"pictures were drawn" in err
        assert b"go on from there" in err
    done = shell("shoot", "s.toml", "--no-lint", "--json")
    assert done.status == 0, done.err
    states = [entry["state"] for entry in json.loads(done.out)["pictures"]]
    assert states.count("there") == len(there)
    assert states.count("drawn") == 4 - len(there)


def test_dry_run_draws_nothing(shell: Shell, inside: Run, toy: Path) -> None:
    write(shell, toy)
    done = inside("shoot", "s.toml", "--dry-run")
    assert done.status == 0, done.err
    assert "s/café.png · to be drawn · Café · seed 42" in done.out
    assert "(FX" in done.err
    assert drawn(shell) == []
    values = json.loads(inside("shoot", "s.toml", "--dry-run", "--json").out)
    assert values["sheet"] is None
    assert [entry["state"] for entry in values["pictures"]] == ["missing", "missing"]
    assert {"code", "severity", "where", "message", "span", "fix"} <= set(values["findings"][0])


def test_errors_of_the_linter_stop_it(shell: Shell, inside: Run, toy: Path) -> None:
    more = '[[scene]]\nname = "wrong"\naction = "blonde hair, blue eyes"\nlight = "window"\n'
    write(shell, toy, more=more)
    done = inside("shoot", "s.toml", "--quiet")
    assert (done.status, done.out) == (2, "")
    assert "error:  scene wrong: " in done.err
    assert "FX701); nothing was drawn." in done.err
    assert drawn(shell) == []
    assert (
        inside("shoot", "s.toml", "--scene", "wrong", "--no-lint", "--quiet").out.splitlines()[0]
        == "s/wrong.png"
    )


def test_templates_are_written(shell: Shell, inside: Run) -> None:
    assert inside("shoot", "--new", "storyboard").out.startswith("storyboard.toml · ")
    refused(inside("shoot", "--new", "storyboard"), 2, "storyboard.toml is there already")
    assert inside("shoot", "--new", "character-sheet", "--out", "storyboard.toml", "--force").status == 0
    assert "Character sheet" in (shell.folder / "storyboard.toml").read_text("utf-8")
    refused(inside("shoot", "--new", "storybord"), 2, "no template 'storybord'")
    refused(inside("shoot", "--new", "storyboard", "--out", "none/x.toml"), 2, "folder none is not there")
    refused(inside("shoot", "x.toml", "--new", "storyboard"), 2, "both given")
    done = inside("shoot", "storyboard.toml", "--dry-run")
    assert (done.status, done.err) == (0, "")


def test_kept_characters_and_their_adapters(shell: Shell, inside: Run, toy: Path) -> None:
    inside("character", "new", "Ada", "--anchor", "woman in her 60s", "--seed", "9")
    write(shell, toy)
    text = (
        (shell.folder / "s.toml")
        .read_text("utf-8")
        .replace('name = "street"', 'name = "street"\ncharacter = "ada"')
    )
    (shell.folder / "s.toml").write_text(text, encoding="utf-8")
    entries = json.loads(inside("shoot", "s.toml", "--dry-run", "--json").out)["pictures"]
    assert [entry["seed"] for entry in entries] == [42, 9]
    path = shell.home / "characters" / "ada.toml"
    path.write_text(
        path.read_text("utf-8") + '\n[[adapter]]\nsource = "face.safetensors"\n', encoding="utf-8"
    )
    refused(inside("shoot", "s.toml", "--dry-run"), 2, "There is no file face.safetensors")
    for name in ("face", "film"):
        write_lora(shell.folder / f"{name}.safetensors", toy, only="proj_out")
    film = "film.safetensors:0.5"
    entries = json.loads(inside("shoot", "s.toml", "--dry-run", "--json", "-a", film).out)["pictures"]
    assert [entry["adapters"] for entry in entries] == [
        [{"source": "film.safetensors", "weight": 0.5}],
        [{"source": "face.safetensors", "weight": 1.0}, {"source": "film.safetensors", "weight": 0.5}],
    ]
    twice = inside("shoot", "s.toml", "--dry-run", "-a", "face.safetensors:2")
    refused(twice, 2, "The adapter face.safetensors is named twice")


def test_a_negative_prompt_of_the_checkpoint_and_how_it_is_applied(
    shell: Shell, inside: Run, own_toy: Path
) -> None:
    table = own_toy / "fluxgram.toml"
    table.write_text(
        f'negative = "blur"\nnegatives = ["true_cfg", "vsf"]\n{table.read_text("utf-8")}', encoding="utf-8"
    )
    write(shell, own_toy)
    path = shell.folder / "s.toml"
    path.write_text(path.read_text("utf-8").replace("guidance = 1", "guidance = 2"), encoding="utf-8")
    only = ("shoot", "s.toml", "--no-lint", "--scene", "street")
    assert inside(*only).status == 0
    negative = read_receipt(shell.folder / "s" / "street.png")["negative"]
    assert (negative["text"], negative["method"]) == ("blur", "true_cfg")  # type: ignore[index]
    assert "there already" in inside(*only).out
    for other in ("vsf", "none"):
        assert "kept, though the shoot now says otherwise" in inside(*only, "--negative-method", other).out


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ([], 2, "no shoot"),
        (["none.toml"], 2, "none.toml cannot be read"),
        (["."], 2, "cannot be read"),
        (["empty.toml"], 2, "empty.toml has no scene"),
        (["s.toml", "--scene", "cafe"], 2, "no scene 'cafe'"),
        (["s.toml", "--quality", "finel"], 2, "no quality 'finel'"),
        (["s.toml", "--checkpoint", "fluxgram-mni"], 2, "no checkpoint 'fluxgram-mni'"),
        (["s.toml", "--out", "s.toml"], 1, "s.toml is a file, not a folder"),
        (["s.toml", "--out", "a\0b"], 2, "null byte"),
        (["s.toml", "--out", "y" * 300], 1, "cannot be looked for"),
        (["size.toml"], 2, "size.toml: scene Café: 'huge' is not a picture size"),
        (["s.toml", "--nonsense"], 2, "--nonsense"),
    ],
)
def test_mistakes(shell: Shell, inside: Run, toy: Path, arguments: list[str], status: int, says: str) -> None:
    write(shell, toy)
    (shell.folder / "empty.toml").write_bytes(b"")
    text = (shell.folder / "s.toml").read_text("utf-8").replace("64x64", "huge")
    (shell.folder / "size.toml").write_text(text, encoding="utf-8")
    refused(inside("shoot", *arguments, *(["--no-lint"] if arguments else [])), status, says)
    assert drawn(shell) == []


def test_pictures_that_are_not_ours(shell: Shell, inside: Run, toy: Path) -> None:
    write(shell, toy)
    (shell.folder / "s").mkdir()
    Image.new("RGB", (8, 8)).save(shell.folder / "s" / "street.png")
    refused(
        inside("shoot", "s.toml", "--no-lint"), 1, "street.png is there already and was not drawn by fluxgram"
    )
    (shell.folder / "s" / "street.png").write_bytes(b"\x89PNG\r\n\x1a\nhalf")
    refused(inside("shoot", "s.toml", "--no-lint"), 1, "street.png")
    assert drawn(shell) == ["street.png"]


@pytest.mark.skipif(
    not Path("/sys/kernel").is_dir(), reason="needs a folder in which not even root may write"
)
def test_a_folder_that_cannot_be_written(shell: Shell, inside: Run, toy: Path) -> None:
    write(shell, toy)
    refused(
        inside("shoot", "s.toml", "--no-lint", "--out", "/sys/kernel/x"), 1, "/sys/kernel/x cannot be made"
    )
    refused(inside("shoot", "s.toml", "--no-lint", "--out", "/sys/kernel"), 1, "/sys/kernel")


@pytest.mark.slow
def test_a_template_drawn_by_the_embedded_checkpoint(shell: Shell, inside: Run) -> None:
    inside("shoot", "--new", "storyboard")
    done = inside("shoot", "storyboard.toml", "--quality", "draft", "--json")
    assert done.status == 0, done.err
    values = json.loads(done.out)
    assert [entry["size"] for entry in values["pictures"]] == [[256, 171]] * 4
    for entry in values["pictures"]:
        receipt = read_receipt(shell.folder / entry["file"])
        assert receipt["prompt"]["lost"] == ""  # type: ignore[index]
        assert receipt["prompt"]["text"].startswith("Man in his 50s, short grey hair, full grey beard")  # type: ignore[index]
    assert os.path.getsize(shell.folder / values["sheet"]["png"]) > 10_000  # noqa: PTH202
