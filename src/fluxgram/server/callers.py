"""Who calls: the key of a request, what it may, and how often.

On loopback nobody needs a key. A browser shows its key once and has a session then (`sessions.py`). A key that is sent
is checked wherever there are keys at all, so that a client with a key of somebody else's service works with a server
that has none. Rates are token buckets in memory.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fluxgram.errors import KeyInvalid, RateLimited
from fluxgram.jobs.door import LOCAL, Caller
from fluxgram.server.sessions import key_in

if TYPE_CHECKING:
    from fastapi import Request

    from fluxgram.service import ServiceSettings
    from fluxgram.store.records import KeyRecord

MOST_BUCKETS = 10_000
"""Keys whose rates are remembered; a forgotten one begins full."""


def is_loopback(host: str) -> bool:
    """Whether an address or name can only be reached from this machine."""
    name = host.strip("[]").lower().rstrip(".")
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def needs_key(service: ServiceSettings) -> bool:
    """Whether callers must have a key: the service goes by a name that others can call, or the settings say so."""
    public = urlsplit(service.public_url).hostname or ""
    names = [service.host, *service.hosts, *([public] if public else ())]
    return service.require_key or not all(map(is_loopback, names))


def is_from_here(request: Request) -> bool:
    """Whether a request comes from this machine. What a proxy passes on comes from where the proxy says."""
    return request.client is not None and is_loopback(request.client.host)


def tokens_in(request: Request) -> str | None:
    """The key in a request's headers, however its client sends it; None where there is none."""
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() in ("bearer", "key") and token.strip():
        return token.strip()
    for name in ("key", "x-key", "x-api-key"):
        if value := request.headers.get(name, "").strip():
            return value
    return None


def caller_of(request: Request, token: str | None = None) -> Caller:
    """Who calls; reads the database, so not for the event loop.

    Args:
        request: Its headers are looked at where no token is given; its rate is noted for the answer's headers.
        token: The key, where the surface has it in its body.

    Raises:
        KeyInvalid: There is no key where one is needed, or it is unknown or revoked.
        RateLimited: The key has called too often.
    """
    jobs = request.app.state.jobs
    needed = needs_key(jobs.service) or not is_from_here(request)
    given = token or tokens_in(request)
    if not needed and (not given or not jobs.keys.any()):
        return LOCAL
    key = jobs.keys.verify(given) if given else key_in(request)
    if key is None:
        raise KeyInvalid("A key is needed here.", "Send it as the header Authorization: Bearer fg_….")
    request.state.session = not given
    jobs.keys.touch(key.id)
    request.state.owner = key.id
    request.state.rate = request.app.state.buckets.take(key)
    if not request.state.rate.taken:
        seconds = request.state.rate.reset
        raise RateLimited(
            f"The key may call {key.rate:g} times a minute.",
            "Wait as long as Retry-After says.",
            retry_after=seconds,
        )
    return Caller(
        owner=key.id,
        scopes=frozenset(key.scopes),
        weight=key.weight,
        most_queued=key.most_queued,
        most_pictures=key.most_pictures,
    )


def still_calls(request: Request, caller: Caller) -> bool:
    """Whether the key of who called is still good, for answers that go on for long; reads the database."""
    if caller.owner == LOCAL.owner:
        return True
    try:
        request.app.state.jobs.keys.alive(caller.owner)
    except KeyInvalid:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Rate:
    """How a key's bucket stands.

    Attributes:
        limit: Calls that it holds; 0 where there is no limit.
        remaining: Whole calls left.
        reset: Seconds until the next call is allowed, or, where one is, until the bucket is full.
        taken: Whether this call was allowed.
    """

    limit: int
    remaining: int
    reset: float
    taken: bool

    def headers(self) -> dict[str, str]:
        """As clients read them; none where there is no limit."""
        if not self.limit:
            return {}
        reset = str(max(0, -int(-self.reset // 1)))
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.remaining),
                "X-RateLimit-Reset": reset}  # fmt: skip


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass
class Buckets:
    """One token bucket a key: `burst` calls at once (0 is a minute's), refilled by `rate` a minute."""

    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: KeyRecord, now: float | None = None) -> Rate:
        """Take a token of a key's bucket, if there is one.

        Args:
            key: Whose.
            now: Seconds of a steady clock; the machine's where none is given.
        """
        if key.rate <= 0:
            return Rate(0, 0, 0.0, taken=True)
        now = time.monotonic() if now is None else now
        most, each = key.burst or max(1, round(key.rate)), key.rate / 60
        with self._lock:
            bucket = self._buckets.pop(key.id, None) or _Bucket(most, now)
            bucket.tokens = min(float(most), bucket.tokens + max(0.0, now - bucket.at) * each)
            bucket.at = now
            taken = bucket.tokens >= 1
            bucket.tokens -= 1 if taken else 0
            self._buckets[key.id] = bucket
            while len(self._buckets) > MOST_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            missing = (most if taken else 1) - bucket.tokens
            return Rate(most, int(bucket.tokens), max(0.0, missing / each), taken)
