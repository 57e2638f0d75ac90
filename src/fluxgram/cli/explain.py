"""`fluxgram explain`: what a rule of the linter means, why, and what to write instead."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def complete_code(incomplete: str) -> list[str]:
    """Codes of rules."""
    from fluxgram.prompt.rules import RULES, SHOOT_RULES

    return [rule.code for rule in (*RULES, *SHOOT_RULES) if rule.code.startswith(incomplete.upper())]


def explain(
    codes: Annotated[
        list[str] | None,
        typer.Argument(
            help="Codes, beginnings of codes, or names of rules: FX201, FX2, no-light.",
            autocompletion=complete_code,
        ),
    ] = None,
) -> None:
    """Explain a rule of the linter; without a code, list all."""
    from fluxgram.prompt.lint_configuration import codes_of
    from fluxgram.prompt.rules import GROUP_TITLES, RULES, SHOOT_RULES
    from fluxgram.prompt.rules.documentation import markdown, sections

    if codes:
        known = (*RULES, *SHOOT_RULES)
        wanted = [rule for begins in codes_of(codes) for rule in known if rule.code.startswith(begins)]
        text = "\n".join(markdown(rule) for rule in dict.fromkeys(wanted))
    else:
        lines = []
        for group, title in GROUP_TITLES.items():
            lines.append(f"## {group}xx {title}\n")
            for rule in (*RULES, *SHOOT_RULES):
                if rule.code.startswith(group):
                    told = " ".join(sections(rule)[""].split())
                    lines.append(f"- **{rule.code}** {rule.name} ({rule.severity}): {told}")
            lines.append("")
        text = "\n".join(lines)
    _show(text)


def _show(text: str) -> None:
    """Rendered on a terminal, as it is through a pipe."""
    if sys.stdout.isatty():
        from rich.markdown import Markdown

        from fluxgram.cli.console import tables

        tables().print(Markdown(text))
    else:
        sys.stdout.write(text)
