"""fluxgram: say it, shoot it, measure it.

`fluxgram.generate("portrait of …", seed=42)` draws a picture; `Engine` draws many. Importing this imports
neither torch nor anything else that takes time: the names below are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxgram.engine.engine import Engine, OnEvent
    from fluxgram.engine.request import Request
    from fluxgram.engine.result import Result
    from fluxgram.settings import Settings

    __version__: str

__all__ = ["Engine", "Request", "Result", "Settings", "__version__", "generate"]

_HOMES = {
    "Engine": "fluxgram.engine.engine",
    "Request": "fluxgram.engine.request",
    "Result": "fluxgram.engine.result",
    "Settings": "fluxgram.settings",
}


def generate(
    prompt: str, *, settings: Settings | None = None, on_event: OnEvent | None = None, **fields: Any
) -> Result | list[Result]:
    """Draw what a prompt says, and give the memory back; for more than one call use `Engine`.

    Args:
        prompt: The words.
        settings: How the machine runs; read from the environment where none are given.
        on_event: Called with each event as it happens.
        **fields: The other fields of `Request`, such as `seed=42` or `size="2:3"`.

    Returns:
        The picture with its receipt; a list of them where `samples` is above 1.

    Raises:
        FluxgramError: It can't be drawn as asked; see `fluxgram.errors`.
    """
    from fluxgram.engine.engine import Engine
    from fluxgram.engine.request import Request

    request = Request.from_dict({"prompt": prompt, **fields})
    with Engine(settings=settings) as engine:
        results = engine.generate(request, on_event)
    return results[0] if request.samples == 1 else results


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from fluxgram.engine.versions import versions

        return versions()["fluxgram"]
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
