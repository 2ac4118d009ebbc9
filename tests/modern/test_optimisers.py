"""Optimisers against trajectories worked out from their sources, and the recipe that chooses them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet1998.modern.optimisers import EPSILON, SGD, Adam, Momentum, RMSProp, make_optimiser
from lenet1998.networks import build
from lenet1998.recipe import preset


def trajectory(optimiser, start, gradient_of, rates) -> list[float]:
    """Positions of one parameter after each step down E(w), whose slope is `gradient_of`."""
    w, path = np.array([start]), []
    for rate in rates:
        optimiser.step(w, np.array([gradient_of(w[0])]), rate)
        path.append(float(w[0]))
    return path


def test_gradient_descent_on_a_parabola_by_hand():
    """E = w^2: w <- w (1 - 2 eta)."""
    assert trajectory(SGD(np.zeros(1)), 8.0, lambda w: 2 * w, [0.25, 0.25, 0.125]) == [4.0, 2.0, 1.5]


def test_momentum_on_a_parabola_by_hand():
    """E = w^2, beta = 0.5, eta = 0.25: v = -4, w = 4; v = -2 - 2 = -4, w = 0; v = -2, w = -2; v = -1 + 1 = 0."""
    assert trajectory(Momentum(np.zeros(1), 0.5), 8.0, lambda w: 2 * w, [0.25] * 4) == [4.0, 0.0, -2.0, -2.0]


def test_momentum_is_the_heavy_ball_of_1964():
    """w_(t+1) = w_t - eta_t g_t + beta (w_t - w_(t-1)), rates falling on the way."""
    rates, beta, positions = [0.1, 0.1, 0.02, 0.02, 0.3], 0.9, [1.0, 1.0]
    for rate in rates:
        positions.append(positions[-1] - rate * math.sin(positions[-1]) + beta * (positions[-1] - positions[-2]))
    path = trajectory(Momentum(np.zeros(1), beta), 1.0, math.sin, rates)
    np.testing.assert_allclose(path, positions[2:], rtol=1e-13)


def test_rmsprop_by_hand():
    """rho = 0.75, g = 4 then 2: s = 4, w = 1 - 0.1 * 4 / 2; s = 3 + 1 = 4, w = 0.8 - 0.1 * 2 / 2."""
    gradients = iter([4.0, 2.0])
    path = trajectory(RMSProp(np.zeros(1), 0.75), 1.0, lambda w: next(gradients), [0.1, 0.1])
    np.testing.assert_allclose(path, [0.8, 0.7], rtol=1e-7)


def test_rmsprop_divides_by_the_root_of_the_decaying_mean_of_squares():
    rho, rate, w, squares, path = 0.9, 0.01, 2.0, [], []
    for _ in range(6):
        squares.append(math.cos(w) ** 2)
        mean = sum((1 - rho) * rho**age * square for age, square in enumerate(reversed(squares)))
        w -= rate * math.cos(w) / (math.sqrt(mean) + EPSILON)
        path.append(w)
    np.testing.assert_allclose(trajectory(RMSProp(np.zeros(1), rho), 2.0, math.cos, [rate] * 6), path, rtol=1e-12)


def test_adam_by_the_paper_s_algorithm_1():
    """Both means corrected for their start at zero; the sums are written out over all past gradients."""
    b1, b2, rate, w, seen, path = 0.8, 0.95, 0.05, 0.5, [], []
    for t in range(1, 8):
        seen.append(math.exp(w) - 2)
        m = sum((1 - b1) * b1 ** (t - i) * g for i, g in enumerate(seen, start=1)) / (1 - b1**t)
        v = sum((1 - b2) * b2 ** (t - i) * g * g for i, g in enumerate(seen, start=1)) / (1 - b2**t)
        w -= rate * m / (math.sqrt(v) + EPSILON)
        path.append(w)
    optimiser = Adam(np.zeros(1), b1, b2)
    got = trajectory(optimiser, 0.5, lambda w: math.exp(w) - 2, [rate] * 7)
    np.testing.assert_allclose(got, path, rtol=1e-12)
    assert optimiser.steps.tolist() == [7]


@given(st.floats(1e-3, 1e3), st.floats(0, 0.999), st.floats(0, 0.999))
def test_adam_s_first_step_is_the_rate_whatever_the_gradient(g, b1, b2):
    """Without the corrections it would be (1 - b1) / sqrt(1 - b2) of it."""
    assert trajectory(Adam(np.zeros(1), b1, b2), 0.0, lambda w: -g, [0.125])[0] == pytest.approx(0.125, rel=1e-4)


OPTIMISERS = {
    "sgd": lambda w, decay=None: SGD(w, decay),
    "momentum": lambda w, decay=None: Momentum(w, 0.9, decay),
    "rmsprop": lambda w, decay=None: RMSProp(w, 0.99, decay),
    "adam": lambda w, decay=None: Adam(w, 0.9, 0.999, decay),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_weight_decay_is_the_gradient_of_the_l2_penalty(name):
    """As if lambda w had been in the gradient; where lambda is zero nothing changes."""
    rng = np.random.default_rng(2)
    start, decay = rng.normal(size=5), np.array([0.5, 0.5, 0.0, 0.1, 0.0])
    w, v = start.copy(), start.copy()
    decaying, plain = OPTIMISERS[name](w, decay), OPTIMISERS[name](v)
    for _ in range(4):
        g = rng.normal(size=5)
        decaying.step(w, g.copy(), 0.1)
        plain.step(v, g + decay * v, 0.1)
    np.testing.assert_allclose(w, v, rtol=1e-13)
    assert (w != start).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_restored_state_goes_on_bit_for_bit(name, dtype):
    rng = np.random.default_rng(3)
    w, gradients = rng.normal(size=9).astype(dtype), rng.normal(size=(6, 9)).astype(dtype)
    first = OPTIMISERS[name](w)
    for g in gradients[:3]:
        first.step(w, g.copy(), 0.01)
    v, second = w.copy(), OPTIMISERS[name](w)
    second.restore({key: array.copy() for key, array in first.state().items()})
    for g in gradients[3:]:
        first.step(w, g.copy(), 0.01)
        second.step(v, g.copy(), 0.01)
    np.testing.assert_array_equal(w, v)
    assert w.dtype == dtype, "no step widens float32"


def test_a_state_that_is_another_s_is_refused():
    adam = Adam(np.zeros(3))
    good = {key: array.copy() for key, array in adam.state().items()}
    damages = [
        {}, {**good, "velocity": np.zeros(3)}, {**good, "mean": np.zeros(4)}, {**good, "square": np.zeros(3, int)},
        {**good, "mean": np.array([0, np.nan, 0])},
    ]  # fmt: skip
    for damage in damages:
        with pytest.raises(ValueError, match="optimiser's"):
            adam.restore(damage)
    with pytest.raises(ValueError, match="optimiser's"):
        SGD(np.zeros(3)).restore(good)


def test_the_recipe_chooses_and_decays_weights_but_not_biases():
    settings = ["momentum=0.8", "weight_decay=0.01", "subsampling=sum"]
    recipe = preset("modern").override(settings)
    parameters = build(recipe).parameters
    adam = make_optimiser(recipe, parameters)
    assert isinstance(adam, Adam)
    assert (adam.momentum, adam.rms_decay) == (0.8, 0.999)
    for name, decay in parameters.named(adam.decay).items():
        np.testing.assert_allclose(decay, 0.0 if name.endswith("bias") else 0.01)
    momentum = make_optimiser(recipe.override(["optimiser=momentum"]), parameters)
    assert isinstance(momentum, Momentum)
    assert momentum.momentum == 0.8
    rmsprop = make_optimiser(recipe.override(["optimiser=rmsprop"]), parameters)
    assert isinstance(rmsprop, RMSProp)
    assert rmsprop.rms_decay == 0.999
    for optimiser in ("sgd", "sdlm"):
        chosen = make_optimiser(recipe.override([f"optimiser={optimiser}", "weight_decay=0"]), parameters)
        assert type(chosen) is SGD
        assert chosen.decay is None
