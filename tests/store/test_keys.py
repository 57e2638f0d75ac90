"""Keys: shown once, stored hashed, revoked soon; impossible ones refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fluxgram.errors import KeyInvalid, RequestError
from tests.store.stores import Store


def test_a_token_verifies_and_is_nowhere_in_the_files(sqlite_store: Store) -> None:
    key, token = sqlite_store.keys.create(
        "studio", rate=60.0, burst=5, most_queued=3, most_pictures=9, price=0.5
    )
    assert re.fullmatch(r"fg_[a-z0-9]+_[A-Za-z0-9_-]{43}", token)
    assert token.split("_")[1] == key.id
    assert token.startswith(key.shown)
    assert len(key.shown) < 20
    assert sqlite_store.keys.verify(token) == key
    assert (key.rate, key.burst, key.most_queued, key.most_pictures, key.price) == (60.0, 5, 3, 9, 0.5)
    assert key.scopes == ("draw", "read")
    sqlite_store.database.close()
    secret = token.split("_", 2)[2]
    files = list(Path(sqlite_store.database.place).parent.glob("jobs.sqlite*"))
    assert files
    for file in files:
        assert secret.encode() not in file.read_bytes()
    assert key.id.encode() in b"".join(file.read_bytes() for file in files)  # the search finds what is there
    assert key.webhook_secret.startswith("whsec_")
    assert key.webhook_secret not in repr(key)


def test_what_is_no_key(store: Store) -> None:
    key, token = store.keys.create("a")
    other, _ = store.keys.create("b")
    secret = token.split("_", 2)[2]
    wrong = ["", "fg_", "x", token[:-1], token + "x", token.upper(), f"fg_{key.id}_", f"fg_{other.id}_{secret}",
             f" {token}", "fg_\0_x", "fg_\ud800_x", "é" * 50, "f" * 100_000, f"fg_nobody_{secret}"]  # fmt: skip
    for text in wrong:
        with pytest.raises(KeyInvalid) as error:
            store.keys.verify(text)
        assert secret[:10] not in str(error.value) + error.value.hint
    assert store.keys.verify(token).id == key.id


def test_a_revoked_key_dies_within_seconds_on_every_server(
    store: Store, open_store: Callable[[str], Store]
) -> None:
    key, token = store.keys.create("a")
    other = open_store(store.url)
    assert other.keys.verify(token) == key
    revoked = store.keys.revoke("a")
    assert revoked.revoked is not None
    with pytest.raises(KeyInvalid):
        store.keys.verify(token)
    other.clock.now = store.clock.now + 6.0
    with pytest.raises(KeyInvalid):
        other.keys.verify(token)
    assert store.keys.revoke(key.id) == revoked


def test_a_name_is_free_again_after_its_key_was_revoked(store: Store) -> None:
    assert not store.keys.any()
    first, _ = store.keys.create("a")
    assert store.keys.any()
    with pytest.raises(RequestError, match="'a'"):
        store.keys.create(" a ")
    store.keys.revoke("a")
    assert not store.keys.any()
    second, _ = store.keys.create("a")
    assert store.keys.find("a") == second
    assert store.keys.find(first.id).revoked is not None
    assert [key.id for key in store.keys.list()] == [first.id, second.id]


def test_a_key_that_is_not_there(store: Store) -> None:
    with pytest.raises(RequestError, match="'x'"):
        store.keys.find("x")
    store.keys.create("studio")
    with pytest.raises(RequestError) as error:
        store.keys.revoke("studo")
    assert "studio" in error.value.hint
    with pytest.raises(RequestError) as error:
        store.keys.revoke("zzzz")
    assert "studio" not in error.value.hint


@pytest.mark.parametrize(
    "given",
    [{"name": ""}, {"name": " "}, {"name": "a\n"*2}, {"name": "x" * 101}, {"scopes": ()}, {"scopes": ("fly",)},
     {"weight": 0.0}, {"weight": -1.0}, {"weight": math.nan}, {"weight": math.inf}, {"rate": -1.0}, {"rate": math.nan},
     {"burst": -1}, {"most_queued": -1}, {"most_pictures": 2**40}, {"price": -0.1}, {"price": math.nan}],
)  # fmt: skip
def test_impossible_keys(sqlite_store: Store, given: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        sqlite_store.keys.create(**({"name": "a"} | given))
    assert sqlite_store.keys.list() == []


def test_use_is_noted_about_once_a_minute(store: Store) -> None:
    key, _ = store.keys.create("a")
    assert store.keys.find("a").used is None
    store.keys.touch(key.id)
    first = store.keys.find("a").used
    assert first is not None
    store.clock.now += 30
    store.keys.touch(key.id)
    assert store.keys.find("a").used == first
    store.clock.now += 31
    store.keys.touch(key.id)
    assert store.keys.find("a").used > first + 60


def test_a_clock_that_is_set_back_keeps_no_revoked_key_alive(
    store: Store, open_store: Callable[[str], Store]
) -> None:
    key, token = store.keys.create("a")
    other = open_store(store.url)
    other.clock.now = store.clock.now + 3600
    assert other.keys.verify(token) == key
    other.keys.touch(key.id)
    store.keys.revoke("a")
    other.clock.now -= 3600
    with pytest.raises(KeyInvalid):
        other.keys.verify(token)
    other.keys.touch(key.id)
    used = other.keys.find(key.id).used
    assert used is not None
    assert used <= other.clock.now
