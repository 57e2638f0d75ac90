"""The door without anybody who draws: what is accepted, what is refused, who sees what."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fluxgram.errors import (
    CheckpointMissing,
    IdempotencyMismatch,
    PromptRefused,
    QueueFull,
    RequestError,
    ScopeMissing,
    UnknownCheckpoint,
    UnknownJob,
)
from fluxgram.jobs import door
from fluxgram.jobs.discretion import discreet
from fluxgram.jobs.door import ALL, Caller, Jobs, Note, Order
from tests.serving import toy_at_home

ANNA = Caller(owner="anna", scopes=frozenset({"draw", "read"}))
BERT = Caller(owner="bert", scopes=frozenset({"draw", "read"}))


def ask(prompt: str = "portrait of a woman, window light, 85mm", **fields: object) -> Order:
    return Order({"prompt": prompt, **fields})


def test_a_job_is_stored_before_it_is_answered(jobs: Jobs, open_jobs: Callable[..., Jobs]) -> None:
    job = jobs.submit(ask(samples=3, seed=7))
    again = open_jobs().get(job.id)
    assert again.state == "queued"
    assert again.record.request["prompt"] == "portrait of a woman, window light, 85mm"
    assert again.record.request["seed"] == 7
    assert len(set(again.record.names)) == 3


def test_the_seed_is_chosen_when_it_is_submitted(jobs: Jobs) -> None:
    seeds = {jobs.submit(ask()).record.request["seed"] for _ in range(5)}
    assert len(seeds) == 5
    assert all(isinstance(seed, int) and 0 <= seed < 2**64 for seed in seeds)


def test_the_cost_is_megapixel_steps_of_what_is_drawn(jobs: Jobs) -> None:
    job = jobs.submit(ask(size=[256, 384], steps=10, samples=4))
    assert job.record.cost == pytest.approx(256 * 384 / 1e6 * 10 * 4)


def test_clients_are_not_told_where_things_lie(
    open_jobs: Callable[..., Jobs], tmp_path: Path, toy: str
) -> None:
    jobs = open_jobs(pictures=str(tmp_path / "pictures"), models={"theirs": toy})
    home = jobs.settings.home
    said = f"{tmp_path}/pictures is full, {jobs.database.place} is busy, {home}/x and {toy}/y are gone."
    assert discreet(said, jobs) == "… is full, … is busy, …/x and …/y are gone."
    words = "There is no checkpoint 'fluxgram-mini'. Use /api/v1/jobs. A shape such as 2/3."
    assert discreet(words, open_jobs(pictures="p", checkpoint="fluxgram-mini")) == words


def test_who_waits_for_long_looks_less_often() -> None:
    now = time.monotonic()
    assert [door._pause(now - waited) for waited in (0.0, 4.0, 20.0, 1e6)] == pytest.approx(
        [0.5, 0.5, 2.0, 5.0], rel=0.2
    )


def test_position_and_estimate(jobs: Jobs) -> None:
    first, second = jobs.submit(ask()), jobs.submit(ask())
    assert (first.position, second.position) == (0, 1)
    assert second.eta is None
    jobs.queue.learn("fluxgram-mini", 2.0)
    assert jobs.get(second.id).eta == pytest.approx(2.0 * (first.record.cost + second.record.cost))


def test_a_higher_priority_goes_first(jobs: Jobs) -> None:
    low, high = jobs.submit(ask()), jobs.submit(replace(ask(), priority=5))
    assert jobs.queue.claim("w", 30).id == high.id
    assert jobs.queue.claim("w", 30).id == low.id


@pytest.mark.parametrize(
    "order",
    [
        Order({}),
        Order({"prompt": ""}),
        Order({"prompt": "x", "promt": 1}),
        Order({"prompt": "x", "samples": 65}),
        Order({"prompt": "x", "seed": -1}),
        Order({"prompt": "x", "size": [256, 10**9]}),
        Order({"prompt": "x", "checkpoint": 7}),
        Order({"prompt": "\ud800"}),
        Order({"prompt": "x"}, format="gif"),
        Order({"prompt": "x"}, redact="melt"),
        Order({"prompt": "x"}, priority=101),
        Order({"prompt": "x"}, priority=True),
        Order({"prompt": "x"}, lasts=0.0),
        Order({"prompt": "x"}, lasts=float("nan")),
        Order({"prompt": "x"}, idempotency="k" * 256),
        Order({"prompt": "x"}, idempotency="a\0b"),
        Order({"prompt": "x"}, extra={"a": float("nan")}),
        Order({"prompt": "x"}, extra={"a": object()}),
        Order({"prompt": "x"}, extra={"a": "y" * 300_000}),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_not_stored(jobs: Jobs, order: Order) -> None:
    with pytest.raises(RequestError) as refused:
        jobs.submit(order)
    assert str(refused.value)
    assert jobs.list() == []


def test_too_large_a_picture_is_refused_in_numbers(open_jobs: Callable[..., Jobs]) -> None:
    jobs = open_jobs(max_megapixels=0.5)
    with pytest.raises(
        RequestError, match=r"1024x1024 is 1\.05 megapixels, and this service draws at most 0\.5"
    ):
        jobs.submit(ask(size=[1024, 1024]))
    assert jobs.submit(ask(size=[512, 768])).state == "queued"


@pytest.mark.parametrize("name", ["../../etc", "/etc", "~", "nobody/nothing", "flux\0", "x" * 100_000, "."])
def test_a_client_cannot_name_folders_or_repositories(jobs: Jobs, name: str) -> None:
    with pytest.raises(UnknownCheckpoint) as refused:
        jobs.submit(ask(checkpoint=name))
    assert len(str(refused.value)) < 200


def test_a_folder_with_a_checkpoint_is_not_for_clients(jobs: Jobs, toy: str) -> None:
    with pytest.raises(UnknownCheckpoint):
        jobs.submit(ask(checkpoint=toy))


def test_a_checkpoint_that_is_not_here_is_said_to_be_missing(jobs: Jobs) -> None:
    with pytest.raises(CheckpointMissing, match="flux2-klein-4b is not on this machine"):
        jobs.submit(ask(checkpoint="klein"))


def test_clients_names_lead_to_checkpoints(open_jobs: Callable[..., Jobs], toy: str) -> None:
    jobs = open_jobs(checkpoint=toy, models={"flux": "fluxgram-mini", "portrait-x": "fluxgram-v1"})
    own = Path(toy).name
    for name, expected in {
        "": own, "fluxgram-v1": own, "portrait-x": own, "flux": "fluxgram-mini", "mini": "fluxgram-mini",
    }.items():  # fmt: skip
        assert jobs.submit(ask(checkpoint=name)).record.checkpoint == expected
    cards = jobs.checkpoints()
    assert (cards[0].name, cards[0].default, cards[0].present) == (own, True, True)
    assert set(cards[0].names) == {"fluxgram-v1", "portrait-x"}
    assert {"mini", "flux"} <= set(next(card for card in cards if card.name == "fluxgram-mini").names)
    assert not next(card for card in cards if card.name == "flux2-klein-4b").present


def test_a_fast_version_that_is_not_here_draws_no_drafts(
    open_jobs: Callable[..., Jobs], toy: str, home: Path
) -> None:
    toy_at_home(home, "plain", toy)
    with (home / "checkpoints.toml").open("a", encoding="utf-8") as file:
        file.write('[quick]\nbase = "plain"\nsteps = { draft = 1, proof = 1, final = 1 }\n')
        file.write('[away]\nbase = "quick"\nsource = "folder:/nowhere"\n')
        file.write('[with]\nbase = "plain"\nfast = "quick"\n[without]\nbase = "plain"\nfast = "away"\n')
    jobs = open_jobs(checkpoint="plain")
    cards = {card.name: card for card in jobs.checkpoints()}
    assert (cards["with"].fast, cards["with"].steps["draft"]) == ("quick", 1)
    assert (cards["without"].fast, cards["without"].steps["draft"]) == ("", 2)
    notes = {name: jobs.submit(ask(checkpoint=name, quality="draft")).record.extra["notes"] for name in cards
             if name in ("with", "without")}  # fmt: skip
    assert notes["with"] == []
    assert [(note["name"], note["value"]) for note in notes["without"]] == [("fast", "away")]


def test_a_configured_name_that_leads_nowhere_is_told_at_the_start(open_jobs: Callable[..., Jobs]) -> None:
    with pytest.raises(UnknownCheckpoint, match="fluxgram-mimi"):
        open_jobs(models={"flux": "fluxgram-mimi"})


def test_the_words_are_screened(jobs: Jobs) -> None:
    with pytest.raises(PromptRefused) as refused:
        jobs.submit(ask("nude photograph of a 10 year old child"))
    assert "child" not in str(refused.value).split("'")[0] or "nude" not in str(refused.value)
    assert jobs.list() == []


def test_enhancing_keeps_what_was_asked_and_tells_every_addition(jobs: Jobs) -> None:
    job = jobs.submit(replace(ask("portrait of a woman"), enhance=True))
    drawn = job.record.request["prompt"]
    assert job.prompt_asked == "portrait of a woman"
    assert drawn.startswith("portrait of a woman, ")
    added = [note.value for note in job.notes if note.name == "enhance"]
    assert added
    assert all(str(words) in drawn for words in added)
    assert job.record.request["negative"]
    assert [note for note in job.notes if note.name == "enhance_negative"]


def test_what_the_checkpoint_ignores_is_noted_or_refused(
    open_jobs: Callable[..., Jobs], distilled: str
) -> None:
    jobs = open_jobs(checkpoint=distilled)
    with pytest.raises(RequestError, match="can't apply a guidance scale"):
        jobs.submit(ask(guidance=3))
    note = Note("clip_skip", 2, "There is no CLIP in it.")
    job = jobs.submit(replace(ask(guidance=3, negative="beard"), lenient=True, notes=(note,)))
    assert job.notes[0] == note
    assert [(each.name, each.value) for each in job.notes[1:]] == [
        ("guidance", 3.0)
    ]  # the negative is applied
    with pytest.raises(RequestError, match="not true_cfg"):
        jobs.submit(ask(negative="beard", negative_method="true_cfg"))


def test_an_order_sent_twice_is_one_job(jobs: Jobs) -> None:
    order = replace(ask(), idempotency="order-1")
    first = jobs.submit(order)
    assert jobs.submit(order).id == first.id
    assert len(jobs.list()) == 1
    with pytest.raises(IdempotencyMismatch):
        jobs.submit(replace(ask("another"), idempotency="order-1"))


def test_the_queue_of_a_key_is_bounded(open_jobs: Callable[..., Jobs]) -> None:
    jobs = open_jobs(max_queued=2)
    for _ in range(2):
        jobs.submit(ask(), ANNA)
    with pytest.raises(QueueFull) as full:
        jobs.submit(ask(), ANNA)
    assert full.value.retry_after > 0
    assert jobs.submit(ask(), BERT).state == "queued"


def test_another_keys_job_is_unknown(jobs: Jobs) -> None:
    job = jobs.submit(ask(), ANNA)
    for call in (jobs.get, jobs.cancel, jobs.retry):
        with pytest.raises(UnknownJob):
            call(job.id, BERT)
    with pytest.raises(UnknownJob):
        jobs.events(job.id, caller=BERT)
    with pytest.raises(UnknownJob):
        jobs.wait(job.id, 0, BERT)
    assert jobs.list(BERT) == []
    assert jobs.get(job.id).record.owner == "anna"  # whoever runs the service sees all


def test_scopes(jobs: Jobs) -> None:
    job = jobs.submit(ask(), ANNA)
    reader = replace(ANNA, scopes=frozenset({"read"}))
    assert jobs.get(job.id, reader).id == job.id
    with pytest.raises(ScopeMissing):
        jobs.submit(ask(), reader)
    with pytest.raises(ScopeMissing):
        jobs.cancel(job.id, reader)
    with pytest.raises(ScopeMissing):
        jobs.get(job.id, replace(ANNA, scopes=frozenset()))
    assert {"draw", "read", "admin"} == ALL


def test_cancelled_while_it_waits_and_queued_again(jobs: Jobs) -> None:
    job = jobs.submit(ask())
    assert jobs.cancel(job.id).state == "cancelled"
    assert jobs.cancel(job.id).state == "cancelled"
    again = jobs.retry(job.id)
    assert (again.state, again.record.names) == ("queued", job.record.names)
    assert again.record.request == job.record.request


def test_waiting_ends_after_its_time(jobs: Jobs) -> None:
    job = jobs.submit(ask())
    assert jobs.wait(job.id, 0.05).state == "queued"
    assert asyncio.run(jobs.wait_async(job.id, 0.05)).state == "queued"


def test_a_waiter_hears_of_the_end_at_once(jobs: Jobs) -> None:
    job = jobs.submit(ask())

    async def both() -> str:
        waiting = asyncio.create_task(jobs.wait_async(job.id, 30))
        await asyncio.sleep(0)
        await asyncio.to_thread(jobs.cancel, job.id)
        return (await waiting).state

    assert asyncio.run(both()) == "cancelled"


def test_events_are_replayed_and_end(jobs: Jobs) -> None:
    job = jobs.submit(ask())
    jobs.cancel(job.id)
    jobs.retry(job.id)
    jobs.cancel(job.id)

    async def kinds(after: int) -> list[str]:
        return [event.kind async for event in jobs.follow(job.id, after)]

    assert asyncio.run(kinds(0)) == ["queued", "cancelled", "queued", "cancelled"]
    second = jobs.events(job.id)[1].id
    assert asyncio.run(kinds(second)) == ["queued", "cancelled"]
    assert asyncio.run(kinds(10**9)) == []


def test_unicode_comes_back_as_it_went_in(jobs: Jobs) -> None:
    words = "Porträt einer Frau 👩🏽‍🦰, 窓辺の光, שלום, a\u0301, \u202eevil"
    assert jobs.get(jobs.submit(ask(words)).id).record.request["prompt"] == words


def test_facts_are_those_of_the_default_checkpoint(jobs: Jobs) -> None:
    assert jobs.facts().name == "fluxgram-mini"
    assert jobs.facts("fluxgram-v1").name == "fluxgram-v1"
    with pytest.raises(UnknownCheckpoint):
        jobs.facts("/etc")


def test_policy_require_without_a_classifier_refuses(open_jobs: Callable[..., Jobs]) -> None:
    with pytest.raises(RequestError, match="no classifier is configured"):
        open_jobs(safety="require").submit(ask())


def test_a_wish_that_cannot_be_met_is_told(jobs: Jobs) -> None:
    job = jobs.submit(replace(ask(), check=True))
    assert [note.name for note in job.notes] == ["check"]
    assert "not checked" in job.notes[0].reason


WITHOUT_TORCH = """
import sys
from pathlib import Path
from fluxgram.jobs.door import Jobs, Order
from fluxgram.jobs.supervisor import Supervisor
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
jobs = Jobs.open(Settings(home=Path(sys.argv[1]), offline=True), ServiceSettings())
job = jobs.submit(Order({"prompt": "portrait of a woman"}, enhance=True))
jobs.get(job.id), jobs.list(), jobs.events(job.id), jobs.checkpoints(), jobs.cancel(job.id)
Supervisor(jobs).status()
assert jobs.facts().count_tokens("portrait of a woman").total > 3
jobs.close()
print(sorted({"torch", "diffusers"} & set(sys.modules)))
"""


def test_the_door_never_imports_torch(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(home)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
