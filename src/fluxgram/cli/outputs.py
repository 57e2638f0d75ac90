"""Names of the files that pictures go to: decided and checked before anything is computed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from fluxgram.pictures.write import check_output, format_of

ENDINGS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
_SKIPPED = {"a", "an", "the", "of", "with", "in", "on", "at", "and", "to", "from", "by"}


def output_names(
    out: Path | None, *, prompt: str, seed: int, samples: int, picture_format: str | None, force: bool
) -> list[Path]:
    """One name a picture, each checked to be free and writable.

    Args:
        out: As asked: a file, a folder, or None for a name made of prompt and seed.
        prompt: For made names.
        seed: Of the first picture, for made names.
        samples: Number of pictures; more than one adds `-0`, `-1`, … to a file's name.
        picture_format: `png`, `jpeg`, `webp`, or None to go by the name.
        force: Overwrite.

    Raises:
        PictureError: A name is taken, impossible or not writable.
    """
    if out is None or _is(out.is_dir):
        ending = ENDINGS[format_of(Path(), picture_format)]
        folder, slug = out or Path(), slug_of(prompt)
        names = [folder / f"{slug}-{(seed + index) % 2**64}{ending}" for index in range(samples)]
        names = names if force else [_free(name) for name in names]
    else:
        kind = format_of(out, picture_format)
        whole = out if out.suffix or _is(out.exists) else out.with_name(out.name + ENDINGS[kind])
        digits = len(str(samples - 1))
        numbered = (f"{whole.stem}-{index:0{digits}}{whole.suffix}" for index in range(samples))
        names = [whole] if samples == 1 else [whole.with_name(name) for name in numbered]
    for name in names:
        check_output(name, overwrite=force)
    return names


def _is(question: Callable[[], bool]) -> bool:
    """The answer of a path about itself; no where the name is one that the system cannot even look up."""
    try:
        return question()
    except (OSError, ValueError):
        return False


def slug_of(prompt: str) -> str:
    """A few words of a prompt as a file name: `portrait-woman-auburn-hair`."""
    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.findall(r"[a-z0-9]+", plain) if word not in _SKIPPED]
    slug = ""
    for word in words[:5]:
        if len(slug) + len(word) > 40:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or "picture"


def _free(name: Path) -> Path:
    """The name itself, or the first of `-2`, `-3`, … that is not taken."""
    number, free = 1, name
    while free.exists() or free.is_symlink():
        number += 1
        free = name.with_stem(f"{name.stem}-{number}")
    return free
