"""The table of checkpoints: `checkpoints.toml` beside this file, plus the user's own under `FLUXGRAM_HOME`.

Adding a checkpoint is adding a table. This file says what a table holds and finds one by name; a folder or a hub
repository without a table gets one from its own files. What a table may not say is `table_checks.py`, where the files
lie is `sources.py`, loading them is `flux2.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fluxgram.errors import CheckpointDamaged, SettingsError, UnknownCheckpoint

if TYPE_CHECKING:
    from fluxgram.settings import Settings

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_NOT_INHERITED = ("title", "aliases")
"""What a table says for itself, whatever its base says."""


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of the weights. `commercial` is about running them in a product, `outputs` about the pictures."""

    name: str
    page: str
    commercial: bool
    outputs: str
    gated: bool = False


@dataclass(frozen=True, slots=True)
class Sizes:
    """Which picture sizes the checkpoint draws, in px.

    Attributes:
        multiple: Sides are multiples of this.
        default: (width, height) where none was asked for.
        known: The only sizes it was trained for; empty where any size between the limits will do. Another size is
            drawn at the nearest known one (by shape first, then by area) and resampled, and the receipt says so.
        least: Smallest side.
        most: Largest number of pixels.
    """

    multiple: int
    default: tuple[int, int]
    known: tuple[tuple[int, int], ...] = ()
    least: int = 64
    most: int = 4_194_304


@dataclass(frozen=True, slots=True)
class TextContract:
    """How the text encoder is read.

    Attributes:
        template: How words become tokens: `qwen3-chat` (the tokenizer's own chat template, thinking off) in `flux2`,
            `clip+t5` (the words as they are, once for each of two text encoders) in `flux1`.
        layers: Indices into `hidden_states` that are stacked (0 is the embedding); empty for `clip+t5`, where T5's last
            state is read.
        lengths: Padded lengths in tokens, ascending; a prompt takes the first that holds it, the last one is the limit.
    """

    template: str
    layers: tuple[int, ...]
    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Noise levels.

    Attributes:
        kind: `empirical` is FLUX.2's shift by tokens and steps; `shift` a fixed one: s*x / (1 + (s-1)*x); `linear` that
            of FLUX.1 dev, e^m with an exponent m that grows linearly with the picture's tokens.
        shift: The fixed one's s.
        tokens: Two numbers of picture tokens, and
        exponents: the exponents of `linear` at these two.
    """

    kind: Literal["empirical", "shift", "linear"]
    shift: float = 1.0
    tokens: tuple[int, int] = (256, 4096)
    exponents: tuple[float, float] = (0.5, 1.15)


@dataclass(frozen=True, slots=True)
class OwnAdapter:
    """An adapter that belongs to a checkpoint: `source` as after `--adapter`, and its weight."""

    source: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint, as its table says.

    Attributes:
        name: What the user writes after `--checkpoint`.
        family: `flux1` or `flux2`.
        title: One line for people.
        source: `embedded:NAME` (package data), `hub:OWNER/REPO`, or `folder:PATH` in diffusers' layout.
        licence: Terms.
        distilled: Few steps, no guidance scale.
        steps: Denoising steps by quality: `draft`, `proof`, `final`.
        guidance: Default guidance scale; 1 where the checkpoint takes none.
        sizes: Picture sizes.
        text: Text contract.
        schedule: Noise levels.
        download_gb: Size of the files that are needed, in GB (10^9 bytes).
        memory_gb: Memory with all components loaded at bf16, in GiB.
        revision: Pinned commit of the hub repository, or None for the newest.
        aliases: Other names.
        largest_gb: Memory with the largest component alone at bf16, in GiB; 0 where not known.
        cpu_dtype: Data type on a CPU, whatever the CPU has; empty leaves it to `placement.py`.
        cpu_threads: Threads on a CPU where the settings name none; 0 takes every usable core.
        negatives: Methods by which it applies a negative prompt (`NegativeMethod`), the first being its default; empty
            where it refuses one. A table that does not say has `true_cfg`, or none where it is distilled.
        embeds_guidance: The guidance scale goes into the transformer as a number (FLUX.1 dev), not into a second pass.
        fast: Name of a version of it in few steps that draws drafts where its files are here: of the same family, at
            the same sizes, by its own steps, guidance and negatives, with its own adapters besides. Empty for none.
        borrows: Name of a checkpoint whose tokenizer, text encoder and autoencoder it uses; empty for its own.
        base: Name of the checkpoint that this one is, weights and all; its table holds for whatever this one does not
            say itself, title and aliases excepted.
        adapters: Adapters that always go with it.
        prefix: Words put before every prompt.
        suffix: Words put after every prompt.
        negative: Negative prompt where none is given; empty for none.
        read_as: Words for words, in negative prompts: what the checkpoint is given where a part between commas is just
            this. For checkpoints that learned from captions, and know a thing only as captions say it.
    """

    name: str
    family: str
    title: str
    source: str
    licence: Licence
    distilled: bool
    steps: dict[str, int]
    guidance: float
    sizes: Sizes
    text: TextContract
    schedule: Schedule
    download_gb: float
    memory_gb: float
    revision: str | None = None
    aliases: tuple[str, ...] = field(default=())
    largest_gb: float = 0.0
    cpu_dtype: Literal["", "float32", "bfloat16"] = ""
    cpu_threads: int = 0
    negatives: tuple[str, ...] = ()
    embeds_guidance: bool = False
    fast: str = ""
    borrows: str = ""
    base: str = ""
    adapters: tuple[OwnAdapter, ...] = ()
    prefix: str = ""
    suffix: str = ""
    negative: str = ""
    read_as: dict[str, str] = field(default_factory=dict)


def known(settings: Settings) -> dict[str, Checkpoint]:
    """All checkpoints that have a table, by name; the user's own tables win.

    Raises:
        SettingsError: A table of the user has an unknown key, or lacks one; the message names it.
    """
    from fluxgram.families.table_checks import check
    from fluxgram.families.tables import build, inherited, read_toml

    tables = read_toml(Path(__file__).with_name("checkpoints.toml"), SettingsError)
    own = settings.home / "checkpoints.toml"
    # A home that is closed to us: what comes with the package is there all the same.
    with suppress(PermissionError):
        tables |= read_toml(own, SettingsError) if own.is_file() else {}
    tables = inherited(tables, _NOT_INHERITED, SettingsError)
    found = {}
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise SettingsError(f"{name} must be a table of a checkpoint, not {table!r}.", f"Mend {own}.")
        titled = {"title": _title(table), **table} if table.get("base") else table
        steered = {"negatives": [] if table.get("distilled") else ["true_cfg"], **titled}
        found[name] = build(Checkpoint, {"name": name, **steered}, name, SettingsError)
    for checkpoint in found.values():
        check(checkpoint, found, SettingsError)
    return found


def _title(table: Mapping[str, Any]) -> str:
    """What a table with a base is called where it does not say."""
    given = table.get("adapters")
    adapters = [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
    sources = ", ".join(str(each.get("source")) for each in adapters)
    return f"{table['base']} with {sources or 'settings of its own'}"


def find(name: str, settings: Settings) -> Checkpoint:
    """The checkpoint of a name: that of a table, an alias, a folder in diffusers' layout, or a hub id `owner/repo`.

    Raises:
        UnknownCheckpoint: None of these; the hint names the nearest.
        CheckpointMissing: A hub id without a table, and the hub cannot be asked.
        CheckpointDamaged: A folder that holds no checkpoint of a known family.
    """
    tables = known(settings)
    if name in tables:
        return tables[name]
    for checkpoint in tables.values():
        if name in checkpoint.aliases or (checkpoint.source == f"hub:{name}" and not checkpoint.base):
            return checkpoint
    folder = Path(name).expanduser()
    if folder.is_dir() and (
        folder.is_absolute() or name.startswith(".") or (folder / "model_index.json").is_file()
    ):
        return _of_folder(folder, tables)
    if _HUB_ID.fullmatch(name) and not name.startswith("."):
        from fluxgram.families import sources

        return replace(
            _of_folder(sources.index_of_hub(name, settings), tables), name=name, source=f"hub:{name}"
        )
    names = [*tables, *(alias for checkpoint in tables.values() for alias in checkpoint.aliases)]
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    said = f"Nearest: {', '.join(near)}" if near else f"There are: {', '.join(tables)}"
    raise UnknownCheckpoint(
        f"There is no checkpoint {name!r}.",
        f"{said}; a folder in diffusers' layout or a hub id owner/repo will do, too.",
    )


def _of_folder(folder: Path, tables: Mapping[str, Checkpoint]) -> Checkpoint:
    """The checkpoint of a folder that has no table."""
    from fluxgram.families.folders import table_of
    from fluxgram.families.table_checks import check
    from fluxgram.families.tables import build

    own = folder / "fluxgram.toml"
    table = table_of(folder, tables)
    checkpoint = build(Checkpoint, table, str(own if own.is_file() else folder), CheckpointDamaged)
    check(checkpoint, tables, CheckpointDamaged)
    return checkpoint
