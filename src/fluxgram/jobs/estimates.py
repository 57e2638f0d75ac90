"""When a job will be done: work that lies before it, times the seconds that such work took lately.

A guess for people and for clients that poll; nothing depends on it.
"""

from __future__ import annotations

LEAST_SHARE = 0.05
"""Of its own time that a running job is said to need still, however long it has run."""


def seconds_left(
    *,
    rate: float | None,
    ahead: float,
    own: float,
    running_for: float = 0.0,
    devices: int = 1,
) -> float | None:
    """Seconds until a job is done.

    Args:
        rate: Seconds a megapixel-step takes on one device; None where nothing was drawn yet.
        ahead: Megapixel-steps before it, with what is running.
        own: Megapixel-steps of its own that are still to be drawn.
        running_for: Seconds for which those have been drawn.
        devices: Devices that draw side by side.

    Returns:
        None where it cannot be known.
    """
    if rate is None:
        return None
    return rate * ahead / max(devices, 1) + max(rate * own - running_for, rate * own * LEAST_SHARE)
