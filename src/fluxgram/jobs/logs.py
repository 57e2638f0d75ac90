"""The log of a worker process, on standard error beside the service's own, in the same form.

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


def install_log(service: ServiceSettings) -> None:
    """Have this process write its log to standard error, as the settings say."""
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
        formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not service.log_prompts:
        formatter.formatException = _discreet  # type: ignore[method-assign, assignment]
    handler.setFormatter(formatter)
    logger = logging.getLogger("fluxgram")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
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
