"""What every benchmark here needs: contenders in turn, medians and spread, tables in Markdown, the machine in words.

It knows nothing of pictures. Which contenders there are and what they do is in the scripts beside it.
"""

from __future__ import annotations

import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_PACKAGES = ("fluxgram", "torch", "diffusers", "transformers", "safetensors")


def in_turn(contenders: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Call each contender once a round: A B C, A B C, … so that a machine that slows down slows all of them.

    Args:
        contenders: By name.
        rounds: How often.

    Returns:
        What each answered, in order.
    """
    answers: dict[str, list[T]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            answers[name].append(contender())
    return answers


def spread(numbers: Iterable[float], digits: int = 2) -> str:
    """Median with the least and the greatest: `3.21 (3.18 … 3.40)`."""
    numbers = sorted(numbers)
    middle = f"{statistics.median(numbers):.{digits}f}"
    if len(numbers) == 1:
        return middle
    return f"{middle} ({numbers[0]:.{digits}f} … {numbers[-1]:.{digits}f})"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Theirs by ours, round by round: above 1 ours is the quicker one."""
    return [their / our for our, their in zip(ours, theirs, strict=True)]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def circumstances() -> str:
    """Date, machine, versions and command, as a list in Markdown. Waits a second to see whether others compute."""
    import psutil

    busy = psutil.cpu_percent(interval=1.0)
    memory = psutil.virtual_memory()
    facts = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{processor()}, {psutil.cpu_count()} cores, {memory.total / 2**30:.0f} GiB, {platform.system()}",
        "busy with other work before the start": f"{busy:.0f} % of its cores",
        "versions": ", ".join(
            [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in _PACKAGES)]
        ),
        "command": f"`python bench/{Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}".rstrip() + "`",
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def processor() -> str:
    """The processor by model, family and the features that decide how quick bfloat16 is, from /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = set(facts.get("flags", "").split())
    features = {"avx512f": "AVX-512", "avx512_bf16": "AVX512-BF16", "amx_bf16": "AMX"}
    said = [name if flag in flags else f"no {name}" for flag, name in features.items()]
    model = (
        f"{facts.get('model name', 'unknown')} (family {facts.get('cpu family')}, model {facts.get('model')})"
    )
    return ", ".join([model, *said])
