"""The OpenAI surface in the OpenAPI document. Bodies are read by `openai_fields.py`; this only describes them."""

from __future__ import annotations

from typing import Any

from fluxgram.server.openai_fields import MOST_PARTIALS, MOST_PICTURES, QUALITIES

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


def _json(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    words = {
        400: "A field cannot be taken.", 401: "No key, or a wrong one.", 403: "The key is not for this.",
        404: "There is none of that name.", 409: "The job was cancelled.",
        413: "The body is too large.", 422: "The Idempotency-Key came with another request before.",
        429: "Too many requests; see Retry-After.", 500: "The job failed.",
        503: "Not now.", 504: "It took too long.",
    }  # fmt: skip
    return {status: _json(words[status], _ERROR) for status in statuses}


_FIELDS: dict[str, dict[str, Any]] = {
    "prompt": {"type": "string", "minLength": 1, "maxLength": 100_000},
    "model": {"type": ["string", "null"]},
    "n": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_PICTURES},
    "size": {"type": ["string", "null"], "description": "auto, WxH, a shape such as 2:3, or portrait."},
    "quality": {"type": ["string", "null"], "enum": [*QUALITIES, None]},
    "output_format": {"type": ["string", "null"], "enum": ["png", "jpeg", "jpg", "webp", None]},
    "output_compression": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
    "response_format": {"type": ["string", "null"], "enum": ["url", "b64_json", None]},
    "background": {"type": ["string", "null"], "enum": ["auto", "opaque", None]},
    "moderation": {"type": ["string", "null"], "enum": ["auto", "low", None]},
    "stream": {"type": ["boolean", "null"]},
    "partial_images": {"type": ["integer", "null"], "minimum": 0, "maximum": MOST_PARTIALS},
    "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**64 - 1},
    "negative_prompt": {"type": ["string", "null"], "maxLength": 100_000},
    "loras": {
        "type": ["array", "string", "null"],
        "description": "Adapters: names, or objects with name and scale.",
    },
    "lora_model": {"type": ["string", "null"], "description": "Names of adapters, separated by commas."},
    "steps": {"type": ["integer", "null"], "minimum": 1, "maximum": 200},
    "guidance": {"type": ["number", "null"], "minimum": 0, "maximum": 30},
    "width": {"type": ["integer", "null"], "minimum": 1, "maximum": 16_384},
    "height": {"type": ["integer", "null"], "minimum": 1, "maximum": 16_384},
    "enhance_prompt": {"type": ["boolean", "null"]},
    "safety_checker": {"type": ["boolean", "null"]},
}
_EXAMPLE = {
    "prompt": "Portrait of a woman, soft window light from the left, 85mm lens",
    "size": "auto",
    "seed": 42,
}

GENERATIONS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["prompt"],
                    "properties": _FIELDS,
                    "dependentRequired": {"width": ["height"], "height": ["width"]},
                },
                "example": _EXAMPLE,
            }
        },
    }
}
EDITS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "image": {"type": "string", "format": "binary"},
                        "prompt": {"type": "string"},
                    },
                }
            }
        },
    }
}

_TOKENS = {
    "type": "object",
    "required": ["input_tokens", "input_tokens_details", "output_tokens", "total_tokens"],
}
_IMAGES = {
    "type": "object",
    "required": ["created", "data"],
    "properties": {
        "created": {"type": "integer"},
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "b64_json": {"type": "string"},
                    "url": {"type": "string"},
                    "revised_prompt": {"type": "string"},
                    "seed": {"type": "integer"},
                },
            },
        },
        "background": {"enum": ["opaque"]},
        "output_format": {"enum": ["png", "jpeg", "webp"]},
        "quality": {"enum": ["low", "medium", "high"]},
        "size": {"type": "string"},
        "usage": _TOKENS,
        "fluxgram": {
            "type": "object",
            "description": "Job, checkpoint, what was checked, applied and not applied.",
        },
    },
}
_EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "event": {"enum": ["image_generation.partial_image", "image_generation.completed", "message"]},
        "data": {"type": "string", "description": "JSON: of a picture, or of an error."},
    },
}
_MODEL = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {
        "id": {"type": "string"},
        "object": {"enum": ["model"]},
        "created": {"type": "integer"},
        "owned_by": {"type": "string"},
    },
}
_MODELS = {
    "type": "object",
    "required": ["object", "data"],
    "properties": {"object": {"enum": ["list"]}, "data": {"type": "array", "items": _MODEL}},
}

DRAWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The pictures; with stream, events.",
        "content": {
            "application/json": {"schema": _IMAGES},
            "text/event-stream": {"schema": _EVENT},
        },
    },
    **_refusals(400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 504),
}
REFUSED = _refusals(400, 401, 403, 413, 429, 503)
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    **_refusals(400, 401, 403, 404, 429, 503),
}
MODELS: dict[int | str, dict[str, Any]] = {200: _json("All of them.", _MODELS), **_refusals(401, 429, 503)}
MODEL: dict[int | str, dict[str, Any]] = {200: _json("It.", _MODEL), **_refusals(401, 404, 429, 503)}
