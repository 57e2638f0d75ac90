"""What `fluxgram shoot` does between file and pictures: requests, lint, what is there already, contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fluxgram.errors import FluxgramError, NoReceipt, PictureError, RequestError, ShootError

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.engine.plan import Plan
    from fluxgram.engine.receipt import Receipt
    from fluxgram.photography.catalog import Catalog
    from fluxgram.prompt.findings import Finding
    from fluxgram.prompt.frames import Frame
    from fluxgram.prompt.lint_configuration import LintConfiguration
    from fluxgram.prompt.shoots import Shoot
    from fluxgram.settings import Settings

State = Literal["missing", "there", "changed", "drawn"]
"""Of a picture: to be drawn, complete, complete but drawn from other words or settings, or drawn just now."""

DEFAULT_CHECKPOINT = "fluxgram-mini"


@dataclass(frozen=True, slots=True)
class Take:
    """A frame and what becomes of it.

    Attributes:
        frame: What is to be drawn.
        plan: How.
        path: Where to.
        state: Whether it is there.
        seconds: What drawing it took; 0 where it was there.
    """

    frame: Frame
    plan: Plan
    path: Path
    state: State
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        frame, plan = self.frame, self.plan
        return {
            "scene": frame.scene,
            "file": str(self.path),
            "state": self.state,
            "seed": frame.seed,
            "size": list(plan.delivered),
            "checkpoint": plan.checkpoint.name,
            "prompt": frame.text,
            "negative": frame.negative,
            "adapters": [use.to_dict() for use in plan.adapters],
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class Wished:
    """What the command line adds to every frame.

    Attributes:
        adapters: After those of its characters.
        negative_method: How negative prompts steer; None for the checkpoint's own way.
        negative_scale: Scale of that; None for its default.
        allow_ignored: Draw even where something cannot be applied.
    """

    adapters: tuple[AdapterUse, ...] = ()
    negative_method: str | None = None
    negative_scale: float | None = None
    allow_ignored: bool = field(default=False, kw_only=True)

    def steering(self, *, has_negative: bool) -> dict[str, Any]:
        """How a frame's negative prompt (or its checkpoint's own) steers; nothing of a frame without."""
        if not has_negative and self.negative_method != "none":
            return {}
        return {"negative_method": self.negative_method, "negative_scale": self.negative_scale}


def frames(
    shoot: Shoot, settings: Settings, *, checkpoint: str = "", only: Sequence[str] = ()
) -> list[Frame]:
    """The frames of a shoot as this machine composes them: the user's vocabulary and wildcards, real families."""
    from fluxgram.families.checkpoints import find
    from fluxgram.photography.catalog import load_catalog
    from fluxgram.prompt.frames import frames_of

    return frames_of(
        shoot,
        checkpoint=checkpoint,
        family_of=lambda name: find(name or DEFAULT_CHECKPOINT, settings).family,
        catalog=load_catalog([settings.home / "vocabulary"], entry_points=True),
        wildcards=[settings.home / "wildcards"],
        only=only,
    )


def plans(
    shoot: Shoot,
    found: Sequence[Frame],
    settings: Settings,
    *,
    quality: str = "",
    wished: Wished | None = None,
) -> list[Plan]:
    """How each frame will be drawn, found out before anything is computed.

    Raises:
        RequestError: A frame that its checkpoint cannot draw as asked; the message names file and scene.
    """
    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.engine.request import Request, parse_size, resolve
    from fluxgram.families.checkpoints import find
    from fluxgram.families.sources import find_here

    wished = wished or Wished()
    made = []
    for frame in found:
        try:
            name = frame.checkpoint or DEFAULT_CHECKPOINT
            table = find(name, settings)
            request = Request(
                prompt=frame.text,
                negative=frame.negative or None,
                seed=frame.seed,
                size=parse_size(frame.size) if frame.size else None,
                steps=None if quality else shoot.steps,
                guidance=shoot.guidance,
                quality=quality or shoot.quality or "final",  # type: ignore[arg-type]  # checked by Request
                checkpoint=name,
                allow_ignored=wished.allow_ignored,
                adapters=(
                    *(AdapterUse(each.source, each.strength) for each in frame.adapters),
                    *wished.adapters,
                ),
                **wished.steering(has_negative=bool(frame.negative or table.negative)),
            )
            made.append(resolve(request, table, lambda name: find_here(name, settings)))
        except RequestError as error:
            raise type(error)(f"{shoot.path}: {frame.where}: {error}", error.hint) from None
    return made


def lint_frames(
    found: Sequence[Frame],
    made: Sequence[Plan],
    *,
    configuration: LintConfiguration | None = None,
    catalog: Catalog | None = None,
) -> list[Finding]:
    """What the linter says of a whole shoot, each thing once."""
    from fluxgram.jobs.facts import checkpoint_facts
    from fluxgram.prompt.lint import Scene, lint_scenes

    findings: list[Finding] = []
    for name in dict.fromkeys(plan.request.checkpoint or "" for plan in made):
        scenes = [
            Scene(
                where=frame.where,
                text=frame.text,
                negative=frame.negative or None,
                anchor=frame.anchor,
                seed=(frame.seed - frame.sample) % 2**64,
                size=plan.delivered,
                character=", ".join(frame.characters),
            )
            for frame, plan in zip(found, made, strict=True)
            if plan.request.checkpoint == name
        ]
        findings += lint_scenes(
            scenes, facts=checkpoint_facts(name), configuration=configuration, catalog=catalog
        )
    return list({(each.code, each.where, each.message): each for each in findings}.values())


def takes(found: Sequence[Frame], made: Sequence[Plan], folder: Path, *, force: bool = False) -> list[Take]:
    """Which pictures are there and which are missing.

    Raises:
        PictureError: A file that has a picture's name and is none of ours, or is damaged.
    """
    entries = []
    for frame, plan in zip(found, made, strict=True):
        path = folder / f"{frame.stem}.png"
        entries.append(Take(frame, plan, path, "missing" if force else _state(path, plan)))
    return entries


def _state(path: Path, plan: Plan) -> State:
    from fluxgram.engine.receipt import Receipt
    from fluxgram.pictures.read import read_receipt

    try:
        if not path.is_symlink() and not path.exists():
            return "missing"
    except OSError as error:
        raise PictureError(
            f"{path} cannot be looked for: {error.strerror}.", "Choose another folder."
        ) from None
    hint = "Move it away, or draw over it with --force."
    try:
        receipt = Receipt.from_dict(read_receipt(path))
    except NoReceipt:
        raise NoReceipt(f"{path} is there already and was not drawn by fluxgram.", hint) from None
    except FluxgramError as error:
        raise type(error)(str(error), hint) from None
    same = (
        receipt.prompt.text == plan.request.prompt
        and _same_negative(receipt, plan)
        and receipt.seed == plan.seeds[0]
        and receipt.checkpoint.name == plan.checkpoint.name
        and (receipt.steps, receipt.guidance) == (plan.steps, plan.guidance)
        and tuple(receipt.delivered) == plan.delivered
        and _same_adapters(receipt, plan)
    )
    return "there" if same else "changed"


def _same_negative(receipt: Receipt, plan: Plan) -> bool:
    """Whether a picture was drawn with a plan's negative prompt (perhaps the checkpoint's own), applied as there."""
    had, has = receipt.negative, plan.negative
    if has is None:
        text = None if had is None else had.text
        return text == plan.request.negative and (had is None or had.method == "none")
    if had is None or (had.text, had.method) != (has.text, has.method):
        return False
    return had.scale in (None, has.scale)  # older receipts say none


def _same_adapters(receipt: Receipt, plan: Plan) -> bool:
    """Whether a picture was drawn with the adapters that a plan has; of a file's name the last part tells."""
    then = [each for each in receipt.adapters if each.source is not None]
    now = plan.request.adapters
    return len(then) == len(now) and all(
        had.source in (has.source, Path(has.source).name)
        and has.weight in (None, had.strength)
        and (had.steps or (0.0, 1.0)) == has.steps
        and (had.blocks or {}) == has.blocks
        for had, has in zip(then, now, strict=True)
    )


def prepare_folder(folder: Path) -> None:
    """Make the folder that pictures go to, and see that it can be written.

    Raises:
        PictureError: It cannot.
    """
    from fluxgram.pictures.write import check_output
    from fluxgram.prompt.shoots import SHEET

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise PictureError(f"{folder} is a file, not a folder.", "Name a folder with --out.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "Name a folder that is yours with --out."
        raise PictureError(f"The folder {folder} cannot be made: {reason}.", hint) from None
    check_output(folder / f"{SHEET}.png", overwrite=True)


def draw(entries: list[Take], settings: Settings, *, force: bool = False, quiet: bool = False) -> list[Take]:
    """Draw what is missing, one engine for all of it; each picture is on disk before the next is begun.

    Returns:
        All takes, those drawn marked so.

    Raises:
        Cancelled: Ctrl-C; what was finished stays, and the next run goes on from there.
    """
    from fluxgram.cli.drawing import Drawing
    from fluxgram.engine.engine import Engine
    from fluxgram.errors import Cancelled

    todo = [take for take in entries if take.state == "missing"]
    if not todo:
        return entries
    drawing = Drawing([take.path for take in todo], force=force, quiet=quiet, preview=False)
    try:
        with drawing, Engine(settings=settings) as engine:
            for index, take in enumerate(todo):
                drawing.first = index
                engine.generate(take.plan.request, drawing)
    except KeyboardInterrupt:
        done, hint = len(drawing.written), "Run it again to go on from there."
        raise Cancelled(f"Stopped; {done} of {len(todo)} pictures were drawn.", hint) from None
    seconds = {written.path: written.seconds for written in drawing.written}
    return [
        replace(take, state="drawn", seconds=seconds[take.path]) if take.path in seconds else take
        for take in entries
    ]


def write_sheets(shoot: Shoot, entries: Sequence[Take], folder: Path) -> tuple[Path, Path]:
    """Write the contact sheet of what is there, as a picture and as a page; both replace those of an earlier run.

    Raises:
        ShootError: Nothing is there yet.
        PictureError: They cannot be written.
    """
    from fluxgram.jobs.contact_sheets import layout
    from fluxgram.pictures.read import read_picture
    from fluxgram.pictures.sheet import contact_sheet, sheet_file
    from fluxgram.pictures.sheet_page import Entry, sheet_page
    from fluxgram.pictures.write import write_file
    from fluxgram.prompt.shoots import SHEET

    there = [take for take in entries if take.state != "missing"]
    if not there:
        raise ShootError(f"{shoot.path} has no picture yet.", "Draw some first.")
    columns, side = layout(len(there))
    pages, pictures = [], list[tuple["Image", str]]()
    shapes = [take.plan.delivered for take in there]
    tallest = min(2.0, max(0.5, *(height / width for width, height in shapes)))
    for take in there:
        image = read_picture(take.path)
        size = image.size
        image.thumbnail((side, round(side * tallest)))
        pictures.append((image, take.frame.caption))
        facts = f"seed {take.frame.seed} · {size[0]}x{size[1]} · {take.plan.checkpoint.name}"
        words, negative = take.frame.text, take.frame.negative
        pages.append(Entry(take.path.name, take.frame.scene, facts, words, negative, size))
    sheet = contact_sheet(pictures, columns=columns, cell=(side, round(side * tallest)), whole=True)
    people = ", ".join(each.name for each in shoot.characters)
    count = f"{len(there)} picture" + ("s" if len(there) != 1 else "")
    png = write_file(sheet_file(sheet), folder / f"{SHEET}.png", overwrite=True)
    page = sheet_page(shoot.title, pages, note=f"{people} · {count}")
    return png, write_file(page.encode(), folder / f"{SHEET}.html", overwrite=True)
