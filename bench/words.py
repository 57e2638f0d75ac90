"""Times of the word layer: lint, parse and compose of one prompt, growth with length, and the import.

`python bench/words.py` prints a table; it runs on one core for about a minute. Nothing is drawn and torch is not
imported, which the last line checks. On a busy machine the figures are those of a busy machine, so the load is printed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from fluxgram.photography.catalog import catalog
from fluxgram.prompt.briefs import Portrait
from fluxgram.prompt.compose import compose
from fluxgram.prompt.lint import lint
from fluxgram.prompt.parse import parse

SIXTY_WORDS = (
    "close-up portrait of a fisherman in his 60s, weathered skin with visible pores, grey beard, deep smile lines, "
    "dark blue wool sweater with a coarse knit, standing on the pier of a small harbour, overcast natural light with "
    "a soft shadow under the brow, Canon EF 85mm f/1.4, focus on the eyes, soft background, photorealistic, RAW photo, "
    "4K, natural color and fine film grain"
)
LENGTHS = (1_000, 10_000, 100_000)
ROUNDS = 300


def times_ms(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and best time of one call, in ms of this process's own CPU time."""
    times = []
    for _ in range(rounds):
        start = time.process_time_ns()
        work()
        times.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(times), min(times)


def import_ms(module: str) -> float:
    """Time to import a module in a fresh interpreter, in ms, best of five; without the interpreter's own start."""
    code = (
        "import time; start = time.process_time(); "
        f"import {module}; print((time.process_time() - start) * 1e3)"
    )
    return min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5))


def brief_of(length: int) -> Portrait:
    """A portrait of about so many characters."""
    detail = "grey beard and a blue wool sweater"
    return Portrait(
        "fisherman", details=(detail,) * max(1, length // len(detail)), light=("light.rembrandt",)
    )


def main() -> None:
    """Print the table."""
    catalog()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    works: dict[str, Callable[[str], object]] = {
        "lint": lint,
        "parse": parse,
        "compose": lambda text: compose(brief_of(len(text))),
    }
    for name, work in works.items():
        middle, best = times_ms(lambda work=work: work(SIXTY_WORDS), ROUNDS)
        print(
            f"{name:8} {len(SIXTY_WORDS.split())} words: {middle:.2f} ms median, {best:.2f} ms best of {ROUNDS}"
        )
    whole = (SIXTY_WORDS + ". ") * (LENGTHS[-1] // len(SIXTY_WORDS) + 1)
    for name, work in works.items():
        row = []
        for length in LENGTHS:
            _, best = times_ms(lambda work=work, text=whole[:length]: work(text), 3)
            row.append(f"{length:,} characters {best:.0f} ms")
        print(f"{name:8} {'; '.join(row)}")
    for module in ("fluxgram.prompt", "fluxgram.prompt.lint"):
        print(f"import {module}: {import_ms(module):.0f} ms")
    code = "import sys, fluxgram.prompt.lint, fluxgram.prompt.parse; print('torch' in sys.modules)"
    print(f"torch imported: {subprocess.check_output([sys.executable, '-c', code], text=True).strip()}")


if __name__ == "__main__":
    main()
