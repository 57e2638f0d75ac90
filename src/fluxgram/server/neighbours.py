"""`beside_others`: whether another service works on the same database of this home. Allowed, and told at the start.

Each holds a shared lock on a file as long as its process lives; locks of the dead are gone with them. Services of
other homes or machines are not seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs

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
