"""The parser against prompts as people write them, labelled before it was tuned."""

from __future__ import annotations

import sys

import pytest

from tests.prompt.labelled import (
    Label,
    Labelled,
    all_terms,
    count,
    of_vocabulary,
    read_labelled,
    table,
    unknown_ids,
)

ROWS = read_labelled()


def test_the_file() -> None:
    assert len(ROWS) >= 60
    assert len({row.text for row in ROWS}) == len(ROWS)
    assert unknown_ids(ROWS) == set()
    assert sum(bool(label.term) for row in ROWS for label in row.labels) > 180


def test_how_labels_are_read() -> None:
    first = ROWS[2]
    assert first.text.startswith("old fisherman, deep wrinkles, grey beard")
    place = first.text.index("Rembrandt")
    assert Label(place, place + 32, "light", "light.rembrandt", "left") in first.labels
    assert first.labels[-2].focal_mm == 85
    assert first.labels[-2].aperture == 1.8


def test_terms_are_read_right(capsys: pytest.CaptureFixture[str]) -> None:
    """At least nine of ten terms, lenses, apertures and sides are found, and nine of ten that are found are there."""
    counts = count(ROWS)
    total, words = all_terms(counts), of_vocabulary(counts)
    with capsys.disabled():
        sys.stdout.write(
            "\n" + table({**counts, "terms of the vocabulary": words, "and numbers and sides": total}) + "\n"
        )
    assert total.precision >= 0.9
    assert total.recall >= 0.9
    assert words.precision >= 0.9
    assert words.recall >= 0.9
    assert counts["focal_mm"].precision == counts["focal_mm"].recall == 1
    assert counts["side"].recall >= 0.9
    assert counts["side"].precision >= 0.9
    assert counts["words: subject"].recall >= 0.75
    assert counts["kind"].recall >= 0.9


def test_the_count_can_fail() -> None:
    wrong = [Labelled("a cat", "portrait", (Label(2, 5, "light", "light.rembrandt", "left", 85, 1.8),))]
    total = all_terms(count(wrong))
    assert total.recall == 0
    assert total.there == 4
