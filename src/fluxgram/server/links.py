"""Links that answers carry: what they begin with, and where a picture is to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

    from fluxgram.jobs.door import Jobs
    from fluxgram.service import ServiceSettings


def base_url(request: Request, service: ServiceSettings) -> str:
    """What absolute links begin with, without a slash at the end: the setting, or what the client called us."""
    if service.public_url:
        return service.public_url.rstrip("/")
    return f"{request.url.scheme}://{request.url.netloc}"


def picture_url(base: str, name: str, jobs: Jobs) -> str:
    """Where a picture or thumbnail is to be had; signed and expiring where the settings say so."""
    return jobs.link(base, name)
