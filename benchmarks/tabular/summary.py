"""The study's arithmetic: means over splits, ratios, ranks, and differences of pairs."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    OfSplits = Mapping[int, float]  # by the split's number
    OfTools = Mapping[str, OfSplits]

__all__ = [
    "ADDED",
    "best_of",
    "difference",
    "geometric_mean",
    "is_much_worse",
    "mean_ranks",
    "ratio",
    "spread",
]

ADDED = 0.005  # to errors before ratios are taken: a table that all learn must not decide
MUCH_WORSE, SURE = 1.2, 2.0  # a fifth, and standard errors


def spread(found: OfSplits) -> tuple[float, float]:
    """Mean over the splits, and its standard error; NaN where there is one split.

    Examples
    --------
    >>> spread({0: 1.0, 1: 2.0, 2: 3.0, 3: 2.0})
    (2.0, 0.408...)
    """
    values = list(found.values())
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return statistics.fmean(values), error


def ratio(ours: OfSplits, theirs: OfSplits, added: float = ADDED) -> float:
    """Ours in theirs: of means over the splits that both have.

    Examples
    --------
    >>> round(ratio({0: 0.095, 1: 0.295, 2: 9.0}, {0: 0.045, 1: 0.145}), 12)
    2.0
    """
    common = sorted(ours.keys() & theirs.keys())
    one, other = (statistics.fmean(found[split] for split in common) for found in (ours, theirs))
    return (one + added) / (other + added)


def best_of(ours: OfSplits, rivals: OfTools) -> tuple[str, float]:
    """The rival with the least error, and ours in its.

    Examples
    --------
    >>> best_of({0: 0.195}, {"a": {0: 0.295}, "b": {0: 0.095}})
    ('b', 2.0)
    """
    ratios = {name: ratio(ours, theirs) for name, theirs in rivals.items()}
    best = max(ratios, key=lambda name: ratios[name])
    return best, ratios[best]


def difference(ours: OfSplits, theirs: OfSplits) -> tuple[float, float]:
    """Mean of ours less theirs over the splits that both have, and its standard error.

    Examples
    --------
    >>> difference({0: 3.0, 1: 5.0, 2: 4.0, 3: 4.0, 4: 9.0}, {0: 2.0, 1: 3.0, 2: 1.0, 3: 2.0})
    (2.0, 0.408...)
    """
    return spread({split: ours[split] - theirs[split] for split in ours.keys() & theirs.keys()})


def is_much_worse(ours: OfSplits, theirs: OfSplits) -> bool:
    """Whether we are more than a fifth worse, and by more than two standard errors of the difference.

    Of one split, of which there is no such error, the fifth alone counts.

    Examples
    --------
    >>> is_much_worse({0: 1.3}, {0: 1.0}), is_much_worse({0: 1.3, 1: 1.0}, {0: 1.0, 1: 0.9})
    (True, False)
    """
    mean, error = difference(ours, theirs)
    return ratio(ours, theirs) > MUCH_WORSE and not mean <= SURE * error


def geometric_mean(values: Iterable[float]) -> float:
    """Geometric mean; NaN of nothing.

    Examples
    --------
    >>> geometric_mean([1.0, 4.0])
    2.0
    """
    given = list(values)
    return math.exp(statistics.fmean(map(math.log, given))) if given else math.nan


def mean_ranks(tables: Iterable[OfTools], tools: Sequence[str]) -> dict[str, float]:
    """Each tool's mean rank by its mean error over the splits that all have.

    Tools with equal errors share the mean of their ranks.

    Examples
    --------
    >>> mean_ranks([{"a": {0: 0.1}, "b": {0: 0.2}, "c": {0: 0.1}}], ["a", "b", "c"])
    {'a': 1.5, 'b': 3.0, 'c': 1.5}
    """
    ranks: dict[str, list[float]] = {tool: [] for tool in tools}
    for table in tables:
        common = set.intersection(*(set(table[tool]) for tool in tools))
        means = {tool: statistics.fmean(table[tool][split] for split in sorted(common)) for tool in tools}
        for tool, mean in means.items():
            before = sum(other < mean for other in means.values())
            equal = sum(other == mean for other in means.values())
            ranks[tool].append(before + (1 + equal) / 2)
    return {tool: statistics.fmean(found) if found else math.nan for tool, found in ranks.items()}
