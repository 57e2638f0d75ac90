"""For those who run the service: is it alive, is it ready, what are its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from fluxgram.errors import FluxgramError, KeyInvalid
from fluxgram.jobs.discretion import discreet
from fluxgram.server.callers import caller_of, is_from_here, needs_key, tokens_in

router = APIRouter(tags=["operations"])

_FRESH = {"Cache-Control": "no-store"}


@router.get("/livez", summary="Whether the process answers")
@router.get("/healthz", summary="The same as /livez", deprecated=True)
async def alive() -> Response:
    """Answers as long as the process does; says nothing of workers."""
    return JSONResponse({"status": "ok"}, headers=_FRESH)


@router.get(
    "/readyz", summary="Whether pictures can be drawn now", responses={503: {"description": "Not now."}}
)
def ready(request: Request) -> Response:
    """200 once a checkpoint is in memory; 503 before, while draining, and while the queue is paused."""
    state = request.app.state
    reasons = []
    if state.draining.begun:
        reasons.append("The service is ending.")
    if state.supervisor is None or not state.supervisor.ready():
        problems = state.supervisor.problems() if state.supervisor is not None else []
        told = [f"A worker cannot draw: {discreet(problem, state.jobs)}" for problem in problems]
        reasons += told or ["No worker has its checkpoint in memory yet."]
    try:
        if paused := state.jobs.queue.paused():
            reasons.append(f"The queue is paused: {discreet(paused, state.jobs)}")
    except FluxgramError:
        reasons.append("The database cannot be used.")
    body = {"status": "not ready" if reasons else "ready", "reasons": reasons}
    return JSONResponse(body, 503 if reasons else 200, headers=_FRESH)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def metrics(request: Request) -> Response:
    """In Prometheus' text form; for this machine and for keys that administer, unless the settings open it."""
    service = request.app.state.service
    if not (service.metrics_open or (is_from_here(request) and not needs_key(service))) or tokens_in(request):
        if not tokens_in(request):
            raise KeyInvalid("A key is needed here.", "Send one with the scope admin, or set metrics_open.")
        caller_of(request).may("admin")
    supervisor = request.app.state.supervisor
    text = request.app.state.metrics.text(supervisor.status() if supervisor is not None else [])
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8", headers=_FRESH)
