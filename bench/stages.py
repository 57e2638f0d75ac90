"""A stopwatch for one cold start: seconds by stage, with imports apart wherever they happen.

Libraries import lazily, in the middle of loading and drawing. So the watch stands in front of Python's import and takes
that time out of the stage around it. Used by the two programs that `first_picture.py` starts.
"""

from __future__ import annotations

import builtins
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Stopwatch:
    """Laps from a moment on; make it before anything else is imported.

    Args:
        spawned: `time.monotonic()` of the parent when it started this process, in seconds.

    Attributes:
        seconds: By stage; `start` is the interpreter's, `import` all imports.
    """

    def __init__(self, spawned: float) -> None:
        now = time.monotonic()
        self.seconds = {"start": now - spawned, "import": 0.0}
        self._last = now
        self._imports = 0.0
        self._depth = 0
        builtins.__import__ = self._timed(builtins.__import__)
        importlib.import_module = self._timed(importlib.import_module)

    def lap(self, stage: str) -> None:
        """All since the last lap belongs to a stage; a stage may have several laps."""
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last - self._imports
        self.seconds["import"] += self._imports
        self._last, self._imports = now, 0.0

    def write(self, path: Path) -> None:
        """For the parent."""
        path.write_text(json.dumps(self.seconds), encoding="utf-8")

    def _timed(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            if self._depth:
                return inner(*args, **kwargs)
            self._depth, start = 1, time.monotonic()
            try:
                return inner(*args, **kwargs)
            finally:
                self._imports += time.monotonic() - start
                self._depth = 0

        return timed
