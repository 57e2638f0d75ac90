"""The worker process: `python -m fluxgram.jobs.worker --name N [--device D] [--engine module:factory]`.

Its parent (`keeper.py`) says `wake` and `drain` on its standard input, whose end means that the parent is gone, and
reads what happens as lines of JSON on its standard output: `{"worker": name}`, `{"ready": checkpoint}`,
`{"failed_to_load": sentence}`, `{"job": number, "over": …}`, `{"alive": true}`. Settings come from the environment.
What it does is `drawing.py`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from fluxgram.errors import FluxgramError, SettingsError
from fluxgram.jobs.door import Jobs
from fluxgram.jobs.drawing import Drawer, Worker
from fluxgram.jobs.logs import install_log
from fluxgram.jobs.names import WorkerName
from fluxgram.jobs.signals import Signals
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

_log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Draw until told to end.

    Returns:
        The exit status: 0 as told, 1 where it could not go on.
    """
    options = _options(sys.argv[1:] if arguments is None else arguments)
    tell = Teller(_own_output())
    try:
        settings = Settings.from_environment()
        service = ServiceSettings.load(settings.home)
        if options.device:
            settings = replace(settings, device=options.device)
        _prepare_process(service)
        return _draw(options, settings, service, tell)
    except FluxgramError as error:
        hint = _of_the_service(error.hint) if options.device else error.hint
        _log.error("the worker cannot go on: %s %s", error, hint)
        tell({"failed_to_load": str(error), "hint": hint})
    except Exception:
        _log.exception("the worker failed in a way it should not")
    return 1


class Teller:
    """Lines of JSON to the parent; a parent that is gone is told nothing.

    Args:
        output: Where to.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lock = threading.Lock()

    def __call__(self, said: dict[str, Any]) -> None:
        """Tell something."""
        try:
            with self._lock:
                self._output.write(json.dumps(said) + "\n")
                self._output.flush()
        except (OSError, ValueError):
            _log.debug("the parent does not listen any more")


def make_engine(name: str, settings: Settings, service: ServiceSettings) -> Drawer:
    """What draws: fluxgram's own engine, or what `module:factory` makes of the settings.

    Raises:
        SettingsError: There is no such module or factory.
    """
    if not name:
        from fluxgram.engine.engine import Engine

        return Engine(service.checkpoint, settings)
    module, _, factory = name.partition(":")
    try:
        make: Callable[[Settings, ServiceSettings], Drawer] = getattr(
            importlib.import_module(module), factory
        )
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"The engine {name!r} is not there: {error}.", "Write module:factory.") from None
    return make(settings, service)


def _draw(options: argparse.Namespace, settings: Settings, service: ServiceSettings, tell: Teller) -> int:
    name = str(WorkerName.of_process(options.name, os.getpid()))
    tell({"worker": name})
    signals = Signals(service.drain_seconds)
    signal.signal(signal.SIGTERM, lambda number, frame: signals.drain())
    jobs = Jobs.open(settings, service, migrate=False)
    engine = make_engine(options.engine or service.engine, settings, service)
    worker = Worker(jobs, engine, name, signals, tell)

    def at_last() -> None:
        worker.release()
        os._exit(0)

    signals.listen(sys.stdin, at_last)
    worker.run()
    engine.close()
    jobs.close()
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m fluxgram.jobs.worker", description="A worker of the service."
    )
    parser.add_argument("--name", required=True, help="what the supervisor calls it")
    parser.add_argument("--device", default="", help="where it draws, such as cuda:1")
    parser.add_argument(
        "--engine", default="", help="module:factory of what draws instead of fluxgram's engine"
    )
    return parser.parse_args(arguments)


def _own_output() -> TextIO:
    """Standard output for us alone: whatever else is printed in this process goes to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _prepare_process(service: ServiceSettings) -> None:
    """Ctrl-C in a terminal reaches the whole group, and the parent decides what becomes of it; logs to stderr."""
    signal.signal(signal.SIGINT, _ignore)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    install_log(service)


def _of_the_service(hint: str) -> str:
    """A hint for this machine's settings, where the device is one of the service's settings."""
    return hint.replace("FLUXGRAM_DEVICE=cpu", 'devices = ["cpu"] in service.toml')


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing, unlike SIG_IGN, which programs started from here would inherit."""


if __name__ == "__main__":
    sys.exit(main())
