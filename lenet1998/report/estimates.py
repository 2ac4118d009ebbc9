"""Estimates from runs: the mean of what they measured with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lenet1998.evaluation import FEW, rate_interval, student_interval
from lenet1998.report.comparison import SeedTest
from lenet1998.report.table import Estimate


def estimate(values: Sequence[float] | np.ndarray, percent: bool = True) -> Estimate:
    """The mean of what so many runs measured, with the 95% interval from four runs on, and the range of two or three.

    `percent` says that they are rates in per cent, whose interval stays within 0 and 100 (`rate_interval`).
    Raises ValueError if there are no values.

    >>> estimate([1.5, 1.8, 4.2]), estimate([0.95])
    (Estimate(mean=2.5, low=1.5, high=4.2, n=3), Estimate(mean=0.95, low=None, high=None, n=1))
    """
    samples = np.asarray(values, float)
    if not len(samples):
        raise ValueError("no run, no estimate")
    if percent:
        mean, low, high = (float(value) for value in rate_interval(samples))
    elif len(samples) <= FEW:
        mean, low, high = float(samples.mean()), float(samples.min()), float(samples.max())
    else:
        mean, low, high = (float(value) for value in student_interval(samples))
    return Estimate(mean, low, high, len(samples)) if len(samples) > 1 else Estimate(mean)


def difference(test: SeedTest) -> Estimate:
    """The mean difference of pairs of runs with its 95% interval, for a column of the kind "difference"."""
    return Estimate(test.difference, test.low, test.high, test.pairs)
