"""`fluxgram keys`: who else may use the service of this machine. A token is shown once, when its key is made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fluxgram.store.records import KeyRecord

app = typer.Typer(help="Make, list and revoke keys of the service.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call it: phone, the-shop.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="draw, read or admin; repeatable. draw and read by default.")
    ] = None,
    weight: Annotated[float, typer.Option(help="Share of the devices; 2 gets twice what 1 gets.")] = 1.0,
    rate: Annotated[float, typer.Option(help="Calls a minute; 0 is no limit.")] = 0.0,
    burst: Annotated[int, typer.Option(help="Calls at once; 0 is as many as in a minute.")] = 0,
    most_queued: Annotated[int, typer.Option(help="Jobs waiting and running; 0 is the service's.")] = 0,
    most_pictures: Annotated[int, typer.Option(help="Pictures a month; 0 is no limit.")] = 0,
    price: Annotated[
        float | None, typer.Option(help="Of a megapixel-step, instead of the service's.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and show its token, this once."""
    from fluxgram.cli.console import messages, safe, write_json, write_line
    from fluxgram.cli.surroundings import door

    with door() as jobs:
        key, token = jobs.keys.create(
            name,
            scopes=tuple(scope or ("draw", "read")),
            weight=weight,
            rate=rate,
            burst=burst,
            most_queued=most_queued,
            most_pictures=most_pictures,
            price=price,
        )
    if json:
        write_json({**plain(key), "token": token, "webhook_secret": key.webhook_secret})
        return
    write_line(token)
    out = messages()
    out.print(safe(f"The token of {key.name} is shown this once. It may {' and '.join(key.scopes)}."))
    out.print(f"Its webhooks are signed with {key.webhook_secret}")


@app.command("list")
def list_all(json: Json = False) -> None:
    """List keys, also revoked ones; tokens are nowhere to be had."""
    from fluxgram.cli.console import safe, tables, write_json, write_line
    from fluxgram.cli.surroundings import door

    with door() as jobs:
        found = jobs.keys.list()
    if json:
        write_json([plain(key) for key in found])
        return
    if not found:
        write_line("There is no key yet. Make one: fluxgram keys create NAME")
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("name", "key", "may", "weight", "rate", "a month", "made", "used", ""):
        table.add_column(title, overflow="fold")
    for key in found:
        row = (
            key.name,
            f"{key.shown}…",
            " ".join(key.scopes),
            f"{key.weight:g}",
            f"{key.rate:g} a minute" if key.rate else "any",
            f"{key.most_pictures} pictures" if key.most_pictures else "any",
            _day(key.created),
            _day(key.used),
            "revoked" if key.revoked else "",
        )
        table.add_row(*map(safe, row))
    tables().print(table)


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="The key's name or id.")], json: Json = False) -> None:
    """Have a key open nothing any more, from within seconds and for ever."""
    from fluxgram.cli.console import write_json, write_line
    from fluxgram.cli.surroundings import door

    with door() as jobs:
        key = jobs.keys.revoke(name)
    if json:
        write_json(plain(key))
        return
    write_line(f"The key {key.name} is revoked.")


def plain(key: KeyRecord) -> dict[str, Any]:
    """A key for `--json`, without what is secret of it."""
    from dataclasses import asdict

    return {name: value for name, value in asdict(key).items() if name != "webhook_secret"}


def _day(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
