"""Names of files: made of words, numbered, and never somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxgram.cli.outputs import output_names, slug_of
from fluxgram.errors import PictureExists


def names(out: Path | None, **changed: object) -> list[str]:
    asked = {"prompt": "a cat", "seed": 5, "samples": 1, "picture_format": None, "force": False} | changed
    return [path.name for path in output_names(out, **asked)]  # type: ignore[arg-type]


def test_given_names(tmp_path: Path) -> None:
    assert names(tmp_path / "x.png") == ["x.png"]
    assert names(tmp_path / "x") == ["x.png"]
    assert names(tmp_path / "x", picture_format="jpeg") == ["x.jpg"]
    assert names(tmp_path / "x.webp", samples=2) == ["x-0.webp", "x-1.webp"]
    assert names(tmp_path / "x.png", samples=12)[0] == "x-00.png"


def test_made_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert names(None) == names(tmp_path) == ["cat-5.png"]
    assert names(None, samples=2, picture_format="webp") == ["cat-5.webp", "cat-6.webp"]
    assert names(None, seed=2**64 - 1, samples=2) == [f"cat-{2**64 - 1}.png", "cat-0.png"]
    (tmp_path / "cat-5.png").touch()
    (tmp_path / "cat-5-2.png").symlink_to("nowhere")
    assert names(None) == ["cat-5-3.png"]
    assert names(None, force=True) == ["cat-5.png"]


def test_all_names_are_checked(tmp_path: Path) -> None:
    (tmp_path / "x-2.png").touch()
    with pytest.raises(PictureExists, match="x-2"):
        names(tmp_path / "x.png", samples=3)
    assert names(tmp_path / "x.png", samples=3, force=True) == ["x-0.png", "x-1.png", "x-2.png"]


@given(st.text())
def test_any_prompt_makes_a_plain_name(prompt: str) -> None:
    slug = slug_of(prompt)
    assert 1 <= len(slug) <= 41
    assert all(char in "abcdefghijklmnopqrstuvwxyz0123456789-" for char in slug)


@pytest.mark.parametrize(
    ("prompt", "slug"),
    [("Portrait of a Woman with Grey hair!", "portrait-woman-grey-hair"), ("光", "picture"), ("Übergröße", "ubergroe"),
     ("x" * 99, "picture"), ("../../etc/passwd", "etc-passwd")],
)  # fmt: skip
def test_slugs(prompt: str, slug: str) -> None:
    assert slug_of(prompt) == slug
