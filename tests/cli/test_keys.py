"""`fluxgram keys`, `usage` and `queue` on a home of their own; no service runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fluxgram.jobs.door import Jobs
from fluxgram.jobs.orders import Order
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from tests.cli.conftest import Done, Shell

Run = Callable[..., Done]


def test_a_token_is_shown_once(inside: Run, shell: Shell) -> None:
    made = inside("keys", "create", "phone", "--scope", "read", "--rate", "30")
    token = made.out.strip()
    assert (made.status, token[:3]) == (0, "fg_")
    assert "shown this once" in made.err
    listed = inside("keys", "list", "--json")
    key = json.loads(listed.out)[0]
    assert (key["name"], key["scopes"], key["rate"]) == ("phone", ["read"], 30.0)
    assert token not in listed.out
    assert "whsec_" not in listed.out
    files = [path.read_bytes() for path in shell.home.rglob("*") if path.is_file()]
    assert files
    assert not any(token.encode() in data for data in files), "it is stored in clear"
    assert all(words in inside("keys", "list").out for words in ("phone", "30 a minute", "any", "weight"))
    assert json.loads(inside("keys", "revoke", "phone", "--json").out)["revoked"]
    assert "revoked" in inside("keys", "list").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", ""), "not a name"),
        (("create", "x", "--scope", "drow"), "'drow' is not a scope"),
        (("create", "x", "--weight", "0"), "weight"),
        (("create", "x", "--weight", "nan"), "weight"),
        (("create", "x", "--rate", "-1"), "rate"),
        (("create", "x", "--price", "inf"), "price"),
        (("create", "x\x1b[2J"), "not a name"),
        (("create", "phone"), "already"),
        (("revoke", "phnoe"), "There is no key 'phnoe'."),
    ],
)
def test_keys_that_cannot_be(inside: Run, arguments: tuple[str, ...], words: str) -> None:
    inside("keys", "create", "phone")
    done = inside("keys", *arguments)
    assert (done.status, words in done.err, done.out) == (2, True, ""), done.err


def test_usage_of_nothing(inside: Run) -> None:
    assert inside("usage").out == "Nothing was drawn yet.\n"
    assert json.loads(inside("usage", "--json").out) == []
    assert inside("usage", "--csv").out.startswith("day,owner,name,checkpoint,")
    for wrong in (("--csv", "--json"), ("--since", "today"), ("--until", "2026-02-30"), ("--key", "nobody")):
        done = inside("usage", *wrong)
        assert (done.status, done.out) == (2, ""), wrong


def test_the_queue_is_looked_at_and_steered(inside: Run, shell: Shell) -> None:
    jobs = Jobs.open(Settings(Path(shell.home), offline=True), ServiceSettings())
    first, second = (jobs.submit(Order({"prompt": "a sailor\x1b[2J"})).id for _ in range(2))
    jobs.queue.pause("The disk was full.")
    jobs.close()
    found = json.loads(inside("queue", "list", "--json").out)
    assert [job["id"] for job in found["jobs"]] == [second, first]
    assert (found["queued"], found["paused"]) == (2, "The disk was full.")
    shown = inside("queue")
    assert str(first) in shown.out
    assert "\x1b" not in shown.out
    assert "2 waiting" in shown.err
    assert "fluxgram queue resume" in shown.err
    assert inside("queue", "resume").out == "The queue goes on; it was paused: The disk was full.\n"
    assert inside("queue", "resume").out == "The queue was not paused.\n"
    assert inside("queue", "pause", "We move house").out == (
        "The queue is paused: We move house. Go on with: fluxgram queue resume\n"
    )
    assert "The queue is paused: We move house. Go on with:" in inside("queue").err
    assert inside("queue", "resume").status == 0
    assert inside("queue", "pause").out.startswith("The queue is paused: Paused by its owner.")
    assert inside("queue", "pause", " ").status == 2
    assert inside("queue", "resume").out == "The queue goes on; it was paused: Paused by its owner.\n"
    assert inside("queue", "cancel", first).out == f"Job {first} is cancelled.\n"
    assert json.loads(inside("queue", "list", "--state", "cancelled", "--json").out)["jobs"][0]["id"] == first
    assert inside("queue", "retry", first).out == f"Job {first} is queued.\n"
    for wrong in (("cancel", "x"), ("cancel", str(2**60)), ("retry", "5"), ("list", "--state", "gone"),
                  ("list", "--limit", "0")):  # fmt: skip
        done = inside("queue", *wrong)
        assert (done.status, done.out) == (2, ""), (wrong, done.err)
