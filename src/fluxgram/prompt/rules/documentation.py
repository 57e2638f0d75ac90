"""The documentation of rules: read from their docstrings, and written as the page `docs/rules.md`.

`python -m fluxgram.prompt.rules.documentation docs/rules.md` writes the page; without a name it prints it. A test
holds the page to the docstrings.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from fluxgram.prompt.rules import GROUP_TITLES, RULES, SHOOT_RULES
from fluxgram.prompt.rules.rule import AnyRule

SECTIONS = ("What it does", "Why it is bad", "Example", "Use instead", "Evidence")
"""Headings that every rule's docstring has, in this order."""


_FRONT = (
    "Written by `python -m fluxgram.prompt.rules.documentation docs/rules.md` from the rules' own docstrings; "
    "`fluxgram explain CODE` shows the same. An *error* will not work, a *warning* will cost quality, an *advice* "
    "could make it better."
)


def sections(rule: AnyRule) -> dict[str, str]:
    """The sections of a rule's documentation by heading, as Markdown; its first sentence is under `""`."""
    parts = re.split(r"^## (.+)$", inspect.cleandoc(type(rule).__doc__ or ""), flags=re.MULTILINE)
    found = {"": parts[0].strip()}
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        found[heading.strip()] = body.strip()
    return found


def markdown(rule: AnyRule, level: int = 1) -> str:
    """The documentation of one rule as Markdown.

    Args:
        rule: The rule.
        level: Depth of its title.
    """
    marks = "#" * level
    lines = [f"{marks} {rule.code} {rule.name}", f"Severity: {rule.severity}."]
    for heading, body in sections(rule).items():
        lines += [f"{marks}# {heading}", body] if heading else [body]
    return "\n\n".join(lines) + "\n"


def page() -> str:
    """The page of all rules."""
    rules: Sequence[AnyRule] = [*RULES, *SHOOT_RULES]
    lines = ["# Rules of the linter", _FRONT]
    for group, title in GROUP_TITLES.items():
        inside = [rule for rule in rules if rule.code.startswith(group)]
        lines.append(f"## {group}xx {title}")
        lines.append(
            "\n".join(
                ["| code | name | severity | what it does |", "| --- | --- | --- | --- |"]
                + [f"| {r.code} | {r.name} | {r.severity} | {_one_line(sections(r)[''])} |" for r in inside]
            )
        )
        lines += [markdown(rule, level=3).rstrip() for rule in inside]
    return "\n\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
