"""What the parts of `Queue` have in common: the database and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable

from fluxgram.store.database import Database


class Part:
    """A part of `Queue`.

    Args:
        database: Shared with whoever else uses it.
        clock: Unix seconds; tests give their own.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
