"""Bodies of the ModelsLab surface: success, processing, failed, errors, lists of models.

Pure functions of jobs; the routes are in `modelslab.py`. Clients of several years read these bodies, so each carries
the older and the newer name of a field (`message` and `messege`, `W` and `width`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fluxgram.jobs.checkpoints import CheckpointCard
from fluxgram.jobs.orders import Job
from fluxgram.server.applied import applied
from fluxgram.store.records import PictureRecord

Body = dict[str, object]
MOST_ETA = 86_400.0
PAUSED_ETA = 60.0
"""When to ask again while the queue is paused; clients need a number."""
REMOVED = "The pictures of this request have been removed."
NOT_FOUND = "Request not found"
CLIENTS_NAMES = {
    "negative": "negative_prompt",
    "guidance": "guidance_scale",
    "check": "safety_checker",
    "enhance": "prompt",
    "enhance_negative": "negative_prompt",
}
"""Fields of the engine and the door, as this surface's clients call them."""
ADDED = {"enhance", "enhance_negative"}
"""Notes that tell what was added to the words."""


def said(message: str, tip: str = "") -> Body:
    """A message under both of its names, with what to do about it."""
    body: Body = {"message": message, "messege": message}
    return body | ({"tip": tip} if tip else {})


def error(
    message: str, tip: str = "", *, errors: Mapping[str, str] | None = None, retry_after: int = 0
) -> Body:
    """What is wrong with a request.

    Args:
        message: One sentence.
        tip: What to do.
        errors: What is wrong, by field.
        retry_after: Seconds after which a new try makes sense.
    """
    body: Body = {"status": "error", **said(message, tip)}
    if errors:
        body["errors"] = {name: [reason] for name, reason in errors.items()}
    return body | ({"retry_after": retry_after} if retry_after else {})


def failed(job: Job, status: str) -> Body:
    """A job that gave no pictures.

    Args:
        job: It.
        status: What the service calls it, `error` or `failed`.
    """
    problem = job.record.problem
    if job.record.state == "cancelled":
        message, tip = "The request was cancelled.", ""
    elif job.record.state == "done":
        message, tip = REMOVED, "Ask for them again with the same seed."
    else:
        message, tip = (problem.message, problem.hint) if problem else ("Failed, Try Again", "")
    return {"status": status, "id": job.record.id, **said(message, tip), "output": "", **track(job)}


def not_found(status: str) -> Body:
    """An id that nobody gave out, or gave to another key."""
    return {
        "status": status,
        "id": "",
        **said(NOT_FOUND, "Check the id, and the key it came to."),
        "output": "",
    }


def processing(job: Job, fetch: str, links: list[str], paused: str = "") -> Body:
    """A job that is waiting or being drawn.

    Args:
        job: It.
        fetch: Where to ask for it.
        links: Where its pictures will be.
        paused: Why the queue is paused; empty when it is not. Then nobody knows when the job is done.
    """
    eta = None if job.eta is None else round(min(max(job.eta, 0.1), MOST_ETA), 3)
    tip = "The pictures are being drawn; ask for them at fetch_result, or wait for the webhook."
    message = "Try to fetch request after seconds estimated"
    if paused:
        eta, message = PAUSED_ETA, f"The queue is paused: {paused}"
        tip = "The request is kept and drawn when the queue goes on; eta only says when to ask again."
    return {
        "status": "processing",
        "id": job.record.id,
        "eta": 1.0 if eta is None else eta,
        **said(message, tip),
        "fetch_result": fetch,
        "output": [],
        "future_links": links,
        "webhook_status": "",
        **track(job),
        "meta": meta(job),
    }


def success(job: Job, links: list[str]) -> Body:
    """A job with all of its pictures.

    Args:
        job: It.
        links: Where its pictures are.
    """
    record = job.record
    tip = "Each picture carries a receipt of what was done for the request; meta.fluxgram says it in short."
    return {
        "status": "success",
        "generationTime": round(record.seconds, 2),
        "id": record.id,
        "output": links,
        "proxy_links": links,
        "nsfw_content_detected": any(picture.verdict == "flagged" for picture in job.pictures),
        "webhook_status": "",
        **track(job),
        "meta": meta(job),
        "tip": tip,
    }


def track(job: Job) -> Body:
    """The client's own name of the request."""
    name = kept(job).get("track_id")
    return {} if name is None else {"track_id": name}


def kept(job: Job) -> Mapping[str, Any]:
    """What this surface put aside with the job."""
    extra = job.record.extra.get("surface", {})
    return extra if isinstance(extra, Mapping) else {}


def meta(job: Job) -> Body:
    """The request as it was understood, in the hosted service's names, and what that service does not tell."""
    receipt = job.pictures[0].receipt if job.pictures else {}
    request, surface = job.record.request, kept(job)
    size = request.get("size")
    width, height = size if isinstance(size, list | tuple) else (None, None)
    echo = surface.get("meta", {})
    flags = {name: _yes(surface.get(name)) for name in ("base64", "temp")}
    values: Body = {
        "prompt": request.get("prompt"),
        "model_id": surface.get("model_id") or job.record.checkpoint,
        "negative_prompt": request.get("negative") or "",
        "W": width,
        "H": height,
        "width": width,
        "height": height,
        "guidance_scale": receipt.get("guidance", request.get("guidance")),
        "seed": request.get("seed"),
        "steps": receipt.get("steps", request.get("steps")),
        "num_inference_steps": receipt.get("steps", request.get("steps")),
        "lora": ",".join(str(each.get("source")) for each in request.get("adapters") or ()) or None,
        "n_samples": job.record.samples,
        "samples": job.record.samples,
        "enhance_prompt": _yes(bool(job.prompt_asked) and job.prompt_asked != request.get("prompt")),
        "file_prefix": job.record.names[0] if job.record.names else "",
    }
    return dict(echo) | values | flags | {"fluxgram": fluxgram(job, receipt)}


def fluxgram(job: Job, receipt: Mapping[str, Any]) -> Body:
    """What the hosted service does not tell: what was drawn, ignored or moved, and whether it was looked at."""
    told = [{**note.to_dict(), "name": CLIENTS_NAMES.get(note.name, note.name)} for note in job.notes]
    added = [entry for note, entry in zip(job.notes, told, strict=True) if note.name in ADDED]
    return {
        "job": job.record.id,
        "checkpoint": job.record.checkpoint,
        "prompt_asked": job.prompt_asked or job.record.request.get("prompt"),
        "added": added,
        "ignored": [entry for entry in told if entry not in added],
        "seeds": [picture.seed for picture in job.pictures],
        "rendered": receipt.get("rendered"),
        **applied(receipt),
        "safety": job.safety,
    }


def _yes(value: object) -> str:
    return "yes" if value else "no"


def links_of(pictures: Iterable[PictureRecord], link: Callable[[str], str]) -> list[str]:
    """Where the pictures are that are still kept."""
    return [link(picture.name) for picture in pictures if not picture.removed]


def names_of(card: CheckpointCard) -> list[str]:
    """A checkpoint's names for clients, the clients' own first."""
    return list(dict.fromkeys([*card.names, card.name]))


def model(card: CheckpointCard, name: str) -> Body:
    """An element of a list of models."""
    return {
        "model_id": name,
        "status": "model_ready",
        "created_at": None,
        "instance_prompt": None,
        "model_name": name,
        "description": card.title,
        "screenshots": "",
        "model_category": "flux",
        "feature": "imagen",
        "provider": "fluxgram",
    }


def load(queued: int, seconds: float) -> Body:
    """How long the queue is."""
    return {"queue_num": queued, "queue_time": math.ceil(seconds), "status": "ok"}
