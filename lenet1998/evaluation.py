"""Error rates and their intervals.

The paper quotes rates on 10,000 test patterns with an uncertainty of "about 0.1%" (caption of Figure 9); the Wilson
interval says the same with a method's name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from lenet1998.engine import Engine
from lenet1998.patterns import Patterns


def answers(penalties: np.ndarray) -> np.ndarray:
    """The decision of section II-B: the class of smallest penalty, (P,) for penalties (P, classes)."""
    return penalties.argmin(axis=1)


@dataclass(frozen=True)
class ErrorRate:
    """`errors` wrong answers among `patterns`, with the 95% Wilson score interval.

    >>> rate = ErrorRate(95, 10_000)
    >>> rate.error_percent, [round(bound, 2) for bound in rate.interval_percent]
    (0.95, [0.78, 1.16])
    """

    errors: int
    patterns: int

    @property
    def error_percent(self) -> float:
        return 100 * self.errors / self.patterns

    @property
    def interval_percent(self) -> list[float]:
        from scipy.stats import binomtest  # it takes most of a second to load, and training needs none of it

        interval = binomtest(self.errors, self.patterns).proportion_ci(0.95, method="wilson")
        return [100 * float(interval.low), 100 * float(interval.high)]

    def as_dict(self) -> dict[str, object]:
        """The figures that `lenet1998 evaluate --json` prints."""
        return {"error_percent": self.error_percent, **asdict(self), "interval_percent": self.interval_percent}


def error_rate(engine: Engine, patterns: Patterns) -> ErrorRate:
    """Classify every pattern and count the wrong answers."""
    wrong = answers(engine.penalties(patterns.images)) != patterns.labels
    return ErrorRate(int(wrong.sum()), len(patterns))


def student_interval(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the first axis (one row a seed) and its 95% Student interval: (mean, low, high).

    One row alone has no interval: low and high are then NaN.

    >>> mean, low, high = student_interval(np.array([[0.9], [1.0], [1.1]]))
    >>> mean.round(2).tolist(), low.round(2).tolist(), high.round(2).tolist()
    ([1.0], [0.75], [1.25])
    """
    from scipy.stats import t as student_t

    samples = np.asarray(samples, dtype=float)
    mean = samples.mean(axis=0)
    if len(samples) < 2:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = student_t.ppf(0.975, len(samples) - 1) * samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    return mean, mean - half, mean + half
