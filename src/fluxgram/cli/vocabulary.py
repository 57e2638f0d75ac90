"""`fluxgram vocabulary`: browse kinds, search words, read a term in full; a user's own words are among them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxgram.photography.catalog import Catalog
    from fluxgram.photography.terms import Preset, Term


def complete_kind(incomplete: str) -> list[str]:
    """Kinds of terms."""
    from fluxgram.photography.terms import KINDS

    return [kind for kind in KINDS if kind.startswith(incomplete)]


def vocabulary(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words to search for, or the id of a term.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="Only terms of this kind, e.g. light.", autocompletion=complete_kind)
    ] = "",
    presets: Annotated[bool, typer.Option("--presets", help="Whole looks instead of terms.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what is found as JSON.")] = False,
) -> None:
    """Browse the photographic vocabulary: what to say, what it does, what it means."""
    from fluxgram.errors import RequestError
    from fluxgram.photography.catalog import load_catalog
    from fluxgram.settings import Settings

    known = load_catalog([Settings.from_environment().home / "vocabulary"], entry_points=True)
    asked = " ".join(words or []).strip()
    if presets and kind:
        raise RequestError("Presets have no kind.", "Leave out --kind or --presets.")
    if kind:
        known.of_kind(kind)  # an unknown kind is told before anything else
    if _is_id(asked):
        _show_one(known, asked, as_json=json)
    elif presets:
        _show_presets(known, asked, as_json=json)
    elif asked or kind:
        _show_found(known, asked, kind, as_json=json)
    else:
        _show_kinds(known, as_json=json)


def _is_id(asked: str) -> bool:
    """Whether the words are `kind.name`: a mistake in one must not be taken for a search."""
    from fluxgram.photography.terms import KINDS

    head, dot, name = asked.partition(".")
    return (
        bool(dot and name)
        and " " not in asked
        and not head.isdigit()
        and (head in (*KINDS, "preset") or "-" in name)
    )


def _show_kinds(known: Catalog, *, as_json: bool) -> None:
    from fluxgram.cli.console import write_json
    from fluxgram.photography.terms import KINDS
    from fluxgram.photography.wording import KIND_TITLES

    rows = [(kind, str(len(known.of_kind(kind))), KIND_TITLES[kind]) for kind in KINDS]
    if as_json:
        counts = {kind: int(count) for kind, count, _ in rows}
        write_json({"terms": len(known.terms), "presets": len(known.presets), "kinds": counts})
        return
    _print(("kind", "terms", "what"), [*rows, ("preset", str(len(known.presets)), "Whole looks (--presets)")])
    _note("fluxgram vocabulary --kind light, fluxgram vocabulary window, fluxgram vocabulary light.rembrandt")


def _show_found(known: Catalog, asked: str, kind: str, *, as_json: bool) -> None:
    from fluxgram.cli.console import write_json
    from fluxgram.errors import UnknownTerm

    found = known.search(asked, kind)
    if not found:
        near = known.nearest(asked, kind, n=1)
        where = f"no {kind}" if kind else "nothing"
        hint = (
            f"Did you mean {near[0][0]!r} ({near[0][1].id})?"
            if near
            else "Try one word, or leave out --kind."
        )
        raise UnknownTerm(f"There is {where} in the vocabulary with {asked!r}.", hint)
    if as_json:
        write_json([_term_values(term) for term in found])
        return
    _print(("id", "say", "effect"), [(term.id, term.say, term.effect) for term in found])


def _show_presets(known: Catalog, asked: str, *, as_json: bool) -> None:
    from fluxgram.cli.console import write_json
    from fluxgram.errors import UnknownTerm

    found = [preset for preset in known.presets.values() if _has(preset, asked)]
    if not found:
        raise UnknownTerm(f"There is no preset with {asked!r}.", "fluxgram vocabulary --presets lists all.")
    if as_json:
        write_json([_preset_values(preset) for preset in found])
        return
    _print(
        ("id", "brief", "look", "best for"),
        [(p.id, p.brief, f"{p.title}: {p.effect}", p.best_for) for p in found],
    )


def _has(preset: Preset, asked: str) -> bool:
    text = " ".join(
        (preset.id, preset.title, preset.effect, preset.best_for, preset.brief, *preset.terms)
    ).casefold()
    return all(word in text for word in asked.casefold().split())


def _show_one(known: Catalog, id_: str, *, as_json: bool) -> None:
    from fluxgram.cli.console import write_json

    if id_.startswith("preset."):
        preset = known.preset(id_)
        values, lines = _preset_values(preset), _preset_lines(preset, known)
    else:
        term = known.term(id_)
        values, lines = _term_values(term), _term_lines(term)
    if as_json:
        write_json(values)
    else:
        _print(None, [(name, text) for name, text in lines if text])


def _term_lines(term: Term) -> list[tuple[str, str]]:
    from fluxgram.photography.wording import expectation_words, meaning_words

    return [
        ("id", term.id),
        ("say", term.say),
        *((f"say to {family}", words) for family, words in term.say_for.items()),
        ("effect", term.effect),
        ("best for", term.best_for),
        ("also written", "; ".join(term.aliases)),
        ("instead of", "; ".join(term.instead_of)),
        ("means", "; ".join(meaning_words(term.meaning))),
        ("to measure", "; ".join(map(expectation_words, term.expect))),
        ("not with", ", ".join(term.conflicts)),
        ("tags", ", ".join(term.tags)),
        ("source", term.source),
    ]


def _preset_lines(preset: Preset, known: Catalog) -> list[tuple[str, str]]:
    return [
        ("id", preset.id),
        ("title", preset.title),
        ("effect", preset.effect),
        ("best for", preset.best_for),
        ("brief", preset.brief),
        *((id_, known.term(id_).say) for id_ in preset.terms),
        (preset.negative, known.term(preset.negative).say if preset.negative else ""),
        ("source", preset.source),
    ]


def _term_values(term: Term) -> dict[str, Any]:
    """A term as JSON has it; the meaning's keys carry their units."""
    from dataclasses import asdict

    return {
        "id": term.id,
        "kind": term.kind,
        "say": term.say,
        "say_for": dict(term.say_for),
        "aliases": list(term.aliases),
        "instead_of": list(term.instead_of),
        "effect": term.effect,
        "best_for": term.best_for,
        "meaning": asdict(term.meaning) if term.meaning else None,
        "expect": {entry.measure: [entry.low, entry.high] for entry in term.expect},
        "conflicts": list(term.conflicts),
        "tags": list(term.tags),
        "source": term.source,
    }


def _preset_values(preset: Preset) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(preset)


def _print(titles: Sequence[str] | None, rows: list[tuple[str, ...]]) -> None:
    """A table on a terminal; elsewhere a line a row, its cells parted by tabs, for other programs."""
    from fluxgram.cli.console import safe, tables, write_line

    if not sys.stdout.isatty():
        for row in rows:
            write_line("\t".join(row))
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=titles is not None)
    for number, title in enumerate(titles or ("", "")):
        table.add_column(title, overflow="fold", no_wrap=number == 0, style="bold" if number == 0 else "")
    for row in rows:
        table.add_row(*map(safe, row))
    tables().print(table)


def _note(text: str) -> None:
    """A hint on how to go on, for people only."""
    if sys.stdout.isatty():
        from fluxgram.cli.console import messages

        messages().print(f"Next: {text}")
