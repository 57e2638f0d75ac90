"""All commands and how they are called. Each is one file beside this; only they import what takes time."""

from __future__ import annotations

from typing import Annotated

import typer

from fluxgram.cli import (
    adapters,
    character,
    checkpoints,
    compare,
    compose,
    doctor,
    enhance,
    explain,
    generate,
    inspect,
    keys,
    lint,
    queue,
    reshoot,
    serve,
    shoot,
    studio,
    usage,
    vocabulary,
)

app = typer.Typer(
    name="fluxgram",
    help="Say it, shoot it, measure it: photographic portraits with FLUX, with a receipt in every picture.",
    epilog="Add --debug to any command to see the details of a failure.",
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("generate")(generate.generate)
app.command("compare")(compare.compare)
app.command("reshoot")(reshoot.reshoot)
app.command("inspect")(inspect.inspect)
app.command("doctor")(doctor.doctor)
app.command("compose")(compose.compose)
app.command("enhance")(enhance.enhance)
app.command("shoot")(shoot.shoot)
app.command("lint")(lint.lint)
app.command("explain")(explain.explain)
app.command("vocabulary")(vocabulary.vocabulary)
app.command("studio")(studio.studio)
app.command("serve")(serve.serve)
app.command("usage")(usage.usage)
app.add_typer(keys.app, name="keys")
app.add_typer(queue.app, name="queue")
app.add_typer(character.app, name="character")
app.add_typer(checkpoints.app, name="checkpoints")
app.add_typer(adapters.app, name="adapters")


def _version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"fluxgram {version('fluxgram')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def front(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda value: _version(asked=value), is_eager=True, help="Name the version."
        ),
    ] = False,
) -> None:
    """Say it, shoot it, measure it: photographic portraits with FLUX, with a receipt in every picture."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
