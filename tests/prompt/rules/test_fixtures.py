"""Every rule against prompts that must and must not trigger it (`fixtures/FX101.toml` says what a case may hold)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fluxgram.prompt.facts import CheckpointFacts
from fluxgram.prompt.findings import Finding
from fluxgram.prompt.lint import apply_fixes, lint
from fluxgram.prompt.rules import RULES

FIXTURES = Path(__file__).parent / "fixtures"
KEYS = {"text", "negative", "checkpoint", "size", "seed", "anchor", "limit", "span", "says", "severity", "fixed",
        "fixed_negative", "safe"}  # fmt: skip


@dataclass(frozen=True)
class Count:
    """A count of tokens for tests: one a word."""

    total: int
    kept: int
    limit: int
    lost: str


def counter(limit: int) -> Any:
    def count(text: str) -> Count:
        words = text.split(" ")
        kept = " ".join(words[:limit])
        return Count(len(words), min(limit, len(words)), limit, text[len(kept) :])

    return count


def facts_of(case: dict[str, Any]) -> CheckpointFacts | None:
    if "checkpoint" not in case and "limit" not in case:
        return None
    count = counter(case["limit"]) if "limit" in case else None
    return CheckpointFacts(
        "test-checkpoint", "flux2", case.get("checkpoint", "unsupported"), count_tokens=count
    )


def found(code: str, case: dict[str, Any]) -> list[Finding]:
    assert set(case) <= KEYS, f"{code}: unknown key in {case}"
    size = tuple(case["size"]) if "size" in case else None
    findings = lint(
        case["text"], negative=case.get("negative"), facts=facts_of(case), size=size, seed=case.get("seed"),
        anchor=case.get("anchor", ""),
    )  # fmt: skip
    return [finding for finding in findings if finding.code == code]


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(path.stem, case, id=f"{path.stem}-{case['text'][:50]!a}")
        for path in sorted(FIXTURES.glob("*.toml"))
        for case in tomllib.loads(path.read_text("utf-8")).get(kind, [])
    ]


@pytest.mark.parametrize(("code", "case"), cases("must"))
def test_must(code: str, case: dict[str, Any]) -> None:
    findings = found(code, case)
    assert findings, f"{code} is silent about {case['text']!r}"
    first = findings[0]
    assert len(first.message) > 40
    if "span" in case:
        assert first.span is not None
        assert case["text"][first.span.start : first.span.end] == case["span"]
    if "severity" in case:
        assert first.severity == case["severity"]
    assert case.get("says", "") in first.message
    if "safe" in case:
        assert first.fix is not None
        assert first.fix.safe is case["safe"]
    if "fixed" in case or "fixed_negative" in case:
        text, negative = apply_fixes(case["text"], case.get("negative"), findings, unsafe=True)
        assert text == case.get("fixed", text)
        assert negative == case.get("fixed_negative", negative)


@pytest.mark.parametrize(("code", "case"), cases("must_not"))
def test_must_not(code: str, case: dict[str, Any]) -> None:
    assert found(code, case) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_fixtures(rule: Any) -> None:
    table = tomllib.loads((FIXTURES / f"{rule.code}.toml").read_text("utf-8"))
    assert set(table) == {"must", "must_not"}
    assert len(table["must"]) >= 1
    assert len(table["must_not"]) >= 3
