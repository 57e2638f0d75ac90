"""What a user says of each part of a picture, as a brief wants it: names become ids of terms, f-numbers are read.

The command line and the HTTP surface ask for the same parts; `looks.py` makes a brief of what comes out here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fluxgram.errors import RequestError
from fluxgram.photography.catalog import Catalog
from fluxgram.prompt.items import item_of

FITS: Mapping[str, tuple[str, ...]] = {
    "details": ("skin", "material", "surface", "macro", "product"),
    "light": ("light",),
    "lens": ("lens",),
    "camera": ("camera", "film", "lens", "aperture"),
    "quality": ("quality", "mode"),
    "materials": ("material", "surface", "product", "macro"),
    "atmosphere": ("atmosphere", "landscape"),
    "surroundings": ("environment", "interior", "street", "material"),
    "setting": ("environment", "landscape", "street", "interior", "atmosphere"),
    "negative": ("negative",),
}
"""Kinds of terms that each part names, the likeliest first."""


def parts_of(
    lists: Mapping[str, Sequence[str] | None],
    texts: Mapping[str, str],
    catalog: Catalog,
    *,
    lens: str = "",
    aperture: str = "",
) -> dict[str, object]:
    """The parts of a brief but kind and subject.

    Args:
        lists: Items of the parts that have several, by the names of the brief's fields.
        texts: What the other parts say: `setting`, `action`, `side`, `negative`.
        catalog: The vocabulary.
        lens: One lens, said before the other camera items.
        aperture: An f-number, said with it.

    Raises:
        RequestError: An item that cannot be meant, or an f-number that is none.
    """
    found: dict[str, object] = {name: items_of(name, values, catalog) for name, values in lists.items()}
    found["camera"] = (
        *items_of("lens", [lens], catalog),
        *aperture_of(aperture, catalog),
        *items_of("camera", lists.get("camera"), catalog),
    )
    for name, text in texts.items():
        found[name] = "".join(items_of(name, [text], catalog)) if name in FITS else text
    return found


def items_of(part: str, values: Sequence[str] | None, catalog: Catalog) -> tuple[str, ...]:
    """The items of a part: ids of terms where a name is meant, else the words."""
    return tuple(item_of(value, FITS[part], catalog) for value in values or () if value.strip())


def aperture_of(words: str, catalog: Catalog) -> tuple[str, ...]:
    """The item of an f-number: a term where the vocabulary has it, or else the words for it.

    Raises:
        RequestError: It is none.
    """
    digits = words.strip().lower().removeprefix("f").removeprefix("/").strip().replace(",", ".")
    if not digits:
        return ()
    try:
        number = float(digits)
    except ValueError:
        item = item_of(words, ("aperture",), catalog)
        if item not in catalog.terms:
            raise RequestError(f"{words[:40]!r} is no f-number.", "Say one such as 1.8 or f/8.") from None
        return (item,)
    if not 0.5 <= number <= 128:
        raise RequestError(
            f"There is no f-number {words[:40]!r}.", "Say one between 0.5 and 128, such as 1.8 or 8."
        )
    said = f"f/{number:g}"
    name = f"aperture.{said.replace('/', '').replace('.', '-')}"
    return (name if name in catalog.terms else said,)
