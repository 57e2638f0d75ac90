"""What `fluxgram compare` puts beside each other: rows that are drawn here, that are files, or that others draw.

Rows are made and checked before anything is computed (`drawn_rows` and its like), then filled (`draw`). A row
that fails is over and says why; the others go on. Files and other servers are `comparing_others.py`, how a sheet shows
all of them is `comparing_sheets.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fluxgram.errors import FluxgramError

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.engine.plan import Plan
    from fluxgram.engine.result import Result
    from fluxgram.pictures.found import Settings as Said
    from fluxgram.settings import Settings
    from fluxgram.store.records import EndpointRecord

MOST_PICTURES = 64
"""On one sheet; nobody looks at more."""
UNKNOWN = -1
"""The seed of a picture that nobody knows one of."""
NONE = "none"
"""After `--adapter`: the row without any."""
_CALLED = {
    "negative": "negative prompt",
    "negative_method": "way of the negative prompt",
    "negative_scale": "scale of the negative prompt",
    "checkpoint_negative": "the checkpoint's own negative prompt",
    "fast": "the fast version",
}


@dataclass(slots=True)
class Cell:
    """One place: what is to stand there, and once it is there, what does.

    Attributes:
        seed: Of its column; a file may say another, and `UNKNOWN` is none.
        plan: How it is drawn here; None where it is not.
        keep: File that it is kept in beside the sheet; None for none.
        size: (width, height) in px that another server is to draw; None leaves that to it.
        picture: What it shows; None while, or because, there is none.
        said: How the picture was made, as far as is known.
        receipt: Of the picture, where it has one.
        sent: What another server was asked with, beside prompt and model.
        seconds: What making it took, without loading; None where nobody knows.
        problem: Why there is no picture.
    """

    seed: int
    plan: Plan | None = None
    keep: Path | None = None
    size: tuple[int, int] | None = None
    picture: Image | None = None
    said: Said | None = None
    receipt: Mapping[str, Any] | None = None
    sent: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    problem: FluxgramError | None = None


@dataclass(slots=True)
class Row:
    """One way to make the picture.

    Attributes:
        label: What to call it.
        kind: `drawn` here, from a `file`, or from an `endpoint`.
        cells: One for each seed.
        endpoint: Whom to ask.
        unsent: What another server was not asked for → why.
    """

    label: str
    kind: Literal["drawn", "file", "endpoint"]
    cells: list[Cell] = field(default_factory=list)
    endpoint: EndpointRecord | None = None
    unsent: dict[str, str] = field(default_factory=dict)

    @property
    def problem(self) -> FluxgramError | None:
        """What went wrong first."""
        return next((cell.problem for cell in self.cells if cell.problem is not None), None)


def adapter_sets(texts: Sequence[str]) -> list[tuple[AdapterUse, ...]]:
    """What is compared of adapters: for each text its adapters (joined by ` + `), and first none at all.

    `none` says where the row without any stands, if not first.

    Raises:
        RequestError: One can't be read.
    """
    from fluxgram.engine.adapter_use import parse_together

    wanted = [text.strip() for text in texts]
    if NONE not in wanted:
        wanted.insert(0, NONE)
    return [() if text == NONE else parse_together(text) for text in dict.fromkeys(wanted)]


def drawn_rows(
    checkpoints: Sequence[str],
    adapters: Sequence[tuple[AdapterUse, ...]],
    seeds: Sequence[int],
    settings: Settings,
    **asked: Any,
) -> list[Row]:
    """A row for each checkpoint with each choice of adapters.

    Args:
        checkpoints: Names, folders or hub ids.
        adapters: See `adapter_sets`.
        seeds: One for each column.
        settings: Of this machine.
        **asked: The other fields of the request.

    Raises:
        RequestError: A checkpoint or an adapter is not known, or a checkpoint can't draw it as asked.
    """
    from fluxgram.engine.plan import key_of
    from fluxgram.engine.request import Request, resolve
    from fluxgram.families.adapters.shelf import find_adapter
    from fluxgram.families.checkpoints import find
    from fluxgram.families.sources import find_here

    for source in dict.fromkeys(use.source for uses in adapters for use in uses):
        find_adapter(source, settings)
    rows = []
    tables = {  # two names may lead to one table, and two tables (a base and its tune) to the same weights
        (table.name, key_of(table)): (name, table)
        for name in checkpoints
        for table in (find(name, settings),)
    }
    for name, table in tables.values():
        for uses in adapters:
            requests = (Request(**asked, seed=seed, checkpoint=name, adapters=uses) for seed in seeds)
            cells = [
                Cell(request.seed or 0, resolve(request, table, lambda name: find_here(name, settings)))
                for request in requests
            ]
            rows.append(Row(" + ".join([table.name, *(use.called for use in uses)]), "drawn", cells))
    return rows


def size_of(rows: Sequence[Row]) -> tuple[int, int] | None:
    """(width, height) in px that the first row that is drawn here will have; a shape is one size only then."""
    return next((cell.plan.delivered for row in rows for cell in row.cells if cell.plan is not None), None)


def draw(
    rows: Sequence[Row],
    settings: Settings,
    *,
    force: bool,
    quiet: bool,
) -> None:
    """Draw what is drawn here, one engine for all of it, row by row; Ctrl-C leaves what is there."""
    from fluxgram.cli.drawing import Drawing
    from fluxgram.engine.engine import Engine

    places = [(row, cell) for row in rows for cell in row.cells if cell.plan is not None]

    def take(picture: int, result: Result) -> Path:
        cell = places[picture][1]
        cell.picture, cell.receipt = result.picture, result.receipt.to_dict()
        cell.said, cell.seconds = said_of(cell.receipt), seconds_of(cell.receipt)
        return result.save(cell.keep, overwrite=force) if cell.keep is not None else Path()

    drawing = Drawing([Path()] * len(places), force=force, quiet=quiet, preview=False, take=take)
    with drawing, Engine(settings=settings) as engine:
        for number, (row, cell) in enumerate(places):
            if row.problem is not None or cell.plan is None:
                continue
            drawing.first = number
            try:
                engine.generate(cell.plan.request, drawing)
            except FluxgramError as error:
                cell.problem = error


def called(name: str) -> str:
    """What people call a field of a request, or of what a receipt lists as not applied."""
    return _CALLED.get(name, name)


def said_of(receipt: Mapping[str, Any]) -> Said:
    """How a picture was made, by its receipt."""
    from fluxgram.pictures.found import settings_of_receipt

    return settings_of_receipt(receipt)[0]


def seconds_of(receipt: Mapping[str, Any]) -> float | None:
    """What a picture took by its receipt, without loading the checkpoint; the receipt may be anybody's."""
    stages = receipt.get("seconds")
    known = stages.items() if isinstance(stages, Mapping) else ()
    spent = [
        float(seconds)
        for stage, seconds in known
        if stage != "load" and isinstance(seconds, int | float) and 0 <= seconds < 1e7
    ]
    return sum(spent) if spent else None
