"""How `fluxgram compare` shows its rows: as a sheet (PNG), as a page (HTML), and as values (JSON, in the PNG too).

With several seeds a row is a row and each seed a column. With one seed the rows stand side by side, each with its name
underneath. What fills them is `comparing.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from fluxgram.cli.comparing import UNKNOWN, called

if TYPE_CHECKING:
    from fluxgram.cli.comparing import Cell, Row

SCHEMA = 1
_ABREAST = 4
"""Pictures side by side where there is one seed."""
_MOST_NOTE, _MOST_HEADING = 600, 80


def png_of(title: str, note: str, rows: Sequence[Row]) -> bytes:
    """The sheet as a PNG file; what is on it lies inside, receipts and all.

    Raises:
        PictureError: There are too many pictures for one file.
    """
    from fluxgram.pictures.axis_sheet import Square, axis_sheet, cell_of
    from fluxgram.pictures.resample import resample
    from fluxgram.pictures.sheet import inside, sheet_file

    places, columns, sides = _laid_out(rows)
    sizes = [cell.picture.size for _, cell, _ in places if cell.picture is not None]
    shape = cell_of(sizes, len(columns), len(sides))
    squares = []
    for row, cell, (x, y) in places:
        small = None if cell.picture is None else resample(cell.picture, *inside(cell.picture.size, shape))
        label = (row.label,) if len(row.cells) == 1 else ()
        squares.append(Square(x, y, small, (*label, *_made(cell, row, rows))))
    sheet = axis_sheet(
        title, squares, columns=columns, rows=sides, row_notes=_notes(rows), note=_shortened(note), cell=shape
    )
    return sheet_file(sheet, values_of(title, rows))


def html_of(title: str, note: str, rows: Sequence[Row]) -> str:
    """The same as one page that needs nothing beside it."""
    from fluxgram.pictures.axis_page import Box, axis_page, page_picture

    places, columns, sides = _laid_out(rows)
    boxes = []
    for row, cell, (x, y) in places:
        data, size = page_picture(cell.picture) if cell.picture is not None else (b"", (0, 0))
        label = row.label if len(row.cells) == 1 else ""
        boxes.append(Box(x, y, label, _made(cell, row, rows), data, size))
    return axis_page(title, boxes, columns=columns, rows=sides, row_notes=_notes(rows), note=note)


def heading_of(rows: Sequence[Row]) -> str:
    """What a sheet is called where nobody says: its rows."""
    *most, last = [row.label for row in rows]
    names = f"{', '.join(most)} and {last}"
    return names if len(names) <= _MOST_HEADING else f"{len(rows)} ways to make a picture"


def values_of(title: str, rows: Sequence[Row]) -> dict[str, Any]:
    """What is on the sheet as plain values that JSON can carry."""
    return {
        "schema": SCHEMA,
        "title": title,
        "rows": [
            {
                "label": row.label,
                "kind": row.kind,
                "not_applied": unapplied(row),
                "pictures": [
                    {
                        "seed": None if cell.seed == UNKNOWN else cell.seed,
                        "seconds": None if cell.seconds is None else round(cell.seconds, 3),
                        "file": None if cell.keep is None or cell.picture is None else str(cell.keep),
                        "size": None if cell.picture is None else "{}x{}".format(*cell.picture.size),
                        "sent": dict(cell.sent) or None,
                        "receipt": cell.receipt,
                        "problem": None if cell.problem is None else str(cell.problem),
                    }
                    for cell in row.cells
                ],
            }
            for row in rows
        ],
    }


def unapplied(row: Row) -> dict[str, str]:
    """What was asked for here and is not in the row's pictures, as far as anybody says → why."""
    found = dict(row.unsent)
    for cell in row.cells:
        listed = (cell.receipt or {}).get("ignored")  # the receipt may be anybody's
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, Mapping) and isinstance(name := each.get("name"), str):
                found.setdefault(name[:40], str(each.get("reason", ""))[:300])
    return found


def otherwise(row: Row) -> list[str]:
    """Where the pictures of a row are, or may be, other than was asked for, in short."""
    said = []
    sent = dict.fromkeys(name for cell in row.cells if cell.said is None for name in cell.sent)
    if names := [name for name in sent if name != "size"]:  # which is seen
        said.append(f"sent, unconfirmed: {', '.join(map(called, names))}")
    if missing := unapplied(row):
        said.append(f"not applied: {', '.join(map(called, missing))}")
    return said


def _laid_out(rows: Sequence[Row]) -> tuple[list[tuple[Row, Cell, tuple[int, int]]], list[str], list[str]]:
    """Where each cell goes, and the labels of columns and rows."""
    seeds = [cell.seed for cell in rows[0].cells]  # rows that are drawn come first
    if len(seeds) > 1:
        places = [(row, cell, (x, y)) for y, row in enumerate(rows) for x, cell in enumerate(row.cells)]
        return places, [f"seed {seed}" for seed in seeds], [row.label for row in rows]
    many = min(len(rows), _ABREAST) if len(rows) not in (5, 6) else 3
    places = [(row, row.cells[0], (at % many, at // many)) for at, row in enumerate(rows)]
    return places, [""] * many, [""] * math.ceil(len(rows) / many)


def _notes(rows: Sequence[Row]) -> list[str]:
    """What stands under the name of each row; nothing where rows have no names of their own."""
    if len(rows[0].cells) == 1:
        return []
    return ["\n".join(filter(None, [pace(row, rows), *otherwise(row)])) for row in rows]


def pace(row: Row, rows: Sequence[Row], of: str = " a picture") -> str:
    """Seconds of a picture, and how they compare with those of the first row: medians, over pairs of equal place."""
    spent = [cell.seconds for cell in row.cells if cell.seconds is not None]
    if not spent:
        return ""
    said = f"{_seconds(median(spent))}{of}"
    pairs = [
        one.seconds / other.seconds
        for one, other in zip(row.cells, rows[0].cells, strict=True)
        if one.seconds is not None and other.seconds
    ]
    if row is rows[0] or not pairs or row.kind == "file":
        return said
    return f"{said}, {median(pairs):.2g} times the first"


def _made(cell: Cell, row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    """How a picture was made, in short lines, or why there is none."""
    if cell.picture is None:
        return (_why(row, cell),)
    said, alone, facts = cell.said, len(row.cells) == 1, []
    if cell.seed != UNKNOWN and (
        row.kind == "file" or (alone and row.kind == "drawn")
    ):  # else the column says it
        facts.append(f"seed {cell.seed}")
    if said is not None:
        facts += ["" if said.checkpoint in row.label else said.checkpoint, _steps(said.steps)]
        facts += [f"guidance {said.guidance:g}" if said.guidance and said.guidance > 1 else ""]
    spent = pace(row, rows, "") if alone else "" if cell.seconds is None else _seconds(cell.seconds)
    size = _size(cell.picture.size)
    if cell.size is not None and cell.size != cell.picture.size:
        size += f" instead of {_size(cell.size)}"
    lines = (facts, (size, spent), *((line,) for line in (otherwise(row) if alone else ())))
    return tuple(filter(None, (" · ".join(filter(None, line)) for line in lines)))


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"


def _why(row: Row, cell: Cell) -> str:
    if cell.problem is not None:
        return str(cell.problem)
    if row.problem is not None:
        return "Not tried again."
    return "No picture" if row.kind == "file" else "Not drawn"


def _steps(steps: int | None) -> str:
    return "" if not steps else "1 step" if steps == 1 else f"{steps} steps"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_NOTE else line[:_MOST_NOTE].rstrip() + "…"
