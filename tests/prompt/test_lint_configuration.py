"""What the linter leaves out: `lint.toml`, marks in files, codes and their beginnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxgram.errors import SettingsError, UnknownTerm
from fluxgram.prompt.findings import Severity
from fluxgram.prompt.lint_configuration import (
    LintConfiguration,
    codes_of,
    read_configuration,
    rule_of,
    without_mark,
)


def test_no_file_is_the_default(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "lint.toml") == LintConfiguration()


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "lint.toml"
    path.write_text('[lint]\nignore = ["FX2", "hands"]\nseverity = { FX301 = "error" }\n')
    wanted = read_configuration(path)
    assert not wanted.wants("FX201")
    assert not wanted.wants("FX404")
    assert wanted.wants("FX301")
    assert wanted.severities == {"FX301": Severity.ERROR}


def test_only_some(tmp_path: Path) -> None:
    path = tmp_path / "lint.toml"
    path.write_text('[lint]\nselect = ["FX1"]\n')
    wanted = read_configuration(path)
    assert wanted.wants("FX101")
    assert not wanted.wants("FX201")


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("[lint", "cannot be read as TOML", "Mend"),
        ("[lnt]\n", "unknown key 'lnt'", "'lint'"),
        ('[lint]\nignroe = ["FX2"]\n', "table [lint] has an unknown key 'ignroe'", "'ignore'"),
        ('[lint]\nignore = "FX2"\n', "must be a list", "FX201"),
        ('[lint]\nignore = ["FX211"]\n', "no rule 'FX211'", "FX201"),
        ('[lint]\nseverity = { FX201 = "fatal" }\n', "can't be 'fatal'", "warning"),
        ("lint = 3\n", "must be a table", "[lint]"),
        ("[lint]\nseverity = 3\n", "must be a table", "severity ="),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, says: str, hint: str) -> None:
    path = tmp_path / "lint.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_configuration(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("line", "text", "codes"),
    [
        ("a woman # fluxgram: ignore FX201", "a woman", ("FX201",)),
        ("a woman  #fluxgram:ignore fx201, FX3", "a woman", ("FX201", "FX3")),
        ("a woman # fluxgram: ignore no-light", "a woman", ("FX201",)),
        ("a woman # fluxgram: ignore", "a woman", ("FX",)),
        ("a woman # of note", "a woman # of note", ()),
        ("fluxgram: ignore FX201", "fluxgram: ignore FX201", ()),
    ],
)
def test_marks(line: str, text: str, codes: tuple[str, ...]) -> None:
    assert without_mark(line) == (text, codes)


def test_a_mark_of_a_rule_that_is_not_there() -> None:
    with pytest.raises(UnknownTerm, match="FX999"):
        without_mark("a woman # fluxgram: ignore FX999")


def test_rules_by_code_and_name() -> None:
    assert rule_of("fx101").name == "style-conflict"
    assert rule_of("style-conflict").code == "FX101"
    with pytest.raises(UnknownTerm) as caught:
        rule_of("stile-conflict")
    assert "FX101" in caught.value.hint or "style-conflict" in caught.value.hint
    assert codes_of(["FX2,FX301", "hands"]) == ("FX2", "FX301", "FX404")
