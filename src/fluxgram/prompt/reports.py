"""Findings as people and machines read them: text with the place underlined, JSON, SARIF 2.1.0, GitHub annotations.

Every function takes `Checked` texts and gives back one string; nothing is printed here. Columns are counted in
characters (Unicode code points) from 1, as SARIF's `unicodeCodePoints` does.
"""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxgram.prompt.findings import Edit, Finding, Fix, Severity, Span
from fluxgram.prompt.rules import RULES, SHOOT_RULES
from fluxgram.prompt.rules.documentation import sections
from fluxgram.prompt.rules.rule import AnyRule

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}
_ANNOTATIONS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}
_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.ADVICE: "\x1b[1;36m"}
_PLAIN = "\x1b[0m"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_AROUND = 36
"""Characters shown before and behind a marked place."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that was checked.

    Attributes:
        text: The prompt.
        findings: What the linter said.
        file: Path as it was given; empty where the text came as an argument.
        line: Line in the file, from 1; 0 where there is none.
        where: What else to call it ("scene cafe"); empty where file and line say it.
    """

    text: str
    findings: tuple[Finding, ...]
    file: str = ""
    line: int = 0
    where: str = ""

    _ends: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ends = [place for place, char in enumerate(self.text) if char == "\n"]
        object.__setattr__(self, "_ends", ends)

    def line_and_column(self, place: int) -> tuple[int, int]:
        """Line in the file and column, both from 1, of a character of the text."""
        above = bisect_left(self._ends, place)
        start = self._ends[above - 1] + 1 if above else 0
        return max(1, self.line) + above, place - start + 1

    @property
    def name(self) -> str:
        """What a report calls it."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.where}" if place and self.where else place or self.where


def as_text(checked: Sequence[Checked], *, colour: bool = False) -> str:
    """A report for people; the marked words are underlined.

    Args:
        checked: What was checked.
        colour: Whether the reader is a terminal that shows colours.
    """
    lines: list[str] = []
    names = len(checked) > 1 or any(each.name for each in checked)
    for each in checked:
        if each.findings and names:
            lines.append(f"{_shown(each.name or _excerpt(each.text))}")
        for finding in each.findings:
            lines += _finding_lines(each, finding, colour=colour)
    lines.append(summary(checked))
    return "\n".join(lines) + "\n"


def summary(checked: Sequence[Checked]) -> str:
    """How many findings of which severity there are, in one line."""
    found = [finding.severity for each in checked for finding in each.findings]
    if not found:
        return f"{len(checked)} prompts, nothing to say." if len(checked) > 1 else "Nothing to say."
    plural = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.ADVICE: "advices"}
    counts = [(found.count(severity), severity) for severity in Severity if severity in found]
    return (
        ", ".join(f"{count} {severity if count == 1 else plural[severity]}" for count, severity in counts)
        + "."
    )


def as_json(checked: Sequence[Checked]) -> str:
    """All findings as one JSON list; a span is [start, end] in characters of its text, or null."""
    found = [
        {
            "code": finding.code,
            "severity": str(finding.severity),
            "span": _pair(finding.span),
            "message": finding.message,
            "fix": None if finding.fix is None else _fix(finding.fix),
            "where": finding.where or each.where,
            "file": each.file,
            "line": each.line,
        }
        for each in checked
        for finding in each.findings
    ]
    return json.dumps(found, indent=2, ensure_ascii=True) + "\n"


def as_github(checked: Sequence[Checked]) -> str:
    """Workflow commands that GitHub Actions shows beside the lines."""
    names = {rule.code: rule.name for rule in _rules()}
    lines = []
    for each in checked:
        for finding in each.findings:
            line, column = each.line_and_column(finding.span.start if finding.span else 0)
            properties = {"title": f"{finding.code} {names[finding.code]}"}
            if each.file:
                properties = {"file": each.file} | ({"line": str(line)} if each.line else {}) | properties
            if each.file and each.line and finding.span:
                ends = each.line_and_column(finding.span.end)[1]
                properties |= {"col": str(column), "endColumn": str(ends)}
            told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
            prefix = f"{finding.where or each.where}: " if finding.where or each.where else ""
            lines.append(f"::{_ANNOTATIONS[finding.severity]} {told}::{_data(prefix + finding.message)}")
    return "".join(line + "\n" for line in lines)


def as_sarif(checked: Sequence[Checked], version: str) -> str:
    """A log in the Static Analysis Results Interchange Format 2.1.0 (OASIS).

    Args:
        checked: What was checked.
        version: Version of fluxgram.
    """
    rules = _rules()
    places = {rule.code: index for index, rule in enumerate(rules)}
    driver = {"name": "fluxgram lint", "version": version, "rules": [_descriptor(rule) for rule in rules]}
    results = [_result(each, finding, places) for each in checked for finding in each.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return (
        json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True)
        + "\n"
    )


def _rules() -> list[AnyRule]:
    return [*RULES, *SHOOT_RULES]


def _descriptor(rule: AnyRule) -> dict[str, Any]:
    told = sections(rule)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": told[""]},
        "fullDescription": {"text": f"{told['What it does']}\n\n{told['Why it is bad']}"},
        "help": {"text": told["Use instead"]},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(each: Checked, finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if each.file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(each.file)}}
        if each.line:
            span = finding.span or Span(0, len(each.text))
            location["physicalLocation"]["region"] = _region(each, span)
    name = finding.where or each.where or ("" if each.file else "prompt")
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": places[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
    }
    fix = finding.fix
    if fix is not None and fix.edits and each.file and each.line:
        replacements = [
            {"deletedRegion": _region(each, edit.span), "insertedContent": {"text": edit.text}}
            for edit in fix.edits
        ]
        change = {"artifactLocation": {"uri": _uri(each.file)}, "replacements": replacements}
        result["fixes"] = [{"description": {"text": fix.title}, "artifactChanges": [change]}]
    return result


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path.replace("\\", "/"), safe="/:", errors="replace")


def _region(each: Checked, span: Span) -> dict[str, int]:
    (line, column), (last, end) = map(each.line_and_column, (span.start, span.end))
    return {"startLine": line, "startColumn": column, "endLine": last, "endColumn": end}


def _pair(span: Span | None) -> list[int] | None:
    return None if span is None else [span.start, span.end]


def _fix(fix: Fix) -> dict[str, Any]:
    def told(edit: Edit) -> dict[str, Any]:
        return {"span": _pair(edit.span), "text": edit.text}

    return {
        "title": fix.title,
        "edits": list(map(told, fix.edits)),
        "negative": fix.negative,
        "safe": fix.safe,
    }


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _finding_lines(each: Checked, finding: Finding, *, colour: bool) -> list[str]:
    start, stop = (_COLOURS[finding.severity], _PLAIN) if colour else ("", "")
    where = f"{finding.where}: " if finding.where and finding.where != each.where else ""
    lines = [f"{start}{finding.severity} {finding.code}{stop}  {_shown(where + finding.message)}"]
    if finding.span is not None and finding.span.end > finding.span.start:
        before, marked, behind = _window(each.text, finding.span)
        lines.append(f"    {before}{marked}{behind}")
        lines.append("    " + " " * cells(before) + start + "~" * max(1, cells(marked)) + stop)
    if finding.fix is not None:
        how = "" if finding.fix.safe else " (--unsafe)"
        lines.append(f"    fix: {_shown(finding.fix.title)}{how}")
    return lines


def _window(text: str, span: Span) -> tuple[str, str, str]:
    """The marked words and what stands around them, ready to be shown on one line."""
    low, high = max(0, span.start - _AROUND), min(len(text), span.end + _AROUND)
    marked = text[span.start : span.end]
    if len(marked) > 2 * _AROUND:
        marked, high = marked[: 2 * _AROUND], span.start + 2 * _AROUND
        return ("…" if low else "") + _shown(text[low : span.start]), _shown(marked), "…"
    before = ("…" if low else "") + _shown(text[low : span.start])
    return before, _shown(marked), _shown(text[span.end : high]) + ("…" if high < len(text) else "")


def _excerpt(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _shown(text: str) -> str:
    """Text in which nothing steers a terminal; tabs and line ends become a space, so that columns stay in order."""
    return "".join(
        char
        if char.isprintable()
        else " "
        if char.isspace()
        else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def cells(text: str) -> int:
    """Columns of a terminal that a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(char) or char in "\u200d\ufe0f"
        else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
