"""What the linter leaves out: codes chosen or ignored, other severities, and marks inside files of prompts.

Codes may be cut short: `FX2` stands for all rules about light. The user's own wishes are read from `lint.toml` in
fluxgram's home folder; a line of a file of prompts may end in `# fluxgram: ignore FX201`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fluxgram.errors import SettingsError, UnknownTerm
from fluxgram.prompt.findings import Finding, Severity
from fluxgram.prompt.rules import RULES, SHOOT_RULES
from fluxgram.prompt.rules.rule import AnyRule

ALL = "FX"
"""The beginning of every code: ignoring it ignores everything."""
_KEYS = ("select", "ignore", "severity")
_MARK = re.compile(r"\s*#\s*fluxgram:\s*ignore\b([^#]*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LintConfiguration:
    """What to leave out and what to weigh otherwise.

    Attributes:
        select: Codes or beginnings of codes; where there are any, only these rules run.
        ignore: Codes or beginnings of codes that are left out.
        severities: Other severities by code.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=lambda: MappingProxyType({}))

    def wants(self, code: str) -> bool:
        """Whether a rule shall run."""
        return (not self.select or code.startswith(self.select)) and not (
            self.ignore and code.startswith(self.ignore)
        )

    def weigh(self, finding: Finding) -> Finding:
        """The finding with the severity that the user gave its code."""
        severity = self.severities.get(finding.code)
        return finding if severity is None else replace(finding, severity=severity)

    def without(self, codes: Iterable[str]) -> LintConfiguration:
        """The same, with more codes left out."""
        return replace(self, ignore=(*self.ignore, *codes))


def rule_of(code: str) -> AnyRule:
    """The rule of a code or a name.

    Raises:
        UnknownTerm: There is none; the hint names the nearest.
    """
    rules: list[AnyRule] = [*RULES, *SHOOT_RULES]
    wanted = code.strip()
    for rule in rules:
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return rule
    near = get_close_matches(wanted.upper(), [rule.code for rule in rules], n=1, cutoff=0.7)
    near = near or get_close_matches(wanted.lower(), [rule.name for rule in rules], n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]}?" if near else "`fluxgram explain` lists all rules."
    raise UnknownTerm(f"There is no rule {code!r}.", hint)


def codes_of(words: Iterable[str]) -> tuple[str, ...]:
    """Codes, or beginnings of codes, from words that may hold several ("FX201,FX3 no-light").

    Raises:
        UnknownTerm: No rule has such a code; the hint names the nearest.
    """
    found = []
    for word in re.split(r"[\s,]+", " ".join(words).strip()):
        begins = word.upper()
        if word and any(rule.code.startswith(begins) for rule in [*RULES, *SHOOT_RULES]):
            found.append(begins)
        elif word:
            found.append(rule_of(word).code)
    return tuple(found)


def read_configuration(path: Path) -> LintConfiguration:
    """The user's wishes from a `lint.toml`; the default where there is no such file.

    Raises:
        SettingsError: The file is no TOML, has an unknown key or an unknown code; the message names file and key.
    """
    if not path.is_file():
        return LintConfiguration()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise SettingsError(f"{path} cannot be read as TOML: {reason}.", "Mend the file.") from None
    _check_keys(tables, ("lint",), f"{path}")
    table = tables.get("lint", {})
    if not isinstance(table, Mapping):
        raise SettingsError(f"{path}: lint must be a table, not {table!r}.", "Write [lint].")
    _check_keys(table, _KEYS, f"{path}, table [lint]")
    try:
        return LintConfiguration(
            select=codes_of(_texts(table, "select", path)),
            ignore=codes_of(_texts(table, "ignore", path)),
            severities=MappingProxyType(_severities(table.get("severity", {}), path)),
        )
    except UnknownTerm as error:
        raise SettingsError(f"{path}, table [lint]: {error}", error.hint) from None


def without_mark(line: str) -> tuple[str, tuple[str, ...]]:
    """A line of a file without its mark, and the codes that the mark ignores (all of them where it names none).

    Raises:
        UnknownTerm: The mark names a rule that is not there.
    """
    if "fluxgram:" not in line:  # nearly always, and far quicker than the pattern
        return line, ()
    mark = _MARK.search(line[-500:])
    if mark is None:
        return line, ()
    return line[: len(line) - len(mark[0])], codes_of([mark[1]]) or (ALL,)


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.0)[0]
            raise SettingsError(f"{where} has an unknown key {key!r}.", f"Did you mean {near!r}?")


def _texts(table: Mapping[str, Any], key: str, path: Path) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise SettingsError(
            f"{path}: lint.{key} must be a list of codes, not {value!r}.", f'{key} = ["FX201"]'
        )
    return value


def _severities(table: Any, path: Path) -> dict[str, Severity]:
    if not isinstance(table, Mapping):
        raise SettingsError(f"{path}: lint.severity must be a table.", 'severity = { FX201 = "error" }')
    found = {}
    for code, word in table.items():
        if word not in list(Severity):
            known = ", ".join(Severity)
            raise SettingsError(f"{path}: lint.severity.{code} can't be {word!r}.", f"It is one of {known}.")
        found[rule_of(code).code] = Severity(word)
    return found
