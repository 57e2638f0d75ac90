"""Where a checkpoint runs on this machine: device, data type, threads, and whether all components fit at once.

`place` only looks and decides; it loads nothing. The same machine, settings and checkpoint always get the same
answer but for the memory plan, which changes where components wait, never what they compute.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fluxgram.errors import OutOfMemory, SettingsError

if TYPE_CHECKING:
    import torch

    from fluxgram.families.checkpoints import Checkpoint
    from fluxgram.settings import Settings

Plan = Literal["all", "one at a time", "too big"]
_GIB = 2**30
_SPARE = 1.1
"""Memory beside the weights, as a factor: activations, the allocator's slack."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how a checkpoint runs.

    Attributes:
        device: torch's name: `cpu`, `cuda:0`, `mps`.
        device_name: The name people know it by, e.g. `NVIDIA H100 80GB HBM3`.
        dtype: `float32`, `bfloat16` or `float16`.
        threads: CPU threads.
        plan: `all` components in memory, `one at a time`, or `too big` for this machine (loading then fails).
        sentence: What was decided and why, for people.
        needed_gb: Memory that the plan takes on the device, in GiB.
        free_gb: Memory that was free on the device, in GiB.
        settings: The machine's settings that this was decided by.
    """

    device: str
    device_name: str
    dtype: str
    threads: int
    plan: Plan
    sentence: str
    needed_gb: float
    free_gb: float
    settings: Settings

    def torch_dtype(self) -> torch.dtype:
        """The data type as torch's."""
        import torch

        dtype: torch.dtype = getattr(torch, self.dtype)
        return dtype


def place(checkpoint: Checkpoint, settings: Settings) -> Placement:
    """Decide where a checkpoint runs.

    Raises:
        SettingsError: A device that is not there, or a data type that it does not have.
    """
    device = _device(settings.device)
    dtype = _dtype(checkpoint, settings, device)
    factor = 2.0 if dtype == "float32" else 1.0
    free = settings.memory_gb or free_memory_gb(device)
    whole = checkpoint.memory_gb * factor * _SPARE
    largest = (checkpoint.largest_gb or checkpoint.memory_gb) * factor * _SPARE
    name = device_name(device)
    here = f"{checkpoint.name} runs on {name} in {dtype}"
    if whole <= free:
        plan: Plan = "all"
        sentence = f"{here}, all components in memory."
    elif largest <= free:
        plan = "one at a time"
        sentence = (
            f"{here}, one component at a time in memory: all need {whole:.1f} GiB, {free:.1f} GiB are free; "
            "loading them in turn makes every picture slower."
        )
    else:
        plan = "too big"
        sentence = (
            f"{checkpoint.name} does not fit: its largest component needs {largest:.1f} GiB in {dtype}, "
            f"{free:.1f} GiB are free on {name}."
        )
    threads = settings.threads or (checkpoint.cpu_threads if device == "cpu" else 0) or usable_cores()
    needed = whole if plan == "all" else largest
    return Placement(device, name, dtype, threads, plan, sentence, needed, free, settings)


def _device(wanted: str) -> str:
    """Name that torch has for the device, checked to be there."""
    import torch

    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda:0"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = wanted.partition(":")
    if kind == "cpu" and not number:
        return "cpu"
    if kind == "cuda" and (number or "0").isdecimal():
        if int(number or 0) < torch.cuda.device_count():
            return f"cuda:{int(number or 0)}"
        raise SettingsError(
            f"The device {wanted} is not there: {torch.cuda.device_count()} CUDA devices are seen.",
            "Use FLUXGRAM_DEVICE=cpu, or install the torch build for your GPU.",
        )
    if kind == "mps" and not number:
        if torch.backends.mps.is_available():
            return "mps"
        raise SettingsError("The device mps is not there.", "Use FLUXGRAM_DEVICE=cpu.")
    raise SettingsError(f"{wanted!r} is not a device.", "Use auto, cpu, cuda, cuda:1 or mps.")


def _dtype(checkpoint: Checkpoint, settings: Settings, device: str) -> str:
    """The data type: that of the settings, else what the device is good at."""
    if settings.dtype != "auto":
        if device == "cpu" and settings.dtype == "float16":
            raise SettingsError("float16 is not for CPUs.", "Use FLUXGRAM_DTYPE=bfloat16 or float32.")
        return settings.dtype
    if device.startswith("cuda"):
        import torch

        return "bfloat16" if torch.cuda.get_device_capability(device)[0] >= 8 else "float32"
    if device == "mps":
        return "bfloat16"
    return checkpoint.cpu_dtype or ("bfloat16" if has_fast_bfloat16() else "float32")


def has_fast_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 matrices in hardware (AMX, AVX512-BF16)."""
    flags = _cpu_flags()
    return bool(flags & {"amx_bf16", "avx512_bf16"})


def _cpu_flags() -> frozenset[str]:
    """The CPU's feature flags by Linux's names; torch is asked where there is no /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        import torch

        asked = {"amx_bf16": "_is_amx_tile_supported", "avx512_bf16": "_is_avx512_bf16_supported"}
        return frozenset(flag for flag, name in asked.items() if getattr(torch.cpu, name, bool)())
    return frozenset(next((line.partition(":")[2] for line in lines if line.startswith("flags")), "").split())


def device_name(device: str) -> str:
    """The name people know a device by."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    if device == "mps":
        return "Apple GPU"
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")


def usable_cores() -> int:
    """CPU cores that this process may use (affinity and container limit)."""
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        if quota != "max":
            cores = min(cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return cores


def free_memory_gb(device: str) -> float:
    """Memory that is free on a device, in GiB; on a CPU within the container's limit."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.mem_get_info(device)[0] / _GIB
    import psutil

    free = float(psutil.virtual_memory().available)
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
        free = min(free, float(max(0, limit - used)))
    except (OSError, ValueError):
        pass
    return free / _GIB


@contextmanager
def memory_guard(placement: Placement, doing: str) -> Iterator[None]:
    """Turn torch's and Python's running out of memory into `OutOfMemory` with advice.

    Args:
        placement: For the advice.
        doing: What was going on, e.g. `decoding 1024x1024`.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as reason:
        text = str(reason).lower()
        if isinstance(reason, RuntimeError) and not (
            "out of memory" in text or "can't allocate memory" in text
        ):
            raise
        raise OutOfMemory(
            f"{placement.device_name} ran out of memory while {doing}.",
            "Draw a smaller picture, close other programs, or lower FLUXGRAM_MEMORY_GB to load components in turn.",
        ) from reason
