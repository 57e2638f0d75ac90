"""`Queue`: the durable queue of jobs. A job that was taken in is never lost and never ends twice.

One class to its users, six files to its readers: `submitting.py` (in), `moving.py` (order), `working.py` (claims,
leases, pictures), `ending.py` (done, failed, cancelled, retried), `history.py` (questions), `keeping.py` (upkeep). Any
number of processes may have a `Queue` on the same database; threads may share one.
"""

from __future__ import annotations

from fluxgram.store.ending import Ending
from fluxgram.store.history import History
from fluxgram.store.keeping import Keeping
from fluxgram.store.moving import Moving
from fluxgram.store.submitting import Submitting
from fluxgram.store.working import Working


class Queue(Submitting, Moving, Working, Ending, History, Keeping):
    """The queue on a database: `Queue(database)`."""
