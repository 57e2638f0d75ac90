"""`OpenedAdapters`: adapters read from their files, held against a checkpoint and kept in memory by use.

A job holds the ones that it is drawn with, so a file that is removed or replaced meanwhile, or an adapter that leaves
memory, does it no harm. A file that was changed is read anew. What an adapter does is `fluxgram.families.adapters`.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.engine.adapter_use import AdapterUse, named_twice
from fluxgram.engine.factors import factors_of
from fluxgram.engine.plan import key_of
from fluxgram.errors import AdapterError, UnknownAdapter
from fluxgram.families.adapters.applied import Applied
from fluxgram.families.adapters.shelf import KnownAdapter, changed

if TYPE_CHECKING:
    import torch

    from fluxgram.engine.catalogue import Catalogue
    from fluxgram.engine.plan import Plan
    from fluxgram.families.adapters.adapter import Adapter
    from fluxgram.families.contract import Family, Parts

MOST_BYTES = 2**30
"""Adapters in memory take at most this, the last one used excepted; pictures in flight keep theirs all the same."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fitted:
    """An adapter that one picture is drawn with.

    Attributes:
        use: How it was asked for.
        adapter: Where the checkpoint runs, in its type.
        name: As people call it.
        weight: Its weight where it works.
        blocks: Factors by beginnings of layers' paths.
        own: It is the checkpoint's own, and comes with it.
        file: It was named by its file, which is nobody's business but the user's.
    """

    use: AdapterUse
    adapter: Adapter
    name: str
    weight: float
    blocks: Mapping[str, float]
    own: bool
    file: bool

    def applied(self) -> Applied:
        """At the steps in which it works."""
        return Applied(self.adapter, self.weight, self.blocks)


class OpenedAdapters:
    """Adapters in memory. Belongs to the runner's thread.

    Args:
        catalogue: Finds their files.
        most_bytes: What they may take together; the least recently used leave first.
    """

    def __init__(self, catalogue: Catalogue, most_bytes: int = MOST_BYTES) -> None:
        self._catalogue = catalogue
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, str], Adapter] = OrderedDict()  # file's hash and checkpoint's key
        self._hashes: dict[tuple[object, ...], str] = {}  # by the file as it lay there

    @property
    def bytes(self) -> int:
        """What they take."""
        return sum(adapter.bytes for adapter in self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def fit(
        self, plan: Plan, parts: Parts, family: Family, held: Sequence[Fitted] = ()
    ) -> tuple[Fitted, ...]:
        """The adapters of a plan, opened: all of them, or an error and none.

        Args:
            plan: What is to be drawn.
            parts: The loaded checkpoint.
            family: Its family.
            held: Those that an earlier picture of the job was drawn with; no file is looked at then.

        Raises:
            UnknownAdapter: There is none of that name.
            AdapterError: A file is damaged, or does not fit the checkpoint.
            UnsafeWeights: A pickled file.
            RequestError: The same adapter by two names, or blocks that are not there.
        """
        if held:
            where = _device(parts.placement.device), parts.placement.torch_dtype()
            return tuple(replace(each, adapter=each.adapter.to(*where)) for each in held)
        own = len(plan.adapters) - len(plan.request.adapters)
        fitted: list[Fitted] = []
        for number, use in enumerate(plan.adapters):
            one = self._fit(use, plan, parts, family, own=number < own)
            for other in fitted:
                if other.adapter.fingerprint == one.adapter.fingerprint:
                    raise named_twice(other.use, use)
            fitted.append(one)
        return tuple(fitted)

    def forget(self, checkpoint: str = "") -> None:
        """Let go of the adapters of a checkpoint (by its key), or of all."""
        for key in [key for key in self._kept if not checkpoint or key[1] == checkpoint]:
            del self._kept[key]

    def _fit(self, use: AdapterUse, plan: Plan, parts: Parts, family: Family, *, own: bool) -> Fitted:
        if (kept := self._by_hash(use, plan)) is not None:
            known, adapter = kept
        else:
            known, adapter = self._found(use.source, plan, parts, family)
        if (fault := changed(known, adapter.fingerprint)) is not None:
            raise fault
        use.hold_to(adapter.fingerprint)
        weight = known.weight if use.weight is None else use.weight
        blocks = factors_of(use, family.linear_shapes(parts), adapter.changes) if use.blocks else {}
        file = not known.fingerprint and known.source.startswith("file:")
        return Fitted(use, adapter, known.name, weight, blocks, own, file)

    def _by_hash(self, use: AdapterUse, plan: Plan) -> tuple[KnownAdapter, Adapter] | None:
        """An adapter that was asked for by its hash and is in memory, though its file is gone or is another by now."""
        adapter = self._remembered((use.fingerprint, key_of(plan.checkpoint)))
        if adapter is None or use.weight is None:
            return None
        source = "file:" if use.source.endswith(".safetensors") else ""
        return KnownAdapter(adapter.name, Path(), source=source), adapter

    def _found(self, source: str, plan: Plan, parts: Parts, family: Family) -> tuple[KnownAdapter, Adapter]:
        """The adapter of a name as it is on the shelf, opened; looked for again where it was replaced meanwhile."""
        known = self._catalogue.adapter(source)
        while True:
            try:
                return known, self._opened(known.path, known.name, plan, parts, family)
            except (AdapterError, UnknownAdapter):
                before, known = known, self._catalogue.adapter(source)
                if known == before:
                    raise

    def _opened(self, path: Path, name: str, plan: Plan, parts: Parts, family: Family) -> Adapter:
        """From memory where the file is the one that was read, else from the file."""
        from fluxgram.families.adapters.reading import as_it_lies, open_adapter

        checkpoint = key_of(plan.checkpoint)
        lies = as_it_lies(path)
        key = (self._hashes.get(lies, "") if lies else "", checkpoint)
        if (kept := self._remembered(key)) is not None:
            return kept
        read: Adapter = open_adapter(
            path, family.linear_shapes(parts), name=name, made_for=plan.checkpoint.name
        )
        placement = parts.placement
        adapter = read.to(_device(placement.device), placement.torch_dtype())
        if lies is None or lies != as_it_lies(path):  # its hash may be that of another file
            raise AdapterError(f"The file of the adapter {name} was changed while it was read.", "Try again.")
        self._hashes[lies] = adapter.fingerprint
        self._keep((adapter.fingerprint, checkpoint), adapter)
        return adapter

    def _remembered(self, key: tuple[str, str]) -> Adapter | None:
        """From memory, where it is now the last one used."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def _keep(self, key: tuple[str, str], adapter: Adapter) -> None:
        self._kept[key] = adapter
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self.bytes > self._most:
            (_, _), left = self._kept.popitem(last=False)
            _log.info("the adapter %s leaves memory", left.name)


def _device(name: str) -> torch.device:
    import torch

    return torch.device(name)
