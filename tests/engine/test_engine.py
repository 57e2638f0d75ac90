"""The engine with the toy: events, cancelling, failures, several checkpoints, reshooting."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from fluxgram.engine import events
from fluxgram.engine.catalogue import Shelf
from fluxgram.engine.engine import Engine
from fluxgram.engine.events import Event
from fluxgram.engine.request import Request
from fluxgram.errors import Cancelled, CheckpointError, PromptTooLong, RequestError, UnknownCheckpoint
from fluxgram.families.contract import Family
from fluxgram.families.steering import NAG_SCALE_SHORT
from fluxgram.settings import Settings

SMALL = Request("portrait of a woman", seed=5, steps=3)


def run(engine: Engine) -> list[Event]:
    """Step until nothing waits."""
    told = []
    while engine.busy:
        told += engine.step()
    return told + engine.step()


def kinds(told: list[Event]) -> list[str]:
    """Names of the events, repetitions left out."""
    return [name for name, _ in groupby(type(event).__name__ for event in told)]


def test_events_come_in_the_order_in_which_they_are_true(
    engine: Engine, toy: str, settings: Settings
) -> None:
    with Engine(toy, settings) as before:  # the map of previews is fitted and kept
        before.generate(replace(SMALL, preview_every=1))
    heard: list[Event] = []
    job = engine.submit(replace(SMALL, samples=2, preview_every=2), heard.append)
    told = run(engine)
    assert told == heard
    one = ["Encoded", "Step", "Preview", "Step", "Decoding", "Finished"]
    assert kinds(told) == ["Queued", "Loading", *one, *one]
    steps = [(event.picture, event.done, event.steps) for event in told if isinstance(event, events.Step)]
    assert steps == [(picture, done, 3) for picture in (0, 1) for done in (1, 2, 3)]
    finished = [event for event in told if isinstance(event, events.Finished)]
    assert [event.left for event in finished] == [1, 0]
    assert [event.result for event in finished] == job.results
    assert [result.seed for result in job.results] == [5, 6]
    assert job.over
    assert job.error is None


def test_a_step_is_one_step_of_one_picture(engine: Engine) -> None:
    engine.submit(SMALL)
    engine.submit(SMALL)
    for _ in range(6):
        assert sum(isinstance(event, events.Step) for event in engine.step()) == 1
    assert engine.step() == []
    assert not engine.busy


def test_jobs_take_turns(engine: Engine) -> None:
    jobs = [engine.submit(SMALL), engine.submit(SMALL)]
    order = [event.job for event in run(engine) if isinstance(event, events.Step)]
    assert order == [jobs[0].name, jobs[1].name] * 3


def test_a_cancelled_job_leaves_at_the_next_step(engine: Engine) -> None:
    job, other = engine.submit(replace(SMALL, samples=2)), engine.submit(SMALL)
    for _ in range(3):
        engine.step()
    engine.cancel(job)
    told = engine.step()
    assert isinstance(told[0], events.Cancelled)
    assert told[0].job == job.name
    assert isinstance(job.error, Cancelled)
    assert {event.job for event in [*told[1:], *run(engine)]} == {other.name}
    assert len(other.results) == 1


def test_finished_pictures_of_a_cancelled_job_are_kept(engine: Engine) -> None:
    job = engine.submit(replace(SMALL, samples=3))
    while not job.results:
        engine.step()
    engine.cancel(job)
    assert kinds(run(engine)) == ["Cancelled"]
    assert [result.seed for result in job.results] == [5]


def test_loading_can_be_cancelled(engine: Engine) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, events.Loading):
            engine.cancel(job)

    job = engine.submit(SMALL, stop)
    assert kinds(run(engine)) == ["Queued", "Loading", "Cancelled"]
    assert len(engine.generate(SMALL)) == 1


def test_a_listener_can_stop_its_job(engine: Engine) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, events.Step):
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        engine.generate(SMALL, stop)
    assert not engine.busy


def test_what_fails_fails_alone(engine: Engine, toy: str) -> None:
    long = "portrait " * 200
    bad, good = engine.submit(Request(long, strict=True)), engine.submit(SMALL)
    told = run(engine)
    assert [type(event) for event in told if event.job == bad.name][-1] is events.Failed
    assert isinstance(bad.error, PromptTooLong)
    assert "toy reads" in str(bad.error)
    assert "portrait" in str(bad.error)
    assert len(good.results) == 1
    with pytest.raises(PromptTooLong):
        engine.generate(Request(long, strict=True))


def test_a_prompt_that_is_cut_says_so_in_the_receipt(engine: Engine) -> None:
    text = " ".join(f"word{number}" for number in range(60))
    prompt = engine.generate(Request(text, seed=1, steps=1))[0].receipt.prompt
    assert prompt.kept == prompt.limit < prompt.total
    assert prompt.lost
    assert text.endswith(prompt.lost)


def test_refused_at_the_door(engine: Engine, distilled: str) -> None:
    with pytest.raises(UnknownCheckpoint) as caught:
        engine.submit(Request("portrait", checkpoint="fluxgram-mimi"))
    assert "fluxgram-mini" in caught.value.hint
    with pytest.raises(RequestError, match="can't apply a guidance scale"):
        engine.submit(Request("portrait", guidance=3, checkpoint=distilled))
    assert not engine.busy


def test_what_a_distilled_checkpoint_ignores_stands_in_the_receipt(engine: Engine, distilled: str) -> None:
    asked = Request(
        "portrait", negative="beard", guidance=3, seed=1, checkpoint=distilled, allow_ignored=True
    )
    with_it = engine.generate(asked)[0]
    without = engine.generate(Request("portrait", negative="beard", seed=1, checkpoint=distilled))[0]
    assert with_it.picture.tobytes() == without.picture.tobytes()
    assert [entry.name for entry in with_it.receipt.ignored] == ["guidance"]
    assert with_it.receipt.negative is not None
    assert (with_it.receipt.negative.method, with_it.receipt.negative.scale) == ("nag", NAG_SCALE_SHORT)
    assert 1.0 < (with_it.receipt.negative.cost or 0) < 2.0
    again = engine.reshoot(with_it.receipt, checkpoint=distilled)
    assert again.receipt.is_same_picture(with_it.receipt)


def test_a_negative_prompt_changes_the_picture(engine: Engine) -> None:
    plain = engine.generate(SMALL)[0]
    against = engine.generate(replace(SMALL, negative="a man with a beard"))[0]
    assert plain.picture.tobytes() != against.picture.tobytes()
    assert against.receipt.negative is not None
    assert against.receipt.negative.method == "true_cfg"


@pytest.mark.parametrize("size", [(64, 64), (128, 192), (50, 70), (96, 64)])
def test_delivered_is_what_was_asked(engine: Engine, picky: str, toy: str, size: tuple[int, int]) -> None:
    for checkpoint in (picky, toy):
        result = engine.generate(replace(SMALL, size=size, checkpoint=checkpoint))[0]
        assert result.picture.size == result.receipt.delivered == size
        assert result.picture.mode == "RGB"
    assert engine.generate(replace(SMALL, size=size, checkpoint=picky))[0].receipt.rendered in {
        (64, 64),
        (64, 96),
    }


def test_ctrl_c_in_mid_step_leaves_a_usable_engine(engine: Engine) -> None:
    expected = engine.generate(SMALL)[0].picture.tobytes()

    def interrupt(event: Event) -> None:
        if isinstance(event, events.Step):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.generate(SMALL, interrupt)
    assert not engine.busy
    assert engine.generate(SMALL)[0].picture.tobytes() == expected


class Interrupting:
    """The real family, interrupted in the middle of its third prediction, as by Ctrl-C."""

    def __init__(self, family: Family) -> None:
        self.family, self.calls = family, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.family, name)

    def predict(self, *arguments: object) -> object:
        self.calls += 1
        velocity = self.family.predict(*arguments)  # type: ignore[arg-type]
        if self.calls == 3:
            raise KeyboardInterrupt
        return velocity


class Tampered(Shelf):
    """The real shelf with another family on it."""

    __slots__ = ("tampered",)

    def family(self, checkpoint: object) -> Family:
        return self.tampered  # type: ignore[no-any-return]


def with_family(toy: str, settings: Settings, wrap: Callable[[Family], object]) -> Engine:
    from fluxgram.families.flux2 import Flux2

    shelf = Tampered(settings)
    object.__setattr__(shelf, "tampered", wrap(Flux2()))
    return Engine(toy, settings, catalogue=shelf)


def test_a_step_that_was_interrupted_is_taken_again(engine: Engine, toy: str, settings: Settings) -> None:
    """Who steps by hand can go on after Ctrl-C as if nothing had happened."""
    expected = engine.generate(SMALL)[0].picture.tobytes()
    with with_family(toy, settings, Interrupting) as interrupted:
        job = interrupted.submit(SMALL)
        with pytest.raises(KeyboardInterrupt):
            run(interrupted)
        run(interrupted)
        assert job.results[0].picture.tobytes() == expected


def test_a_defect_fails_its_job_and_keeps_its_traceback(toy: str, settings: Settings) -> None:
    class Broken(Interrupting):
        def predict(self, *arguments: object) -> object:
            raise ZeroDivisionError("a defect")

    with with_family(toy, settings, Broken) as engine:
        with pytest.raises(ZeroDivisionError, match="a defect") as caught:
            engine.generate(SMALL)
        assert any(entry.name == "predict" for entry in caught.traceback)
        assert not engine.busy


OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from fluxgram.engine.engine import Engine
from fluxgram.errors import OutOfMemory
from fluxgram.settings import Settings

with Engine(sys.argv[1], Settings(home=Path(sys.argv[2]), device="cpu", dtype="float32", threads=1)) as engine:
    before = engine.generate("portrait", seed=1)[0].picture.tobytes()
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 60_000_000, resource.RLIM_INFINITY))
    try:
        engine.generate("portrait", seed=1, size=(2048, 2048), steps=1)
    except OutOfMemory as error:
        print("told:", error, "|", error.hint, "|", error.__traceback__.tb_next.tb_next)
    print("same:", engine.generate("portrait", seed=1)[0].picture.tobytes() == before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the address space is limited with Linux's means")
def test_out_of_memory_is_told_and_survived(toy: str, tmp_path: Path) -> None:
    """The operating system itself refuses the memory."""
    command = [sys.executable, "-W", "error", "-c", OUT_OF_MEMORY, toy, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert "told:" in done.stdout, done.stderr
    assert "ran out of memory" in done.stdout
    assert "same: True" in done.stdout


def test_checkpoints_that_do_not_fit_together_take_turns(
    toy: str, distilled: str, settings: Settings, engine: Engine
) -> None:
    requests = [replace(SMALL, checkpoint=toy, steps=20), replace(SMALL, checkpoint=distilled, steps=20)]
    expected = [engine.generate(request)[0].picture.tobytes() for request in requests]
    needed = [
        Shelf(settings).place(Shelf(settings).find(name), settings).needed_gb for name in (toy, distilled)
    ]
    tight = replace(settings, memory_gb=max(needed) * 1.5)
    with Engine(toy, tight) as short_of_memory:
        jobs = [short_of_memory.submit(request) for request in requests]
        told = run(short_of_memory)
        assert [job.results[0].picture.tobytes() for job in jobs] == expected
    loads = sum(isinstance(event, events.Loading) and event.fraction == 0 for event in told) // 3
    assert 2 <= loads <= 4  # and not one for each of the 40 steps


def test_checkpoints_that_fit_stay(toy: str, distilled: str, engine: Engine) -> None:
    for name in (toy, distilled):
        engine.generate(replace(SMALL, checkpoint=name))
    heard: list[Event] = []
    for name in (toy, distilled):
        engine.generate(replace(SMALL, checkpoint=name), heard.append)
    assert "Loading" not in kinds(heard)


def test_closing_gives_the_memory_back(toy: str, settings: Settings) -> None:
    engine = Engine(toy, settings)
    engine.submit(SMALL)
    engine.step()
    (parts, _) = next(iter(engine._runner._loaded.values()))
    transformer = weakref.ref(parts.components["transformer"])
    del parts
    engine.close()
    gc.collect()
    assert transformer() is None
    assert not engine.busy


@pytest.fixture
def saved(engine: Engine, tmp_path: Path) -> Path:
    result = engine.generate(replace(SMALL, size=(90, 120), negative="beard", quality="draft"))[0]
    return result.save(tmp_path / "portrait.png")


def test_a_file_makes_its_own_picture_again(saved: Path, engine: Engine, toy: str) -> None:
    from PIL import Image

    from fluxgram.engine.receipt import Receipt
    from fluxgram.pictures.read import read_receipt

    receipt = Receipt.from_dict(read_receipt(saved))
    again = engine.reshoot(receipt, checkpoint=toy)
    with Image.open(saved) as picture:
        assert again.picture.tobytes() == picture.convert("RGB").tobytes()
    assert again.receipt.is_same_picture(receipt)


def test_other_weights_are_refused_unless_allowed(engine: Engine, toy: str, distilled: str) -> None:
    receipt = engine.generate(Request("portrait", seed=1, guidance=1))[0].receipt
    with pytest.raises(CheckpointError, match="was made by toy") as caught:
        engine.reshoot(receipt, checkpoint=distilled)
    assert caught.value.hint
    changed = engine.reshoot(receipt, checkpoint=distilled, changed=True)
    assert changed.receipt.checkpoint.fingerprint != receipt.checkpoint.fingerprint


def test_a_prompt_can_be_handed_over_with_fields(engine: Engine) -> None:
    by_hand = engine.generate("portrait of a woman", seed=5, steps=3)[0]
    assert by_hand.picture.tobytes() == engine.generate(SMALL)[0].picture.tobytes()
    with pytest.raises(RequestError, match="'sede'"):
        engine.generate("portrait", sede=5)


def test_a_checkpoint_is_loaded_before_the_first_request(engine: Engine, distilled: str) -> None:
    told: list[str] = []
    engine.load(distilled, lambda stage, fraction: told.append(stage))
    assert told
    engine.load(distilled, lambda stage, fraction: told.append("again"))
    assert "again" not in told
    engine.load()
    receipt = engine.generate("portrait", steps=1)[0].receipt
    assert receipt.seconds["load"] < 0.5
    with pytest.raises(UnknownCheckpoint):
        engine.load("fluxgram-mimi")
