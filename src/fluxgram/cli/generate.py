"""`fluxgram generate`: words in, pictures out.

The request and the names of the files are checked before torch is even imported; drawing is the engine's business,
and what is shown meanwhile is `drawing.py`.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import (
    Adapters,
    NegativeMethod,
    NegativeScale,
    complete_checkpoint,
    complete_format,
    complete_quality,
    look_for,
)

if TYPE_CHECKING:
    from fluxgram.cli.drawing import Written


def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="The words; @FILE reads them from a file, - from standard input.")
    ] = None,
    prompt_file: Annotated[
        Path | None, typer.Option(help="A file with the prompt; - for standard input.")
    ] = None,
    negative: Annotated[
        str | None, typer.Option(help="What must not be there, where the checkpoint can do that.")
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="0 … 2^64-1; the same seed gives the same pixels. Random by default.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="512x768, a shape such as 2:3, or portrait, landscape, square.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", "-n", help="How many; picture i has seed + i.")] = 1,
    steps: Annotated[int | None, typer.Option(help="Denoising steps, instead of --quality.")] = None,
    guidance: Annotated[
        float | None, typer.Option(help="How closely the prompt is followed, where it can be set.")
    ] = None,
    quality: Annotated[
        str, typer.Option("--quality", "-q", help="draft, proof or final.", autocompletion=complete_quality)
    ] = "final",
    checkpoint: Annotated[
        str,
        typer.Option(
            "--checkpoint", "-c", help="A name, a folder or a hub id.", autocompletion=complete_checkpoint
        ),
    ] = "fluxgram-mini",
    adapter: Adapters = None,
    negative_method: NegativeMethod = None,
    negative_scale: NegativeScale = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A file or a folder; by default prompt and seed name it."),
    ] = None,
    format: Annotated[  # noqa: A002  (becomes --format)
        str | None,
        typer.Option(help="png, jpeg or webp; by --out's ending otherwise.", autocompletion=complete_format),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite files.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a prompt that the checkpoint cannot read whole.")
    ] = False,
    allow_ignored: Annotated[
        bool, typer.Option("--allow-ignored", help="Draw even where an option cannot be applied, and say so.")
    ] = False,
    preview: Annotated[
        bool | None,
        typer.Option(
            "--preview/--no-preview", help="Show pictures small in the terminal, also while they are drawn."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print files, seeds and receipts as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the files' names.")] = False,
) -> None:
    """Draw pictures of a prompt."""
    from fluxgram.cli.outputs import output_names
    from fluxgram.cli.prompts import read_prompt
    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.engine.request import Request, parse_seed, parse_size
    from fluxgram.settings import Settings

    request = Request(
        prompt=read_prompt(prompt, prompt_file),
        negative=negative,
        seed=secrets.randbits(32) if seed is None else parse_seed(seed),
        size=None if size is None else parse_size(size),
        samples=samples,
        steps=steps,
        guidance=guidance,
        quality=quality,  # type: ignore[arg-type]  # checked by Request
        checkpoint=checkpoint,
        strict=strict,
        preview_every=2 if preview and not quiet else 0,
        allow_ignored=allow_ignored,
        adapters=tuple(map(AdapterUse.parse, adapter or ())),
        negative_method=negative_method,  # type: ignore[arg-type]  # checked by Request
        negative_scale=negative_scale,
    )
    settings = Settings.from_environment()
    look_for(request.adapters, settings)
    names = output_names(
        out,
        prompt=request.prompt,
        seed=request.seed or 0,
        samples=request.samples,
        picture_format=format,
        force=force,
    )
    from fluxgram.cli.drawing import Drawing, stopped
    from fluxgram.engine.engine import Engine
    from fluxgram.errors import Cancelled

    drawing = Drawing(names, picture_format=format, force=force, quiet=quiet or json, preview=preview)
    try:
        with drawing, Engine(settings=settings) as engine:
            engine.generate(request, drawing)
    except KeyboardInterrupt:
        raise Cancelled(stopped(drawing.written)) from None
    report(drawing.written, json=json, quiet=quiet)


def report(written: list[Written], *, json: bool, quiet: bool) -> None:
    """Name what was written, one line a picture."""
    from fluxgram.cli.console import write_json, write_line

    if json:
        write_json({"pictures": [entry.to_dict() for entry in written]})
        return
    for entry in written:
        write_line(
            str(entry.path) if quiet else f"{entry.path} · seed {entry.result.seed} · {entry.seconds:.1f} s"
        )
