"""A comparison as one picture: columns and rows with their labels, under each picture what made it.

Contact sheets without axes are `sheet.py`; the same as a page is `axis_page.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from fluxgram.errors import PictureError
from fluxgram.pictures.resample import resample
from fluxgram.pictures.sheet import INK, PAPER, drawable, inside, wrapped

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Ink = tuple[int, int, int]

MOST_SIDE = 16_384
"""Of a sheet, in px; more is opened by few programs."""
SHEET_SIDE = 3600
"""About the longest side of a sheet, without its margins, in px."""
_LEAST, _MOST = 256, 1024
_SOFT, _EMPTY, _LINE = (150, 150, 146), (38, 38, 41), (64, 64, 68)
_GAP, _EDGE, _LABELS = 12, 28, 190


@dataclass(frozen=True, slots=True)
class Square:
    """One place on the sheet.

    Attributes:
        x: Column, from 0.
        y: Row, from 0.
        picture: What is shown; None where there is none.
        caption: Lines under it; of a place without a picture, why.
    """

    x: int
    y: int
    picture: Image.Image | None
    caption: tuple[str, ...]


def cell_of(sizes: Sequence[tuple[int, int]], across: int, down: int) -> tuple[int, int]:
    """The cell in which pictures of these sizes are shown best on a sheet of so many columns and rows, in px.

    Of their mean shape, never larger than the largest of them, and so that the sheet can be opened everywhere.
    """
    largest = max((max(size) for size in sizes), default=_LEAST)
    side = max(_LEAST, min(_MOST, SHEET_SIDE // max(across, down), largest))
    shape = sum(width / height for width, height in sizes) / len(sizes) if sizes else 1.0
    return (side, round(side / shape)) if shape >= 1 else (round(side * shape), side)


def axis_sheet(
    title: str,
    squares: Sequence[Square],
    *,
    columns: Sequence[str],
    rows: Sequence[str],
    row_notes: Sequence[str] = (),
    note: str = "",
    cell: tuple[int, int] = (512, 512),
) -> Image.Image:
    """The sheet.

    Args:
        title: Above everything.
        squares: In any order; where two are in one place the later is shown.
        columns: Labels over the columns; empty ones leave no room.
        rows: Labels beside the rows.
        row_notes: Smaller words under the label of each row, in lines of their own; empty for none.
        note: Words under the title, such as the prompt.
        cell: (width, height) that each picture gets, in px; all of it is shown.

    Raises:
        PictureError: Nothing to show, or the sheet would be too large.
    """
    if not squares or not columns or not rows or min(cell) < 16:
        raise PictureError("A sheet needs at least one picture.")
    title_font, font, small = (ImageFont.load_default(size=size) for size in (30, 18, 14))
    captions = [_caption(each, small, cell[0]) for each in squares]
    lines = max(
        (len(said) for said, each in zip(captions, squares, strict=True) if each.picture is not None),
        default=0,
    )
    left = _EDGE + (_LABELS if any(rows) else 0)
    width = left + len(columns) * (cell[0] + _GAP) - _GAP + _EDGE
    heads = [wrapped(drawable(label, font), font, cell[0], 2) for label in columns]
    notes = wrapped(drawable(note, small), small, width - 2 * _EDGE, 3)
    top = _EDGE + 42 + len(notes) * 19 + 18 + max(map(len, heads)) * 24 + (6 if any(heads) else 0)
    high = cell[1] + 6 + lines * 19 + 2 * _GAP
    height = top + len(rows) * high + _EDGE - _GAP
    if max(width, height) > MOST_SIDE:
        raise PictureError(f"The sheet would be {width}x{height} px.", "Compare fewer pictures at once.")
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    heading = wrapped(drawable(title, title_font), title_font, width - 2 * _EDGE, 1)
    _write(draw, (_EDGE, _EDGE), heading, title_font, INK, 38)
    _write(draw, (_EDGE, _EDGE + 42), notes, small, _SOFT, 19)
    for number, words in enumerate(heads):
        at = left + number * (cell[0] + _GAP), top - 6 - len(words) * 24
        _write(draw, at, words, font, INK, 24)
    for number, label in enumerate(rows):
        words = wrapped(drawable(label, font), font, _LABELS - 16, 6)
        said = drawable(row_notes[number], small) if number < len(row_notes) else ""
        more = [line for part in said.split("\n") for line in wrapped(part, small, _LABELS - 16, 6)]
        middle = top + number * high + (cell[1] - len(words) * 24 - len(more) * 19) // 2
        _write(draw, (_EDGE, middle), words, font, INK, 24)
        _write(draw, (_EDGE, middle + len(words) * 24 + 4), more, small, _SOFT, 19)
    for square, caption in zip(squares, captions, strict=True):
        place = left + square.x * (cell[0] + _GAP), top + square.y * high
        _square(sheet, draw, square.picture, caption, place, cell, small)
    return sheet


def _caption(square: Square, font: Font, width: int) -> list[tuple[str, Ink]]:
    """Lines as they are drawn, with their ink: under a picture, or within an empty place."""
    room, most = (width, 2) if square.picture is not None else (width - 32, 4)
    return [
        (line, INK if number == 0 and (square.picture is not None or len(square.caption) > 1) else _SOFT)
        for number, text in enumerate(square.caption)
        for line in wrapped(drawable(text, font), font, room, most)
    ]


def _square(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    picture: Image.Image | None,
    caption: Sequence[tuple[str, Ink]],
    place: tuple[int, int],
    cell: tuple[int, int],
    font: Font,
) -> None:
    left, top = place
    if picture is None:
        draw.rectangle((left, top, left + cell[0] - 1, top + cell[1] - 1), fill=_EMPTY, outline=_LINE)
        left, under = left + 16, top + max(8, (cell[1] - len(caption) * 19) // 2)
    else:
        size = inside(picture.size, cell)
        shown = resample(picture.convert("RGB"), *size)
        sheet.paste(shown, (left, top + cell[1] - size[1]))  # flush with its label and its caption
        under = top + cell[1] + 6
    for number, (line, ink) in enumerate(caption):
        _write(draw, (left, under + number * 19), [line], font, ink, 19)


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    lines: Sequence[str],
    font: Font,
    ink: Ink,
    step: int,
) -> None:
    for number, line in enumerate(lines):
        draw.text((place[0], place[1] + number * step), line, fill=ink, font=font)
