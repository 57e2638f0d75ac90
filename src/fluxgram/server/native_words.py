"""Native surface: the photographer's words. Vocabulary, linting, composing and completing prompts, checkpoints."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import Field, StrictBool, StrictInt, StrictStr

from fluxgram.errors import RequestError, UnknownCheckpoint, UnknownTerm
from fluxgram.photography.catalog import Catalog, load_catalog
from fluxgram.photography.terms import KINDS, LightMeaning
from fluxgram.photography.wording import KIND_TITLES
from fluxgram.prompt import lint as linter
from fluxgram.prompt.asked import parts_of
from fluxgram.prompt.compose import compose as write
from fluxgram.prompt.enhance import enhance as complete
from fluxgram.prompt.lint_configuration import LintConfiguration, codes_of
from fluxgram.prompt.looks import brief_of
from fluxgram.prompt.reports import Checked, as_json
from fluxgram.server.failures import respond
from fluxgram.server.native_views import Who
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from fluxgram.jobs.checkpoints import CheckpointCard
    from fluxgram.jobs.door import Jobs
    from fluxgram.photography.terms import Preset, Term

router = APIRouter(route_class=StrictRoute, tags=["native: words"])

MOST_WORDS = 100_000
"""Characters of a prompt, as many as a request may have."""
MOST_PARTS = 40
Words = Annotated[StrictStr, Field(max_length=MOST_WORDS)]
Phrase = Annotated[StrictStr, Field(max_length=2000)]
Phrases = Annotated[list[Phrase], Field(max_length=MOST_PARTS)]
Side = Annotated[StrictInt, Field(ge=1, le=65536)]
Size = Annotated[StrictStr, Field(pattern=r"^[0-9]{1,5} ?[xX×] ?[0-9]{1,5}$")] | tuple[Side, Side]


def catalog_of(request: Request) -> Catalog:
    """The vocabulary with the words of this machine's owner; read again when their files change."""
    return catalog_at(request.app)


def catalog_at(app: FastAPI) -> Catalog:
    """The same, where nobody asks yet."""
    folder: Path = app.state.jobs.settings.home / "vocabulary"
    try:
        files = sorted(
            (path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.glob("*.toml")
        )
    except OSError:
        files = []
    known: tuple[Any, Catalog] | None = getattr(app.state, "catalog", None)
    if known is None or known[0] != files:
        known = (files, load_catalog([folder], entry_points=True))
        app.state.catalog = known
    return known[1]


def pixels(size: str | tuple[int, int] | None) -> tuple[int, int] | None:
    """Width and height in px of a size that was checked for its form.

    Raises:
        RequestError: A side is 0.
    """
    if size is None or isinstance(size, tuple):
        return size
    width, height = map(int, re.split(r" ?[xX×] ?", size))
    if not (0 < width <= 65536 and 0 < height <= 65536):
        raise RequestError(f"{size!r} is not a size.", "Say width and height in px: 512x768.")
    return width, height


@router.get("/checkpoints", summary="What can draw", operation_id="checkpoints")
def checkpoints(request: Request, who: Who) -> dict[str, list[dict[str, Any]]]:
    """The default first; with licence, sizes, and whether its files are here."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    return {"checkpoints": [_card(card) for card in jobs.checkpoints()]}


@router.get("/checkpoints/{name}", summary="One checkpoint", operation_id="checkpoint")
def checkpoint(name: str, request: Request, who: Who) -> Any:
    """By its name, or by another name that leads to it."""
    who.may_look()
    jobs: Jobs = request.app.state.jobs
    for card in jobs.checkpoints():
        if name == card.name or name in card.names:
            return _card(card)
    error = UnknownCheckpoint(f"There is no checkpoint {name[:80]!a}.", "/api/v1/checkpoints lists all.")
    return respond(request, error, 404)


def _card(card: CheckpointCard) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(card)))
    return plain


@router.get("/vocabulary", summary="Search the vocabulary", operation_id="vocabulary")
def vocabulary(
    request: Request,
    who: Who,
    words: Annotated[str, Query(description="Words to search for.", max_length=200)] = "",
    kind: Annotated[str, Query(description="Only terms of this kind, e.g. light.", max_length=40)] = "",
) -> dict[str, Any]:
    """Terms that fit; without words or kind, what kinds there are and how many of each."""
    who.may_look()
    known = catalog_of(request)
    if kind:
        known.of_kind(kind)
    if not words.strip() and not kind:
        kinds = [
            {"kind": name, "title": KIND_TITLES[name], "terms": len(known.of_kind(name))} for name in KINDS
        ]
        return {"kinds": kinds, "presets": len(known.presets)}
    found = known.search(words.strip(), kind)
    near = [] if found else [term.id for _, term in known.nearest(words, kind)]
    return {"terms": [_term(term) for term in found], "nearest": near}


@router.get("/vocabulary/presets", summary="Whole looks", operation_id="presets")
def presets(request: Request, who: Who) -> dict[str, Any]:
    """What a preset says, and what it is best for."""
    who.may_look()
    known = catalog_of(request)
    return {"presets": [_preset(preset, known) for preset in known.presets.values()]}


@router.get("/vocabulary/terms/{id}", summary="A term or a preset", operation_id="term")
def term(id: str, request: Request, who: Who) -> Any:  # noqa: A002
    """In full: what to say, what it does, what it means, what should be measurable."""
    who.may_look()
    known = catalog_of(request)
    try:
        return _preset(known.preset(id), known) if id.startswith("preset.") else _term(known.term(id[:200]))
    except UnknownTerm as error:
        return respond(request, error, 404)


def _term(term: Term) -> dict[str, Any]:
    return {
        "id": term.id, "kind": term.kind, "say": term.say, "say_for": dict(term.say_for),
        "aliases": list(term.aliases), "instead_of": list(term.instead_of), "effect": term.effect,
        "best_for": term.best_for, "meaning": asdict(term.meaning) if term.meaning else None,
        "expect": {entry.measure: [entry.low, entry.high] for entry in term.expect},
        "conflicts": list(term.conflicts), "tags": list(term.tags), "source": term.source,
    }  # fmt: skip


def _preset(preset: Preset, known: Catalog) -> dict[str, Any]:
    """A preset, and the colour of its light: of the key in kelvin, or the names of the colours."""
    meanings = [known.term(name).meaning for name in preset.terms]
    lights = [meaning for meaning in meanings if isinstance(meaning, LightMeaning)]
    kelvins = [sum(light.key_kelvin) / 2 for light in lights if light.key_kelvin]
    colours = [colour for light in lights for colour in light.colours]
    return {**asdict(preset), "light": {"kelvin": kelvins[0] if kelvins else None, "colours": colours}}


class LintOrder(Body):
    """What to check."""

    prompt: Words = Field(description="The prompt.")
    negative: Words | None = Field(None, description="The negative prompt.")
    size: Size | None = Field(None, description="`512x768` or [512, 768]: which details can show.")
    seed: StrictInt | None = Field(None, ge=0, lt=2**64, description="Where it is locked.")
    anchor: Words = Field("", description="A character's stable description.")
    checkpoint: StrictStr = Field("", description="For this checkpoint: its limits, and what it honours.")
    select: Phrases = Field([], description="Only these rules; `FX2` stands for all about light.")
    ignore: Phrases = Field([], description="Not these rules.")
    fix: Literal["none", "safe", "all"] = Field("none", description="Also mend what can be mended.")


@router.post("/lint", summary="Check a prompt", operation_id="lint")
def lint(body: LintOrder, request: Request, who: Who) -> dict[str, Any]:
    """What will not work, what will cost quality, and what to write instead. Spans are in characters."""
    who.may_look()
    known, facts = catalog_of(request), _facts(request, body.checkpoint)
    configuration = LintConfiguration(codes_of(body.select), codes_of(body.ignore))
    size = pixels(body.size)
    found = linter.lint(
        body.prompt, negative=body.negative or None, facts=facts, size=size, seed=body.seed, anchor=body.anchor,
        configuration=configuration, catalog=known,
    )  # fmt: skip
    findings: list[dict[str, Any]] = json.loads(as_json([Checked(body.prompt, tuple(found), "", 0)]))
    for finding in findings:
        for key in ("file", "line", "where"):
            del finding[key]
    mended = None
    if body.fix != "none":
        text, negative = linter.mend(
            body.prompt, negative=body.negative or "", facts=facts, size=size, anchor=body.anchor,
            configuration=configuration, catalog=known, unsafe=body.fix == "all",
        )  # fmt: skip
        mended = {"prompt": text, "negative": negative or ""}
    return {"findings": findings, "mended": mended}


class ComposeOrder(Body):
    """What is wanted, part by part. Items are names of the vocabulary or free words."""

    subject: Phrase = Field(description="Who or what it shows.", examples=["portrait of a woman in her 30s"])
    kind: StrictStr = Field("", description="portrait, environment, product, macro, landscape or interior.")
    preset: StrictStr = Field("", description="A whole look; what is said beside it wins.")
    details: Phrases = Field([], description="Physical details.")
    light: Phrases = Field([], description="Lights: rembrandt, window.")
    lens: Phrase = Field("", description="A lens: 85mm.")
    aperture: Phrase = Field("", description="An f-number: 1.8.")
    camera: Phrases = Field([], description="Cameras, films or words for them.")
    quality: Phrases = Field([], description="Quality markers.")
    materials: Phrases = Field([], description="What it is made of (product, macro, interior).")
    atmosphere: Phrases = Field([], description="What the air holds (landscape).")
    surroundings: Phrases = Field([], description="What is to be seen there (environment).")
    setting: Phrase = Field("", description="Where it is, or what is behind.")
    action: Phrase = Field("", description="What the subject does.")
    side: Literal["left", "right", ""] = Field("", description="Where the light comes from, of the picture.")
    negative: Phrase = Field("", description="What must not be there: a set (always) or words.")
    family: Literal["flux1", "flux2", "flux3", ""] = Field("", description="How it reads best.")
    checkpoint: StrictStr = Field("", description="Write for this checkpoint.")


_LISTS = ("details", "light", "camera", "quality", "materials", "atmosphere", "surroundings")
_TEXTS = ("setting", "action", "side", "negative")


@router.post("/compose", summary="Write a prompt from its parts", operation_id="compose")
def compose(body: ComposeOrder, request: Request, who: Who) -> dict[str, Any]:
    """In the words of the vocabulary, as the family of the checkpoint reads best."""
    who.may_look()
    known = catalog_of(request)
    facts = _facts(request, body.checkpoint) if body.checkpoint else None
    lists = {name: getattr(body, name) for name in _LISTS}
    texts = {name: getattr(body, name) for name in _TEXTS}
    said = parts_of(lists, texts, known, lens=body.lens, aperture=body.aperture)
    look = known.preset(body.preset) if body.preset else None
    brief = brief_of(body.kind, body.subject, said, look=look, catalog=known)
    made = write(brief, family=body.family or (facts.family if facts else ""), catalog=known)
    return {
        "text": made.text,
        "negative": made.negative,
        "kind": brief.kind,
        "terms": [term.id for term in made.terms],
    }


class EnhanceOrder(Body):
    """What to complete."""

    prompt: Words = Field(description="The prompt; its words stay as they are.")
    strength: Literal["light", "full"] = Field("full", description="`light` adds only light and lens.")
    negative: Words = Field("", description="Your negative prompt; nothing is added to it.")
    size: Size | None = Field(None, description="`512x768` or [512, 768]: which details can show.")
    checkpoint: StrictStr = Field("", description="For this checkpoint.")
    explain: StrictBool = Field(True, description="Say why each thing was added.")


@router.post("/enhance", summary="Complete a prompt", operation_id="enhance")
def enhance(body: EnhanceOrder, request: Request, who: Who) -> dict[str, Any]:
    """Light, lens, skin detail, a negative set where the checkpoint honours one; and why."""
    who.may_look()
    done = complete(
        body.prompt, body.strength, negative=body.negative, size=pixels(body.size),
        facts=_facts(request, body.checkpoint), catalog=catalog_of(request),
    )  # fmt: skip
    additions = [
        {
            "text": each.text,
            "why": each.why,
            "term": each.term.id if each.term else None,
            "negative": each.negative,
        }
        for each in done.additions
    ]
    return {"text": done.text, "negative": done.negative, "note": done.note,
            "additions": additions if body.explain else []}  # fmt: skip


def _facts(request: Request, name: str) -> Any:
    jobs: Jobs = request.app.state.jobs
    return jobs.facts(name)
