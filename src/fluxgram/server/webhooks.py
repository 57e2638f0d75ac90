"""`WebhookSender`: posts what is due of the stored deliveries, signed, and tries again as Standard Webhooks advises.

The state is in the database (`store/deliveries.py`): a server that is killed has lost nothing, and two servers do not
send the same delivery at once. A receiver may still get one twice (its answer can be lost on the way); `webhook-id` is
the same then. Who may be called is `addresses.py`; what is said is `jobs/webhook_bodies.py`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import functools
import hashlib
import hmac
import logging
import random
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2

from fluxgram.errors import AccessError, FluxgramError, RequestError, SettingsError
from fluxgram.server import addresses
from fluxgram.server.addresses import AddressRefused, GuardedTransport, Resolve, check_webhook_url

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.store.records import Delivery

log = logging.getLogger(__name__)

SCHEDULE = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds before each attempt, counted from the one before."""
TIMEOUT = 15.0
"""Seconds for an attempt as a whole: name, connection, TLS, request and the head of the answer."""
_AT_ONCE = 32
_POLL = 5.0
_REST = 0.2
_MOST_READ = 16 * 1024
_SHORTEST_SECRET, _LONGEST_SECRET = 16, 96

Count = Callable[[str], None]
"""Told of each attempt's result: `delivered`, `retry`, `gave_up`."""


def read_secret(text: str) -> bytes:
    """The bytes of a secret of Standard Webhooks' form, `whsec_` and base64; the prefix may be missing.

    Raises:
        SettingsError: Not of that form, or too short to protect anything. The secret is not in the message.
    """
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        raise SettingsError(
            "The webhook secret is not `whsec_` followed by base64 of 24 to 64 bytes.",
            'Make one: `echo "whsec_$(openssl rand -base64 32)"`.',
        )
    return secret


def sign(secret: bytes, identity: str, timestamp: int, body: str) -> str:
    """The value of `webhook-signature`, version 1 of Standard Webhooks."""
    message = f"{identity}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode()


class WebhookSender:
    """Sends from the event loop of the server; started and stopped with it.

    Args:
        jobs: The door; its deliveries, keys and bell are used.
        count: Told the result of every attempt, for metrics.
        timeout: Seconds for an attempt as a whole.
        schedule: Seconds before each attempt; its length is the number of attempts.
        tls: Whom to trust instead of the usual authorities.
        resolve: Who turns names into addresses; the system where none is given.

    Raises:
        SettingsError: The service's webhook secret cannot be read.
    """

    def __init__(
        self,
        jobs: Jobs,
        *,
        count: Count | None = None,
        timeout: float = TIMEOUT,
        schedule: Sequence[float] = SCHEDULE,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._jobs = jobs
        self._count: Count = count or (lambda result: None)
        self._timeout = timeout
        self._schedule = tuple(schedule)
        self._tls = tls
        # Names that take long to resolve must not keep the loop's own threads from their work.
        self._names = ThreadPoolExecutor(4, thread_name_prefix="webhook-names")
        self._resolve: Resolve = resolve or functools.partial(addresses.resolve, threads=self._names)
        self._unlisten: Callable[[], None] = lambda: None
        self._sending: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        if jobs.service.webhook_secret:
            read_secret(jobs.service.webhook_secret)

    async def start(self) -> None:
        """Begin to send."""
        self._loop = asyncio.get_running_loop()
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx2.create_ssl_context)
        self._unlisten = self._jobs.on_bell(self._ring, ends=True)
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self, grace: float = 2.0) -> None:
        """Take nothing new, give what is on its way a moment, then let go; what is not answered is sent again later."""
        self._unlisten()
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._names.shutdown(wait=False, cancel_futures=True)

    def _ring(self, *_: object) -> None:
        """The bell, from any thread."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed between the two lines
                loop.call_soon_threadsafe(self._woken.set)

    async def _run(self) -> None:
        while True:
            pause = _POLL
            try:
                pause = await self._take()
            except FluxgramError as error:
                log.warning("webhooks: %s", error)
            except Exception:
                log.exception("webhooks: a defect; they go on")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(
                    pause
                ):  # `wait_for` of Python 3.11 can swallow that it is cancelled
                    await self._woken.wait()
            self._woken.clear()
            await asyncio.sleep(min(pause, _REST))  # a bell rings at every step of every picture

    async def _take(self) -> float:
        """Start what is due; seconds until there is something to do."""
        room = _AT_ONCE - len(self._sending)
        if room <= 0:
            return _POLL  # a task that ends wakes us
        deliveries = self._jobs.deliveries
        for delivery in await asyncio.to_thread(deliveries.due, time.time(), room):
            task = asyncio.create_task(self._deliver(delivery))
            self._sending.add(task)
            task.add_done_callback(self._ended)
        coming = await asyncio.to_thread(deliveries.next_at)
        return _POLL if coming is None else min(_POLL, max(0.0, coming - time.time()))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("webhooks: the result of an attempt was lost, it will be sent again", exc_info=error)

    async def _deliver(self, delivery: Delivery) -> None:
        """One attempt, and its result written down."""
        status, problem, final = await self._attempt(delivery)
        deliveries = self._jobs.deliveries
        attempt = delivery.attempts + 1
        if status is not None and not problem:
            result = "delivered"
            await asyncio.to_thread(deliveries.delivered, delivery.id, status)
        elif final or attempt >= len(self._schedule):
            result = "gave_up"
            await asyncio.to_thread(deliveries.gave_up, delivery.id, status, problem)
        else:
            result = "retry"
            at = time.time() + self._schedule[attempt] * random.uniform(1.0, 1.1)
            await asyncio.to_thread(deliveries.again, delivery.id, at, status, problem)
        self._count(result)
        log.info(
            "webhook %s of job %s to %s: %s (attempt %s, status %s%s)",
            delivery.id, delivery.job, urlsplit(delivery.url).hostname, result, attempt, status,
            f", {problem}" if problem else "",
        )  # fmt: skip

    async def _attempt(self, delivery: Delivery) -> tuple[int | None, str, bool]:
        """Status, what went wrong (empty: nothing), and whether trying again is useless."""
        try:
            url = check_webhook_url(delivery.url, self._jobs.service)
            headers = await asyncio.to_thread(self._headers, delivery)
            async with asyncio.timeout(self._timeout):
                status = await self._post(url, delivery.body, headers)
        except (TimeoutError, httpx2.TimeoutException):
            return None, f"no answer within {self._timeout:g} s", False
        except httpx2.ConnectError as error:
            return None, f"no connection: {error}", False
        except httpx2.HTTPError as error:
            return None, f"no answer: {type(error).__name__}", False
        except (AddressRefused, RequestError) as error:
            return None, str(error), True
        except SettingsError as error:  # a secret, which can be mended
            return None, str(error), False
        except FluxgramError:
            raise  # the store; nothing was sent
        except Exception:
            log.exception("webhook %s: a defect", delivery.id)
            return None, "a defect of fluxgram; its log says more", False
        if 200 <= status < 300:
            return status, "", True
        if 300 <= status < 400:
            return status, "it answered with a redirect, and redirects are not followed", False
        return status, f"it answered {status}", status == httpx2.codes.GONE

    async def _post(self, url: str, body: str, headers: dict[str, str]) -> int:
        transport = GuardedTransport(
            private_too=self._jobs.service.webhook_private, tls=self._tls, resolve=self._resolve
        )
        times = httpx2.Timeout(self._timeout, connect=self._timeout / 3)  # leaves time for the next address
        async with (
            httpx2.AsyncClient(
                transport=transport, trust_env=False, follow_redirects=False, timeout=times
            ) as client,
            client.stream("POST", url, content=body.encode(), headers=headers) as response,
        ):
            with contextlib.suppress(httpx2.HTTPError, TimeoutError):
                await self._drain(response)
            return response.status_code

    async def _drain(self, response: httpx2.Response) -> None:
        """Take a little of the body, so that a receiver can finish its sentence; it is not looked at."""
        taken = 0
        async with asyncio.timeout(min(1.0, self._timeout)):
            async for piece in response.aiter_raw(4096):
                taken += len(piece)
                if taken > _MOST_READ:
                    return

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        timestamp = int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": f"fluxgram/{version('fluxgram')}",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp),
        }
        if secret := self._secret_of(delivery.owner):
            headers["webhook-signature"] = sign(read_secret(secret), delivery.id, timestamp, delivery.body)
        return headers

    def _secret_of(self, owner: str) -> str:
        """The key's own secret, else the service's; empty leaves webhooks unsigned."""
        own = ""
        if owner:
            with contextlib.suppress(RequestError, AccessError):  # a key that is no more
                own = self._jobs.keys.find(owner).webhook_secret
        return own or self._jobs.service.webhook_secret
