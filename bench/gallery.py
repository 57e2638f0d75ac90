"""How long a page of the gallery takes at 100, 5,000 and 50,000 pictures: the first, one in the middle, and searches.

    python bench/gallery.py [--counts 100 5000 50000] [--rounds 15]

Times are of the store's answer (SQLite on this disk, warm), without HTTP; the median of the rounds, in milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fluxgram.store.database import Database
from fluxgram.store.gallery import Gallery
from fluxgram.store.searching import Wanted
from tests.studio.pictures import fill

PAGE = 60
SINCE = 1_700_000_000.0


def median(ask: Callable[[], object], rounds: int) -> float:
    """Milliseconds of the middle round; one before them warms up."""
    ask()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken)


def measure(count: int, rounds: int) -> dict[str, float]:
    """Times of one size."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), count, since=SINCE)
        database = Database.open("", Path(folder))
        gallery = Gallery(database)
        middle = (SINCE + count / 2, "")
        asked: dict[str, Callable[[], object]] = {
            "first page": lambda: gallery.page("", limit=PAGE),
            "first page, everybody's": lambda: gallery.page(None, limit=PAGE),
            "page in the middle": lambda: gallery.page("", before=middle, limit=PAGE),
            "favourites (4 %)": lambda: gallery.page("", Wanted(favourite=True), limit=PAGE),
            "search, one in five": lambda: gallery.page("", Wanted("sailor window"), limit=PAGE),
            "search, one in all": lambda: gallery.page("", Wanted(f'"portrait {count // 2} of"'), limit=PAGE),
            "search, none": lambda: gallery.page("", Wanted("no such words"), limit=PAGE),
            "how many": lambda: gallery.count(""),
        }
        found = {name: median(ask, rounds) for name, ask in asked.items()}
        database.close()
        return found


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 5000, 50_000])
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    columns = {count: measure(count, given.rounds) for count in given.counts}
    print("| milliseconds | " + " | ".join(f"{count:,} pictures" for count in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name in next(iter(columns.values())):
        print(f"| {name} | " + " | ".join(f"{times[name]:.1f}" for times in columns.values()) + " |")


if __name__ == "__main__":
    main()
