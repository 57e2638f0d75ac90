"""Rules as a collection: codes, names, documentation, and the page that is made of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fluxgram.prompt.findings import Severity
from fluxgram.prompt.rules import GROUP_TITLES, RULES, SHOOT_RULES
from fluxgram.prompt.rules.documentation import SECTIONS, sections
from fluxgram.prompt.rules.wording import GROUPS

ROOT = Path(__file__).parents[3]
ALL: list[Any] = [*RULES, *SHOOT_RULES]
PAGE = ROOT / "docs" / "rules.md"

STABLE = {
    "FX001": "empty", "FX002": "control-characters", "FX003": "direction-characters", "FX004": "invisible-characters",
    "FX005": "not-english", "FX006": "too-long", "FX007": "emoji", "FX101": "style-conflict", "FX102": "overloaded",
    "FX103": "vague-only", "FX104": "weights", "FX105": "adapter-tag", "FX106": "tags", "FX107": "repeated",
    "FX108": "misspelt", "FX109": "negative-inside", "FX201": "no-light", "FX202": "vague-light",
    "FX203": "contradicting-light", "FX204": "backlight-without-lens", "FX301": "vague-blur",
    "FX302": "contradicting-optics", "FX303": "invented-gear", "FX401": "retouching", "FX402": "detail-too-small",
    "FX403": "over-specified", "FX404": "hands", "FX405": "many-positions", "FX406": "long-text",
    "FX501": "no-material", "FX502": "product-without-light", "FX503": "generic-wet-scene",
    "FX601": "missing-negative", "FX602": "negative-unsupported", "FX603": "over-token-limit",
    "FX701": "anchor-changes", "FX702": "anchor-without-seed", "FX703": "seed-without-anchor",
}  # fmt: skip
"""What people have in their configuration; a code is never given to another rule."""


def test_codes_and_names_are_stable() -> None:
    assert {rule.code: rule.name for rule in ALL} == STABLE
    assert [rule.code for rule in ALL] == sorted(STABLE)


def test_every_file_is_collected() -> None:
    folder = ROOT / "src" / "fluxgram" / "prompt" / "rules"
    files = {path.stem[:5].upper() for path in folder.glob("fx*.py")}
    assert files == set(STABLE)


def test_groups_of_phrases_have_names_of_their_own() -> None:
    names = [name for rule in ALL for name in rule.phrases]
    assert len(names) == len(set(names))
    assert not set(names) & set(GROUPS)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.code)
def test_documentation(rule: Any) -> None:
    told = sections(rule)
    assert tuple(told) == ("", *SECTIONS)
    assert all(len(body) > 10 for body in told.values())
    assert told[""].startswith("Finds ")
    assert isinstance(rule.severity, Severity)
    assert rule.code[:3] in GROUP_TITLES


def test_the_page_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fluxgram.prompt.rules.documentation"],
        capture_output=True,
        text=True,
        check=True,
    )
    hint = "python -m fluxgram.prompt.rules.documentation docs/rules.md"
    assert PAGE.read_text("utf-8") == done.stdout, hint
    for code, name in STABLE.items():
        assert f"### {code} {name}" in done.stdout
