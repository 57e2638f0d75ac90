"""Narrow imports of diffusers and transformers, which otherwise take longer than drawing with a small checkpoint.

Importing one class of each loads torch's compiler and its distributed half (a second and more of CPU time) and, in
diffusers, every other transformer and autoencoder. Both libraries also work where torch has neither of the two; inside
`narrow` they are shown such a torch. Afterwards the compiler loads as ever when it is asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_COMPILER = "torch._dynamo"
_MARKERS = frozenset({"allow_in_graph", "assume_constant_result", "disable"})
_PACKAGES = ("diffusers.models.transformers", "diffusers.models.autoencoders")


@contextmanager
def narrow() -> Iterator[None]:
    """Inside this, import submodules of diffusers and transformers by their full names, and nothing else.

    Where the process takes part in distributed work (it was started with a rank), imports are left as they are.
    """
    import torch

    if "RANK" in os.environ:
        yield
        return
    stand_ins: dict[str, types.ModuleType] = {
        name: _package(name) for name in _PACKAGES if name not in sys.modules
    }
    if _COMPILER not in sys.modules:
        stand_ins[_COMPILER] = _NoCompiler(_COMPILER, _place(_COMPILER))
    distributed = torch.distributed.is_available
    sys.modules.update(stand_ins)
    torch.distributed.is_available = lambda: False
    try:
        yield
    finally:
        torch.distributed.is_available = distributed
        for name, module in stand_ins.items():
            _withdraw(name, module)


class _NoCompiler(types.ModuleType):
    """Stands in for `torch._dynamo`: its marks do nothing; asked for more, it gives way to the real one."""

    def __init__(self, name: str, place: list[str]) -> None:
        super().__init__(name)
        self.__path__ = place

    def __getattr__(self, name: str) -> Any:
        if name in _MARKERS:
            return _mark
        if name.startswith("__"):
            raise AttributeError(name)
        _withdraw(_COMPILER, self)
        return getattr(importlib.import_module(_COMPILER), name)


def _mark(function: Callable[..., Any] | None = None, *_: Any, **__: Any) -> Any:
    """A decorator, with or without arguments, that leaves the function as it is."""
    return function if function is not None else _mark


def _package(name: str) -> types.ModuleType:
    """A package whose submodules can be imported, without what its `__init__` would import."""
    package = types.ModuleType(name)
    package.__path__ = _place(name)
    return package


def _place(name: str) -> list[str]:
    """The folder of a package, found without importing it."""
    top, *rest = name.split(".")
    spec = importlib.util.find_spec(top)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return [str(Path(folder, *rest)) for folder in folders]


def _withdraw(name: str, module: types.ModuleType) -> None:
    """Take a stand-in away, so that the next import finds the real module."""
    if sys.modules.get(name) is module:
        del sys.modules[name]
    parent, _, last = name.rpartition(".")
    if parent in sys.modules and vars(sys.modules[parent]).get(last) is module:
        delattr(sys.modules[parent], last)
