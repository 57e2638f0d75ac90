"""Comparisons: what is put beside each other, handed in all or not at all. No picture is drawn here.

A comparison is a board whose data holds cells. A cell is a job of this service, a picture that was there already, or
what another server was asked for (`server/elsewhere.py` asks it). A cell's number never changes and never comes again,
because votes name it. How cells stand now is `cells.py`, how a grid of settings becomes cells is `grids.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fluxgram.errors import FluxgramError, RequestError, UnknownJob
from fluxgram.jobs.grids import MOST_CELLS, MOST_LABEL, CellOrder, label_of
from fluxgram.jobs.orders import Order, drawn_seed
from fluxgram.store.gallery import unknown_picture

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller, Job
    from fluxgram.store.records import BoardRecord


@dataclass(frozen=True, slots=True)
class ComparisonOrder:
    """What is asked for as one comparison.

    Attributes:
        title: What to call it.
        cells: In reading order.
        axes: `x` and `y`, each with what varies and the labels of its values; empty where there is no grid.
        prompt: What the cells of a grid have in common; empty where the prompt itself varies, or there is no grid.
        preview_every: As of a request, for all that is drawn.
        base_url: What links in webhooks and answers begin with.
        key: The client's key of this submission, hashed; empty is none.
    """

    title: str
    cells: Sequence[CellOrder]
    axes: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""
    preview_every: int = 0
    base_url: str = ""
    key: str = ""


def submit(order: ComparisonOrder, caller: Caller, jobs: Jobs) -> BoardRecord:
    """Hand in a comparison: all of its jobs, or none. What other servers are to draw is not asked for yet.

    The same seed for all cells that name none, so that only what is varied differs; other servers are asked with the
    first one's. With a key, what was accepted stays where a later cell is refused or the server dies, and the same
    submission goes on from there.

    Raises:
        RequestError: A cell cannot be drawn as asked; none is.
        UnknownJob: A picture or another server is not there.
        AccessError: The caller may not.
        Busy: Too many jobs wait.
    """
    caller.may("draw")
    _check(order, caller, jobs)
    if order.key and (known := jobs.boards.find(_identity(order, caller), caller.owner)) is not None:
        return known
    seed = _seed_of(order)
    orders = [
        None if cell.request is None else _order(cell, number, seed, order)
        for number, cell in enumerate(order.cells)
    ]
    for each in orders:
        if each is not None:
            jobs.check(each, caller)
    drawn = next((int(str(each.request["seed"])) for each in orders if each is not None), None)
    made: list[Job] = []
    try:
        cells = []
        for number, (cell, each) in enumerate(zip(order.cells, orders, strict=True)):
            job = None if each is None else jobs.submit(each, caller)
            made += [] if job is None else [job]
            elsewhere = cell if cell.seed is not None else replace(cell, seed=drawn)
            cells.append(plain_cell(elsewhere, number, None if job is None else job.id))
        data = {"axes": dict(order.axes), "prompt": order.prompt, "cells": cells, "next": len(cells)}
        return jobs.boards.create(caller.owner, "comparison", order.title, data, id=_identity(order, caller))
    except FluxgramError:
        for job in [] if order.key else made:
            jobs.cancel(job.id, caller)
        raise


def extend(id: str, added: Sequence[CellOrder], caller: Caller, jobs: Jobs) -> BoardRecord:  # noqa: A002
    """Add cells to a comparison, without new jobs: pictures that are there, and other servers'.

    Raises:
        UnknownJob: There is no such comparison, picture or other server.
        RequestError: There would be too many.
    """
    caller.may("draw")
    if any(cell.request is not None for cell in added):
        raise RequestError(
            "A comparison draws only what it began with.",
            "Begin another one, or draw it and add the picture.",
        )
    check_comparison(jobs.boards.get(id, caller.sees))
    _check_cells(added, caller, jobs)

    def with_them(data: dict[str, Any]) -> dict[str, Any]:
        cells, number = list(data["cells"]), int(data["next"])
        if len(cells) + len(added) > MOST_CELLS:
            raise RequestError(
                f"{len(cells) + len(added)} pictures are too many.", f"A comparison has at most {MOST_CELLS}."
            )
        cells += [plain_cell(cell, number + at, None) for at, cell in enumerate(added)]
        return {**data, "cells": cells, "next": number + len(added)}

    return jobs.boards.update(id, caller.sees, data=with_them)


def remove(id: str, number: int, caller: Caller, jobs: Jobs) -> BoardRecord:  # noqa: A002
    """Take a cell out; its picture stays in the gallery, and its job goes on.

    Raises:
        UnknownJob: There is no such comparison or cell.
        RequestError: It is the last.
    """
    caller.may("draw")
    check_comparison(jobs.boards.get(id, caller.sees))

    def without(data: dict[str, Any]) -> dict[str, Any]:
        cells = [cell for cell in data["cells"] if cell["number"] != number]
        if len(cells) == len(data["cells"]):
            raise no_cell(number)
        if not cells:
            raise RequestError("This is its last picture.", "Put the whole comparison into the bin instead.")
        return {**data, "cells": cells}

    return jobs.boards.update(id, caller.sees, data=without)


def change_cell(
    id: str,  # noqa: A002  (a board's id is called so)
    number: int,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    jobs: Jobs,
) -> BoardRecord:
    """Change what is stored of one cell, as the server does that asked for it.

    Raises:
        UnknownJob: There is no such comparison or cell any more.
    """

    def changed(data: dict[str, Any]) -> dict[str, Any]:
        cells = [change(dict(cell)) if cell["number"] == number else cell for cell in data["cells"]]
        if not any(cell["number"] == number for cell in data["cells"]):
            raise no_cell(number)
        return {**data, "cells": cells}

    return jobs.boards.update(id, data=changed)


def check_comparison(board: BoardRecord) -> None:
    """Go on only with a comparison.

    Raises:
        UnknownJob: The board is none.
    """
    if board.kind != "comparison":
        raise UnknownJob("This is no comparison.", "Shoots have pages of their own.")


def no_cell(number: int) -> UnknownJob:
    """That a comparison has no cell of a number."""
    return UnknownJob(f"The comparison has no picture {number}.", "It may have been taken out.")


def plain_cell(cell: CellOrder, number: int, job: int | None) -> dict[str, Any]:
    """A cell as it is stored."""
    plain: dict[str, Any] = {"number": number, "label": label_of(cell.label), "x": cell.x, "y": cell.y}
    if job is not None:
        return plain | {"kind": "job", "job": job}
    if cell.picture:
        return plain | {"kind": "picture", "picture": cell.picture}
    asked = {"endpoint": cell.endpoint, "prompt": cell.prompt, "size": cell.size, "seed": cell.seed}
    return plain | {"kind": "endpoint", "state": "waiting", "attempt": 0, **asked, "more": dict(cell.more)}


def _check(order: ComparisonOrder, caller: Caller, jobs: Jobs) -> None:
    if len(order.cells) < 2:
        raise RequestError(
            "A comparison needs at least two pictures.", "Add a value, a picture or another server."
        )
    if len(order.cells) > MOST_CELLS:
        raise RequestError(
            f"{len(order.cells)} pictures are too many.", f"A comparison has at most {MOST_CELLS}."
        )
    _check_cells(order.cells, caller, jobs)


def _check_cells(cells: Sequence[CellOrder], caller: Caller, jobs: Jobs) -> None:
    from fluxgram.jobs.admission import refuse_words

    for cell in cells:
        if sum((cell.request is not None, bool(cell.picture), bool(cell.endpoint))) != 1:
            raise RequestError(
                f"The cell {cell.label[:40]!r} must be one of: a request, a picture, another server.",
                "Give it exactly one of request, picture and endpoint.",
            )
        if cell.picture:
            found = jobs.queue.find_picture(cell.picture)
            if caller.sees is not None and found.owner != caller.sees:
                raise unknown_picture()
            if found.removed:
                raise RequestError("One of the pictures was removed.", "Choose another one.")
        if cell.endpoint:
            jobs.endpoints.get(cell.endpoint)
            if not cell.prompt.strip():
                raise RequestError("Another server needs a prompt.", "Write what it should draw.")
            refuse_words(cell.prompt, cell.more.get("negative"))


def _seed_of(order: ComparisonOrder) -> int:
    """One seed for all that name none; the same again where the submission comes again."""
    if not order.key:
        return drawn_seed()
    return int.from_bytes(hashlib.sha256(f"seed {order.key}".encode()).digest()[:4], "big")


def _identity(order: ComparisonOrder, caller: Caller) -> str:
    """The board's id where the submission has a key, so that it is stored once; else empty."""
    if not order.key:
        return ""
    return hashlib.sha256(f"board {caller.owner} {order.key}".encode()).hexdigest()[:24]


def _order(cell: CellOrder, number: int, seed: int, order: ComparisonOrder) -> Order:
    values = {"seed": seed, "preview_every": order.preview_every, **(cell.request or {}), "samples": 1}
    return Order(
        request={name: value for name, value in values.items() if value not in (None, "")},
        extra={"base_url": order.base_url, "label": f"{order.title}: {cell.label}"[:MOST_LABEL]},
        idempotency=f"{order.key}:{number}" if order.key else "",
    )
