"""TOML that is written reads back equal, in the standard library's eyes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxgram.prompt.toml_text import save_text, toml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PLAIN = (
    TEXT | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
)
FLAT = st.dictionaries(TEXT, PLAIN | st.lists(PLAIN, max_size=3), max_size=4)


@settings(deadline=None)
@given(st.dictionaries(TEXT, PLAIN | FLAT | st.lists(FLAT, min_size=1, max_size=3), max_size=5))
def test_reads_back_equal(table: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(table)) == table


def test_as_people_write_it() -> None:
    table = {
        "name": "Mara",
        "seed": 42,
        "adapter": [{"source": "a.safetensors", "strength": 0.5}],
        "tags": ["x", "y"],
    }
    assert toml_text(table) == (
        'name = "Mara"\nseed = 42\ntags = ["x", "y"]\n\n[[adapter]]\nsource = "a.safetensors"\nstrength = 0.5\n'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, "\ud800"])
def test_values_that_do_not_fit(value: object) -> None:
    with pytest.raises(ValueError):
        toml_text({"x": value})


def test_kinds_that_toml_has_not() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        toml_text({"x": None})


def test_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    save_text("one\n", path)
    with pytest.raises(FileExistsError):
        save_text("two\n", path)
    assert path.read_bytes() == b"one\n"
    with pytest.raises(UnicodeEncodeError):
        save_text("half \ud800", path, overwrite=True)
    assert path.read_bytes() == b"one\n"
    save_text("two\n", path, overwrite=True)
    assert path.read_bytes() == b"two\n"
    assert [each.name for each in tmp_path.iterdir()] == ["x.toml"]
