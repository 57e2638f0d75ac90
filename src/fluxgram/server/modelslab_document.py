"""What the OpenAPI document says of the ModelsLab surface: bodies and answers, as loosely as clients use them."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_NUMBER: Schema = {"type": ["integer", "number", "string", "null"]}
_FLAG: Schema = {"type": ["boolean", "string", "integer", "null"], "description": "yes or no, true or false."}
_TEXT: Schema = {"type": ["string", "null"]}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """A body with these fields, and any other; every one takes a key."""
    key = {"type": ["string", "null"], "description": "Your key; it may be in a header instead."}
    return {"type": "object", "properties": {"key": key, **properties}, "required": list(required)}


def _said(schema: Schema, words: str) -> Schema:
    return {**schema, "description": words}


_TEXT2IMG = _object(
    ("prompt",),
    prompt={"type": "string", "minLength": 1, "description": "What to draw."},
    model_id=_said(_TEXT, "Name of a model; the default checkpoint where none is given."),
    negative_prompt=_said(_TEXT, "What must not be there."),
    width=_said(_NUMBER, "256 to 1024 px, divisible by 8; 512 by default."),
    height=_said(_NUMBER, "256 to 1024 px, divisible by 8; 512 by default."),
    samples=_said(_NUMBER, "Pictures to draw, 1 to 4."),
    num_inference_steps=_said(_NUMBER, "Denoising steps; more than 50 are taken for 50."),
    guidance_scale=_said(_NUMBER, "1 to 20."),
    seed=_said(_NUMBER, "0 to 2**64 - 1; null for a random one."),
    lora_model=_said(_TEXT, "Names of adapters, separated by commas."),
    lora_strength=_said(_NUMBER, "Their weights: one number, or one for each, separated by commas."),
    safety_checker=_FLAG,
    safety_checker_type=_said(_TEXT, "blur, pixelate, black or sensitive_content_text."),
    enhance_prompt=_FLAG,
    base64=_said(_FLAG, "Links lead to text files with base64."),
    temp=_said(_FLAG, "Pictures are removed after 24 hours."),
    instant_response=_said(_FLAG, "Answer at once instead of waiting for quick pictures."),
    webhook=_said(_TEXT, "Address that is called when the job is over."),
    track_id={"type": ["string", "integer", "null"], "description": "Given back in answers and the webhook."},
)
_FETCH = _object(request_id={"type": ["string", "integer"], "description": "The id that text2img answered."})
_RELOAD = _object(("model_id",), model_id={"type": "string"})
BODIES = {"text2img": _TEXT2IMG, "fetch": _FETCH, "reload": _RELOAD, "key": _object()}
"""Of requests."""

_ANSWER: Schema = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["success", "processing", "error", "failed", "ok"]},
        "id": {"type": ["integer", "string"]},
        "message": {"type": "string"},
        "output": {"type": ["array", "string"]},
        "meta": {"type": "object"},
    },
}
_MODELS: Schema = {
    "anyOf": [{"type": "array", "items": {"type": "object", "required": ["model_id", "status"]}}, _ANSWER]
}
"""A bare list, or an error with status 200."""


ANSWERS = {"answer": _ANSWER, "models": _MODELS}


def described(path: str, method: str, body: str, answer: str) -> Schema:
    """Arguments of a route that the document is made of.

    Args:
        path: With its parameters in braces.
        method: A GET has its fields in the query.
        body: Which of `BODIES`.
        answer: Which of `ANSWERS`.
    """
    told = {"description": "What happened.", "content": {"application/json": {"schema": ANSWERS[answer]}}}
    wrong = {"description": "What is wrong.", "content": {"application/json": {"schema": _ANSWER}}}
    parameters: list[Schema] = []
    extra: Schema = {"parameters": parameters}
    if "{id}" in path:
        parameters.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    if method == "GET":
        parameters.append({"name": "key", "in": "query", "schema": {"type": "string"}})
    else:
        extra["requestBody"] = {"content": {"application/json": {"schema": BODIES[body]}}}
    return {"responses": {200: told, "4XX": wrong, "5XX": wrong}, "openapi_extra": extra}
