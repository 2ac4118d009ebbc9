"""Intervals of rates over seeds: Student's, and never outside of 0 to 100%."""

import numpy as np
import pytest
from scipy.stats import t

from lenet1998.evaluation import rate_interval, student_interval


def test_a_narrow_interval_is_students():
    """Ten seeds of Figure 5: the numbers that were recorded before do not move."""
    rates = 1.0 + 0.09 * np.random.default_rng(0).standard_normal((10, 20))
    for ours, students in zip(rate_interval(rates), student_interval(rates), strict=True):
        np.testing.assert_allclose(ours, students, atol=0.006)


def test_it_is_students_on_the_scale_of_logits():
    rates = np.array([2.0, 3.0, 5.0, 10.0])
    mean, low, high = rate_interval(rates)
    half = t.ppf(0.975, 3) * rates.std(ddof=1) / 2

    def logit(rate):
        return np.log(rate / (100 - rate))

    slope = 100 / (mean * (100 - mean))
    assert mean == pytest.approx(5.0)
    assert logit(mean) - logit(low) == pytest.approx(half * slope) == logit(high) - logit(mean)
    assert student_interval(rates)[1] < 0 < low


@pytest.mark.parametrize("seeds", [2, 3, 4, 5, 10])
def test_rates_stay_within_0_and_100(seeds):
    rng = np.random.default_rng(seeds)
    rates = 100 * rng.beta(0.2, 0.2, (seeds, 500))
    rates[:, 0], rates[:, 1] = 0.0, 100.0  # seeds that agree on an end
    mean, low, high = rate_interval(rates)
    np.testing.assert_allclose(mean, rates.mean(axis=0))
    assert ((low >= 0) & (low <= mean + 1e-9) & (mean <= high + 1e-9) & (high <= 100)).all()
    assert low[0] == high[0] == 0 and low[1] == high[1] == 100
    if seeds > 3:  # what Student's own would have said
        assert (student_interval(rates)[1] < 0).any() and (student_interval(rates)[2] > 100).any()


def test_few_seeds_are_shown_as_they_are():
    assert [float(line) for line in rate_interval(np.array([4.0, 1.5, 2.0]))] == pytest.approx([2.5, 1.5, 4.0])
    mean, low, high = rate_interval(np.array([2.0]))
    assert mean == 2 and np.isnan(low) and np.isnan(high)
