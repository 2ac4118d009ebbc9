"""Whether one recipe is better than another: paired tests, over seeds and over test patterns.

The two kinds answer different questions. The t-test over seeds asks whether the difference would return with other
initial weights and orders, on the same test set; it pairs runs of the same seed. The sign test over patterns asks
whether it would return with other test patterns, for the very networks at hand; with one network of each recipe it is
McNemar's exact test. All distributions come from `scipy.stats`.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

import numpy as np

MISCLASSIFIED = "misclassified"
"""Where a run's record has the indices of the test patterns that its network gets wrong, if it has them."""


@dataclass(frozen=True)
class SeedTest:
    """Student's paired t-test: mean difference, its 95% interval and the two-sided p-value over `pairs` seeds.

    What one pair, or differences that are all the same, cannot give is None.
    """

    difference: float
    low: float | None
    high: float | None
    p: float | None
    pairs: int

    def as_dict(self) -> dict[str, float | None]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class PatternTest:
    """On how many test patterns each of two recipes errs more often than the other, and the exact two-sided p-value."""

    worse_a: int
    worse_b: int
    p: float

    def as_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return asdict(self)


def same_seeds(a: list[dict], b: list[dict]) -> tuple[list[dict], list[dict]]:
    """The runs of `a` and those of `b` whose seeds are in both, in the order of the seeds.

    >>> same_seeds([{"seed": 2}, {"seed": 1}], [{"seed": 2}, {"seed": 3}])
    ([{'seed': 2}], [{'seed': 2}])
    """
    runs_a, runs_b = ({run["seed"]: run for run in runs} for runs in (a, b))
    seeds = sorted(runs_a.keys() & runs_b.keys())
    return [runs_a[seed] for seed in seeds], [runs_b[seed] for seed in seeds]


def by_errors(a: list[dict], b: list[dict]) -> SeedTest:
    """`over_seeds` on the last test errors of runs that `same_seeds` has paired."""
    first, second = ([run["passes"][-1]["test_error_percent"] for run in runs] for runs in (a, b))
    return over_seeds(first, second)


def by_patterns(a: list[dict], b: list[dict]) -> PatternTest:
    """`over_patterns` on the misclassified patterns of runs that `same_seeds` has paired."""
    return over_patterns([run[MISCLASSIFIED] for run in a], [run[MISCLASSIFIED] for run in b])


def over_seeds(a: Sequence[float], b: Sequence[float]) -> SeedTest:
    """The paired t-test on a - b, whose entries k are runs with the same seed (Student 1908).

    Raises ValueError unless both have as many entries, at least one.

    >>> test = over_seeds([1.2, 1.1, 1.3], [1.0, 1.0, 1.0])
    >>> round(test.difference, 2), round(test.low, 2), round(test.high, 2), round(test.p, 3)
    (0.2, -0.05, 0.45, 0.074)
    """
    from scipy.stats import ttest_1samp  # as in lenet1998.evaluation: it is slow to load, and training needs none of it

    differences = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    if len(a) != len(b) or not len(a):
        raise ValueError(f"{len(a)} and {len(b)} runs are no pairs")
    mean, pairs = float(differences.mean()), len(differences)
    rounding = 1e-12 * max(np.abs(a).max(), np.abs(b).max())
    if pairs < 2 or np.ptp(differences) <= rounding:
        return SeedTest(mean, None, None, None, pairs)
    test = ttest_1samp(differences, 0.0)
    interval = test.confidence_interval(0.95)
    return SeedTest(mean, float(interval.low), float(interval.high), float(test.pvalue), pairs)


def over_patterns(a: Sequence[Collection[int]], b: Sequence[Collection[int]]) -> PatternTest:
    """The exact sign test on test patterns: `a` and `b` hold the indices that each seed's network gets wrong.

    A pattern counts for the recipe that errs on it with more seeds; those that both get wrong equally often say
    nothing. Patterns are independent, the answers of several seeds to one pattern are not, so each pattern counts
    once. With one seed it is the exact form of the test of McNemar (1947).

    >>> over_patterns([{1, 2, 3, 4, 5, 6}], [{6}])
    PatternTest(worse_a=5, worse_b=0, p=0.0625)
    """
    from scipy.stats import binomtest

    errors_a, errors_b = Counter(chain(*a)), Counter(chain(*b))
    patterns = errors_a.keys() | errors_b.keys()
    worse_a = sum(errors_a[pattern] > errors_b[pattern] for pattern in patterns)
    worse_b = sum(errors_b[pattern] > errors_a[pattern] for pattern in patterns)
    decided = worse_a + worse_b
    return PatternTest(worse_a, worse_b, float(binomtest(worse_a, decided, 0.5).pvalue) if decided else 1.0)


def holm(p: Sequence[float | None]) -> list[float | None]:
    """The p-values adjusted for there being several of them (Holm 1979): the chance of even one false alarm stays
    below the level they are compared with. None stays None, and does not count.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    tested = sorted((value, place) for place, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    largest = -math.inf
    for rank, (value, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * value))
        adjusted[place] = largest
    return adjusted
