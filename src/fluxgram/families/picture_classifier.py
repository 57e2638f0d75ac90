"""Picture classifiers from a folder or the hub, through transformers; implements the seam of `safety/pictures.py`.

Any image classification checkpoint will do whose labels say which of them is unsafe. It runs on the CPU, so that it
takes nothing from the checkpoint that draws. Only safetensors are read, and no code of a repository is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxgram.errors import CheckpointDamaged, CheckpointError, CheckpointMissing, UnsafeWeights
from fluxgram.families import hub, layout
from fluxgram.families.imports import narrow
from fluxgram.families.weights import read_header

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.settings import Settings

WANTED = ("config.json", "preprocessor_config.json", "*.safetensors", "*.safetensors.index.json")
"""What is downloaded of a repository."""
UNSAFE = frozenset({
    "nsfw", "unsafe", "explicit", "adult", "porn", "porno", "pornography", "pornographic", "hentai", "lewd",
    "sex", "sexy", "sexual", "erotic", "erotica", "nude", "nudes", "nudity", "naked",
})  # fmt: skip
"""Words in labels that mean unsafe; a label counts when one of its words is here and none of them denies it."""
_DENIALS = frozenset({"no", "non", "not", "without", "safe"})
_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
_AGAIN = "Fetch the classifier again, or name another one."


@dataclass(frozen=True, slots=True)
class Score:
    """What the classifier says of a picture; the fields are those of `fluxgram.safety.pictures.Score`.

    Attributes:
        unsafe: From 0 to 1: the probability of all unsafe labels together (the highest, where they exclude each
            other not).
        label: The most probable unsafe label where the picture is more unsafe than not; else the most probable one.
    """

    unsafe: float
    label: str


class HubClassifier:
    """A loaded classifier.

    Attributes:
        name: As it was configured.
        labels: Its labels, in order.
        unsafe: Which of them are unsafe.
    """

    def __init__(self, name: str, model: Any, processor: Any, labels: tuple[str, ...]) -> None:
        self.name = name
        self.labels = labels
        self.unsafe = unsafe_among(labels, name)
        self._model = model
        self._processor = processor
        self._exclusive = len(labels) > 1 and model.config.problem_type != "multi_label_classification"

    def score(self, image: Image) -> Score:
        """How unsafe a picture is. The picture is not changed."""
        import torch

        with torch.inference_mode():
            inputs = self._processor(images=image.convert("RGB"), return_tensors="pt")
            logits = self._model(**inputs).logits[0].float()
            shares = (logits.softmax(-1) if self._exclusive else logits.sigmoid()).tolist()
        unsafe = [shares[place] for place in self.unsafe]
        total = min(1.0, sum(unsafe)) if self._exclusive else max(unsafe)
        among = self.unsafe if total >= 0.5 else range(len(shares))
        return Score(total, self.labels[max(among, key=shares.__getitem__)])


def load_classifier(name: str, settings: Settings) -> HubClassifier:
    """Load a classifier.

    Args:
        name: A folder, or a repository of the hub as `owner/name` or `owner/name@revision`.
        settings: Where downloads are kept, and whether the network may be asked.

    Raises:
        CheckpointMissing: Not there, and not to be had.
        CheckpointDamaged: Its files cannot be used, or it is no picture classifier.
        UnsafeWeights: Its weights are pickled.
        CheckpointError: Its labels do not say what is unsafe.
    """
    folder = _folder_of(name.strip(), settings)
    config = layout.read_json(folder / "config.json")
    labels = _labels(config, folder)
    unsafe_among(labels, name)
    _check_weights(folder)
    layout.read_json(folder / "preprocessor_config.json")
    model, processor = _load(folder)
    return HubClassifier(name, model, processor, labels)


def check_name(name: str) -> None:
    """Whether a classifier may be had by this name; nothing is loaded or fetched.

    Raises:
        CheckpointMissing: It is a folder that is not there, or no name at all.
    """
    if not (name and Path(name).expanduser().is_dir()) and (
        not _ID.fullmatch(name) or name.startswith((".", "/", "~"))
    ):
        raise CheckpointMissing(
            f"There is no folder {name!r} with a picture classifier.",
            "Name a folder that is there, or a repository of the hub as owner/name.",
        )


def unsafe_among(labels: tuple[str, ...], name: str) -> tuple[int, ...]:
    """The places of the labels that mean unsafe.

    Raises:
        CheckpointError: None of them does, by any word that is known.
    """
    places = tuple(place for place, label in enumerate(labels) if _is_unsafe(label))
    if not places:
        raise CheckpointError(
            f"The labels of {name} do not say what is unsafe: {', '.join(labels[:8])}.",
            "Name a classifier that has a label such as nsfw or porn.",
        )
    return places


def _is_unsafe(label: str) -> bool:
    words = set(re.findall(r"[a-z]+", label.lower()))
    return bool(words & UNSAFE) and not words & _DENIALS


def _folder_of(name: str, settings: Settings) -> Path:
    check_name(name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    repo, _, revision = name.partition("@")
    return hub.fetch(repo, revision or None, WANTED, settings, whole=_is_whole)


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / "preprocessor_config.json").is_file() and bool(_weight_files(folder))
    except CheckpointError:
        return False


def _labels(config: dict[str, Any], folder: Path) -> tuple[str, ...]:
    table = config.get("id2label")
    try:
        named = {int(place): str(label) for place, label in dict(table or {}).items()}
    except (TypeError, ValueError):
        named = {}
    if not named or sorted(named) != list(range(len(named))):
        raise CheckpointDamaged(f"{folder / 'config.json'} names no labels (id2label).", _AGAIN)
    return tuple(named[place] for place in range(len(named)))


def _weight_files(folder: Path) -> list[Path]:
    """Safetensors files, as the index lists them where there is one.

    Raises:
        CheckpointMissing: None, or one that the index names is not there.
        UnsafeWeights: Only pickled ones.
    """
    single = folder / "model.safetensors"
    index = layout.read_json(folder / "model.safetensors.index.json", missing={})
    if index and not single.is_file():
        names = sorted({Path(str(name)).name for name in dict(index.get("weight_map") or {}).values()})
        files = [folder / name for name in names]
    else:
        files = [single] if single.is_file() else []
    if absent := [path for path in files if not path.is_file()]:
        raise CheckpointMissing(f"The file {absent[0]} is missing.", _AGAIN)
    if files:
        return files
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in layout.PICKLED)
    if pickled:
        raise UnsafeWeights(
            f"{folder / pickled[0]} is pickled, and pickled weights are never read.",
            "Name a classifier that has its weights as safetensors.",
        )
    raise CheckpointMissing(f"{folder} has no model.safetensors.", _AGAIN)


def _check_weights(folder: Path) -> None:
    for path in _weight_files(folder):
        read_header(path)


def _load(folder: Path) -> tuple[Any, Any]:
    """Model and image processor, of what is on the disk and nothing else."""
    with narrow():
        from transformers.models.auto.image_processing_auto import AutoImageProcessor
        from transformers.models.auto.modeling_auto import AutoModelForImageClassification
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        model, told = AutoModelForImageClassification.from_pretrained(
            folder, use_safetensors=True, output_loading_info=True, **local
        )
        processor = AutoImageProcessor.from_pretrained(folder, **local)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError) as reason:
        first = str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__
        raise CheckpointDamaged(
            f"{folder} cannot be loaded as a picture classifier: {first.rstrip('.')[:200]}.", _AGAIN
        ) from reason
    if absent := sorted(told["missing_keys"]):
        raise CheckpointDamaged(
            f"{folder} lacks {len(absent)} tensors of its classifier, the first being {absent[0]}.", _AGAIN
        )
    return model.eval().float(), processor
