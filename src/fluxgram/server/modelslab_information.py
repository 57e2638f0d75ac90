"""What clients of the ModelsLab surface ask besides pictures: lists of models, the queue's length.

Handlers only; `modelslab.py` gives them their paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from fluxgram.errors import UnknownCheckpoint
from fluxgram.server import modelslab_answers as answers
from fluxgram.server.modelslab_body import caller_for, json_answer, read_body
from fluxgram.server.modelslab_fields import find_card
from fluxgram.server.modelslab_values import InvalidFields, cut

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs


async def model_list(request: Request) -> Response:
    """Checkpoints by the names that clients may use, as a bare list."""
    await caller_for(request, await read_body(request))
    return json_answer(await _models(request))


async def models(request: Request) -> Response:
    """Checkpoints by the names that clients may use; `search`, `feature`, `page` and `limit` narrow the list."""
    body = await read_body(request)
    await caller_for(request, body)
    asked = {name: str(body.get(name) or "").strip().lower() for name in ("search", "feature")}
    found = [entry for entry in await _models(request) if asked["search"] in str(entry["model_id"]).lower()]
    found = found if asked["feature"] in ("", "imagen", "image") else []
    page, limit = (_natural(body.get(name), default) for name, default in (("page", 1), ("limit", 100)))
    shown = found[(page - 1) * limit : page * limit]
    return json_answer(
        {"status": "success", "data": shown, "total": len(found), "page": page, "limit": limit}
    )


async def _models(request: Request) -> list[answers.Body]:
    jobs: Jobs = request.app.state.jobs
    cards = await run_in_threadpool(jobs.checkpoints)
    return [answers.model(card, name) for card in cards if card.present for name in answers.names_of(card)]


def _natural(value: object, default: int) -> int:
    """A number of at least 1 and at most 1000, however it is written; the default for anything else."""
    text = str(value)
    return (
        min(int(text), 1000) if text.isascii() and text.isdigit() and len(text) < 9 and int(text) else default
    )


async def model_reload(request: Request) -> Response:
    """Checkpoints need no reloading; says whether there is one of that name."""
    body = await read_body(request)
    await caller_for(request, body, draws=True)
    jobs: Jobs = request.app.state.jobs
    name = str(body.get("model_id") or "").strip()
    if not name:
        raise InvalidFields({"model_id": "model_id is required"})
    if find_card(name, await run_in_threadpool(jobs.checkpoints)) is None:
        raise UnknownCheckpoint(f"Model not found: {cut(name, 100)}", "The list of models has the names.")
    return json_answer(
        {"status": "success", **answers.said("The model is loaded when it is needed and stays in memory.")}
    )


async def system_load(request: Request) -> Response:
    """How many jobs wait, and for about how long."""
    await caller_for(request, await read_body(request))
    queued, seconds = await run_in_threadpool(_load, request.app.state.jobs)
    return json_answer(answers.load(queued, seconds))


async def system_details(request: Request) -> Response:
    """How many checkpoints there are, and for about how long jobs wait."""
    await caller_for(request, await read_body(request))
    queued, seconds = await run_in_threadpool(_load, request.app.state.jobs)
    here = [card for card in await run_in_threadpool(request.app.state.jobs.checkpoints) if card.present]
    return json_answer({"model_count": len(here), **answers.load(queued, seconds)})


def _load(jobs: Jobs) -> tuple[int, float]:
    """Jobs that wait, and the seconds until the newest of them is done as far as that is known."""
    newest = jobs.queue.list(None, states=("queued", "running"), limit=1)
    if not newest:
        return 0, 0.0
    rate = jobs.queue.rate(newest[0].checkpoint) or 0.0
    return jobs.queue.depth()["queued"], rate * (jobs.queue.ahead(newest[0].id)[1] + newest[0].cost)


async def request_count(request: Request) -> Response:
    """How many of the caller's jobs wait or are being drawn."""
    caller = await caller_for(request, await read_body(request))
    jobs: Jobs = request.app.state.jobs
    open_jobs = await run_in_threadpool(jobs.list, caller, states=("queued", "running"), limit=1000)
    told = answers.said("Current processing request count retrieved successfully")
    return json_answer({"status": "success", "processing_count": len(open_jobs), **told})
