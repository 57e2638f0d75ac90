"""Native surface: checkpoints are fetched and removed, and this machine is looked at; for those who administer."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from fluxgram.errors import CheckpointMissing, UnknownCheckpoint, UnknownJob
from fluxgram.server.failures import respond
from fluxgram.server.native_views import Administrator, when
from fluxgram.server.strict import StrictRoute

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.machine import Machine
    from fluxgram.jobs.pulling import Pull, Pulls

router = APIRouter(route_class=StrictRoute, tags=["native: machine"])


class PullProblem(BaseModel):
    """Why a checkpoint did not come."""

    kind: str
    message: str
    hint: str


class PullView(BaseModel):
    """A checkpoint on its way to this machine."""

    checkpoint: str
    state: str = Field(description="`none`, `running`, `done`, `failed`, `cancelled`, or `interrupted`: the service "
                                   "ended in the middle.")  # fmt: skip
    stage: str
    fraction: float = Field(description="0 … 1.")
    started: str | None
    finished: str | None
    problem: PullProblem | None


def pull_view(pull: Pull) -> PullView:
    """A pull for an answer."""
    return PullView(
        checkpoint=pull.checkpoint,
        state=pull.state,
        stage=pull.stage,
        fraction=pull.fraction,
        started=None if pull.started is None else when(pull.started),
        finished=None if pull.finished is None else when(pull.finished),
        problem=None if pull.problem is None else PullProblem(**pull.problem),
    )


def _named(name: str, request: Request, who: Administrator) -> str:
    """The checkpoint that a path names, by its own name."""
    try:
        return str(request.app.state.pulls.table(name).name)
    except UnknownCheckpoint as error:
        raise UnknownJob(str(error), error.hint) from None


Named = Annotated[str, Depends(_named)]


@router.post("/checkpoints/{name}/pull", status_code=202, summary="Fetch a checkpoint", operation_id="pull",
             response_model=PullView)  # fmt: skip
def pull(name: Named, request: Request) -> Any:
    """Goes on by itself; GET says how far it is. What was fetched before is not fetched again."""
    pulls: Pulls = request.app.state.pulls
    try:
        return pull_view(pulls.start(name))
    except CheckpointMissing as error:
        return respond(request, error, 422)


@router.get("/checkpoints/{name}/pull", summary="How far a checkpoint is", operation_id="pull_state")
def pull_state(name: Named, request: Request) -> PullView:
    """As it stands now."""
    return pull_view(request.app.state.pulls.get(name))


@router.delete("/checkpoints/{name}/pull", summary="Stop fetching a checkpoint", operation_id="cancel_pull")
def cancel_pull(name: Named, request: Request) -> PullView:
    """What has been fetched stays, and the next time goes on from it."""
    return pull_view(request.app.state.pulls.cancel(name))


@router.delete(
    "/checkpoints/{name}/files", summary="Remove a checkpoint's files", operation_id="remove_checkpoint"
)
def remove_files(name: Named, request: Request) -> Any:
    """What fluxgram has fetched of it; copies of other tools stay."""
    from fluxgram.jobs.local_files import remove

    jobs: Jobs = request.app.state.jobs
    pulls: Pulls = request.app.state.pulls
    if any(card.default and card.name == name for card in jobs.checkpoints()):
        error = CheckpointMissing(f"{name} is what draws here by default.", "Make another the default first.")
        return respond(request, error, 409)
    pulls.cancel(name)
    try:
        return {"freed": remove(pulls.table(name), jobs.settings)}
    except CheckpointMissing as missing:
        return respond(request, missing, 409)


@router.get("/machine", summary="This machine", operation_id="machine")
def machine(request: Request, who: Administrator) -> dict[str, Any]:
    """What pictures and checkpoints take on disk, and the last examination; null where there was none."""
    found: Machine = request.app.state.machine
    return {
        "version": version("fluxgram"),
        "storage": asdict(found.storage()),
        "checkpoints": _checkpoints(request),
        "examination": _dated(found.last()),
    }


@router.post("/machine/examine", summary="Examine this machine", operation_id="examine")
def examine(request: Request, who: Administrator) -> Any:
    """What `fluxgram doctor` finds: facts, what will run and how fast, what would help. Takes some seconds."""
    found: Machine = request.app.state.machine
    return {"examination": _dated(found.examine())}


def _dated(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if found is None else {**found, "at": when(float(found["at"]))}


def _checkpoints(request: Request) -> list[dict[str, Any]]:
    """Of each checkpoint what its files take, and how its way here stands."""
    from fluxgram.jobs.local_files import on_disk

    jobs: Jobs = request.app.state.jobs
    pulls: Pulls = request.app.state.pulls
    return [
        {**each, "pull": pull_view(pulls.get(each["name"])).model_dump()} for each in on_disk(jobs.settings)
    ]
