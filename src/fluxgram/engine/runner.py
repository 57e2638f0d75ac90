"""`Runner`: the sole owner of the device. It loads checkpoints, and runs their families, a shot at a time.

Always one picture a forward pass, so that no neighbour can change its pixels. Checkpoints stay in memory until
another one needs the room; running out of memory becomes `OutOfMemory` with advice.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from fluxgram.engine.opened import OpenedAdapters
from fluxgram.engine.plan import key_of
from fluxgram.engine.shot import Shot
from fluxgram.errors import OutOfMemory, PromptTooLong
from fluxgram.families.placement import memory_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch
    from PIL.Image import Image

    from fluxgram.engine.catalogue import Catalogue
    from fluxgram.engine.plan import Plan
    from fluxgram.engine.preview import PreviewMap
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Family, Latents, Parts, Progress
    from fluxgram.families.placement import Placement
    from fluxgram.settings import Settings

T = TypeVar("T")

_DOING = {
    "load": "reading adapters",
    "encode": "reading the prompt",
    "denoise": "drawing",
    "decode": "decoding",
    "preview": "previewing",
}
_log = logging.getLogger(__name__)


class Runner:
    """Loads checkpoints and runs their families.

    Args:
        settings: How the machine runs.
        catalogue: Where checkpoints' families and placements come from.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._loaded: dict[str, tuple[Parts, Family]] = {}  # least recently used first
        self._previews: dict[str, PreviewMap] = {}
        self._adapters = OpenedAdapters(catalogue)

    @property
    def loaded(self) -> frozenset[str]:
        """Keys of the checkpoints in memory (`Shot.checkpoint`)."""
        return frozenset(self._loaded)

    @property
    def device_memory(self) -> int:
        """Bytes of a GPU's memory that are taken here; 0 on the CPU, whose memory is the process's."""
        import torch

        if torch.cuda.is_available():
            return sum(torch.cuda.memory_reserved(number) for number in range(torch.cuda.device_count()))
        if torch.backends.mps.is_available():
            return int(torch.mps.driver_allocated_memory())
        return 0

    def load(self, checkpoint: Checkpoint, progress: Progress) -> Parts:
        """The checkpoint's parts, loaded where they are not; others make room where memory is short.

        Raises:
            CheckpointError: Its files cannot be used.
            OutOfMemory: It does not fit, even alone.
        """
        key = key_of(checkpoint)
        if key in self._loaded:
            self._loaded[key] = self._loaded.pop(key)  # now the most recently used
            return self._loaded[key][0]
        self._make_room(checkpoint)
        try:
            self._loaded[key] = self._load_now(checkpoint, progress)
        except OutOfMemory:
            if not self._loaded:
                raise
        if key not in self._loaded:  # here the failed try has given its memory back
            self.close()
            self._loaded[key] = self._load_now(checkpoint, progress)
        return self._loaded[key][0]

    def begin(self, shot: Shot, progress: Progress) -> None:
        """Give a shot its condition, its starting noise and its noise levels, loading what is needed.

        Raises:
            PromptTooLong: The request is strict, and the checkpoint cannot read all of a prompt.
            AdapterError: An adapter cannot be used; nothing is applied.
        """
        plan = shot.plan
        if plan.adapters:
            fit = partial(self._adapters.fit, plan, held=shot.adapters)
            shot.adapters = self._run(fit, shot, "load", progress)

        def work(parts: Parts, family: Family) -> None:
            if plan.request.strict:
                _check_length(plan, parts, family)
            adapters = tuple(each.applied() for each in shot.adapters)
            condition = family.encode(parts, plan.prompt, plan.negative, plan.guidance, adapters)
            latents = family.begin(parts, *plan.rendered, shot.seed)
            shot.begin(condition, latents, family.sigmas(plan.checkpoint, *plan.rendered, plan.steps))

        self._run(work, shot, "encode", progress)

    def predict(self, shot: Shot, progress: Progress) -> torch.Tensor:
        """The velocity at the shot's noise level, of the shape of its latents' tokens."""
        import torch

        condition, (_, latents) = shot.condition_now(), shot.under_way()
        t, t_next = (torch.tensor([sigma]) for sigma in shot.sigmas[shot.position : shot.position + 2])

        def work(parts: Parts, family: Family) -> torch.Tensor:
            return family.predict(parts, latents, t, t_next, condition)

        return self._run(work, shot, "denoise", progress)

    def decode(self, shot: Shot, progress: Progress) -> tuple[Image, Parts]:
        """The rendered picture of a shot that has taken all its steps, and what drew it."""
        from PIL import Image

        _, latents = shot.under_way()

        def work(parts: Parts, family: Family) -> tuple[Image.Image, Parts]:
            return Image.fromarray(family.decode(parts, latents).numpy()), parts

        return self._run(work, shot, "decode", progress)

    def preview(self, shot: Shot, latents: Latents, progress: Progress) -> Image:
        """A small picture of (nearly) clean latents; the map is found or fitted the first time."""
        from fluxgram.engine.preview import find_or_fit

        def work(parts: Parts, family: Family) -> Image:
            if shot.checkpoint not in self._previews:
                home, folder = self._settings.home, self._catalogue.folder(shot.plan.checkpoint)
                self._previews[shot.checkpoint] = find_or_fit(parts, family, home, folder, progress)
            return self._previews[shot.checkpoint](latents)

        return self._run(work, shot, "preview", progress)

    def fingerprints(self, plan: Plan, progress: Progress) -> tuple[str, tuple[str, ...]]:
        """Hashes of a plan's checkpoint and of its adapters, which are then in memory.

        Raises:
            CheckpointError: Its files cannot be used.
            AdapterError: An adapter cannot be used.
            OutOfMemory: It does not fit.
        """
        shot = Shot("", 0, plan)

        def work(parts: Parts, family: Family) -> tuple[str, tuple[str, ...]]:
            fitted = self._adapters.fit(plan, parts, family)
            return parts.fingerprint, tuple(each.adapter.fingerprint for each in fitted)

        return self._run(work, shot, "load", progress)

    def close(self) -> None:
        """Give all memory back. The next shot loads again."""
        self._adapters.forget()
        for key in list(self._loaded):
            self._evict(key)

    def _run(self, work: Callable[[Parts, Family], T], shot: Shot, stage: str, progress: Progress) -> T:
        """Do some work for a shot on the device; once more with nothing else in memory, where memory ran out."""
        for _ in range(2):
            with _timed(shot, "load"):
                self.load(shot.plan.checkpoint, progress)
            parts, family = self._loaded[shot.checkpoint]
            try:
                doing = "{} at {}x{}".format(_DOING[stage], *shot.plan.rendered)
                with _timed(shot, stage), _controlled(parts.placement, doing):
                    return work(parts, family)
            except OutOfMemory:
                if len(self._loaded) == 1 and not len(self._adapters):
                    raise
            self._adapters.forget()
            for key in self.loaded - {shot.checkpoint}:
                self._evict(key)
        raise AssertionError("unreachable: the second try returns or raises")

    def _load_now(self, checkpoint: Checkpoint, progress: Progress) -> tuple[Parts, Family]:
        placement = self._catalogue.place(checkpoint, self._settings)
        _log.info("%s", placement.sentence)
        family = self._catalogue.family(checkpoint)
        with _controlled(placement, f"loading {checkpoint.name}"):
            return family.load(checkpoint, placement, progress), family

    def _make_room(self, checkpoint: Checkpoint) -> None:
        """Evict others, least recently used first, until all of a checkpoint fits beside the rest."""
        while self._loaded:
            budget = self._settings
            if budget.memory_gb:  # a limit says nothing of what is taken already
                taken = sum(parts.placement.needed_gb for parts, _ in self._loaded.values())
                budget = replace(budget, memory_gb=max(budget.memory_gb - taken, 1e-6))
            if self._catalogue.place(checkpoint, budget).plan == "all":
                return
            self._evict(next(iter(self._loaded)))

    def _evict(self, key: str) -> None:
        """Forget a checkpoint's parts, and give the device its memory back."""
        import gc

        import torch

        _log.info("%s leaves memory", self._loaded[key][0].checkpoint.name)
        del self._loaded[key]
        self._adapters.forget(key)  # it may come back elsewhere, or in another type
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


@contextmanager
def _controlled(placement: Placement, doing: str) -> Iterator[None]:
    """No gradients, the placement's threads, kernels that repeat themselves, `OutOfMemory` in a user's words."""
    import torch

    if torch.get_num_threads() != placement.threads:  # of the whole process: others may have set it
        torch.set_num_threads(placement.threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    with memory_guard(placement, doing), torch.inference_mode():
        yield


@contextmanager
def _timed(shot: Shot, stage: str) -> Iterator[None]:
    """Add the seconds of the block to a stage of the shot."""
    start = time.perf_counter()
    try:
        yield
    finally:
        shot.seconds[stage] = shot.seconds.get(stage, 0.0) + time.perf_counter() - start


def _check_length(plan: Plan, parts: Parts, family: Family) -> None:
    """Refuse a prompt that the checkpoint cannot read to its end."""
    for text, called in (
        (plan.prompt, "prompt"),
        (plan.negative.text if plan.negative else "", "negative prompt"),
    ):
        report = family.count_tokens(parts, text)
        if report.lost:
            lost = report.lost if len(report.lost) <= 80 else report.lost[:77] + "..."
            raise PromptTooLong(
                f"The {called} has {report.total} tokens, and {plan.checkpoint.name} reads {report.limit}; "
                f"this would be lost: {lost.strip()!r}",
                "Shorten it, or leave strict out and have the loss in the receipt.",
            )
