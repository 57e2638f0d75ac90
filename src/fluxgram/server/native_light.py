"""Native surface: lamps to words, words to lamps, and the lamps of every named light."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.lamp_words import Said, read, words_of
from fluxgram.photography.lamps import Fill, Key, Lamps, Rim, meaning_of, named_lamps, not_shown
from fluxgram.prompt.parse import parse
from fluxgram.prompt.relighting import relight, said_light
from fluxgram.server.native_views import Who
from fluxgram.server.native_words import MOST_PARTS, Words, catalog_of
from fluxgram.server.strict import Body, StrictRoute

router = APIRouter(prefix="/light", route_class=StrictRoute, tags=["native: light"])

Number = StrictFloat | StrictInt


class KeyOrder(Body):
    """The lamp that makes the shadows."""

    azimuth: Number = Field(-40, description="Degrees around the head, + to the right of the picture.")
    elevation: Number = Field(35, description="Degrees above the eyes.")
    softness_degrees: Number = Field(20, description="Its size as the face sees it.")
    kelvin: Number = Field(5400, description="Colour temperature.")
    power: Number = Field(1, description="1 is what the exposure is set for.")


class FillOrder(Body):
    """Light from everywhere."""

    stops: Number = Field(2.5, description="Under the key.")
    kelvin: Number = Field(5400, description="Colour temperature.")


class RimOrder(Body):
    """A lamp behind the head."""

    on: StrictBool = Field(False, description="Whether it burns.")
    azimuth: Number = Field(135, description="Degrees around the head.")
    kelvin: Number = Field(5400, description="Colour temperature.")
    power: Number = Field(1, description="1 is as strong as the key.")


class LampsOrder(Body):
    """All lamps; what is left out stands as in a studio."""

    key: KeyOrder = Field(default_factory=lambda: KeyOrder.model_validate({}), description="The key.")
    fill: FillOrder = Field(default_factory=lambda: FillOrder.model_validate({}), description="The fill.")
    rim: RimOrder = Field(default_factory=lambda: RimOrder.model_validate({}), description="The rim light.")
    background: Number = Field(0.3, description="Brightness behind the head, 0 to 1.")

    def lamps(self) -> Lamps:
        """As the vocabulary takes them.

        Raises:
            RequestError: A number is outside of what it may be.
        """
        return Lamps(
            Key(**self.key.model_dump()),
            Fill(**self.fill.model_dump()),
            Rim(**self.rim.model_dump()),
            self.background,
        )


class WordsOrder(Body):
    """Which lamps to describe."""

    lamps: LampsOrder = Field(description="The lamps.")
    prompt: Words | None = Field(None, description="Put the words into this prompt, for those that it had.")
    prefer: StrictStr = Field(
        "", description="A named light, kept as long as the lamps fit it.", max_length=200
    )
    checkpoint: StrictStr = Field("", description="Write as this checkpoint reads best.")


@router.post("/words", summary="Words for lamps", operation_id="light_words")
def light_words(body: WordsOrder, request: Request, who: Who) -> dict[str, Any]:
    """The named light in whose ranges the lamps lie, or plain words; what no words say is listed in `left_out`."""
    who.may_look()
    known = catalog_of(request)
    family = request.app.state.jobs.facts(body.checkpoint).family if body.checkpoint else ""
    told = words_of(body.lamps.lamps(), known, family, body.prefer)
    return {
        "words": told.words,
        "phrases": list(told.phrases),
        "terms": [{"id": term.id, "say": say} for term, say in told.terms],
        "side": told.side,
        "left_out": list(told.left_out),
        "prompt": None if body.prompt is None else relight(body.prompt, told.words, known),
    }


class ReadOrder(Body):
    """Whose lamps are wanted: a prompt's, or those of terms."""

    prompt: Words | None = Field(None, description="A prompt; its light, lens and aperture are read.")
    terms: Annotated[list[StrictStr], Field(max_length=MOST_PARTS)] | None = Field(
        None, description="Light terms instead of a prompt."
    )
    side: Literal["left", "right", ""] = Field("", description="Where the key of the terms stands.")


@router.post("/lamps", summary="Lamps for words", operation_id="light_lamps")
def light_lamps(body: ReadOrder, request: Request, who: Who) -> dict[str, Any]:
    """Where the lamps of a prompt stand; `lamps` is null where it says nothing of light."""
    who.may_look()
    known = catalog_of(request)
    if (body.prompt is None) == (body.terms is None):
        raise RequestError("Say either a prompt or terms.", 'For example {"terms": ["light.rembrandt"]}.')
    focal_mm = aperture = None
    if body.prompt is None:
        said = [Said("", known.term(id_), body.side) for id_ in body.terms or []]
    else:
        parsed = parse(body.prompt, known)
        said = said_light(parsed)
        focal_mm = next((piece.focal_mm for piece in parsed.pieces if piece.focal_mm), None)
        aperture = next((piece.aperture for piece in parsed.pieces if piece.aperture), None)
    lamps = read(said)
    terms = [piece.term for piece in said if piece.term]
    return {
        "lamps": asdict(lamps) if lamps else None,
        "terms": [term.id for term in terms],
        "side": next((piece.side for piece in said if piece.side), ""),
        "left_out": [each for term in terms for each in not_shown(term)],
        "focal_mm": focal_mm,
        "aperture": aperture,
    }


@router.get("/named", summary="The lamps of named lights", operation_id="light_named")
def light_named(request: Request, who: Who) -> dict[str, Any]:
    """In the middle of what each means, the key on the left; `left_out` says what lamps cannot show."""
    who.may_look()
    return {"lights": named_lights(catalog_of(request))}


def named_lights(catalog: Catalog) -> list[dict[str, Any]]:
    """What `/light/named` tells of each."""
    return [
        {
            "id": each.term.id, "say": each.term.say, "effect": each.term.effect, "best_for": each.term.best_for,
            "tags": list(each.term.tags), "sided": meaning_of(each.term).sided, "lamps": asdict(each.lamps),
            "left_out": list(each.left_out),
        }
        for each in named_lamps(catalog)
    ]  # fmt: skip
