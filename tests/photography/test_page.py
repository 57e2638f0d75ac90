"""The page of the whole vocabulary is up to date, whole, and a table that can be read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from fluxgram.photography.catalog import catalog
from fluxgram.photography.page import page

PAGE = Path(__file__).parents[2] / "docs" / "vocabulary.md"


def test_the_committed_page_is_up_to_date() -> None:
    again = "python -m fluxgram.photography.page docs/vocabulary.md"
    assert PAGE.read_text("utf-8") == page(catalog()), f"write it again: {again}"


def test_every_term_and_preset_has_its_row() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [*sorted(catalog().terms, key=_place), *catalog().presets]


def _place(id_: str) -> tuple[int, int]:
    from fluxgram.photography.terms import KINDS

    term = catalog().terms[id_]
    return KINDS.index(term.kind), list(catalog().of_kind(term.kind)).index(term)


def test_tables_have_as_many_cells_as_heads() -> None:
    width = 0
    for line in PAGE.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert width in (0, cells), line
        width = cells


def test_links_of_the_overview_lead_to_headings() -> None:
    text = PAGE.read_text("utf-8")
    heads = {
        re.sub(r"[^a-z0-9-]", "", head.lower().replace(" ", "-"))
        for head in re.findall(r"^## (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == heads


def test_the_command_writes_it(tmp_path: Path) -> None:
    target = tmp_path / "v.md"
    subprocess.run([sys.executable, "-m", "fluxgram.photography.page", str(target)], check=True)
    assert target.read_text("utf-8") == page(catalog())
