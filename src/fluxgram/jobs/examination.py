"""What `fluxgram doctor` finds out: facts of the machine, a measured matrix product, an outlook for each checkpoint.

Speeds are estimates from one matrix product, the number of weights and a rule of thumb, good to about a factor of two;
`bench/` measures.
"""

from __future__ import annotations

import math
import os
import platform
import re
import shutil
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from fluxgram.errors import FluxgramError

if TYPE_CHECKING:
    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.families.placement import Placement
    from fluxgram.settings import Settings

_PACKAGES = ("fluxgram", "torch", "diffusers", "transformers", "safetensors", "huggingface_hub", "pillow")
_CPU_SIDE, _GPU_SIDE = 1024, 4096  # of the matrices that are multiplied
_SHARE_OF_PEAK = 0.6  # of the measured product that a whole denoising step reaches
_SHARE_OF_WEIGHTS = {
    "flux1": 0.68
}  # that a token meets: FLUX.1's blocks have big ones that see the noise level alone
_MEASURED_SECONDS = 0.3  # of which the best counts, so that other programs hardly matter
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of one checkpoint.

    Attributes:
        checkpoint: Its name.
        runs: Whether it fits.
        here: Whether its files are on this machine.
        seconds: Estimate for one picture of its default size at `final`, after loading; None where it does not run.
        sentence: All of it for people.
    """

    checkpoint: str
    runs: bool
    here: bool
    seconds: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was found.

    Attributes:
        facts: Name and value, for people.
        tflops: Measured matrix products, `cpu float32` → TFLOP/s; with `1 thread` where a checkpoint takes no more.
        outlooks: One a checkpoint.
        remedies: What would help, one sentence each.
    """

    facts: dict[str, str]
    tflops: dict[str, float]
    outlooks: list[Outlook]
    remedies: list[str]


def examine(settings: Settings) -> Examination:
    """Look at the machine; takes a few seconds, most of it importing torch."""
    from fluxgram.families.checkpoints import known
    from fluxgram.families.placement import place

    tables = known(settings)  # what is wrong with the user's own is told before anything is measured
    devices = _devices()
    rates = _measure(devices, settings)
    outlooks = []
    for checkpoint in tables.values():
        placement = place(checkpoint, settings)
        runs = placement.plan != "too big"
        rate = _rate(placement, rates, settings) if runs else None
        seconds = estimate(checkpoint, rate * 1e12, _weights(checkpoint, settings)) if rate else None
        outlooks.append(_outlook(checkpoint, settings, placement.sentence, seconds, runs=runs))
    facts = _facts(settings, devices, rates)
    return Examination(facts, rates, outlooks, _remedies(settings, devices, outlooks))


def estimate(checkpoint: Checkpoint, rate: float, weights: int = 0) -> float:
    """Seconds for one picture of the default size at `final`.

    Args:
        checkpoint: Its table.
        rate: Measured floating-point operations a second.
        weights: Of its transformer; 0 guesses them from the memory that the largest component takes.
    """
    wide, high = checkpoint.sizes.default
    tokens = wide * high / checkpoint.sizes.multiple**2 + checkpoint.text.lengths[-1]
    if not weights:
        largest = checkpoint.largest_gb * _GIB or checkpoint.download_gb * 1e9 / 2
        weights = round(largest / 2)  # two bytes each
    second = checkpoint.guidance > 1 and not checkpoint.embeds_guidance
    passes = checkpoint.steps["final"] * (2 if second else 1)
    weights = round(weights * _SHARE_OF_WEIGHTS.get(checkpoint.family, 1.0))
    return passes * (0.005 + 2 * weights * tokens / (rate * _SHARE_OF_PEAK))


def _weights(checkpoint: Checkpoint, settings: Settings) -> int:
    """How many weights the transformer has, by its files; 0 where they are not here or cannot be read."""
    from fluxgram.families.sources import where
    from fluxgram.families.weights import read_header

    folder = where(checkpoint, settings)
    try:
        files = sorted((folder / "transformer").glob("*.safetensors")) if folder is not None else []
        return sum(math.prod(shape) for file in files for shape in read_header(file).values())
    except FluxgramError:
        return 0


def _facts(settings: Settings, devices: list[str], rates: dict[str, float]) -> dict[str, str]:
    import psutil

    from fluxgram.families.placement import device_name, free_memory_gb, usable_cores

    memory = psutil.virtual_memory()
    home = settings.home if settings.home.exists() else Path.home()
    facts = {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}, Python {platform.python_version()}",
        "processor": f"{device_name('cpu')}, {usable_cores()} usable cores, {_features()}",
        "memory": f"{memory.total / _GIB:.1f} GiB, {free_memory_gb('cpu'):.1f} GiB free",
        "disk": f"{shutil.disk_usage(home).free / 1e9:.0f} GB free under {home}",
        "home": f"{settings.home}{'' if settings.home.exists() else ' (made when it is needed)'}",
        "devices": ", ".join(f"{device} ({device_name(device)})" for device in devices),
        "measured": ", ".join(f"{name}: {rate:.2f} TFLOP/s" for name, rate in rates.items()),
        "versions": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
    }
    changed = [f"{name}={_shown(name)}" for name in sorted(os.environ) if name.startswith("FLUXGRAM_")]
    return facts | ({"settings": ", ".join(changed)} if changed else {})


def _shown(name: str) -> str:
    """A variable's value; of one that may hold a secret only that there is one."""
    return "…" if re.search(r"SECRET|TOKEN|KEY|PASSWORD|DATABASE|PICTURES", name) else os.environ[name]


def _features() -> str:
    """The processor's features that decide how fast bfloat16 is, by the names that makers use."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        flags = set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())
    except OSError:
        flags = set()
    names = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16", "avx512f": "AVX512", "avx2": "AVX2"}
    return ", ".join(name for flag, name in names.items() if flag in flags) or "no vector features known"


def _devices() -> list[str]:
    import torch

    found = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [*found, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def _measure(devices: list[str], settings: Settings) -> dict[str, float]:
    """TFLOP/s of a matrix product on each device, in the types that a checkpoint may run in."""
    import torch

    from fluxgram.families.placement import usable_cores

    torch.set_num_threads(settings.threads or usable_cores())
    rates = {}
    for device in devices:
        for dtype in ("float32", "bfloat16"):
            side = _CPU_SIDE if device == "cpu" else _GPU_SIDE
            rates[f"{device} {dtype}"] = _product(device, getattr(torch, dtype), side)
    return rates


def _rate(placement: Placement, rates: dict[str, float], settings: Settings) -> float | None:
    """TFLOP/s where a checkpoint runs, measured anew where it takes fewer threads than there are cores."""
    import torch

    from fluxgram.families.placement import usable_cores

    name, usual = f"{placement.device} {placement.dtype}", settings.threads or usable_cores()
    if placement.device != "cpu" or placement.threads == usual:
        return rates.get(name)
    name += f" {placement.threads} thread{'s' if placement.threads > 1 else ''}"
    if name not in rates:
        torch.set_num_threads(placement.threads)
        rates[name] = _product("cpu", getattr(torch, placement.dtype), _CPU_SIDE)
        torch.set_num_threads(usual)
    return rates[name]


def _product(device: str, dtype: object, side: int) -> float:
    """TFLOP/s of one shape, the best of as many goes as fit into the time."""
    import torch

    def wait() -> None:
        if device != "cpu":
            (torch.cuda if device.startswith("cuda") else torch.mps).synchronize()

    with torch.inference_mode():
        a = torch.ones(side, side, device=device, dtype=dtype)  # type: ignore[call-overload]
        best, begun = float("inf"), time.perf_counter()
        while best == float("inf") or time.perf_counter() - begun < _MEASURED_SECONDS:
            start = time.perf_counter()
            a @ a
            wait()
            best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best / 1e12


def _outlook(
    checkpoint: Checkpoint, settings: Settings, placement: str, seconds: float | None, *, runs: bool
) -> Outlook:
    from fluxgram.families.checkpoints import find
    from fluxgram.families.sources import is_present

    here = is_present(checkpoint, settings)
    sentence = placement
    if seconds is not None:
        size = "{}x{}".format(*checkpoint.sizes.default)
        sentence += f" About {_rounded(seconds)} for a final of {size}."
    if runs and not here and checkpoint.source.startswith("hub:"):
        sentence += f" To be fetched first ({checkpoint.download_gb:.1f} GB)."
    if here and checkpoint.fast and not is_present(find(checkpoint.fast, settings), settings):
        sentence += f" It draws its drafts itself: {checkpoint.fast} is not here."
    return Outlook(checkpoint.name, runs, here, seconds, sentence)


def _rounded(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def _remedies(settings: Settings, devices: list[str], outlooks: list[Outlook]) -> list[str]:
    """What would help, worst first."""
    from fluxgram.families.placement import has_fast_bfloat16, usable_cores

    remedies = []
    if sys.platform == "linux" and devices == ["cpu"] and Path("/dev/nvidiactl").exists():
        remedies.append(
            "There is an NVIDIA GPU that torch cannot use: install a CUDA build of torch (docs/install.md)."
        )
    if not any(outlook.runs for outlook in outlooks):
        remedies.append("No checkpoint fits: close other programs, or raise FLUXGRAM_MEMORY_GB.")
    if any(outlook.checkpoint == "fluxgram-mini" and not outlook.here for outlook in outlooks):
        remedies.append("The embedded checkpoint is missing: install fluxgram again, from a whole package.")
    if devices == ["cpu"] and not has_fast_bfloat16():
        remedies.append(
            "This processor has neither AMX nor AVX512-BF16: large checkpoints run in float32, with twice the memory."
        )
    if settings.offline:
        remedies.append(
            "fluxgram is offline: checkpoints cannot be fetched until FLUXGRAM_OFFLINE and HF_HUB_OFFLINE are unset."
        )
    if sys.platform != "win32" and os.getloadavg()[0] > 0.5 * usable_cores():
        remedies.append(
            f"The machine is busy (load {os.getloadavg()[0]:.1f}): what was measured is what is left over."
        )
    if settings.memory_gb:
        remedies.append(
            f"FLUXGRAM_MEMORY_GB limits memory to {settings.memory_gb:g} GiB; unset it to use what is free."
        )
    return remedies


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
