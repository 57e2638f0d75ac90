"""`fluxgram lint` and `fluxgram explain` from the outside: arguments, files, shoots, formats, fixes, status."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Shell

CLEAN = "portrait of a woman, natural freckles, soft window light from the left, 85mm f/1.8"
SHOOT = """
[shoot]
checkpoint = "fluxgram-mini"
sizes = ["256x256"]

[[character]]
name = "Mara"
anchor = "30-year-old woman, auburn hair, freckles"
seed = 42

[[scene]]
name = "studio"
characters = ["Mara"]
setting = "grey studio"
light = ["Rembrandt lighting, single source"]

[[scene]]
name = "street"
characters = ["Mara"]
setting = "street, blonde hair in the wind"
light = ["golden hour backlight"]
"""

Inside = Callable[..., Done]


def test_real_script(shell: Shell) -> None:
    done = shell("lint", CLEAN)
    assert (done.status, done.out, done.err) == (0, "Nothing to say.\n", "")
    done = shell("lint", "portrait of a man at noon <lora:x:1>")
    assert done.status == 1
    assert "error FX105" in done.out
    assert "\x1b" not in done.out


def test_warnings_do_not_fail(inside: Inside) -> None:
    done = inside("lint", "RAW photo of a man at noon, digital art")
    assert done.status == 0
    assert "warning FX101" in done.out
    assert " ~~~~~~~~~~~" in done.out


def test_checkpoint(inside: Inside, shell: Shell) -> None:
    found = json.loads(inside("lint", CLEAN, "-c", "fluxgram-mini", "--format", "json").out)
    assert [each["code"] for each in found] == ["FX601", "FX402"]
    assert "256x256" in found[1]["message"]
    long = "a red hat and a blue coat, " * 60
    found = json.loads(
        inside("lint", CLEAN + ", " + long, "-c", "mini", "-n", "blur", "-f", "json", "--select", "FX6").out
    )
    assert [each["code"] for each in found] == ["FX603"]
    assert found[0]["span"][1] == len(CLEAN + ", " + long)
    shell.home.mkdir(exist_ok=True)
    mute = '[mute]\nbase = "flux2-klein-4b"\nnegatives = []\n'
    (shell.home / "checkpoints.toml").write_text(mute, encoding="utf-8")
    done = inside("lint", CLEAN, "-c", "mute", "--negative", "glasses")
    assert done.status == 1
    assert "FX602" in done.out


def test_size(inside: Inside) -> None:
    text = "head and shoulders portrait of a woman, visible pores, window light"
    assert "FX402" in inside("lint", text, "--size", "512x512").out
    assert "FX402" in inside("lint", text, "--size", "2:3").out
    assert "FX402" not in inside("lint", text, "--size", "4096x4096").out
    assert "FX402" not in inside("lint", text).out


def test_select_and_ignore(inside: Inside) -> None:
    text = "RAW photo of a man, digital art, good lighting"
    assert [e["code"] for e in json.loads(inside("lint", text, "-f", "json", "--select", "FX2").out)] == [
        "FX202"
    ]
    assert "FX202" not in inside("lint", text, "--ignore", "FX202,FX3", "--ignore", "hands").out


def test_home_configuration(inside: Inside, shell: Shell) -> None:
    shell.home.mkdir()
    (shell.home / "lint.toml").write_text('[lint]\nignore = ["FX1"]\nseverity = { FX202 = "error" }\n')
    done = inside("lint", "RAW photo of a man, digital art, good lighting")
    assert done.status == 1
    assert "FX101" not in done.out
    (shell.home / "lint.toml").write_text("[lint]\nignroe = []\n")
    done = inside("lint", CLEAN)
    assert done.status == 1
    assert "'ignroe'" in done.err
    assert "'ignore'" in done.err


def test_file_of_prompts(inside: Inside, shell: Shell) -> None:
    lines = [
        "# mine",
        "",
        CLEAN,
        "RAW photo of a man at noon, digital art",
        "photo of a man at noon, anime style # fluxgram: ignore FX101",
    ]
    (shell.folder / "p.txt").write_text("\n".join(lines) + "\n")
    found = json.loads(inside("lint", "p.txt", "-f", "json").out)
    assert [(each["code"], each["file"], each["line"]) for each in found] == [("FX101", "p.txt", 4)]
    log = json.loads(inside("lint", "p.txt", "-f", "sarif").out)
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    assert inside("lint", "p.txt", "-f", "github").out.startswith("::warning file=p.txt,line=4,")
    assert "p.txt:4" in inside("lint", "p.txt").out


def test_standard_input_only_when_told(shell: Shell) -> None:
    done = shell("lint", "-", stdin=f"{CLEAN}\nman <lora:x:1> at noon\n".encode())
    assert done.status == 1
    assert "standard input:2" in done.out
    done = shell("lint", CLEAN, stdin=b"<lora:x:1>")
    assert done.status == 0


def test_whole_file_as_one_prompt(inside: Inside, shell: Shell) -> None:
    (shell.folder / "one").write_text("portrait of a man,\nat noon, RAW photo\n")
    assert json.loads(inside("lint", "@one", "-f", "json").out) == []


def test_fix_of_a_prompt(inside: Inside) -> None:
    done = inside(
        "lint", "--fix", "portrait of a man, no glasses, soft window light, (hat:1.2)", "-c", "mini"
    )
    assert done.out.splitlines()[0] == "portrait of a man, soft window light, hat"
    assert done.out.splitlines()[1].endswith("text, glasses")
    done = inside("lint", "--fix", "--unsafe", "RAW photo of a man at noon, digital art")
    assert done.out.splitlines()[0] == "RAW photo of a man at noon"


def test_fix_of_a_file(inside: Inside, shell: Shell) -> None:
    path = shell.folder / "p.txt"
    path.write_bytes(
        b"# mine\r\nman at noon, no hat, (beard:1.2) # fluxgram: ignore FX109\r\nRembrant light, man"
    )
    done = inside("lint", "p.txt", "--fix", "-c", "mini")
    assert done.status == 0, done.err
    expected = "# mine\r\nman at noon, no hat, beard # fluxgram: ignore FX109\r\nRembrandt light, man"
    assert path.read_bytes().decode() == expected
    assert shell.files() == ["p.txt"]


@pytest.mark.skipif(os.name == "nt", reason="permissions and links as POSIX has them")
def test_fix_keeps_links_and_permissions(inside: Inside, shell: Shell) -> None:
    path, link = shell.folder / "p.txt", shell.folder / "link.txt"
    path.write_text("Rembrant light, man\n")
    path.chmod(0o600)
    link.symlink_to("p.txt")
    assert inside("lint", "link.txt", "--fix").status == 0
    assert link.is_symlink()
    assert path.read_text() == "Rembrandt light, man\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_shoot(inside: Inside, shell: Shell) -> None:
    (shell.folder / "s.toml").write_text(SHOOT)
    done = inside("lint", "s.toml", "-f", "json", "--select", "FX7")
    found = json.loads(done.out)
    assert [(each["code"], each["where"], each["file"]) for each in found] == [
        ("FX701", "scene street", "s.toml")
    ]
    assert done.status == 1
    assert inside("lint", "s.toml", "--fix").status == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing to check"),
        (["x", "--format", "xml"], "'xml' is not a format"),
        (["x", "--unsafe"], "--unsafe is about fixes"),
        (["x", "--select", "FX999"], "no rule 'FX999'"),
        (["x", "--ignore", "no-lite"], "no rule 'no-lite'"),
        (["missing.txt"], "missing.txt cannot be read"),
        (["missing.toml"], "missing.toml"),
        (["@missing"], "missing cannot be read"),
        (["bad.txt"], "not text in UTF-8"),
        (["folder"], "folder is a folder"),
        (["prompt.dat"], "prompt.dat is a file, but neither .txt nor .toml"),
        (["marks.txt"], "marks.txt, line 1: There is no rule"),
        (["x", "-c", "fluxgram-mni"], "no checkpoint 'fluxgram-mni'"),
        (["x", "--size", "huge"], "'huge' is not a picture size"),
        (["x", "--seed", "-1"], "--seed"),
    ],
)
def test_mistakes(inside: Inside, shell: Shell, arguments: list[str], says: str) -> None:
    (shell.folder / "bad.txt").write_bytes(b"\xff\xfe")
    (shell.folder / "prompt.dat").write_text("a man")
    (shell.folder / "folder").mkdir()
    (shell.folder / "marks.txt").write_text("a man # fluxgram: ignore FX999\n")
    done = inside("lint", *arguments)
    assert done.status == 2
    assert says in done.err
    assert "hint:" in done.err
    assert done.out == ""


@pytest.mark.parametrize("text", ["", " ", "\x1b[31m", "a\u202eb", "日本語", "👩‍🚀", "x" * 90_000])
def test_odd_texts(inside: Inside, text: str) -> None:
    done = inside("lint", text)
    assert done.status in {0, 1}
    assert "\x1b" not in done.out
    assert "failed in a way" not in done.err


def test_words_need_no_torch(shell: Shell) -> None:
    code = (
        "import sys; from fluxgram.cli.door import run; run(['lint', 'a man', '-c', 'fluxgram-mini']); "
        "run(['explain']); print(sorted({'torch', 'transformers', 'diffusers'} & set(sys.modules)))"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=shell.environment()
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_explain(inside: Inside) -> None:
    done = inside("explain", "fx201", "style-conflict")
    assert done.status == 0
    assert done.out.startswith("# FX201 no-light\n")
    assert "# FX101 style-conflict\n" in done.out
    for heading in ("## What it does", "## Why it is bad", "## Example", "## Use instead", "## Evidence"):
        assert done.out.count(heading) == 2
    listed = inside("explain").out
    assert "**FX703** seed-without-anchor (warning): Finds" in listed
    done = inside("explain", "FX2O1")
    assert done.status == 2
    assert "Did you mean FX201?" in done.err


def test_facts_of_the_embedded_checkpoint() -> None:
    from fluxgram.jobs.facts import checkpoint_facts
    from fluxgram.settings import Settings

    facts = checkpoint_facts("mini", Settings(home=Path("none")))
    assert (facts.name, facts.family, facts.negative) == ("fluxgram-mini", "flux2", "honoured")
    assert facts.sizes == ((256, 256), (256, 384))
    assert facts.count_tokens is not None
    assert facts.count_tokens("portrait of a man").total >= 3
    far = checkpoint_facts("flux2-klein-4b", Settings(home=Path("none"), offline=True))
    assert far.negative == "honoured"
    assert far.count_tokens is None
