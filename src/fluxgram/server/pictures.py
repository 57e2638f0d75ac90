"""Pictures and thumbnails by name: whole or in parts, cached for ever, because a name never means another picture.

Nobody needs a key: names cannot be guessed. Where the settings say so, links are signed and end.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from fluxgram.errors import AccessError, UnknownJob
from fluxgram.jobs.links import link_is_good
from fluxgram.server.failures import respond

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import PictureRecord

router = APIRouter(tags=["pictures"])

CHUNK = 1 << 20
"""Bytes that are read and sent at a time."""
NOTHING = (0, 0)
"""A part that the file does not have."""
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
_NAME = re.compile(r"(temp/)?[A-Za-z0-9_-]{1,120}\.[a-z0-9]{1,8}")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_FOR_EVER = "public, max-age=31536000, immutable"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    206: {"description": "The part that was asked for."},
    304: {"description": "The client has it already."},
    403: {"description": "The link has ended, or was changed."},
    404: {"description": "There is no picture of that name, or not yet."},
    410: {"description": "It was removed."},
    416: {"description": "It has no such part."},
}


@router.head("/pictures/{name:path}", include_in_schema=False)
@router.get(
    "/pictures/{name:path}",
    summary="A picture or a thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}, **_ANSWERS},
    operation_id="picture",
)
def picture(request: Request, name: str) -> Response:
    """The file, or the part of it that a `Range` header names."""
    jobs: Jobs = request.app.state.jobs
    if not _NAME.fullmatch(name):
        raise UnknownJob("There is no picture of that name.", "Names are in the answers of the job.")
    age = _FOR_EVER
    if jobs.service.url_seconds:
        age = f"private, max-age={_check_link(request, name, jobs)}"
    elif name.startswith("temp/"):
        age = "private, max-age=60"
    record = jobs.queue.find_picture(name)
    size = jobs.store.size(name) if not record.removed else None
    if size is None:
        if record.removed:
            return respond(request, UnknownJob("The picture was removed.", "Have it drawn again."), 410)
        raise UnknownJob(
            "The picture's file is not there.", "Its owner may have moved the folder of pictures."
        )
    headers = {
        "ETag": _tag(record, name),
        "Cache-Control": age,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="{name.rpartition("/")[2]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Type": _TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
    }
    if _has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return _answer(request, jobs, name, size, headers)


def _answer(request: Request, jobs: Jobs, name: str, size: int, headers: dict[str, str]) -> Response:
    start, stop, status = 0, size, 200
    asked = request.headers.get("range", "")
    if asked and request.headers.get("if-range", headers["ETag"]) == headers["ETag"]:
        part = part_of(asked, size)
        if part == NOTHING:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        if part is not None:
            (start, stop), status = part, 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD" or start == stop:
        return Response(status_code=status, headers=headers)
    first = jobs.store.open_range(
        name, start, min(stop, start + CHUNK)
    )  # what fails, fails before the answer

    def chunks() -> Iterator[bytes]:
        yield first
        for begin in range(start + CHUNK, stop, CHUNK):
            yield jobs.store.open_range(name, begin, min(stop, begin + CHUNK))

    return StreamingResponse(chunks(), status, headers)


def part_of(asked: str, size: int) -> tuple[int, int] | None:
    """First byte and end of a Range header.

    Args:
        asked: The header.
        size: Of the file in bytes.

    Returns:
        None where it is not one range of bytes and the whole is to be sent; `NOTHING` where the file has no such part.
    """
    found = _RANGE.fullmatch(asked.strip().replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return (max(0, size - int(found[2])), size) if int(found[2]) and size else NOTHING
    start, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if found[2] and last < start:
        return None
    return (start, min(size, last + 1)) if start < size else NOTHING


def _tag(record: PictureRecord, name: str) -> str:
    return f'"{record.sha256[:32]}"' if name == record.name else f'"{record.sha256[:32]}-thumbnail"'


def _has_it(request: Request, tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in known.split(",")]


def _check_link(request: Request, name: str, jobs: Jobs) -> int:
    """Seconds for which a signed link still works.

    Raises:
        AccessError: It works no more, or it is none of ours.
    """
    expires, signature = (request.query_params.get(key, "") for key in ("expires", "signature"))
    hint = "Ask for the job again; its answer has fresh links."
    now = time.time()
    if link_is_good(name, expires, signature, secret=jobs.links_secret, now=now):
        return max(0, int(int(expires) - now))
    if link_is_good(name, expires, signature, secret=jobs.links_secret, now=0):
        raise AccessError("The link to this picture has expired.", hint)
    raise AccessError("The link to this picture is not signed by this server.", hint)
