"""What the OpenAI surface answers: pictures, models, and errors in the body that its clients know.

Answers hold only words that the published clients' strict validation takes; what is ours is in `fluxgram`.
"""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi.responses import Response

from fluxgram import errors
from fluxgram.errors import Busy, FluxgramError, OutOfMemory, RequestError
from fluxgram.server.applied import applied
from fluxgram.server.failures import Defect, retry_after
from fluxgram.server.openai_body import FieldRefused
from fluxgram.server.openai_fields import TOLD_QUALITY, param_of

if TYPE_CHECKING:
    from fastapi import Request

    from fluxgram.jobs.door import CheckpointCard, Job
    from fluxgram.store.records import PictureRecord, Problem

PATCH = 16
"""Side in px of what one token of FLUX stands for."""


class Refused(FluxgramError):
    """An error that has words of its own on this surface.

    Args:
        message: One sentence saying what is wrong.
        hint: One sentence saying what to do.
        status: HTTP status.
        type: OpenAI's kind of error.
        code: OpenAI's word for it.
        again: Whether the same request may be sent again by a program.
    """

    def __init__(
        self, message: str, hint: str = "", *, status: int, type: str, code: str, again: bool = False  # noqa: A002  (OpenAI's word)
    ) -> None:  # fmt: skip
        super().__init__(message, hint)
        self.status, self.type, self.code, self.again = status, type, code, again


_WORDS: tuple[tuple[type[FluxgramError], int | None, str, str | None, bool], ...] = (
    (errors.PromptRefused, 400, "image_generation_user_error", "moderation_blocked", False),
    (errors.UnknownCheckpoint, 404, "invalid_request_error", "model_not_found", False),
    (errors.UnknownJob, 404, "invalid_request_error", "not_found", False),
    (errors.IdempotencyMismatch, 422, "idempotency_error", "idempotency_key_reused", False),
    (errors.KeyInvalid, 401, "invalid_request_error", "invalid_api_key", False),
    (errors.ScopeMissing, 403, "invalid_request_error", "insufficient_permissions", False),
    (errors.QuotaExceeded, 429, "insufficient_quota", "insufficient_quota", False),
    (errors.ServiceEnding, 503, "server_error", "service_ending", True),
    (errors.Busy, 429, "requests", "rate_limit_exceeded", True),
    (errors.StoreFull, 503, "server_error", "storage_full", True),
    (errors.StoreError, 503, "server_error", "storage_unavailable", True),
    (errors.CheckpointError, 503, "server_error", "model_unavailable", False),
    (errors.AdapterDamaged, 503, "server_error", "model_unavailable", False),
    (errors.OutOfMemory, 500, "server_error", "out_of_memory", False),
    (errors.Cancelled, 409, "invalid_request_error", "job_cancelled", False),
)
"""Kind of error → status, type, code, and whether sending it again can help."""


_CODES = {
    403: "forbidden",
    405: "method_not_allowed",
    408: "timeout",
    413: "request_too_large",
    421: "wrong_host",
}


def error_body(error: FluxgramError, status: int) -> tuple[dict[str, Any], int, bool]:
    """An error in OpenAI's words: the body, the status, and whether sending the request again can help."""
    kind, code, again = "invalid_request_error", None, False
    if isinstance(error, Refused):
        status, kind, code, again = error.status, error.type, error.code, error.again
    elif isinstance(error, FieldRefused):
        status, code = 400, error.code
    elif row := next((row for row in _WORDS if isinstance(error, row[0])), None):
        _, own, kind, code, again = row
        status = own or status
    elif isinstance(error, RequestError) or status < 500:
        status = 400 if status == 422 else status
        code = _CODES.get(status, "invalid_value")
    else:
        status, kind, again = max(status, 500), "server_error", True
    message = f"{error} {error.hint}".strip()
    return (
        {"error": {"message": message, "type": kind, "param": param_of(error), "code": code}},
        status,
        again,
    )


def failure(request: Request, error: FluxgramError, status: int) -> Response:
    """The answer to a request that failed.

    Args:
        request: What was asked.
        error: What went wrong.
        status: Where this surface has no other for it.
    """
    body, status, again = error_body(error, status)
    response = json_response(body, status)
    if (seconds := retry_after(error)) is not None and isinstance(error, Busy):
        response.headers["Retry-After"] = str(seconds)
        exact = error.retry_after if math.isfinite(error.retry_after) else seconds
        response.headers["Retry-After-Ms"] = str(min(seconds * 1000, max(1, math.ceil(exact * 1000))))
    if not again and (status in (408, 409, 429) or status >= 500):
        response.headers["X-Should-Retry"] = "false"  # the published clients would send it twice more
    return response


def json_response(values: Mapping[str, Any], status: int = 200) -> Response:
    """JSON in plain ASCII: a client's broken text comes back as it was sent, and never breaks the answer."""
    return Response(json.dumps(values, allow_nan=False), status, media_type="application/json")


def of_problem(problem: Problem) -> FluxgramError:
    """The error that a failed job ended with."""
    kind = getattr(errors, problem.kind, None)
    told = RequestError | OutOfMemory | errors.CheckpointError | errors.AdapterMisfit
    if isinstance(kind, type) and issubclass(kind, told):
        return kind(problem.message, problem.hint)
    # It was tried, and tried again where that could help: the same request would fail the same way.
    return Refused(problem.message, problem.hint, status=500, type="server_error", code="job_failed")


def ended_badly(job: Job) -> FluxgramError | None:
    """Why a job that is over has no pictures to give; None where it has."""
    if job.state == "failed":
        return of_problem(job.problem) if job.problem else Defect()
    if job.state == "cancelled":
        return errors.Cancelled(f"Job {job.id} was cancelled.", "Send the request again.")
    if any(picture.removed for picture in job.pictures):
        return errors.UnknownJob(
            f"Pictures of job {job.id} were removed.", "Send the request without its key."
        )
    flagged = [picture for picture in job.pictures if picture.verdict == "flagged"]
    return withheld(job.id, len(flagged), len(job.pictures)) if flagged else None


def withheld(job: int, flagged: int, pictures: int) -> Refused:
    """What the picture classifier found."""
    which = "The picture was" if pictures == 1 else f"{flagged} of {pictures} pictures were"
    return Refused(
        f"{which} withheld by the safety system (job {job}).",
        "Change the prompt, or try another seed.",
        status=400,
        type="image_generation_user_error",
        code="moderation_blocked",
    )


def told_quality(job: Job) -> str:
    """The dial of a job in OpenAI's words."""
    return TOLD_QUALITY.get(str(job.record.request.get("quality")), "high")


def usage(pictures: list[PictureRecord]) -> dict[str, Any]:
    """Tokens as the receipts count them: of the texts, once; of pictures, one for each 16 x 16 px drawn."""
    receipts = [picture.receipt for picture in pictures]
    texts = [receipts[0].get(name) for name in ("prompt", "negative")] if receipts else []
    text_tokens = sum(int(text.get("total", 0)) for text in texts if isinstance(text, Mapping))
    output = sum(_patches(receipt) for receipt in receipts)
    return {
        "input_tokens": text_tokens,
        "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": 0},
        "output_tokens": output,
        "total_tokens": text_tokens + output,
    }


def _patches(receipt: Mapping[str, Any]) -> int:
    rendered = receipt.get("rendered") or (0, 0)
    return math.ceil(rendered[0] / PATCH) * math.ceil(rendered[1] / PATCH)


_THEIR_NAMES = {"negative": "negative_prompt", "check": "safety_checker", "enhance": "enhance_prompt"}
"""The door's names of fields → those of this surface."""


def own(job: Job) -> dict[str, Any]:
    """What OpenAI's answer has no place for."""
    return {
        "job": job.id,
        "checkpoint": job.record.checkpoint,
        "safety": job.safety,
        **applied(job.pictures[0].receipt if job.pictures else {}),
        "notes": [note.to_dict() | {"name": _THEIR_NAMES.get(note.name, note.name)} for note in job.notes],
    }


def item(
    job: Job, picture: PictureRecord, read: Callable[[str], bytes] | None, link: Callable[[str], str]
) -> dict[str, Any]:
    """One picture of an answer.

    Args:
        job: Whose.
        picture: Which.
        read: Gives the file's bytes; None where a link is wanted instead.
        link: Gives the link of a name.
    """
    one: dict[str, Any] = {"url": link(picture.name)} if read is None else {}
    if read is not None:
        one["b64_json"] = base64.b64encode(read(picture.name)).decode("ascii")
    words = str(job.record.request.get("prompt", ""))
    if words != job.prompt_asked:
        one["revised_prompt"] = words
    return one | {"seed": picture.seed}


def images(job: Job, read: Callable[[str], bytes] | None, link: Callable[[str], str]) -> dict[str, Any]:
    """The answer to a request for pictures; arguments as `item` has them."""
    pictures = list(job.pictures)
    return {
        "created": int(job.record.created),
        "data": [item(job, picture, read, link) for picture in pictures],
        "background": "opaque",
        "output_format": job.record.format,
        "quality": told_quality(job),
        "size": f"{pictures[0].width}x{pictures[0].height}",
        "usage": usage(pictures),
        "fluxgram": own(job),
    }


def model(card: CheckpointCard) -> dict[str, Any]:
    """A checkpoint as OpenAI lists models; what is ours comes after."""
    return {
        "id": card.name,
        "object": "model",
        "created": 0,
        "owned_by": "fluxgram",
        "title": card.title,
        "family": card.family,
        "present": card.present,
        "default": card.default,
        "names": list(card.names),
    }


def now() -> int:
    """Seconds since 1970."""
    return int(time.time())
