"""`fluxgram doctor`: this machine, what will run on it and about how fast, and what would help.

Only shows; what is looked at and measured is in `jobs/examination.py`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Examine the machine."""
    from fluxgram.cli.console import messages, safe, tables, write_json
    from fluxgram.jobs.examination import examine
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    console = messages()
    with console.status("measuring …"):
        found = examine(settings)
    if json:
        write_json(asdict(found))
    else:
        from rich.table import Table

        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(overflow="fold")
        for name, value in found.facts.items():
            table.add_row(name, safe(value))
        for number, outlook in enumerate(found.outlooks):
            table.add_row("will run" if number == 0 else "", safe(outlook.sentence))
        for number, remedy in enumerate(found.remedies):
            table.add_row("remedies" if number == 0 else "", safe(remedy))
        tables().print(table)
    if not any(outlook.runs for outlook in found.outlooks):
        raise typer.Exit(1)
