"""The vocabulary as one thing: built-in words, a user's own, and those that other packages bring.

`catalog()` is the built-in vocabulary; `load_catalog` adds folders and entry points to it, where a later term replaces
an earlier one of the same id and takes its phrases over. Files are read by `reading.py`, texts are searched by
`phrases.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType

from fluxgram.errors import UnknownTerm, VocabularyError
from fluxgram.photography.closeness import Closeness, Shelf
from fluxgram.photography.phrases import Phrases, normal
from fluxgram.photography.reading import File, read_file
from fluxgram.photography.terms import KINDS, Match, Preset, Term

ENTRY_POINTS = "fluxgram.vocabulary"
"""Group of entry points; each names a package with `*.toml` files in it."""

Own = tuple[Term, bool]
"""A term, and whether the phrase is a vague one that it replaces."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What comes from one place.

    Attributes:
        terms: By id.
        presets: By id.
        files: Id to the file it is from, for messages.
    """

    terms: dict[str, Term]
    presets: dict[str, Preset]
    files: dict[str, str]


class Catalog:
    """Terms and presets, and how to find them.

    Attributes:
        terms: By id, in the order of the files.
        presets: By id.
        phrases: Every phrase that is found in a text, in its normal form joined by spaces, and its term.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Join layers, the later over the earlier.

        Raises:
            VocabularyError: Two terms of a layer share a phrase; a conflict or a preset names what is not there.
        """
        terms: dict[str, Term] = {}
        presets: dict[str, Preset] = {}
        origin: dict[str, tuple[int, str]] = {}
        for number, layer in enumerate(layers):
            terms.update(layer.terms)
            presets.update(layer.presets)
            origin.update({id_: (number, file) for id_, file in layer.files.items()})
        terms = {id_: _with_conflicts(term, terms, origin[id_][1]) for id_, term in terms.items()}
        self.terms: Mapping[str, Term] = MappingProxyType(terms)
        self.presets: Mapping[str, Preset] = MappingProxyType(presets)
        owned = _owned(sorted(terms.values(), key=lambda term: origin[term.id][0]), origin)
        self.phrases: Mapping[str, Term] = MappingProxyType(
            {" ".join(key): own[0] for key, own in owned.items()}
        )
        self._found: Phrases[Own] = Phrases()
        for key, own in owned.items():
            self._found.add(key, own)
        self._closeness: Closeness | None = None
        self._shelf: Shelf | None = None
        for preset in presets.values():
            self._check_preset(preset, origin[preset.id][1])

    def term(self, id: str) -> Term:  # noqa: A002 - it is called an id everywhere
        """The term of an id.

        Raises:
            UnknownTerm: There is none; the hint names the nearest.
        """
        if id in self.terms:
            return self.terms[id]
        raise UnknownTerm(f"There is no term {id!r} in the vocabulary.", self._hint(id, self.terms))

    def preset(self, id: str) -> Preset:  # noqa: A002
        """The preset of an id; `preset.` may be left out.

        Raises:
            UnknownTerm: There is none; the hint names the nearest.
        """
        for known in (id, f"preset.{id}"):
            if known in self.presets:
                return self.presets[known]
        raise UnknownTerm(f"There is no preset {id!r}.", self._hint(id, self.presets))

    def of_kind(self, kind: str) -> tuple[Term, ...]:
        """All terms of a kind, in the order of the files.

        Raises:
            UnknownTerm: There is no such kind; the hint names the nearest.
        """
        if kind not in KINDS:
            raise UnknownTerm(f"There is no kind of terms {kind!r}.", self._hint(kind, KINDS))
        return tuple(term for term in self.terms.values() if term.kind == kind)

    def find(self, text: str) -> list[Match]:
        """Terms in a text, left to right, the longest phrase at each place; offsets are of the text as given."""
        return [Match(term, start, end, vague) for start, end, (term, vague) in self._found.find(text)]

    def conflict(self, first: Term, second: Term) -> bool:
        """Whether two terms cannot be said together, whichever of them says so."""
        if first.id == second.id:
            return False
        return any(
            other.id in term.conflicts or f"{other.kind}.*" in term.conflicts
            for term, other in ((first, second), (second, first))
        )

    def search(self, words: str, kind: str = "") -> list[Term]:
        """Terms in which every one of the words occurs (its beginning is enough), best first.

        Raises:
            UnknownTerm: There is no such kind.
        """
        terms = self.of_kind(kind) if kind else tuple(self.terms.values())
        if self._shelf is None:
            self._shelf = Shelf(self.terms.values())
        return self._shelf.search(words, terms)

    def nearest(self, words: str, kind: str = "", n: int = 3) -> list[tuple[str, Term]]:
        """Known phrases that are spelt nearly like the words, with their terms, nearest first; empty if none is near.

        Raises:
            UnknownTerm: There is no such kind.
        """
        if kind:
            self.of_kind(kind)
        if self._closeness is None:
            self._closeness = Closeness(self.phrases)
        close = self._closeness.nearest(" ".join(normal(words)), n if not kind else n + 20)
        pairs = [(phrase, self.phrases[phrase]) for phrase in close]
        return [pair for pair in pairs if not kind or pair[1].kind == kind][:n]

    def _hint(self, id_: str, known: Iterable[str]) -> str:
        """Which id was probably meant: spelt alike, or the same name in another kind."""
        known = list(known)
        name = id_.rpartition(".")[2]
        same = [other for other in known if other.partition(".")[2] == name]
        near = same or get_close_matches(id_, known, n=1, cutoff=0.6)
        if not near:
            near = [term.id for _, term in self.nearest(name, n=1) if term.id in known]
        if not near:
            near = get_close_matches(id_, known, n=1, cutoff=0.0)
        return f"Did you mean {near[0]!r}?" if near else ""

    def _check_preset(self, preset: Preset, file: str) -> None:
        at = f"{file}, table [{preset.id}]"
        for id_ in (*preset.terms, *([preset.negative] if preset.negative else ())):
            if id_ not in self.terms:
                raise VocabularyError(f"{at} names the unknown term {id_!r}.", self._hint(id_, self.terms))
        if preset.negative and self.terms[preset.negative].kind != "negative":
            raise VocabularyError(
                f"{at}: {preset.negative!r} is not a negative set.", "Name a term `negative.…`."
            )
        terms = [self.terms[id_] for id_ in preset.terms]
        for place, first in enumerate(terms):
            for second in terms[place + 1 :]:
                if first.id == second.id:
                    raise VocabularyError(f"{at} names {first.id!r} twice.", "Take one of them away.")
                if self.conflict(first, second):
                    raise VocabularyError(
                        f"{at}: {first.id!r} and {second.id!r} cannot be said together.",
                        "Take one of them away.",
                    )


@cache
def catalog() -> Catalog:
    """The built-in vocabulary, read once."""
    return Catalog([_builtin()])


def load_catalog(folders: Sequence[Path] = (), *, entry_points: bool = False) -> Catalog:
    """The built-in vocabulary and more.

    Args:
        folders: A user's own folders, whose `*.toml` are read in the order of their names; one that is not there is
            passed over. Later folders win.
        entry_points: Whether to read what installed packages bring, between the built-in words and the folders.

    Raises:
        VocabularyError: A file cannot be read or is not right.
    """
    layers = [_builtin()]
    if entry_points:
        from importlib.metadata import entry_points as installed  # slow to import

        layers += [_of_package(point.value, point.name) for point in sorted(installed(group=ENTRY_POINTS))]
    layers += [_layer(sorted(folder.glob("*.toml"))) for folder in folders if folder.is_dir()]
    return catalog() if len(layers) == 1 else Catalog(layers)


@cache
def _builtin() -> Layer:
    return _layer(_toml_of("fluxgram.photography", "data"))


def _toml_of(package: str, folder: str = "") -> list[File]:
    from importlib.resources import files

    root = files(package) / folder if folder else files(package)
    return sorted(
        (file for file in root.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name
    )


def _of_package(package: str, name: str) -> Layer:
    from importlib import import_module

    try:
        import_module(package)
        found = _toml_of(package)
    except Exception as reason:  # whatever a stranger's package does at its import
        raise VocabularyError(
            f"The package {package!r} of the entry point {name!r} cannot be read: {reason}.",
            "Mend or uninstall the package.",
        ) from None
    return _layer(found)


def _layer(found: Iterable[File]) -> Layer:
    """Read files into a layer; the same id twice is an error."""
    layer = Layer({}, {}, {})
    for file in found:
        entries = read_file(file)
        where = str(file) if isinstance(file, Path) else file.name
        ids = [term.id for term in entries.terms] + [preset.id for preset in entries.presets]
        for id_ in ids:
            if id_ in layer.files:
                raise VocabularyError(
                    f"{where}, table [{id_}] is there already, in {layer.files[id_]}.",
                    "Rename one.",
                )
            layer.files[id_] = where
        layer.terms.update({term.id: term for term in entries.terms})
        layer.presets.update({preset.id: preset for preset in entries.presets})
    return layer


def _with_conflicts(term: Term, terms: Mapping[str, Term], file: str) -> Term:
    """The term with its conflicts spelt out: `kind.#tag` stands for all terms of the kind that have the tag."""
    spelt: dict[str, None] = {}
    for entry in term.conflicts:
        kind, _, name = entry.partition(".")
        if name == "*" and kind in KINDS:
            spelt[entry] = None
        elif name.startswith("#") and kind in KINDS:
            tagged = [
                t.id for t in terms.values() if t.kind == kind and name[1:] in t.tags and t.id != term.id
            ]
            spelt.update(dict.fromkeys(tagged))
        elif entry in terms and entry != term.id:
            spelt[entry] = None
        else:
            near = get_close_matches(entry, [id_ for id_ in terms if id_ != term.id], n=1, cutoff=0.0)
            raise VocabularyError(
                f"{file}, table [{term.id}], key 'conflicts' names the unknown term {entry!r}.",
                f"Did you mean {near[0]!r}?" if near else "",
            )
    return replace(term, conflicts=tuple(spelt)) if term.conflicts else term


def _owned(terms: Sequence[Term], origin: Mapping[str, tuple[int, str]]) -> dict[tuple[str, ...], Own]:
    """Which term each phrase belongs to; within a layer a phrase belongs to one only."""
    owned: dict[tuple[str, ...], Own] = {}
    for term in terms:
        said = [(phrase, False) for phrase in (term.say, *term.say_for.values(), *term.aliases)]
        for phrase, vague in said + [(phrase, True) for phrase in term.instead_of]:
            key = normal(phrase)
            other = owned.get(key)
            layer, file = origin[term.id]
            if other and (other[0].id != term.id or other[1] != vague) and origin[other[0].id][0] == layer:
                raise VocabularyError(
                    f"{file}, table [{term.id}]: {phrase!r} belongs to {other[0].id!r} already.",
                    "A phrase can belong to one term only, and be either an alias or vague.",
                )
            owned[key] = (term, vague)
    for key, own in list(owned.items()):  # people leave commas out
        if "," in key:
            owned.setdefault(tuple(word for word in key if word != ","), own)
    return owned
