"""Adapters behind the door: only what was added may be named, and a job keeps its own through a crash."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from fluxgram.engine.adapter_use import AdapterUse
from fluxgram.errors import AdapterDamaged, AdapterError, AdapterMisfit, RequestError, UnknownAdapter
from fluxgram.families.adapters.shelf import add_adapter
from fluxgram.jobs.door import Jobs
from fluxgram.jobs.orders import Order
from fluxgram.jobs.shoots import Shot
from fluxgram.jobs.task import task_of
from tests.loras import write_lora

WISH = {"source": "film", "weight": 0.5, "steps": [0.0, 0.5], "blocks": {"double": 2.0}}


@pytest.fixture
def door(open_jobs: Callable[..., Jobs], toy: str, tmp_path: Path) -> Jobs:
    jobs = open_jobs(checkpoint=toy)
    add_adapter(
        str(write_lora(tmp_path / "film.safetensors", Path(toy))),
        jobs.settings,
        weight=0.7,
        words=["film look"],
    )
    return jobs


def order(*adapters: object, key: str = "") -> Order:
    request = {"prompt": "portrait of a man", "seed": 5} | ({"adapters": list(adapters)} if adapters else {})
    return Order(request, idempotency=key)


def test_what_is_stored_is_what_is_drawn_again(door: Jobs) -> None:
    record = door.submit(order(WISH)).record
    (file,) = (door.settings.home / "adapters").glob("*.safetensors")
    mark = hashlib.sha256(file.read_bytes()).hexdigest()
    assert record.request["adapters"] == [WISH | {"fingerprint": mark}]
    use = AdapterUse("film", 0.5, (0.0, 0.5), {"double": 2.0}, mark)
    for _ in range(2):  # two workers, one after the other
        claimed = door.queue.claim("worker", 30)
        assert claimed is not None
        assert task_of(claimed, set(), door.found_by(claimed.checkpoint)).take_next().adapters == (use,)
        door.queue.release(claimed.id, claimed.attempt, "It was killed.", strike=True)


def test_the_weight_of_the_shelf_is_stored_too_and_another_file_is_none(door: Jobs) -> None:
    (use,) = door.submit(order("film")).record.request["adapters"]
    assert (use["weight"], len(use["fingerprint"])) == (0.7, 64)
    door.check(order(use))
    with pytest.raises(AdapterError, match="asked for as 000000000000"):
        door.submit(order(use | {"fingerprint": "0" * 64}))
    film = door.settings.home / "adapters"
    add_adapter(str(next(film.glob("*.safetensors"))), door.settings, name="look", replace=True)
    with pytest.raises(RequestError, match="The adapters film and look are one and the same"):
        door.submit(order("film", "look"))
    with pytest.raises(RequestError, match="no such blocks"):
        door.submit(order({"source": "film", "blocks": {"triple": 1.0}}))


def test_only_what_was_added_may_be_named(door: Jobs, tmp_path: Path) -> None:
    for source in (str(tmp_path / "film.safetensors"), "owner/repo", "film.safetensors", "flim"):
        with pytest.raises(UnknownAdapter) as caught:
            door.submit(order({"source": source}))
        assert "fluxgram adapters add" in caught.value.hint
    assert "Nearest: film" in caught.value.hint
    with pytest.raises(RequestError, match="named twice"):
        door.submit(order("film", {"source": "film", "weight": 2}))
    assert door.list() == []


def test_one_that_is_broken_says_so_and_names_no_folder(door: Jobs) -> None:
    (door.settings.home / "adapters" / "film.toml").write_text("weight = 1e9")
    with pytest.raises(UnknownAdapter, match="film cannot be used: its table is broken") as caught:
        door.submit(order("film"))
    assert "fluxgram adapters remove film" in caught.value.hint
    assert str(door.settings.home) not in f"{caught.value} {caught.value.hint}"
    assert door.submit(order()).record


def test_what_does_not_fit_is_refused_without_torch(door: Jobs, toy: str, tmp_path: Path) -> None:
    for name, change in (("narrow", lambda pair: pair[:, 1:]), ("wide", lambda pair: pair)):
        pairs = load_file(write_lora(tmp_path / f"{name}.safetensors", Path(toy), seed=3 + len(name)))
        renamed = {
            key.replace("transformer_blocks.0", "transformer_blocks.9"): each for key, each in pairs.items()
        }
        first = next(key for key in pairs if "lora_A" in key)
        changed = pairs | {first: change(pairs[first]).contiguous()} if name == "narrow" else renamed
        save_file(changed, tmp_path / f"{name}.safetensors")
        add_adapter(str(tmp_path / f"{name}.safetensors"), door.settings)
        with pytest.raises(AdapterMisfit, match=f"The adapter {name} does not fit") as caught:
            door.submit(order(name))
        with pytest.raises(AdapterMisfit) as checked:
            door.check(order("film", name))
        assert (str(checked.value), checked.value.hint) == (str(caught.value), caught.value.hint)
        assert "nothing of it was applied" in caught.value.hint
    assert door.list() == []
    code = (
        "import sys; from pathlib import Path; from fluxgram.settings import Settings;"
        "from fluxgram.engine.adapter_use import AdapterUse; from fluxgram.errors import AdapterMisfit;"
        "from fluxgram.families.checkpoints import find; from fluxgram.jobs.adapters import check_fit;"
        "s = Settings(home=Path(sys.argv[1]), offline=True)\n"
        "try: check_fit([AdapterUse('wide')], find(sys.argv[2], s), s)\n"
        "except AdapterMisfit: print('torch' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(door.settings.home), toy], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"


def test_a_file_that_is_written_anew_is_looked_at_again(door: Jobs) -> None:
    path = door.settings.home / "adapters" / "film.safetensors"
    whole = path.read_bytes()
    door.check(order("film"))
    path.write_bytes(whole[:-1])
    with pytest.raises(AdapterDamaged, match="truncated"):
        door.check(order("film"))
    path.write_bytes(whole)
    door.check(order("film"))


def test_what_there_is(door: Jobs) -> None:
    cards = {card.name: card for card in door.adapters()}
    assert {"film", "fluxgram-portrait"} <= set(cards)
    assert (cards["film"].weight, cards["film"].words) == (0.7, ("film look",))
    assert len(cards["film"].fingerprint) == 64


def test_an_order_is_the_same_only_with_the_same_adapters(door: Jobs) -> None:
    first = door.submit(order(WISH, key="k")).id
    assert door.submit(order(WISH, key="k")).id == first
    with pytest.raises(RequestError):
        door.submit(order(WISH | {"weight": 1}, key="k"))


def test_a_shot_of_a_board_without_adapters_is_read() -> None:
    shot = Shot(
        "a", "a", "", "words", "", 1, "", "", ("Mara",), "draft", None, None, adapters=(("film", 0.6),)
    )
    assert Shot.from_dict(shot.to_dict()) == shot
    assert shot.request()["adapters"] == [{"source": "film", "weight": 0.6}]
    older = {name: value for name, value in shot.to_dict().items() if name != "adapters"}
    assert Shot.from_dict(older).adapters == ()
    assert "adapters" not in Shot.from_dict(older).request()
