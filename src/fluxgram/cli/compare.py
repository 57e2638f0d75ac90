"""`fluxgram compare`: the same words and seeds over checkpoints and adapters, beside files and other servers' pictures.

Options are read and names are checked here. What is compared is `comparing.py` and `comparing_others.py`, how it is
shown `comparing_sheets.py`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import (
    NegativeMethod,
    NegativeScale,
    complete_adapter,
    complete_checkpoint,
    complete_quality,
)

if TYPE_CHECKING:
    from fluxgram.cli.comparing import Row


def compare(
    prompt: Annotated[
        str | None, typer.Argument(help="The words; @FILE reads them from a file, - from standard input.")
    ] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--checkpoint",
            "-c",
            help="A row for each; fluxgram-mini by default. Repeatable.",
            autocompletion=complete_checkpoint,
        ),
    ] = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(
            "--adapter",
            "-a",
            autocompletion=complete_adapter,
            help="A further row of each checkpoint with NAME[:WEIGHT]; 'A + B' are both at once. Repeatable.",
        ),
    ] = None,
    seed: Annotated[
        list[str] | None, typer.Option("--seed", help="A column for each; random by default. Repeatable.")
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", "-n", help="So many columns: the seed and those after it.")
    ] = 1,
    picture: Annotated[
        list[str] | None,
        typer.Option("--picture", help="A row of a picture that is there: [LABEL=]FILE. Repeatable."),
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--endpoint",
            help="A row that another server draws: [LABEL=]URL[,MODEL[,VARIABLE]], the last the name of the "
            "environment variable that holds its key. Repeatable.",
        ),
    ] = None,
    negative: Annotated[str | None, typer.Option(help="What must not be there.")] = None,
    negative_method: NegativeMethod = None,
    negative_scale: NegativeScale = None,
    size: Annotated[
        str | None, typer.Option(help="512x768, a shape such as 2:3, or portrait, landscape, square.")
    ] = None,
    quality: Annotated[
        str, typer.Option("--quality", "-q", help="draft, proof or final.", autocompletion=complete_quality)
    ] = "final",
    steps: Annotated[int | None, typer.Option(help="Denoising steps, instead of --quality.")] = None,
    guidance: Annotated[float | None, typer.Option(help="How closely the prompt is followed.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The sheet; a page of the same name with .html goes beside it."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="A folder for the single pictures, each with its receipt.")
    ] = None,
    title: Annotated[
        str, typer.Option("--title", help="What stands above it; the names of the rows by default.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite files.")] = False,
    allow_ignored: Annotated[
        bool, typer.Option("--allow-ignored", help="Draw even where an option cannot be applied, and say so.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print files, rows and receipts as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the files' names.")] = False,
) -> None:
    """Put the same picture by several checkpoints, adapters and servers on one sheet."""
    from fluxgram.cli import comparing, comparing_others
    from fluxgram.cli.comparing_sheets import heading_of
    from fluxgram.cli.console import messages, safe
    from fluxgram.cli.prompts import read_prompt
    from fluxgram.engine.request import parse_size
    from fluxgram.settings import Settings

    words, settings, seeds = (
        read_prompt(prompt, None),
        Settings.from_environment(),
        _seeds(seed or [], samples),
    )
    wanted = None if size is None else parse_size(size)
    rows = comparing.drawn_rows(
        checkpoint or ["fluxgram-mini"],
        comparing.adapter_sets(adapter or []),
        seeds,
        settings,
        prompt=words,
        negative=negative,
        negative_method=negative_method,
        negative_scale=negative_scale,
        size=wanted,
        quality=quality,
        steps=steps,
        guidance=guidance,
        allow_ignored=allow_ignored,
    )
    rows += comparing_others.file_rows(picture or [], seeds)
    rows += comparing_others.endpoint_rows(
        endpoint or [],
        seeds,
        os.environ,
        size=comparing.size_of(rows) if wanted else None,
        unsent=comparing_others.unsent_of(adapter or [], negative_method, negative_scale),
    )
    _check(rows)
    title = title.strip() or heading_of(rows)
    sheet, page = _names(out, words, force=force)
    _keep(rows, keep, force=force)
    hushed = quiet or json
    stopped = False
    try:
        comparing.draw(rows, settings, force=force, quiet=hushed)
        comparing_others.ask(
            rows,
            {
                "prompt": words,
                "negative": negative or "",
                "quality": quality,
                "steps": steps,
                "guidance": guidance,
            },
            force=force,
            note=lambda said: None if hushed else messages().print(safe(f"note:  {said}")),
        )
    except KeyboardInterrupt:
        stopped = True
    _write(rows, sheet, page, title=title, words=words, negative=negative or "", force=force)
    _report(rows, sheet, page, title=title, json=json, quiet=quiet)
    _end(rows, sheet, stopped=stopped)


def _seeds(given: Sequence[str], samples: int) -> list[int]:
    """The seeds of the columns.

    Raises:
        RequestError: One is none, or there are several and `--samples` too.
    """
    from fluxgram.cli.comparing import MOST_PICTURES
    from fluxgram.engine.request import parse_seed
    from fluxgram.errors import RequestError

    if not 1 <= samples <= MOST_PICTURES:
        raise RequestError(f"samples can't be {samples}.", f"It is a whole number from 1 to {MOST_PICTURES}.")
    seeds = [parse_seed(text) for text in dict.fromkeys(given)]
    if len(seeds) > 1 and samples > 1:
        raise RequestError(
            "Several seeds and --samples were given.", "Name every seed, or the first one and how many."
        )
    first = seeds or [secrets.randbits(32)]
    return first if len(first) > 1 else [(first[0] + index) % 2**64 for index in range(samples)]


def _check(rows: Sequence[Row]) -> None:
    """Refuse what is no comparison.

    Raises:
        RequestError: One row, or too many pictures.
    """
    from fluxgram.cli.comparing import MOST_PICTURES
    from fluxgram.errors import RequestError

    if len(rows) < 2:
        raise RequestError(
            "There is nothing to compare with.",
            "Add a second --checkpoint, an --adapter, a --picture or an --endpoint.",
        )
    if (count := len(rows) * len(rows[0].cells)) > MOST_PICTURES:
        raise RequestError(
            f"{len(rows)} rows of {len(rows[0].cells)} are {count} pictures.",
            f"A sheet has at most {MOST_PICTURES}.",
        )


def _names(out: Path | None, words: str, *, force: bool) -> tuple[Path, Path]:
    """The names of the sheet and of its page, both free and writable.

    Raises:
        PictureError: One is taken, impossible or not writable.
    """
    from fluxgram.cli.outputs import slug_of
    from fluxgram.errors import PictureError
    from fluxgram.pictures.write import check_output

    if out is None or out.is_dir():
        out = (out or Path()) / f"{slug_of(words)}-comparison.png"
    if out.suffix.lower() not in ("", ".png", ".html"):
        raise PictureError(f"{out.name!r} is no name of a sheet.", "Let it end in .png.")
    names = out.with_suffix(".png"), out.with_suffix(".html")
    for name in names:
        check_output(name, overwrite=force)
    return names


def _keep(rows: Sequence[Row], folder: Path | None, *, force: bool) -> None:
    """Decide where single pictures are kept.

    Raises:
        PictureError: The folder cannot be written, or a name is taken.
    """
    from fluxgram.cli.outputs import slug_of
    from fluxgram.errors import PictureError
    from fluxgram.pictures.write import check_output

    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"The folder {folder} cannot be made: {reason}.", "Name another one.") from None
    for number, row in enumerate(rows, start=1):
        for cell in row.cells if row.kind != "file" else ():
            cell.keep = folder / f"{number}-{slug_of(row.label)}-{cell.seed}.png"
            check_output(cell.keep, overwrite=force)


def _write(
    rows: Sequence[Row], sheet: Path, page: Path, *, title: str, words: str, negative: str, force: bool
) -> None:
    """Write what there is; nothing where nothing was made here."""
    from fluxgram.cli.comparing_sheets import html_of, png_of
    from fluxgram.pictures.write import write_file

    if not _made(rows):
        return
    note = " ".join(words.split()) + (f" · without {negative}" if negative else "")
    write_file(png_of(title, note, rows), sheet, overwrite=force)
    write_file(html_of(title, note, rows).encode(), page, overwrite=force)


def _made(rows: Sequence[Row]) -> bool:
    """Whether anything was made here."""
    return any(cell.picture is not None for row in rows if row.kind != "file" for cell in row.cells)


def _report(rows: Sequence[Row], sheet: Path, page: Path, *, title: str, json: bool, quiet: bool) -> None:
    """Name what was written, and what a picture of each row took."""
    from fluxgram.cli.comparing_sheets import otherwise, pace, values_of
    from fluxgram.cli.console import write_json, write_line

    names = {"png": str(sheet), "html": str(page)} if _made(rows) else None
    if json:
        write_json({"sheet": names, **values_of(title, rows)})
        return
    for row in rows if not quiet else ():
        there = sum(cell.picture is not None for cell in row.cells)
        said = [f"{there} picture{'s' if there != 1 else ''}", pace(row, rows), *otherwise(row)]
        write_line(" · ".join(filter(None, [row.label, *said])))
    for name in (names or {}).values():
        write_line(name)


def _end(rows: Sequence[Row], sheet: Path, *, stopped: bool) -> None:
    """Say which rows failed and why, and end with the right exit status."""
    from fluxgram.cli.console import messages, safe
    from fluxgram.errors import Cancelled

    failed = [(row, row.problem) for row in rows if row.problem is not None]
    for row, problem in failed:
        who = "" if row.kind == "endpoint" else f"{row.label}: "  # which what is said of it names already
        messages().print(safe(f"error: {who}{problem}"))
        if problem is not None and problem.hint:
            messages().print(safe(f"hint:  {problem.hint}"))
    if stopped:
        raise Cancelled(
            f"Stopped; what was there is on {sheet}." if _made(rows) else "Stopped; nothing was written."
        )
    if failed:
        raise typer.Exit(1)
