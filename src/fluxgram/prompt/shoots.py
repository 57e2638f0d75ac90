"""Shoots: one TOML file with characters and scenes, read and checked whole before anything is composed.

Every scene has the anchor and the seed of its character; what changes is where it is, the light, the camera and what is
done. `[shoot]` says what the scenes share, and a scene's own keys win over it. `frames.py` makes pictures to be drawn
of a shoot; `templates/` has shoots to begin with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Literal

from fluxgram.errors import ShootError
from fluxgram.prompt.briefs import BRIEFS, Side
from fluxgram.prompt.characters import Cast, Character, character_of, missing, slug_of
from fluxgram.prompt.toml_tables import Table, read_toml

MOST_SCENES = 200
MOST_CHARACTERS = 20
MOST_SIZES = 8
MOST_SAMPLES = 64

OWN_KEY = {
    "environment": "surroundings",
    "product": "materials",
    "macro": "materials",
    "interior": "materials",
    "landscape": "atmosphere",
}
"""The key that only this kind of scene has."""

SIZE_SIGN = re.compile(r"\s*[x×*:]\s*")
"""What stands between width and height of a size; in a file's name it is an x."""

SHEET = "contact-sheet"
"""Stem of the contact sheet's files; no scene may have it."""

Quality = Literal["draft", "proof", "final", ""]


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene, with what it shares with the others filled in.

    Attributes:
        name: For people and for the files' names; no two scenes of a shoot have the same.
        characters: Who is in it, the first giving the seed; empty where nobody is.
        seed: Of the first picture.
        kind: Which brief it is: `portrait`, `product`, `landscape`, …
        subject: What is shown beside the anchor: "close-up portrait".
        details: Details of this scene only, such as clothes.
        own: Materials, surroundings or atmosphere, whichever the kind has.
        setting: Where it is.
        action: What is done.
        light: Ids of terms or free words.
        camera: The same.
        quality_words: The same.
        side: Side of the picture from which the light comes.
        negative: Negative sets or words: of the scene, the shoot and the characters.
        preset: A look that fills in light, camera and quality words where none are said.
        sizes: As written, such as "2:3"; one empty text for the checkpoint's own.
        samples: Pictures of each size; picture i has `seed + i`.
    """

    name: str
    characters: tuple[Character, ...]
    seed: int
    kind: str
    subject: str
    details: tuple[str, ...]
    own: tuple[str, ...]
    setting: str
    action: str
    light: tuple[str, ...]
    camera: tuple[str, ...]
    quality_words: tuple[str, ...]
    side: Side
    negative: tuple[str, ...]
    preset: str
    sizes: tuple[str, ...]
    samples: int

    @property
    def slug(self) -> str:
        """The name as the stem of a file."""
        return slug_of(self.name)

    @property
    def anchor(self) -> str:
        """Anchors of all who are in it."""
        return "; ".join(character.anchor.strip(" ,;.") for character in self.characters)


@dataclass(frozen=True, slots=True)
class Shoot:
    """A shoot file.

    Attributes:
        path: The file.
        title: For people.
        checkpoint: What draws it; empty for the characters' own or the default.
        quality: The one dial; empty for the default.
        steps: Denoising steps instead of the dial, or None.
        guidance: Guidance scale, or None for the checkpoint's own.
        characters: Everybody who is in it.
        scenes: In the order of the file.
    """

    path: Path
    title: str
    checkpoint: str
    quality: Quality
    steps: int | None
    guidance: float | None
    characters: tuple[Character, ...]
    scenes: tuple[Scene, ...]

    def scene(self, name: str) -> Scene:
        """The scene of a name.

        Raises:
            ShootError: There is none; the hint names the nearest.
        """
        asked = slug_of(name)
        for scene in self.scenes:
            if scene.slug == asked:
                return scene
        names = {scene.slug: scene.name for scene in self.scenes}
        near = get_close_matches(asked, names, n=1, cutoff=0.5)
        listed = ", ".join(list(names.values())[:8])
        hint = f"Did you mean {names[near[0]]!r}?" if near else f"There are: {listed}."
        raise ShootError(f"{self.path} has no scene {name[:60]!r}.", hint)


def read_shoot(path: Path, cast: Cast | None = None) -> Shoot:
    """Read a shoot.

    Args:
        path: The file.
        cast: Where characters are kept that the file only names; None for nowhere.

    Raises:
        ShootError: Whatever is wrong with it; the message names file, table and key.
    """
    whole = Table(read_toml(path), path, "the file")
    shared = whole.table("shoot")
    people = _people(whole.tables("character", MOST_CHARACTERS), cast)
    scenes = whole.tables("scene", MOST_SCENES)
    whole.finish()
    title = shared.text("title", path.stem)
    checkpoint = shared.text("checkpoint")
    quality: Quality = shared.choice("quality", ("draft", "proof", "final"), "")  # type: ignore[assignment]
    steps = shared.whole("steps", 0, 1, 200) or None
    guidance = shared.number("guidance", None, 0, 30)
    common = _Common.of(shared)
    shared.finish()
    if not scenes:
        raise ShootError(
            f"{path} has no scene.", "Begin with a template: fluxgram shoot --new character-sheet"
        )
    read = tuple(_scene(table, common, people, cast) for table in scenes)
    _check_names(path, read)
    everybody = {each.name: each for scene in read for each in scene.characters}
    return Shoot(path, title, checkpoint, quality, steps, guidance, tuple(everybody.values()), read)


def _people(tables: list[Table], cast: Cast | None) -> dict[str, Character]:
    """Characters of the file by slug: inline, or kept by name where a table has nothing but the name."""
    people: dict[str, Character] = {}
    for table in tables:
        name = table.needed("name", '"Mara"')
        slug = _slug(table, "name", name)
        if slug in people:
            raise table.wrong("name", f"{name!r} is there twice.", "Give each character a name of its own.")
        if set(table.values) == {"name"}:
            people[slug] = _kept(table, "name", name, {}, cast)
        else:
            people[slug] = character_of(table)
    return people


@dataclass(frozen=True, slots=True)
class _Common:
    """What `[shoot]` gives to every scene."""

    kind: str
    details: tuple[str, ...]
    light: tuple[str, ...]
    camera: tuple[str, ...]
    quality_words: tuple[str, ...]
    negative: tuple[str, ...]
    preset: str
    sizes: tuple[str, ...]
    samples: int

    @classmethod
    def of(cls, table: Table) -> _Common:
        return cls(
            kind=table.choice("kind", BRIEFS, "portrait"),
            details=table.texts("details"),
            light=table.texts("light"),
            camera=table.texts("camera"),
            quality_words=table.texts("quality_words"),
            negative=table.texts("negative"),
            preset=table.text("preset"),
            sizes=_sizes(table) or ("",),
            samples=table.whole("samples", 1, 1, MOST_SAMPLES),
        )


def _sizes(table: Table) -> tuple[str, ...]:
    one, many = table.text("size"), table.texts("sizes", MOST_SIZES)
    if one and many:
        raise table.wrong("size", "and sizes are both there.", "Keep one of them.")
    sizes = (one,) if one else many
    if len({SIZE_SIGN.sub("x", size.lower()) for size in sizes}) < len(sizes):
        raise table.wrong("sizes", "names a size twice.", "Take one of them out.")
    return sizes


def _scene(table: Table, common: _Common, people: Mapping[str, Character], cast: Cast | None) -> Scene:
    name = table.needed("name", '"café"')
    _slug(table, "name", name)
    table.name = f"scene {name!r}:"
    kind = table.choice("kind", BRIEFS, common.kind)
    subject = table.text("subject")
    who = _characters(table, people, cast, subject)
    offset = table.whole("seed_offset", 0, 0, 2**63 - 1)
    start = who[0].seed if who else next(iter(people.values())).seed
    side: Side = table.choice("side", ("left", "right"), "")  # type: ignore[assignment]
    own = [*table.texts("negative"), *common.negative, *(each.negative for each in who if each.negative)]
    scene = Scene(
        name=name,
        characters=who,
        seed=(start + offset) % 2**64,
        kind=kind,
        subject=subject,
        details=(*common.details, *table.texts("details")),
        own=table.texts(OWN_KEY[kind]) if kind in OWN_KEY else (),
        setting=table.text("setting"),
        action=table.text("action"),
        light=table.texts("light") or common.light,
        camera=table.texts("camera") or common.camera,
        quality_words=table.texts("quality_words") or common.quality_words,
        side=side,
        negative=tuple(own),
        preset=table.text("preset") or common.preset,
        sizes=_sizes(table) or common.sizes,
        samples=table.whole("samples", common.samples, 1, MOST_SAMPLES),
    )
    table.finish()
    return scene


def _characters(
    table: Table, people: Mapping[str, Character], cast: Cast | None, subject: str
) -> tuple[Character, ...]:
    """Who is in a scene: those it names, or the only one there is."""
    key = "characters" if "characters" in table else "character"
    names, other = table.texts(key), "character" if key == "characters" else "characters"
    if table.texts(other):
        raise table.wrong("character", "and characters are both there.", "Keep one of them.")
    if names:
        return tuple(_kept(table, key, name, people, cast) for name in names)
    if key in table and people and subject:  # `characters = []`: nobody, on purpose
        return ()
    if key in table and people:
        raise table.wrong(
            key, "is empty, and there is no subject.", 'Say what is shown: subject = "empty street".'
        )
    if len(people) == 1:
        return tuple(people.values())
    listed = (
        ", ".join(each.name for each in people.values())
        or "add a table [[character]] with name, anchor and seed"
    )
    raise table.wrong("character", "is missing, so it is not clear who is in it.", f"Name one: {listed}.")


def _kept(table: Table, key: str, name: str, people: Mapping[str, Character], cast: Cast | None) -> Character:
    """The character of a name, from the file or from the cast."""
    slug = _slug(table, key, name)
    if slug in people:
        return people[slug]
    if cast is not None and cast.path(name).is_file():
        return cast.load(name)
    error = missing(name, [*(each.name for each in people.values()), *(cast.slugs() if cast else ())])
    raise table.wrong(key, f"{name!r} is nobody that is known.", error.hint) from None


def _slug(table: Table, key: str, name: str) -> str:
    try:
        return slug_of(name)
    except ShootError as error:
        raise table.wrong(key, f"is no good: {error}", error.hint) from None


def _check_names(path: Path, scenes: tuple[Scene, ...]) -> None:
    seen: dict[str, str] = {}
    for scene in scenes:
        if scene.slug in seen:
            same = seen[scene.slug]
            hint = "Their pictures would have the same name; rename one."
            raise ShootError(f"{path}: two scenes are called {same!r} and {scene.name!r}.", hint)
        if scene.slug == SHEET:
            raise ShootError(
                f"{path}: a scene cannot be called {scene.name!r}.", "The contact sheet has that name."
            )
        seen[scene.slug] = scene.name


def template_names() -> list[str]:
    """Names of the shoots to begin with."""
    folder = files("fluxgram.prompt") / "templates"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def template(name: str) -> str:
    """The text of a shoot to begin with.

    Raises:
        ShootError: There is none of that name; the hint names the nearest.
    """
    names = template_names()
    if name not in names:
        near = get_close_matches(name, names, n=1, cutoff=0.3)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
        raise ShootError(f"There is no template {name[:60]!r}.", hint)
    return (files("fluxgram.prompt") / "templates" / f"{name}.toml").read_text(encoding="utf-8")
