"""What a server with the images route of OpenAI's clients answers: its first picture, or why there is none.

Answers are anybody's: nothing in them is believed, and what is shown of them is short, printable and without the key.
Asking is `images_client.py`.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fluxgram.errors import FluxgramError

if TYPE_CHECKING:
    from fluxgram.store.records import EndpointRecord

MOST_SAID = 300
"""Characters of what another server says that are shown."""
_HINTS = {
    401: "Check its key.",
    403: "Check its key.",
    404: "Check its address, which mostly ends in /v1, and the model's name.",
    429: "It is asked too often; wait a little.",
}


class EndpointFailed(FluxgramError):
    """Another server did not give a picture.

    Args:
        message: One sentence saying what is wrong.
        hint: One sentence saying what to do.
        said: Its own words, where it refused.
        names: Words of its refusal that may be names of fields.
    """

    def __init__(self, message: str, hint: str = "", *, said: str = "", names: Iterable[str] = ()) -> None:
        super().__init__(message, hint)
        self.said = said
        self.names = frozenset(names)


def first_picture(endpoint: EndpointRecord, data: bytes) -> dict[str, Any]:
    """The first picture of an answer, as it stands there.

    Raises:
        EndpointFailed: There is none.
    """
    try:
        answer = json.loads(data)
        found = answer["data"][0]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EndpointFailed(
            f"{endpoint.name} sent an answer that is not one of an images API.",
            "Check its address; most end in /v1.",
        )
    return found


def refusal(endpoint: EndpointRecord, status: int, data: bytes) -> EndpointFailed:
    """What the other server says it did not like, in its own words as far as they can be shown."""
    if 300 <= status < 400:
        return EndpointFailed(
            f"{endpoint.name} answers with a redirect, and redirects are not followed.",
            "Give the address that it leads to.",
        )
    said, param = "", None
    with contextlib.suppress(ValueError, RecursionError):
        said, param = _words(json.loads(data))
    if endpoint.key:
        said = said.replace(endpoint.key, "…")
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    names = [param] if param else re.findall(r"\w+", said, re.ASCII)
    said = said if len(said) <= MOST_SAID else said[:MOST_SAID].rstrip() + "…"
    return EndpointFailed(
        f"{endpoint.name} answers {status}{f': {said}' if said else '.'}",
        _HINTS.get(status, ""),
        said=said,
        names=names if status in (400, 422) else (),
    )


def _words(answer: object) -> tuple[str, str | None]:
    """What a refusal says, and the field that it is about, in the forms of OpenAI and of FastAPI."""
    if not isinstance(answer, dict):
        return "", None
    error, detail = answer.get("error"), answer.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        where = detail[0].get("loc")
        param = where[-1] if isinstance(where, list) and where else None
        return str(detail[0].get("msg", "")), param if isinstance(param, str) else None
    inner = error if isinstance(error, dict) else {}
    said = next((each for each in (inner.get("message"), error, detail) if isinstance(each, str)), "")
    param = inner.get("param")
    return said, param if isinstance(param, str) else None
