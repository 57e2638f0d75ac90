"""`fluxgram character`: keep somebody by name, so that every scene and every shoot has the same face."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxgram.cli.choices import complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.prompt.characters import Cast, Character

app = typer.Typer(help="Keep characters: an anchor and a locked seed, by name.", no_args_is_help=True)


def cast() -> Cast:
    """The user's characters."""
    from fluxgram.prompt.characters import Cast
    from fluxgram.settings import Settings

    return Cast(Settings.from_environment().home / "characters")


def complete_character(incomplete: str) -> list[str]:
    """Names of characters, for the shell."""
    from fluxgram.errors import FluxgramError

    try:
        return [slug for slug in cast().slugs() if slug.startswith(incomplete)]
    except FluxgramError:
        return []


Name = Annotated[str, typer.Argument(help="The character's name.", autocompletion=complete_character)]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What to call it: Mara.")],
    anchor: Annotated[str, typer.Option(help="What never changes: age, skin, hair, features.")],
    seed: Annotated[
        str | None, typer.Option(help="0 … 2^64-1; drawn once and then locked by default.")
    ] = None,
    negative: Annotated[str, typer.Option(help="What must not be there, in every scene.")] = "",
    checkpoint: Annotated[
        str, typer.Option("--checkpoint", "-c", help="What draws it.", autocompletion=complete_checkpoint)
    ] = "",
    reference: Annotated[
        list[Path] | None, typer.Option(help="A picture to keep with it; repeatable.")
    ] = None,
    notes: Annotated[str, typer.Option(help="For you; never part of a prompt.")] = "",
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite a character.")] = False,
    json: Json = False,
) -> None:
    """Keep a new character."""
    from fluxgram.cli.console import messages, safe, write_json, write_line
    from fluxgram.prompt.characters import Character, anchor_warnings
    from fluxgram.prompt.toml_tables import plain_text

    shelf = cast()
    character = Character(
        name=plain_text(name),
        anchor=plain_text(anchor),
        seed=secrets.randbits(32) if seed is None else _seed(seed),
        negative=plain_text(negative),
        checkpoint=checkpoint,
        references=tuple(_from(shelf.folder, path) for path in reference or ()),
        notes=plain_text(notes),
    )
    path = shelf.save(character, overwrite=force)
    for warning in anchor_warnings(character.anchor):
        messages().print(safe(f"warning:  {warning}"))
    if json:
        write_json(plain(character, path))
        return
    drawn = " (drawn now, and locked)" if seed is None else ""
    write_line(f"{character.name} · seed {character.seed}{drawn} · {path}")


def _seed(text: str) -> int:
    from fluxgram.errors import ShootError
    from fluxgram.prompt.toml_tables import MOST_SEED

    if not (text.strip().isascii() and text.strip().isdigit() and len(text) <= 40 and int(text) <= MOST_SEED):
        hint = f"A seed is a whole number from 0 to {MOST_SEED}. Leave it out for one that is drawn."
        raise ShootError(f"{text[:40]!r} is not a seed.", hint)
    return int(text)


def _from(folder: Path, path: Path) -> str:
    """A path as it is written in a file of `folder`."""
    from fluxgram.errors import ShootError

    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except (OSError, ValueError) as error:
        raise ShootError(f"{str(path)[:80]!r} is no name of a file: {error}.", "Name a picture.") from None


def plain(character: Character, path: Path) -> dict[str, Any]:
    """A character for `--json`."""
    from dataclasses import asdict

    return {**asdict(character), "file": str(path)}


@app.command("list")
def list_all(json: Json = False) -> None:
    """List the characters."""
    from fluxgram.cli.console import safe, tables, write_json, write_line
    from fluxgram.errors import FluxgramError

    shelf = cast()
    found: list[tuple[str, Character | FluxgramError]] = []
    for slug in shelf.slugs():
        try:
            found.append((slug, shelf.load(slug)))
        except FluxgramError as error:  # one damaged file does not hide the others
            found.append((slug, error))
    if json:
        write_json(
            [
                {"name": slug, "error": str(each)}
                if isinstance(each, FluxgramError)
                else plain(each, shelf.path(slug))
                for slug, each in found
            ]
        )
        return
    if not found:
        write_line('There is no character yet. Make one: fluxgram character new NAME --anchor "…"')
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("name", "seed", "anchor"):
        table.add_column(title, overflow="fold", no_wrap=title != "anchor")
    for slug, each in found:
        row = (
            (slug, "", f"error: {each}")
            if isinstance(each, FluxgramError)
            else (each.name, str(each.seed), each.anchor)
        )
        table.add_row(*map(safe, row))
    tables().print(table)


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show a character."""
    from fluxgram.cli.console import messages, safe, tables, write_json
    from fluxgram.prompt.characters import anchor_warnings

    shelf = cast()
    character, path = shelf.load(name), shelf.path(name)
    for warning in anchor_warnings(character.anchor):
        messages().print(safe(f"warning:  {warning}"))
    if json:
        write_json(plain(character, path))
        return
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    adapters = ", ".join(f"{each.source} at {each.strength:g}" for each in character.adapters)
    lines = [
        ("name", character.name),
        ("anchor", character.anchor),
        ("seed", str(character.seed)),
        ("negative", character.negative),
        ("checkpoint", character.checkpoint),
        ("adapters", adapters),
        ("references", ", ".join(character.references)),
        ("notes", character.notes),
        ("file", str(path)),
    ]
    for title, value in lines:
        if value:
            table.add_row(title, safe(value))
    tables().print(table)


@app.command()
def remove(
    name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False
) -> None:
    """Delete a character's file; its pictures stay where they are."""
    from fluxgram.cli.console import write_line
    from fluxgram.errors import ShootError

    shelf = cast()
    if not yes and shelf.path(name).is_file():
        if not sys.stdin.isatty():
            raise ShootError(f"{name} was not deleted: nobody could be asked.", "Add --yes.")
        typer.confirm(f"Delete {shelf.path(name)}?", abort=True)
    write_line(f"{shelf.remove(name)} is deleted.")
