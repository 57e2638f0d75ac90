"""Reads `labelled.toml`, and counts how much of it the parser reads right."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fluxgram.photography.catalog import catalog
from fluxgram.photography.terms import OpticsMeaning, Term
from fluxgram.prompt.parse import Parsed, Piece, parse
from fluxgram.prompt.roles import ROLE_OF_KIND

FILE = Path(__file__).with_name("labelled.toml")
ROLES = ("subject", "detail", "setting", "light", "camera", "quality", "negative")
_MARK = re.compile(r"\{([^|{}]+)\|([^{}]*)\}")


@dataclass(frozen=True)
class Label:
    """What a person says of some words."""

    start: int
    end: int
    role: str
    term: str = ""
    side: str = ""
    focal_mm: float | None = None
    aperture: float | None = None


@dataclass(frozen=True)
class Labelled:
    """A prompt and its labels."""

    text: str
    kind: str
    labels: tuple[Label, ...]


def read_labelled() -> list[Labelled]:
    """All prompts of the file."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["prompt"]
    return [_read(row["marked"], row["kind"]) for row in rows]


def _read(marked: str, kind: str) -> Labelled:
    text, labels, last = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[last : match.start()]
        head, *said = match.group(1).split()
        numbers = {word[0] == "f": float(word.strip("fm")) for word in said if word not in ("left", "right")}
        role = head if head in ROLES else ROLE_OF_KIND[head.partition(".")[0]]
        labels.append(
            Label(
                len(text), len(text) + len(match.group(2)), role, "" if head in ROLES else head,
                next((word for word in said if word in ("left", "right")), ""), numbers.get(False), numbers.get(True),
            )
        )  # fmt: skip
        text += match.group(2)
        last = match.end()
    return Labelled(text + marked[last:], kind, tuple(labels))


@dataclass
class Count:
    """How often right, how often said, how often there."""

    right: int = 0
    said: int = 0
    there: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0


def is_number(term: Term) -> bool:
    """Whether a term is a lens or an aperture that its numbers stand for; these are counted instead of it."""
    meaning = term.meaning
    numbers = isinstance(meaning, OpticsMeaning) and (meaning.focal_mm or meaning.aperture)
    return term.kind in ("lens", "aperture") and bool(numbers)


def _terms(pieces: Iterable[Piece]) -> Counter[str]:
    said = [piece.term for piece in pieces if piece.term and piece.role != "negative"]
    return Counter({term.id for term in said if not is_number(term)})


def _numbers(values: Iterable[float | None]) -> Counter[float]:
    return Counter({value for value in values if value is not None})


def _covered(one: Label | Piece, others: Iterable[Label | Piece]) -> bool:
    """Whether half of the letters are covered by the others."""
    start, end = _place(one)
    shared = sum(max(0, min(end, _place(other)[1]) - max(start, _place(other)[0])) for other in others)
    return 2 * shared >= end - start


def _place(of: Label | Piece) -> tuple[int, int]:
    return (of.start, of.end) if isinstance(of, Label) else (of.span.start, of.span.end)


def count(rows: Iterable[Labelled]) -> dict[str, Count]:
    """Counts by what is counted: terms by role, numbers, sides, and the words of each role."""
    counts: dict[str, Count] = {}
    for row in rows:
        _count_one(row, parse(row.text), counts)
    return counts


def _count_one(row: Labelled, parsed: Parsed, counts: dict[str, Count]) -> None:
    there = Counter(label.term for label in row.labels if label.term)
    for role in ROLES:
        if role in ("subject", "negative"):
            _add_words(
                counts,
                f"words: {role}",
                [label for label in row.labels if label.role == role],
                parsed.of(role),
            )
            continue
        ids = Counter({id_ for id_ in there if ROLE_OF_KIND[id_.partition(".")[0]] == role})
        said = Counter({id_ for id_ in _terms(parsed.pieces) if ROLE_OF_KIND[id_.partition(".")[0]] == role})
        _add(counts, f"terms: {role}", ids, said)
        _add_words(
            counts, f"words: {role}", [label for label in row.labels if label.role == role], parsed.of(role)
        )
    for name in ("focal_mm", "aperture"):
        numbers = _numbers(getattr(piece, name) for piece in parsed.pieces)
        _add(counts, name, _numbers(getattr(label, name) for label in row.labels), numbers)
    sides = Counter(label.side for label in row.labels if label.side)
    _add(counts, "side", sides, Counter(piece.side for piece in parsed.pieces if piece.side))
    _add(counts, "kind", Counter([row.kind]), Counter([parsed.kind]))


def _add(counts: dict[str, Count], name: str, there: Counter, said: Counter) -> None:  # type: ignore[type-arg]
    entry = counts.setdefault(name, Count())
    entry.right += (there & said).total()
    entry.said += said.total()
    entry.there += there.total()


def _add_words(counts: dict[str, Count], name: str, labels: list[Label], pieces: tuple[Piece, ...]) -> None:
    """Words count twice: labels that are covered (recall), pieces that are covered (precision)."""
    found, sure = counts.setdefault(name, Count()), counts.setdefault(f"{name} (precision)", Count())
    found.there += len(labels)
    found.right += sum(_covered(label, pieces) for label in labels)
    found.said += len(labels)
    sure.said += len(pieces)
    sure.there += len(pieces)
    sure.right += sum(_covered(piece, labels) for piece in pieces)


def of_vocabulary(counts: dict[str, Count]) -> Count:
    """Terms of all roles together."""
    return _sum(entry for name, entry in counts.items() if name.startswith("terms: "))


def all_terms(counts: dict[str, Count]) -> Count:
    """Terms of all roles, focal lengths, apertures and sides together."""
    return _sum((of_vocabulary(counts), counts["focal_mm"], counts["aperture"], counts["side"]))


def _sum(entries: Iterable[Count]) -> Count:
    total = Count()
    for entry in entries:
        total.right, total.said, total.there = (
            total.right + entry.right, total.said + entry.said, total.there + entry.there
        )  # fmt: skip
    return total


def unknown_ids(rows: Iterable[Labelled]) -> set[str]:
    """Labels that name no term of the vocabulary."""
    return {label.term for row in rows for label in row.labels if label.term} - set(catalog().terms)


def table(counts: dict[str, Count]) -> str:
    """The counts, a line each."""
    return "\n".join(
        f"  {name:28} precision {entry.precision:.3f}  recall {entry.recall:.3f}  of {entry.there}"
        for name, entry in counts.items()
    )
