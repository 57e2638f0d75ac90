"""Versions of what decides the pixels, as written into every receipt."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("fluxgram", "torch", "diffusers", "transformers")


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that touch pixels; `unknown` for one that is not installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
