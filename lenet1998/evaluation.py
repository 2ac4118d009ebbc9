"""Error rates and their intervals.

The paper quotes rates on 10,000 test patterns with an uncertainty of "about 0.1%" (caption of Figure 9); the Wilson
interval says the same with a method's name. Over seeds there is `rate_interval` for rates, which lie between 0 and
100%, and `student_interval` for what may take any value, such as differences (entry 35 of paper_notes.md).
"""

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


def misclassified(labels: np.ndarray, given: np.ndarray) -> dict[int, tuple[int, int]]:
    """The patterns answered wrongly: index -> (true class, answer), of `labels` and the answers `given`, both (P,).

    >>> misclassified(np.array([4, 7]), np.array([6, 7]))
    {0: (4, 6)}
    """
    return {int(index): (int(labels[index]), int(given[index])) for index in np.flatnonzero(given != labels)}


def confusion_matrix(labels: np.ndarray, given: np.ndarray, classes: int = 10) -> np.ndarray:
    """How many patterns of each class, the row, get each answer, the column: int64 (classes, classes).

    There are so many classes, or as many as the largest of `labels` and `given`, both (P,), asks for.

    >>> confusion_matrix(np.array([4, 7, 7]), np.array([6, 7, 7]))[[4, 7], 6:8].tolist()
    [[1, 0], [0, 2]]
    """
    matrix = np.zeros((max(classes, labels.max() + 1, given.max() + 1),) * 2, np.int64)
    np.add.at(matrix, (labels, given), 1)
    return matrix


def student_interval(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the first axis (one row per seed) and its 95% Student interval: (mean, low, high).

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


FEW = 3
"""Up to so many seeds an interval would say more of its assumptions than of them: they are shown as they are."""


def interval_name(*seeds: int) -> str:
    """What `rate_interval` gives for so many seeds, or for groups of so many each, in words for a title.

    >>> interval_name(3), interval_name(10, 3, 1)
    ('range of 3 runs', '95% interval or range of 3 runs')
    """
    names = (f"range of {count} runs" if count <= FEW else "95% interval" for count in seeds if count > 1)
    return " or ".join(dict.fromkeys(names)) or "single runs"


def rate_interval(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the first axis (one row per seed) of rates in per cent, and an interval that stays within 0 to 100:
    (mean, low, high).

    From four seeds on it is the 95% Student interval, carried to the scale of logits and back about the mean: the same
    as `student_interval` where it is narrow, lopsided where it comes near 0 or 100. Of two or three seeds it is the
    least and the largest. One row alone has no interval: low and high are then NaN.

    >>> mean, low, high = rate_interval(np.array([[0.9], [1.0], [1.0], [1.1]]))
    >>> mean.round(2).tolist(), low.round(2).tolist(), high.round(2).tolist()
    ([1.0], [0.88], [1.14])
    >>> [float(line) for line in rate_interval(np.array([1.5, 1.8, 4.2]))]
    [2.5, 1.5, 4.2]
    """
    samples = np.asarray(samples, dtype=float)
    if 2 <= len(samples) <= FEW:
        return samples.mean(axis=0), samples.min(axis=0), samples.max(axis=0)
    mean, low, _ = student_interval(samples)
    spread = mean * (100 - mean) / 100  # how far the rate moves for a unit of its logit, where it is the mean
    half = np.divide(mean - low, spread, out=np.zeros_like(mean), where=spread > 0)
    below, above = np.exp(-half), np.exp(half)
    return mean, *(100 * mean * odds / (100 - mean + mean * odds) for odds in (below, above))
