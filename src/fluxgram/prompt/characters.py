"""Characters: one face through many scenes, kept by name.

A character is an anchor (stable physical facts: age, skin, hair, features; no light, no clothes, no camera) and a
locked seed. The seed starts every picture from the same noise, the anchor says who is in it; neither alone is enough.
`Cast` keeps characters as TOML, one file each, in a folder that the caller names; `shoots.py` puts them into scenes.
"""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fluxgram.errors import FluxgramError, ShootError, StoreFull
from fluxgram.prompt.toml_tables import MOST_SEED, Table, first_control, plain_text, read_toml
from fluxgram.prompt.toml_text import save_text, toml_text

if TYPE_CHECKING:
    from fluxgram.photography.catalog import Catalog

MOST_NAME = 60
"""Characters of a name."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
"""What a reference picture's name ends in."""

_NOT_IN_AN_ANCHOR = {
    "light": "light", "camera": "camera", "lens": "camera", "aperture": "camera", "film": "camera",
}  # fmt: skip
_CLOTHES = re.compile(
    r"\b(wearing|dressed|clothes|clothing|outfit|shirt|t-shirt|blouse|dress|skirt|trousers|jeans|jacket|coat|suit|"
    r"sweater|hoodie|uniform|scarf|hat|cap|tie)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA that belongs to a character.

    Attributes:
        source: Name of an adapter that was added, file or hub id.
        strength: How strongly it is applied; 1 as it was trained.
    """

    source: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody (or something) that stays the same.

    Attributes:
        name: For people; `slug_of` makes the file's name of it.
        anchor: Stable physical facts, said first and word for word in every scene.
        seed: 0 … 2**64 - 1; the first picture of every scene has it.
        negative: What must not be there, in every scene: the id of a negative set, or free words.
        checkpoint: What draws it, where the shoot does not say; empty for the default.
        adapters: LoRAs.
        references: Pictures, relative to the folder of the character's file.
        notes: For people; never part of a prompt.

    Raises:
        ShootError: A value that no character can have.
    """

    name: str
    anchor: str
    seed: int
    negative: str = ""
    checkpoint: str = ""
    adapters: tuple[Adapter, ...] = ()
    references: tuple[str, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        slug_of(self.name)
        if not self.anchor.strip():
            hint = 'Say what never changes: "woman in her 30s, olive skin, brown wavy hair".'
            raise ShootError(f"The character {self.name!r} has no anchor.", hint)
        for what, words in (
            ("anchor", self.anchor),
            ("negative", self.negative),
            ("checkpoint", self.checkpoint),
        ):
            if code := first_control(words):
                raise ShootError(
                    f"The {what} of {self.name!r} holds the control character {code}.", "Take it out."
                )
        if choice := re.search(r"[{}]|__[\w-]+__", self.anchor):
            hint = "An anchor never changes; put choices into a scene."
            raise ShootError(f"The anchor of {self.name!r} holds a choice ({choice[0]}).", hint)
        if isinstance(self.seed, bool) or not 0 <= self.seed <= MOST_SEED:
            hint = f"A seed is a whole number from 0 to {MOST_SEED}."
            raise ShootError(f"The seed of {self.name!r} can't be {str(self.seed)[:40]}.", hint)


def slug_of(name: str) -> str:
    """A name as the stem of a file: letters and digits of any script in lower case, joined by `-`.

    Two names with the same slug are the same name. No slug holds a separator, a dot or a control character.

    Raises:
        ShootError: A name without a letter or digit, with control characters, or too long.
    """
    shown = name if len(name) <= MOST_NAME else name[:37] + "…"
    if code := first_control(name):
        raise ShootError(f"The name {shown!r} holds the control character {code}.", "Take it out.")
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(char if unicodedata.category(char)[0] in "LNM" else " " for char in plain)
    slug = "-".join(kept.split())
    if not slug:
        raise ShootError(f"The name {shown!r} has no letter or digit.", "Use some, such as Mara.")
    if len(name) > MOST_NAME or len(slug.encode()) > 200:
        raise ShootError(f"The name {shown!r} is too long.", f"At most {MOST_NAME} characters are taken.")
    return slug


def anchor_warnings(anchor: str, catalog: Catalog | None = None) -> list[str]:
    """What an anchor names that belongs into a scene: light, camera, clothes. One sentence each.

    Args:
        anchor: The words.
        catalog: The vocabulary; the built-in one if None.
    """
    if catalog is None:
        from fluxgram.photography.catalog import catalog as built_in

        catalog = built_in()
    found = [
        (anchor[match.start : match.end], _NOT_IN_AN_ANCHOR[match.term.kind])
        for match in catalog.find(anchor)
        if match.term.kind in _NOT_IN_AN_ANCHOR
    ]
    found += [(match[0], "clothes") for match in _CLOTHES.finditer(anchor)]
    return [
        f"The anchor names {what} ({words}); it stays the same in every scene, so say {what} in the scenes instead."
        for words, what in found
    ]


def character_of(table: Table, name: str = "") -> Character:
    """Read a character from its file or from a shoot; `table.finish` is called.

    Args:
        table: The table.
        name: Its name, where the table need not say.

    Raises:
        ShootError: An unknown key, a wrong value, or a reference that is not there.
    """
    found = name or table.needed("name", '"Mara"')
    anchor = table.needed("anchor", '"woman in her 30s, olive skin, brown wavy hair"')
    seed = table.seed()
    if seed is None:
        raise table.wrong(
            "seed", "is missing, and nothing is locked without it.", "Write seed = 42, or any other."
        )
    adapters = []
    for entry in table.tables("adapter", most=8):
        source = entry.needed("source", '"face.safetensors"')
        adapters.append(Adapter(source, entry.number("strength", 1.0, -4, 4) or 0.0))
        entry.finish()
    texts = {key: table.text(key) for key in ("negative", "checkpoint", "notes")}
    references = table.texts("references")
    table.finish()
    for reference in references:
        _check_reference(table, reference)
    try:
        return Character(found, anchor, seed, adapters=tuple(adapters), references=references, **texts)
    except ShootError as error:
        raise ShootError(f"{table.path}: {table.name}: {error}", error.hint) from None


def _check_reference(table: Table, reference: str) -> None:
    path = PurePosixPath(reference)
    if path.is_absolute() or path.suffix.lower() not in PICTURES:
        what = "is an absolute path" if path.is_absolute() else "is no name of a picture"
        hint = "References are PNG, JPEG or WebP files, relative to the folder of this file."
        raise table.wrong("references", f"names {reference!r}, which {what}.", hint)
    try:
        # by name, because the folder need not be there before the first character is
        there = os.path.isfile(os.path.normpath(table.path.parent.resolve() / path))  # noqa: PTH113
    except (OSError, ValueError):
        there = False
    if not there:
        hint = f"It is looked for from {table.path.parent}; put it there, or take the line out."
        raise table.wrong("references", f"names {reference!r}, which is not there.", hint)


class Cast:
    """The characters of a folder, `<slug>.toml` each.

    Args:
        folder: Where they are; need not exist before the first is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of a name, whether it is there or not."""
        return self.folder / f"{slug_of(name)}.toml"

    def slugs(self) -> list[str]:
        """Slugs of all characters, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(path.stem for path in self.folder.glob("*.toml") if not path.name.startswith("."))

    def load(self, name: str) -> Character:
        """The character of a name.

        Raises:
            ShootError: There is none (the hint names the nearest), or its file is damaged.
        """
        path = self.path(name)
        if not path.is_file():
            raise missing(name, self.slugs())
        return character_of(Table(read_toml(path), path, "the character's"))

    def save(self, character: Character, *, overwrite: bool = False) -> Path:
        """Keep a character; its file appears whole or not at all.

        Raises:
            ShootError: The name is taken, a reference is not there, or the folder cannot be written.
            StoreFull: There is no room; what was there is as it was.
        """
        path = self.path(character.name)
        table: dict[str, object] = {"name": character.name, "anchor": character.anchor}
        table["seed"] = character.seed if character.seed < 2**63 else str(character.seed)
        for key in ("negative", "checkpoint", "references", "notes"):
            if value := getattr(character, key):
                table[key] = value if isinstance(value, str) else list(value)
        if character.adapters:
            entries = [
                {"source": each.source, "strength": float(each.strength)} for each in character.adapters
            ]
            table["adapter"] = entries
        character_of(Table(table, path, "the character's"))  # what cannot be read again is not written
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            save_text(toml_text(table), path, overwrite=overwrite)
        except FileExistsError:
            hint = "Choose another name, or overwrite it with --force."
            raise ShootError(f"There is a character {path.stem!r} already.", hint) from None
        except OSError as error:
            raise unwritable(path, error) from None
        return path

    def remove(self, name: str) -> Path:
        """Delete a character's file.

        Raises:
            ShootError: There is none, or it cannot be deleted.
        """
        path = self.path(name)
        try:
            path.unlink()
        except FileNotFoundError:
            raise missing(name, self.slugs()) from None
        except OSError as error:
            raise unwritable(path, error) from None
        return path


def missing(name: str, known: Iterable[str]) -> ShootError:
    """The error that nobody has this name."""
    names = list(known)
    near = get_close_matches(slug_of(name), [slug_of(each) for each in names], n=3, cutoff=0.4)
    hint = f"Nearest: {', '.join(near)}." if near else 'Make one: fluxgram character new NAME --anchor "…"'
    return ShootError(f"There is no character {plain_text(name)[:60]!r}.", hint)


def unwritable(path: Path, error: OSError) -> FluxgramError:
    """The error that a file cannot be written, with the reason."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"The disk is full: {path} cannot be written.", "Free some space; nothing was lost.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ShootError(f"{path} cannot be written: no permission.", "Choose a folder that is yours.")
    return ShootError(f"{path} cannot be written: {error.strerror or error}.", "Choose another place.")
