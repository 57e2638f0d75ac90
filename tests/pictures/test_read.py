"""Files that anybody may have made: each is a picture, or one clear error."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fluxgram.errors import NoReceipt, PictureError
from fluxgram.pictures import marks, read
from fluxgram.pictures.read import read_picture, read_receipt, read_source
from fluxgram.pictures.write import encode_picture, write_picture

FORMATS = ["png", "jpeg", "webp"]


def encoded(kind: str) -> bytes:
    noise = Image.effect_noise((64, 48), 60).convert("RGB")
    return encode_picture(noise, {"schema": 1, "prompt": "x" * 200}, parameters_text="x", format=kind)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.95])
def test_truncated(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / "x"
    data = encoded(kind)
    path.write_bytes(data[: int(len(data) * share)])
    for reader in (read_picture, read_receipt):
        with pytest.raises(PictureError) as caught:
            reader(path)
        assert not isinstance(caught.value, NoReceipt)


@pytest.mark.parametrize("kind", FORMATS)
def test_corrupted_anywhere(tmp_path: Path, kind: str) -> None:
    """Bytes changed at random: whatever comes, it is a picture or a PictureError."""
    data, dice, path = encoded(kind), random.Random(4), tmp_path / "x"
    refused = 0
    for _ in range(150):
        bad = bytearray(data)
        for _ in range(dice.randint(1, 6)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        path.write_bytes(bad)
        for reader in (read_picture, read_receipt):
            try:
                reader(path)
            except PictureError:
                refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"GIF89a\1\0\1\0\0\0\0;", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_no_picture(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.png").write_bytes(data)
    with pytest.raises(PictureError) as caught:
        read_receipt(tmp_path / "x.png")
    assert not isinstance(caught.value, NoReceipt)


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / name)
    assert caught.value.hint


def test_no_receipt(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png")
    with pytest.raises(NoReceipt):
        read_receipt(tmp_path / "x.png")
    assert read_source(tmp_path / "x.png") == ""


def png_of_size(width: int, height: int) -> bytes:
    """A tiny file that claims any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [9_000, 12_000, 60_000])
def test_a_bomb_of_pixels(tmp_path: Path, side: int) -> None:
    (tmp_path / "x.png").write_bytes(png_of_size(side, side))
    with pytest.raises(PictureError, match="not read"):
        read_picture(tmp_path / "x.png")


def test_a_huge_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MOST_BYTES", 1000)
    (tmp_path / "x.png").write_bytes(encoded("png"))
    with pytest.raises(PictureError, match="not read"):
        read_receipt(tmp_path / "x.png")


@pytest.mark.parametrize("text", ["{", "[1]", "null", "[" * 200_000, '{"a": ' + "9" * 5000 + "}", '"x"'])
def test_a_bad_receipt(tmp_path: Path, text: str) -> None:
    chunks = PngInfo()
    chunks.add_itxt("fluxgram", text)
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png", pnginfo=chunks)
    with pytest.raises(PictureError, match="damaged"):
        read_receipt(tmp_path / "x.png")


def test_a_receipt_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "LARGEST_RECEIPT", 100)
    write_picture(Image.new("RGB", (8, 8)), tmp_path / "x.png", {"a": "b" * 200}, parameters_text="")
    with pytest.raises(PictureError, match="not read"):
        read_receipt(tmp_path / "x.png")


@pytest.mark.parametrize(
    ("packet", "says"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "entities"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16"), "damaged"),
        (b"<x", "damaged"),
        (b"\xff\xfe\xfd", "damaged"),
    ],
)
def test_hostile_xmp(packet: bytes, says: str) -> None:
    with pytest.raises(PictureError, match=says):
        marks.read_packet(packet)


def test_a_missing_piece_of_a_long_receipt(tmp_path: Path) -> None:
    data = encode_picture(Image.new("RGB", (8, 8)), {"a": "b" * 150_000}, parameters_text="", format="jpeg")
    start = data.index(b"\xff\xe1\xff", data.index(b"http://ns.adobe.com/xmp/extension/"))
    size = int.from_bytes(data[start + 2 : start + 4], "big") + 2
    (tmp_path / "x.jpg").write_bytes(data[:start] + data[start + size :])
    with pytest.raises(PictureError, match="missing"):
        read_receipt(tmp_path / "x.jpg")


def test_the_short_form_of_other_tools() -> None:
    packet = marks.packet("").replace(b'rdf:about=""', b"rdf:about='' fluxgram:receipt='{&quot;a&quot;: 1}'")
    assert marks.read_packet(packet) == {"receipt": '{"a": 1}'}
