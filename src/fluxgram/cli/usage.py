"""`fluxgram usage`: what each key drew on which day, and what it costs."""

from __future__ import annotations

from typing import Annotated

import typer


def usage(
    since: Annotated[str, typer.Option(help="First day (UTC), such as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Last day (UTC).")] = "",
    key: Annotated[str, typer.Option(help="Only this key, by name or id.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print it as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show usage by key, day and checkpoint, at the prices of service.toml and of the keys."""
    import sys
    from dataclasses import asdict

    from fluxgram.cli.console import safe, tables, write_json, write_line
    from fluxgram.cli.surroundings import day, door
    from fluxgram.errors import RequestError
    from fluxgram.jobs.usage import usage_csv, usage_of

    if csv and json:
        raise RequestError("CSV and JSON are both asked for.", "Leave one out.")
    since, until = day(since, "--since"), day(until, "--until")
    with door() as jobs:
        owner = jobs.keys.find(key).id if key else None
        rows = usage_of(jobs, owner, since, until)
        currency = jobs.service.currency
    if csv:
        sys.stdout.write(usage_csv(rows).replace("\r\n", "\n"))
        return
    if json:
        write_json([asdict(row) for row in rows])
        return
    if not rows:
        write_line("Nothing was drawn yet.")
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("day", "key", "checkpoint", "jobs", "pictures", "megapixel-steps", "seconds", "price"):
        table.add_column(title, justify="left" if title in ("day", "key", "checkpoint") else "right")
    for row in rows:
        cells = (row.day, row.name or row.owner or "(none)", row.checkpoint, str(row.jobs), str(row.pictures),
                 f"{row.megapixel_steps:.2f}", f"{row.seconds:.1f}", f"{row.price:.2f} {currency}".strip())  # fmt: skip
        table.add_row(*map(safe, cells))
    tables().print(table)
