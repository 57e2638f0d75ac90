"""The native surface, `/api/v1`: everything that fluxgram can, strictly. Its errors are problems (RFC 9457).

What is refused elsewhere in silence is refused here aloud: unknown fields, and what the checkpoint cannot apply. The
routes are in `native_jobs.py`, `native_events.py`, `native_words.py`, `native_editing.py`, `native_light.py`,
`native_people.py`, `native_shoots.py`, `native_shoot_boards.py`, `native_adapters.py`, `native_machine.py` and
`native_service.py`.
"""

from __future__ import annotations

from fastapi import APIRouter

from fluxgram.server import (
    native_adapters,
    native_boards,
    native_editing,
    native_endpoints,
    native_events,
    native_gallery,
    native_jobs,
    native_light,
    native_machine,
    native_people,
    native_service,
    native_shoot_boards,
    native_shoots,
    native_words,
)
from fluxgram.server.failures import problem as failure
from fluxgram.server.native_views import REFUSALS

__all__ = ["PREFIXES", "failure", "router"]

PREFIXES = ("/api/v1",)

router = APIRouter(prefix="/api/v1", responses=REFUSALS)
for _part in (native_jobs, native_events, native_words, native_editing, native_light, native_people, native_shoots,
              native_shoot_boards, native_machine, native_service, native_gallery,
              native_boards, native_endpoints, native_adapters):  # fmt: skip
    router.include_router(_part.router)
