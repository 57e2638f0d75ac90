"""Both scripts run with the toy and print the rows that they promise; nobody looks at the clock."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fluxgram.families.flux2_toy import make_toy

BENCH = Path(__file__).parents[2] / "bench"


def run(name: str, home: Path, *arguments: str) -> str:
    """What a script prints."""
    done = subprocess.run(
        [sys.executable, str(BENCH / name), "--rounds", "1", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"FLUXGRAM_HOME": str(home), "FLUXGRAM_DTYPE": "float32"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"`python bench/{name} --rounds 1" in done.stdout
    return done.stdout


def rows(printed: str) -> dict[str, list[str]]:
    """First cell → the others, of every table."""
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("| ")]
    return {first: cells for first, *cells in lines}


def numbers(cells: list[str]) -> list[float]:
    return [float(cell) for cell in cells if re.fullmatch(r"\d+(\.\d+)?", cell)]


@pytest.mark.slow
def test_first_picture(tmp_path: Path) -> None:
    # one length, so that "" and the prompt are padded alike, as the stock pipeline does
    toy = make_toy(tmp_path / "toy", lengths=(64,))
    printed = run("first_picture.py", tmp_path, "--checkpoint", str(toy), "--steps", "2", "--size", "64x64")
    found = rows(printed)
    stages = [
        numbers(found[stage]) for stage in ("start", "import", "load", "encode", "denoise", "decode", "write")
    ]
    totals = numbers(found["**to the file**"])
    assert [len(each) for each in (*stages, totals)] == [3] * 8
    assert all(
        sum(each) == pytest.approx(total, abs=0.05)
        for each, total in zip(zip(*stages, strict=True), totals, strict=True)
    )
    for name in ("diffusers", "diffusers, 1 thread"):
        assert found[name][-1] in {"met", "missed"}
        assert len(numbers(found[name])) == 7
    assert found["fluxgram"][-1] == "–"
    assert len(numbers(found["`fluxgram generate`"])) == 7
    difference = re.search(r"Greatest difference between the two pictures: (\d+) of 255", printed)
    assert difference
    assert int(difference[1]) <= 1


@pytest.mark.slow
def test_klein_cpu(tmp_path: Path) -> None:
    printed = run("klein_cpu.py", tmp_path, "--toy", "--size", "64x64")
    found = rows(printed)
    assert re.search(r"best matrix product here, bfloat16: \d+\.\d+ TFLOP/s", printed)
    compared = {
        "denoising step": ["diffusers", "diffusers, blocks compiled"],
        "text encoding": ["diffusers"],
        "decoding": ["diffusers"],
    }
    for part, others in compared.items():
        ours = found[f"{part}: fluxgram"]
        assert 0 <= float(ours[-1].rstrip("%")) < 3, "both sides compute the same"
        for other in others:
            assert re.fullmatch(r"[\d.]+: (met|missed)", found[f"{part}: {other}"][-2])


@pytest.mark.slow
def test_adapters(tmp_path: Path) -> None:
    toy = make_toy(tmp_path / "toy")
    arguments = ("--checkpoint", str(toy), "--size", "64", "--width", "64", "--rank", "2")
    found = rows(run("adapters.py", tmp_path, *arguments))
    for name in ("another LoRA, from memory", "another LoRA, from the file", "merge one and take it out"):
        assert len(numbers(found[name])) == 2
    for name in ("four LoRAs in one pass, against one LoRA", "against merging, pictures drawn in turns"):
        assert float(found[name][0]) > 0
