"""Writes the page of the whole vocabulary: `python -m fluxgram.photography.page docs/vocabulary.md`.

The page is made of the data alone; a test says when it is out of date. `wording.py` has the words for meanings.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fluxgram.photography.catalog import Catalog, catalog
from fluxgram.photography.terms import KINDS, Preset, Term
from fluxgram.photography.wording import KIND_TITLES, expectation_words, meaning_words

_HEAD = """# The vocabulary

<!-- Written by `python -m fluxgram.photography.page docs/vocabulary.md` from src/fluxgram/photography/data. -->

{terms} terms and {presets} presets. *Say* is what goes into a prompt. *Means* and (in italics) *to be measured* are
ranges; azimuth is counted from the camera to either side, isolation in doublings of blur. `fluxgram vocabulary ID`
shows a term with its aliases, conflicts and source; [words](words.md) tells how to add your own.
"""


def page(words: Catalog) -> str:
    """The vocabulary as Markdown."""
    parts = [_HEAD.format(terms=len(words.terms), presets=len(words.presets))]
    parts.append("| kind | terms | |\n|---|---|---|")
    for kind in KINDS:
        parts[-1] += (
            f"\n| [{KIND_TITLES[kind]}](#{_anchor(KIND_TITLES[kind])}) | {len(words.of_kind(kind))} | `{kind}` |"
        )
    parts[-1] += f"\n| [Presets](#presets) | {len(words.presets)} | `preset` |"
    parts += [_section(kind, words) for kind in KINDS]
    parts.append("## Presets\n\n| id | look | terms | negative |\n|---|---|---|---|")
    parts[-1] += "".join("\n" + _preset(preset) for preset in words.presets.values())
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _section(kind: str, words: Catalog) -> str:
    terms = words.of_kind(kind)
    means = any(term.meaning or term.expect for term in terms)
    head = "| id | say | effect | best for |" + (" means; to be measured |" if means else "")
    lines = [f"## {KIND_TITLES[kind]}\n", head, "|---" * head.count(" | ") + "|---|"]
    lines += [_term(term, means=means) for term in terms]
    return "\n".join(lines)


def _term(term: Term, *, means: bool) -> str:
    vague = (
        f" Instead of: {', '.join(f'“{words}”' for words in term.instead_of[:4])}." if term.instead_of else ""
    )
    cells = [f"`{term.id}`", term.say, term.effect + vague, term.best_for]
    if means:
        told = [
            *meaning_words(term.meaning),
            *(f"*{words}*" for words in map(expectation_words, term.expect)),
        ]
        cells.append("; ".join(told))
    return _row(cells)


def _preset(preset: Preset) -> str:
    look = f"**{preset.title}.** {preset.effect} For {preset.best_for}."
    return _row(
        [f"`{preset.id}`", look, ", ".join(f"`{id_}`" for id_ in preset.terms), f"`{preset.negative}`"]
    )


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _anchor(title: str) -> str:
    return "".join(char for char in title.lower().replace(" ", "-") if char.isalnum() or char == "-")


def main() -> None:
    """Write the page to the file named on the command line, or to standard output."""
    text = page(catalog())
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
