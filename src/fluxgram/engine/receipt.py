"""`Receipt`: what really happened to a request, enough to make the same picture again.

One receipt a picture. Two receipts of the same picture differ only in `seconds`, `created` and `service`. It becomes
plain values (`to_dict`), is written into the file by `fluxgram.pictures`, and comes back by `from_dict`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.ignored import ONLY_LISTED, Ignored  # read by `from_plain` at run time
from fluxgram.engine.plain import from_plain
from fluxgram.engine.request import Quality, Request
from fluxgram.errors import NoReceipt

SCHEMA = 1
"""Version of the receipt's form. A reader takes its own and older ones."""


@dataclass(frozen=True, slots=True)
class Text:
    """A prompt and how it was applied.

    Attributes:
        text: As asked.
        total: Tokens of the text.
        kept: Tokens that the checkpoint could read.
        limit: The most tokens that it can read.
        lost: The exact text that was cut off.
        method: `prompt`; for a negative `true_cfg`, `vsf` or `nag`, or `none` where it was not applied.
        read: What the checkpoint was given, where it has words of its own; None where that is `text`.
        scale: Of the method.
        cost: Work of a step over that of one without the negative prompt, by passes and tokens; 1 is nothing.
    """

    text: str
    total: int
    kept: int
    limit: int
    lost: str
    method: str = "prompt"
    read: str | None = None
    scale: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Which checkpoint drew it.

    Attributes:
        name: As its table says.
        family: `flux2`.
        fingerprint: SHA-256 over its files, hex.
        revision: Commit of the hub repository, where one is pinned.
        licence: Terms of the weights.
        asked: Name of the checkpoint that was asked for, where its fast version drew; else None.
    """

    name: str
    family: str
    fingerprint: str
    revision: str | None
    licence: str
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that was applied.

    Attributes:
        name: As people call it.
        fingerprint: SHA-256 of its file, hex.
        strength: Its weight.
        matched: Tensors that found their place.
        total: Tensors in the file; those that found none are zeros for layers that are not there.
        source: What it was asked for by (of a file its name alone); None where it came with the checkpoint.
        steps: Share of the steps in which it worked, where not in all.
        blocks: Factors by blocks, where any were given.
    """

    name: str
    fingerprint: str
    strength: float
    matched: int
    total: int
    source: str | None = None
    steps: tuple[float, float] | None = None
    blocks: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was drawn. The same machine, versions and threads give the same pixels."""

    system: str
    cpu: str
    device: str
    device_name: str
    dtype: str
    threads: int


@dataclass(frozen=True, slots=True)
class Service:
    """Through which door a service was asked for the picture.

    Attributes:
        job: Number of the job.
        surface: `native`, `modelslab`, `openai`: whose way of asking it was.
        prompt_asked: The prompt as it was sent, where the service completed it.
        notes: What the service changed or could not apply, with the reason.
        safety: What a picture classifier said: `clean`, `flagged`, or `unchecked` where none was asked.
    """

    job: int
    surface: str
    prompt_asked: str
    notes: tuple[Ignored, ...]
    safety: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What really happened to a request.

    Attributes:
        prompt: The words, and how many of them were read.
        negative: The negative prompt and how it was applied, or None.
        seed: Seed of this picture.
        quality: The dial as it stood.
        steps: Denoising steps taken.
        guidance: Guidance scale: of a second pass, where 1 is none, or a number that the checkpoint reads.
        schedule: Kind of noise levels: `empirical`, `linear` or `shift 3`.
        rendered: (width, height) in px that the checkpoint drew.
        delivered: (width, height) in px of the picture.
        crop: Part of the rendered picture that was delivered: left, top, right, bottom in px.
        checkpoint: What drew it.
        adapters: Adapters applied, in order.
        ignored: Parameters that were not applied, with the reason.
        mode: `exact`: these pixels do not depend on what else the machine was doing.
        versions: Of Python and of the packages that touch pixels.
        machine: Where it was drawn.
        seconds: By stage: `load`, `encode`, `denoise`, `decode`.
        created: When, ISO 8601 in UTC.
        schema: Version of this form.
        service: Through which door it was asked for; None where it was no service.
    """

    prompt: Text
    negative: Text | None
    seed: int
    quality: Quality
    steps: int
    guidance: float
    schedule: str
    rendered: tuple[int, int]
    delivered: tuple[int, int]
    crop: tuple[int, int, int, int]
    checkpoint: Source
    adapters: tuple[Adapter, ...]
    ignored: tuple[Ignored, ...]
    mode: Literal["exact"]
    versions: dict[str, str]
    machine: Machine
    seconds: dict[str, float]
    created: str
    schema: int = SCHEMA
    service: Service | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can carry."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Receipt:
        """Read a receipt back.

        Raises:
            NoReceipt: It is of a newer fluxgram, or it is no receipt.
        """
        schema = values.get("schema") if isinstance(values, Mapping) else None
        if not isinstance(schema, int) or isinstance(schema, bool):
            raise NoReceipt("This is not a receipt of fluxgram.", "Only pictures made by fluxgram carry one.")
        if schema > SCHEMA:
            raise NoReceipt(f"The receipt is of a newer form ({schema}).", "Update fluxgram to read it.")
        try:
            receipt = from_plain(cls, values)
        except (KeyError, TypeError, ValueError) as error:
            raise NoReceipt(
                f"The receipt is damaged at {error}.", "Take the file as it was first written."
            ) from None
        return receipt

    def to_request(self) -> Request:
        """The request that makes this one picture again: same seed, numbers instead of defaults."""
        ignored = {entry.name: entry.value for entry in self.ignored}
        values: dict[str, Any] = {
            "prompt": self.prompt.text,
            "negative": None if self.negative is None else self.negative.text,
            "seed": self.seed,
            "size": self.delivered,
            "steps": self.steps,
            "guidance": ignored.get("guidance", self.guidance),
            "quality": self.quality,
            "checkpoint": self.checkpoint.asked or self.checkpoint.name,
            "allow_ignored": not ONLY_LISTED.issuperset(ignored),
            "adapters": [_use(each, each.source) for each in self.adapters if each.source is not None],
        }
        if self.checkpoint.asked and "guidance" not in ignored:
            values["guidance"] = None  # with a number, the fast version would not draw
        return Request(**values, **self._way_of_the_negative(ignored))

    def _way_of_the_negative(self, ignored: Mapping[str, Any]) -> dict[str, Any]:
        """How the negative prompt is to be applied again; none where there was none, whatever the checkpoint's own."""
        asked = {name: ignored[name] for name in ("negative_method", "negative_scale") if name in ignored}
        if self.negative is None:
            return asked or {"negative_method": "none"}
        if self.negative.method == "none" or self.negative.scale is None:
            return asked
        return {"negative_method": self.negative.method, "negative_scale": self.negative.scale} | asked

    def is_same_picture(self, other: Receipt) -> bool:
        """Whether both receipts describe the same picture, whenever, however fast and for whomever it was made.

        Why a fast version did not draw it is nothing of the picture: a receipt asks for what did by a guidance scale.
        """

        def plain(receipt: Receipt) -> Receipt:
            ignored = tuple(entry for entry in receipt.ignored if entry.name != "fast")
            return replace(receipt, seconds={}, created="", service=None, ignored=ignored)

        return plain(self) == plain(other)

    def parameters_text(self) -> str:
        """The `parameters` text that AUTOMATIC1111's web UI started and many tools read."""
        lines = [self.prompt.text]
        if self.negative is not None and self.negative.method != "none":
            lines.append(f"Negative prompt: {self.negative.text}")
        values = {
            "Steps": self.steps,
            "Sampler": "Euler",
            "Schedule type": self.schedule,
            "CFG scale": f"{self.guidance:g}",
            "Seed": self.seed,
            "Size": "{}x{}".format(*self.delivered),
            "Model hash": self.checkpoint.fingerprint[:10],
            "Model": _quoted(self.checkpoint.name),
            **self._lora_hashes(),
            "Version": f"fluxgram {self.versions.get('fluxgram', '')}".strip(),
        }
        lines.append(", ".join(f"{key}: {value}" for key, value in values.items()))
        return "\n".join(lines)

    def _lora_hashes(self) -> dict[str, str]:
        """Adapters as that form names them: `Lora hashes: "film: 0123456789"`."""
        named = ", ".join(f"{_bare(each.name)}: {each.fingerprint[:10]}" for each in self.adapters)
        return {"Lora hashes": json.dumps(named)} if named else {}


def _use(adapter: Adapter, source: str | None) -> AdapterUse:
    """How it is asked for again."""
    return AdapterUse(
        source or adapter.name, adapter.strength, adapter.steps or (0.0, 1.0), adapter.blocks or {}
    )


def _bare(name: str) -> str:
    """A name without what would end it in that form."""
    return name.translate({ord(mark): " " for mark in ',:"\n'}).strip()


def _quoted(text: str) -> str:
    """Text as that form writes it: in JSON quotes where a comma or colon would break the line."""
    return json.dumps(text) if any(mark in text for mark in ',:\n"') else text
