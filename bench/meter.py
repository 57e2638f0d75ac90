"""A meter for one contender: seconds and floating-point operations of a call, blocks apart from the rest.

The blocks stay where they are: each is wrapped into a module that looks at the clock before and after. That works with
compiled blocks, too, whose hooks would be compiled with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True, slots=True)
class Amount:
    """Seconds, and floating-point operations (0 where they were not counted)."""

    seconds: float
    work: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One call.

    Attributes:
        whole: All of it.
        blocks: By kind: each block that was computed.
    """

    whole: Amount
    blocks: dict[str, list[Amount]]

    def scaled(self, depths: Mapping[str, int]) -> Amount:
        """The call with so many blocks of each kind; the rest as it is."""
        rest = self._rest()
        seconds, work = rest.seconds, rest.work
        for kind, amounts in self.blocks.items():
            seconds += depths[kind] * sum(each.seconds for each in amounts) / len(amounts)
            work += depths[kind] * sum(each.work for each in amounts) / len(amounts)
        return Amount(seconds, work)

    def one(self, kind: str) -> float:
        """Mean seconds of a block of a kind; `rest` is what is no block, `all` the whole call."""
        if kind == "all":
            return self.whole.seconds
        if kind == "rest":
            return self._rest().seconds
        return sum(each.seconds for each in self.blocks[kind]) / len(self.blocks[kind])

    def _rest(self) -> Amount:
        blocks = [amount for amounts in self.blocks.values() for amount in amounts]
        return Amount(
            self.whole.seconds - sum(each.seconds for each in blocks),
            self.whole.work - sum(each.work for each in blocks),
        )


def attention_work(query: tuple[int, ...], key: tuple[int, ...], *_: Any, **__: Any) -> int:
    """Operations of attention from shapes (batch, heads, tokens, head); torch counts other kernels only."""
    batch, heads, tokens, head = query
    return 4 * batch * heads * tokens * key[-2] * head


class Meter:
    """Calls a contender and reads what it took.

    Args:
        call: The contender.
        module: What holds its blocks, or None.
        kinds: Kind of block → name of the list in the module.
        clock: Seconds; `time.process_time` on one thread is little disturbed by others who compute.

    Attributes:
        answer: Of the last call.
    """

    def __init__(
        self,
        call: Callable[[], torch.Tensor],
        module: nn.Module | None,
        kinds: Mapping[str, str],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._call, self._clock = call, clock
        self._counter: FlopCounterMode | None = None
        self._blocks: dict[str, list[Amount]] = {kind: [] for kind in kinds}
        self.answer = torch.empty(0)
        for kind, name in kinds.items():
            blocks: Any = getattr(module, name)
            for position, block in enumerate(blocks):
                blocks[position] = _Clocked(block, self, self._blocks[kind])

    def __call__(self, *, count: bool = False) -> Reading:
        """One call; with `count` its operations are counted, which takes time itself."""
        for amounts in self._blocks.values():
            amounts.clear()
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001  (its only name)
        self._counter = (
            FlopCounterMode(display=False, custom_mapping={kernel: attention_work}) if count else None
        )
        if self._counter is not None:
            with self._counter:
                whole = self.take(self._call)
        else:
            whole = self.take(self._call)
        return Reading(whole, {kind: list(amounts) for kind, amounts in self._blocks.items()})

    def take(self, call: Callable[[], Any]) -> Amount:
        """Seconds and operations of a call; its answer is kept."""
        work, start = self._work(), self._clock()
        self.answer = call()
        return Amount(self._clock() - start, self._work() - work)

    def _work(self) -> float:
        return float(self._counter.get_total_flops()) if self._counter is not None else 0.0


class _Clocked(nn.Module):
    """A block, and a look at the clock."""

    def __init__(self, block: nn.Module, meter: Meter, amounts: list[Amount]) -> None:
        super().__init__()
        self.block = block
        self._note = (meter, amounts)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        meter, amounts = self._note
        amounts.append(meter.take(lambda: self.block(*args, **kwargs)))
        return meter.answer
