"""`fluxgram inspect`: the receipt of a picture, for reading or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

WAYS = {
    "true_cfg": "a second pass (true_cfg)",
    "vsf": "value sign flip (vsf)",
    "nag": "normalised attention guidance (nag)",
}

if TYPE_CHECKING:
    from fluxgram.engine.receipt import Adapter, Receipt, Text


def inspect(
    picture: Annotated[Path, typer.Argument(help="A picture that fluxgram wrote.")],
    json: Annotated[
        bool, typer.Option("--json", help="Print the receipt as JSON, as it is in the file.")
    ] = False,
) -> None:
    """Show what really happened to a picture's request; of a sheet of `fluxgram compare`, what is on it."""
    from fluxgram.cli.console import safe, tables, write_json
    from fluxgram.engine.receipt import Receipt
    from fluxgram.errors import NoReceipt
    from fluxgram.pictures.read import read_comparison, read_receipt

    sheet: dict[str, object] | None = None
    try:
        values = read_receipt(picture)
    except NoReceipt as error:
        try:
            values = sheet = read_comparison(picture)
        except NoReceipt:
            raise error from None
    if json:
        write_json(values)
        return
    from rich.table import Table

    lines = lines_of(Receipt.from_dict(values)) if sheet is None else lines_of_sheet(sheet)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in lines:
        table.add_row(safe(name), safe(value))
    tables().print(table)


def lines_of_sheet(sheet: dict[str, object]) -> list[tuple[str, str]]:
    """What is on a sheet of `fluxgram compare`, row by row; `--json` has the receipts.

    Raises:
        NoReceipt: It is none that this version can read.
    """
    from fluxgram.cli.comparing import called
    from fluxgram.errors import NoReceipt

    try:
        rows: Any = sheet["rows"]
        lines = [("sheet", str(sheet["title"]))]
        for row in rows:
            pictures = row["pictures"]
            seeds = ", ".join(str(each["seed"]) for each in pictures if each["seed"] is not None)
            lines.append(
                (str(row["label"]), f"{row['kind']}, {len(pictures)} places, seeds {seeds or 'unknown'}")
            )
            sent: dict[str, Any] = next((each["sent"] for each in pictures if each.get("sent")), {})
            if sent:
                lines.append(
                    ("", "sent " + ", ".join(f"{called(name)} {value}" for name, value in sent.items()))
                )
            lines += [
                ("", f"not applied: {called(name)}. {why}")
                for name, why in row.get("not_applied", {}).items()
            ]
            lines += [("", str(each["problem"])) for each in pictures if each["problem"]]
    except (KeyError, TypeError, AttributeError):
        raise NoReceipt(
            "The sheet's contents are damaged.", "Take the file as it was first written."
        ) from None
    return lines


def lines_of(receipt: Receipt) -> list[tuple[str, str]]:
    """The receipt as names and values for people."""
    source, machine = receipt.checkpoint, receipt.machine
    lines = [("prompt", receipt.prompt.text), *_reading(receipt.prompt)]
    if receipt.negative is not None:
        lines.append(("negative", receipt.negative.text))
        lines += _reading(receipt.negative)
        if receipt.negative.method != "none":
            lines.append(("  by", way_line(receipt.negative)))
    size = "{}x{}".format(*receipt.delivered)
    if receipt.rendered != receipt.delivered:
        size += ", drawn at {}x{}".format(*receipt.rendered)
    asked = f", for {source.asked}" if source.asked else ""
    guidance = "none" if receipt.guidance == 1 else f"{receipt.guidance:g}"
    lines += [
        ("seed", str(receipt.seed)),
        ("size", size),
        ("steps", f"{receipt.steps} ({receipt.quality}), noise levels {receipt.schedule}"),
        ("guidance", guidance),
        ("checkpoint", f"{source.name} ({source.family}, {source.licence}){asked}"),
        (
            "weights",
            f"{source.fingerprint[:16]}…" + (f", revision {source.revision}" if source.revision else ""),
        ),
    ]
    lines += [("adapter", adapter_line(each)) for each in receipt.adapters]
    lines += [("not applied", f"{entry.name} {entry.value}: {entry.reason}") for entry in receipt.ignored]
    threads = f"{machine.threads} thread{'s' if machine.threads != 1 else ''}"
    lines += [
        ("machine", f"{machine.cpu}, {machine.system}, on {machine.device} in {machine.dtype}, {threads}"),
        ("versions", ", ".join(f"{name} {number}" for name, number in receipt.versions.items())),
        ("seconds", ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in receipt.seconds.items())),
        ("made", receipt.created),
    ]
    return lines


def adapter_line(adapter: Adapter) -> str:
    """An adapter as it was applied, in a line."""
    line = f"{adapter.name} x {adapter.strength:g}, {adapter.matched} of {adapter.total} tensors"
    if adapter.steps is not None:
        line += ", steps {:g}-{:g}".format(*adapter.steps)
    if adapter.blocks:
        line += ", blocks " + ", ".join(f"{name} x {factor:g}" for name, factor in adapter.blocks.items())
    return f"{line}, {adapter.fingerprint[:16]}…"


def way_line(text: Text) -> str:
    """How a negative prompt steered, in a line."""
    line = WAYS.get(text.method, text.method)
    line += "" if text.scale is None else f", scale {text.scale:g}"
    return line if text.cost in (None, 1.0) else f"{line}, a step costs {text.cost:g} times as much"


def _reading(text: Text) -> list[tuple[str, str]]:
    """How much of a text was read."""
    if text.method == "none":
        return [("", "not applied")]
    given = [] if text.read is None else [("  read as", text.read)]
    lines = [*given, ("", f"{text.kept} of {text.total} tokens read (limit {text.limit})")]
    return [*lines, ("  lost", text.lost.strip())] if text.lost else lines
