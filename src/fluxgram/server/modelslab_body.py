"""Bodies and keys as clients of the ModelsLab surface send them: JSON whatever the content type, forms, queries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from fluxgram.errors import RequestError
from fluxgram.server.callers import caller_of

if TYPE_CHECKING:
    from fluxgram.jobs.door import Caller

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_FIELDS = 1_000
MOST_IDEMPOTENCY = 255
_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character, which JSON can write and UTF-8 cannot."""
_HINT = 'Send a JSON object such as {"prompt": "…"}.'


async def read_body(request: Request) -> dict[str, Any]:
    """The fields of a request: its query's, and over them its body's.

    Raises:
        RequestError: The body is neither a JSON object nor a form, or its texts are no text.
    """
    fields: dict[str, Any] = dict(request.query_params)
    fields.update(await _fields(request))
    if _ESCAPED.search(await request.body()):
        try:
            json.dumps(fields, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            raise RequestError("The body holds characters that are not text.", "Send UTF-8.") from None
    return fields


async def _fields(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not raw.strip():
        return {}
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() in FORMS
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return body
    if not is_form:
        raise RequestError("The body is not a JSON object", _HINT)
    try:
        async with request.form(max_fields=MOST_FIELDS, max_files=8) as form:
            return {
                name: value if isinstance(value, str) else {"file": value.filename}
                for name, value in form.items()
            }
    except HTTPException:
        raise RequestError("The form cannot be read", _HINT) from None


async def caller_for(request: Request, body: Mapping[str, Any], *, draws: bool = False) -> Caller:
    """Who calls, if it may draw or, where nothing is drawn, look."""
    caller = await run_in_threadpool(caller_of, request, key_of(body))
    if draws:
        caller.may("draw")
    else:
        caller.may_look()
    return caller


def json_answer(body: object, status: int = 200) -> Response:
    """An answer that nobody keeps."""
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})


def key_of(fields: Mapping[str, Any]) -> str | None:
    """The key in the body or the query; None where it may be in a header."""
    key = fields.get("key")
    return key.strip() or None if isinstance(key, str) else None


def idempotency_of(request: Request) -> str:
    """The header `Idempotency-Key`: the same one with the same body is the same job.

    Raises:
        RequestError: It is too long.
    """
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > MOST_IDEMPOTENCY:
        raise RequestError(
            f"Idempotency-Key may have at most {MOST_IDEMPOTENCY} characters", "Send a shorter one."
        )
    return key
