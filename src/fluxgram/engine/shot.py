"""`Shot`: one picture in flight, from its seed to its last step.

It holds the state that a step changes and nothing of the device; what decides when it moves is `scheduler.py`,
and what moves it is `Engine.step`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fluxgram.engine.plan import key_of
from fluxgram.engine.sampling import estimate, euler

if TYPE_CHECKING:
    import torch

    from fluxgram.engine.opened import Fitted
    from fluxgram.engine.plan import Plan
    from fluxgram.families.contract import Condition, Latents


@dataclass(slots=True, eq=False)
class Shot:
    """One picture in flight.

    Attributes:
        job: Name of the job it belongs to.
        picture: Which picture of the job, from 0.
        plan: What is to be done.
        position: Steps taken.
        condition: What it is drawn from; None until it has begun.
        latents: Where it is now; None until it has begun.
        sigmas: Noise levels, `steps + 1` numbers from 1 down to 0; empty until it has begun.
        adapters: What it is drawn with, held until it is done.
        seconds: Time spent by stage: `load`, `encode`, `denoise`, `decode`.
    """

    job: str
    picture: int
    plan: Plan
    position: int = 0
    condition: Condition | None = None
    latents: Latents | None = None
    sigmas: list[float] = field(default_factory=list)
    adapters: tuple[Fitted, ...] = ()
    seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("load", "encode", "denoise", "decode"), 0.0)
    )

    @property
    def seed(self) -> int:
        """Seed of this picture."""
        return self.plan.seeds[self.picture]

    @property
    def checkpoint(self) -> str:
        """Key of the checkpoint that draws it."""
        return key_of(self.plan.checkpoint)

    @property
    def cost(self) -> float:
        """Work of its next step."""
        return self.plan.step_cost

    @property
    def begun(self) -> bool:
        """Whether it has its condition, its noise and its noise levels."""
        return self.latents is not None

    @property
    def finished(self) -> bool:
        """Whether it has taken all its steps."""
        return self.position == self.plan.steps

    def begin(self, condition: Condition, latents: Latents, sigmas: list[float]) -> None:
        """Give it what it is drawn from, its starting noise, and the noise levels that it will pass."""
        self.condition, self.sigmas, self.latents = condition, sigmas, latents

    def condition_now(self) -> Condition:
        """Its condition with the adapters that work at the step that comes."""
        condition, _ = self.under_way()
        if not self.adapters:
            return condition
        steps = self.plan.steps
        now = (each.applied() for each in self.adapters if each.use.works_at(self.position, steps))
        return replace(condition, adapters=tuple(now))

    def under_way(self) -> tuple[Condition, Latents]:
        """Its condition and where it is now; only for a shot that has begun."""
        if self.condition is None or self.latents is None:
            raise RuntimeError(f"picture {self.picture} of {self.job} has not begun")
        return self.condition, self.latents

    def advance(self, velocity: torch.Tensor) -> None:
        """Take one step along `velocity`, which has the shape of the latents' tokens."""
        _, latents = self.under_way()
        sigma, sigma_next = self.sigmas[self.position : self.position + 2]
        moved = replace(latents, tokens=euler(latents.tokens, velocity, sigma, sigma_next))
        self.latents, self.position = moved, self.position + 1  # together: Ctrl-C can't come between

    def foresee(self, velocity: torch.Tensor) -> Latents:
        """The clean latents that the last `velocity` points to, for a preview; call it after `advance`."""
        _, latents = self.under_way()
        return replace(latents, tokens=estimate(latents.tokens, velocity, self.sigmas[self.position]))
