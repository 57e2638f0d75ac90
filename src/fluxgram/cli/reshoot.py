"""`fluxgram reshoot`: the same picture again, from the receipt in its file, and whether the pixels are the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.engine.receipt import Receipt
    from fluxgram.engine.result import Result


def reshoot(
    picture: Annotated[Path, typer.Argument(help="A picture that fluxgram wrote.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to; NAME-reshoot by default.")
    ] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Go on though weights have changed.")] = False,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint", "-c", help="Where the checkpoint is now.", autocompletion=complete_checkpoint
        ),
    ] = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option("--adapter", "-a", help="Where an adapter of the picture is now: a file. Repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite a file.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print file, seed, receipt and comparison as JSON.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the file's name.")] = False,
) -> None:
    """Draw a picture again from the file alone."""
    from fluxgram.cli.console import write_json, write_line
    from fluxgram.cli.outputs import output_names
    from fluxgram.engine.receipt import Receipt
    from fluxgram.errors import Cancelled, UnknownCheckpoint
    from fluxgram.pictures.read import read_receipt
    from fluxgram.settings import Settings

    receipt = Receipt.from_dict(read_receipt(picture))
    settings = Settings.from_environment()
    target = picture.with_stem(f"{picture.stem}-reshoot") if out is None else out
    names = output_names(
        target, prompt=receipt.prompt.text, seed=receipt.seed, samples=1, picture_format=None, force=force
    )
    from fluxgram.cli.drawing import Drawing, stopped
    from fluxgram.engine.engine import Engine

    drawing = Drawing(names, force=force, quiet=quiet or json)
    try:
        with drawing, Engine(settings=settings) as engine:
            result = engine.reshoot(
                receipt, drawing, checkpoint=checkpoint, adapters=adapter or (), changed=anyway
            )
            sentence, same = compare(picture, result, receipt)
    except KeyboardInterrupt:
        raise Cancelled(stopped(drawing.written)) from None
    except UnknownCheckpoint as error:
        if checkpoint is not None:
            raise
        hint = f"It drew {picture}; if it is a folder, say where: --checkpoint FOLDER."
        raise UnknownCheckpoint(str(error), hint) from None
    (written,) = drawing.written
    if json:
        write_json({**written.to_dict(), "same_pixels": same, "comparison": sentence})
    elif quiet:
        write_line(str(written.path))
    else:
        write_line(f"{written.path} · seed {result.seed} · {written.seconds:.1f} s · {sentence}")


def compare(picture: Path, result: Result, receipt: Receipt) -> tuple[str, bool]:
    """How the new picture differs from the file, in a few words; and whether it does not."""
    import io

    from PIL import Image, ImageChops

    from fluxgram.pictures.read import read_picture
    from fluxgram.pictures.write import encode_picture, format_of

    old = read_picture(picture)
    data = encode_picture(result.picture, {}, parameters_text="", format=format_of(picture))
    with Image.open(io.BytesIO(data)) as opened:
        new = opened.convert("RGB")  # a lossy format must lose the same
    if old.size != new.size:
        return "another size: the file was changed after it was made", False
    difference = ImageChops.difference(old, new)
    if difference.getbbox() is None:
        return "same pixels", True
    largest = max(high for _, high in difference.getextrema())  # type: ignore[misc]  # three bands
    here, there = result.receipt, receipt
    fields = ("checkpoint", "adapters", "machine", "versions")
    reasons = [name for name in fields if getattr(here, name) != getattr(there, name)]
    why = f"other {' and '.join(reasons)}" if reasons else "the file was changed after it was made"
    return f"pixels differ by up to {largest} of 255: {why}", False
