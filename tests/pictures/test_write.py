"""Pictures are written whole with their receipt, or not at all; hostile receipts come back as they went in."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fluxgram.errors import PictureError, PictureExists
from fluxgram.pictures import marks
from fluxgram.pictures.read import read_picture, read_receipt, read_source
from fluxgram.pictures.write import check_output, encode_picture, format_of, write_picture

ENDINGS = ["png", "jpg", "webp"]
HOSTILE = [
    'quotes " \\ and </rdf:RDF> <!ENTITY x "y"> ]]> &amp;',
    "zero width \u200b, right-to-left \u202e, emoji 👩‍🦰, \ufffe and \uffff, del \x7f",
    "lines\r\nand\ttabs\nNegative prompt: none\nSteps: 1, Seed: 2",
    "肖像画、左からの光 — ümläut",
    "control \x01\x02\x1b[31m",
]


def picture(width: int = 24, height: int = 16) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def receipt_of(prompt: str) -> dict[str, object]:
    return {
        "schema": 1,
        "prompt": {"text": prompt, "lost": ""},
        "seed": 2**64 - 1,
        "guidance": 3.5,
        "none": None,
    }


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("prompt", HOSTILE)
def test_receipt_comes_back(tmp_path: Path, ending: str, prompt: str) -> None:
    path = tmp_path / f"x.{ending}"
    assert write_picture(picture(), path, receipt_of(prompt), parameters_text=prompt + "\nSteps: 4") == path
    assert read_receipt(path) == receipt_of(prompt)
    assert read_source(path) == marks.MADE_BY_MACHINE
    assert read_picture(path).size == (24, 16)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("length", [30_000, 70_000, 400_000])
def test_huge_prompt(tmp_path: Path, ending: str, length: int) -> None:
    """Above 64 KiB a JPEG needs several segments."""
    prompt = ("light from the left, 光, " * length)[:length]
    path = write_picture(picture(), tmp_path / f"x.{ending}", receipt_of(prompt), parameters_text=prompt)
    assert read_receipt(path) == receipt_of(prompt)
    assert read_source(path) == marks.MADE_BY_MACHINE


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), ending=st.sampled_from(ENDINGS))
def test_any_text_comes_back(tmp_path: Path, prompt: str, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    write_picture(picture(4, 4), path, receipt_of(prompt), parameters_text=prompt, overwrite=True)
    assert read_receipt(path) == receipt_of(prompt)


def test_text_that_is_no_unicode_still_gives_a_file(tmp_path: Path) -> None:
    path = write_picture(
        picture(), tmp_path / "x.png", receipt_of("a \udcff b"), parameters_text="a \udcff b"
    )
    assert read_receipt(path)["prompt"] == {"text": "a \ufffd b", "lost": ""}


def test_other_tools_read_the_parameters(tmp_path: Path) -> None:
    """As A1111 does: PNG's `parameters`, else EXIF's UserComment."""
    text = "a portrait, ümläut 光\nNegative prompt: hat\nSteps: 4, Seed: 7"
    with Image.open(write_picture(picture(), tmp_path / "x.png", {}, parameters_text=text)) as image:
        assert image.text["parameters"] == text  # type: ignore[attr-defined]
        assert json.loads(image.text["fluxgram"]) == {}  # type: ignore[attr-defined]
    for ending in ("jpg", "webp"):
        with Image.open(
            write_picture(picture(), tmp_path / f"x.{ending}", {}, parameters_text=text)
        ) as image:
            comment = image.getexif().get_ifd(0x8769)[0x9286]
        assert comment.startswith(b"UNICODE\0")
        assert comment[8:].decode("utf-16-be") == text


def test_png_loses_no_pixel_and_carries_nothing_else(tmp_path: Path) -> None:
    image = picture()
    image.info["exif"] = b"Exif\0\0secret"
    image.info["comment"] = "secret"
    path = write_picture(image, tmp_path / "x.png", {}, parameters_text="p")
    assert read_picture(path).tobytes() == image.tobytes()
    assert b"secret" not in path.read_bytes()


@pytest.mark.parametrize(
    ("name", "asked", "kind"),
    [("x.png", None, "png"), ("x.JPG", None, "jpeg"), ("x.jpeg", "jpeg", "jpeg"), ("x.webp", None, "webp"),
     ("x", None, "png"), ("x", "webp", "webp"), ("x.jpg", "jpg", "jpeg")],
)  # fmt: skip
def test_format(name: str, asked: str | None, kind: str) -> None:
    assert format_of(Path(name), asked) == kind


@pytest.mark.parametrize(
    ("name", "asked"), [("x.gif", None), ("x.png", "jpeg"), ("x.png", "tiff"), ("x.webp", "png")]
)
def test_impossible_format(name: str, asked: str | None) -> None:
    with pytest.raises(PictureError) as caught:
        format_of(Path(name), asked)
    assert caught.value.hint


def test_existing_name(tmp_path: Path) -> None:
    path = write_picture(picture(), tmp_path / "x.png", {"a": 1}, parameters_text="")
    for refuse in (check_output, lambda p: write_picture(picture(), p, {"a": 2}, parameters_text="")):
        with pytest.raises(PictureExists, match="is there already"):
            refuse(path)
    assert read_receipt(path) == {"a": 1}
    write_picture(picture(), path, {"a": 3}, parameters_text="", overwrite=True)
    assert read_receipt(path) == {"a": 3}
    assert names_in(tmp_path) == ["x.png"]


def test_a_link_is_followed_not_replaced(tmp_path: Path) -> None:
    real = tmp_path / "real.png"
    real.write_bytes(b"old")
    link = tmp_path / "link.png"
    link.symlink_to(real)
    write_picture(picture(), link, {"a": 1}, parameters_text="", overwrite=True)
    assert link.is_symlink()
    assert read_receipt(real) == {"a": 1}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing/x.png", "not there"),
        ("", "is a folder"),
        ("y" * 300 + ".png", "too long"),
        ("a\0b.png", "cannot be written"),
    ],
)
def test_impossible_names(tmp_path: Path, name: str, says: str) -> None:
    for refuse in (check_output, lambda p: write_picture(picture(), p, {}, parameters_text="")):
        with pytest.raises(PictureError, match=says) as caught:
            refuse(tmp_path / name)
        assert caught.value.hint


def test_a_long_name_that_the_system_takes_is_taken(tmp_path: Path) -> None:
    path = tmp_path / ("y" * 251 + ".png")
    check_output(path)
    assert write_picture(picture(), path, {}, parameters_text="").exists()


def test_a_device_is_not_overwritten() -> None:
    with pytest.raises(PictureError, match="not an ordinary file"):
        check_output(Path("/dev/null"), overwrite=True)


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    path = write_picture(picture(), tmp_path / "x.png", {}, parameters_text="")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="the system cannot limit file sizes")
def test_no_space(tmp_path: Path) -> None:
    """The system's own limit on file sizes stands in for a full disk: both stop a write half-way."""
    code = f"""
import resource
from pathlib import Path
from PIL import Image
from fluxgram.errors import PictureError
from fluxgram.pictures.write import check_output, write_picture
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
noise = Image.effect_noise((512, 512), 90)
for attempt in (lambda p: check_output(p), lambda p: write_picture(noise, p, {{}}, parameters_text="")):
    try:
        attempt(Path({str(tmp_path / "x.png")!r}))
    except PictureError as error:
        print(error, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("There is no space to write") == 2
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("boom"), MemoryError])
def test_whatever_happens_no_partial_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(number: int) -> None:
        assert names_in(tmp_path) != []
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((KeyboardInterrupt, PictureError, MemoryError)):
        write_picture(picture(), tmp_path / "x.png", {}, parameters_text="")
    assert names_in(tmp_path) == []


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*names: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = write_picture(picture(), tmp_path / "x.png", {"a": 1}, parameters_text="")
    assert read_receipt(path) == {"a": 1}
    assert names_in(tmp_path) == ["x.png"]


def test_two_writers_and_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else takes the name while the picture is being written: theirs stays."""
    path = tmp_path / "x.png"
    flush = os.fsync

    def taken(number: int) -> None:
        path.write_bytes(b"theirs")
        flush(number)

    monkeypatch.setattr(os, "fsync", taken)
    with pytest.raises(PictureExists):
        write_picture(picture(), path, {}, parameters_text="")
    assert path.read_bytes() == b"theirs"
    assert names_in(tmp_path) == ["x.png"]


def test_a_jpeg_segment_is_never_too_long() -> None:
    data = encode_picture(picture(), receipt_of("x" * 300_000), parameters_text="é" * 300_000, format="jpeg")
    at, sizes = 2, []
    while data[at : at + 2] != b"\xff\xda":
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        sizes.append(size)
        at += size + 2
    assert len([size for size in sizes if size > 60_000]) >= 6
