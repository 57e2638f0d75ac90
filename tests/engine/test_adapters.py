"""Adapters through the engine: what they do to pictures and receipts, and that nothing of them stays."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.engine.catalogue import Shelf
from fluxgram.engine.engine import Engine
from fluxgram.engine.opened import OpenedAdapters
from fluxgram.engine.receipt import Receipt
from fluxgram.engine.request import Request
from fluxgram.errors import AdapterDamaged, AdapterError, AdapterMisfit, RequestError, UnknownAdapter
from fluxgram.families.adapters.shelf import add_adapter, remove_adapter
from fluxgram.settings import Settings
from tests.loras import merge_lora, write_lora

PLAIN = Request("portrait of a woman", seed=7, steps=4)


@pytest.fixture(scope="module")
def film(toy: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lora(tmp_path_factory.mktemp("loras") / "film.safetensors", Path(toy), seed=1)


@pytest.fixture(scope="module")
def skin(film: Path, toy: str) -> Path:
    return write_lora(film.with_name("skin.safetensors"), Path(toy), seed=2, rank=3)


def drawn_with(engine: Engine, *adapters: str | AdapterUse, request: Request = PLAIN) -> np.ndarray:
    uses = tuple(AdapterUse.of(each) for each in adapters)
    return np.asarray(engine.generate(replace(request, adapters=uses))[0].picture).astype(int)


def test_a_picture_is_that_of_merged_weights(
    engine: Engine, toy: str, film: Path, skin: Path, tmp_path: Path
) -> None:
    once = merge_lora(Path(toy), film, tmp_path / "once", 0.5)
    merged = merge_lora(once, skin, tmp_path / "merged", -1.0)
    expected = drawn_with(engine, request=replace(PLAIN, checkpoint=str(merged)))
    plain = drawn_with(engine)
    found = drawn_with(engine, f"{film}:0.5", f"{skin}:-1")
    assert np.abs(found - expected).max() <= 2
    assert np.abs(found - plain).mean() > 5
    assert np.array_equal(drawn_with(engine), plain)


def test_neighbours_do_not_change_it(engine: Engine, film: Path, skin: Path) -> None:
    plain, alone = drawn_with(engine), drawn_with(engine, str(film))
    jobs = [
        engine.submit(replace(PLAIN, adapters=uses))
        for uses in [(AdapterUse(str(skin)),), (AdapterUse(str(film)),), (), (AdapterUse(str(film), 0.5),)]
    ]
    while engine.busy:
        engine.step()
    pictures = [np.asarray(job.results[0].picture).astype(int) for job in jobs]
    assert np.array_equal(pictures[1], alone)
    assert np.array_equal(pictures[2], plain)
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert np.array_equal(drawn_with(engine, str(film)), alone)


def test_the_receipt_names_it_and_makes_the_picture_again(
    engine: Engine, toy: str, film: Path, tmp_path: Path
) -> None:
    here = shutil.copy(film, tmp_path / "here.safetensors")
    use = AdapterUse(str(here), 0.7, (0.0, 0.5), {"single.0": 0.5, "double": 2.0})
    result = engine.generate(replace(PLAIN, adapters=(use,)))[0]
    (adapter,) = result.receipt.adapters
    assert (adapter.name, adapter.source, adapter.strength) == ("here", "here.safetensors", 0.7)
    assert (adapter.steps, adapter.blocks) == ((0.0, 0.5), {"single.0": 0.5, "double": 2.0})
    assert adapter.matched == adapter.total > 20
    assert f"here: {adapter.fingerprint[:10]}" in result.receipt.parameters_text()
    assert str(tmp_path) not in str(result.receipt.to_dict())

    receipt = Receipt.from_dict(result.receipt.to_dict())
    with pytest.raises(UnknownAdapter) as caught:
        engine.reshoot(receipt, checkpoint=toy)
    assert "--adapter" in caught.value.hint
    there = shutil.move(here, tmp_path / "there.safetensors")
    again = engine.reshoot(receipt, checkpoint=toy, adapters=[str(there)])
    assert again.picture.tobytes() == result.picture.tobytes()


def test_another_file_of_the_name_is_noticed(engine: Engine, toy: str, film: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.safetensors"
    shutil.copy(film, path)
    first = engine.generate(replace(PLAIN, adapters=(AdapterUse(str(path)),)))[0]
    write_lora(path, Path(toy), seed=9)
    second = engine.generate(replace(PLAIN, adapters=(AdapterUse(str(path)),)))[0]
    assert first.receipt.adapters[0].fingerprint != second.receipt.adapters[0].fingerprint
    assert first.picture.tobytes() != second.picture.tobytes()
    with pytest.raises(
        AdapterError, match=f"made with the adapter film {first.receipt.adapters[0].fingerprint[:12]}"
    ):
        engine.reshoot(first.receipt, checkpoint=toy, adapters=[str(path)])
    other = engine.reshoot(first.receipt, checkpoint=toy, adapters=[str(path)], changed=True)
    assert other.picture.tobytes() == second.picture.tobytes()
    with pytest.raises(RequestError, match="is no adapter of this picture"):
        engine.reshoot(replace(first.receipt, adapters=()), checkpoint=toy, adapters=[str(path)])


@pytest.mark.parametrize("becomes", ["replaced", "removed"])
def test_all_pictures_of_a_job_have_the_same(
    engine: Engine, toy: str, film: Path, tmp_path: Path, becomes: str
) -> None:
    path = Path(shutil.copy(film, tmp_path / "film.safetensors"))
    alone = engine.generate(replace(PLAIN, seed=8, adapters=(AdapterUse(str(film)),)))[0]
    job = engine.submit(replace(PLAIN, samples=2, adapters=(AdapterUse(str(path)),)))
    while not job.results:
        engine.step()
    path.unlink()
    if becomes == "replaced":
        write_lora(path, Path(toy), seed=9)
    while engine.busy:
        engine.step()
    first, second = job.results
    assert second.receipt.adapters == first.receipt.adapters
    assert second.picture.tobytes() == alone.picture.tobytes()


def test_what_is_in_memory_is_found_by_its_hash_when_its_file_is_gone(
    toy: str, film: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", device="cpu", threads=2)
    known = add_adapter(str(film), settings, name="look").adapter
    pinned = AdapterUse("look", 1.0, fingerprint=known.fingerprint)
    with Engine(toy, settings) as engine:
        first = drawn_with(engine, pinned)
        remove_adapter("look", settings)
        assert np.array_equal(drawn_with(engine, pinned), first)
        with pytest.raises(UnknownAdapter):
            drawn_with(engine, "look")
        add_adapter(str(write_lora(tmp_path / "b.safetensors", Path(toy), seed=9)), settings, name="look")
        assert np.array_equal(drawn_with(engine, pinned), first)
        assert not np.array_equal(drawn_with(engine, "look"), first)
    with Engine(toy, settings) as engine, pytest.raises(AdapterError, match="and the one here now is"):
        drawn_with(engine, pinned)


def test_a_file_is_held_to_its_hash(engine: Engine, film: Path) -> None:
    mark = hashlib.sha256(film.read_bytes()).hexdigest()
    plain = drawn_with(engine, str(film))
    assert np.array_equal(drawn_with(engine, AdapterUse(str(film), fingerprint=mark.upper())), plain)
    with pytest.raises(AdapterError, match=f"asked for as {'0' * 12}, and the one here now is {mark[:12]}"):
        drawn_with(engine, AdapterUse(str(film), fingerprint="0" * 64))
    assert np.array_equal(drawn_with(engine, str(film)), plain)


def test_steps_and_blocks(engine: Engine, film: Path) -> None:
    plain, whole = drawn_with(engine), drawn_with(engine, str(film))
    early = drawn_with(engine, f"{film}@steps=0-0.5")
    late = drawn_with(engine, f"{film}@steps=0.5-1")
    assert len({each.tobytes() for each in (plain, whole, early, late)}) == 4
    assert np.array_equal(drawn_with(engine, f"{film}@blocks=transformer:0"), plain)
    assert np.array_equal(drawn_with(engine, f"{film}:0"), plain)
    assert np.array_equal(drawn_with(engine, f"{film}:2@blocks=transformer:0.5"), whole)
    assert not np.array_equal(drawn_with(engine, f"{film}@blocks=single.0-0:0"), whole)


def test_a_share_of_the_steps_that_a_text_encoder_cannot_keep_is_told(
    engine: Engine, toy: str, tmp_path: Path
) -> None:
    layers = load_file(Path(toy) / "text_encoder" / "model.safetensors")
    name = next(each for each in layers if each.endswith("layers.0.self_attn.q_proj.weight"))
    (out, into), layer = layers[name].shape, name.removeprefix("model.").removesuffix(".weight")
    pair = {"lora_A": torch.ones(1, into), "lora_B": torch.ones(out, 1)}
    path = tmp_path / "words.safetensors"
    save_file({f"text_encoder.{layer}.{part}.weight": each for part, each in pair.items()}, path)

    def told(use: AdapterUse) -> list[tuple[str, object]]:
        receipt = engine.generate(replace(PLAIN, adapters=(use,)))[0].receipt
        assert not receipt.to_request().allow_ignored
        return [(entry.name, entry.value) for entry in receipt.ignored]

    assert told(AdapterUse(str(path), steps=(0.5, 1.0))) == [("adapter_steps", "words at steps 0.5-1")]
    assert told(AdapterUse(str(path))) == []
    late, whole = (drawn_with(engine, f"{path}{steps}") for steps in ("@steps=0.5-1", ""))
    assert np.array_equal(late, whole)
    assert not np.array_equal(whole, drawn_with(engine))


def test_which_adapters_work_at_a_step(engine: Engine, film: Path, skin: Path) -> None:
    uses = (AdapterUse(str(film), steps=(0.0, 0.5)), AdapterUse(str(skin), steps=(0.25, 1.0)))
    job = engine.submit(replace(PLAIN, adapters=uses))
    shot = engine._scheduler.next(frozenset())
    engine._begin(shot)  # type: ignore[arg-type]
    seen = []
    for position in range(4):
        shot.position = position  # type: ignore[union-attr]
        seen.append([each.adapter.name for each in shot.condition_now().adapters])  # type: ignore[union-attr]
    assert seen == [["film"], ["film", "skin"], ["skin"], ["skin"]]
    engine.cancel(job)
    engine.step()


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ("gone.safetensors", UnknownAdapter, "gone"),
        ("half", AdapterDamaged, "half"),
        ("misfit", AdapterMisfit, "does not fit"),
        ("{film}@blocks=triple:1", RequestError, "no such blocks"),
        ("{film}@blocks=double:1,transformer_blocks:2", RequestError, "two factors for transformer.transf"),
        ("{film}@blocks=text_encoder:0.5", RequestError, "changes nothing there"),
    ],
)
def test_a_bad_one_fails_its_job_alone(
    engine: Engine, toy: str, film: Path, tmp_path: Path, what: str, error: type[Exception], words: str
) -> None:
    alone = drawn_with(engine, str(film))
    path = tmp_path / f"{what}.safetensors"
    if what == "half":
        path.write_bytes(film.read_bytes()[:-100])
    elif what == "misfit":
        from safetensors.torch import load_file, save_file

        save_file({name.replace("to_q", "to_x"): each for name, each in load_file(film).items()}, path)
    text = what.format(film=film) if "{" in what else str(path)
    bad = engine.submit(replace(PLAIN, adapters=(AdapterUse(str(film)), AdapterUse.parse(text))[-1:]))
    good = engine.submit(replace(PLAIN, adapters=(AdapterUse(str(film)),)))
    while engine.busy:
        engine.step()
    assert isinstance(bad.error, error)
    assert words in str(bad.error)
    assert bad.error.hint  # type: ignore[attr-defined]
    assert bad.results == []
    assert np.array_equal(np.asarray(good.results[0].picture).astype(int), alone)


def test_the_same_one_by_two_names(engine: Engine, film: Path, tmp_path: Path) -> None:
    copy = shutil.copy(film, tmp_path / "copy.safetensors")
    with pytest.raises(RequestError, match="one and the same"):
        drawn_with(engine, str(film), str(copy))


def test_removed_while_in_flight(engine: Engine, film: Path, tmp_path: Path) -> None:
    alone = drawn_with(engine, str(film))
    path = Path(shutil.copy(film, tmp_path / "film.safetensors"))
    job = engine.submit(replace(PLAIN, adapters=(AdapterUse(str(path)),)))
    engine.step()
    path.write_bytes(b"")
    path.unlink()
    while engine.busy:
        engine.step()
    assert np.array_equal(np.asarray(job.results[0].picture).astype(int), alone)
    assert job.results[0].receipt.adapters[0].source == "film.safetensors"
    assert str(tmp_path) not in json.dumps(job.results[0].receipt.to_dict())
    with pytest.raises(UnknownAdapter):
        drawn_with(engine, str(path))


def test_replaced_before_it_is_read(
    engine: Engine, settings: Settings, film: Path, skin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fluxgram.families.adapters import reading

    first = add_adapter(str(film), settings, name="look").adapter
    real, opened = reading.open_adapter, []

    def late(path: Path, *rest: object, **more: object) -> object:
        opened.append(path)
        if len(opened) == 1:
            add_adapter(str(skin), settings, name="look", replace=True)
        return real(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "open_adapter", late)
    engine._runner._adapters.forget()
    try:
        result = engine.generate(replace(PLAIN, adapters=(AdapterUse("look"),)))[0]
    finally:
        remove_adapter("look", settings)
    assert opened[0] == first.path
    assert len(opened) == 2
    assert result.receipt.adapters[0].fingerprint == reading.fingerprint_of(skin)


def test_memory_is_given_back_by_use(engine: Engine, settings: Settings, film: Path, skin: Path) -> None:
    alone = [drawn_with(engine, str(each)) for each in (film, skin)]
    kept = OpenedAdapters(Shelf(settings), most_bytes=1)
    engine._runner._adapters = kept
    jobs = [engine.submit(replace(PLAIN, adapters=(AdapterUse(str(each)),))) for each in (film, skin)]
    while engine.busy:
        engine.step()
        assert len(kept) <= 1
    for job, expected in zip(jobs, alone, strict=True):
        assert np.array_equal(np.asarray(job.results[0].picture).astype(int), expected)
    assert len(kept) == 1
    kept.forget()
    assert (len(kept), kept.bytes) == (0, 0)


def test_it_is_read_once(engine: Engine, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fluxgram.families.adapters import reading

    opened, real = [], reading.open_adapter

    def watched(path: Path, *rest: object, **more: object) -> object:
        opened.append(path.name)
        return real(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "open_adapter", watched)
    path = shutil.copy(film, tmp_path / "once.safetensors")
    drawn_with(engine, str(path))
    drawn_with(engine, f"{path}:0.5@steps=0-0.5", request=replace(PLAIN, seed=8, samples=2))
    assert opened == ["once.safetensors"]


def test_it_goes_with_its_checkpoint(engine: Engine, film: Path) -> None:
    drawn_with(engine, str(film))
    runner = engine._runner
    assert len(runner._adapters) > 0
    for key in runner.loaded:
        runner._evict(key)
    assert len(runner._adapters) == 0


def test_a_file_that_is_changed_while_it_is_read(
    engine: Engine, film: Path, skin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fluxgram.families.adapters import reading

    path, real = Path(shutil.copy(film, tmp_path / "late.safetensors")), reading.open_adapter

    def late(*given: object, **more: object) -> object:
        read = real(*given, **more)  # type: ignore[arg-type]
        shutil.copy(skin, path)
        return read

    with monkeypatch.context() as patched:
        patched.setattr(reading, "open_adapter", late)
        with pytest.raises(AdapterError, match="changed while it was read"):
            drawn_with(engine, str(path))
    assert np.array_equal(drawn_with(engine, str(path)), drawn_with(engine, str(skin)))
