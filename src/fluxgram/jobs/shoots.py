"""Shoots as boards: which frames there are, which jobs drew each of them, and which of these is shown.

A frame that is drawn again keeps its earlier takes. Boards are kept by `store/boards.py`, which looks into none of
this; how a shoot's file becomes frames is `prompt/frames.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from fluxgram.errors import RequestError, UnknownJob
from fluxgram.jobs.orders import Job, Order, job_of
from fluxgram.prompt.characters import slug_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fluxgram.jobs.door import Jobs
    from fluxgram.jobs.orders import Caller
    from fluxgram.prompt.frames import Frame
    from fluxgram.store.records import BoardRecord

MOST_TAKES = 20
"""Of one frame; the oldest that is not shown is let go."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame of a board, and who drew it.

    Attributes:
        scene: Name of its scene.
        file: A name for its file, without an ending; no two of a shoot have the same.
        caption: What a contact sheet says under it.
        prompt: The words.
        negative: What must not be there.
        seed: Of this frame, locked.
        size: As written; empty for the checkpoint's own.
        checkpoint: What draws it; empty for the default.
        characters: Names of those who are in it.
        quality: The dial.
        steps: Instead of the dial, or None.
        guidance: Or None for the checkpoint's own.
        takes: Jobs that drew it, the first first.
        shown: The job whose picture is on the sheet.
        adapters: Names and strengths of its characters' adapters.
    """

    scene: str
    file: str
    caption: str
    prompt: str
    negative: str
    seed: int
    size: str
    checkpoint: str
    characters: tuple[str, ...]
    quality: str
    steps: int | None
    guidance: float | None
    takes: tuple[int, ...] = ()
    shown: int = 0
    adapters: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, frame: Frame, *, quality: str, steps: int | None, guidance: float | None) -> Shot:
        """A frame that nobody has drawn yet."""
        return cls(
            frame.scene, frame.stem, frame.caption, frame.text, frame.negative, frame.seed, frame.size,
            frame.checkpoint, frame.characters, quality, steps, guidance,
            adapters=tuple((each.source, each.strength) for each in frame.adapters),
        )  # fmt: skip

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Shot:
        """Read back what `to_dict` wrote."""
        tuples = {name: tuple(plain[name]) for name in ("characters", "takes")}
        adapters = tuple((str(source), float(strength)) for source, strength in plain.get("adapters", ()))
        return cls(**{**plain, **tuples, "seed": int(plain["seed"]), "adapters": adapters})

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the seed as text, because no JSON number of a browser holds it."""
        return {
            **asdict(self),
            "seed": str(self.seed),
            "characters": list(self.characters),
            "takes": list(self.takes),
            "adapters": [list(each) for each in self.adapters],
        }

    def request(self) -> dict[str, Any]:
        """The fields of an order."""
        wanted = {
            "negative": self.negative, "size": self.size, "checkpoint": self.checkpoint, "quality": self.quality,
            "steps": self.steps, "guidance": self.guidance,
        }  # fmt: skip
        values: dict[str, Any] = {name: value for name, value in wanted.items() if value not in (None, "")}
        if self.adapters:
            values["adapters"] = [{"source": name, "weight": weight} for name, weight in self.adapters]
        return {"prompt": self.prompt, "seed": self.seed, **values}

    def with_take(self, job: int) -> Shot:
        """The frame with one more take, which is shown."""
        kept = (*self.takes, job)[-MOST_TAKES:]
        return replace(self, takes=kept, shown=job)


def shots_of(board: BoardRecord) -> list[Shot]:
    """The frames of a board.

    Raises:
        UnknownJob: It is no shoot.
    """
    if board.kind != "shoot":
        raise UnknownJob(f"“{board.title}” is no shoot.", "It is a comparison.")
    return [Shot.from_dict(each) for each in board.data.get("frames", ())]


def submit_all(jobs: Jobs, orders: Sequence[Order], caller: Caller, *, keep: bool) -> list[Job]:
    """Hand in the frames of a shoot: all, or none.

    Args:
        jobs: The door.
        orders: One a frame.
        caller: Who asks.
        keep: What was accepted before one is refused stays, because the same orders will come again.

    Raises:
        FluxgramError: One is refused.
    """
    made: list[Job] = []
    try:
        for order in orders:
            made.append(jobs.submit(order, caller))  # noqa: PERF401  (what was made is needed when one fails)
    except BaseException:
        for job in [] if keep else made:
            jobs.cancel(job.id, caller)
        raise
    return made


def keep(
    jobs: Jobs, caller: Caller, title: str, data: Mapping[str, Any], shots: Sequence[Shot], key: str = ""
) -> BoardRecord:
    """The board of a shoot whose frames were handed in; with a key, the one that is there where it came before."""
    id_ = hashlib.sha256(f"shoot {caller.owner} {key}".encode()).hexdigest()[:24] if key else ""
    frames = [shot.to_dict() for shot in shots]
    return jobs.boards.create(caller.owner, "shoot", title, {**data, "frames": frames}, id=id_)


def which(shots: Sequence[Shot], scene: str, file: str = "") -> list[Shot]:
    """The frames of a scene, or the one of a file's name.

    Raises:
        RequestError: There are none.
    """
    asked = slug_of(scene)
    found = [shot for shot in shots if slug_of(shot.scene) == asked and file in ("", shot.file)]
    if not found:
        names = ", ".join(list(dict.fromkeys(shot.scene for shot in shots))[:8])
        raise RequestError(f"The shoot has no scene {scene[:60]!r}.", f"There are: {names}.")
    return found


def change(jobs: Jobs, board: BoardRecord, caller: Caller, changed: Callable[[Shot], Shot]) -> BoardRecord:
    """Change frames of a board as it is now, whoever changed it meanwhile."""

    def anew(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "frames": [changed(Shot.from_dict(each)).to_dict() for each in data["frames"]]}

    return jobs.boards.update(board.id, caller.sees, data=anew)


def drawn(jobs: Jobs, shots: Sequence[Shot], caller: Caller) -> dict[int, Job]:
    """The jobs of all takes, by number; those that are another's or gone are left out."""
    ids = [job for shot in shots for job in shot.takes]
    records = jobs.queue.many(ids, caller.sees)
    pictures = jobs.queue.pictures_of(list(records))
    return {number: job_of(record, tuple(pictures.get(number, ()))) for number, record in records.items()}
