"""Figures for Prometheus, a registry for each application, so that two in one process don't mix.

Requests are counted as they are answered. Jobs are counted when they are over: the bell names those to look at, and
`settle` reads them from the database, before each scrape and when many wait.
"""

from __future__ import annotations

import threading
from collections import Counter as Count
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from fluxgram.errors import FluxgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.keeper import WorkerStatus
    from fluxgram.store.records import JobRecord

MOST_WAITING = 1000
"""Jobs that may wait to be counted before they are counted without a scrape."""
MOST_SEEN = 10_000

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560)
_STEP_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80)
_SURFACES = ("/api/v1", "/api/v3", "/api/v4", "/api/v5", "/api/v6", "/api/v7", "/v1", "/images", "/pictures")


class Metrics:
    """All figures of an application.

    Args:
        jobs: The door; its bell is listened to.
    """

    def __init__(self, jobs: Jobs) -> None:
        self.registry = registry = CollectorRegistry()
        self._jobs = jobs
        self._rung: set[int] = set()
        self._seen: dict[int, None] = {}
        self._lock = threading.Lock()
        self._requests = Counter(
            "fluxgram_requests", "Answered requests.", ("surface", "model", "status"), registry=registry
        )
        self._over = Counter(
            "fluxgram_jobs", "Jobs that are over.", ("surface", "model", "state"), registry=registry
        )
        self._images = Counter("fluxgram_images", "Finished pictures.", ("model",), registry=registry)
        self._queue = Gauge("fluxgram_queue_depth", "Jobs that wait.", registry=registry)
        self._running = Gauge("fluxgram_running_requests", "Jobs that are drawn.", registry=registry)
        self._paused = Gauge("fluxgram_queue_paused", "1 where the queue is paused.", registry=registry)
        self._memory = Gauge(
            "fluxgram_gpu_memory_bytes",
            "GPU memory taken by the worker of a device.",
            ("device",),
            registry=registry,
        )
        self._workers = Gauge("fluxgram_workers", "Workers by state.", ("state",), registry=registry)
        self._duration = Histogram(
            "fluxgram_request_duration_seconds",
            "From submission to the last picture.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._wait = Histogram(
            "fluxgram_queue_wait_seconds",
            "From submission to the (last) start.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._stage = Histogram(
            "fluxgram_stage_duration_seconds",
            "By stage of a picture.",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._step = Histogram(
            "fluxgram_denoise_step_seconds",
            "Of one denoising step.",
            buckets=_STEP_SECONDS,
            registry=registry,
        )
        self._webhooks = Counter(
            "fluxgram_webhook_deliveries", "Tries to deliver a webhook.", ("result",), registry=registry
        )
        jobs.on_bell(self.rung, ends=True)

    def request(self, path: str, checkpoint: str, status: int) -> None:
        """Count an answered request."""
        surface = next((name for name in _SURFACES if path == name or path.startswith(f"{name}/")), "other")
        self._requests.labels(surface.removeprefix("/"), checkpoint, str(status)).inc()

    def webhook(self, result: str) -> None:
        """Count a try to deliver a webhook: `delivered`, `retry` or `gave_up`."""
        self._webhooks.labels(result).inc()

    def rung(self, job: int) -> None:
        """Something happened to a job; it is looked at later."""
        with self._lock:
            if job not in self._seen:
                self._rung.add(job)
            many = len(self._rung) >= MOST_WAITING
        if many:
            self.settle()

    def settle(self) -> None:
        """Count the jobs that are over since the last time."""
        with self._lock:
            waiting, self._rung = self._rung, set()
        for number in waiting:
            try:
                record = self._jobs.queue.get(number)
            except FluxgramError:
                continue
            with self._lock:
                if not record.over:
                    if len(self._rung) < MOST_WAITING // 2:
                        self._rung.add(number)
                    continue
                if number in self._seen:
                    continue
                self._seen[number] = None
                while len(self._seen) > MOST_SEEN:
                    del self._seen[next(iter(self._seen))]
            self._count(record)

    def _count(self, record: JobRecord) -> None:
        self._over.labels(record.surface, record.checkpoint, record.state).inc()
        if record.started is not None:
            self._wait.observe(max(0.0, record.started - record.created))
        if record.state != "done" or record.finished is None:
            return
        self._duration.observe(max(0.0, record.finished - record.created))
        for picture in self._jobs.queue.pictures(record.id):
            self._images.labels(record.checkpoint).inc()
            seconds = picture.receipt.get("seconds")
            for stage, spent in seconds.items() if isinstance(seconds, dict) else ():
                self._stage.labels(str(stage)).observe(float(spent))
            steps = picture.receipt.get("steps")
            if isinstance(seconds, dict) and "denoise" in seconds and isinstance(steps, int) and steps > 0:
                self._step.observe(float(seconds["denoise"]) / steps)

    def text(self, workers: Sequence[WorkerStatus]) -> bytes:
        """Everything in Prometheus' text form.

        Args:
            workers: As they are now.
        """
        self.settle()
        depth = self._jobs.queue.depth()
        self._queue.set(depth.get("queued", 0))
        self._running.set(depth.get("running", 0))
        self._paused.set(1 if self._jobs.queue.paused() else 0)
        self._workers.clear()
        for state, count in Count(worker.state for worker in workers).items():
            self._workers.labels(state).set(count)
        self._memory.clear()
        for worker in workers:
            self._memory.labels(worker.device or "auto").set(worker.memory)
        return generate_latest(self.registry)
