"""`Together`: many threads' work done in one go, so that all of them share one flush to the disk.

Whoever finds nobody at work does what has come in until now, for all; the others wait for their answers. Nobody is
kept at work for others once its own is done.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fluxgram.errors import StoreError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MOST = 64
"""Items done in one go, so that the first does not wait for all that come."""


@dataclass(slots=True)
class _Ticket(Generic[Item, Answer]):
    """An item, and what came of it."""

    item: Item
    answer: list[Answer | BaseException] = field(default_factory=list)
    woken: threading.Event = field(default_factory=threading.Event)

    def give(self, answer: Answer | BaseException) -> None:
        self.answer.append(answer)
        self.woken.set()


class Together(Generic[Item, Answer]):
    """Work that is cheaper for many than for each.

    Args:
        work: Does all items or none; gives an answer or an error for each, in order. What it raises is the answer
            of all, if it is a `StoreError`; otherwise one of them is at fault, and each is done by itself.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer | Exception]]) -> None:
        self._work = work
        self._waiting: deque[_Ticket[Item, Answer]] = deque()
        self._at_work = threading.Lock()

    def do(self, item: Item) -> Answer:
        """Have an item done; returns or raises what came of it."""
        own = _Ticket[Item, Answer](item)
        self._waiting.append(own)
        self._do_waiting(own)
        while not own.answer:
            own.woken.wait()
            own.woken.clear()
            self._do_waiting(own)
        answer = own.answer[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _do_waiting(self, own: _Ticket[Item, Answer]) -> None:
        """Do what waits until the own item is done, unless another thread is at it."""
        while not own.answer and self._at_work.acquire(blocking=False):
            try:
                while not own.answer:
                    self._do([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))])
            finally:
                self._at_work.release()
            with suppress(IndexError):  # whoever came meanwhile found this thread at work, and now goes on
                self._waiting[0].woken.set()

    def _do(self, tickets: Sequence[_Ticket[Item, Answer]]) -> None:
        try:
            answers = self._work([ticket.item for ticket in tickets])
        except Exception as error:
            if len(tickets) > 1 and not isinstance(error, StoreError):
                for ticket in tickets:
                    self._do([ticket])
                return
            answers = [error] * len(tickets)
        except BaseException:  # this thread is stopped; the others must not wait for it for ever
            for ticket in tickets:
                ticket.give(StoreError("The work was interrupted.", "Try again."))
            raise
        for ticket, answer in zip(tickets, answers, strict=True):
            ticket.give(answer)
