"""`fluxgram adapters`: which adapters are here; `add` one from a file or the hub, `inspect` it, `remove` it."""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxgram.cli.choices import complete_adapter, complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.errors import FluxgramError
    from fluxgram.families.adapters.adapter import Report
    from fluxgram.families.adapters.shelf import KnownAdapter
    from fluxgram.settings import Settings

app = typer.Typer(help="List adapters (LoRA and its kin); add, inspect and remove them.")
Name = Annotated[str, typer.Argument(help="The adapter's name.", autocompletion=complete_adapter)]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
_SHOWN = 10


@app.callback(invoke_without_command=True)
def adapters(context: typer.Context, json: Json = False) -> None:
    """List adapters with what they were made for, weight and words."""
    if context.invoked_subcommand is None:
        _list(as_json=json)


@app.command("list")
def show(json: Json = False) -> None:
    """List adapters with what they were made for, weight and words."""
    _list(as_json=json)


@app.command()
def add(
    source: Annotated[
        str, typer.Argument(help="A .safetensors file, or a hub id: owner/repo, owner/repo/file.safetensors.")
    ],
    name: Annotated[str, typer.Option(help="What to call it; made of the file's name by default.")] = "",
    weight: Annotated[float, typer.Option(help="Its weight where nobody says one, -4 … 4.")] = 1.0,
    word: Annotated[
        list[str] | None, typer.Option(help="A word that calls what it has learned; repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Take the place of one of that name.")] = False,
    json: Json = False,
) -> None:
    """Look at all of an adapter and keep it by name."""
    from fluxgram.cli.console import messages, safe, write_json, write_line
    from fluxgram.families.adapters.shelf import add_adapter
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    added = add_adapter(source, settings, name=name, weight=weight, words=word or (), replace=force)
    if not added.fresh:
        known = added.adapter.name
        messages().print(
            safe(
                f"This file is here already, as {known}; nothing was changed. Another weight or other words: "
                f"--name {known} --force. Another name beside that one: --name NAME --force."
            )
        )
    if json:
        write_json({**_row(added.adapter), "fresh": added.fresh})
    else:
        write_line(added.adapter.name)


@app.command()
def inspect(
    source: Annotated[
        str, typer.Argument(help="A name, a file or a hub id.", autocompletion=complete_adapter)
    ],
    checkpoint: Annotated[
        str,
        typer.Option(
            "--checkpoint", "-c", help="Say whether it fits this one.", autocompletion=complete_checkpoint
        ),
    ] = "",
    json: Json = False,
) -> int:
    """Show what is in an adapter; exit with 1 where it cannot be used."""
    from fluxgram.cli.console import write_json
    from fluxgram.errors import AdapterDamaged
    from fluxgram.families.adapters.reading import fault_of, fingerprint_of, inspect_adapter
    from fluxgram.families.adapters.shelf import changed, find_adapter
    from fluxgram.jobs.shelving import plain_report, plain_verdict
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    shapes = _shapes(checkpoint, settings) if checkpoint else None
    found = find_adapter(source, settings)
    fault: FluxgramError | None = changed(found, fingerprint_of(found.path)) if found.fingerprint else None
    try:
        report = inspect_adapter(found.path, shapes)
    except AdapterDamaged as reason:
        raise fault or reason from None
    fault = fault or fault_of(found.path, shapes, name=found.name, made_for=checkpoint)
    if json:
        said = {"idle_patterns": list(report.idle)} | plain_verdict(fault, checkpoint)
        write_json(_row(found) | plain_report(report) | said)
    else:
        _print(found, report, fault, checkpoint)
    return 0 if fault is None else 1


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete an adapter that was added."""
    from fluxgram.cli.console import write_line
    from fluxgram.errors import Cancelled, RequestError
    from fluxgram.families.adapters.shelf import remove_adapter, whole_shelf
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    shelf = whole_shelf(settings)
    if not yes and (name in shelf.known or name in shelf.broken):
        if not sys.stdin.isatty():
            raise RequestError(f"Nobody is there to confirm the removal of {name}.", "Add --yes.")
        if not typer.confirm(f"Remove the adapter {name}?", err=True):
            raise Cancelled("Nothing was removed.")
    write_line(f"{remove_adapter(name, settings) / 1e6:.1f} MB are free again.")


def _list(*, as_json: bool) -> None:
    from fluxgram.cli.console import messages, safe, write_json
    from fluxgram.families.adapters.shelf import whole_shelf
    from fluxgram.settings import Settings

    shelf = whole_shelf(Settings.from_environment())
    rows = [_row(each) for each in shelf.known.values()]
    if as_json:
        write_json(rows)
    elif rows:
        _print_all(rows)
    elif not shelf.broken and shelf.closed is None:
        messages().print("There are no adapters yet. Add one: fluxgram adapters add FILE")
    for name, why in shelf.broken.items():
        messages().print(safe(f"{name} cannot be used: {why} {why.hint}"))
    if shelf.closed is not None:
        raise shelf.closed


def _print_all(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from fluxgram.cli.console import safe, tables

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("name", "made for", "weight", "words", "from"):
        table.add_column(title, overflow="fold", no_wrap=title == "name")
    for row in rows:
        words = ", ".join(row["words"])
        table.add_row(
            *map(safe, (row["name"], row["base"] or "?", f"{row['weight']:g}", words, row["source"]))
        )
    tables().print(table)


def _row(adapter: KnownAdapter) -> dict[str, Any]:
    return {
        "name": adapter.name,
        "base": adapter.base,
        "weight": adapter.weight,
        "words": list(adapter.words),
        "licence": adapter.licence,
        "source": adapter.source,
        "file": str(adapter.path),
        "fingerprint": adapter.fingerprint,
        "added": adapter.added,
    }


def _shapes(checkpoint: str, settings: Settings) -> dict[str, tuple[int, ...]]:
    from fluxgram.families.adapters.layers import shapes_of
    from fluxgram.families.checkpoints import find

    return shapes_of(find(checkpoint, settings), settings)


def _print(found: KnownAdapter, report: Report, fault: FluxgramError | None, checkpoint: str) -> None:
    from rich.table import Table

    from fluxgram.cli.console import safe, tables

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
    rows = {
        "name": found.name,
        "file": str(found.path),
        "from": found.source if not found.source.startswith("file:") else "",
        "made for": report.base or "cannot be told",
        "written as": report.form,
        "changes": kinds or "none",
        "rank": ", ".join(map(str, report.ranks)),
        "alpha": ", ".join(f"{alpha:g}" for alpha in report.alphas)
        or ("not said: the rank" if report.ranks else ""),
        "idle patterns": ", ".join(report.idle),
        "layers": _layers(report),
        "tensors": _tensors(report),
        "weight": f"{found.weight:g}" if found.fingerprint else "",
        "words": ", ".join(found.words),
        "licence": found.licence,
        f"fits {checkpoint}" if checkpoint else "usable": "yes" if fault is None else f"no. {fault}",
        "hint": "" if fault is None else fault.hint,
    }
    for title, words in rows.items():
        if words:
            table.add_row(title, safe(words))
    for number, (name, near) in enumerate(report.unmatched.items()):
        if number == _SHOWN:
            table.add_row("", f"and {len(report.unmatched) - _SHOWN} more")
            break
        table.add_row(
            "" if number else "no place", safe(f"{name}{f'  (nearest: {near[0]})' if near else ''}")
        )
    tables().print(table)


def _tensors(report: Report) -> str:
    """How many tensors have a place, and how many need none."""
    idle = report.total - report.matched - len(report.unmatched)
    zeros = f"; {idle} are zeros for layers that are not there" if idle else ""
    return f"{report.matched} of {report.total} have a place{zeros}"


def _layers(report: Report) -> str:
    """How many layers are changed, by where they are."""
    groups: Counter[str] = Counter()
    blocks: dict[str, set[str]] = {}
    for path in report.layers:
        block = re.match(r"transformer\.(single_)?transformer_blocks\.(\d+)\.", path)
        elsewhere = path.partition(".")[0].replace("_", " ")
        group = f"{'single' if block[1] else 'double'} blocks" if block else elsewhere
        groups[group] += 1
        blocks.setdefault(group, set()).add(block[2] if block else "")
    return ", ".join(
        f"{count} in {len(blocks[group])} {group}" if group.endswith("blocks") else f"{count} in the {group}"
        for group, count in groups.items()
    )
