"""`fluxgram compose`: say what is wanted part by part, and get the prompt.

The prompt goes to standard output and nothing else does, so that it can be piped; the negative prompt is told on
standard error. What is written how is `fluxgram.prompt.compose`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.prompt.facts import CheckpointFacts

Items = list[str] | None

FAMILIES = ("flux1", "flux2", "flux3")


def complete_preset(incomplete: str) -> list[str]:
    """Names of presets, for the shell."""
    from fluxgram.photography.catalog import catalog

    names = [id_.partition(".")[2] for id_ in catalog().presets]
    return [name for name in names if name.startswith(incomplete.removeprefix("preset."))]


def complete_light(incomplete: str) -> list[str]:
    """Names of lights, for the shell."""
    from fluxgram.photography.catalog import catalog

    return [term.name for term in catalog().of_kind("light") if term.name.startswith(incomplete)]


def compose(
    subject: Annotated[str, typer.Argument(help='Who or what it shows: "portrait of a woman in her 30s".')],
    kind: Annotated[
        str, typer.Option(help="portrait, environment, product, macro, landscape or interior.")
    ] = "",
    preset: Annotated[
        str, typer.Option(help="A whole look; what you say beside it wins.", autocompletion=complete_preset)
    ] = "",
    detail: Annotated[Items, typer.Option(help="A physical detail; repeatable.")] = None,
    action: Annotated[str, typer.Option(help="What the subject does.")] = "",
    setting: Annotated[str, typer.Option(help="Where it is, or what is behind.")] = "",
    material: Annotated[Items, typer.Option(help="What it is made of (product, macro, interior).")] = None,
    atmosphere: Annotated[Items, typer.Option(help="What the air holds (landscape).")] = None,
    surroundings: Annotated[Items, typer.Option(help="What is to be seen there (environment).")] = None,
    light: Annotated[
        Items,
        typer.Option(help="A light: rembrandt, window, ...; repeatable.", autocompletion=complete_light),
    ] = None,
    side: Annotated[str, typer.Option(help="left or right, of the picture.")] = "",
    lens: Annotated[str, typer.Option(help="A lens: 85mm, sigma-35mm-f1-4.")] = "",
    aperture: Annotated[str, typer.Option(help="An f-number: 1.8, f/8.")] = "",
    camera: Annotated[Items, typer.Option(help="A camera, a film or words for one; repeatable.")] = None,
    quality: Annotated[Items, typer.Option(help="A quality marker; repeatable.")] = None,
    negative: Annotated[str, typer.Option(help="What must not be there: a set (always) or words.")] = "",
    family: Annotated[str, typer.Option(help="flux1, flux2 or flux3: how it reads best.")] = "",
    checkpoint: Annotated[
        str,
        typer.Option(
            "--checkpoint", "-c", help="Write for this checkpoint.", autocompletion=complete_checkpoint
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print prompt, negative and terms as JSON.")] = False,
) -> None:
    """Write a prompt from its parts, in the words of the vocabulary."""
    from fluxgram.cli.console import messages, safe, write_json, write_line
    from fluxgram.photography.catalog import catalog
    from fluxgram.prompt.asked import parts_of
    from fluxgram.prompt.compose import compose as write
    from fluxgram.prompt.looks import brief_of

    words = catalog()
    lists = {
        "details": detail, "light": light, "camera": camera, "quality": quality, "materials": material,
        "atmosphere": atmosphere, "surroundings": surroundings,
    }  # fmt: skip
    texts = {"setting": setting, "action": action, "side": side, "negative": negative}
    said = parts_of(lists, texts, words, lens=lens, aperture=aperture)
    look = words.preset(preset) if preset else None
    brief = brief_of(kind, subject, said, look=look, catalog=words)
    facts = _facts(checkpoint)
    composed = write(brief, family=_family(family, facts), catalog=words)
    if composed.negative and facts and facts.negative == "unsupported":
        messages().print(
            f"note: {facts.name} reads no negative prompt; leave it out, or name another checkpoint."
        )
    if json:
        write_json(
            {
                "text": composed.text,
                "negative": composed.negative,
                "kind": brief.kind,
                "terms": [term.id for term in composed.terms],
            }
        )
        return
    write_line(composed.text)
    if composed.negative:
        messages().print(f"negative: {safe(composed.negative)}")


def _facts(checkpoint: str) -> CheckpointFacts | None:
    from fluxgram.jobs.facts import checkpoint_facts

    return checkpoint_facts(checkpoint) if checkpoint else None


def _family(family: str, facts: CheckpointFacts | None) -> str:
    from fluxgram.errors import RequestError

    if family and family not in FAMILIES:
        raise RequestError(f"There is no family {family!r}.", f"Say one of {', '.join(FAMILIES)}.")
    return facts.family if facts and not family else family
