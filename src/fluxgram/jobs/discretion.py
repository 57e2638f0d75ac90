"""Words for clients, without where things lie on this machine: folders, the database's address, checkpoints.

Errors name such places for the service's owner, who reads them in the log; clients have no use for them.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.errors import FluxgramError
    from fluxgram.jobs.door import Jobs


def discreet(text: str, jobs: Jobs) -> str:
    """A text in which every place is `…`."""
    service = jobs.service
    places = (jobs.store.place, jobs.database.place, str(jobs.settings.home), service.checkpoint,
              *service.models.values())  # fmt: skip
    for place in sorted(filter(_tells, places), key=len, reverse=True):
        text = text.replace(place, "…")
    return text


def conceal(error: FluxgramError, jobs: Jobs) -> None:
    """Leave the places out of an error's words, before they are sent."""
    error.args, error.hint = (discreet(str(error), jobs),), discreet(error.hint, jobs)


def _tells(place: str) -> bool:
    """Whether it says where something lies; a name alone, such as a checkpoint's, does not."""
    return "://" in place or (PurePath(place).is_absolute() and len(PurePath(place).parts) > 1)
