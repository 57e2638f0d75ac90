"""Changes a prompt by as little as it takes: says a term where `compose` would, takes one out, swaps one for another.

Words that are not part of the change stay letter for letter, and taking out what was put in gives the old text back.
Where words belong is in `placing.py`, what goes with them when they are taken out in `cutting.py`; what a text says is
read by `parse.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.catalog import catalog as built_in
from fluxgram.photography.terms import LightMeaning, OpticsMeaning, Term
from fluxgram.prompt import clues, cutting
from fluxgram.prompt.chunks import words_of
from fluxgram.prompt.clauses import says_fill
from fluxgram.prompt.findings import Edit, Span
from fluxgram.prompt.items import Item, resolve
from fluxgram.prompt.parse import Parsed, Piece, parse
from fluxgram.prompt.placing import ORDER, PLAIN_LENS, STOP, opened, places
from fluxgram.prompt.roles import ROLE_OF_KIND
from fluxgram.prompt.suggestions import EMPTY_LIGHT

_MOST_ROUNDS = 8
_AROUND = 400
_LENGTH = re.compile(r"\d{1,4}(?:\.\d{1,2})?(?=[\s\-]{0,2}mm)", re.IGNORECASE)
_LIT = re.compile(r"(?<!\w)(?:lit|illuminated)\s{1,9}(?:by|with|from)(?!\w)", re.IGNORECASE)
_SIDE = {side: re.compile(rf"(?<![^\W_]){side}(?![^\W_])", re.IGNORECASE) for side in ("left", "right")}

Side = Literal["left", "right", ""]


@dataclass(frozen=True, slots=True)
class Edited:
    """A prompt that was changed.

    Attributes:
        text: The new text.
        changes: What was done to the old one, in order: its places, and the words that stand there now.
    """

    text: str
    changes: tuple[Edit, ...]


def edit(
    text: str, *, add: Sequence[str] = (), remove: Sequence[str] = (), side: Side | None = None,
    replace_kind: bool = False, family: str = "", catalog: Catalog | None = None,
) -> Edited:  # fmt: skip
    """Change what a prompt says.

    Args:
        text: The prompt.
        add: Ids of terms or free words to say; what is said already is passed over. A term takes the place of one of
            its kind that it contradicts (another lens, aperture, key light), and of a vague phrase for it.
        remove: Ids of terms, or words as they stand there, to take out; what is not said is passed over.
        side: The side that the light shall come from, of the picture; "" takes it out, None leaves it.
        replace_kind: What is added takes the place of everything of its kind.
        family: How the checkpoint reads best (`flux2`: other words for some terms).
        catalog: The vocabulary; the built-in one if None.

    Raises:
        UnknownTerm: An id is not in the vocabulary.
        RequestError: A negative set is added, or a term is said in words that cannot be parted.
    """
    draft = _Draft(text, built_in() if catalog is None else catalog, family)
    for words in remove:
        draft.take_out(words)
    for item in resolve(add, draft.catalog):
        draft.say(item, replace_kind=replace_kind)
    if side is not None:
        draft.set_side(side)
    return Edited(draft.text, tuple(draft.changes()))


class _Draft:
    """A text under change: which runs of the old one are left, and what stands between them."""

    def __init__(self, text: str, catalog: Catalog, family: str) -> None:
        self.old = self.text = text
        self.catalog = catalog
        self.family = family
        self._runs: list[Span | str] = [Span(0, len(text))]
        self._parsed: Parsed | None = None
        self._added: set[str] = set()

    @property
    def parsed(self) -> Parsed:
        """What the text says now."""
        if self._parsed is None:
            self._parsed = parse(self.text, self.catalog)
        return self._parsed

    def put(self, span: Span, words: str) -> None:
        """Write words in the place of others."""
        runs: list[Span | str] = []
        at, written = 0, False
        for run in self._runs:
            length = len(run) if isinstance(run, str) else run.end - run.start
            head, tail = max(0, min(length, span.start - at)), max(0, min(length, span.end - at))
            runs.append(_part(run, 0, head))
            if not written and span.start <= at + length:
                runs.append(words)
                written = True
            runs.append(_part(run, tail, length))
            at += length
        self._runs = [run for run in runs if run != "" and run != Span(0, 0)]
        self.text = self.text[: span.start] + words + self.text[span.end :]
        self._parsed = None

    def changes(self) -> Iterable[Edit]:
        """What became of the old text."""
        at, words = 0, ""
        for run in [*self._runs, Span(len(self.old), len(self.old))]:
            if isinstance(run, str):
                words += run
                continue
            if run.start == run.end < len(self.old):
                continue
            if words != self.old[at : run.start]:
                yield Edit(Span(at, run.start), words)
            at, words = run.end, ""

    def take_out(self, words: str) -> None:
        """Take out every place where a term, or free words, are said."""
        item = next(iter(resolve([words], self.catalog)), None)
        for _ in range(_MOST_ROUNDS if item else 0):
            span = self._place_of(item) if item else None
            if span is None:
                return
            self.put(cutting.with_separators(self.text, span), "")

    def say(self, item: Item, *, replace_kind: bool) -> None:
        """Say a term or free words, in the place of what they exclude or else where they belong."""
        term = item.term
        words = item.words(self.family)
        if term is None:
            if words.casefold() not in self.text.casefold():
                self._insert(words, self._role_of(words), "")
            return
        self._added.add(term.id)
        rivals = [
            piece for piece in self.parsed.pieces if self._excludes(term, piece, replace_kind=replace_kind)
        ]
        if any(said.id == term.id for said in self.parsed.terms):
            rivals_left = rivals
        else:
            rivals_left = rivals[1:]
            if not (rivals and self._swap(rivals[0], term, words)):
                rivals_left = rivals
                self._insert(words, ROLE_OF_KIND[term.kind], term.kind, term)
        gone = {piece.term.id for piece in rivals_left if piece.term and piece.role != "negative"} - {term.id}
        for id_ in sorted(gone):
            self.take_out(id_)

    def set_side(self, side: Side) -> None:
        """Have the key light come from a side."""
        lights = [piece for piece in self.parsed.pieces if piece.role == "light"]
        sided = [piece for piece in lights if piece.side]
        if sided:
            for piece in reversed(sided[:1] if side else sided):
                self._turn(piece, side)
        elif side:
            able = [piece for piece in lights if piece.term is None or _has_side(piece.term)]
            if not able:
                self._insert(f"key light from the {side}", "light", "light")
                return
            own = self._own_span(able[0])
            key = ", key" if says_fill(self.text[own.start : own.end]) else ""
            self.put(Span(own.end, own.end), f"{key} from the {side}")

    def _turn(self, piece: Piece, side: Side) -> None:
        """Change the side that a light says, or take it out."""
        span, own = piece.span, self._own_span(piece)
        if not side and own.end < span.end:
            self.put(Span(own.end, span.end), "")
            return
        found = list(_SIDE[piece.side].finditer(self.text, span.start, span.end))
        if not found:
            return
        place = Span(found[-1].start(), found[-1].end())
        if side:
            word = found[-1].group()
            self.put(place, side.upper() if word.isupper() else side.title() if word.istitle() else side)
            return
        begin = re.search(
            r"[\s,]{0,3}(?:from|on|at)\s(?:the\s)?(?:camera\s|upper\s|lower\s)?$",
            self.text[span.start : place.start],
        )
        self.put(Span(span.start + begin.start() if begin else place.start, place.end), "")

    def _excludes(self, term: Term, piece: Piece, *, replace_kind: bool) -> bool:
        """Whether a piece cannot stand beside a term, so that the term takes its place."""
        if piece.role == "negative":
            return piece.term is not None and piece.term.id == term.id
        if piece.term is None:
            return self._is_vague(term, piece)
        other = piece.term
        if other.kind != term.kind or other.id == term.id:
            return False
        return self.catalog.conflict(term, other) or (replace_kind and other.id not in self._added)

    def _is_vague(self, term: Term, piece: Piece) -> bool:
        """Whether a piece without a term is one that this term says better: a vague phrase, or another number."""
        optics = term.meaning if isinstance(term.meaning, OpticsMeaning) else OpticsMeaning()
        if term.kind == "lens" and optics.focal_mm and piece.focal_mm:
            return True
        if term.kind == "aperture" and optics.aperture and piece.aperture:
            return True
        if piece.role == "light" and "key" in term.tags and EMPTY_LIGHT.issuperset(words_of(piece.text)):
            return True
        found = self.catalog.find(piece.text)
        return any(
            match.vague and match.term.id == term.id and match.end - match.start == len(piece.text)
            for match in found
        )

    def _swap(self, piece: Piece, term: Term, words: str) -> bool:
        """Put a term in the place of a piece; False where it would not be read there."""
        for span, said in self._ways(piece, term, words):
            if self._reads(span, said, term):
                self.put(span, said)
                return True
        return False

    def _ways(self, piece: Piece, term: Term, words: str) -> Iterable[tuple[Span, str]]:
        """How a term may take the place of a piece, the smallest change first."""
        span = piece.span
        plain = PLAIN_LENS.fullmatch(words)
        for pattern, number, kind in (
            (_LENGTH, plain.group(1) if plain else "", "lens"),
            (STOP, words if words.startswith("f/") else "", "aperture"),
        ):
            found = list(pattern.finditer(piece.text)) if number and term.kind == kind else []
            if len(found) == 1 and piece.role != "negative":
                start = span.start + found[0].start()
                yield self._with_article(Span(start, span.start + found[0].end()), number)
        if self._holds_more(piece):
            return
        if piece.role == "negative":
            yield span, words
            return
        if piece.focal_mm and piece.aperture and piece.term is None:  # "85/1.8": the other number stays
            if term.kind == "aperture":
                yield span, f"{piece.focal_mm:g}mm lens at {words}"
            elif plain:
                yield span, f"{words} at f/{piece.aperture:g}"
        own = self._own_span(piece)
        whole = Span(own.start, own.end if _has_side(term) and piece.side else span.end)
        if term.kind in ("lens", "camera"):
            yield self._with_article(whole, words)
        else:
            yield Span(cutting.article_before(self.text, whole.start), whole.end), words
        yield whole, words

    def _with_article(self, span: Span, words: str) -> tuple[Span, str]:
        """Words in a place, and the article before it made to fit."""
        start = cutting.article_before(self.text, span.start)
        article = self.text[start : span.start]
        if article.split() and article.split()[0].casefold() in ("a", "an"):
            vowel = bool(re.match(r"[aeio]|8|11\D|18\D|f/", words, re.IGNORECASE))
            right = article[0] + ("n" if vowel else "") + article[len(article.rstrip()) :]
            if right != article:
                return Span(start, span.end), right + words
        return span, words

    def _insert(self, words: str, role: str, kind: str, term: Term | None = None) -> None:
        """Say something new where it belongs; where it would not be read there, at the end."""
        for span, said in places(self.parsed, words, role, kind):
            if self._reads(span, said, term):
                self.put(span, said)
                return
        end = len(self.text.rstrip())
        stop = self.text[:end].endswith((".", "!", "?", "…"))
        parted = not end or self.text[:end].endswith((",", ";", ":", "|"))
        said = words if not end else f" {words}" if parted else f" {opened(words)}." if stop else f", {words}"
        self.put(Span(end, end), said)

    def _reads(self, span: Span, words: str, term: Term | None) -> bool:
        """Whether a change would say the term, and leave said what else was said near it."""
        start, end = max(0, span.start - _AROUND), span.end + _AROUND
        before = parse(self.text[start:end], self.catalog)
        after = parse(self.text[start : span.start] + words + self.text[span.end : end], self.catalog)
        lost = {
            piece.term.id
            for piece in before.pieces
            if piece.term
            and piece.role != "negative"
            and (piece.span.end <= span.start - start or piece.span.start >= span.end - start)
        }
        said = {each.id for each in after.terms}
        return lost <= said and (term is None or term.id in said)

    def _place_of(self, item: Item) -> Span | None:
        """Where something is said; None where it is not."""
        if item.term is not None:
            for piece in self.parsed.pieces:
                if piece.term is not None and piece.term.id == item.term.id and piece.role != "negative":
                    return self._alone(piece)
            return None
        found = re.search(rf"(?<!\w){re.escape(item.free)}(?!\w)", self.text, re.IGNORECASE)
        return Span(found.start(), found.end()) if found and found.end() > found.start() else None

    def _alone(self, piece: Piece) -> Span:
        """The words of a piece that say its term and nothing else.

        Raises:
            RequestError: They cannot be parted from those that say who it is.
        """
        if not self._holds_more(piece):
            return piece.span
        lit = _LIT.search(piece.text)
        if lit is None or not piece.text[: lit.start()].strip():
            said = piece.term.say if piece.term else "This"
            raise RequestError(
                f"{said!r} is said in {piece.text[:80]!r}, together with something else.",
                "Change those words by hand.",
            )
        return Span(piece.span.start + lit.start(), piece.span.end)

    def _holds_more(self, piece: Piece) -> bool:
        """Whether a piece of free words says somebody or something besides its term."""
        free = piece.term is None or not any(
            match.term.id == piece.term.id for match in self.catalog.find(piece.text)
        )
        return free and bool(set(words_of(piece.text)) & (clues.PERSON | clues.THING))

    def _own_span(self, piece: Piece) -> Span:
        """The words of a piece without the side that it says."""
        for match in self.catalog.find(piece.text) if piece.term else ():
            if piece.term is not None and match.term.id == piece.term.id:
                return Span(piece.span.start + match.start, piece.span.start + match.end)
        tail = re.search(
            r"[\s,]{1,3}(?:key\s)?(?:from|on)\s(?:the\s)?(?:camera\s|upper\s|lower\s|top\s)?(?:left|right)(?:\s?(?:hand|side)){0,2}$",
            piece.text,
            re.IGNORECASE,
        )
        return Span(piece.span.start, piece.span.start + tail.start()) if tail else piece.span

    def _role_of(self, words: str) -> str:
        """The role of free words."""
        roles = [piece.role for piece in parse(f"portrait of a woman, {words}", self.catalog).pieces[1:]]
        return next((role for role in roles if role in ORDER[1:]), "detail")


def _part(run: Span | str, start: int, end: int) -> Span | str:
    if isinstance(run, str):
        return run[start:end]
    return replace(run, start=run.start + start, end=run.start + end) if end > start else ""


def _has_side(term: Term) -> bool:
    return not isinstance(term.meaning, LightMeaning) or term.meaning.sided
