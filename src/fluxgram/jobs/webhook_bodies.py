"""What a webhook says when a job is over, as the clients of each surface expect it. Pure functions: job in, JSON out.

The body is stored in the transaction that ends the job, so it is made where jobs end: in the worker, and in the
supervisor where a job has failed with its worker.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fluxgram.jobs.links import text_link

if TYPE_CHECKING:
    from fluxgram.jobs.orders import Job

Address = Callable[[str], str]
"""The address of a picture's name."""
Maker = Callable[["Job", Address], str]


def native(job: Job, address: Address) -> str:
    """The native surface's: what happened, and to which job."""
    body: dict[str, Any] = {
        "type": f"job.{job.state}",
        "data": {
            "id": job.id,
            "state": job.state,
            "prompt": job.prompt_asked,
            "checkpoint": job.record.checkpoint,
            "seconds": round(job.record.seconds, 3),
            "safety": job.safety,
            "notes": [note.to_dict() for note in job.notes],
            "pictures": [
                {
                    "name": picture.name,
                    "url": address(picture.name),
                    "thumbnail_url": address(picture.thumbnail),
                    "seed": picture.seed,
                    "width": picture.width,
                    "height": picture.height,
                    "verdict": picture.verdict,
                }
                for picture in job.pictures
            ],
        },
    }
    if job.problem is not None:
        body["data"]["problem"] = {
            "kind": job.problem.kind,
            "message": job.problem.message,
            "hint": job.problem.hint,
        }
    return json.dumps(body)


def modelslab(job: Job, address: Address) -> str:
    """ModelsLab's: `success` with addresses, or `failed` with a sentence; `track_id` comes back as it was sent."""
    surface = job.record.extra.get("surface", {})
    track = surface.get("track_id") if isinstance(surface, Mapping) else None
    if job.problem is not None:
        message = f"{job.problem.message} {job.problem.hint}".strip()
        return json.dumps({"status": "failed", "id": job.id, "message": message, "track_id": track})
    kept = surface.get("meta", {}) if isinstance(surface, Mapping) else {}
    meta = dict(kept) if isinstance(kept, Mapping) else {}
    meta.setdefault("seed", job.record.request.get("seed"))
    as_text = isinstance(surface, Mapping) and bool(surface.get("base64"))
    names = [picture.name for picture in job.pictures]
    return json.dumps(
        {
            "status": "success",
            "id": job.id,
            "output": [text_link(link) if as_text else link for link in map(address, names)],
            "generationTime": round(job.record.seconds, 3),
            "nsfw_content_detected": job.safety == "flagged",
            "track_id": track,
            "meta": meta,
        }
    )


MAKERS: Mapping[str, Maker] = {"modelslab": modelslab}
"""By surface; every other surface has the native body."""
