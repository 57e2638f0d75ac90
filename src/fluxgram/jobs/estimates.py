"""When a job will be done: work that lies before it, times the seconds that such work took lately.

A guess for people and for clients that poll; nothing depends on it.
"""

from __future__ import annotations


def seconds_left(
    *,
    rate: float | None,
    ahead: float,
    own: float,
    share_done: float = 0.0,
    devices: int = 1,
) -> float | None:
    """Seconds until a job is done.

    Args:
        rate: Seconds a megapixel-step takes on one device; None where nothing was drawn yet.
        ahead: Megapixel-steps before it, with what is running.
        own: Megapixel-steps of its own.
        share_done: Part of its own that is done, 0 … 1.
        devices: Devices that draw side by side.

    Returns:
        None where it cannot be known.
    """
    if rate is None:
        return None
    return rate * (ahead / max(devices, 1) + own * (1.0 - min(max(share_done, 0.0), 1.0)))
