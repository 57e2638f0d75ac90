"""What clients of the ModelsLab surface send, read leniently in type and strictly in meaning.

Numbers come as text, flags as "yes", true or 1, and what is empty or null is the default. A value that means nothing
is an error; one that nothing here can apply is listed in the order's notes, and so is one that was moved to a limit.
Everything is a pure function of the body; the routes are in `modelslab.py`, the table for people in docs/modelslab.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from fluxgram.jobs.checkpoints import CheckpointCard
from fluxgram.jobs.orders import Note, Order
from fluxgram.server.modelslab_values import Fields, InvalidFields, as_number, is_nothing, is_off, plain

LEAST_SIDE, MOST_SIDE, MULTIPLE, DEFAULT_SIDE = 256, 1024, 8, 512
"""Sides of a picture in px."""
MOST_SAMPLES = 4
MOST_STEPS = 50
"""More steps than this are taken for this many."""
GUIDANCE = (1.0, 20.0)
MOST_ADAPTERS, MOST_STRENGTH = 8, 4.0
MOST_SEED = 2**64 - 1
TEMPORARY_SECONDS = 86_400.0
"""How long a picture lasts that was asked for as `temp`."""
MOST_NOTES = 64
"""Fields without effect that are listed one by one."""

REDACTIONS = {"blur": "blur", "pixelate": "pixelate", "black": "black", "sensitive_content_text": "blur"}

PICTURES_IN = "no checkpoint here takes pictures yet"

REFUSED = {
    "ip_adapter_id": PICTURES_IN,
    "ip_adapter_image": PICTURES_IN,
    "init_image": PICTURES_IN,
    "mask_image": PICTURES_IN,
    "control_image": PICTURES_IN,
    "controlnet_model": PICTURES_IN,
    "controlnet_type": PICTURES_IN,
}
"""Fields without which the picture would not be the one that was asked for."""

_SCHEDULE = "the checkpoint has a schedule of its own"
_FLUX = "the sampler here has no such setting"
WITHOUT_EFFECT = {
    "scheduler": _SCHEDULE,
    "use_karras_sigmas": _SCHEDULE,
    "algorithm_type": _SCHEDULE,
    "vae": "a checkpoint has one autoencoder",
    "embeddings": "FLUX reads no textual inversions",
    "embeddings_model": "FLUX reads no textual inversions",
    "clip_skip": "FLUX.2 reads fixed layers of its text encoder",
    "multi_lingual": "prompts are not translated",
    "panorama": "panoramas are not drawn",
    "self_attention": _FLUX,
    "upscale": "pictures are not enlarged afterwards; ask for the size",
    "highres_fix": "pictures are not enlarged afterwards; ask for the size",
    "tomesd": "tokens are not merged",
    "enhance_style": "enhancing a prompt knows no styles",
    "ip_adapter_scale": "there is no picture that it could be the strength of",
    "strength": "there is no picture that it could be the strength of",
    "injected_noise_alpha": _FLUX,
    "sigma_threshold": _FLUX,
    "true_cfg_scale": "guidance_scale is the one guidance scale",
    "use_cfg_zero_star": _FLUX,
    "use_zero_init": _FLUX,
    "zero_steps": _FLUX,
    "full_url": "links are always whole",
    "file_prefix": "names of files are drawn at random so that nobody can guess them",
}
"""Fields that are listed as ignored where they ask for something."""

ECHOED = ("scheduler", "use_karras_sigmas", "algorithm_type", "vae", "clip_skip", "multi_lingual", "panorama",
          "self_attention", "upscale", "tomesd", "embeddings", "lora_strength")  # fmt: skip
"""Fields that answers repeat in `meta` as they came."""


def read(
    body: Mapping[str, object], *, extra: Mapping[str, object] | None = None, idempotency: str = ""
) -> Order:
    """Turn a body of text2img into an order.

    Args:
        body: The fields, from JSON or a form.
        extra: What the routes keep with the job.
        idempotency: The client's own name of the order.

    Raises:
        InvalidFields: Fields that mean nothing, all of them at once.
    """
    fields = Fields(body)
    request = _request(fields)
    check, redact = _safety(fields)
    enhance = fields.flag("enhance_prompt") or False
    base64 = fields.flag("base64") or False
    temporary = fields.flag("temp") or False
    instant = fields.flag("instant_response") or False
    webhook, track = fields.text("webhook"), _track(fields)
    echo = {name: plain(body[name]) for name in ECHOED if not is_nothing(body.get(name))}
    _refuse(fields)
    _list_what_has_no_effect(fields)
    if fields.errors:
        raise InvalidFields(fields.errors)
    said = {"safety_checker": "yes" if check else "no", "safety_checker_type": redact, **echo}
    kept = {"base64": base64, "temp": temporary, "instant": instant, "track_id": track, "meta": said}
    return Order(
        request=request,
        surface="modelslab",
        notes=tuple(fields.notes),
        enhance=enhance,
        check=check,
        redact=redact,
        lenient=True,
        extra={**kept, **(extra or {})},
        lasts=TEMPORARY_SECONDS if temporary else None,
        idempotency=idempotency,
        webhook=(webhook or "").strip(),
    )


def _request(fields: Fields) -> dict[str, object]:
    """The fields of the engine's own request."""
    request: dict[str, object] = {
        "prompt": _prompt(fields),
        "size": [_side(fields, "width"), _side(fields, "height")],
    }
    request["samples"] = fields.within("samples", 1, MOST_SAMPLES, 1)
    optional = {
        "negative": fields.text("negative_prompt", most=100_000),
        "seed": _seed(fields),
        "steps": _steps(fields),
        "guidance": fields.number("guidance_scale", *GUIDANCE),
        "checkpoint": _model(fields),
        "adapters": _adapters(fields),
    }
    return request | {name: value for name, value in optional.items() if value is not None}


def _prompt(fields: Fields) -> str:
    prompt = fields.text("prompt", most=100_000)
    if prompt is None:
        fields.fail("prompt", "is required")
    return prompt or ""


def _model(fields: Fields) -> str | None:
    name = fields.text("model_id", most=200)
    return name.strip() if name else None


def _adapters(fields: Fields) -> list[dict[str, object]] | None:
    """Adapters from `lora_model`, names separated by commas, and `lora_strength`: one number, or one for each."""
    told = fields.text("lora_model")
    names = [name.strip() for name in (told or "").split(",") if name.strip() and not is_off(name)]
    if not names:
        if not is_off(value := fields.take("lora_strength")) and as_number(value) != 1:
            fields.note("lora_strength", value, "there is no adapter that it could be the strength of")
        return None
    if len(names) > MOST_ADAPTERS:
        fields.fail("lora_model", f"may name at most {MOST_ADAPTERS} adapters")
    if len(set(names)) < len(names):
        fields.fail("lora_model", "names an adapter twice")
    weights = _strengths(fields, len(names))
    return [{"source": name, "weight": weight} for name, weight in zip(names, weights, strict=True)]


def _strengths(fields: Fields, count: int) -> list[float]:
    value = fields.take("lora_strength")
    parts = [1.0] if value is None else value.split(",") if isinstance(value, str) else [value]
    numbers = [number for part in parts if (number := as_number(part)) is not None]
    if len(numbers) < len(parts):
        fields.fail("lora_strength", "must be a number, or numbers separated by commas")
    elif any(abs(number) > MOST_STRENGTH for number in numbers):
        fields.fail("lora_strength", f"must be between -{MOST_STRENGTH:g} and {MOST_STRENGTH:g}")
    elif len(numbers) == count:
        return numbers
    elif len(numbers) != 1:
        fields.fail("lora_strength", f"has {len(numbers)} numbers for {count} adapters")
    return numbers[:1] * count or [1.0] * count


def _side(fields: Fields, name: str) -> int:
    side = fields.within(name, LEAST_SIDE, MOST_SIDE, DEFAULT_SIDE)
    if side % MULTIPLE:
        fields.fail(name, f"must be divisible by {MULTIPLE}")
    return side


def _steps(fields: Fields) -> int | None:
    steps = fields.whole("num_inference_steps")
    if steps is not None and steps < 1:
        fields.fail("num_inference_steps", "must be at least 1")
    if steps is not None and steps > MOST_STEPS:
        fields.note("num_inference_steps", steps, f"at most {MOST_STEPS} steps are taken")
        return MOST_STEPS
    return steps


def _seed(fields: Fields) -> int | None:
    seed = fields.whole("seed")
    if seed == -1:
        fields.note("seed", seed, "it is no seed and stands for a random one")
        return None
    if seed is not None and not 0 <= seed <= MOST_SEED:
        fields.fail("seed", f"must be between 0 and {MOST_SEED}, or null for a random one")
    return seed


def _safety(fields: Fields) -> tuple[bool | None, str]:
    """Whether pictures are to be looked at, and what becomes of one that is unsafe."""
    check = fields.flag("safety_checker")
    how = fields.text("safety_checker_type")
    if how is None:
        return check, "blur"
    known = REDACTIONS.get(how.strip().lower())
    if known is None:
        fields.fail("safety_checker_type", f"must be one of {', '.join(REDACTIONS)}")
    elif known != how.strip().lower():
        fields.note("safety_checker_type", how, "no text is written over a picture; an unsafe one is blurred")
    return check, known or "blur"


def _track(fields: Fields) -> str | float | None:
    """What the client calls the request; text or a number, given back as it came."""
    track = fields.take("track_id")
    if isinstance(track, bool | list | dict) or (isinstance(track, float) and not math.isfinite(track)):
        fields.fail("track_id", "must be text or a number")
    elif isinstance(track, str):
        return fields.text("track_id")
    elif isinstance(track, int | float):
        return track if abs(track) < 2**53 else str(track)
    return None


def _refuse(fields: Fields) -> None:
    for name, reason in REFUSED.items():
        if not is_off(fields.take(name)):
            fields.fail(name, f"is not available: {reason}")


def _list_what_has_no_effect(fields: Fields) -> None:
    for name, reason in WITHOUT_EFFECT.items():
        value = fields.take(name)
        if not is_off(value):
            fields.note(name, value, reason)
    unknown = fields.rest()
    for name in unknown[:MOST_NOTES]:
        fields.note(name, fields.take(name), "it is not a field of this surface")
    if len(unknown) > MOST_NOTES:
        fields.note("…", len(unknown) - MOST_NOTES, "so many more fields are not fields of this surface")


def fit(order: Order, card: CheckpointCard) -> Order:
    """Move steps and size of an order to what a checkpoint makes good use of, and list what was moved."""
    request, notes = dict(order.request), list(order.notes)
    steps, own = request.get("steps"), card.steps["final"]
    if card.distilled and isinstance(steps, int) and steps > own:
        reason = f"{card.name} is distilled to {own} steps; more of them make no better picture."
        asked = next((note.value for note in notes if note.name == "num_inference_steps"), steps)
        notes = [note for note in notes if note.name != "num_inference_steps"]
        notes.append(Note("num_inference_steps", asked, reason))
        request["steps"] = own
    size, most = request.get("size"), card.sizes.get("most")
    if isinstance(size, list) and isinstance(most, int) and not card.sizes.get("known"):
        smaller = _within_area(size, most)
        if smaller != size:
            reason = f"{card.name} draws at most {most} px; the picture has {smaller[0]}x{smaller[1]}."
            notes.append(Note("size", f"{size[0]}x{size[1]}", reason))
            request["size"] = smaller
    return replace(order, request=request, notes=tuple(notes))


def _within_area(size: list[int], most: int) -> list[int]:
    """The largest picture of about this shape with at most so many pixels, in multiples of 8."""
    width, height = size
    if width * height <= most:
        return size
    scale = math.sqrt(most / (width * height))
    return [max(MULTIPLE, int(side * scale) // MULTIPLE * MULTIPLE) for side in size]


def find_card(name: str, cards: Iterable[CheckpointCard]) -> CheckpointCard | None:
    """The checkpoint that a client's name leads to; the default one for no name."""
    return next(
        (card for card in cards if (name in {card.name, *card.names} if name else card.default)), None
    )
