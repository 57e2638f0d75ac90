"""Which checkpoints the service offers, under which names, and what a client should know of each.

Clients name what has a table, what the configuration maps, and the default; never a folder of this machine or a
repository that would have to be fetched first. No weights are touched and torch is not imported.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from fluxgram.errors import CheckpointMissing, UnknownCheckpoint
from fluxgram.jobs.adapters import check_fit, pinned
from fluxgram.jobs.facts import honours_negatives

if TYPE_CHECKING:
    from fluxgram.engine.adapter_use import AdapterUse
    from fluxgram.families.checkpoints import Checkpoint, Licence
    from fluxgram.service import ServiceSettings
    from fluxgram.settings import Settings

FLUXGRAM_V1 = "fluxgram-v1"
"""The name that the articles' clients send: the portrait tune, or what the service draws with in its place."""
_FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CheckpointCard:
    """What a client should know of a checkpoint.

    Attributes:
        name: What to send.
        title: One line for people.
        family: `flux2`.
        licence: Terms: name, page, whether commercial use is allowed.
        present: Its files are on this machine.
        default: It draws where the client names none.
        steps: Denoising steps by quality.
        guidance: Default guidance scale.
        distilled: Few steps, no guidance scale.
        sizes: Sizes in px: `default`, `known` (empty is any), `least` side, `most` pixels.
        negative: `honoured` or `unsupported`.
        names: Other names that lead here.
        negatives: Ways to apply a negative prompt, the first being its own: `true_cfg`, `vsf`, `nag`.
        fast: Name of the checkpoint that draws its drafts; empty where it draws them itself, because there is none or
            its files are not here.
        adapters: Names of the adapters that come with it.
    """

    name: str
    title: str
    family: str
    licence: Licence
    present: bool
    default: bool
    steps: Mapping[str, int]
    guidance: float
    distilled: bool
    sizes: Mapping[str, object]
    negative: str
    names: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    fast: str = ""
    adapters: tuple[str, ...] = ()


class Offer:
    """The checkpoints of this service.

    Args:
        settings: Of the machine.
        service: Of the service: the default, and clients' names.
    """

    def __init__(self, settings: Settings, service: ServiceSettings) -> None:
        self._settings = settings
        self._service = service
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._tables: dict[str, Checkpoint] = {}
        self._present: dict[str, bool] = {}

    def choose(self, name: object) -> tuple[Checkpoint, str]:
        """The checkpoint of a client's name, and what the engine finds it by, which may be a folder.

        Args:
            name: As the client sent it; None or empty is the default.

        Raises:
            UnknownCheckpoint: There is none of that name; the hint has the nearest.
            CheckpointMissing: Its files are not here.
        """
        table, key = self.named(name)
        if not self._is_present(key):
            raise CheckpointMissing(
                f"The checkpoint {table.name} is not on this machine.",
                f"Its owner can fetch it: fluxgram checkpoints pull {table.name}",
            )
        return table, key

    def named(self, name: object) -> tuple[Checkpoint, str]:
        """The same for those who need no files of it, only what its table says.

        Args:
            name: As the client sent it; None or empty is the default.

        Raises:
            UnknownCheckpoint: There is none of that name; the hint has the nearest.
        """
        tables = self._fresh()
        key = self._leads_to(name)
        if key not in tables:
            shown = str(name)[:80]
            near = get_close_matches(shown, self.names(), n=3, cutoff=0.6)
            known = f"Nearest: {', '.join(near)}." if near else f"There are: {', '.join(self.own_names())}."
            raise UnknownCheckpoint(f"There is no checkpoint {shown!r}.", known)
        return tables[key], key

    def names(self) -> list[str]:
        """Every name that a client may send."""
        aliases = [alias for table in self._fresh().values() for alias in table.aliases]
        return list(dict.fromkeys([*self.own_names(), *aliases, *self._service.models, FLUXGRAM_V1]))

    def own_names(self) -> list[str]:
        """The names of the checkpoints themselves."""
        return [table.name for table in self._fresh().values()]

    def pinned(self, uses: Iterable[AdapterUse]) -> tuple[AdapterUse, ...]:
        """Adapters as they are now. Raises `UnknownAdapter` for one that clients may not name."""
        return pinned(uses, self._settings)

    def check_fit(self, uses: Iterable[AdapterUse], checkpoint: Checkpoint) -> None:
        """Refuse adapters whose files tell that they do not fit. Raises `AdapterError`."""
        check_fit(uses, checkpoint, self._settings)

    def cards(self) -> list[CheckpointCard]:
        """All checkpoints, the default first."""
        default = self._leads_to(None)
        cards = [self._card(key, table, default=key == default) for key, table in self._fresh().items()]
        return sorted(cards, key=lambda card: not card.default)

    def _leads_to(self, name: object) -> str:
        """The key among the tables that a client's name leads to; the name itself where it leads nowhere."""
        asked = str(name).strip() if name else ""
        mapped = self._service.models.get(asked, asked)
        tables = self._fresh()
        default = _key_of(self._service.checkpoint, tables)
        if mapped == FLUXGRAM_V1 and _stands_in(tables.get(default), tables.get(FLUXGRAM_V1)):
            return default
        return _key_of(mapped, tables) if mapped else default

    def _card(self, key: str, table: Checkpoint, *, default: bool) -> CheckpointCard:
        mapped = [name for name in (*self._service.models, FLUXGRAM_V1) if self._leads_to(name) == key]
        repository = [table.source.removeprefix("hub:")] if table.source.startswith("hub:") else []
        sizes, fast = table.sizes, self._fresh().get(table.fast)
        if fast and not self._is_present(table.fast):
            fast = None
        return CheckpointCard(
            name=table.name,
            title=table.title,
            family=table.family,
            licence=table.licence,
            present=self._is_present(key),
            default=default,
            steps=table.steps | ({"draft": fast.steps["draft"]} if fast else {}),
            guidance=table.guidance,
            distilled=table.distilled,
            sizes={
                "default": list(sizes.default),
                "known": [list(size) for size in sizes.known],
                "least": sizes.least,
                "most": sizes.most,
            },
            negative="honoured" if honours_negatives(table) else "unsupported",
            names=tuple(
                name for name in dict.fromkeys([*table.aliases, *mapped, *repository]) if name != table.name
            ),
            negatives=table.negatives,
            fast=fast.name if fast else "",
            adapters=tuple(each.source for each in table.adapters),
        )

    def _fresh(self) -> dict[str, Checkpoint]:
        """The tables by what finds them: names, and what the configuration names besides (folders, hub ids)."""
        from fluxgram.families.checkpoints import find, known

        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                tables = dict(known(self._settings))
                named = {alias for table in tables.values() for alias in (*table.aliases, table.source)}
                for name in (self._service.checkpoint, *self._service.models.values()):
                    if name not in tables and name != FLUXGRAM_V1 and not named & {name, f"hub:{name}"}:
                        tables[name] = find(name, self._settings)
                self._tables, self._present = tables, {}
                self._read_at = time.monotonic()
            return self._tables

    def _is_present(self, key: str) -> bool:
        from fluxgram.families.sources import is_present

        if key not in self._present:
            self._present[key] = is_present(self._tables[key], self._settings)
        return self._present[key]


def _key_of(name: str, tables: Mapping[str, Checkpoint]) -> str:
    """The key of a checkpoint's name, alias or hub id; the name itself where there is none."""
    if name in tables:
        return name
    for key, table in tables.items():
        if name in (table.name, *table.aliases) or (table.source == f"hub:{name}" and not table.base):
            return key
    return name


def _stands_in(default: Checkpoint | None, tune: Checkpoint | None) -> bool:
    """Whether the default checkpoint draws for `fluxgram-v1`: the embedded tune stands for no real weights."""
    if tune is None or default is None:
        return tune is None
    return tune.source.startswith("embedded:") and not default.source.startswith("embedded:")
