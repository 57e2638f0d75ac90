"""`fluxgram inspect`: the receipt of a picture, for reading or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fluxgram.engine.receipt import Receipt, Text


def inspect(
    picture: Annotated[Path, typer.Argument(help="A picture that fluxgram wrote.")],
    json: Annotated[
        bool, typer.Option("--json", help="Print the receipt as JSON, as it is in the file.")
    ] = False,
) -> None:
    """Show what really happened to a picture's request."""
    from fluxgram.cli.console import safe, tables, write_json
    from fluxgram.engine.receipt import Receipt
    from fluxgram.pictures.read import read_receipt

    values = read_receipt(picture)
    if json:
        write_json(values)
        return
    from rich.table import Table

    receipt = Receipt.from_dict(values)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in lines_of(receipt):
        table.add_row(name, safe(value))
    tables().print(table)


def lines_of(receipt: Receipt) -> list[tuple[str, str]]:
    """The receipt as names and values for people."""
    source, machine = receipt.checkpoint, receipt.machine
    lines = [("prompt", receipt.prompt.text), *_reading(receipt.prompt)]
    if receipt.negative is not None:
        lines.append(("negative", receipt.negative.text))
        lines += _reading(receipt.negative)
    size = "{}x{}".format(*receipt.delivered)
    if receipt.rendered != receipt.delivered:
        size += ", drawn at {}x{}".format(*receipt.rendered)
    guidance = "none" if receipt.guidance <= 1 else f"{receipt.guidance:g}"
    lines += [
        ("seed", str(receipt.seed)),
        ("size", size),
        ("steps", f"{receipt.steps} ({receipt.quality}), noise levels {receipt.schedule}"),
        ("guidance", guidance),
        ("checkpoint", f"{source.name} ({source.family}, {source.licence})"),
        (
            "weights",
            f"{source.fingerprint[:16]}…" + (f", revision {source.revision}" if source.revision else ""),
        ),
    ]
    lines += [
        ("adapter", f"{a.name} x {a.strength:g}, {a.matched} of {a.total} tensors") for a in receipt.adapters
    ]
    lines += [("not applied", f"{entry.name} {entry.value}: {entry.reason}") for entry in receipt.ignored]
    threads = f"{machine.threads} thread{'s' if machine.threads != 1 else ''}"
    lines += [
        ("machine", f"{machine.cpu}, {machine.system}, on {machine.device} in {machine.dtype}, {threads}"),
        ("versions", ", ".join(f"{name} {number}" for name, number in receipt.versions.items())),
        ("seconds", ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in receipt.seconds.items())),
        ("made", receipt.created),
    ]
    return lines


def _reading(text: Text) -> list[tuple[str, str]]:
    """How much of a text was read."""
    if text.method == "none":
        return [("", "not applied")]
    lines = [("", f"{text.kept} of {text.total} tokens read (limit {text.limit})")]
    return [*lines, ("  lost", text.lost.strip())] if text.lost else lines
