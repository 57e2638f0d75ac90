"""Native surface: reading a prompt, changing it by as little as it takes, and the linter's rules in their own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, StrictBool, StrictStr

from fluxgram.errors import RequestError
from fluxgram.prompt.choices import GROUPS, label, offered
from fluxgram.prompt.editing import edit as change
from fluxgram.prompt.parse import Parsed, Piece
from fluxgram.prompt.parse import parse as read
from fluxgram.prompt.rules import GROUP_TITLES, RULES, SHOOT_RULES
from fluxgram.prompt.rules.documentation import markdown, sections
from fluxgram.server.native_views import Who
from fluxgram.server.native_words import Phrases, Words, catalog_of
from fluxgram.server.strict import Body, StrictRoute

if TYPE_CHECKING:
    from fluxgram.jobs.door import Jobs
    from fluxgram.prompt.facts import CheckpointFacts
    from fluxgram.prompt.rules.rule import AnyRule

router = APIRouter(route_class=StrictRoute, tags=["native: words"])

MOST_CHANGES = 20
"""Terms and words that one request may add and remove."""
_GROUPS = {"subject": "subject", "detail": "details", "setting": "setting", "light": "light", "camera": "camera",
           "quality": "quality"}  # fmt: skip


class ParseOrder(Body):
    """What to read."""

    prompt: Words = Field(description="The prompt.")
    checkpoint: StrictStr = Field("", description="Count tokens for this checkpoint; empty: the default.")


@router.post("/parse", summary="Read a prompt", operation_id="parse")
def parse(body: ParseOrder, request: Request, who: Who) -> dict[str, Any]:
    """Which words are subject, detail, light, camera, quality; what is chosen. Places are in characters."""
    who.may_look()
    parsed = read(body.prompt, catalog_of(request))
    facts = _facts(request, body.checkpoint)
    return {
        "kind": parsed.kind,
        "pieces": [_piece(piece) for piece in parsed.pieces],
        "chosen": _chosen(parsed),
        "tokens": _tokens(body.prompt, facts),
        "negative": facts.negative,
    }


def _piece(piece: Piece) -> dict[str, Any]:
    return {
        "role": piece.role, "start": piece.span.start, "end": piece.span.end, "text": piece.text,
        "term": piece.term.id if piece.term else None, "kind": piece.term.kind if piece.term else "",
        "side": piece.side, "focal_mm": piece.focal_mm, "aperture": piece.aperture,
    }  # fmt: skip


def _chosen(parsed: Parsed) -> dict[str, Any]:
    """What the text says, by groups: ids of terms, and words where there is none."""
    groups: dict[str, list[str]] = {name: [] for name in _GROUPS.values()}
    for piece in parsed.pieces:
        said = piece.term.id if piece.term and piece.role != "subject" else piece.text
        if piece.role in _GROUPS and said not in groups[_GROUPS[piece.role]]:
            groups[_GROUPS[piece.role]].append(said)
    lenses = [piece for piece in parsed.pieces if piece.focal_mm and piece.role != "negative"]
    stops = [piece for piece in parsed.pieces if piece.aperture and piece.role != "negative"]
    return {
        **groups,
        "subject": ", ".join(groups["subject"]),
        "lens": next((term.id for term in parsed.terms if term.kind == "lens"), _length(lenses)),
        "aperture": next(
            (term.id for term in parsed.terms if term.kind == "aperture" and "number" in term.tags), _stop(stops)
        ),
        "side": next((piece.side for piece in parsed.pieces if piece.role == "light" and piece.side), ""),
        "terms": [term.id for term in parsed.terms],
    }  # fmt: skip


def _length(lenses: list[Piece]) -> str:
    return f"{lenses[0].focal_mm:g}mm" if lenses else ""


def _stop(stops: list[Piece]) -> str:
    return f"f/{stops[0].aperture:g}" if stops else ""


def _tokens(text: str, facts: CheckpointFacts) -> dict[str, int] | None:
    """How many tokens the checkpoint reads of a text; None where its tokenizer is not on this machine."""
    if facts.count_tokens is None:
        return None
    count = facts.count_tokens(text)
    return {"total": count.total, "kept": count.kept, "limit": count.limit}


class EditOrder(Body):
    """What to change."""

    prompt: Words = Field(description="The prompt.")
    add: Phrases = Field([], description="Ids of terms, or words, to say.", examples=[["light.rembrandt"]])
    remove: Phrases = Field([], description="Ids of terms, or words as they stand there, to take out.")
    side: Literal["left", "right", ""] | None = Field(
        None, description="Where the light comes from, of the picture; empty: nothing said of it."
    )
    replace_kind: StrictBool = Field(
        False, description="Take the place of all of its kind, not only of what excludes it."
    )
    checkpoint: StrictStr = Field("", description="In the words that this checkpoint reads best.")


class Change(Body):
    """Words that stand in the place of others; places are of the prompt as it was sent."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    text: str


class EditAnswer(Body):
    """The prompt with its changes."""

    prompt: str
    changes: list[Change]


@router.post("/edit", summary="Say or unsay a term", operation_id="edit")
def edit(body: EditOrder, request: Request, who: Who) -> EditAnswer:
    """The smallest change of the text that does it; every other word stays as it is. Places are in characters."""
    who.may_look()
    if len(body.add) + len(body.remove) > MOST_CHANGES:
        raise RequestError(f"At most {MOST_CHANGES} changes can be made at once.", "Send them in parts.")
    done = change(
        body.prompt, add=body.add, remove=body.remove, side=body.side, replace_kind=body.replace_kind,
        family=_facts(request, body.checkpoint).family, catalog=catalog_of(request),
    )  # fmt: skip
    changes = [Change(start=each.span.start, end=each.span.end, text=each.text) for each in done.changes]
    return EditAnswer(prompt=done.text, changes=changes)


@router.get("/choices", summary="What a prompt can be put together from", operation_id="choices")
def choices(
    request: Request,
    who: Who,
    checkpoint: Annotated[str, Query(description="In the words that it reads best.", max_length=200)] = "",
) -> dict[str, Any]:
    """Terms by the groups of a prompt, the ones that most pictures want first, each in a line."""
    who.may_look()
    known, family = catalog_of(request), _facts(request, checkpoint).family
    return {
        "groups": [
            {
                "name": group.name,
                "more": group.more,
                "terms": [
                    {"id": term.id, "kind": term.kind, "label": label(term, group), "say": term.words(family),
                     "effect": term.effect, "best_for": term.best_for, "best": best}
                    for term, best in offered(group, known)
                ],
            }
            for group in GROUPS
        ]
    }  # fmt: skip


@router.get("/rules", summary="The linter's rules", operation_id="rules")
def rules(who: Who) -> dict[str, Any]:
    """Each with what it does, why it matters, an example and what to say instead, in Markdown."""
    who.may_look()
    return {
        "groups": dict(GROUP_TITLES),
        "rules": [_rule(rule) for rule in (*RULES, *SHOOT_RULES)],
    }


def _rule(rule: AnyRule) -> dict[str, Any]:
    parts = sections(rule)
    title = " ".join(parts.pop("").split())
    return {
        "code": rule.code, "name": rule.name, "severity": str(rule.severity), "title": title,
        "parts": [{"heading": heading, "text": text} for heading, text in parts.items()],
        "text": markdown(rule),
    }  # fmt: skip


def _facts(request: Request, name: str) -> CheckpointFacts:
    jobs: Jobs = request.app.state.jobs
    return jobs.facts(name)
