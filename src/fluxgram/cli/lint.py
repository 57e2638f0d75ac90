"""`fluxgram lint`: what will not work in a prompt and what to write instead, before anything is computed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import complete_checkpoint

if TYPE_CHECKING:
    from fluxgram.photography.catalog import Catalog
    from fluxgram.prompt.facts import CheckpointFacts
    from fluxgram.prompt.findings import Finding
    from fluxgram.prompt.lint_configuration import LintConfiguration
    from fluxgram.prompt.reports import Checked
    from fluxgram.settings import Settings

FORMATS = ("text", "json", "sarif", "github")
_FILES = (".txt", ".toml")


def complete_report(incomplete: str) -> list[str]:
    """Formats of reports."""
    return [name for name in FORMATS if name.startswith(incomplete)]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked of the command, apart from the texts.

    Attributes:
        settings: Of this machine.
        facts: Of the checkpoint, or None where none was named.
        checkpoint: Its name; empty for none.
        size: Width and height in px, or None.
        negative: Negative prompt, or None.
        seed: Seed, or None.
        anchor: The character's description; empty for none.
        configuration: What to leave out.
        catalog: The vocabulary with the user's own words.
        fix: Apply safe fixes.
        unsafe: Apply the others, too.
    """

    settings: Settings
    facts: CheckpointFacts | None
    checkpoint: str
    size: tuple[int, int] | None
    negative: str | None
    seed: int | None
    anchor: str
    configuration: LintConfiguration
    catalog: Catalog
    fix: bool
    unsafe: bool


def lint(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT|FILE|-]...",
            help="Prompts; .txt files with one prompt a line; shoots (.toml); @FILE for a whole file as one prompt; "
            "- for standard input, one prompt a line.",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            "-c",
            help="Check against this checkpoint: text limit, negative prompt, sizes.",
            autocompletion=complete_checkpoint,
        ),
    ] = None,
    size: Annotated[str | None, typer.Option("--size", help="Size of the picture, such as 512x768.")] = None,
    negative: Annotated[str | None, typer.Option("--negative", "-n", help="The negative prompt.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", "-s", help="The seed.", min=0)] = None,
    anchor: Annotated[
        str, typer.Option("--anchor", help="The part of the prompt that describes a character.")
    ] = "",
    report: Annotated[
        str,
        typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.", autocompletion=complete_report),
    ] = "text",
    fix: Annotated[bool, typer.Option("--fix", help="Apply the fixes that keep what was meant.")] = False,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="With --fix: the other fixes, too.")] = False,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", help="Only these rules: FX201, or FX2 for all about light."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Without these rules.")] = None,
) -> None:
    """Check prompts before anything is drawn: what will not work, why, and what to write instead."""
    from fluxgram.errors import RequestError

    if not sources:
        raise RequestError(
            "There is nothing to check.", 'Say what: fluxgram lint "portrait of …", or FILE, or -'
        )
    if report not in FORMATS:
        raise RequestError(f"{report!r} is not a format of reports.", f"It is one of {', '.join(FORMATS)}.")
    if unsafe and not fix:
        raise RequestError("--unsafe is about fixes, and none were asked for.", "Add --fix.")
    wish = _wish(checkpoint, size, negative, seed, anchor, select, ignore, fix=fix, unsafe=unsafe)
    checked = [each for source in sources for each in _check(source, wish)]
    sys.stdout.write(_report(checked, report))
    if any(finding.severity == "error" for each in checked for finding in each.findings):
        raise typer.Exit(1)


def _wish(
    checkpoint: str | None, size: str | None, negative: str | None, seed: int | None, anchor: str,
    select: list[str] | None, ignore: list[str] | None, *, fix: bool, unsafe: bool,
) -> Wish:  # fmt: skip
    from dataclasses import replace

    from fluxgram.jobs.facts import checkpoint_facts
    from fluxgram.photography.catalog import load_catalog
    from fluxgram.prompt.lint_configuration import codes_of, read_configuration
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    configuration = read_configuration(settings.home / "lint.toml")
    if select:
        configuration = replace(configuration, select=codes_of(select))
    facts = None if checkpoint is None else checkpoint_facts(checkpoint, settings)
    return Wish(
        settings=settings,
        facts=facts,
        checkpoint=checkpoint or "",
        size=None if size is None else _size(size, facts),
        negative=negative,
        seed=seed,
        anchor=anchor,
        configuration=configuration.without(codes_of(ignore or [])),
        catalog=load_catalog([settings.home / "vocabulary"], entry_points=True),
        fix=fix,
        unsafe=unsafe,
    )


def _size(words: str, facts: CheckpointFacts | None) -> tuple[int, int] | None:
    """Pixels of a size as written; a shape takes as many as the checkpoint's default has (a megapixel for none)."""
    from fluxgram.engine.sizes import Shape, parse_size

    asked = parse_size(words)
    if not isinstance(asked, Shape):
        return asked
    area = facts.sizes[0][0] * facts.sizes[0][1] if facts and facts.sizes else 1024 * 1024
    unit = (area / (asked.across * asked.down)) ** 0.5
    return round(asked.across * unit), round(asked.down * unit)


def _check(source: str, wish: Wish) -> list[Checked]:
    """Check one argument, whatever it is."""
    path = Path(source)
    if source == "-":
        return _lines(_read(None), "", wish)
    if source.startswith("@"):
        return [_prompt(_read(Path(source[1:])).rstrip("\r\n"), wish, file=source[1:])]
    if path.suffix.lower() in _FILES and len(source) < 1000 and (" " not in source or _is_file(path)):
        if path.suffix.lower() == ".toml":
            return _shoot(path, wish)
        return _lines(_read(path), source, wish)
    _refuse_paths(source, path)
    return [_prompt(source, wish)]


def _refuse_paths(source: str, path: Path) -> None:
    """A folder, or a file of another kind, is no prompt: its name would be checked instead of what is in it."""
    from fluxgram.errors import RequestError

    if not source.strip() or len(source) >= 1000:
        return
    if _is_file(path):
        raise RequestError(
            f"{source} is a file, but neither .txt nor .toml.", f"Read it as one prompt: @{source}"
        )
    if _is_folder(path):
        raise RequestError(
            f"{source} is a folder.",
            f"Name the files in it: {path / '*.txt'} (or - for words from elsewhere).",
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read(path: Path | None) -> str:
    """The text of a file, or of standard input."""
    from fluxgram.errors import RequestError

    name = "Standard input" if path is None else str(path)
    try:
        data = sys.stdin.buffer.read() if path is None else path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RequestError(
            f"{name} cannot be read: {reason}.", "Name a file that is there, or give the prompt itself."
        ) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(
            f"{name} is not text in UTF-8 (byte {error.start}).", "Save it as UTF-8."
        ) from None


def _prompt(text: str, wish: Wish, file: str = "") -> Checked:
    """Check one prompt of an argument; with `--fix`, write the mended one to standard output."""
    from fluxgram.cli.console import safe
    from fluxgram.prompt import lint as linter
    from fluxgram.prompt.reports import Checked

    negative = wish.negative
    if wish.fix:
        text, negative = linter.mend(
            text, negative=negative, facts=wish.facts, size=wish.size, anchor=wish.anchor,
            configuration=wish.configuration, catalog=wish.catalog, unsafe=wish.unsafe,
        )  # fmt: skip
        sys.stdout.write(safe(text) + "\n" + (f"negative: {safe(negative)}\n" if negative else ""))
    return Checked(text, tuple(_findings(text, negative, wish.configuration, wish)), file, 1 if file else 0)


def _findings(text: str, negative: str | None, configuration: LintConfiguration, wish: Wish) -> list[Finding]:
    from fluxgram.prompt import lint as linter

    return linter.lint(
        text, negative=negative or None, facts=wish.facts, size=wish.size, seed=wish.seed, anchor=wish.anchor,
        configuration=configuration, catalog=wish.catalog,
    )  # fmt: skip


def _lines(whole: str, name: str, wish: Wish) -> list[Checked]:
    """Check a file with one prompt a line; empty lines and lines that begin with # are passed over."""
    from fluxgram.errors import UnknownTerm
    from fluxgram.prompt import lint as linter
    from fluxgram.prompt.lint_configuration import without_mark
    from fluxgram.prompt.reports import Checked

    checked, lines = [], whole.split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            text, codes = without_mark(line.rstrip("\r").removeprefix("\ufeff" if number == 1 else ""))
        except UnknownTerm as error:
            raise UnknownTerm(f"{name or 'standard input'}, line {number}: {error}", error.hint) from None
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        configuration = wish.configuration.without(codes)
        if wish.fix:
            mended, _ = linter.mend(
                text, negative=wish.negative, facts=wish.facts, size=wish.size, anchor=wish.anchor,
                configuration=configuration, catalog=wish.catalog, unsafe=wish.unsafe, negative_too=False,
            )  # fmt: skip
            lines[number - 1] = line.replace(text, mended, 1)
            text = mended
        found = _findings(text, wish.negative, configuration, wish)
        checked.append(Checked(text, tuple(found), name or "standard input", number))
    if wish.fix:
        _write("\n".join(lines), name, changed="\n".join(lines) != whole)
    return checked


def _write(text: str, name: str, *, changed: bool) -> None:
    """Put a mended file in the place of the old one; what came from standard input goes to standard output."""
    if not name:
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
    elif changed:
        from fluxgram.prompt.toml_text import save_text

        try:
            save_text(text, Path(name).resolve(), overwrite=True)  # what a link points to, not the link
        except OSError as error:
            from fluxgram.errors import RequestError

            raise RequestError(
                f"{name} cannot be written: {error.strerror}.", "See who may write there."
            ) from None


def _shoot(path: Path, wish: Wish) -> list[Checked]:
    """Check the scenes of a shoot, each for itself and all together."""
    from fluxgram.cli import shooting
    from fluxgram.errors import RequestError
    from fluxgram.prompt.characters import Cast
    from fluxgram.prompt.reports import Checked
    from fluxgram.prompt.shoots import read_shoot

    if wish.fix:
        raise RequestError(
            f"{path} is a shoot, and shoots are not rewritten.", "Leave --fix out and mend it by hand."
        )
    whole = read_shoot(path, Cast(wish.settings.home / "characters"))
    frames = shooting.frames(whole, wish.settings, checkpoint=wish.checkpoint)
    plans = shooting.plans(whole, frames, wish.settings, wished=shooting.Wished(allow_ignored=True))
    findings = shooting.lint_frames(frames, plans, configuration=wish.configuration, catalog=wish.catalog)
    texts = {frame.where: frame.text for frame in reversed(frames)}
    return [
        Checked(text, tuple(each for each in findings if each.where == where), str(path), 0, where)
        for where, text in reversed(texts.items())
    ]


def _report(checked: list[Checked], name: str) -> str:
    from importlib.metadata import version

    from fluxgram.prompt import reports

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    writers: dict[str, Callable[[], str]] = {
        "text": lambda: reports.as_text(checked, colour=colour),
        "json": lambda: reports.as_json(checked),
        "sarif": lambda: reports.as_sarif(checked, version("fluxgram")),
        "github": lambda: reports.as_github(checked),
    }
    return writers[name]()
