"""The service's log: a line of JSON (or of text) an event, with the id of the request that it belongs to.

No prompt is written unless the settings ask for it: requests are logged by path without query, and of a defect's
traceback the messages of errors are left out, because libraries quote what they choked on.
"""

from __future__ import annotations

import contextvars
import logging
import traceback
from typing import TYPE_CHECKING

from fluxgram.jobs.logs import install_log, trace_of, write_by

if TYPE_CHECKING:
    from fluxgram.service import ServiceSettings

_LOG = logging.getLogger("fluxgram.server")
_request_id: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("request", default=("", ""))

Token = contextvars.Token[tuple[str, str]]


def install(service: ServiceSettings) -> None:
    """Have this process write its log to standard error, as the settings say."""
    handler = install_log(service, _Text)
    handler.addFilter(_with_request)
    write_by(handler, "uvicorn", logging.WARNING)


class _Text(logging.Formatter):
    """One line for people: the message, then what JSON would have as fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            name: record.__dict__[name] for name in _FIELDS if record.__dict__.get(name) not in (None, "")
        }
        return " ".join([super().format(record), *(f"{name}={value}" for name, value in fields.items())])


_FIELDS = ("status", "meant", "seconds", "owner", "request_id", "trace", "kind")


def _with_request(record: logging.LogRecord) -> bool:
    number, trace = _request_id.get()
    if number:
        record.request_id = number
    if trace:
        record.trace = trace
    return True


def enter(number: str, trace: str) -> Token:
    """From here on, lines belong to a request."""
    return _request_id.set((number, trace))


def leave(token: Token) -> None:
    """The request is over."""
    _request_id.reset(token)


def request(method: str, path: str, status: int, seconds: float, owner: str, meant: int) -> None:
    """Note a request that was answered; with the status that is meant where the client got another."""
    level = logging.DEBUG if path in ("/livez", "/readyz", "/healthz", "/metrics") else logging.INFO
    _LOG.log(
        level,
        "%s %s",
        method,
        path[:300].encode("unicode_escape").decode(),
        extra={"status": status, "seconds": round(seconds, 4), "owner": owner}
        | ({"meant": meant} if meant != status else {}),
    )


def defect(error: BaseException, *, show: bool) -> None:
    """Note a mistake of fluxgram's own, with where it was made.

    Args:
        error: What was raised.
        show: Also write the errors' messages, which may quote prompts.
    """
    lines = "".join(traceback.format_exception(error)) if show else trace_of(error)
    _LOG.error("defect: %s\n%s", type(error).__name__, lines, extra={"kind": type(error).__name__})
