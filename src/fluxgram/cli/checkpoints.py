"""`fluxgram checkpoints`: what can draw here, under which licence, and whether it fits; `pull`, `where`, `remove`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxgram.cli.choices import complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings

app = typer.Typer(help="List checkpoints; bring them here, find them, remove them.")
Name = Annotated[
    str, typer.Argument(help="A checkpoint's name or hub id.", autocompletion=complete_checkpoint)
]


@app.callback(invoke_without_command=True)
def checkpoints(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List checkpoints with licence, size and whether they fit this machine."""
    if context.invoked_subcommand is not None:
        return
    from fluxgram.cli.console import safe, tables, write_json
    from fluxgram.families.checkpoints import known
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    rows = [row_of(checkpoint, settings) for checkpoint in known(settings).values()]
    if json:
        write_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("name", "licence", "download", "memory", "here", "fits"):
        table.add_column(title, overflow="fold", no_wrap=title == "name")
    for row in rows:
        size = f"{row['download_gb']:.2f} GB" if row["download_gb"] < 1 else f"{row['download_gb']:.0f} GB"
        licence = (
            row["licence"]
            + ("" if row["commercial"] else ", not commercial")
            + (", gated" if row["gated"] else "")
        )
        here = "yes" if row["folder"] else "no"
        if row["folder"] and row["fast"] and not row["fast_here"]:
            here += f"; {row['fast']}, which draws its drafts, no"
        table.add_row(
            *map(safe, (row["name"], licence, size, f"{row['memory_gb']:.1f} GiB", here, row["fits"]))
        )
    tables().print(table)


def row_of(checkpoint: Checkpoint, settings: Settings) -> dict[str, Any]:
    """What the list says of one checkpoint."""
    from fluxgram.families.checkpoints import find
    from fluxgram.families.placement import place
    from fluxgram.families.sources import is_present, where

    placement = place(checkpoint, settings)
    fast = find(checkpoint.fast, settings) if checkpoint.fast else None
    folder = where(checkpoint, settings)
    fits = {"all": "yes", "too big": "no"}.get(placement.plan, placement.plan)
    return {
        "name": checkpoint.name,
        "title": checkpoint.title,
        "aliases": list(checkpoint.aliases),
        "source": checkpoint.source,
        "licence": checkpoint.licence.name,
        "licence_page": checkpoint.licence.page,
        "commercial": checkpoint.licence.commercial,
        "outputs": checkpoint.licence.outputs,
        "gated": checkpoint.licence.gated,
        "download_gb": checkpoint.download_gb,
        "memory_gb": checkpoint.memory_gb,
        "folder": None if folder is None else str(folder),
        "fast": checkpoint.fast,
        "fast_here": fast is not None and is_present(fast, settings),
        "fits": f"{fits}, {placement.dtype} on {placement.device}" if fits != "no" else "no",
        "placement": placement.sentence,
    }


@app.command()
def pull(name: Name) -> None:
    """Bring a checkpoint onto this machine."""
    from fluxgram.cli.console import write_line
    from fluxgram.cli.drawing import Drawing
    from fluxgram.engine.events import Loading
    from fluxgram.families.sources import pull as fetch

    checkpoint, settings = _find(name)
    licence = checkpoint.licence
    drawing = Drawing([])
    drawing.note(f"{checkpoint.name}: licence {licence.name} {licence.page}".rstrip())
    with drawing:
        folder = fetch(
            checkpoint, settings, lambda stage, fraction: drawing(Loading("pull", stage, fraction))
        )
    write_line(str(folder))


@app.command()
def where(name: Name) -> None:
    """Print the folder of a checkpoint that is on this machine."""
    from fluxgram.cli.console import write_line
    from fluxgram.errors import CheckpointMissing
    from fluxgram.families.sources import where as folder_of

    checkpoint, settings = _find(name)
    folder = folder_of(checkpoint, settings)
    if folder is None:
        raise CheckpointMissing(
            f"{checkpoint.name} is not on this machine.", f"fluxgram checkpoints pull {name}"
        )
    write_line(str(folder))


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete the downloaded files of a checkpoint."""
    from fluxgram.cli.console import write_line
    from fluxgram.errors import Cancelled, RequestError
    from fluxgram.families.sources import remove as delete
    from fluxgram.families.sources import size_on_disk

    checkpoint, settings = _find(name)
    size = size_on_disk(checkpoint, settings)
    if not yes and size and checkpoint.source.startswith("hub:"):
        if not sys.stdin.isatty():
            raise RequestError(f"Nobody is there to confirm the removal of {checkpoint.name}.", "Add --yes.")
        if not typer.confirm(f"Remove {checkpoint.name} ({size / 1e9:.1f} GB)?", err=True):
            raise Cancelled("Nothing was removed.")
    write_line(f"{delete(checkpoint, settings) / 1e9:.2f} GB are free again.")


def _find(name: str) -> tuple[Checkpoint, Settings]:
    from fluxgram.families.checkpoints import find
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    return find(name, settings), settings
