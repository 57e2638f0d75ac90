"""Enhancing by a language model, behind the same answer as `enhance.py`.

`Rewriter` is all that such a model has to be able to do; `chat.ChatModel` is one for any OpenAI-compatible
endpoint. What it answers is checked: if the user's subject is not in it any more, the answer is dropped, the
vocabulary does the work, and the note says why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from fluxgram.photography.catalog import Catalog
from fluxgram.photography.catalog import catalog as built_in
from fluxgram.prompt import clues
from fluxgram.prompt.chunks import words_of
from fluxgram.prompt.enhance import Addition, Enhanced, Strength, enhance
from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.parse import Parsed, parse

MOST_GROWTH = 2000
"""An answer may be this many characters longer than four times the prompt."""

INSTRUCTIONS = {
    "light": "Add only what is missing of light and of camera and lens.",
    "full": "Add what is missing of light, of camera and lens, of surface and skin detail.",
}
_RULES = (
    "You complete prompts for a photograph. {what} Keep every fact of the prompt: who or what it shows, appearance, "
    "place, light and lens where they are said. Keep the words that name the subject exactly as they are. Do not add "
    "people, objects, text or a style other than photography. Write in a photographer's plain terms. Answer with the "
    "completed prompt alone, without quotes and without remarks."
)


class Rewriter(Protocol):
    """A language model that completes prompts; FLUX.3's own prompt upsampler fits here, too."""

    @property
    def name(self) -> str:
        """What it is called, for people."""
        ...

    def complete(self, instructions: str, text: str) -> str:
        """The model's answer.

        Args:
            instructions: What to do with the text; a model made for one task may leave it unread.
            text: The user's prompt.

        Raises:
            FluxgramError: There is no answer.
        """
        ...


def enhance_with(
    model: Rewriter,
    text: str,
    strength: Strength = "full",
    *,
    negative: str = "",
    size: tuple[int, int] | None = None,
    facts: CheckpointFacts | None = None,
    catalog: Catalog | None = None,
) -> Enhanced:
    """Complete a prompt by a language model, or by the vocabulary where the model does not keep to the subject.

    Args:
        model: Who writes.
        text: What the user said.
        strength: As of `enhance`.
        negative: As of `enhance`; the negative prompt is never left to the model.
        size: As of `enhance`.
        facts: As of `enhance`.
        catalog: As of `enhance`.

    Raises:
        RequestError: Nothing to enhance, or an unknown strength.
        FluxgramError: The model cannot be reached or gives no answer.
    """
    plain = enhance(text, strength, negative=negative, size=size, facts=facts, catalog=catalog)
    catalog = built_in() if catalog is None else catalog
    before = parse(text, catalog)
    written = model.complete(_RULES.format(what=INSTRUCTIONS[strength]), text)
    if reason := _refusal(before, written, catalog):
        return replace(
            plain, note=f"What {model.name} wrote was not taken: {reason}. The vocabulary was used instead."
        )
    known = {term.id for term in before.terms}
    additions = [
        Addition(term.say, f"Said by {model.name}. {term.effect}", term)
        for term in parse(written, catalog).terms
        if term.id not in known
    ]
    if written != text and not additions:
        additions.append(Addition(written, f"Rewritten by {model.name}."))
    additions += [addition for addition in plain.additions if addition.negative]
    return Enhanced(written, plain.negative, tuple(additions))


def _refusal(before: Parsed, written: str, catalog: Catalog) -> str:
    """Why an answer cannot be taken; empty where it can."""
    if not written.strip():
        return "it is empty"
    if len(written) > 4 * len(before.text) + MOST_GROWTH:
        return f"it is {len(written):,} characters long"
    if any(ord(char) < 32 and char not in "\n\t" for char in written):
        return "it has control characters in it"
    kept = set(words_of(written))
    for piece in before.pieces:
        if piece.role in ("subject", "detail") and piece.term is None:
            lost = [word for word in words_of(piece.text) if word not in clues.EMPTY and word not in kept]
            if lost:
                return f"{lost[0]!r} of {piece.text!r} is missing"
    changed = sorted({term.id for term in before.terms} - {term.id for term in parse(written, catalog).terms})
    return f"{changed[0]} is missing" if changed else ""
