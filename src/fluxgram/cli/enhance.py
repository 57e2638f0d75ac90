"""`fluxgram enhance`: complete a prompt, and say why.

The prompt goes to standard output and nothing else does, so that it can be piped; what was added and why is told on
standard error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.prompt.enhance import Enhanced


def complete_strength(incomplete: str) -> list[str]:
    """Strengths, for the shell."""
    return [name for name in ("light", "full") if name.startswith(incomplete)]


def enhance(
    text: Annotated[
        str, typer.Argument(help="The prompt; @FILE reads it from a file, - from standard input.")
    ],
    strength: Annotated[
        str,
        typer.Option(
            "--strength", "-s", help="light (only light and lens) or full.", autocompletion=complete_strength
        ),
    ] = "full",
    negative: Annotated[str, typer.Option(help="Your negative prompt; nothing is added to it.")] = "",
    size: Annotated[str, typer.Option(help="512x768 and the like: which details can show.")] = "",
    checkpoint: Annotated[
        str,
        typer.Option(
            "--checkpoint",
            "-c",
            help="For this checkpoint: its size, and whether it honours a negative prompt.",
            autocompletion=complete_checkpoint,
        ),
    ] = "",
    url: Annotated[
        str, typer.Option(help="Let a language model do it: an OpenAI-compatible chat endpoint, http://…/v1.")
    ] = "",
    model_name: Annotated[str, typer.Option(help="What the endpoint calls its language model.")] = "default",
    key: Annotated[
        str, typer.Option(help="The endpoint's key, if it wants one.", envvar="FLUXGRAM_CHAT_KEY")
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="Print prompt, negative and additions as JSON.")
    ] = False,
) -> None:
    """Fill in what a prompt lacks: light, lens, skin detail, negative prompt. Your words stay as they are."""
    from fluxgram.cli.console import write_json, write_line
    from fluxgram.cli.prompts import read_prompt
    from fluxgram.prompt.enhance import enhance as complete

    words = read_prompt(text, None)
    pixels = _size(size)
    facts = None
    if checkpoint:
        from fluxgram.jobs.facts import checkpoint_facts

        facts = checkpoint_facts(checkpoint)
    if url:
        from fluxgram.prompt.chat import ChatModel
        from fluxgram.prompt.rewrite import enhance_with

        model = ChatModel(url, model_name, key=key)
        done = enhance_with(model, words, strength, negative=negative, size=pixels, facts=facts)  # type: ignore[arg-type]
    else:
        done = complete(words, strength, negative=negative, size=pixels, facts=facts)  # type: ignore[arg-type]
    if json:
        write_json(_as_json(done))
        return
    write_line(done.text)
    _explain(done)


def _size(size: str) -> tuple[int, int] | None:
    """Width and height in px of "512x768"."""
    from fluxgram.errors import RequestError

    if not size:
        return None
    width, _, height = size.lower().replace("×", "x").partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and 0 < int(width) <= 65536 and 0 < int(height) <= 65536
    ):
        raise RequestError(f"{size!r} is not a size.", "Say width and height in px: 512x768.")
    return int(width), int(height)


def _as_json(done: Enhanced) -> dict[str, object]:
    return {
        "text": done.text,
        "negative": done.negative,
        "additions": [
            {
                "text": addition.text,
                "why": addition.why,
                "term": addition.term.id if addition.term else None,
                "negative": addition.negative,
            }
            for addition in done.additions
        ],
        "note": done.note,
    }


def _explain(done: Enhanced) -> None:
    from fluxgram.cli.console import messages, safe

    out = messages()
    for addition in done.additions:
        sign = "- negative:" if addition.negative else "+"
        out.print(f"{sign} {safe(addition.text)}\n    {safe(addition.why)}")
    if done.note:
        out.print(safe(done.note))
    if not done.additions and not done.note:
        out.print("Nothing was missing.")
