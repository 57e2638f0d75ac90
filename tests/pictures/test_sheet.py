"""Contact sheets: every picture where it belongs, captions within their cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from fluxgram.errors import NoReceipt, PictureError
from fluxgram.pictures.read import read_comparison, read_receipt, read_source
from fluxgram.pictures.sheet import contact_sheet, sheet_file

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]


def test_order_and_size() -> None:
    pictures = [(Image.new("RGB", (40, 40), colour), "") for colour in COLOURS]
    sheet = contact_sheet(pictures, columns=3, cell=(40, 60), caption_lines=0, gap=10)
    assert sheet.size == (3 * 50 + 10, 2 * 70 + 10)
    seen = [sheet.getpixel((30 + 50 * (i % 3), 40 + 70 * (i // 3))) for i in range(5)]
    assert seen == COLOURS
    assert sheet.getpixel((30 + 100, 110)) not in COLOURS


@pytest.mark.parametrize("caption", ["a", "long words in a row " * 20, "x" * 400, "", "光 ümläut 👩"])
def test_captions_stay_in_their_cell(caption: str) -> None:
    sheet = contact_sheet([(Image.new("RGB", (64, 64)), caption)] * 2, columns=2, cell=(64, 64), gap=8)
    paper = sheet.getpixel((0, 0))
    between = [sheet.getpixel((64 + 8 + x, y)) for x in range(2, 8) for y in range(72, sheet.height)]
    assert set(between) == {paper}


def test_letters_that_the_font_lacks_lose_their_accent() -> None:
    picture = Image.new("RGB", (64, 64))
    assert contact_sheet([(picture, "café")]).tobytes() == contact_sheet([(picture, "cafe")]).tobytes()


def test_fewer_pictures_than_columns() -> None:
    assert contact_sheet([(Image.new("RGB", (9, 9)), "")], columns=6, cell=(50, 50), gap=0).width == 50


@pytest.mark.parametrize("arguments", [{"columns": 0}, {"cell": (0, 9)}, {"gap": -1}, {"caption_lines": -1}])
def test_impossible(arguments: dict[str, int]) -> None:
    with pytest.raises(PictureError):
        contact_sheet([(Image.new("RGB", (9, 9)), "")], **arguments)  # type: ignore[arg-type]
    with pytest.raises(PictureError):
        contact_sheet([])


def test_whole_pictures_of_any_shape() -> None:
    """A wide and a tall picture, each shown to its edges, with paper beside it."""
    wide, tall = Image.new("RGB", (80, 20), COLOURS[0]), Image.new("RGB", (20, 80), COLOURS[1])
    sheet = contact_sheet(
        [(wide, ""), (tall, "")], columns=2, cell=(40, 40), caption_lines=0, gap=0, whole=True
    )
    paper = sheet.getpixel((0, 0))
    row = [sheet.getpixel((x, 20)) for x in range(80)]
    column = [[sheet.getpixel((x, y)) for y in range(40)] for x in (20, 60)]
    assert list(dict.fromkeys(row)) == [COLOURS[0], paper, COLOURS[1]]
    assert (row.count(COLOURS[0]), row.count(COLOURS[1])) == (40, 10)
    assert [each.count(paper) for each in column] == [30, 0]


def test_a_sheet_is_marked_as_made_by_a_machine(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(sheet_file(contact_sheet([(Image.new("RGB", (9, 9)), "")])))
    assert read_source(path).endswith("trainedAlgorithmicMedia")
    with pytest.raises(NoReceipt):
        read_receipt(path)


def test_a_sheet_carries_what_is_on_it(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    shown = {"title": "ä\n\x00“", "rows": [{"label": "x" * 200_000}]}
    path.write_bytes(sheet_file(contact_sheet([(Image.new("RGB", (9, 9)), "")]), shown))
    assert read_comparison(path) == shown
    path.write_bytes(sheet_file(contact_sheet([(Image.new("RGB", (9, 9)), "")])))
    with pytest.raises(NoReceipt):
        read_comparison(path)
