"""`fluxgram serve`: the service on this machine, until it is told to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.service import ServiceSettings


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on, 127.0.0.1 by default; any other needs a key.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="TCP port, 7070 by default; 0 takes a free one.")] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            "-c",
            help="What draws where a client names none.",
            autocompletion=complete_checkpoint,
        ),
    ] = None,
    require_key: Annotated[
        bool, typer.Option("--require-key", help="Ask for a key on 127.0.0.1 too.")
    ] = False,
    log_format: Annotated[
        str | None, typer.Option(help="auto, json or text; auto is text on a terminal.")
    ] = None,
) -> None:
    """Answer ModelsLab v6, OpenAI Images and native clients, and the Studio's pages, from a durable queue."""
    from fluxgram.cli.console import messages, safe
    from fluxgram.cli.surroundings import needs_the_server
    from fluxgram.service import ServiceSettings
    from fluxgram.settings import Settings

    needs_the_server()
    from fluxgram.server.run import serve as run
    from fluxgram.studio.studio import install

    settings = Settings.from_environment()
    service = ServiceSettings.load(
        settings.home,
        host=host,
        port=port,
        checkpoint=checkpoint,
        require_key=require_key or None,
        log_format=log_format,
    )
    out = messages()

    def announce(url: str) -> None:
        for line in greeting(url, service):
            out.print(safe(line))

    run(settings, service, announce, lambda sentence: out.print(safe(sentence)), install)


def greeting(url: str, service: ServiceSettings) -> list[str]:
    """What is said once the service listens: where, with which checkpoint, and how to try it."""
    from fluxgram.server.callers import needs_key

    key = ' -H "Authorization: Bearer fg_…"' if needs_key(service) else ""
    body = '\'{"prompt": "portrait of a sailor"}\''
    return [
        f"fluxgram listens on {url} and draws with {service.checkpoint}. Ctrl-C ends it.",
        f"Studio:  {url}/",
        f"try:  curl {url}/api/v1/jobs{key} -H 'Content-Type: application/json' -d {body}",
    ]
