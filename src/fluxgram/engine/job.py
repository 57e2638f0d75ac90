"""`Job`: an accepted request and what became of it so far.

It lives in memory, as long as its engine; jobs that outlive a crash are the business of `fluxgram.jobs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fluxgram.engine.events import Event
    from fluxgram.engine.opened import Fitted
    from fluxgram.engine.plan import Plan
    from fluxgram.engine.request import Request
    from fluxgram.engine.result import Result


@dataclass(slots=True, eq=False)
class Job:
    """An accepted request.

    Attributes:
        name: Unique in its engine.
        plan: What will be done.
        on_event: Called with each of its events.
        results: Finished pictures, in order.
        adapters: What its pictures are drawn with, from the first one on: all of them with the same, whatever becomes
            of the files meanwhile.
        error: Why it ended without (all of) its pictures; `errors.Cancelled` where the user stopped it.
        cancel_asked: It leaves at the next step.
    """

    name: str
    plan: Plan
    on_event: Callable[[Event], None] | None = None
    results: list[Result] = field(default_factory=list)
    adapters: tuple[Fitted, ...] = ()
    error: Exception | None = None
    cancel_asked: bool = False

    @property
    def request(self) -> Request:
        """What was asked."""
        return self.plan.request

    @property
    def left(self) -> int:
        """Pictures still to come."""
        return self.request.samples - len(self.results)

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.error is not None or self.left == 0
