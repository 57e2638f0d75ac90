"""One Euler step along the flow, and where the flow would end from here.

The rounding is that of diffusers' `FlowMatchEulerDiscreteScheduler.step` (0.42), on purpose: float32 noise
levels, a float32 sample, and the velocity's own type for the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def euler(sample: torch.Tensor, velocity: torch.Tensor, sigma: float, sigma_next: float) -> torch.Tensor:
    """Move a sample from noise level `sigma` to `sigma_next`.

    Args:
        sample: Packed latents, any shape.
        velocity: Predicted d sample / d sigma, the same shape.
        sigma: Noise level now, 0 … 1.
        sigma_next: Noise level after, 0 … 1.

    Returns:
        sample + (sigma_next - sigma) * velocity, in the velocity's type.
    """
    import torch

    levels = torch.tensor([sigma, sigma_next], dtype=torch.float32, device=sample.device)
    return (sample.to(torch.float32) + (levels[1] - levels[0]) * velocity).to(velocity.dtype)


def estimate(sample: torch.Tensor, velocity: torch.Tensor, sigma: float) -> torch.Tensor:
    """The clean latents that a straight flow from here would end in: sample - sigma * velocity, float32."""
    return sample.float() - sigma * velocity.float()
