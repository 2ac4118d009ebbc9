"""Estimates from runs: the mean of what they measured with its interval."""

from collections.abc import Sequence

import numpy as np

from lenet1998.evaluation import FEW, rate_interval, student_interval
from lenet1998.report.comparison import SeedTest
from lenet1998.report.table import Estimate

UNIT = 5.0
"""Points above the median error of its recipe: a run that errs on more has lost an output unit, whose class is a tenth
of all digits. Nothing else sets runs of one recipe so far apart."""


def without_a_unit(errors: Sequence[float] | np.ndarray) -> int:
    """How many of the runs of a recipe lost an output unit, by their errors (%) on ten classes.

    >>> without_a_unit([1.51, 11.55, 1.57])
    1
    """
    return int(np.sum(np.asarray(errors, float) > np.median(errors) + UNIT))


def estimate(values: Sequence[float] | np.ndarray, percent: bool = True, lost: int = 0) -> Estimate:
    """The mean of what so many runs measured, with the 95% interval from four runs on, and the range of two or three.

    `percent` says that they are rates in per cent, whose interval stays within 0 and 100 (`rate_interval`). Where
    so many have `lost` an output unit (`without_a_unit`) it is the median without an interval: a mean is of neither
    kind of run. Raises ValueError if there are no values.

    >>> estimate([1.5, 1.8, 4.2]), estimate([0.95])
    (Estimate(mean=2.5, low=1.5, high=4.2, n=3), Estimate(mean=0.95, low=None, high=None, n=1))
    """
    samples = np.asarray(values, float)
    if not len(samples):
        raise ValueError("no run, no estimate")
    if lost:
        return Estimate(float(np.median(samples)), n=len(samples), lost=lost)
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
