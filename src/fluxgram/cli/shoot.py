"""`fluxgram shoot`: one character through many scenes, from one file; run again, it draws only what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxgram.cli.choices import (
    Adapters,
    NegativeMethod,
    NegativeScale,
    complete_checkpoint,
    complete_quality,
    look_for,
)

if TYPE_CHECKING:
    from fluxgram.cli.shooting import Take
    from fluxgram.engine.plan import Plan
    from fluxgram.prompt.findings import Finding
    from fluxgram.prompt.frames import Frame
    from fluxgram.prompt.shoots import Shoot
    from fluxgram.settings import Settings


def complete_template(incomplete: str) -> list[str]:
    """Names of the shoots to begin with."""
    from fluxgram.prompt.shoots import template_names

    return [name for name in template_names() if name.startswith(incomplete)]


def shoot(
    file: Annotated[Path | None, typer.Argument(help="A shoot: TOML with characters and scenes.")] = None,
    new: Annotated[
        str | None,
        typer.Option(
            "--new",
            help="Write a shoot to begin with: character-sheet, storyboard, product-mockup or profile-photos.",
            autocompletion=complete_template,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder of the pictures, by default named like FILE; with --new, the file."
        ),
    ] = None,
    scene: Annotated[list[str] | None, typer.Option("--scene", help="Only this scene; repeatable.")] = None,
    quality: Annotated[
        str, typer.Option("--quality", "-q", help="draft, proof or final.", autocompletion=complete_quality)
    ] = "",
    checkpoint: Annotated[
        str,
        typer.Option(
            "--checkpoint",
            "-c",
            help="What draws it, whatever FILE says.",
            autocompletion=complete_checkpoint,
        ),
    ] = "",
    adapter: Adapters = None,
    negative_method: NegativeMethod = None,
    negative_scale: NegativeScale = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compose and lint, show what would be drawn, draw nothing.")
    ] = False,
    no_lint: Annotated[bool, typer.Option("--no-lint", help="Draw whatever the linter would say.")] = False,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Draw again what is there; with --new, overwrite.")
    ] = False,
    allow_ignored: Annotated[
        bool, typer.Option("--allow-ignored", help="Draw even where something cannot be applied, and say so.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print pictures, prompts and findings as JSON.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the files' names.")] = False,
) -> None:
    """Draw the scenes of a shoot with the same faces, and a contact sheet."""
    from fluxgram.errors import ShootError

    if new is not None:
        if file is not None:
            raise ShootError(
                "A shoot and --new were both given.", "Write the new one to a file with --out FILE."
            )
        _write_template(new, out, force=force)
        return
    if file is None:
        hint = "Begin with a template: fluxgram shoot --new character-sheet"
        raise ShootError("There is no shoot.", hint)
    from fluxgram.cli import shooting
    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.prompt.characters import Cast
    from fluxgram.prompt.shoots import read_shoot
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    whole = read_shoot(file, Cast(settings.home / "characters"))
    _tell_references(whole)
    frames = shooting.frames(whole, settings, checkpoint=checkpoint, only=scene or ())
    wished = shooting.Wished(
        tuple(map(AdapterUse.parse, adapter or ())),
        negative_method,
        negative_scale,
        allow_ignored=allow_ignored,
    )
    plans = shooting.plans(whole, frames, settings, quality=quality, wished=wished)
    look_for(dict.fromkeys(use for plan in plans for use in plan.request.adapters), settings)
    findings = [] if no_lint else _lint(frames, plans, settings)
    show_findings(findings, quiet=quiet or json)
    folder = file.parent / file.stem if out is None else out
    entries = shooting.takes(frames, plans, folder, force=force)
    if dry_run:
        _report(whole, entries, findings, None, json=json, quiet=quiet)
        return
    _stop_at_errors(file, findings)
    shooting.prepare_folder(folder)
    entries = shooting.draw(entries, settings, force=force, quiet=quiet or json)
    sheets = shooting.write_sheets(whole, _all_of(whole, entries, scene, folder, checkpoint), folder)
    _report(whole, entries, findings, sheets, json=json, quiet=quiet)


def _lint(frames: Sequence[Frame], plans: Sequence[Plan], settings: Settings) -> list[Finding]:
    """What the linter says, with the user's own words and wishes."""
    from fluxgram.cli import shooting
    from fluxgram.photography.catalog import load_catalog
    from fluxgram.prompt.lint_configuration import read_configuration

    configuration = read_configuration(settings.home / "lint.toml")
    catalog = load_catalog([settings.home / "vocabulary"], entry_points=True)
    return shooting.lint_frames(frames, plans, configuration=configuration, catalog=catalog)


def _all_of(
    whole: Shoot, entries: list[Take], scene: Sequence[str] | None, folder: Path, checkpoint: str
) -> list[Take]:
    """With some scenes only: the takes of all scenes, so that the sheet shows the whole shoot."""
    if not scene:
        return entries
    from fluxgram.cli import shooting
    from fluxgram.settings import Settings

    settings = Settings.from_environment()
    frames = shooting.frames(whole, settings, checkpoint=checkpoint)
    made = shooting.plans(whole, frames, settings, wished=shooting.Wished(allow_ignored=True))
    everything = shooting.takes(frames, made, folder)
    drawn = {take.path: take for take in entries}
    return [drawn.get(take.path, take) for take in everything]


def _write_template(name: str, out: Path | None, *, force: bool) -> None:
    from fluxgram.cli.console import write_line
    from fluxgram.errors import ShootError
    from fluxgram.prompt.characters import unwritable
    from fluxgram.prompt.shoots import template
    from fluxgram.prompt.toml_text import save_text

    text = template(name)
    path = Path(f"{name}.toml") if out is None else out
    try:
        if path.is_dir():
            path = path / f"{name}.toml"
        save_text(text, path, overwrite=force)
    except FileExistsError:
        hint = "Choose another name with --out, or overwrite it with --force."
        raise ShootError(f"{path} is there already.", hint) from None
    except FileNotFoundError:
        raise ShootError(f"The folder {path.parent} is not there.", "Make it first.") from None
    except ValueError as error:
        raise ShootError(f"{str(path)[:80]!r} is no name of a file: {error}.", "Choose another.") from None
    except OSError as error:
        raise unwritable(path, error) from None
    write_line(f"{path} · edit it, then: fluxgram shoot {path}")


def _tell_references(whole: Shoot) -> None:
    """References are kept, but nothing applies them yet: said, never silent."""
    from fluxgram.cli.console import messages, safe

    for each in whole.characters:
        if each.references:
            messages().print(
                safe(f"note:  The reference pictures of {each.name} are not applied; words and seed are.")
            )


def show_findings(findings: Sequence[Finding], *, quiet: bool) -> None:
    """What the linter says, on standard error: errors always, the rest unless quiet."""
    from fluxgram.cli.console import messages, safe
    from fluxgram.prompt.findings import Severity

    console = messages()
    for finding in findings:
        if finding.severity is Severity.ERROR or not quiet:
            console.print(safe(f"{finding.severity}:  {finding.where}: {finding.message} ({finding.code})"))


def _stop_at_errors(file: Path, findings: Sequence[Finding]) -> None:
    from fluxgram.errors import ShootError
    from fluxgram.prompt.findings import Severity

    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
        raise ShootError(
            f"{file} has {count} ({codes}); nothing was drawn.", "Mend the scenes, or add --no-lint."
        )


def _report(
    whole: Shoot,
    entries: Sequence[Take],
    findings: Sequence[Finding],
    sheets: tuple[Path, Path] | None,
    *,
    json: bool,
    quiet: bool,
) -> None:
    """Name what was drawn and what was there."""
    from dataclasses import asdict

    from fluxgram.cli.console import write_json, write_line

    names = None if sheets is None else {"png": str(sheets[0]), "html": str(sheets[1])}
    if json:
        pictures = [take.to_dict() for take in entries]
        said = [asdict(finding) for finding in findings]
        write_json({"title": whole.title, "pictures": pictures, "sheet": names, "findings": said})
        return
    for take in entries:
        if sheets is None and not quiet:
            write_line(f"{take.path} · {_STATES[take.state]} · {take.frame.caption}")
            write_line(f"  {take.frame.text}")
        elif quiet:
            write_line(str(take.path))
        else:
            spent = f"{take.seconds:.1f} s" if take.state == "drawn" else _STATES[take.state]
            write_line(f"{take.path} · seed {take.frame.seed} · {spent}")
    for path in sheets or ():
        write_line(str(path))


_STATES = {
    "missing": "to be drawn",
    "there": "there already",
    "changed": "kept, though the shoot now says otherwise; --force draws it again",
    "drawn": "drawn",
}
