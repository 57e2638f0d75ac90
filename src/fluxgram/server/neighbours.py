"""`beside_others`: whether another service works on the same database of this home. Allowed, and told at the start.

Each holds a shared lock on a file as long as its process lives; locks of the dead are gone with them. Services of
other homes or machines are not seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs

_ANSWER_SECONDS = 2.0
TOLD = "Another fluxgram serve works on the same database; their workers share its jobs."


@contextmanager
def beside_others(jobs: Jobs) -> Iterator[bool]:
    """Be seen by others within this block.

    Args:
        jobs: The door to the database.

    Yields:
        Whether there is another already; False where that cannot be found out.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield False
        return
    name = hashlib.sha256(jobs.database.place.encode()).hexdigest()[:16]
    path = jobs.settings.home / "service" / f"serving-{name}.lock"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError:  # nothing depends on it
        yield False
        return
    with file:
        others = False
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                others = True
            fcntl.flock(file, fcntl.LOCK_SH | (fcntl.LOCK_NB if others else 0))
        except OSError:  # a file system without locks, or somebody who starts at this very moment
            pass
        yield others


def answers(url: str) -> bool:
    """Whether a fluxgram answers at an address of this machine.

    Args:
        url: Such as `http://127.0.0.1:7070`.
    """
    host, _, port = url.removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=_ANSWER_SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/livez")
        found = connection.getresponse()
        ours = found.getheader("X-Request-Id") is not None
        return ours and found.status == HTTPStatus.OK and found.read(200).startswith(b'{"status":"ok"')
    return False
