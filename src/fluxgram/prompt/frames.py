"""Frames: the pictures of a shoot, each with the words, seed and file name it will have. Nothing is drawn here.

The same shoot gives the same frames: names come from the scenes, seeds from the characters, and dynamic prompts are
chosen by the seed (`wildcards.py`). So a shoot that was cut short goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fluxgram.errors import RequestError, ShootError
from fluxgram.photography.catalog import Catalog
from fluxgram.photography.catalog import catalog as built_in
from fluxgram.prompt.briefs import BRIEFS, Brief
from fluxgram.prompt.characters import Adapter, Character
from fluxgram.prompt.compose import compose
from fluxgram.prompt.items import NEARLY, item_of, resolve_negative
from fluxgram.prompt.shoots import OWN_KEY, SIZE_SIGN, Scene, Shoot
from fluxgram.prompt.wildcards import expand

MOST_FRAMES = 1000
"""Pictures of one shoot."""

LIGHT_KINDS = ("light", "atmosphere")
CAMERA_KINDS = ("lens", "aperture", "camera", "film", "macro")
QUALITY_KINDS = ("quality", "mode", "skin", "film")
"""Kinds of terms that a bare name may mean in `light`, `camera` and `quality_words`."""
DETAIL_KINDS = (
    "skin",
    "material",
    "surface",
    "atmosphere",
    "product",
    "interior",
    "environment",
    "landscape",
    "street",
)


DETAILS_NEARLY = 0.9
"""Details are mostly free words: a scarf is no misspelt scar."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture to be drawn.

    Attributes:
        scene: Name of its scene.
        stem: The file's name without an ending; no two frames of a shoot have the same.
        text: The prompt.
        negative: The negative prompt; empty for none.
        anchor: The anchors in it, as they stand in the prompt; empty where nobody is in it.
        characters: Names of those who are in it.
        seed: Of this picture.
        sample: Which picture of its scene and size it is, from 0; the scene's own seed is `seed - sample`.
        size: As written, empty for the checkpoint's own.
        checkpoint: What draws it; empty for the default.
        caption: What a contact sheet says under it.
        adapters: Those of its characters, each once.
    """

    scene: str
    stem: str
    text: str
    negative: str
    anchor: str
    characters: tuple[str, ...]
    seed: int
    sample: int
    size: str
    checkpoint: str
    caption: str
    adapters: tuple[Adapter, ...] = ()

    @property
    def where(self) -> str:
        """How findings name it."""
        return f"scene {self.scene}"


def frames_of(
    shoot: Shoot,
    *,
    checkpoint: str = "",
    family_of: Callable[[str], str] | None = None,
    catalog: Catalog | None = None,
    wildcards: Sequence[Path] = (),
    only: Sequence[str] = (),
) -> list[Frame]:
    """Compose every picture of a shoot, in the order of the file.

    Args:
        shoot: The shoot.
        checkpoint: What draws all of it, instead of what the file says.
        family_of: Gives the family of a checkpoint's name; None composes for none in particular.
        catalog: The vocabulary; the built-in one if None.
        wildcards: Folders of wildcard files; the shoot's own folder comes first.
        only: Names of the scenes wanted; empty for all.

    Raises:
        ShootError: A scene that is not there, too many pictures, or a choice that cannot be made.
        RequestError: A scene that cannot be composed; the message names file and scene.
    """
    catalog = built_in() if catalog is None else catalog
    wanted = {shoot.scene(name).slug for name in only}
    scenes = [scene for scene in shoot.scenes if not wanted or scene.slug in wanted]
    total = sum(len(scene.sizes) * scene.samples for scene in scenes)
    if total > MOST_FRAMES:
        raise ShootError(
            f"{shoot.path} asks for {total:,} pictures.", f"At most {MOST_FRAMES:,} are drawn in one go."
        )
    found = []
    for scene in scenes:
        name = checkpoint or shoot.checkpoint or (scene.characters[0].checkpoint if scene.characters else "")
        family = family_of(name) if family_of else ""
        try:
            found += _frames_of(scene, name, family, catalog, (shoot.path.parent, *wildcards))
        except RequestError as error:
            if str(error).startswith(str(shoot.path)):
                raise
            raise type(error)(f"{shoot.path}: scene {scene.name!r}: {error}", error.hint) from None
    return found


def _frames_of(
    scene: Scene, checkpoint: str, family: str, catalog: Catalog, wildcards: Sequence[Path]
) -> list[Frame]:
    found = []
    for sample in range(scene.samples):
        seed = (scene.seed + sample) % 2**64
        composed = compose(
            brief_of(_expanded(scene, seed, wildcards), catalog), family=family, catalog=catalog
        )
        for size in scene.sizes:
            parts = [scene.slug]
            parts += [SIZE_SIGN.sub("x", size.strip().lower())] if len(scene.sizes) > 1 else []
            parts += [str(sample + 1)] if sample else []
            shown = [scene.name, *([size] if len(scene.sizes) > 1 else []), f"seed {seed}"]
            found.append(
                Frame(
                    scene=scene.name,
                    stem="_".join(parts),
                    text=composed.text,
                    negative=composed.negative,
                    anchor=scene.anchor,
                    characters=tuple(each.name for each in scene.characters),
                    seed=seed,
                    sample=sample,
                    size=size,
                    checkpoint=checkpoint,
                    caption=" · ".join(shown),
                    adapters=adapters_of(scene.characters),
                )
            )
    return found


def adapters_of(characters: Sequence[Character]) -> tuple[Adapter, ...]:
    """The adapters of those who are in a picture; of one that several have, the first one's strength counts."""
    found: dict[str, Adapter] = {}
    for each in characters:
        for adapter in each.adapters:
            found.setdefault(adapter.source, adapter)
    return tuple(found.values())


def brief_of(scene: Scene, catalog: Catalog) -> Brief:
    """A scene as a brief: names become ids, and a preset fills in what the scene does not say.

    Raises:
        UnknownTerm: A name that is nearly one of the vocabulary's, or a preset that is not there.
    """
    preset = catalog.preset(scene.preset) if scene.preset else None
    looks: dict[str, list[str]] = {"light": [], "camera": [], "quality": [], "details": []}
    for id_ in preset.terms if preset else ():
        kind = id_.partition(".")[0]
        part = "light" if kind == "light" else "camera" if kind in CAMERA_KINDS else "details"
        looks["quality" if kind in ("quality", "mode") else part].append(id_)

    def items(given: Sequence[str], kinds: Sequence[str]) -> tuple[str, ...]:
        nearly = DETAILS_NEARLY if kinds is DETAIL_KINDS else NEARLY
        return tuple(item_of(words, kinds, catalog, nearly=nearly) for words in given)

    negatives = scene.negative or ((preset.negative,) if preset and preset.negative else ())
    own = {OWN_KEY[scene.kind]: items(scene.own, DETAIL_KINDS)} if scene.own else {}
    return BRIEFS[scene.kind](
        subject=scene.subject,
        details=(*items(scene.details, DETAIL_KINDS), *looks["details"]),
        light=items(scene.light, LIGHT_KINDS) or tuple(looks["light"]),
        camera=items(scene.camera, CAMERA_KINDS) or tuple(looks["camera"]),
        quality=items(scene.quality_words, QUALITY_KINDS) or tuple(looks["quality"]),
        setting=scene.setting,
        action=scene.action,
        side=scene.side,
        negative=_joined(negatives, catalog),
        anchor=scene.anchor,
        **own,
    )


def _joined(negatives: Sequence[str], catalog: Catalog) -> str:
    """Negative sets and words as one list, each thing once."""
    said: dict[str, str] = {}
    for given in negatives:
        words, _ = resolve_negative(item_of(given, ("negative",), catalog), catalog)
        for part in words.split(","):
            if phrase := part.strip():
                said.setdefault(phrase.casefold(), phrase)
    return ", ".join(said.values())


def _expanded(scene: Scene, seed: int, folders: Sequence[Path]) -> Scene:
    """The scene with every choice made."""

    def one(key: str, text: str) -> str:
        return expand(text, seed, folders, place=f"scene {scene.name!r}: {key}")

    def many(key: str, texts: Sequence[str]) -> tuple[str, ...]:
        made = (one(f"{key} {number}", text) for number, text in enumerate(texts, 1))
        return tuple(text for text in made if text.strip())

    return replace(
        scene,
        subject=one("subject", scene.subject),
        setting=one("setting", scene.setting),
        action=one("action", scene.action),
        details=many("details", scene.details),
        own=many("own", scene.own),
        light=many("light", scene.light),
        camera=many("camera", scene.camera),
        quality_words=many("quality_words", scene.quality_words),
        negative=many("negative", scene.negative),
    )
