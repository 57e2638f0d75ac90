"""Contact sheets: many pictures on one, each with its caption underneath."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from fluxgram.errors import PictureError
from fluxgram.pictures.marks import COMPARISON, packet, receipt_text, source_properties
from fluxgram.pictures.resample import resample

_LIKE = {"×": "x", "–": "-", "—": "-", "−": "-", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"}
PAPER, INK = (24, 24, 26), (214, 214, 210)


def contact_sheet(
    pictures: Sequence[tuple[Image.Image, str]],
    *,
    columns: int = 6,
    cell: tuple[int, int] = (256, 256),
    caption_lines: int = 2,
    gap: int = 12,
    whole: bool = False,
) -> Image.Image:
    """One picture of many.

    Args:
        pictures: Pictures with captions, in reading order.
        columns: Pictures in a row.
        cell: (width, height) of each in px; cropped to that shape about the centre.
        caption_lines: Lines for a caption; what does not fit ends in "…". 0 leaves captions out.
        gap: Space around each, in px.
        whole: Show all of each picture, with paper beside it where its shape is not the cell's, instead of cropping.

    Raises:
        PictureError: No pictures, or an impossible layout.
    """
    if not pictures or columns < 1 or min(cell) < 1 or caption_lines < 0 or gap < 0:
        raise PictureError("A contact sheet needs at least one picture, one column and one pixel a side.")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    font = ImageFont.load_default(size=max(9.0, min(14.0, cell[0] / 20)))
    line = int(font.size * 1.35) if isinstance(font, ImageFont.FreeTypeFont) else 12
    high = cell[1] + caption_lines * line + gap
    sheet = Image.new("RGB", (columns * (cell[0] + gap) + gap, rows * high + gap), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (picture, caption) in enumerate(pictures):
        left, top = gap + (index % columns) * (cell[0] + gap), gap + (index // columns) * high
        shown = resample(picture.convert("RGB"), *(inside(picture.size, cell) if whole else cell))
        sheet.paste(shown, (left + (cell[0] - shown.width) // 2, top + (cell[1] - shown.height) // 2))
        for number, words in enumerate(wrapped(drawable(caption, font), font, cell[0], caption_lines)):
            draw.text((left, top + cell[1] + 2 + number * line), words, fill=INK, font=font)
    return sheet


def sheet_file(sheet: Image.Image, shown: Mapping[str, object] | None = None) -> bytes:
    """The bytes of a sheet as a PNG file, marked as made by a machine like the pictures on it.

    Args:
        sheet: The sheet.
        shown: What is on it with its receipts, for `read_comparison`; None leaves that out.
    """
    chunks = PngInfo()
    if shown is not None:
        chunks.add_itxt(COMPARISON, receipt_text(shown))
    chunks.add_itxt("XML:com.adobe.xmp", packet(source_properties()).decode("utf-8"))
    out = io.BytesIO()
    sheet.save(out, "PNG", pnginfo=chunks, compress_level=6)
    return out.getvalue()


def inside(size: tuple[int, int], cell: tuple[int, int]) -> tuple[int, int]:
    """The largest size of a picture's shape that fits into a cell, both (width, height) in px."""
    scale = min(cell[0] / size[0], cell[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def wrapped(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int, most: int
) -> list[str]:
    """Break a caption into at most `most` lines of `width` px."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most:
        taken = 1
        while taken < len(words) and font.getlength(" ".join(words[: taken + 1])) <= width:
            taken += 1
        lines.append(" ".join(words[:taken]))
        words = words[taken:]
    if lines and (words or font.getlength(lines[-1]) > width):
        lines[-1] = _shortened(lines[-1], font, width)
    return [line if font.getlength(line) <= width else _shortened(line, font, width) for line in lines]


def drawable(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text with letters that the font lacks as plain ones like them: "cafe" and "x" instead of an empty box."""

    def image(letter: str) -> bytes:
        return bytes(font.getmask(letter))

    if text.isascii() or not isinstance(font, ImageFont.FreeTypeFont):
        return text
    missing = image("\uffff")
    made = []
    for letter in unicodedata.normalize("NFC", text):
        plain = _LIKE.get(letter) or unicodedata.normalize("NFKD", letter)[:1]
        made.append(plain if plain.isascii() and image(letter) == missing else letter)
    return "".join(made)


def _shortened(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line.rstrip() + "…"
