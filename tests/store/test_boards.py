"""Boards, their votes and other servers: on both databases, by owner, by version, and when many change one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from fluxgram.errors import RequestError
from fluxgram.store.boards import MOST_TITLE, BoardChanged, Boards, UnknownBoard
from fluxgram.store.endpoints import Endpoints, UnknownEndpoint
from tests.store.stores import Store


@pytest.fixture
def boards(store: Store) -> Boards:
    return Boards(store.database, store.clock)


def test_what_was_stored_comes_back_after_a_restart(
    boards: Boards, store: Store, open_store: Callable[[str], Store]
) -> None:
    data = {"cells": [{"label": "a\0b \ud800 ü", "n": 2**53 - 1}], "none": None}
    made = boards.create("ada", "comparison", "  Window\nlight ", data)
    assert (made.title, made.version, made.owner, made.kind, made.trashed) == (
        "Window light",
        1,
        "ada",
        "comparison",
        None,
    )
    assert made.created == made.updated
    again = Boards(open_store(store.url).database)
    assert again.get(made.id) == made
    assert again.get(made.id).data == data


def test_only_the_owner_and_who_sees_all(boards: Boards) -> None:
    made = boards.create("ada", "comparison", "A", {})
    assert boards.get(made.id, "ada") == boards.get(made.id, None) == made
    for ask in (
        lambda: boards.get(made.id, "bob"),
        lambda: boards.update(made.id, "bob", title="B"),
        lambda: boards.trash(made.id, "bob"),
        lambda: boards.vote(made.id, "bob", "0", "1", "left"),
        lambda: boards.votes(made.id, "bob"),
        lambda: boards.unvote(made.id, "bob"),
        lambda: boards.get("nothing", None),
        lambda: boards.get("\0' OR 1=1", None),
        lambda: boards.get("", None),
    ):
        with pytest.raises(UnknownBoard):
            ask()
    assert boards.get(made.id) == made
    assert boards.list("bob") == []


def test_pages_of_a_kind_newest_first(boards: Boards) -> None:
    made = [boards.create("ada", "comparison", f"{n}", {}) for n in range(5)]
    boards.create("ada", "shoot", "other kind", {})
    boards.create("bob", "comparison", "other owner", {})
    first = boards.list("ada", kind="comparison", limit=2)
    assert first == [made[4], made[3]]
    rest = boards.list("ada", kind="comparison", before=(first[-1].created, first[-1].id))
    assert rest == [made[2], made[1], made[0]]
    assert len(boards.list(None)) == 7


def test_a_change_from_an_old_version_is_refused_whole(boards: Boards) -> None:
    made = boards.create("", "comparison", "A", {"n": 1})
    changed = boards.update(made.id, version=1, title="B", data={"n": 2})
    assert (changed.version, changed.title, changed.data) == (2, "B", {"n": 2})
    assert changed.updated > made.updated
    with pytest.raises(BoardChanged, match="B"):
        boards.update(made.id, version=1, title="C", data={"n": 3})
    assert boards.get(made.id) == changed
    assert boards.update(made.id, title="D").data == {"n": 2}


def test_many_threads_change_one_board_and_nothing_is_lost(boards: Boards) -> None:
    made = boards.create("", "comparison", "A", {"seen": []})
    failed: list[BaseException] = []

    def add(number: int) -> None:
        try:
            boards.update(made.id, data=lambda data: {"seen": [*data["seen"], number]})
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = boards.get(made.id)
    assert not failed
    assert sorted(after.data["seen"]) == list(range(16))
    assert after.version == 17


def test_the_bin(boards: Boards, store: Store) -> None:
    keep, drop = boards.create("", "comparison", "keep", {}), boards.create("", "comparison", "drop", {})
    boards.vote(drop.id, "", "0", "1", "left")
    trashed = boards.trash(drop.id, "")
    assert trashed.trashed is not None
    assert boards.trash(drop.id, "") == trashed
    assert boards.list("") == [keep]
    assert boards.list("", trashed=True) == [trashed]
    assert boards.trash(drop.id, "", back=True).trashed is None
    boards.trash(drop.id, "")
    assert boards.remove_trashed(store.clock.now - 100) == 0
    assert boards.remove_trashed(store.clock.now + 100) == 1
    assert boards.list("", trashed=True) == []
    assert boards.get(keep.id) == keep


def test_votes_in_order_and_taken_back(boards: Boards) -> None:
    made, other = boards.create("", "comparison", "A", {}), boards.create("", "comparison", "B", {})
    first = boards.vote(made.id, "", "0", "1", "left")
    second = boards.vote(made.id, "", "1", "0", "tie", blind=False)
    boards.vote(other.id, "", "0", "1", "right")
    assert boards.votes(made.id) == [first, second]
    assert (first.left, first.right, first.winner, first.blind, second.blind) == (
        "0",
        "1",
        "left",
        True,
        False,
    )
    assert boards.unvote(made.id, "", first.id) == 1
    assert boards.unvote(other.id, "", second.id) == 0, "another board's vote"
    assert boards.votes(made.id) == [second]
    assert boards.unvote(made.id, "") == 1
    assert len(boards.votes(other.id)) == 1


def test_too_large_and_untitled(boards: Boards) -> None:
    with pytest.raises(RequestError, match="too much"):
        boards.create("", "comparison", "A", {"text": "x" * 2_000_001})
    assert boards.list("") == []
    assert boards.create("", "comparison", "\x00\u202e \n", {}).title == "Untitled"
    assert len(boards.create("", "comparison", "x" * 1000, {}).title) == MOST_TITLE


def test_endpoints_keep_their_key_until_it_is_changed(store: Store) -> None:
    endpoints = Endpoints(store.database, store.clock)
    made = endpoints.put("other studio", "https://one.example/v1", "sk-secret", "flux")
    assert "sk-secret" not in repr(made)
    moved = endpoints.put("other studio", "https://two.example/v1", None, "")
    assert (moved.url, moved.key, moved.checkpoint, moved.created) == (
        "https://two.example/v1",
        "sk-secret",
        "",
        made.created,
    )
    assert endpoints.put("other studio", moved.url, "", "").key == ""
    endpoints.put("another", "http://127.0.0.1:1", "", "")
    assert [each.name for each in endpoints.list()] == ["another", "other studio"]
    endpoints.remove("another")
    for name in ("another", "", "\0", "../x"):
        with pytest.raises(UnknownEndpoint):
            endpoints.get(name)
    for name in ("", " x", "a/b", "\ud800", "x" * 61):
        with pytest.raises(RequestError, match="not a name"):
            endpoints.put(name, "https://one.example", "", "")


def test_a_board_of_one_id_is_made_once_by_many(boards: Boards) -> None:
    made: list[str] = []
    together = threading.Barrier(8)

    def create(number: int) -> None:
        together.wait()
        made.append(boards.create("ada", "shoot", f"T{number}", {"n": number}, id="same").title)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    kept = boards.get("same", "ada")
    assert made == [kept.title] * 8
    assert len(boards.list("ada")) == 1
    with pytest.raises(UnknownBoard):
        boards.create("bob", "shoot", "mine", {}, id="same")
    assert boards.get("same") == kept
