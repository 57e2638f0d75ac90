"""Comparisons as a picture and as a page: everything in its place, and texts stay texts."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from PIL import Image

from fluxgram.errors import PictureError
from fluxgram.pictures.axis_page import PAGE_SIDE, Box, axis_page, page_picture
from fluxgram.pictures.axis_sheet import Square, axis_sheet, cell_of

RED, BLUE = (255, 0, 0), (0, 0, 255)


def columns_of(sheet: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The box that a colour fills."""
    mask = Image.new("L", sheet.size)
    mask.putdata([255 * (pixel == colour) for pixel in sheet.get_flattened_data()])
    box = mask.getbbox()
    assert box is not None
    return box


def test_pictures_stand_flush_with_their_labels_on_one_ground() -> None:
    squares = [
        Square(0, 0, Image.new("RGB", (40, 60), RED), ("a",)),
        Square(1, 0, Image.new("RGB", (60, 40), BLUE), ("b",)),
    ]
    sheet = axis_sheet("t", squares, columns=["one", "two"], rows=[""], cell=(60, 60))
    red, blue = columns_of(sheet, RED), columns_of(sheet, BLUE)
    assert (red[2] - red[0], red[3] - red[1]) == (40, 60)
    assert (blue[2] - blue[0], blue[3] - blue[1]) == (60, 40)
    assert blue[0] - red[0] == 60 + 12
    assert red[3] == blue[3]


def test_notes_of_rows_take_no_room_from_pictures() -> None:
    squares = [Square(0, row, Image.new("RGB", (60, 60), RED), ("a",)) for row in range(2)]
    plain = axis_sheet("t", squares, columns=[""], rows=["A", "B"], cell=(60, 60))
    noted = axis_sheet("t", squares, columns=[""], rows=["A", "B"], row_notes=["1.2 s", ""], cell=(60, 60))
    assert plain.size == noted.size
    assert columns_of(plain, RED) == columns_of(noted, RED)
    assert plain.tobytes() != noted.tobytes()


@pytest.mark.parametrize(
    ("sizes", "across", "down", "cell"),
    [
        ([(256, 256)], 2, 1, (256, 256)),
        ([(256, 384)], 4, 1, (256, 384)),
        ([(4000, 2000)], 2, 2, (1024, 512)),
        ([(1024, 1024)], 8, 2, (450, 450)),
        ([(1024, 1024)], 64, 1, (256, 256)),
        ([], 2, 2, (256, 256)),
    ],
)
def test_cells(sizes: list[tuple[int, int]], across: int, down: int, cell: tuple[int, int]) -> None:
    assert cell_of(sizes, across, down) == cell


def test_a_sheet_that_nobody_could_open_is_refused() -> None:
    squares = [Square(63, 0, None, ("none",))]
    with pytest.raises(PictureError, match="px"):
        axis_sheet("t", squares, columns=["x"] * 64, rows=["y"], cell=(512, 512))


def test_texts_of_a_page_stay_texts() -> None:
    hostile = '"><script src=//x></script>'
    boxes = [Box(0, 0, hostile, (hostile,), b"jpeg", (2, 3)), Box(0, 1, hostile, (hostile,), b"", (0, 0))]
    page = axis_page(
        hostile, boxes, columns=[hostile], rows=[hostile, hostile], row_notes=[hostile, ""], note=hostile,
        standings=[(hostile, hostile, hostile)],
    )  # fmt: skip
    assert "<script" not in page
    # title, heading, region, prompt, column, two rows, a note, alternative text, two labels and facts, three of votes
    assert unescape(page).count(hostile) == 16
    assert len(re.findall("<small>", page)) == 1


def test_pictures_of_a_page_are_small_enough() -> None:
    data, size = page_picture(Image.new("RGB", (PAGE_SIDE * 2, PAGE_SIDE)))
    assert size == (PAGE_SIDE, PAGE_SIDE // 2)
    assert Image.open(io.BytesIO(data)).size == size
    assert page_picture(Image.new("RGB", (30, 20)))[1] == (30, 20)
