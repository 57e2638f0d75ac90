"""`ServiceSettings`: how the service on this machine runs; `Settings` says how the machine itself draws.

Read from `service.toml` in the home folder and from `FLUXGRAM_SERVE_*` variables, which win. Read by the surfaces
and never at import. Secrets are part of it and never of its `repr`.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

from fluxgram.errors import SettingsError

PREFIX = "FLUXGRAM_SERVE_"
"""Of the variables; what follows is a field's name in capitals."""
FILE = "service.toml"
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
_LEAST = {"side_by_side": 1, "deaths": 1, "lease_seconds": 1}
"""Smallest values of numbers where 0 makes no sense."""
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How the service runs. Numbers are at least 0, and 0 means none or no limit where that makes sense.

    Attributes:
        host: Address to listen on. Anything but loopback needs a key.
        port: TCP port.
        require_key: Ask for a key on loopback too.
        public_url: What links begin with, such as `https://pictures.example`; empty takes the request's own host.
        hosts: Further host names that requests may name, against DNS rebinding; `*` allows all.
        origins: Web origins whose pages may call (CORS), such as `https://app.example`.
        database: SQLAlchemy URL; empty is SQLite in the home folder.
        pictures: Folder or fsspec URL of pictures; empty is a folder in the home folder.
        devices: One worker process each, such as `cuda:0,cuda:1`; empty is one on the machine's own device.
        checkpoint: What draws where the client names none, and `fluxgram-v1`.
        models: Clients' names of models → checkpoints.
        engine: `module:factory` of what workers draw with instead of `fluxgram.engine`; for benchmarks.
        side_by_side: Jobs of different keys that one worker draws in turns.
        max_queued: Jobs that one key may have waiting or running.
        max_body_mb: Largest request body in MB.
        max_megapixels: Largest picture that may be asked for, in 10**6 px.
        lease_seconds: A worker that is silent for so long has lost its jobs.
        deaths: A job that took so many workers with it fails.
        drain_seconds: What is running when the service is told to end may take so long; then it is queued again.
        v6_wait_seconds: ModelsLab surface: answers that take longer are `processing`.
        v6_error_http: ModelsLab surface: `legacy200` answers errors with status 200, `strict` with 4xx.
        v6_failed_status: ModelsLab surface: what a failed job's status is called.
        openai_wait_seconds: OpenAI surface: an answer that takes longer is a timeout, and its job is cancelled.
        safety: `require` refuses pictures that no classifier has seen, `prefer` says so, `off` asks no classifier.
        classifier: Hub id or folder of a picture classifier; empty is none.
        webhook_secret: `whsec_…`, signs webhooks where a key has no secret of its own. Secret.
        webhook_private: Let webhooks go to private addresses and over plain http.
        url_seconds: Links to pictures are signed and expire after so long; 0 leaves them unguessable only.
        retention_days: Pictures older than this are removed; 0 keeps them.
        retention_gb: The oldest pictures are removed above this; 0 keeps them.
        bin_days: Pictures in the bin are removed after so long; 0 keeps them there.
        price: Price of a megapixel-step (10**6 px times one denoising step).
        currency: What prices are in; only shown.
        log_format: `json`, `text`, or `auto`: text on a terminal, JSON otherwise.
        log_prompts: Write prompts into the log.
        metrics_open: Show `/metrics` to everybody; otherwise to loopback and to keys that may administer.
    """

    host: str = "127.0.0.1"
    port: int = 7070
    require_key: bool = False
    public_url: str = ""
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    database: str = field(default="", repr=False)
    pictures: str = ""
    devices: tuple[str, ...] = ()
    checkpoint: str = "fluxgram-mini"
    models: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    side_by_side: int = 4
    max_queued: int = 100
    max_body_mb: float = 16.0
    max_megapixels: float = 4.2
    lease_seconds: float = 30.0
    deaths: int = 3
    drain_seconds: float = 20.0
    v6_wait_seconds: float = 5.0
    v6_error_http: Literal["legacy200", "strict"] = "legacy200"
    v6_failed_status: Literal["error", "failed"] = "error"
    openai_wait_seconds: float = 600.0
    safety: Literal["require", "prefer", "off"] = "prefer"
    classifier: str = ""
    webhook_secret: str = field(default="", repr=False)
    webhook_private: bool = False
    url_seconds: float = 0.0
    retention_days: float = 0.0
    retention_gb: float = 0.0
    bin_days: float = 30.0
    price: float = 0.0
    currency: str = ""
    log_format: Literal["auto", "json", "text"] = "auto"
    log_prompts: bool = False
    metrics_open: bool = False

    @classmethod
    def load(
        cls, home: Path, environment: Mapping[str, str] | None = None, **given: object
    ) -> ServiceSettings:
        """Read the file, then the variables, then what is given (the command line's options).

        Args:
            home: The home folder; its `service.toml` need not be there.
            environment: The variables; those of the process where none are given.
            **given: Fields that win over both; None is not given.

        Raises:
            SettingsError: An unknown name (the hint has the nearest), or a value that cannot be read.
        """
        env = os.environ if environment is None else environment
        values: dict[str, object] = {}
        hints = get_type_hints(cls)
        for name, value in _file(home / FILE).items():
            known = _known(name, hints, f"{name[:60]!r} in {home / FILE}")
            values[known] = _read(hints[known], value, f"{known} in {home / FILE}")
        for variable, text in env.items():
            if variable.startswith(PREFIX):
                name = _known(variable.removeprefix(PREFIX).lower(), hints, variable, PREFIX)
                values[name] = _read(hints[name], text.strip(), variable)
        values |= {
            name: _read(hints[_known(name, hints, name)], value, name)
            for name, value in given.items()
            if value is not None
        }
        return cls(**values)  # type: ignore[arg-type]

    def check(self) -> None:
        """Refuse what can be read and cannot work, before anything is started with it.

        Raises:
            SettingsError: The first such value, named.
        """
        for device in self.devices:
            if not _DEVICE.fullmatch(device):
                raise SettingsError(
                    f"devices can't have {device[:60]!r}.",
                    "Each is one of cpu, mps, cuda, cuda:0, cuda:1 and so on.",
                )
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise SettingsError(f"{name} must be at least {least}.", "Leave it out for the default.")
        if self.public_url and not _is_web_address(self.public_url):
            raise SettingsError(
                f"public_url is no web address: {self.public_url[:200]!r}.",
                "Write what links begin with, such as https://pictures.example.",
            )
        if self.safety == "require" and not self.classifier:
            raise SettingsError(
                'safety = "require" needs a classifier, and none is configured.',
                'Set classifier (docs/safety.md), or safety = "prefer".',
            )


def _is_web_address(text: str) -> bool:
    """Whether it is `http://` or `https://`, a host, and nothing that a path cannot follow."""
    with suppress(ValueError):
        parts = urlsplit(text)
        _ = parts.port  # a ValueError where it is none
        plain = not (parts.query or parts.fragment or parts.username or re.search(r"\s", text))
        return parts.scheme in ("http", "https") and bool(parts.hostname) and plain
    return False


def _file(path: Path) -> dict[str, Any]:
    """The file's table; empty where there is no file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        raise SettingsError(
            f"The home folder {path.parent} is not a folder.",
            "Set FLUXGRAM_HOME to one, or to where one may be made.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}.", "See docs/service.md for its form.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from None


def _known(name: str, hints: Mapping[str, Any], shown: str, prefix: str = "") -> str:
    if name in hints:
        return name
    near = get_close_matches(name, hints, n=1, cutoff=0.0)[0]
    raise SettingsError(
        f"{shown} is not a setting of the service.",
        f"Did you mean {prefix}{near.upper() if prefix else near}?",
    )


def _read(kind: Any, value: object, name: str) -> object:
    """A value of the file or text of a variable as a field's type."""
    if kind is bool:
        return _switch(value, name)
    if kind in (int, float):
        return _number(kind, value, name)
    if kind is str:
        return _text(value, name)
    if choices := get_args(kind) if getattr(kind, "__origin__", None) is Literal else ():
        if value not in choices:
            raise SettingsError(f"{name} can't be {value!r}.", f"It is one of {', '.join(choices)}.")
        return value
    if getattr(kind, "__origin__", None) is tuple:
        entries = value.split(",") if isinstance(value, str) else value
        if not isinstance(entries, list | tuple):
            raise SettingsError(f"{name} must be a list of texts.", "Separate them by commas.")
        return tuple(entry for entry in (_text(entry, name) for entry in entries) if entry)
    return _table(value, name)


def _switch(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise SettingsError(f"{name} must be true or false, not {value!r}.", "Leave it out for the default.")


def _number(kind: type[int | float], value: object, name: str) -> float:
    number = -1.0
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            number = kind(value) if kind is float or float(value) == int(value) else -1.0
    if not (math.isfinite(number) and number >= 0):
        what = "a whole number" if kind is int else "a number"
        raise SettingsError(
            f"{name} must be {what} of at least 0, not {repr(value)[:60]}.", "Leave it out for the default."
        )
    return number


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{name} must be text, not {value!r}.", "Put it in quotes.")
    return value.strip()


def _table(value: object, name: str) -> dict[str, str]:
    """A table of texts; in a variable `a=b,c=d`."""
    hint = 'Write {"flux" = "flux2-klein-4b"}.'
    if isinstance(value, str):
        hint = "Write flux=flux2-klein-4b, several separated by commas."
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        value = {left.strip(): right.strip() for left, _, right in pairs}
    if not isinstance(value, Mapping) or "" in value or "" in value.values():
        raise SettingsError(f"{name} must be a table of names.", hint)
    field, _, rest = name.partition(" ")
    return {left: _text(right, f"{field}.{left} {rest}".rstrip()) for left, right in value.items()}
