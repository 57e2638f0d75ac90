"""What votes say: wins of each against each, and how sure one can be of a share of wins. Pure arithmetic.

The interval is Clopper and Pearson's (The use of confidence or fiducial limits illustrated in the case of the binomial,
Biometrika 26, 1934): exact, so never narrower than it claims, also for three votes. Ties say nothing about which is
better; they are counted and stated, and left out of shares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxgram.store.records import VoteRecord

SURE = 0.95
"""Confidence of intervals."""
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """How one did.

    Attributes:
        key: What it is, as votes name it.
        wins: Votes for it.
        losses: Votes against it.
        ties: Votes for neither.
        share: Wins of what was decided; None where nothing was.
        low: Lower end of the interval of the share.
        high: Upper end.
    """

    key: str
    wins: int
    losses: int
    ties: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What all votes say.

    Attributes:
        votes: Blind votes between those that were asked for.
        ties: Those that decided nothing.
        not_blind: Votes of who knew which was which; counted nowhere else.
        on_the_left: Decided votes that went to the left side; about half where the side does not matter.
        standings: In the order asked for.
        wins: `wins[i][j]`: how often i won against j.
        leader: Key of the one that is better than chance would have it (its interval lies above a half, and nobody
            else's share is as high); empty where that cannot be said.
    """

    votes: int
    ties: int
    not_blind: int
    on_the_left: int
    standings: tuple[Standing, ...]
    wins: tuple[tuple[int, ...], ...]
    leader: str


def tally(keys: Sequence[str], votes: Iterable[VoteRecord]) -> Tally:
    """Count votes.

    Args:
        keys: What can be voted for; votes on others are left out.
        votes: In any order.
    """
    place = {key: number for number, key in enumerate(keys)}
    wins = [[0] * len(keys) for _ in keys]
    tied = [0] * len(keys)
    count = ties = not_blind = on_the_left = 0
    for vote in votes:
        left, right = place.get(vote.left), place.get(vote.right)
        if left is None or right is None or left == right:
            continue
        if not vote.blind:
            not_blind += 1
            continue
        count += 1
        if vote.winner == "tie":
            ties += 1
            tied[left] += 1
            tied[right] += 1
        elif vote.winner == "left":
            on_the_left += 1
            wins[left][right] += 1
        else:
            wins[right][left] += 1
    standings = tuple(
        _standing(key, sum(wins[own]), sum(row[own] for row in wins), tied[own])
        for own, key in enumerate(keys)
    )
    return Tally(count, ties, not_blind, on_the_left, standings, tuple(map(tuple, wins)), _leader(standings))


def interval(wins: int, of: int, sure: float = SURE) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share.

    Args:
        wins: How often it happened.
        of: In how many.
        sure: Confidence, above 0 and below 1.

    Returns:
        Low and high; (0, 1) where nothing is known.

    Raises:
        ValueError: More wins than votes, or fewer than none.
    """
    if not 0 <= wins <= of or not 0 < sure < 1:
        raise ValueError((wins, of, sure))
    tail = (1 - sure) / 2
    low = 0.0 if wins == 0 else _where(lambda share: at_least(wins, of, share) < tail)
    high = 1.0 if wins == of else _where(lambda share: 1 - at_least(wins + 1, of, share) > tail)
    return low, high


def at_least(wins: int, of: int, share: float) -> float:
    """Chance of at least so many wins where each is won with the chance `share`."""
    if wins <= 0:
        return 1.0
    if wins > of or share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    won, lost = math.log(share), math.log1p(-share)
    whole = math.lgamma(of + 1)
    # The shorter tail is summed: fewer terms, and nothing lost to rounding.
    upper = range(wins, of + 1)
    lower = range(wins)
    terms = upper if wins > share * of else lower
    total = math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * won + (of - k) * lost)
        for k in terms
    )
    return min(1.0, total) if terms is upper else max(0.0, 1 - total)


def _where(below: Callable[[float], bool]) -> float:
    """The share at which a condition stops to hold, between 0 and 1, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


def _standing(key: str, wins: int, losses: int, ties: int) -> Standing:
    decided = wins + losses
    low, high = interval(wins, decided)
    return Standing(key, wins, losses, ties, wins / decided if decided else None, low, high)


def _leader(standings: Sequence[Standing]) -> str:
    sure = [each for each in standings if each.share is not None and each.low > 0.5]
    if not sure:
        return ""
    best = max(sure, key=lambda each: each.share or 0.0)
    rivals = [each for each in standings if each is not best and (each.share or 0.0) >= (best.share or 0.0)]
    return "" if rivals else best.key
