"""Findings as text, JSON, SARIF and GitHub annotations."""

from __future__ import annotations

import json
from typing import Any

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.lint import lint
from fluxgram.prompt.reports import Checked, as_github, as_json, as_sarif, as_text, cells

TEXT = "photo of a man, digital art"
FIX = Fix("Take it out", (Edit(Span(14, 27), ""),), safe=False)
FINDING = Finding("FX101", Severity.WARNING, Span(16, 27), "Two modes: 100% of them, pick one.", FIX)
WHOLE = Finding("FX001", Severity.ERROR, None, "No words.")


def test_text_underlines_the_words() -> None:
    lines = as_text([Checked(TEXT, (FINDING,))]).splitlines()
    assert lines[0] == "warning FX101  Two modes: 100% of them, pick one."
    assert lines[1] == "    photo of a man, digital art"
    assert lines[2] == "    " + " " * 16 + "~" * 11
    assert lines[3] == "    fix: Take it out (--unsafe)"
    assert lines[4] == "1 warning."


def test_wide_characters_and_tabs_keep_the_columns() -> None:
    text = "日本\te\u0301 digital art"
    start = text.index("digital")
    lines = as_text(
        [Checked(text, (Finding("FX101", Severity.WARNING, Span(start, start + 11), "m"),))]
    ).splitlines()
    assert lines[1] == "    日本 e\u0301 digital art"
    assert lines[2] == "    " + " " * (4 + 1 + 1 + 1) + "~" * 11
    assert cells("日本") == 4
    assert cells("e\u0301") == 1


def test_nothing_steers_the_terminal() -> None:
    report = as_text([Checked("a\x1b[31m\u202eb", tuple(lint("a\x1b[31m\u202eb")))], colour=False)
    assert "\x1b" not in report
    assert "\u202e" not in report
    assert "\\x1b" in report


def test_colour_only_where_asked() -> None:
    assert "\x1b[" in as_text([Checked(TEXT, (FINDING,))], colour=True)
    assert "\x1b[" not in as_text([Checked(TEXT, (FINDING,))])


def test_long_prompts_are_shown_around_the_place() -> None:
    text = "x " * 500 + "digital art" + " y" * 500
    lines = as_text(
        [Checked(text, (Finding("FX101", Severity.WARNING, Span(1000, 1011), "m"),))]
    ).splitlines()
    assert len(lines[1]) < 120
    assert lines[2].index("~") == lines[1].index("digital")


def test_summary() -> None:
    assert as_text([Checked("a", ())]) == "Nothing to say.\n"
    assert as_text([Checked("a", ()), Checked("b", ())]) == "2 prompts, nothing to say.\n"
    assert as_text([Checked(TEXT, (FINDING, FINDING, WHOLE))]).endswith("1 error, 2 warnings.\n")


def test_json() -> None:
    found = json.loads(as_json([Checked(TEXT, (FINDING, WHOLE), "p.txt", 3)]))
    assert found[0] == {
        "code": "FX101",
        "severity": "warning",
        "span": [16, 27],
        "message": "Two modes: 100% of them, pick one.",
        "fix": {
            "title": "Take it out",
            "edits": [{"span": [14, 27], "text": ""}],
            "negative": "",
            "safe": False,
        },
        "where": "",
        "file": "p.txt",
        "line": 3,
    }
    assert found[1]["span"] is None
    assert found[1]["fix"] is None
    assert json.loads(as_json([])) == []


def test_github() -> None:
    lines = as_github([Checked(TEXT, (FINDING,), "a,b.txt", 3), Checked("", (WHOLE,))]).splitlines()
    assert lines[0] == (
        "::warning file=a%2Cb.txt,line=3,title=FX101 style-conflict,col=17,endColumn=28::"
        "Two modes: 100%25 of them, pick one."
    )
    assert lines[1] == "::error title=FX001 empty::No words."


def test_github_cannot_be_told_commands() -> None:
    bad = Finding("FX001", Severity.ERROR, None, "a\n::set-output name=x::y", where="scene\n1")
    assert len(as_github([Checked("", (bad,))]).splitlines()) == 1


def check_sarif(log: dict[str, Any]) -> None:
    """What the published schema of SARIF 2.1.0 requires of the objects that are used here."""
    assert log["version"] == "2.1.0"
    assert set(log) <= {"$schema", "version", "runs", "inlineExternalProperties", "properties"}
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        assert driver["name"]
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(ids) == len(set(ids))
        assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
        for rule in driver["rules"]:
            for key in ("shortDescription", "fullDescription", "help"):
                assert rule[key]["text"]
            assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
        for result in run["results"]:
            assert result["message"]["text"]
            assert ids[result["ruleIndex"]] == result["ruleId"]
            assert result["level"] in {"none", "note", "warning", "error"}
            for location in result["locations"]:
                assert set(location) <= {"physicalLocation", "logicalLocations"}
                if "physicalLocation" in location:
                    assert location["physicalLocation"]["artifactLocation"]["uri"]
                    check_region(location["physicalLocation"].get("region"))
            for fix in result.get("fixes", []):
                assert fix["artifactChanges"]
                for change in fix["artifactChanges"]:
                    assert change["artifactLocation"]["uri"]
                    assert change["replacements"]
                    for replacement in change["replacements"]:
                        check_region(replacement["deletedRegion"])


def check_region(region: dict[str, int] | None) -> None:
    if region is not None:
        assert all(isinstance(value, int) and value >= 1 for value in region.values())
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])


def test_sarif() -> None:
    log = json.loads(
        as_sarif([Checked(TEXT, (FINDING,), "my prompts.txt", 3), Checked("", (WHOLE,))], "0.1.0")
    )
    check_sarif(log)
    first, second = log["runs"][0]["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20prompts.txt"
    assert place["region"] == {"startLine": 3, "startColumn": 17, "endLine": 3, "endColumn": 28}
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"]["startColumn"] == 15
    assert second["level"] == "error"
    assert second["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "prompt"


def test_sarif_of_two_lines_and_odd_names() -> None:
    text = "one\ntwo digital art"
    finding = Finding("FX101", Severity.WARNING, Span(8, 19), "m")
    log = json.loads(as_sarif([Checked(text, (finding,), "\udcff.txt", 1), Checked("", ())], "0.1.0"))
    check_sarif(log)
    region = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 16}


def test_lines_and_columns_of_a_text_of_several_lines() -> None:
    each = Checked("ab\n\ncde", (), "p.txt", 7)
    assert [each.line_and_column(place) for place in (0, 2, 3, 4, 7)] == [
        (7, 1),
        (7, 3),
        (8, 1),
        (9, 1),
        (9, 4),
    ]
    assert Checked("", ()).line_and_column(0) == (1, 1)
