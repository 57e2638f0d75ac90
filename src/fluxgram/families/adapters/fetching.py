"""Adapters from the Hugging Face hub: which file of a repository is meant, and the file itself, fetched once.

The fetching is `hub.py`'s; what is fetched stays in its cache. A repository without a file's name must leave no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.errors import AdapterError, CheckpointMissing, UnknownAdapter, UnknownCheckpoint, UnsafeWeights

if TYPE_CHECKING:
    from fluxgram.settings import Settings

_ID = re.compile(
    r"(?:hub:|(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/)?"
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:[/:](?:(?:blob|resolve)/(?P<revision>[^/?]+)/)?(?P<file>[^?]*))?(?:\?.*)?"
)
_OBVIOUS = ("pytorch_lora_weights.safetensors", "adapter_model.safetensors", "lora.safetensors")
_PICKLED = (".bin", ".pt", ".pth", ".ckpt")
_COMPONENTS = ("transformer/", "text_encoder/", "text_encoder_2/", "vae/", "unet/")


@dataclass(frozen=True, slots=True)
class HubId:
    """A repository of the hub, a file in it (or empty), and a revision (or None for the newest)."""

    repo: str
    file: str = ""
    revision: str | None = None

    def __str__(self) -> str:
        return f"{self.repo}/{self.file}" if self.file else self.repo


def hub_id_of(source: str) -> HubId | None:
    """`owner/repo`, `owner/repo/file.safetensors` (or with a colon), `hub:…` or a page's address; else None."""
    found = _ID.fullmatch(source)
    if found is None or ".." in source or source.startswith((".", "/", "~")):
        return None
    file = (found["file"] or "").strip("/")
    if file and not file.endswith(".safetensors"):
        return None
    if not file and found["repo"].endswith((".safetensors", *_PICKLED)):
        return None  # a file in a folder that is not there
    revision = found["revision"]
    return HubId(found["repo"], file, None if revision == "main" else revision)


def fetched(hub_id: HubId, settings: Settings) -> tuple[Path, HubId]:
    """The file of an adapter on this machine, and its exact id.

    Raises:
        UnknownAdapter: No such repository or file.
        AdapterError: Several adapters, none of them obvious, or none at all.
        UnsafeWeights: Pickled ones only.
        CheckpointMissing: Offline, no network, or no room.
        CheckpointGated: The repository wants its licence accepted first.
    """
    from glob import escape

    from fluxgram.families import hub

    try:
        names = [hub_id.file] if hub_id.file else hub.list_files(hub_id.repo, hub_id.revision, settings)
        name = hub_id.file or chosen(hub_id.repo, names)
        beside = f"{name.rpartition('/')[0]}/adapter_config.json".lstrip("/")
        folder = hub.fetch(
            hub_id.repo,
            hub_id.revision,
            (escape(name), escape(beside)),
            settings,
            lambda folder: (folder / name).is_file(),
        )
    except UnknownCheckpoint as reason:
        raise UnknownAdapter(str(reason), reason.hint) from None
    except CheckpointMissing:
        if not settings.offline:
            raise
        raise CheckpointMissing(
            f"The adapter {hub_id} is not on this machine, and fluxgram is offline.",
            f"Go online once and run `fluxgram adapters add {hub_id}`.",
        ) from None
    if not (folder / name).is_file():
        raise UnknownAdapter(
            f"{hub_id.repo} has no file {name}.", f"See {hub_id.repo} on the hub for its files."
        )
    return folder / name, HubId(hub_id.repo, name, hub_id.revision)


def chosen(repo: str, names: Iterable[str]) -> str:
    """The adapter's file among the files of a repository.

    Raises:
        AdapterError: There are several, and none is obvious; the hint lists them. Or there is none.
        UnsafeWeights: There are pickled ones only.
    """
    names = sorted(names)
    safe = [name for name in names if name.endswith(".safetensors") and not name.startswith(_COMPONENTS)]
    obvious = [name for wanted in _OBVIOUS for name in safe if name == wanted]
    if len(safe) == 1 or obvious:
        return obvious[0] if obvious else safe[0]
    if safe:
        shown = ", ".join(safe[:12]) + (", …" if len(safe) > 12 else "")
        raise AdapterError(
            f"{repo} holds {len(safe)} adapters.", f"Name one, as {repo}/{safe[0]}. There are: {shown}."
        )
    if any(name.endswith(_PICKLED) for name in names):
        raise UnsafeWeights(
            f"{repo} holds pickled weights only, which are never read.",
            "Ask its owner for a .safetensors file.",
        )
    raise AdapterError(f"{repo} holds no adapter.", "Name a repository with a .safetensors file of a LoRA.")
