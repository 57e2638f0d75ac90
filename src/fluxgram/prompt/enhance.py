"""Completes a prompt: fills in what is missing from the vocabulary and leaves every word of the user's as it is.

It is deterministic and says why it adds what it adds. What suits which kind of picture is in `suggestions.py`; a
language model can do the same work behind the same shape (`rewrite.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.catalog import catalog as built_in
from fluxgram.photography.optics import framing_px_per_mm
from fluxgram.photography.terms import DetailMeaning, Term
from fluxgram.prompt import suggestions
from fluxgram.prompt.chunks import words_of
from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.parse import Parsed, parse

Strength = Literal["light", "full"]

DEFAULT_SIZE = (1024, 1024)
"""Width and height in px where neither the caller nor the checkpoint says one."""

MOST_SKIN = 2
"""Skin details in a prompt from which no more are added."""


_NOT_A_LENS = ("bokeh", "flare", "vignette", "focus")
"""Terms of lenses that tell what a lens does, and not which."""


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that was added.

    Attributes:
        text: The words.
        why: One sentence for people.
        term: The vocabulary term that they say; None for words of a language model.
        negative: They went into the negative prompt.
    """

    text: str
    why: str
    term: Term | None = None
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Enhanced:
    """A completed prompt.

    Attributes:
        text: The user's words, then the additions.
        negative: The negative prompt; empty where there is none or the checkpoint honours none.
        additions: What was added and why, in order.
        note: What else there is to say, e.g. why a language model's answer was not taken; mostly empty.
    """

    text: str
    negative: str
    additions: tuple[Addition, ...]
    note: str = ""


def enhance(
    text: str,
    strength: Strength = "full",
    *,
    negative: str = "",
    size: tuple[int, int] | None = None,
    facts: CheckpointFacts | None = None,
    catalog: Catalog | None = None,
) -> Enhanced:
    """Complete a prompt.

    Args:
        text: What the user said; the answer begins with it, letter for letter.
        strength: `light` adds only light and lens; `full` also skin detail, a quality marker and the negative set.
        negative: The user's negative prompt; what is there stays and nothing is added to it.
        size: Width and height in px of the picture; the checkpoint's default, or 1024 x 1024, if None.
        facts: What is known of the checkpoint; without it there is no negative set.
        catalog: The vocabulary; the built-in one if None.

    Raises:
        RequestError: Nothing to enhance, or an unknown strength.
    """
    if strength not in get_args(Strength):
        raise RequestError(f"There is no strength {strength!r}.", "Say light or full.")
    parsed = parse(text, catalog)
    if not parsed.pieces:
        raise RequestError("There are no words to enhance.", "Say who or what the picture shows.")
    plan = _Plan(parsed, built_in() if catalog is None else catalog)
    if plan.is_drawn:
        return Enhanced(
            text, negative, (), "The prompt asks for something other than a photograph; nothing was added."
        )
    plan.add_light()
    plan.add_lens()
    if strength == "full":
        plan.add_skin(size or (facts.sizes[0] if facts and facts.sizes else DEFAULT_SIZE))
        plan.add_quality()
        if facts is not None and facts.negative == "honoured" and not negative.strip():
            negative = plan.add_negative(facts.name)
    words = [addition.text for addition in plan.additions if not addition.negative]
    return Enhanced(joined(text, words), negative, tuple(plan.additions))


def joined(text: str, phrases: Sequence[str]) -> str:
    """A text and phrases behind it: a sentence of their own after a full stop, or else behind commas."""
    if not phrases:
        return text
    said = ", ".join(phrases)
    last = text.rstrip()[-1:]
    space = "" if text[-1:].isspace() else " "
    if last in ".!?…":
        return f"{text}{space}{said[:1].upper()}{said[1:]}."
    return f"{text}{space if last in ',;:|' else ', '}{said}"


class _Plan:
    """What is missing in a prompt, and what was found for it."""

    def __init__(self, parsed: Parsed, catalog: Catalog) -> None:
        self.parsed = parsed
        self.catalog = catalog
        self.terms = parsed.terms
        self.refused = {piece.term.id for piece in parsed.of("negative") if piece.term}
        self.words = frozenset(words_of(parsed.text))
        self.kind = parsed.kind
        self.additions: list[Addition] = []

    @property
    def is_drawn(self) -> bool:
        """Whether an output mode other than a photograph is asked for."""
        return any(
            term.kind == "mode" and term.id not in suggestions.PHOTOGRAPHIC_MODES for term in self.terms
        )

    def add_light(self) -> None:
        """A light, where no words of the prompt tell of one."""
        vague = suggestions.EMPTY_LIGHT
        if any(piece.term or not vague.issuperset(words_of(piece.text)) for piece in self.parsed.of("light")):
            return
        for suggestion in suggestions.lights(self.kind, self.words):
            if self._add(suggestion.id, f"No light was said; {suggestion.because}"):
                return

    def add_lens(self) -> None:
        """A lens and an aperture, where neither a focal length nor a camera is said."""
        if any(piece.focal_mm for piece in self.parsed.pieces) or any(map(_brings_lens, self.terms)):
            return
        has_stop = any(piece.aperture for piece in self.parsed.pieces)
        for suggestion in suggestions.lenses(self.kind, self.words):
            if not self._add(suggestion.id, f"No lens was said; {suggestion.because}"):
                continue
            if suggestion.aperture and not has_stop:
                self._add(suggestion.aperture, "The aperture that suits the lens and the picture")
            return

    def add_skin(self, size: tuple[int, int]) -> None:
        """Skin details that the pixels can show, in pictures of people."""
        if self.kind not in ("portrait", "environment") or self.words & suggestions.SMOOTH_WORDS:
            return
        if any(term.kind == "skin" or term.id in suggestions.SKIN for term in self.terms):
            return
        framing = suggestions.framing(self.kind, self.words)
        fine = framing_px_per_mm(framing, *size)
        room = MOST_SKIN
        for id_ in suggestions.SKIN:
            meaning = self.catalog.term(id_).meaning
            least = meaning.least_px_per_mm if isinstance(meaning, DetailMeaning) else 0.0
            enough = f"{framing} at {size[0]} x {size[1]} px has {fine:.1f} px/mm, and it needs {least:g}"
            why = "No skin detail was said" + (f"; {enough}" if least else "")
            if room and fine >= least and self._add(id_, why):
                room -= 1

    def add_quality(self) -> None:
        """A marker that a photograph is meant."""
        said = [
            piece
            for piece in self.parsed.of("quality")
            if not piece.term or piece.term.id not in suggestions.SKIN
        ]
        if said:
            return
        for id_ in suggestions.QUALITY:
            if self._add(id_, "No marker says that it is a photograph"):
                return

    def add_negative(self, checkpoint: str) -> str:
        """The negative sets of the kind, without what the prompt asks for."""
        entries: dict[str, None] = {}
        for id_ in suggestions.negatives(self.kind):
            term = self.catalog.term(id_)
            kept = [
                entry for entry in _entries(term.say) if not self._asks_for(entry) and entry not in entries
            ]
            entries.update(dict.fromkeys(kept))
            if kept:
                why = f"{checkpoint} honours a negative prompt and none was said. {term.effect}"
                self.additions.append(Addition(", ".join(kept), why, term, negative=True))
        return ", ".join(entries)

    def _asks_for(self, entry: str) -> bool:
        """Whether the prompt has all words of an entry itself: "motion blur" is not refused to who asks for it."""
        return self.words.issuperset(words_of(entry)) or (
            entry == "text" and bool(self.words & suggestions.LETTERING)
        )

    def _add(self, id_: str, why: str) -> bool:
        term = self.catalog.term(id_)
        said = [*self.terms, *(addition.term for addition in self.additions if addition.term)]
        if term.id in self.refused or any(
            term.id == other.id or self.catalog.conflict(term, other) for other in said
        ):
            return False
        self.additions.append(Addition(term.say, f"{why}. {term.effect}", term))
        return True


def _brings_lens(term: Term) -> bool:
    """Whether a term stands for a lens or for a camera that has its own."""
    return term.kind == "camera" or (term.kind == "lens" and not term.name.startswith(_NOT_A_LENS))


def _entries(say: str) -> Iterable[str]:
    return (entry.strip() for entry in say.split(",") if entry.strip())
