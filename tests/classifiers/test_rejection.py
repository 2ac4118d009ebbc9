"""Rejection by the difference between the scores of the best two classes (section III-D, Figure 10)."""

import numpy as np
import pytest

from lenet1998.classifiers.rejection import confidence, error_reject_curve, rejection_rate


def scores_of(leads: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Penalties of ten classes with these answers, leading by so much."""
    scores = np.full((len(leads), 10), 100.0) + np.arange(10)
    scores[np.arange(len(leads)), (answers + 1) % 10] = 5
    scores[np.arange(len(leads)), answers] = 5 - leads
    return scores


def test_the_score_is_the_lead_over_the_second_class():
    leads = np.array([0.5, 3.0, 1.25])
    np.testing.assert_allclose(confidence(scores_of(leads, np.array([1, 2, 3]))), leads)


def test_a_rejection_by_hand():
    """1,000 patterns with 10 errors, numbers 1, 101, ..., 901 from the least confident, counted from 0.

    Rejecting the first 702 leaves 2 errors among 298 (0.67%), 802 leave 1 among 198 (0.51%), 902 leave none of 98.
    """
    leads = np.arange(1.0, 1001.0)
    labels = np.zeros(1000, int)
    answers = np.zeros(1000, int)
    answers[1::100] = 4
    scores = scores_of(leads, answers)
    assert rejection_rate(scores, labels, error_percent=0.5).rejected_percent == pytest.approx(90.2)
    assert rejection_rate(scores, labels, error_percent=0.6).rejected_percent == pytest.approx(80.2)
    assert rejection_rate(scores, labels, error_percent=1.0).rejected_percent == 0
    rejected, error = error_reject_curve(scores, labels)
    assert (rejected[0], error[0]) == (0, 1)
    assert error[rejected == 80.2] == pytest.approx(100 / 198)


def test_the_threshold_may_be_on_something_else():
    """By the best penalty alone the wrong pattern, of penalty 0, is kept before the right ones."""
    scores = np.array([[2.0, 9.0], [0.0, 1.0], [2.0, 7.0], [3.0, 8.0]])
    labels = np.array([0, 1, 0, 0])
    assert rejection_rate(scores, labels).rejected_percent == 25
    assert rejection_rate(scores, labels, sure=lambda scores: -scores.min(axis=1)).rejected_percent == 100


def test_the_rate_is_the_first_point_of_the_curve_under_the_target():
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(size=(500, 10)).round(1), np.zeros(500, int)
    scores[:, 0] -= 2.5
    rejected, error = error_reject_curve(scores, labels)
    rate = rejection_rate(scores, labels, error_percent=2)
    assert rate.rejected_percent == pytest.approx(rejected[error <= 2].min())
    assert 0 < rate.interval_percent[0] <= rate.rejected_percent <= rate.interval_percent[1] < 100


def test_equal_confidence_is_rejected_together():
    """Three patterns lead by 1 and one of them is wrong: no threshold keeps the other two."""
    scores = scores_of(np.array([1.0, 1.0, 1.0, 2.0]), np.array([0, 7, 0, 0]))
    assert rejection_rate(scores, np.zeros(4, int)).rejected_percent == 75


def test_a_target_out_of_reach_rejects_everything():
    assert rejection_rate(scores_of(np.array([1.0, 2.0]), np.array([0, 1])), np.zeros(2, int)).rejected_percent == 100


def test_the_interval_covers_what_sampling_does():
    """Samples of 2,000 from one population: nearly all their intervals cover the population's rate."""
    rng = np.random.default_rng(3)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        leads = rng.exponential(size=count)
        return scores_of(leads, (rng.random(count) < 0.1 * np.exp(-4 * leads)).astype(int)), np.zeros(count, int)

    truth = rejection_rate(*drawn(200_000)).rejected_percent
    intervals = [rejection_rate(*drawn(2000)).interval_percent for _ in range(10)]
    assert sum(low <= truth <= high for low, high in intervals) >= 9
    assert np.mean([high - low for low, high in intervals]) < 30
