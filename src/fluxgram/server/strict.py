"""Bodies read strictly: JSON as its standard has it, and no field that nobody knows.

`StrictRoute` reads the JSON of a route (no NaN, no lone surrogates, no endless nesting), `Body` is what models of
bodies are made of: an unknown field is refused with the nearest name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from fluxgram.server.failures import Malformed, respond

_LONE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")


class Body(BaseModel):
    """A body whose fields are all known; a mistaken name is told with the nearest."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    elsewhere: ClassVar[Mapping[str, str]] = {}
    """What to do instead, by names of fields that are none here but that people try."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any) -> Any:
        if isinstance(values, Mapping):
            for name in values:
                if name not in cls.model_fields:
                    shown = str(name)[:60]  # the nearest of a name of megabytes would take minutes to find
                    hint = cls.elsewhere.get(shown, "")
                    near = get_close_matches(shown, cls.model_fields, n=1, cutoff=0.0)[0]
                    raise PydanticCustomError(
                        "unknown_field",
                        "{name} is not a field here",
                        {"name": repr(shown), "hint": hint or f"Did you mean {near}?"},
                    )
        return values


def read_json(data: bytes) -> Any:
    """JSON in UTF-8.

    Raises:
        Malformed: It is none, or holds what JSON has no word for.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 (byte {error.start}).", "Send JSON in UTF-8.") from None
    try:
        value = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Malformed(f"The body is not JSON: {error.msg} ({where}).", "Send JSON in UTF-8.") from None
    except RecursionError:
        raise Malformed("The body is nested too deeply.", "No field needs more than a few levels.") from None
    except ValueError:  # whole numbers of thousands of digits
        raise Malformed(
            "The body holds a number that is too long.", "Send numbers as they are documented."
        ) from None
    if _ESCAPED.search(data) and _LONE.search(json.dumps(value, ensure_ascii=False)):
        raise Malformed("The body holds half a character (a lone surrogate).", "Send whole characters.")
    return value


def _no_number(name: str) -> NoReturn:
    raise Malformed(
        f"The body holds {name}, which is no number in JSON.", "Send a number, or leave the field out."
    )


class _StrictRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = read_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose JSON is read by `read_json`; what is wrong with it is answered with 400."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See the class."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            strict = _StrictRequest(request.scope, request.receive)
            if self.body_field is not None and await strict.body():
                kind = strict.headers.get("content-type", "").partition(";")[0].strip().lower()
                if kind != "application/json" and not kind.endswith("+json"):
                    error = Malformed(
                        "The body must be JSON.", "Send the header Content-Type: application/json."
                    )
                    return respond(request, error, 415)
                try:
                    await strict.json()
                except Malformed as error:
                    return respond(request, error, 400)
            return await handle(strict)

        return strictly
