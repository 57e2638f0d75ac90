"""Work done together: how much in one go, and that each has its own answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from fluxgram.errors import StoreFull
from fluxgram.store import together
from fluxgram.store.together import Together


class Work:
    """Squares numbers. The first go stands still until it is let go, so that others gather behind it."""

    def __init__(self) -> None:
        self.together: Together[int, int] = Together(self)
        self.goes: list[list[int]] = []
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.raises: dict[int, BaseException] = {}
        self.answers: dict[int, int | BaseException] = {}
        self.threads: list[threading.Thread] = []

    def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.goes.append(list(items))
        if len(self.goes) == 1:
            self.begun.set()
            assert self.let_go.wait(30)
        for item in items:
            if item in self.raises:
                raise self.raises[item]
        return [ValueError(item) if item < 0 else item * item for item in items]

    def hand_in(self, *items: int) -> None:
        def act(item: int) -> None:
            try:
                self.answers[item] = self.together.do(item)
            except BaseException as error:
                self.answers[item] = error

        for item in items:
            thread = threading.Thread(target=act, args=(item,))
            self.threads.append(thread)
            thread.start()

    def behind_the_first(self, first: int, *others: int) -> None:
        """One is held at work until all others wait; then everything is done."""
        self.hand_in(first)
        assert self.begun.wait(30)
        self.hand_in(*others)
        until(lambda: len(self.together._waiting) == len(others))
        self.let_go.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def work() -> Work:
    return Work()


def test_those_who_wait_are_done_in_one_go(work: Work) -> None:
    work.behind_the_first(1, *range(2, 12))
    assert [sorted(go) for go in work.goes] == [[1], list(range(2, 12))]
    assert work.answers == {number: number * number for number in range(1, 12)}


def test_one_alone_waits_for_nobody(work: Work) -> None:
    work.let_go.set()
    assert [work.together.do(number) for number in (3, 4)] == [9, 16]
    assert work.goes == [[3], [4]]


def test_no_go_is_larger_than_it_may_be(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 4)
    work.behind_the_first(1, *range(2, 12))
    assert [len(go) for go in work.goes] == [1, 4, 4, 2]
    assert work.answers == {number: number * number for number in range(1, 12)}


def test_an_error_of_one_is_its_own(work: Work) -> None:
    work.behind_the_first(1, 2, -3, 4)
    assert isinstance(work.answers.pop(-3), ValueError)
    assert work.answers == {1: 1, 2: 4, 4: 16}


def test_one_that_breaks_the_go_breaks_only_itself(work: Work) -> None:
    work.raises = {3: ZeroDivisionError()}
    work.behind_the_first(1, 2, 3, 4)
    assert isinstance(work.answers.pop(3), ZeroDivisionError)
    assert work.answers == {1: 1, 2: 4, 4: 16}
    assert [len(go) for go in work.goes] == [1, 3, 1, 1, 1]


def test_a_full_disk_is_everybodys_and_is_not_tried_again_for_each(work: Work) -> None:
    work.raises = {3: StoreFull("full")}
    work.behind_the_first(1, 2, 3, 4)
    assert [type(work.answers[number]) for number in (2, 3, 4)] == [StoreFull] * 3
    assert [len(go) for go in work.goes] == [1, 3]


def test_a_thread_that_is_stopped_leaves_nobody_waiting(work: Work) -> None:
    work.raises = {3: SystemExit()}
    work.behind_the_first(1, 2, 3, 4)
    assert set(work.answers) == {1, 2, 3, 4}
    assert work.answers[1] == 1
    assert any(isinstance(answer, SystemExit) for answer in work.answers.values())
    work.raises = {}
    assert work.together.do(5) == 25
