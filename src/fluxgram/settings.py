"""`Settings`: how this machine runs fluxgram (never what a picture looks like; that is a request).

Read from the environment by `Settings.from_environment()`, which is called by the surfaces and never at import.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path

from fluxgram.errors import SettingsError

_PREFIX = "FLUXGRAM_"
_SECRETS = {"FLUXGRAM_CHAT_KEY"}
"""Read by the one command that needs it and kept out of `Settings`, which may be shown."""
_OF_THE_SERVICE = "FLUXGRAM_SERVE_"
"""Read by `fluxgram.service`."""
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Settings:
    """How the machine runs.

    Attributes:
        home: Folder of all state (downloaded checkpoints, user's tables). `FLUXGRAM_HOME`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`. `FLUXGRAM_DEVICE`.
        dtype: `auto`, `float32`, `bfloat16`, `float16`. `FLUXGRAM_DTYPE`.
        threads: CPU threads; 0 takes the number of usable cores. `FLUXGRAM_THREADS`.
        memory_gb: Memory that fluxgram may take on the device, in GiB; 0 measures what is free. `FLUXGRAM_MEMORY_GB`.
        offline: Never ask the hub; use what is on disk. `FLUXGRAM_OFFLINE` (also set by `HF_HUB_OFFLINE`).
    """

    home: Path
    device: str = "auto"
    dtype: str = "auto"
    threads: int = 0
    memory_gb: float = 0.0
    offline: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read `FLUXGRAM_*` variables; unknown ones and impossible values are errors.

        Args:
            environment: The variables; those of the process where none are given.

        Raises:
            SettingsError: A variable that is not known, or a value that cannot be read.
        """
        env = os.environ if environment is None else environment
        known = {_PREFIX + field.name.upper(): field.name for field in fields(cls)}
        for name in env:
            if name.startswith(_OF_THE_SERVICE) or name in _SECRETS:
                continue
            if name.startswith(_PREFIX) and name not in known:
                near = get_close_matches(name, known, n=1, cutoff=0.0)
                raise SettingsError(f"{name} is not a setting of fluxgram.", f"Did you mean {near[0]}?")
        values: dict[str, object] = {"home": Path(env.get("FLUXGRAM_HOME") or default_home(env)).expanduser()}
        for name, field_name in known.items():
            if field_name != "home" and name in env:
                values[field_name] = _read(name, field_name, env[name])
        if "offline" not in values:
            values["offline"] = env.get("HF_HUB_OFFLINE", "").strip().lower() in _TRUE
        return cls(**values)  # type: ignore[arg-type]


def default_home(env: Mapping[str, str]) -> Path:
    """The platform's folder for a user's data, e.g. `~/.local/share/fluxgram` on Linux."""
    import platformdirs

    if xdg := env.get("XDG_DATA_HOME"):
        return Path(xdg) / "fluxgram"
    return platformdirs.user_data_path("fluxgram")


def _read(name: str, field_name: str, text: str) -> object:
    text = text.strip()
    try:
        if field_name == "threads":
            return _at_least_zero(int(text))
        if field_name == "memory_gb":
            return _at_least_zero(float(text))
    except ValueError:
        raise SettingsError(
            f"{name} must be a number of at least 0, not {text!r}.", f"Unset {name} for the default."
        ) from None
    if field_name == "offline":
        if text.lower() not in _TRUE | _FALSE:
            raise SettingsError(f"{name} must be 1 or 0, not {text!r}.", f"Unset {name} for the default.")
        return text.lower() in _TRUE
    choices = {"dtype": ("auto", "float32", "bfloat16", "float16")}.get(field_name)
    if choices and text not in choices:
        raise SettingsError(
            f"{name} must be one of {', '.join(choices)}, not {text!r}.", f"Unset {name} for the default."
        )
    return text or "auto"


def _at_least_zero(number: float) -> float:
    if not 0 <= number < float("inf"):
        raise ValueError(number)
    return number
