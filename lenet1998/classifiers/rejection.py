"""Rejecting the doubtful patterns (section III-D, Figure 10).

The paper compares classifiers by the share of test patterns that must be rejected for the rest to have 0.5% error. What
is rejected first is what has the least difference between the scores of the best two classes. The section gives two
rules: it rejects where the output is below a threshold, and two sentences later takes that difference for the score.
The second is the operative one, and the one of all rows; `experiments.section3.rejection` tries others.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TARGET_PERCENT = 0.5


@dataclass(frozen=True)
class Rejection:
    """Per cent of the patterns rejected to reach the target, with its 95% interval."""

    rejected_percent: float
    interval_percent: tuple[float, float]


def confidence(scores: np.ndarray) -> np.ndarray:
    """How far the best class leads the next, (P,), from penalties (P, classes) of which the smallest wins.

    >>> confidence(np.array([[3.0, 1.0, 5.0], [2.0, 2.0, 9.0]])).tolist()
    [2.0, 0.0]
    """
    best, next_best = np.partition(scores, 1, axis=1)[:, :2].T
    return next_best - best


def error_reject_curve(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per cent rejected, and per cent of errors among the rest, for every threshold on the confidence.

    The points run from no rejection to that which keeps only the most confident patterns. Patterns of equal
    confidence are kept or rejected together.

    >>> scores = np.array([[0.0, 9.0], [0.0, 1.0], [0.0, 5.0], [0.0, 5.0]])
    >>> rejected, error = error_reject_curve(scores, np.array([0, 1, 0, 0]))
    >>> rejected.tolist(), error.tolist()
    ([0.0, 25.0, 75.0], [25.0, 0.0, 0.0])
    """
    leads, wrong = _by_confidence(scores, labels)
    error = 100 * np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
    last = np.flatnonzero(np.append(leads[1:] != leads[:-1], True))[::-1]
    return 100 - 100 * (last + 1) / len(wrong), error[last]


def rejection_rate(
    scores: np.ndarray,
    labels: np.ndarray,
    error_percent: float = TARGET_PERCENT,
    sure: Callable[[np.ndarray], np.ndarray] = confidence,
) -> Rejection:
    """The least per cent rejected for which the rest have at most `error_percent` errors; 100 if no threshold does.
    `sure` takes scores to what the threshold is on, (P,).

    The interval is that of 1,000 bootstrap samples of the patterns, always the same (percentiles; Efron, 1979).

    >>> scores = np.array([[0.0, 9.0], [0.0, 1.0], [0.0, 5.0], [0.0, 5.0]])
    >>> rejection_rate(scores, np.array([0, 1, 0, 0])).rejected_percent
    25.0
    """
    leads, wrong = _by_confidence(scores, labels, sure)

    def rejected(ranks: np.ndarray) -> float:
        held = np.arange(1, len(ranks) + 1)
        allowed = 100 * np.cumsum(wrong[ranks]) <= error_percent * held
        allowed[:-1] &= leads[ranks[1:]] != leads[ranks[:-1]]
        return 100 - 100 * float((allowed * held).max()) / len(ranks)

    rng, every = np.random.default_rng(0), np.arange(len(wrong))
    # Ranks follow confidence: sorting a sample of them puts its most confident pattern first.
    samples = [rejected(np.sort(rng.integers(len(wrong), size=len(wrong)))) for _ in range(1000)]
    low, high = np.percentile(samples, [2.5, 97.5])
    return Rejection(rejected(every), (float(low), float(high)))


def _by_confidence(
    scores: np.ndarray, labels: np.ndarray, sure: Callable[[np.ndarray], np.ndarray] = confidence
) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and whether the answers are wrong, both (P,), the most confident first."""
    leads = sure(scores)
    order = np.argsort(-leads, kind="stable")
    return leads[order], (scores.argmin(axis=1) != labels)[order]
