"""Which picture takes the next step: plain Python over shots, no tensors, no clocks of the wall.

Fair between jobs, not between pictures: each job has a virtual clock that runs by the work of its steps, and
the job whose clock is furthest behind is served (start-time fair queueing: Goyal, Vin and Cheng, 1996). Within
a job, pictures are drawn one after the other. While two jobs both wait, the work given to them never differs by
more than one step of each (over their weights), so a long job can't starve a short one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection


class Step(Protocol):
    """What the scheduler needs to know of a shot."""

    @property
    def job(self) -> str:
        """The job that it belongs to."""
        ...

    @property
    def checkpoint(self) -> str:
        """The checkpoint that draws it."""
        ...

    @property
    def cost(self) -> float:
        """Work of its next step, above 0."""
        ...


S = TypeVar("S", bound=Step)


@dataclass(slots=True)
class _Line(Generic[S]):
    """The waiting shots of one job."""

    weight: float
    clock: float
    shots: deque[S] = field(default_factory=deque)


class Scheduler(Generic[S]):
    """Decides which shot takes the next step.

    Args:
        patience: A job whose checkpoint is not loaded may be passed over for about so many steps of one whose
            checkpoint is, because changing checkpoints can take longer than many steps.
    """

    def __init__(self, patience: float = 24.0) -> None:
        self._lines: dict[str, _Line[S]] = {}  # in order of arrival
        self._now = 0.0
        self._patience = patience

    def __len__(self) -> int:
        return sum(len(line.shots) for line in self._lines.values())

    def add(self, shot: S, weight: float = 1.0) -> None:
        """Queue a shot behind the others of its job. A new job starts level with the others, a small step behind.

        Without that step, newcomers without end would keep the clock from moving, and older jobs from being served.

        Args:
            shot: The shot.
            weight: Share of its job; a job of weight 2 gets twice the work of one of weight 1.
        """
        if shot.job not in self._lines:
            steps = [line.shots[0].cost / line.weight for line in self._lines.values()]
            self._lines[shot.job] = _Line(weight, self._now + min([*steps, shot.cost / weight]))
        self._lines[shot.job].shots.append(shot)

    def next(self, loaded: Collection[str] | None = None) -> S | None:
        """The shot that takes the next step, or None where nothing waits. It stays queued until `remove`.

        Args:
            loaded: Checkpoints that are in memory; None where that makes no difference.
        """
        if not self._lines:
            return None
        line = min(self._lines.values(), key=_clock)
        if loaded is not None and line.shots[0].checkpoint not in loaded:
            line = self._warmer(line, loaded)
        shot = line.shots[0]
        self._now = max(self._now, line.clock)
        line.clock += shot.cost / line.weight
        return shot

    def remove(self, shot: S) -> None:
        """Take a finished shot out."""
        line = self._lines[shot.job]
        line.shots.remove(shot)
        if not line.shots:
            del self._lines[shot.job]

    def drop(self, job: str) -> list[S]:
        """Take all shots of a job out, and return them."""
        line = self._lines.pop(job, None)
        return [] if line is None else list(line.shots)

    def _warmer(self, first: _Line[S], loaded: Collection[str]) -> _Line[S]:
        """A job whose checkpoint is loaded, unless `first` has been passed over for long enough."""
        warm = [line for line in self._lines.values() if line.shots[0].checkpoint in loaded]
        if not warm:
            return first
        line = min(warm, key=_clock)
        waited = line.clock - first.clock
        return first if waited > self._patience * line.shots[0].cost / line.weight else line


def _clock(line: _Line[S]) -> float:
    return line.clock
