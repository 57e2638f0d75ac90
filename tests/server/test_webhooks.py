"""Webhooks from the stored queue to real receivers: signed, retried, given up, and never lost."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from fluxgram.errors import SettingsError
from fluxgram.jobs.door import Jobs
from fluxgram.server.webhooks import SCHEDULE, WebhookSender, read_secret, sign
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings
from fluxgram.store.records import Delivery, NewJob, Problem
from tests.server.receivers import Receiver, certificates, receiving

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OPEN = ServiceSettings(webhook_private=True, webhook_secret=SECRET)
BODY = json.dumps({"status": "success", "id": 7, "track_id": "ä-1"}, ensure_ascii=False)
DEADLINE = 20.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Jobs]]:
    """Opens the same store, as often as one likes."""
    made: list[Jobs] = []

    def jobs(service: ServiceSettings = OPEN) -> Jobs:
        made.append(Jobs.open(Settings(home=tmp_path / "home"), service))
        return made[-1]

    yield jobs
    for each in made:
        each.close()


def owe(jobs: Jobs, url: str, owner: str = "") -> int:
    """A job that has ended and whose webhook waits to be sent."""
    job, _ = jobs.queue.submit(
        NewJob(owner, "native", {"prompt": "x", "seed": 1}, "fluxgram-mini", 1, 1.0, webhook=url)
    )
    record = jobs.queue.claim("w", 30.0)
    assert record is not None
    assert record.id == job.id
    assert jobs.queue.fail(record.id, record.attempt, Problem("Defect", "x"), webhook=(url, BODY))
    return record.id


def delivery(jobs: Jobs, job: int) -> Delivery:
    (only,) = jobs.deliveries.of(job)
    return only


async def until(condition: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, f"{what} did not come within {DEADLINE:g} s"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def sending(jobs: Jobs, **options: Any) -> AsyncIterator[list[str]]:
    """A sender that runs; the results that it counted."""
    results: list[str] = []
    sender = WebhookSender(jobs, count=results.append, **options)
    await sender.start()
    try:
        yield results
    finally:
        await sender.stop()


def run(jobs: Jobs, job: int, state: str = "delivered", **options: Any) -> list[str]:
    """Send until a delivery has come to a state."""

    async def go() -> list[str]:
        async with sending(jobs, **options) as results:
            await until(lambda: delivery(jobs, job).state == state, state)
            await until(lambda: results, "a count")
            return results

    return asyncio.run(go())


def test_delivered_once_and_verified_by_the_published_library(
    opened: Callable[..., Jobs], receiver: Receiver
) -> None:
    jobs = opened()
    job = owe(jobs, f"http://127.0.0.1:{receiver.port}/hook?x=1")
    assert run(jobs, job) == ["delivered"]
    (letter,) = receiver.letters
    assert letter.path == "/hook?x=1"
    assert letter.headers["content-type"] == "application/json"
    assert letter.body.decode() == BODY
    assert Webhook(SECRET).verify(letter.body, letter.headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(letter.body.replace(b"7", b"8"), letter.headers)
    sent = delivery(jobs, job)
    assert (letter.headers["webhook-id"], sent.status, sent.attempts, sent.error) == (sent.id, 200, 1, "")


def test_the_signature_is_that_of_the_published_library() -> None:
    from datetime import UTC, datetime

    moment = datetime(2026, 1, 2, tzinfo=UTC)
    expected = Webhook(SECRET).sign("msg_1", moment, BODY)
    assert sign(read_secret(SECRET), "msg_1", int(moment.timestamp()), BODY) == expected


def test_a_key_signs_with_its_own_secret(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened()
    key, _ = jobs.keys.create("studio")
    job = owe(jobs, f"http://127.0.0.1:{receiver.port}/", key.id)
    jobs.keys.revoke(key.id)  # what was accepted is still signed so that its receiver knows it
    run(jobs, job)
    (letter,) = receiver.letters
    Webhook(key.webhook_secret).verify(letter.body, letter.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(letter.body, letter.headers)


def test_without_a_secret_nothing_is_signed(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened(replace(OPEN, webhook_secret=""))
    run(jobs, owe(jobs, f"http://127.0.0.1:{receiver.port}/"))
    (letter,) = receiver.letters
    assert "webhook-signature" not in letter.headers
    assert {"webhook-id", "webhook-timestamp"} <= set(letter.headers)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_ä", "whsec_" + "A" * 400])
def test_a_secret_of_another_form_is_told_at_the_start_and_not_shown(
    opened: Callable[..., Jobs], secret: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        WebhookSender(opened(replace(OPEN, webhook_secret=secret)))
    assert secret not in str(caught.value) or secret == "whsec_"


def test_tried_again_after_an_error_with_the_same_id(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened()
    receiver.answers += [500, 404, 302]
    job = owe(jobs, f"http://127.0.0.1:{receiver.port}/")
    assert run(jobs, job, schedule=(0, 0, 0, 0, 0)) == ["retry", "retry", "retry", "delivered"]
    assert len(receiver.letters) == 4
    assert {letter.headers["webhook-id"] for letter in receiver.letters} == {delivery(jobs, job).id}
    assert delivery(jobs, job).attempts == 4
    for letter in receiver.letters:
        Webhook(SECRET).verify(letter.body, letter.headers)


def test_the_next_attempt_is_when_the_schedule_says(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    """Five seconds after the first failure, five minutes after the second, with at most a tenth more."""
    jobs = opened()
    receiver.answers += [500, 500]
    job = owe(jobs, f"http://127.0.0.1:{receiver.port}/")

    async def go(attempts: int, schedule: tuple[float, ...]) -> float:
        async with sending(jobs, schedule=schedule):
            await until(lambda: delivery(jobs, job).attempts == attempts, "the attempt")
        return delivery(jobs, job).next_at - time.time()

    assert 4 < asyncio.run(go(1, SCHEDULE)) <= 5.5
    with jobs.database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET next_at = 0")
    assert 290 < asyncio.run(go(2, SCHEDULE)) <= 330
    assert sum(SCHEDULE) == 5 + 300 + 1800 + 3600 * (2 + 5 + 10 + 14 + 20 + 24)


def test_given_up_when_the_schedule_is_through(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened()
    receiver.answers += [500] * 9
    job = owe(jobs, f"http://127.0.0.1:{receiver.port}/")
    assert run(jobs, job, "failed", schedule=(0, 0, 0)) == ["retry", "retry", "gave_up"]
    assert (delivery(jobs, job).status, len(receiver.letters)) == (500, 3)


def test_gone_is_taken_at_its_word(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened()
    receiver.answers.append(410)
    job = owe(jobs, f"http://127.0.0.1:{receiver.port}/")
    assert run(jobs, job, "failed") == ["gave_up"]
    assert delivery(jobs, job).status == 410


def test_redirects_are_not_followed(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened()
    with receiving() as inner:
        receiver.answers += [302, 307]
        receiver.location = f"http://127.0.0.1:{inner.port}/secret"
        job = owe(jobs, f"http://127.0.0.1:{receiver.port}/")
        assert run(jobs, job, "failed", schedule=(0, 0)) == ["retry", "gave_up"]
        assert inner.letters == []
        assert "redirect" in delivery(jobs, job).error


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://hooks.example:{port}/"]
)
def test_private_addresses_are_refused_when_sent(
    opened: Callable[..., Jobs], receiver: Receiver, url: str
) -> None:
    """Also those that were accepted under another setting, and names that lead there."""

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    jobs = opened(ServiceSettings())
    job = owe(jobs, url.format(port=receiver.port))
    assert run(jobs, job, "failed", resolve=resolve) == ["gave_up"]
    assert (delivery(jobs, job).attempts, receiver.letters) == (1, [])


def test_a_slow_receiver_is_not_waited_for(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened()
    receiver.hold.clear()
    slow = owe(jobs, f"http://127.0.0.1:{receiver.port}/")
    with receiving() as quick:
        other = owe(jobs, f"http://127.0.0.1:{quick.port}/")
        assert run(jobs, other, timeout=DEADLINE) == ["delivered"]  # while the slow one holds
    with jobs.database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET next_at = 0 WHERE state = 'waiting'")
    assert run(jobs, slow, "failed", schedule=(0,), timeout=0.2) == ["gave_up"]
    assert "no answer within 0.2 s" in delivery(jobs, slow).error


def test_a_long_answer_is_not_read(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = opened()
    receiver.body = b"x" * 50_000_000
    started = time.process_time()
    assert run(jobs, owe(jobs, f"http://127.0.0.1:{receiver.port}/")) == ["delivered"]
    assert len(receiver.letters) == 1
    assert time.process_time() - started < DEADLINE


def test_nobody_there_is_tried_again(opened: Callable[..., Jobs]) -> None:
    with receiving() as receiver:
        port = receiver.port
    jobs = opened()
    job = owe(jobs, f"http://127.0.0.1:{port}/")
    assert run(jobs, job, "failed", schedule=(0, 0)) == ["retry", "gave_up"]
    assert delivery(jobs, job).status is None
    assert "no connection" in delivery(jobs, job).error


def test_the_bell_wakes_the_sender(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    """It sleeps for five seconds when nothing is due; a job that ends meanwhile is told at once."""
    jobs = opened()

    async def go() -> float:
        async with sending(jobs):
            await asyncio.sleep(0.5)  # let it find nothing and fall asleep
            job = owe(jobs, f"http://127.0.0.1:{receiver.port}/")
            before, start = len(receiver.letters), time.monotonic()
            await asyncio.to_thread(jobs.ring, job, over=True)
            await until(lambda: len(receiver.letters) > before, "the webhook")
            return time.monotonic() - start

    assert any(asyncio.run(go()) < 2.5 for _ in range(4))  # a busy machine may be late once


def test_a_delivery_that_was_cut_short_is_sent_by_the_next_server(
    opened: Callable[..., Jobs], receiver: Receiver
) -> None:
    first = opened()
    job = owe(first, f"http://127.0.0.1:{receiver.port}/")
    receiver.hold.clear()

    async def cut() -> None:
        sender = WebhookSender(first)
        await sender.start()
        await until(lambda: receiver.letters, "the first attempt")
        await sender.stop(grace=0.0)

    asyncio.run(cut())
    first.close()
    receiver.hold.set()
    second = opened()
    waiting = delivery(second, job)
    assert waiting.state == "waiting"
    assert waiting.next_at > time.time() + 20, "leased: another server must not send it at the same time"
    with second.database.writing() as connection:  # the lease is over
        connection.exec_driver_sql("UPDATE deliveries SET next_at = 0")
    assert run(second, job) == ["delivered"]
    assert len({letter.headers["webhook-id"] for letter in receiver.letters}) == 1


def test_two_servers_send_each_delivery_once(opened: Callable[..., Jobs], receiver: Receiver) -> None:
    jobs = [opened(), opened()]
    owed = [owe(jobs[0], f"http://127.0.0.1:{receiver.port}/{i}") for i in range(30)]

    async def go() -> None:
        async with sending(jobs[0]), sending(jobs[1]):
            await until(
                lambda: all(delivery(jobs[0], job).state == "delivered" for job in owed), "all of them"
            )

    asyncio.run(go())
    assert sorted(letter.path for letter in receiver.letters) == sorted(f"/{i}" for i in range(30))


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl makes the certificates, and is not on the path"
)
def test_over_tls_to_a_name(opened: Callable[..., Jobs], tmp_path: Path) -> None:
    certificate = certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    jobs = opened()
    with receiving(certificate("hooks.example")) as receiver:
        job = owe(jobs, f"https://hooks.example:{receiver.port}/x")
        assert run(jobs, job, tls=trusting, resolve=resolve) == ["delivered"]
        (letter,) = receiver.letters
        assert (letter.server_name, letter.headers["host"]) == (
            "hooks.example",
            f"hooks.example:{receiver.port}",
        )
        other = owe(jobs, f"https://other.example:{receiver.port}/x")
        assert run(jobs, other, "failed", tls=trusting, resolve=resolve, schedule=(0,)) == ["gave_up"]
        assert len(receiver.letters) == 1
        assert "no connection" in delivery(jobs, other).error


def test_secrets_and_queries_are_not_logged(
    opened: Callable[..., Jobs], receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="fluxgram")
    jobs = opened()
    run(jobs, owe(jobs, f"http://127.0.0.1:{receiver.port}/path?token=tell-nobody"))
    assert "127.0.0.1: delivered" in caplog.text
    assert "tell-nobody" not in caplog.text
    assert SECRET not in caplog.text
