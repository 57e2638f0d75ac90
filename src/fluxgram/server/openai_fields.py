"""What becomes of every field of an OpenAI image request: read here once, and turned into an order for the one door.

Fields that a picture cannot follow are refused where leaving them out would give another picture than was asked for
(a transparent background), and listed with the reason where they would not. docs/openai.md has the table.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from fluxgram.errors import (
    AdapterError,
    FluxgramError,
    PromptRefused,
    PromptTooLong,
    UnknownAdapter,
    UnknownCheckpoint,
)
from fluxgram.jobs.orders import Note
from fluxgram.server.openai_adapters import read_adapters
from fluxgram.server.openai_body import Body, FieldRefused, shown

MOST_PICTURES = 10
MOST_PARTIALS = 3
MOST_LISTED = 32
"""Unknown fields that are listed by name; of the others only the number is told."""

QUALITIES = {
    "auto": "final", "low": "draft", "medium": "proof", "high": "final", "xhigh": "final", "max": "final",
    "standard": "proof", "hd": "final", "draft": "draft", "proof": "proof", "final": "final",
}  # fmt: skip
"""A client's word → the dial of a request."""
TOLD_QUALITY = {"draft": "low", "proof": "medium", "final": "high"}
"""The dial of a request → the only words that the published clients take in an answer."""

_THEIRS = re.compile(r"(gpt-image-|dall-e-|chatgpt-image-)[\w.-]{1,60}")
"""Names of OpenAI's own checkpoints, which the default checkpoint stands in for."""
_GIVES_URLS = re.compile(r"dall-e-[23]")

UNUSED = {
    "style": "the prompt alone says the style.",
    "user": "use is counted by key; nothing is kept of the people behind one.",
    "safety_identifier": "use is counted by key; nothing is kept of the people behind one.",
    "complexity": "nothing is planned before the picture is drawn.",
    "scheduler": "the checkpoint's own noise levels are used.",
    "true_cfg_scale": "guidance (or guidance_scale) is the field for it.",
    "output_quality": "JPEG is written at quality 95, WebP at 92, PNG without loss.",
    "output_compression": "JPEG is written at quality 95, WebP at 92, PNG without loss.",
    "frame_count": "pictures do not move.",
    "frame_duration_ms": "pictures do not move.",
    "input_fidelity": "there is no picture to be faithful to.",
}
"""Fields that are known, taken, and change nothing: the reason of each."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An image request, read.

    Attributes:
        fields: Fields of `fluxgram.engine.Request`.
        notes: What was changed or is not applied.
        format: Of the file: `png`, `jpeg` or `webp`.
        enhance: The prompt is to be completed.
        check: Whether the client wants the pictures checked; None leaves it to the service.
        url: Answer with links instead of the pictures themselves.
        stream: Answer with events.
        partials: Previews that the client wants of each picture.
        size: (width, height) in px, where the client said them; for events that come before the picture.
    """

    fields: dict[str, object]
    notes: tuple[Note, ...]
    format: str
    enhance: bool
    check: bool | None
    url: bool
    stream: bool
    partials: int
    size: tuple[int, int] | None


def read_wish(body: Body, mapped: Collection[str]) -> Wish:
    """Read a request for pictures.

    Args:
        body: Of the request.
        mapped: Names of models that the service maps to checkpoints.

    Raises:
        FieldRefused: A field that cannot be taken as it is. Ranges that depend on the checkpoint are the door's.
    """
    notes: list[Note] = []
    prompt = body.text("prompt")
    if prompt is None:
        raise FieldRefused(
            "The request has no prompt.",
            "Say in words what the picture should show.",
            param="prompt",
            code="missing_required_parameter",
        )
    fields: dict[str, object] = {"prompt": prompt}
    model = body.text("model") or ""
    if checkpoint := _checkpoint(model, mapped, notes):
        fields["checkpoint"] = checkpoint
    fields["samples"] = body.whole("n", 1, MOST_PICTURES) or 1
    fields["quality"] = _quality(body, notes)
    size = _size(body)
    if size is not None:
        fields["size"] = size
    fields |= _extras(body)
    if adapters := read_adapters(body):
        fields["adapters"] = adapters
    _refuse_what_changes_the_picture(body)
    moderation = body.choice("moderation", ("auto", "low"))
    if moderation == "low":
        notes.append(Note("moderation", "low", "the service's own rules decide what is checked."))
    stream = body.flag("stream") or False
    partials = body.whole("partial_images", 0, MOST_PARTIALS) or 0
    if partials and not stream:
        notes.append(Note("partial_images", partials, "there are none without stream."))
    asked = body.choice("response_format", ("url", "b64_json"))
    if asked == "url" and stream:
        notes.append(Note("response_format", "url", "events carry the pictures themselves."))
    kind = _format(body)
    enhance, check = body.flag("enhance_prompt") or False, body.flag("safety_checker")
    return Wish(
        fields=fields,
        notes=(*notes, *_unused(body)),
        format=kind,
        enhance=enhance,
        check=check,
        url=asked == "url" or (asked is None and _GIVES_URLS.fullmatch(model) is not None),
        stream=stream,
        partials=partials if stream else 0,
        size=_pixels(size),
    )


def is_theirs(model: str, mapped: Collection[str]) -> bool:
    """Whether a model is one of OpenAI's, in whose place the default checkpoint draws, and none of the settings'."""
    return model not in mapped and _THEIRS.fullmatch(model) is not None


def _checkpoint(model: str, mapped: Collection[str], notes: list[Note]) -> str | None:
    """The name to draw with; None for the default."""
    if not model.strip():
        return None
    if is_theirs(model, mapped):
        notes.append(
            Note("model", model, "it is OpenAI's; the service's default checkpoint draws in its place.")
        )
        return None
    return model


def _quality(body: Body, notes: list[Note]) -> str:
    asked = body.choice("quality", tuple(QUALITIES)) or "auto"
    if asked in ("xhigh", "max"):
        notes.append(Note("quality", asked, "high is the most that there is."))
    return QUALITIES[asked]


def _size(body: Body) -> str | list[int] | None:
    """What was asked for by `size`, or by `width` and `height`."""
    size = body.text("size")
    if size is not None and size.strip().lower() in ("", "auto"):
        size = None
    width, height = body.whole("width"), body.whole("height")
    if width is None and height is None:
        return size
    if width is None or height is None:
        missing = "width" if width is None else "height"
        raise FieldRefused(f"There is one side but no {missing}.", "Send both, or size.", param=missing)
    if size is not None and size.replace(" ", "").lower() != f"{width}x{height}":
        raise FieldRefused(
            f"size is {shown(size)}, but width and height are {shown(width)} and {shown(height)}.",
            "Send one of the two.",
            param="size",
        )
    return [width, height]


def _pixels(size: str | list[int] | None) -> tuple[int, int] | None:
    """A size in px; None where it is a shape, or none at all."""
    if isinstance(size, str):
        found = re.fullmatch(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*", size, re.IGNORECASE | re.ASCII)
        return (int(found[1]), int(found[2])) if found else None
    return (size[0], size[1]) if size else None


def _extras(body: Body) -> dict[str, object]:
    """Fields that OpenAI does not have and that compatible servers take at the top level."""
    seed = body.take("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | str)):
        seed = body.whole("seed")  # refuses it
    _, steps = body.one_of(
        ("steps", body.whole("steps")), ("num_inference_steps", body.whole("num_inference_steps"))
    )
    _, guidance = body.one_of(
        ("guidance", body.number("guidance")), ("guidance_scale", body.number("guidance_scale"))
    )
    found = {
        "seed": seed,
        "negative": body.text("negative_prompt"),
        "steps": steps,
        "guidance": guidance,
    }
    return {name: value for name, value in found.items() if value is not None}


def _format(body: Body) -> str:
    asked = body.text("output_format")
    if asked in ("gif", "svg"):
        raise FieldRefused(
            f"output_format can't be {asked}: pictures here neither move nor have outlines.",
            "Use png, jpeg or webp.",
            param="output_format",
        )
    asked = {"jpg": "jpeg"}.get(asked or "", asked)
    if asked not in (None, "png", "jpeg", "webp"):
        raise FieldRefused(
            f"output_format can't be {shown(asked)}.", "It is png, jpeg or webp.", param="output_format"
        )
    return asked or "png"


def _refuse_what_changes_the_picture(body: Body) -> None:
    if body.choice("background", ("auto", "opaque", "transparent")) == "transparent":
        raise FieldRefused(
            "No checkpoint here draws transparent pictures.",
            "Leave background out, or send opaque.",
            param="background",
        )
    body.whole("output_compression", 0, 100)


def _unused(body: Body) -> list[Note]:
    """What the request holds besides, each with the reason why it changes nothing."""
    notes = [
        Note(name, _plain(value), reason)
        for name, reason in UNUSED.items()
        if (value := body.take(name)) is not None
    ]
    unknown = list(body.unread().items())
    notes += [
        Note(_name(name), _plain(value), "no such field is known.") for name, value in unknown[:MOST_LISTED]
    ]
    if len(unknown) > MOST_LISTED:
        notes.append(Note("…", len(unknown) - MOST_LISTED, "so many more fields are not known."))
    return notes


def _plain(value: Any) -> str | float:
    """A value as a note carries it."""
    if isinstance(value, str):
        return shown(value)[1:-1]
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53:
        return value
    return shown(value)


def _name(name: str) -> str:
    return shown(name)[1:-1]


_FIRST_WORDS = {
    "samples": "n", "seed": "seed", "steps": "steps", "guidance": "guidance", "size": "size",
    "The prompt": "prompt", "The negative prompt": "negative_prompt", "A picture of": "size",
    "The sides of": "size", "A shape": "size",
}  # fmt: skip
"""How the door's messages begin → the field that they are about."""


def param_of(error: FluxgramError) -> str | None:
    """The field that an error is about; None where it is about none, or about no single one."""
    if isinstance(error, FieldRefused):
        return error.param
    if isinstance(error, UnknownCheckpoint):
        return "model"
    if isinstance(error, UnknownAdapter | AdapterError):
        return "loras"
    if isinstance(error, PromptRefused | PromptTooLong):
        return "prompt"
    message = str(error)
    for words, name in _FIRST_WORDS.items():
        if message.startswith(words):
            return name
    return "size" if "is not a picture size" in message else "seed" if "is not a seed" in message else None
