"""Device, data type, threads and memory plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fluxgram.errors import OutOfMemory, SettingsError
from fluxgram.families import placement
from fluxgram.families.checkpoints import find
from fluxgram.families.placement import memory_guard, place
from fluxgram.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, device="cpu", threads=1)


@pytest.mark.parametrize(
    ("gib", "plan", "words"),
    [
        (64.0, "all", "all components in memory"),
        (9.0, "one at a time", "free"),
        (4.0, "too big", "does not fit"),
    ],
)
def test_plan_follows_memory(home: Settings, gib: float, plan: str, words: str) -> None:
    klein = find("flux2-klein-4b", home)
    decided = place(klein, replace(home, dtype="bfloat16", memory_gb=gib))
    assert decided.plan == plan
    assert words in decided.sentence
    assert klein.name in decided.sentence


def test_float32_needs_twice_the_memory(home: Settings) -> None:
    klein = find("flux2-klein-4b", home)
    needed = [
        place(klein, replace(home, dtype=dtype, memory_gb=99)).needed_gb for dtype in ("bfloat16", "float32")
    ]
    assert needed[1] == pytest.approx(2 * needed[0])


@pytest.mark.parametrize("fast", [True, False])
def test_cpu_takes_bfloat16_where_it_is_fast(
    home: Settings, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    monkeypatch.setattr(placement, "has_fast_bfloat16", lambda: fast)
    assert place(find("klein", home), home).dtype == ("bfloat16" if fast else "float32")
    assert place(find("fluxgram-mini", home), home).dtype == "float32"
    assert place(find("fluxgram-mini", home), replace(home, dtype="bfloat16")).dtype == "bfloat16"


def test_cpu_flags_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "_cpu_flags", lambda: frozenset({"avx512f", "amx_bf16"}))
    assert placement.has_fast_bfloat16()
    monkeypatch.setattr(placement, "_cpu_flags", lambda: frozenset({"avx512f"}))
    assert not placement.has_fast_bfloat16()


@pytest.mark.parametrize("device", ["gpu", "cpu:1", "cuda:99", "cuda:x", "mps:1", ""])
def test_devices_that_are_not_there(home: Settings, device: str) -> None:
    with pytest.raises(SettingsError) as caught:
        place(find("mini", home), replace(home, device=device))
    assert caught.value.hint


def test_float16_is_not_for_cpus(home: Settings) -> None:
    with pytest.raises(SettingsError, match="float16"):
        place(find("mini", home), replace(home, dtype="float16"))


def test_threads(home: Settings) -> None:
    assert place(find("mini", home), replace(home, threads=3)).threads == 3
    assert place(find("mini", home), replace(home, threads=0)).threads == 1
    assert place(find("klein", home), replace(home, threads=0)).threads == placement.usable_cores() >= 1


def test_same_answer_twice(home: Settings) -> None:
    fixed = replace(home, memory_gb=8)
    assert (
        place(find("mini", home), replace(fixed, device="cpu")).sentence
        == place(find("mini", home), fixed).sentence
    )


def test_memory_is_measured(home: Settings) -> None:
    assert 0 < placement.free_memory_gb("cpu") < 1e5
    assert place(find("mini", home), home).torch_dtype() == torch.float32


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate")])
def test_running_out_of_memory_becomes_advice(home: Settings, error: Exception) -> None:
    with (
        pytest.raises(OutOfMemory, match="while testing") as caught,
        memory_guard(place(find("mini", home), home), "testing"),
    ):
        raise error
    assert "smaller picture" in caught.value.hint


def test_other_errors_pass(home: Settings) -> None:
    with (
        pytest.raises(RuntimeError, match="shapes"),
        memory_guard(place(find("mini", home), home), "testing"),
    ):
        raise RuntimeError("shapes do not match")
