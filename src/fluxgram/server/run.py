"""`serve`: listens, draws and answers until it is told to end.

The socket is bound before anything else is opened, so that a port in use is told at once. A signal begins the drain
of `draining.py`, during which everything but new jobs is answered; a second one ends at once, and what was running is
drawn again at the next start.
"""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from fluxgram.errors import SettingsError, StoreError, StoreFull

if TYPE_CHECKING:
    from types import FrameType

    from fastapi import FastAPI

    from fluxgram.server.draining import Draining
    from fluxgram.service import ServiceSettings
    from fluxgram.settings import Settings

BACKLOG = 2048
ANSWER_SECONDS = 10
"""How long answers that are under way when all is drawn may take to reach their clients."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    settings: Settings,
    service: ServiceSettings,
    announce: Callable[[str], None] | None = None,
    say: Callable[[str], None] | None = None,
    pages: Callable[[FastAPI], None] | None = None,
) -> None:
    """Run the service until it is told to end.

    Args:
        settings: Of the machine.
        service: Of the service.
        announce: Called with the address once it listens.
        say: Called with sentences about the end, and about others at the same database.
        pages: For people, as `create_app` takes them.

    Raises:
        SettingsError: The address cannot be listened on, or needs a key that there is not; or a setting cannot work.
        CheckpointMissing: There is no such classifier.
        StoreError: The database cannot be used, or no pictures can be stored.
    """
    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.inspection import check_classifier
    from fluxgram.jobs.logs import with_log_format
    from fluxgram.jobs.supervisor import Supervisor
    from fluxgram.server import logs
    from fluxgram.server.app import create_app
    from fluxgram.server.draining import end
    from fluxgram.server.neighbours import TOLD, beside_others

    say = say or (lambda sentence: None)
    service = with_log_format(service)
    service.check()
    check_classifier(service)
    with (
        bind(service.host, service.port) as listening,
        contextlib.closing(Jobs.open(settings, service)) as jobs,
        beside_others(jobs) as others,
    ):
        check_keys(service, has_keys=jobs.keys.any())
        with contextlib.suppress(StoreFull):  # that pauses the queue, and may be mended while we run
            jobs.store.probe()
        if others:
            say(TOLD)
        logs.install(service)
        supervisor = Supervisor(jobs, engine=service.engine)
        app = create_app(jobs, supervisor, pages)
        app.state.draining.say = say
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            backlog=BACKLOG,
            timeout_keep_alive=65,
            timeout_graceful_shutdown=ANSWER_SECONDS,
        )
        url = address_of(listening, service.host)
        server = _Server(config, lambda: announce and announce(url), app.state.draining, supervisor.stop)
        try:
            server.run([listening])
            if app.state.draining.failed is not None:
                raise app.state.draining.failed
        finally:
            supervisor.stop()  # a second signal skips what the application does at its end
        with contextlib.suppress(StoreError):
            say(end(jobs.queue.depth().get("queued", 0)))


def check_keys(service: ServiceSettings, *, has_keys: bool) -> None:
    """Refuse to open the door to others without a key.

    Raises:
        SettingsError: A key is needed, and there is none.
    """
    from fluxgram.server.callers import is_loopback, needs_key

    if has_keys or not needs_key(service):
        return
    hint = "Make one: fluxgram keys create NAME."
    if is_loopback(service.host):
        raise SettingsError(
            "The settings ask for a key (require_key, public_url or hosts), and there is none.", hint
        )
    raise SettingsError(
        f"On {service.host} others can reach the service, and there is no key.",
        f"{hint} Or listen on 127.0.0.1, where none is needed.",
    )


def bind(host: str, port: int) -> socket.socket:
    """A socket on an address, not yet listening.

    Raises:
        SettingsError: It cannot be had.
    """
    if port > 65535:
        raise SettingsError(f"There is no port {port}.", "Ports are numbers up to 65535.")
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise SettingsError(
            f"{host!r} is no address of this machine.", "Say 127.0.0.1, or 0.0.0.0 for all addresses."
        ) from None
    family, kind, protocol, _, address = found[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(BACKLOG)  # so that a port in use is told now
    except OSError as error:
        opened.close()
        raise _refused(error, host, port) from None
    opened.set_inheritable(False)
    return opened


def _refused(error: OSError, host: str, port: int) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"Port {port} of {host} is in use.", "Is the service running already? Or take another: --port."
        )
    if error.errno == errno.EACCES:
        return SettingsError(f"Port {port} needs more rights.", "Take one above 1023: --port 7070.")
    if error.errno == errno.EADDRNOTAVAIL:
        return SettingsError(
            f"{host} is no address of this machine.", "Say 127.0.0.1, or 0.0.0.0 for all addresses."
        )
    return SettingsError(f"{host}:{port} cannot be listened on: {error.strerror}.", "Take another address.")


def address_of(listening: socket.socket, host: str) -> str:
    """The URL of a socket; a name stays as it was given."""
    name = host.strip("[]")
    port = listening.getsockname()[1]
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


class _Server(uvicorn.Server):
    """uvicorn's server, which drains at the first signal and does not pass signals on at the end."""

    def __init__(
        self,
        config: uvicorn.Config,
        started: Callable[[], None],
        draining: Draining,
        stop: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._started, self._draining, self._stop = started, draining, stop
        self._told = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._started()

    async def on_tick(self, counter: int) -> bool:
        """Looks many times a second: it goes on answering until the drain is over."""
        if self._told:
            self._draining.begin()
        if self._draining.over.is_set():
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._draining.begin()
        await super().shutdown(sockets)
        if self.force_exit:  # left out by uvicorn then; it is quick, because nothing is waited for any more
            await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.started:
            self.should_exit = True
        elif self._told and not self.force_exit:
            self.should_exit = self.force_exit = True
            threading.Thread(target=self._stop, name="stop").start()  # so that nothing waits for the drain
        self._told = True
