"""The ModelsLab surface: text2img and its aliases, both forms of fetch, lists of models, load of the queue.

Client programs written for that service work with nothing changed but the host. What fields mean is in
`modelslab_fields.py`, what answers look like in `modelslab_answers.py`, what is sent in `modelslab_body.py`;
docs/modelslab.md is the page for people.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool

from fluxgram.errors import (
    AccessError,
    AdapterMisfit,
    Busy,
    CheckpointMissing,
    FluxgramError,
    KeyInvalid,
    QueueFull,
    QuotaExceeded,
    RequestError,
    ScopeMissing,
    ServiceEnding,
    UnknownCheckpoint,
    UnknownJob,
)
from fluxgram.jobs.discretion import discreet
from fluxgram.jobs.links import link_is_good, text_link
from fluxgram.jobs.webhook_urls import check_webhook_url
from fluxgram.server import modelslab_answers as answers
from fluxgram.server import modelslab_document as document
from fluxgram.server import modelslab_information as information
from fluxgram.server.failures import retry_after, status_of
from fluxgram.server.leaving import ClientLeft, ServiceEnds, while_there
from fluxgram.server.links import base_url
from fluxgram.server.modelslab_body import caller_for, idempotency_of, json_answer, read_body
from fluxgram.server.modelslab_fields import find_card, fit, read
from fluxgram.server.modelslab_values import InvalidFields, cut

if TYPE_CHECKING:
    from fluxgram.jobs.door import Caller, Job, Jobs, Order
    from fluxgram.service import ServiceSettings

router = APIRouter(tags=["ModelsLab"])

PREFIXES = ("/api/v3", "/api/v4", "/api/v5", "/api/v6", "/api/v7", "/api/v1/enterprise")

SUBMIT = {
    "/api/v6/images/text2img": "/api/v6/images/fetch",
    "/api/v6/realtime/text2img": "/api/v6/realtime/fetch",
    "/api/v7/images/text-to-image": "/api/v7/images/fetch",
    "/api/v3/text2img": "/api/v3/fetch",
    "/api/v3/dreambooth": "/api/v3/dreambooth/fetch",
    "/api/v4/dreambooth": "/api/v4/dreambooth/fetch",
    "/api/v1/enterprise/images/text2img": "/api/v1/enterprise/images/fetch",
    "/api/v1/enterprise/realtime/text2img": "/api/v1/enterprise/realtime/fetch",
    "/api/v1/enterprise/flux/text2img": "/api/v1/enterprise/flux/fetch",
}
"""Routes that take an order → where its pictures are fetched."""

NOT_YET = (
    "/api/v6/images/img2img",
    "/api/v6/images/inpaint",
    "/api/v6/images/controlnet",
    "/api/v6/realtime/img2img",
    "/api/v6/realtime/inpaint",
    "/api/v7/images/image-to-image",
    "/api/v7/images/inpaint",
    "/api/v3/img2img",
    "/api/v3/inpaint",
    "/api/v5/controlnet",
    "/api/v3/dreambooth/img2img",
    "/api/v4/dreambooth/img2img",
    "/api/v4/dreambooth/inpaint",
    "/api/v1/enterprise/images/img2img",
    "/api/v1/enterprise/images/inpaint",
    "/api/v1/enterprise/images/controlnet",
    "/api/v1/enterprise/realtime/img2img",
    "/api/v1/enterprise/realtime/inpaint",
    "/api/v1/enterprise/flux/img2img",
)
"""Routes that start from a picture, which no checkpoint here can."""

_OLD = ("/api/v3", "/api/v4")
_READ_BY_CLIENTS = (RequestError, AdapterMisfit, KeyInvalid, ScopeMissing, QuotaExceeded)
"""Errors that old clients read from the body of an answer with status 200."""


async def text2img(request: Request) -> Response:
    """Draw pictures of words; quick ones come with the answer, others are fetched."""
    body = await read_body(request)
    caller = await caller_for(request, body, draws=True)
    jobs: Jobs = request.app.state.jobs
    path = request.scope["route"].path
    kept = {
        "base_url": base_url(request, jobs.service),
        "fetch": SUBMIT[path],
        "model_id": cut(str(body.get("model_id") or ""), 100),
    }
    order = read(body, extra=kept, idempotency=idempotency_of(request))
    if order.webhook:
        check_webhook_url(order.webhook, jobs.service)
    job = await run_in_threadpool(_submit, jobs, order, caller, path)
    if not (job.over or order.extra["instant"]):
        job = await _waited(request, job, caller)
    return await run_in_threadpool(_answer, request, job)


async def _waited(request: Request, job: Job, caller: Caller) -> Job:
    """The job when it is over, or as it stands when the client has waited long enough, left, or the service ends."""
    jobs: Jobs = request.app.state.jobs
    seconds, ends = jobs.service.v6_wait_seconds, request.app.state.draining.over
    if seconds > 0:
        with contextlib.suppress(ClientLeft, ServiceEnds):  # the job goes on, and is fetched later
            return await while_there(request.receive, jobs.wait_async(job.id, seconds, caller), ends)
    return await run_in_threadpool(jobs.get, job.id, caller)


def _submit(jobs: Jobs, order: Order, caller: Caller, path: str) -> Job:
    name = str(order.request.get("checkpoint", ""))
    card = find_card(name, jobs.checkpoints())
    try:
        return jobs.submit(fit(order, card) if card else order, caller)
    except UnknownCheckpoint as error:
        tip = error.hint
    except CheckpointMissing as error:
        if card is None or card.default:
            raise  # nobody can draw here
        tip = f"{error} {error.hint}"
    message = "Model id not found" if path.startswith(_OLD) else f"Model not found: {cut(name, 100)}"
    raise UnknownCheckpoint(message, tip)


async def fetch(request: Request) -> Response:
    """A job's pictures, or how far it is; its id is in the path, or in the body as `request_id` or `id`."""
    body = await read_body(request)
    caller = await caller_for(request, body)
    given = request.path_params.get("id") or body.get("request_id") or body.get("id")
    if given is None or given == "":
        raise InvalidFields({"request_id": "request_id is required"})
    jobs: Jobs = request.app.state.jobs
    try:
        job = await run_in_threadpool(jobs.get, id_of(given), caller)
    except UnknownJob:
        status = 200 if _legacy(jobs.service) else 404
        request.state.meant = 404
        return json_answer(answers.not_found(jobs.service.v6_failed_status), status)
    return await run_in_threadpool(_answer, request, job)


def id_of(given: object) -> int:
    """The id of a job as clients send it.

    Raises:
        UnknownJob: It is no id.
    """
    text = str(given).strip()
    if isinstance(given, bool) or not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise UnknownJob("That is no id of a job.")
    return int(text)


def _answer(request: Request, job: Job) -> Response:
    """A job as it stands."""
    jobs: Jobs = request.app.state.jobs
    base, kept = base_url(request, jobs.service), answers.kept(job)

    def link(name: str) -> str:
        address = jobs.link(base, name)
        return text_link(address) if kept.get("base64") else address

    links = answers.links_of(job.pictures, link)
    if job.record.state == "done" and links:
        return json_answer(answers.success(job, links))
    if job.over:
        return json_answer(answers.failed(job, jobs.service.v6_failed_status))
    at = f"{base}{kept.get('fetch', '/api/v6/images/fetch')}/{job.id}"
    paused = discreet(jobs.queue.paused(), jobs) if job.state == "queued" else ""
    return json_answer(answers.processing(job, at, [link(name) for name in job.record.names], paused))


async def base64_text(request: Request) -> Response:
    """A picture as base64 text, for links of orders with `base64`."""
    text = await run_in_threadpool(
        _text, request.app.state.jobs, request.path_params["name"], request.query_params
    )
    return PlainTextResponse(text, headers={"Cache-Control": "private, no-store"})


def _text(jobs: Jobs, name: str, query: Mapping[str, str]) -> bytes:
    """A picture in base64, if the link to it is good.

    Raises:
        AccessError: Links are signed here, and this one is not, or works no more.
        UnknownJob: There is no such picture, or not yet, or no longer.
    """
    expires, signature = query.get("expires", ""), query.get("signature", "")
    if jobs.service.url_seconds and not link_is_good(
        name, expires, signature, secret=jobs.links_secret, now=time.time()
    ):
        raise AccessError(
            "The link is not signed by this server, or has expired.", "Fetch the request again."
        )
    picture = jobs.queue.find_picture(name)
    if picture.removed or picture.name != name:
        raise UnknownJob("There is no picture of that name.", "Fetch the request again.")
    return base64.b64encode(jobs.store.read(name))


async def not_yet(request: Request) -> Response:
    """Starting from a picture: refused until a checkpoint can."""
    await caller_for(request, await read_body(request), draws=True)
    what = request.scope["path"].rpartition("/")[2]
    raise RequestError(f"{what} is not available: no checkpoint here takes pictures yet", "Use text2img.")


def failure(request: Request, error: FluxgramError, status: int) -> Response:
    """An error in this surface's words.

    Old clients read bodies of answers with status 200 only; the setting `v6_error_http` says which is sent. A full
    queue is always 429, and what is the server's own fault 5xx.
    """
    service: ServiceSettings = request.app.state.service
    message = str(error)
    if isinstance(error, KeyInvalid):
        message = "Invalid API key"
    elif isinstance(error, QuotaExceeded):
        message = f"Insufficient credits. {message}"
    elif isinstance(error, Busy) and not isinstance(error, ServiceEnding):
        message = f"Rate limit exceeded. {message}"
    tip = f"{error} {error.hint}".strip() if isinstance(error, KeyInvalid) else error.hint
    if isinstance(error, QueueFull):
        tip = tip or "Fetch what is queued first."
    errors = error.errors if isinstance(error, InvalidFields) else None
    body = answers.error(message, tip, errors=errors, retry_after=retry_after(error) or 0)
    usual = (
        status == status_of(error)
        and isinstance(error, _READ_BY_CLIENTS)
        and not isinstance(error, UnknownJob)
    )
    status = 400 if usual and isinstance(error, RequestError | AdapterMisfit) else status
    if usual and _legacy(service):
        request.state.meant = status  # for the log and the metrics
        return json_answer(body)
    return json_answer(body, status)


def _legacy(service: ServiceSettings) -> bool:
    return service.v6_error_http == "legacy200"


_LISTS = (
    "/api/v4/dreambooth/model_list",
    "/api/v3/dreambooth/model_list",
    "/api/v1/enterprise/get_all_models",
)
_LOADS = ("/api/v3/system_load", "/api/v6/system_load")
_DETAILS = tuple(f"/api/v1/enterprise/{kind}/system_details" for kind in ("images", "realtime", "flux"))
_BOTH = ("POST", "GET")


def _route(
    path: str, handler: Any, methods: tuple[str, ...] = _BOTH, body: str = "key", answer: str = "answer"
) -> None:
    """Give a handler a path, and the document what it says of it."""
    for method in methods:
        name = f"modelslab_{handler.__name__}_{method.lower()}"
        described = document.described(path, method, body, answer)
        router.add_api_route(
            path, handler, methods=[method], name=name, response_class=JSONResponse, **described
        )


for _path, _fetch in SUBMIT.items():
    _route(_path, text2img, ("POST",), "text2img")
    _route(_fetch, fetch, body="fetch")
    _route(_fetch + "/{id}", fetch)
for _path in NOT_YET:
    _route(_path, not_yet, ("POST",))
for _path in _LISTS:
    _route(_path, information.model_list, answer="models")
for _path in _LOADS:
    _route(_path, information.system_load)
for _path in _DETAILS:
    _route(_path, information.system_details)
_route("/api/v7/models", information.models)
_route("/api/v6/images/model_reload", information.model_reload, ("POST",), "reload")
_route("/api/v6/processing/request_count", information.request_count)
router.add_api_route(
    "/pictures/{name:path}.base64",
    base64_text,
    methods=["GET", "HEAD"],
    response_class=PlainTextResponse,
    include_in_schema=False,
)
