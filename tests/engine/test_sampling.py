"""The Euler step, against diffusers' scheduler."""

from __future__ import annotations

import pytest
import torch
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler

from fluxgram.engine.sampling import estimate, euler


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("steps", [1, 4, 17])
def test_every_step_is_diffusers_step_to_the_bit(steps: int, dtype: torch.dtype) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(steps)
    sigmas = [float(sigma) for sigma in scheduler.sigmas]
    generator = torch.Generator().manual_seed(0)
    ours = theirs = torch.randn(1, 24, 128, generator=generator).to(dtype)
    for index, t in enumerate(scheduler.timesteps):
        velocity = torch.randn(1, 24, 128, generator=generator).to(dtype)
        theirs = scheduler.step(velocity, t, theirs, return_dict=False)[0]
        ours = euler(ours, velocity, sigmas[index], sigmas[index + 1])
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)


def test_a_straight_flow_is_foreseen_from_anywhere() -> None:
    """Rectified flow: x = (1 - s) * clean + s * noise, velocity = noise - clean."""
    clean, noise = torch.randn(2, 1, 6, 4, generator=torch.Generator().manual_seed(1))
    for sigma in (1.0, 0.6, 0.1):
        assert torch.allclose(
            estimate((1 - sigma) * clean + sigma * noise, noise - clean, sigma), clean, atol=1e-6
        )
