"""A job as a person sees it: bars for download, loading and steps, each picture written as soon as it is finished.

`Drawing` is handed to the engine as its listener. Everything goes to standard error and only where somebody looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fluxgram.cli.console import messages, preview_protocol, safe

if TYPE_CHECKING:
    from types import TracebackType

    from PIL.Image import Image
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from fluxgram.engine import events
    from fluxgram.engine.events import Event
    from fluxgram.engine.result import Result


@dataclass(frozen=True, slots=True)
class Written:
    """A picture on disk."""

    path: Path
    result: Result

    @property
    def seconds(self) -> float:
        """What this picture took, all stages together."""
        return sum(self.result.receipt.seconds.values())

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        receipt = self.result.receipt.to_dict()
        return {"file": str(self.path), "seed": self.result.seed, "seconds": self.seconds, "receipt": receipt}


@dataclass(slots=True)
class Drawing:
    """Listens to a job, shows it and writes its pictures.

    Attributes:
        names: Where the pictures go, in order.
        first: Index in `names` of the present request's first picture, where several requests are drawn in turn.
        picture_format: `png`, `jpeg`, `webp`, or None to go by the names.
        force: Overwrite.
        quiet: Show nothing but what was lost of the request.
        preview: Show each finished picture small: None where the terminal can.
        take: What is done with a finished picture instead of writing it under its name; says where it lies now.
        written: Pictures on disk so far.
    """

    names: Sequence[Path]
    first: int = field(default=0, kw_only=True)
    picture_format: str | None = None
    force: bool = False
    quiet: bool = False
    preview: bool | None = None
    take: Callable[[int, Result], Path] | None = field(default=None, kw_only=True)
    written: list[Written] = field(default_factory=list)
    console: Console = field(default_factory=messages)
    _progress: Progress | None = None
    _tasks: dict[str, TaskID] = field(default_factory=dict)
    _steps: dict[int, int] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _log: _ToConsole | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal and not self.quiet:
            self._progress = _bars(self.console)
            self._progress.start()
            self._log = _ToConsole(self)
            logging.getLogger("fluxgram").addHandler(self._log)
            logging.getLogger("fluxgram").setLevel(logging.INFO)
        if self.preview and not self.quiet and preview_protocol() == "none":
            self.note("This terminal cannot show pictures, so there is no preview.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._log is not None:
            logging.getLogger("fluxgram").removeHandler(self._log)
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def __call__(self, event: Event) -> None:
        """What the engine calls with each event."""
        from fluxgram.engine import events

        match event:
            case events.Loading():
                self._bar(event.stage, event.fraction, 1.0)
            case events.Encoded():
                self._say_lost(event.report.lost, event.report.kept, event.report.total)
                self._say_adapters(event)
            case events.Step():
                self._steps[self.first + event.picture] = event.done
                self._bar("draw", sum(self._steps.values()), event.steps * len(self.names))
            case events.Preview():
                self._show(event.image, always=True)
            case events.Decoding():
                self._bar("decode", len(self.written), len(self.names))
            case events.Finished():
                self._write(event.picture, event.result)

    def note(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self._said:
            self._said.add(sentence)
            self.console.print(safe(f"note:  {sentence}"))

    def _write(self, picture: int, result: Result) -> None:
        """Write a picture, and say how it differs from what was asked."""
        number = self.first + picture
        if self.take is not None:
            path = self.take(number, result)
        else:
            path = result.save(self.names[number], format=self.picture_format, overwrite=self.force)
        self.written.append(Written(path, result))
        self._bar("decode", len(self.written), len(self.names))
        from fluxgram.cli.inspect import way_line

        receipt = result.receipt
        for entry in receipt.ignored:
            self.note(f"{entry.name} was not applied: {entry.reason}")
        if receipt.negative is not None and receipt.negative.method != "none":
            if receipt.negative.method != "true_cfg" and not self.quiet:
                self.note(f"The negative prompt steers by {way_line(receipt.negative)}")
            self._say_lost(
                receipt.negative.lost, receipt.negative.kept, receipt.negative.total, "negative prompt"
            )
        cut = (receipt.crop[2] - receipt.crop[0], receipt.crop[3] - receipt.crop[1])
        if cut != receipt.delivered:
            sizes = "{}x{}".format(*receipt.rendered), "{}x{}".format(*receipt.delivered)
            self.note(
                f"Drawn at {sizes[0]}, the nearest size that {receipt.checkpoint.name} knows; resampled to {sizes[1]}."
            )
        self._show(result.picture, always=bool(self.preview))

    def _say_lost(self, lost: str, kept: int, total: int, what: str = "prompt") -> None:
        if lost:
            self.note(
                f"The {what} is too long: {kept} of {total} tokens were read; lost: {_short(lost.strip())!r}"
            )

    def _say_adapters(self, event: events.Encoded) -> None:
        if self.quiet:
            return
        from fluxgram.cli.inspect import adapter_line

        for each in event.adapters:
            self.note(f"Drawn with the adapter {adapter_line(each)}")

    def _show(self, image: Image, *, always: bool) -> None:
        """A small preview: where asked for, or by itself where the terminal has a way of its own for pictures."""
        protocol = preview_protocol()
        if self.quiet or protocol == "none" or self.preview is False or not (always or self.preview is None):
            return
        from fluxgram.pictures.terminal import draw

        if self._progress is not None:
            self._progress.stop()
        self.console.file.write(draw(image, protocol, columns=min(32, max(8, self.console.width - 2))))
        self.console.file.flush()
        if self._progress is not None:
            self._progress.start()

    def _bar(self, stage: str, done: float, total: float) -> None:
        if self._progress is None:
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)


class _ToConsole(logging.Handler):
    """Shows what the library logs (how a checkpoint is placed) as notes above the bars."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__(logging.INFO)
        self._drawing = drawing

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._drawing.note(record.getMessage())


def _bars(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:>16}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def stopped(written: Sequence[Written]) -> str:
    """What Ctrl-C leaves behind, in one sentence."""
    names = ", ".join(str(entry.path) for entry in written)
    return f"Stopped; written before: {names}." if names else "Stopped; nothing was written."


def _short(text: str) -> str:
    """The receipt has all of it."""
    return text if len(text) <= 200 else f"{text[:199]}…"
