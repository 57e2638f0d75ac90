"""The documentation names everything that there is: options, settings, fields, checkpoints; links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from fluxgram.cli.app import app
from fluxgram.engine.receipt import Receipt
from fluxgram.errors import FluxgramError
from fluxgram.service import ServiceSettings
from fluxgram.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def options_of(command: typer.core.TyperGroup | typer.core.TyperCommand, path: str) -> list[tuple[str, str]]:
    """(command, option) of a command and of those below it."""
    found = [(path, name) for param in command.params for name in param.opts + param.secondary_opts]
    for name, below in getattr(command, "commands", {}).items():
        found += [(f"{path} {name}", ""), *options_of(below, f"{path} {name}")]
    return found


def test_every_option_is_documented() -> None:
    text = page("cli.md")
    for command, option in options_of(typer.main.get_command(app), "fluxgram"):
        name = option if option.startswith("-") else command.split()[-1]
        assert f"{name}" in text, f"docs/cli.md does not name {command} {option}"


def test_every_documented_option_is_there() -> None:
    known = {option for _, option in options_of(typer.main.get_command(app), "fluxgram")} | {
        "--debug",
        "--help",
    }
    assert set(re.findall(r"`(--?[a-z][a-z-]*)`", page("cli.md"))) <= known


def test_every_setting_is_documented() -> None:
    for field in fields(Settings):
        assert f"`FLUXGRAM_{field.name.upper()}`" in page("install.md")


def test_every_setting_of_the_service_is_documented() -> None:
    for field in fields(ServiceSettings):
        assert f"| `{field.name}` |" in page("service.md")


def test_every_field_of_the_receipt_is_documented() -> None:
    for field in fields(Receipt):
        assert f"`{field.name}`" in page("receipt.md"), field.name


def test_every_checkpoint_is_documented() -> None:
    tables = tomllib.loads((ROOT / "src/fluxgram/families/checkpoints.toml").read_text("utf-8"))
    assert tables
    for name in tables:
        assert f"`{name}`" in page("checkpoints.md")


def test_every_extra_is_documented() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for name in extras:
        assert f"`{name}`" in page("install.md")


def test_the_drawn_tree_of_errors_is_the_tree() -> None:
    import fluxgram.errors

    drawn = re.findall(r"[├└]── (\w+)", fluxgram.errors.__doc__ or "")
    real = [name for name, kind in vars(fluxgram.errors).items() if isinstance(kind, type)]
    assert sorted([*drawn, FluxgramError.__name__]) == sorted(real)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if not target.startswith(("http:", "https:", "#", "mailto:")):
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name} links to {target}"
