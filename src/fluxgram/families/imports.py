"""Narrow imports of diffusers and transformers: see `narrow`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def narrow() -> Iterator[None]:
    """Inside this, import submodules of diffusers and transformers."""
    yield
