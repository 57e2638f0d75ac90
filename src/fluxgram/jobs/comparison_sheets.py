"""A comparison to hand over: one PNG, or one HTML file that needs nothing beside it.

Pictures are read from the store; how both look is `pictures/axis_sheet.py` and `pictures/axis_page.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fluxgram.errors import FluxgramError
from fluxgram.jobs.grids import METHODS
from fluxgram.jobs.tally import tally
from fluxgram.pictures.axis_page import Box, axis_page, page_picture
from fluxgram.pictures.axis_sheet import Square, axis_sheet, cell_of
from fluxgram.pictures.read import read_file
from fluxgram.pictures.resample import resample
from fluxgram.pictures.sheet import inside, sheet_file

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.jobs.cells import Cell
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import BoardRecord

_COLUMNS = 4
_MOST_PROMPT = 400
_STEERED = ("true_cfg", "vsf", "nag")
_WITHOUT = {
    "failed": "Failed",
    "cancelled": "Cancelled",
    "queued": "Not drawn yet",
    "running": "Not drawn yet",
}


def png_sheet(board: BoardRecord, cells: Sequence[Cell], jobs: Jobs) -> bytes:
    """A PNG of all cells.

    Raises:
        PictureError: There are too many for one picture.
    """
    places, columns, rows = laid_out(board, cells)
    sizes = [(each.picture.width, each.picture.height) for each in cells if each.picture is not None]
    cell = cell_of(sizes, len(columns), len(rows))
    squares = []
    in_grid = len(board.data.get("axes", {}).get("y", {}).get("labels", [""])) if any(columns) else 0
    for each, (x, y) in zip(cells, places, strict=True):
        picture = _picture(each, jobs)
        small = (
            None if picture is None else resample(picture, *inside(picture.size, cell))
        )  # not all at full size
        label = () if y < in_grid else (each.label,)
        caption = (*label, *_made(each)) if small is not None else (each.label, _why(each))
        squares.append(Square(x, y, small, caption))
    return sheet_file(
        axis_sheet(board.title, squares, columns=columns, rows=rows, note=_note(board, cells), cell=cell)
    )


def html_sheet(board: BoardRecord, cells: Sequence[Cell], jobs: Jobs) -> str:
    """A page of all cells, with what the votes say."""
    places, columns, rows = laid_out(board, cells)
    boxes = []
    for each, (x, y) in zip(cells, places, strict=True):
        picture = _picture(each, jobs)
        data, size = page_picture(picture) if picture is not None else (b"", (0, 0))
        boxes.append(Box(x, y, each.label, _made(each) if data else (_why(each),), data, size))
    return axis_page(
        board.title,
        boxes,
        columns=columns,
        rows=rows,
        note=_note(board, cells),
        standings=_standings(board, cells, jobs),
    )


def laid_out(board: BoardRecord, cells: Sequence[Cell]) -> tuple[list[tuple[int, int]], list[str], list[str]]:
    """Where each cell goes, and the labels of columns and rows: by the axes; what has no place there, below."""
    axes = board.data.get("axes", {})
    if not axes:
        many = min(len(cells), _COLUMNS) if len(cells) != 6 else 3
        return (
            [(at % many, at // many) for at in range(len(cells))],
            [""] * many,
            [""] * math.ceil(len(cells) / many),
        )
    columns = list(axes["x"]["labels"])
    rows = list(axes["y"]["labels"]) if "y" in axes else [""]
    of_grid = len(rows)
    places: list[tuple[int, int]] = []
    extra = 0
    for each in cells:
        place = each.x, each.y
        if each.kind != "job" or place in places or place[0] >= len(columns) or place[1] >= of_grid:
            place = extra % len(columns), of_grid + extra // len(columns)
            extra += 1
        places.append(place)
    rows += [""] * math.ceil(extra / len(columns))
    return places, columns, rows


def _made(cell: Cell) -> tuple[str, ...]:
    """What made it, in short: seed, checkpoint with its adapters, steps, size."""
    said = cell.settings
    drawn_by = " + ".join(str(said[name]) for name in ("checkpoint", "adapters") if said.get(name))
    facts = [f"seed {said['seed']}" if "seed" in said else "", drawn_by]
    if cell.kind == "endpoint":
        facts[1] = str(said.get("endpoint", ""))
    more = [
        f"{said['steps']} steps" if "steps" in said else "",
        str(said.get("size", "")),
        f"negative by {METHODS[said['negative_method']]}" if said.get("negative_method") in _STEERED else "",
    ]
    told = (("unconfirmed", "sent, unconfirmed"), ("not_applied", "not applied"))
    others = ([f"{words}: {said[name]}"] for name, words in told if name in said)
    lines = (" · ".join(filter(None, part)) for part in (facts, more, *others))
    return tuple(line for line in lines if line)


def _why(cell: Cell) -> str:
    return cell.problem.message if cell.problem is not None else _WITHOUT.get(cell.state, "No picture")


def _note(board: BoardRecord, cells: Sequence[Cell]) -> str:
    """The prompt: the one that all share, or that lights and lenses were put into."""
    prompts = {str(each.settings.get("prompt", "")) for each in cells}
    text = prompts.pop() if len(prompts) == 1 else str(board.data.get("prompt", ""))
    prompt = " ".join(text.split())
    return prompt if len(prompt) <= _MOST_PROMPT else prompt[:_MOST_PROMPT].rstrip() + "…"


def _picture(cell: Cell, jobs: Jobs) -> Image | None:
    """The picture; one whose file is gone leaves its place empty instead of spoiling the sheet."""
    if cell.picture is None:
        return None
    try:
        return read_file(jobs.store.read(cell.picture.name), cell.label).image.convert("RGB")
    except FluxgramError:
        return None


def _standings(board: BoardRecord, cells: Sequence[Cell], jobs: Jobs) -> list[tuple[str, str, str]]:
    found = tally([str(each.number) for each in cells], jobs.boards.votes(board.id))
    if not found.votes:
        return []
    lines = []
    for each, cell in zip(found.standings, cells, strict=True):
        share = "–" if each.share is None else f"{each.share:.0%} ({each.low:.0%} to {each.high:.0%})"
        lines.append((cell.label, f"{each.wins} won, {each.losses} lost, {each.ties} tied", share))
    return lines
