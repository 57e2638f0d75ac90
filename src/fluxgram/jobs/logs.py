"""The log of the service's processes, on standard error: workers write as here, the server adds its requests to it.

No prompt is written unless the settings ask for it: of a traceback the errors' messages are left out, because
libraries quote what they choked on.
"""

from __future__ import annotations

import logging
import sys
import traceback
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.service import ServiceSettings

Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_LONGEST_CHAIN = 10


def with_log_format(service: ServiceSettings) -> ServiceSettings:
    """The settings with `auto` decided: text where people read it on a terminal, JSON otherwise."""
    if service.log_format != "auto":
        return service
    return replace(service, log_format="text" if sys.stderr.isatty() else "json")


def install_log(
    service: ServiceSettings, text: type[logging.Formatter] = logging.Formatter
) -> logging.Handler:
    """Have this process write fluxgram's log to standard error, as the settings say.

    Args:
        service: The settings.
        text: What lines for people are made by.

    Returns:
        What writes it; other loggers may be given the same.
    """
    handler = logging.StreamHandler(sys.stderr)
    if with_log_format(service).log_format == "json":
        from pythonjsonlogger.json import JsonFormatter

        formatter: logging.Formatter = JsonFormatter(
            "{levelname}{name}{message}",
            style="{",
            timestamp=True,
            rename_fields={"levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
        )
    else:
        formatter = text("%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not service.log_prompts:
        formatter.formatException = _discreet  # type: ignore[method-assign, assignment]
    handler.setFormatter(formatter)
    write_by(handler, "fluxgram", logging.INFO)
    return handler


def write_by(handler: logging.Handler, name: str, level: int) -> None:
    """Have a logger written by this handler alone, from a level on."""
    logger = logging.getLogger(name)
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


def trace_of(error: BaseException) -> str:
    """A traceback with the names of errors and without their messages."""
    parts: list[str] = []
    link: BaseException | None = error
    while link is not None and len(parts) < _LONGEST_CHAIN:
        frames = "".join(traceback.format_tb(link.__traceback__))
        parts.append(f"{frames}{type(link).__name__}")
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\nafter\n".join(parts)


def _discreet(raised: Raised) -> str:
    return "" if raised[1] is None else trace_of(raised[1])
