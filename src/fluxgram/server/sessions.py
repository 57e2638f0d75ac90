"""Sessions of browsers: a cookie that stands for a key, so that pages need not keep the key itself.

The cookie names the key and when it ends, signed by HMAC-SHA256 with a secret of the service; a revoked key ends its
sessions. No script can read it, and no other site's page can send it (SameSite=Strict).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING

from fluxgram.errors import KeyInvalid

if TYPE_CHECKING:
    from fastapi import Request, Response

    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import KeyRecord

COOKIE = "fluxgram_session"
SESSION_SECONDS = 30 * 24 * 3600
_CONTEXT = b"fluxgram session\0"
_FORM = re.compile(r"([a-z0-9]{1,64})\.(\d{1,12})\.([A-Za-z0-9_-]{43})")


def begin(request: Request, response: Response, token: str) -> KeyRecord:
    """Give a browser a session, if the key that it shows is good.

    Raises:
        KeyInvalid: It is not.
    """
    jobs: Jobs = request.app.state.jobs
    key = jobs.keys.verify(token.strip())
    ends = int(time.time()) + SESSION_SECONDS
    response.set_cookie(
        COOKIE,
        f"{key.id}.{ends}.{_sign(jobs, key.id, ends)}",
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=_is_secure(request),
    )
    return key


def end(request: Request, response: Response) -> None:
    """Take the session away."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_is_secure(request))


def key_in(request: Request) -> KeyRecord | None:
    """The key that a request's session stands for; None where there is no session, or it has ended."""
    found = _FORM.fullmatch(request.cookies.get(COOKIE, ""))
    if found is None:
        return None
    jobs: Jobs = request.app.state.jobs
    id_, ends, signature = found[1], int(found[2]), found[3]
    if not hmac.compare_digest(_sign(jobs, id_, ends), signature) or ends <= time.time():
        return None
    try:
        return jobs.keys.alive(id_)
    except KeyInvalid:
        return None


def _sign(jobs: Jobs, id_: str, ends: int) -> str:
    said = _CONTEXT + f"{id_}\0{ends}".encode()
    digest = hmac.digest(jobs.queue.secret("sessions"), said, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_secure(request: Request) -> bool:
    """Whether browsers reach us by HTTPS, also where something before us ends it."""
    service = request.app.state.service
    return bool(request.url.scheme == "https" or service.public_url.startswith("https:"))
