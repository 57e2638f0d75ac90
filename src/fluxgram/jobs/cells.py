"""How the cells of a comparison stand now: the state, the picture and the settings of each, whatever it came from.

What another server was asked for while this one died is told as interrupted; it can be asked again. Making and
changing comparisons is `comparisons.py`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fluxgram.engine.adapter_use import MOST_ADAPTERS
from fluxgram.errors import RequestError, UnknownJob
from fluxgram.jobs.comparisons import check_comparison, no_cell
from fluxgram.jobs.gallery import settings_of as said_of
from fluxgram.jobs.grids import METHODS, label_of
from fluxgram.jobs.names import is_dead_here
from fluxgram.store.records import Problem

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller, Job
    from fluxgram.store.records import BoardRecord, PictureRecord

State = Literal["queued", "running", "done", "failed", "cancelled"]
MOST_ASKING_SECONDS = 330.0
"""After which another server that was asked cannot answer any more: its time limit, and a little."""
LOST = Problem("Interrupted", "The server ended before the other one had answered.", "Ask it again.")
GONE = Problem("UnknownJob", "The picture was removed.", "Take it out, or add another one.")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it stands.

    Attributes:
        number: Its own for ever.
        label: What to call it.
        x: Column.
        y: Row.
        kind: `job`, `picture` or `endpoint`.
        state: As of a job; what was there already is `done`.
        job: Its job's number, where this service draws it or keeps it.
        position: Jobs that go first, where it waits.
        eta: Seconds until it is done, where that is known.
        picture: What it shows; None until there is one.
        settings: How it was made, as far as known: prompt, negative, negative_method, adapters, seed, checkpoint,
            steps, guidance, size, endpoint; of what another server was asked for, `not_applied` names what it refused,
            `unconfirmed` what it took without a word.
        problem: Why there is no picture.
    """

    number: int
    label: str
    x: int
    y: int
    kind: str
    state: State
    job: int | None = None
    position: int | None = None
    eta: float | None = None
    picture: PictureRecord | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes by itself."""
        return self.state not in ("queued", "running")


def cells_of(board: BoardRecord, caller: Caller, jobs: Jobs, *, most: int | None = None) -> list[Cell]:
    """Cells of a comparison, in reading order.

    Args:
        board: The comparison.
        caller: Who looks.
        jobs: The door.
        most: The first so many; None is all.

    Raises:
        UnknownJob: The board is no comparison.
    """
    check_comparison(board)
    return [_cell(plain, caller, jobs) for plain in board.data["cells"][:most]]


def cell_of(board: BoardRecord, number: int, caller: Caller, jobs: Jobs) -> Cell:
    """One cell.

    Raises:
        UnknownJob: There is none of that number.
    """
    check_comparison(board)
    for plain in board.data["cells"]:
        if plain["number"] == number:
            return _cell(plain, caller, jobs)
    raise no_cell(number)


def again(board: BoardRecord, number: int, caller: Caller, jobs: Jobs) -> bool:
    """Have a cell made again that failed or was cancelled; for one that this service draws its job is retried.

    Returns:
        Whether another server is to be asked, which is the caller's part.

    Raises:
        UnknownJob: There is no such cell.
        RequestError: It is not over, or it has its picture.
    """
    caller.may("draw")
    cell = cell_of(board, number, caller, jobs)
    if cell.state not in ("failed", "cancelled"):
        said = "has its picture" if cell.state == "done" else "is on its way"
        raise RequestError(f"“{cell.label}” {said}.", "Only what failed or was cancelled can be made again.")
    if cell.kind == "job" and cell.job is not None:
        if cell.problem is GONE:
            raise RequestError(f"The picture of “{cell.label}” was removed.", "Begin another comparison.")
        jobs.retry(cell.job, caller)
        return False
    if cell.kind == "picture":
        raise RequestError(f"“{cell.label}” was not made here.", "Add another picture instead.")
    return True


def cancel_all(board: BoardRecord, caller: Caller, jobs: Jobs) -> list[int]:
    """Stop all jobs of a comparison that are not over.

    Returns:
        Numbers of cells that another server is asked for still, which is the caller's part.
    """
    caller.may("draw")
    asked = []
    for cell in cells_of(board, caller, jobs):
        if cell.over:
            continue
        if cell.kind == "job" and cell.job is not None:
            jobs.cancel(cell.job, caller)
        elif cell.kind == "endpoint":
            asked.append(cell.number)
    return asked


def _cell(plain: Mapping[str, Any], caller: Caller, jobs: Jobs) -> Cell:
    found: dict[str, Any] = {name: plain[name] for name in ("number", "label", "x", "y", "kind")}
    if plain["kind"] == "job":
        return Cell(**found, **_of_job(plain["job"], caller, jobs))
    if plain["kind"] == "picture":
        return Cell(**found, **_of_picture(plain["picture"], caller, jobs))
    return Cell(**found, **_of_endpoint(plain, caller, jobs))


def _of_job(number: int, caller: Caller, jobs: Jobs) -> dict[str, Any]:
    try:
        job = jobs.get(number, caller)
    except UnknownJob:
        return {"state": "failed", "job": number, "problem": GONE}
    picture = job.pictures[0] if job.pictures else None
    found: dict[str, Any] = {"state": job.state, "job": job.id, "position": job.position, "eta": job.eta}
    if picture is not None and picture.removed:
        return found | {"state": "failed", "settings": settings_of(picture, job), "problem": GONE}
    return found | {"picture": picture, "settings": settings_of(picture, job), "problem": job.problem}


def _of_picture(name: str, caller: Caller, jobs: Jobs) -> dict[str, Any]:
    try:
        picture = jobs.queue.find_picture(name)
        job = jobs.get(picture.job, caller)
    except UnknownJob:
        return {"state": "failed", "problem": GONE}
    if picture.removed:
        return {"state": "failed", "job": job.id, "settings": settings_of(picture, job), "problem": GONE}
    return {"state": "done", "job": job.id, "picture": picture, "settings": settings_of(picture, job)}


def _of_endpoint(plain: Mapping[str, Any], caller: Caller, jobs: Jobs) -> dict[str, Any]:
    asked = {
        name: str(plain[name])
        for name in ("endpoint", "prompt", "size", "seed")
        if plain.get(name) not in (None, "")
    } | plain.get("more", {})
    state = plain["state"]
    if state == "done":
        kept = _of_picture(plain["picture"], caller, jobs)
        return {**kept, "settings": _came(asked, kept.get("settings", {}), plain.get("refused", {}))}
    problem = Problem(**plain["problem"]) if plain.get("problem") else None
    if state == "asking" and is_lost(plain, time.time()):
        state, problem = "failed", LOST
    shown: dict[str, State] = {"waiting": "queued", "asking": "running"}
    return {"state": shown.get(state, state), "settings": asked, "problem": problem}


def _came(asked: dict[str, Any], kept: dict[str, Any], refused: Mapping[str, str]) -> dict[str, Any]:
    """How another server made a picture: as its file says, else as it was asked for, without what it refused."""
    missing = [name for name in asked if name in refused]
    if "size" in asked and "size" not in missing and kept.get("size", asked["size"]) != asked["size"]:
        missing.insert(0, "size")
    left = {name: value for name, value in asked.items() if name not in missing}
    ours = {name: asked[name] for name in ("endpoint", "prompt")}
    silent = [name for name in left if name not in (*ours, "size", *kept) and left[name] != "final"]
    told = {"not_applied": ", ".join(missing), "unconfirmed": ", ".join(silent)}
    return {**left, **kept, **ours, **{name: names for name, names in told.items() if names}}


def is_lost(plain: Mapping[str, Any], now: float) -> bool:
    """Whether nobody waits for an endpoint's answer any more: the process that asked is gone, or its time is over."""
    return (
        is_dead_here(str(plain.get("worker", ""))) or now > float(plain.get("asked", 0)) + MOST_ASKING_SECONDS
    )


def settings_of(picture: PictureRecord | None, job: Job) -> dict[str, Any]:
    """How something was made: by its receipt or what its file says, else as it was asked for."""
    request = job.record.request
    found = {
        name: request.get(name) for name in ("prompt", "negative", "seed", "steps", "guidance", "quality")
    }
    size = request.get("size")
    found |= {
        "checkpoint": job.record.checkpoint,
        "size": size if isinstance(size, str) or not size else "x".join(map(str, size)),
    }
    receipt = {} if picture is None else picture.receipt
    found["adapters"] = _adapters(receipt.get("adapters")) or _adapters(request.get("adapters"))
    found["negative_method"] = _method(receipt.get("negative")) or request.get("negative_method")
    if picture is not None:
        said = said_of(picture)
        found |= {name: value for name in found if (value := getattr(said, name, None)) not in (None, "")}
        found |= {
            "size": f"{picture.width}x{picture.height}",
            "checkpoint": picture.checkpoint or found["checkpoint"],
        }
    if picture is not None and picture.origin != "drawn" and said.seed is None:
        del found["seed"]  # a row has one in any case
    return {
        name: str(value) if name == "seed" else value
        for name, value in found.items()
        if value not in (None, "")
    }


def _adapters(said: object) -> str:
    """Adapters of a receipt or a request in short; a receipt may be anybody's."""
    named = []
    for each in said[:MOST_ADAPTERS] if isinstance(said, list | tuple) else ():
        name = each.get("name", each.get("source")) if isinstance(each, Mapping) else None
        weight = each.get("strength", each.get("weight")) if isinstance(each, Mapping) else None
        if isinstance(name, str) and name:
            strength = f" {weight:g}" if isinstance(weight, int | float) and weight != 1 else ""
            named.append(f"{label_of(name)}{strength}")
    return " + ".join(named)


def _method(negative: object) -> str:
    """How the negative prompt of a receipt was applied."""
    said = negative.get("method") if isinstance(negative, Mapping) else None
    return said if said in METHODS else ""
