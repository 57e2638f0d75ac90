"""Writing a shoot's file from what a form asks: who, where, in which light. `shoots.py` reads such files.

With several characters each scene is written once for each of them, so that all are seen in all of it; or once for all
together, where they are in one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fluxgram.prompt.toml_text import toml_text

_WORDS = ("subject", "setting", "action", "light", "side", "camera", "size")


@dataclass(frozen=True, slots=True)
class Part:
    """A scene of a form. Empty texts are left out.

    Attributes:
        name: For people and for the files' names.
        subject: "close-up portrait".
        setting: Where it is.
        action: What is done.
        light: Name of a light, or words.
        side: `left` or `right`; where the light comes from.
        camera: Name of a lens, or words.
        size: "2:3" or "512x768".
        details: Details of this scene only, such as clothes.
    """

    name: str
    subject: str = ""
    setting: str = ""
    action: str = ""
    light: str = ""
    side: str = ""
    camera: str = ""
    size: str = ""
    details: str = ""


def shoot_text(
    title: str,
    people: Sequence[str],
    parts: Sequence[Part],
    *,
    shared: dict[str, object] | None = None,
    together: bool = False,
) -> str:
    """The file.

    Args:
        title: Of the shoot.
        people: Names of kept characters.
        parts: The scenes.
        shared: What all scenes share: `quality`, `size`, `checkpoint`, `negative`, `samples`, `light`, `camera`, …
        together: All characters in one picture, instead of one picture each.
    """
    common = {key: value for key, value in (shared or {}).items() if value not in ("", None, [], ())}
    each = [list(people)] if together or len(people) < 2 else [[name] for name in people]
    scenes = [_scene(part, who, several=len(people) > 1, together=together) for part in parts for who in each]
    table: dict[str, object] = {"shoot": {"title": _line(title), **common}}
    table["character"] = [{"name": name} for name in dict.fromkeys(people)]
    table["scene"] = scenes
    return toml_text({key: value for key, value in table.items() if value})


def _scene(part: Part, who: Sequence[str], *, several: bool, together: bool) -> dict[str, object]:
    name = _line(f"{part.name} {who[0]}" if several and not together and who else part.name)
    scene: dict[str, object] = {"name": name}
    if several:
        scene |= {"characters": list(who)} if together else {"character": who[0]}
    scene |= {key: value for key in _WORDS if (value := _line(getattr(part, key)))}
    if details := [_line(each) for each in part.details.split(",") if each.strip()]:
        scene["details"] = details
    return scene


def _line(text: str) -> str:
    """A text on one line: a form may hold what was pasted from several."""
    return " ".join(text.split())
