"""`fluxgram studio`: the service on this machine with its pages opened in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from fluxgram.cli.choices import complete_checkpoint


def studio(
    port: Annotated[int | None, typer.Option(help="TCP port, 7070 by default; 0 takes a free one.")] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", "-c", help="What draws at first.", autocompletion=complete_checkpoint),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Light, shoot, compare and keep portraits in the browser. Ctrl-C ends it; what waits goes on at the next start."""
    import webbrowser

    from fluxgram.cli.console import messages, safe
    from fluxgram.cli.surroundings import needs_the_server
    from fluxgram.service import ServiceSettings
    from fluxgram.settings import Settings

    needs_the_server()
    from fluxgram.server.neighbours import answers
    from fluxgram.server.run import serve
    from fluxgram.studio.studio import install

    settings = Settings.from_environment()
    service = ServiceSettings.load(settings.home, port=port, checkpoint=checkpoint)
    out = messages()
    running = f"http://127.0.0.1:{service.port}"
    if service.port and answers(running):
        out.print(safe(f"fluxgram runs already: {running}/"))
        if browser:
            webbrowser.open(f"{running}/")
        return

    def announce(url: str) -> None:
        out.print(safe(f"The Studio is at {url}/ and draws with {service.checkpoint}. Ctrl-C ends it."))
        if browser:
            webbrowser.open(f"{url}/")

    serve(settings, service, announce, lambda sentence: out.print(safe(sentence)), install)
