"""A picture's receipt in words: what really happened to the request, for the viewer and for the picture's own page.

Receipts of imported files are anybody's, so every value is looked at before it is shown; what is of a wrong type is
left out. Nothing here is HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

Tone = Literal["good", "warn", "info"]
Text = Callable[..., str]
"""`Rendering.text`."""

STAGES = ("load", "encode", "denoise", "decode")
_MOST_NOTES = 30
_MOST = 2_000
_NAMED = {name: f"gallery.method_{name}" for name in ("true_cfg", "vsf", "nag")}


def facts_of(receipt: Mapping[str, Any], t: Text) -> dict[str, Any]:
    """What is to be told of a picture.

    Args:
        receipt: As the store has it.
        t: Gives texts by key.

    Returns:
        `happened` (sentences, each with a tone and perhaps a detail), `seconds` (of each stage), and `sections` of
        labelled values.
    """
    if isinstance(receipt.get("imported"), Mapping):
        return _imported(receipt["imported"], t)
    return {
        "happened": _happened(receipt, t)[:_MOST_NOTES],
        "seconds": _seconds(receipt, t),
        "sections": [
            section for section in (_settings(receipt, t), _drawn_by(receipt, t)) if section["rows"]
        ],
    }


def _imported(said: Mapping[str, Any], t: Text) -> dict[str, Any]:
    values = _table(said, "settings")
    rows = [
        (t("gallery.software"), _line(said.get("software"))),
        (t("gallery.filename"), _line(said.get("filename"))),
        (t("gallery.checkpoint"), _line(values.get("checkpoint"))),
        (t("gallery.sampler"), _line(values.get("sampler"))),
        (t("gallery.seed"), _number(values.get("seed"))),
        (t("gallery.steps"), _number(values.get("steps"))),
        (t("gallery.guidance"), _number(values.get("guidance"))),
    ]
    known = [row for row in rows if row[1]]
    return {
        "happened": [_fact("info", t("gallery.from_elsewhere"))],
        "seconds": [],
        "sections": [{"title": t("gallery.settings"), "rows": known}] if known else [],
    }


def _happened(receipt: Mapping[str, Any], t: Text) -> list[dict[str, str]]:
    prompt, negative = _table(receipt, "prompt"), _table(receipt, "negative")
    service = _table(receipt, "service")
    found = _read(prompt, t) + _negative(negative, t)
    checkpoint = _table(receipt, "checkpoint")
    if asked_of := _line(checkpoint.get("asked")):
        found.append(_fact("info", t("gallery.fast", name=_line(checkpoint.get("name")), asked=asked_of)))
    given = prompt.get("read")
    if isinstance(given, str) and (given := _words(given)):
        found.append(_fact("info", t("gallery.manner"), given))
    entries = [*_list(receipt, "ignored"), *_list(service, "notes")]
    for entry in entries:
        if isinstance(entry, Mapping) and _line(entry.get("name")):
            name, value = _line(entry.get("name")), _words(entry.get("value"))
            tone: Tone = "info" if name.startswith("enhance") else "warn"
            said = (
                t("gallery.completed", value=value)
                if tone == "info"
                else t("gallery.ignored", name=name, value=value)
            )
            found.append(_fact(tone, said, _words(entry.get("reason"))))
    asked = _words(service.get("prompt_asked"))
    if asked and asked != _words(prompt.get("text")):
        found.append(_fact("info", t("gallery.asked"), asked))
    rendered, delivered = _size(receipt.get("rendered")), _size(receipt.get("delivered"))
    if rendered and delivered and rendered != delivered:
        found.append(_fact("info", t("gallery.cropped", rendered=rendered, delivered=delivered)))
    for adapter in _list(receipt, "adapters"):
        if isinstance(adapter, Mapping):
            matched, total = _number(adapter.get("matched")), _number(adapter.get("total"))
            named = {"name": _line(adapter.get("name")), "weight": _number(adapter.get("strength"))}
            words = t("gallery.adapter", **named, matched=matched, total=total)
            found.append(_fact("good" if matched == total else "warn", words))
    if receipt.get("mode") == "exact":
        found.append(_fact("good", t("gallery.exact")))
    if service.get("safety") in ("clean", "flagged"):
        flagged = service["safety"] == "flagged"
        found.append(_fact("warn" if flagged else "good", t(f"gallery.safety_{service['safety']}")))
    return found


def _read(prompt: Mapping[str, Any], t: Text) -> list[dict[str, str]]:
    total, kept = prompt.get("total"), prompt.get("kept")
    if not (isinstance(total, int) and isinstance(kept, int)):
        return []
    if kept >= total:
        return [_fact("good", t("gallery.read_all", total=total))]
    return [_fact("warn", t("gallery.read_part", total=total, lost=total - kept), _words(prompt.get("lost")))]


def _negative(negative: Mapping[str, Any], t: Text) -> list[dict[str, str]]:
    if not _words(negative.get("text")):
        return []
    method = _line(negative.get("method"))
    if method == "none":
        return [_fact("warn", t("gallery.negative_none"))]
    said = t(_NAMED[method]) if method in _NAMED else method
    scale, cost = _number(negative.get("scale")), negative.get("cost")
    said += t("gallery.negative_scale", scale=scale) if scale else ""
    more = isinstance(cost, int | float) and not isinstance(cost, bool) and 1 < cost < 100
    said += t("gallery.negative_cost", cost=f"{cost:.2g}") if more else ""
    return [_fact("good", t("gallery.negative_applied", method=said))]


def _seconds(receipt: Mapping[str, Any], t: Text) -> list[dict[str, Any]]:
    said = _table(receipt, "seconds")
    found = [(stage, said.get(stage)) for stage in STAGES]
    return [
        {"stage": stage, "label": t(f"gallery.stage_{stage}"), "seconds": float(value)}
        for stage, value in found
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e7
    ]


def _settings(receipt: Mapping[str, Any], t: Text) -> dict[str, Any]:
    quality = receipt.get("quality")
    rows = [
        (t("gallery.seed"), _number(receipt.get("seed"))),
        (t("gallery.size"), _size(receipt.get("delivered"))),
        (t("gallery.quality"), _line(quality)),
        (t("gallery.steps"), _number(receipt.get("steps"))),
        (t("gallery.guidance"), _number(receipt.get("guidance"))),
        (t("gallery.schedule"), _line(receipt.get("schedule"))),
    ]
    return {"title": t("gallery.settings"), "rows": [row for row in rows if row[1]]}


def _drawn_by(receipt: Mapping[str, Any], t: Text) -> dict[str, Any]:
    checkpoint, machine = _table(receipt, "checkpoint"), _table(receipt, "machine")
    versions, service = _table(receipt, "versions"), _table(receipt, "service")
    device = _line(machine.get("device_name")) or _line(machine.get("cpu"))
    parts = (device, _line(machine.get("dtype")))
    rows = [
        (t("gallery.checkpoint"), _line(checkpoint.get("name"))),
        (t("gallery.licence"), _line(checkpoint.get("licence"))),
        (t("gallery.fingerprint"), _line(checkpoint.get("fingerprint"))[:16]),
        (t("gallery.machine"), " · ".join(part for part in parts if part and part != "none")),
        (t("gallery.version"), _line(versions.get("fluxgram"))),
        (t("gallery.surface"), _line(service.get("surface"))),
        (t("gallery.drawn_at"), _line(receipt.get("created"))[:19].replace("T", " ")),
    ]
    return {"title": t("gallery.drawn_by"), "rows": [row for row in rows if row[1]]}


def _fact(tone: Tone, text: str, detail: str = "") -> dict[str, str]:
    return {"tone": tone, "text": text, "detail": detail}


def _table(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    found = values.get(name)
    return found[:_MOST_NOTES] if isinstance(found, list) else []


def _words(value: object) -> str:
    return value[:_MOST] if isinstance(value, str) else _number(value)


def _line(value: object) -> str:
    return " ".join(value.split())[:200] if isinstance(value, str) else ""


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)[:40]


def _size(value: object) -> str:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(side, int) for side in value):
        return f"{value[0]} × {value[1]}"
    return ""
