"""Checkpoints from the Hugging Face hub: found on disk, downloaded (only what is needed, resumed, pinned), removed.

huggingface_hub does the work; this file chooses the files, tells progress as one fraction, and turns what can go
wrong into one sentence and a hint. `HF_ENDPOINT` and `HF_TOKEN` are honoured.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import (
    CheckpointDamaged,
    CheckpointError,
    CheckpointGated,
    CheckpointMissing,
    UnknownCheckpoint,
)
from fluxgram.families import layout

if TYPE_CHECKING:
    from fluxgram.errors import FluxgramError
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.contract import Progress
    from fluxgram.settings import Settings

_SMALL = (
    "model_index.json",
    "fluxgram.toml",
    "scheduler/scheduler_config.json",
    "transformer/config.json",
    "vae/config.json",
)


def cache_of(settings: Settings) -> Path:
    """Where fluxgram keeps what it downloads, in huggingface_hub's layout."""
    return settings.home / "hub"


def find_local(repo: str, revision: str | None, settings: Settings) -> Path | None:
    """The folder of a repository that is whole on this machine: in fluxgram's home, else in the user's shared cache."""
    from huggingface_hub import constants

    for cache in (cache_of(settings), Path(constants.HF_HUB_CACHE)):
        folder = _snapshot(cache, repo, revision)
        if folder is not None and _is_whole(folder):
            return folder
    return None


def download(repo: str, checkpoint: Checkpoint, settings: Settings, progress: Progress) -> Path:
    """Fetch what is needed of a repository; what is already there stays, and half a file is resumed.

    Raises:
        CheckpointMissing: Offline, no network, no room on disk, or no such revision.
        CheckpointGated: The repository wants its licence accepted first.
        UnknownCheckpoint: No such repository.
    """
    if settings.offline:
        raise CheckpointMissing(
            f"{checkpoint.name} is not on this machine, and fluxgram is offline.",
            f"Go online once and run `fluxgram checkpoints pull {checkpoint.name}`.",
        )
    where: dict[str, Any] = {
        "repo_id": repo,
        "revision": checkpoint.revision,
        "cache_dir": cache_of(settings),
        "allow_patterns": list(layout.WANTED),
        "endpoint": os.environ.get("HF_ENDPOINT"),
    }
    from huggingface_hub import snapshot_download

    progress("download", 0.0)
    try:
        cache_of(settings).mkdir(parents=True, exist_ok=True)
        files = snapshot_download(**where, dry_run=True, tqdm_class=_counter(progress, 0))
        total = sum(file.file_size or 0 for file in files if file.will_download)
        _check_room(checkpoint.name, total, cache_of(settings))
        folder = Path(snapshot_download(**where, tqdm_class=_counter(progress, total)))
    except CheckpointError:
        raise
    except (OSError, ValueError) as reason:
        raise _explained(reason, repo, checkpoint.revision) from reason
    if not (folder / "model_index.json").is_file():
        raise CheckpointDamaged(
            f"{repo} has no model_index.json: it is not in diffusers' layout.",
            "Name a repository of FLUX.1 or FLUX.2 klein.",
        )
    progress("download", 1.0)
    return folder


def index(repo: str, settings: Settings) -> Path:
    """A folder with the small files that say what a repository is, fetched where they are not there.

    Raises:
        CheckpointError: As `download`.
        UnknownCheckpoint: No such repository.
    """
    local = _snapshot(cache_of(settings), repo, None) or find_local(repo, None, settings)
    if local is not None and all((local / name).is_file() for name in (_SMALL[0], "transformer/config.json")):
        return local
    if settings.offline:
        raise CheckpointMissing(
            f"{repo} is not on this machine, and fluxgram is offline.",
            f"Go online once and run `fluxgram checkpoints pull {repo}`.",
        )
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                repo,
                cache_dir=cache_of(settings),
                allow_patterns=list(_SMALL),
                endpoint=os.environ.get("HF_ENDPOINT"),
                tqdm_class=_counter(lambda stage, fraction: None, 0),
            )
        )
    except (OSError, ValueError) as reason:
        raise _explained(reason, repo, None) from reason


def fetch(
    repo: str,
    revision: str | None,
    patterns: Sequence[str],
    settings: Settings,
    whole: Callable[[Path], bool],
) -> Path:
    """The folder with some files of a repository: as it is on this machine where it is whole, else downloaded.

    Args:
        repo: `owner/name`.
        revision: Branch, tag or commit; None is the default branch.
        patterns: Which files.
        settings: Where they are kept, and whether the hub may be asked.
        whole: Whether a folder has all that is needed.

    Raises:
        CheckpointError: As `download`.
        UnknownCheckpoint: No such repository.
    """
    from huggingface_hub import constants, snapshot_download

    for cache in (cache_of(settings), Path(constants.HF_HUB_CACHE)):
        folder = _snapshot(cache, repo, revision)
        if folder is not None and whole(folder):
            return folder
    if settings.offline:
        raise CheckpointMissing(
            f"{repo} is not on this machine, and fluxgram is offline.",
            "Go online once, or name a folder that holds it.",
        )
    try:
        return Path(
            snapshot_download(
                repo,
                revision=revision,
                cache_dir=cache_of(settings),
                allow_patterns=list(patterns),
                endpoint=os.environ.get("HF_ENDPOINT"),
                tqdm_class=_counter(lambda stage, fraction: None, 0),
            )
        )
    except (OSError, ValueError) as reason:
        raise _explained(reason, repo, revision) from reason


def list_files(repo: str, revision: str | None, settings: Settings) -> list[str]:
    """Names of the weight files of a repository: asked of the hub, or, offline, those that are on this machine.

    Raises:
        CheckpointError: As `download`.
        UnknownCheckpoint: No such repository.
    """
    from huggingface_hub import snapshot_download

    if settings.offline:
        folder = _snapshot(cache_of(settings), repo, revision)
        if folder is None:
            raise CheckpointMissing(
                f"{repo} is not on this machine, and fluxgram is offline.", "Go online once and fetch it."
            )
        return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    try:
        files = snapshot_download(
            repo,
            revision=revision,
            cache_dir=cache_of(settings),
            allow_patterns=["*.safetensors", *(f"*{ending}" for ending in layout.PICKLED)],
            endpoint=os.environ.get("HF_ENDPOINT"),
            dry_run=True,
            tqdm_class=_counter(lambda stage, fraction: None, 0),
        )
    except (OSError, ValueError) as reason:
        raise _explained(reason, repo, revision) from reason
    return [file.filename for file in files]


def remove(repo: str, settings: Settings) -> int:
    """Delete fluxgram's own copy of a repository; bytes that became free.

    Raises:
        CheckpointMissing: Nothing of it in fluxgram's home; the hint names a copy elsewhere.
    """
    folder = cache_of(settings) / _folder_name(repo)
    if not folder.is_dir():
        elsewhere = find_local(repo, None, settings)
        hint = (
            f"A copy that other tools use, too, is in {elsewhere}."
            if elsewhere
            else "There is nothing to remove."
        )
        raise CheckpointMissing(f"fluxgram has not downloaded {repo}.", hint)
    freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    shutil.rmtree(folder)
    return freed


def _folder_name(repo: str) -> str:
    from huggingface_hub.file_download import repo_folder_name

    return repo_folder_name(repo_id=repo, repo_type="model")


def _snapshot(cache: Path, repo: str, revision: str | None) -> Path | None:
    """The folder of a revision in a cache of huggingface_hub's layout, whole or not."""
    storage = cache / _folder_name(repo)
    try:
        commit = (storage / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
    except OSError:
        commit = revision or ""
    folder = storage / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


def _is_whole(folder: Path) -> bool:
    """Whether every file that loading asks for is there by name."""
    try:
        shape = layout.SHAPES[layout.read_index(folder)["_class_name"]]
        for part in shape.parts:
            layout.read_config(folder, part, shape.family)
            layout.weight_files(folder, part)
    except CheckpointError:
        return False
    tokenizers = all(layout.has_tokenizer(folder / name) for name in shape.tokenizers)
    return tokenizers and (folder / shape.counts / "tokenizer.json").is_file()


def _check_room(name: str, total: int, cache: Path) -> None:
    free = shutil.disk_usage(cache).free
    if total > free:
        raise CheckpointMissing(
            f"{name} needs {total / 1e9:.1f} GB on disk, and {cache} has {free / 1e9:.1f} GB left.",
            "Make room, or set FLUXGRAM_HOME to a folder on another disk.",
        )


def _counter(progress: Progress, total: int) -> type[Any]:
    """A progress-bar class that shows nothing and tells `progress` the share of `total` bytes."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Counter(tqdm):  # type: ignore[misc]
        """Counts the bytes of the one bar that all files add to."""

        def __init__(self, *args: Any, **options: Any) -> None:
            self.counts = options.get("unit") == "B" and str(options.get("desc", "")).startswith(
                "Reconstructing"
            )
            self.bytes = 0
            options.pop("name", None)
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            if self.counts and total:
                self.bytes += int(n or 0)
                progress("download", min(1.0, self.bytes / total))
            return None

    return Counter


def _explained(reason: BaseException, repo: str, revision: str | None) -> FluxgramError:
    """The one sentence for what went wrong between here and the hub."""
    from huggingface_hub import errors

    page = f"{os.environ.get('HF_ENDPOINT') or 'https://huggingface.co'}/{repo}"
    chain: list[BaseException] = []
    link: BaseException | None = reason
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    if any(isinstance(each, errors.GatedRepoError) for each in chain):
        return CheckpointGated(
            f"{repo} is given out only after its licence is accepted.",
            f"Open {page}, accept the licence while signed in, then run `hf auth login` and try again.",
        )
    if any(isinstance(each, errors.RevisionNotFoundError) for each in chain):
        return CheckpointMissing(f"{repo} has no revision {revision}.", "Mend `revision` in its table.")
    if any(isinstance(each, errors.RepositoryNotFoundError) for each in chain):
        return UnknownCheckpoint(
            f"The hub has no repository {repo}, or it is private.",
            "Check the spelling; for a private one run `hf auth login`.",
        )
    if isinstance(reason, OSError) and reason.errno is not None and not isinstance(reason, ConnectionError):
        return CheckpointMissing(
            f"{repo} cannot be stored: {reason.strerror}.", "Check the disk, or set FLUXGRAM_HOME elsewhere."
        )
    return CheckpointMissing(
        f"{repo} cannot be fetched: the hub does not answer ({type(chain[-1]).__name__}).",
        "Check the network and try again; what has been fetched is kept. fluxgram-mini works without a network.",
    )
