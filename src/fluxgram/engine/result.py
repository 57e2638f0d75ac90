"""`Result`: one finished picture with its receipt, and how a receipt is written for a shot."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.engine.ignored import Ignored
from fluxgram.engine.negatives import second_pass_is_guidance
from fluxgram.engine.receipt import Adapter, Machine, Receipt, Source, Text
from fluxgram.engine.versions import versions
from fluxgram.families.placement import device_name

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.engine.opened import Fitted
    from fluxgram.engine.shot import Shot
    from fluxgram.families.contract import Parts


@dataclass(frozen=True, slots=True)
class Result:
    """One finished picture.

    Attributes:
        picture: The picture, RGB, of the delivered size.
        receipt: What really happened.
    """

    picture: Image
    receipt: Receipt

    @property
    def seed(self) -> int:
        """Seed of this picture."""
        return self.receipt.seed

    def save(self, path: str | Path, *, format: str | None = None, overwrite: bool = False) -> Path:  # noqa: A002
        """Write the picture with its receipt inside; the file appears whole or not at all.

        Args:
            path: Where to; the ending names the format.
            format: `png`, `jpeg` or `webp`, where the ending should not decide.
            overwrite: Replace a file of that name.

        Returns:
            Where it was written.

        Raises:
            PictureExists: The name is taken.
            PictureError: It can't be written there.
        """
        from fluxgram.pictures.write import write_picture

        return write_picture(
            self.picture,
            Path(path),
            self.receipt.to_dict(),
            parameters_text=self.receipt.parameters_text(),
            format=format,
            overwrite=overwrite,
        )


def deliver(rendered: Image, shot: Shot) -> Image:
    """The picture as asked: cropped, and resampled where another size was rendered."""
    plan = shot.plan
    picture = rendered if plan.crop == (0, 0, *rendered.size) else rendered.crop(plan.crop)
    if picture.size != plan.delivered:
        from fluxgram.pictures.resample import resample

        picture = resample(picture, *plan.delivered)
    return picture


def receipt_of(shot: Shot, parts: Parts) -> Receipt:
    """The receipt of a finished shot.

    Args:
        shot: A shot that has taken all its steps.
        parts: What drew it.
    """
    plan, checkpoint, placement = shot.plan, shot.plan.checkpoint, parts.placement
    schedule = checkpoint.schedule
    return Receipt(
        prompt=_prompt(shot),
        negative=_negative(shot),
        seed=shot.seed,
        quality=plan.request.quality,
        steps=plan.steps,
        guidance=plan.guidance,
        schedule=f"shift {schedule.shift:g}" if schedule.kind == "shift" else schedule.kind,
        rendered=plan.rendered,
        delivered=plan.delivered,
        crop=plan.crop,
        checkpoint=Source(
            checkpoint.name,
            checkpoint.family,
            parts.fingerprint,
            checkpoint.revision,
            checkpoint.licence.name,
            asked=None if plan.asked.name == checkpoint.name else plan.asked.name,
        ),
        adapters=tuple(map(adapter_of, shot.adapters)),
        ignored=(*plan.ignored, *_at_all_steps(shot)),
        mode="exact",
        versions=versions(),
        machine=Machine(
            system=f"{platform.system()} {platform.machine()}",
            cpu=device_name("cpu"),
            device=placement.device,
            device_name=placement.device_name,
            dtype=placement.dtype,
            threads=placement.threads,
        ),
        seconds={stage: round(seconds, 4) for stage, seconds in shot.seconds.items()},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def adapter_of(fitted: Fitted) -> Adapter:
    """An adapter as receipts name it."""
    use, report = fitted.use, fitted.adapter.report
    return Adapter(
        fitted.name,
        fitted.adapter.fingerprint,
        fitted.weight,
        report.matched,
        report.total,
        source=None if fitted.own else Path(use.source).name if fitted.file else use.source,
        steps=None if use.steps == (0.0, 1.0) else use.steps,
        blocks=dict(use.blocks) or None,
    )


def _at_all_steps(shot: Shot) -> tuple[Ignored, ...]:
    """Adapters asked for in a share of the steps that change a text encoder, too, which reads once for all of them."""
    reason = "what it changes in a text encoder works at every step: the prompt is read once."
    return tuple(
        Ignored(
            "adapter_steps", f"{fitted.name} at steps {fitted.use.steps[0]:g}-{fitted.use.steps[1]:g}", reason
        )
        for fitted in shot.adapters
        if fitted.use.steps != (0.0, 1.0)
        and any(fitted.applied().changes(part) for part in ("text_encoder", "text_encoder_2"))
    )


def _prompt(shot: Shot) -> Text:
    report, plan = shot.under_way()[0].report, shot.plan
    read = None if plan.prompt == plan.request.prompt else plan.prompt
    return Text(plan.request.prompt, report.total, report.kept, report.limit, report.lost, read=read)


def _negative(shot: Shot) -> Text | None:
    """The negative prompt as applied; one that was not applied is lost as a whole, and says so."""
    asked, applied, (condition, latents) = shot.plan.request.negative, shot.plan.negative, shot.under_way()
    report = condition.negative_report
    if applied is None or report is None:
        return None if asked is None else Text(asked, 0, 0, 0, lost=asked, method="none")
    cost = 1.0
    if condition.negative is not None:  # it runs along as more tokens
        tokens = condition.text.shape[1] + latents.tokens.shape[1]
        cost = round(1 + condition.negative.shape[1] / tokens, 3)
    elif not second_pass_is_guidance(shot.plan.checkpoint):
        cost = 2.0
    words = asked or shot.plan.asked.negative
    return Text(
        words,
        report.total,
        report.kept,
        report.limit,
        report.lost,
        condition.negative_method,
        read=None if applied.text == words else applied.text,
        scale=applied.scale,
        cost=cost,
    )
