"""Exercises 6 to 8: derivatives and appendix C."""

from collections.abc import Callable

import numpy as np

from lenet1998.exercises.exercise import Exercise, Inputs, Rng
from lenet1998.exercises.network import every, map_inputs
from lenet1998.layer import Algebra, as_is
from lenet1998.layers import Convolution
from lenet1998.sdlm import step_sizes, update

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]
Carries = Callable[..., Parts]


def carried(
    x: np.ndarray, kernels: np.ndarray, table: np.ndarray, slope: np.ndarray, cotangent: np.ndarray, algebra: Algebra
) -> Parts:
    """The adjoint of squashing and convolution: what goes down, and what belongs to the kernels and biases."""
    maps, _, k, _ = kernels.shape
    layer = Convolution("", table, k)
    layer.connect(x.shape)
    into = {"weight": np.zeros((int(table.sum()), k, k)), "bias": np.zeros(maps)}
    layer.bind({"weight": kernels[table.T], "bias": np.zeros(maps)}, {}, {})
    layer.forward(x[None])
    below = layer.adjoint((cotangent * algebra(slope))[None], algebra, into)
    assert below is not None
    shared = np.zeros_like(kernels)
    shared[table.T] = into["weight"]
    return below[0], shared, into["bias"]


def backprop(
    x: np.ndarray, kernels: np.ndarray, table: np.ndarray, slope: np.ndarray, g: np.ndarray
) -> Parts:  # equation 19
    return carried(x, kernels, table, slope, g, as_is)


def bbprop(
    x: np.ndarray, kernels: np.ndarray, table: np.ndarray, slope: np.ndarray, h: np.ndarray
) -> Parts:  # equations 23, 25 and 27
    return carried(x, kernels, table, slope, h, np.square)


def inputs_of(cotangent: str, least: float) -> Callable[[Rng], Inputs]:
    def inputs(rng: Rng) -> Inputs:
        drawn = map_inputs(rng)
        (_, rows, columns), (maps, _, k, _) = drawn["x"].shape, drawn["kernels"].shape
        above = (maps, rows - k + 1, columns - k + 1)
        return {
            **{name: drawn[name] for name in ("x", "kernels", "table")},
            "slope": rng.uniform(0.2, 1.1, above),
            cotangent: rng.uniform(least, 1, above),
        }

    return inputs


def common(carries: Carries, down: str) -> dict[str | Callable[..., str], Carries]:
    """The mistakes that both passes know; `down` is what goes down."""

    def mean(x: np.ndarray, w: np.ndarray, t: np.ndarray, f: np.ndarray, g: np.ndarray) -> Parts:
        below, kernels, bias = carries(x, w, t, f, g)
        return below, kernels / g[0].size, bias / g[0].size

    def overwritten(x: np.ndarray, w: np.ndarray, t: np.ndarray, f: np.ndarray, g: np.ndarray) -> Parts:
        below, kernels, bias = carries(x, w, t, f, 0 * g)
        for unit in np.ndindex(g.shape):
            alone = np.zeros_like(g)
            alone[unit] = g[unit]
            pairs = zip(carries(x, w, t, f, alone), (below, kernels, bias), strict=True)
            below, kernels, bias = (np.where(new, new, old) for new, old in pairs)
        return below, kernels, bias

    def turned(x: np.ndarray, w: np.ndarray, t: np.ndarray, f: np.ndarray, g: np.ndarray) -> Parts:
        _, kernels, bias = carries(x, w, t, f, g)
        return carries(x, w[..., ::-1, ::-1], t, f, g)[0], kernels, bias

    def turned_result(x: np.ndarray, w: np.ndarray, t: np.ndarray, f: np.ndarray, g: np.ndarray) -> Parts:
        below, kernels, bias = carries(x, w, t, f, g)
        return below, kernels[..., ::-1, ::-1], bias

    def corner(x: np.ndarray, w: np.ndarray, t: np.ndarray, f: np.ndarray, g: np.ndarray) -> Parts:
        below, kernels, bias = carries(x, w, t, f, g)
        return below, kernels[..., :1, :1] + 0 * kernels, bias

    return {
        f"f' is left out: multiply {down} by it first": lambda x, w, t, f, g: carries(x, w, t, f / f, g),
        "only the last position is kept: add up all connections, with +=": overwritten,
        "averaged over the positions: shared weights add up": mean,
        "the kernel is turned by half a turn: the weight that came from an input goes back to it": turned,
        "turned by half a turn: [0, 0] belongs to the window's upper left corner": turned_result,
        "x is taken at the window's corner: each weight has an input of its own": corner,
        "the table is ignored: no connection, no derivative": lambda x, w, t, f, g: carries(x, w, every(t), f, g),
    }


BACKPROP = Exercise(
    inputs_of("g", -1.0),
    ("below", "kernels", "bias"),
    backprop,
    {
        **common(backprop, "g"),
        "f' is squared: that is for second derivatives": lambda x, w, t, f, g: backprop(x, w, t, f * f, g),
        "that is the curvature pass: nothing is squared here": bbprop,
    },
)

BBPROP = Exercise(
    inputs_of("h", 0.1),
    ("below", "kernels", "bias"),
    bbprop,
    {
        **common(bbprop, "h"),
        "f' is not squared": lambda x, w, t, f, h: bbprop(x, w, t, np.sqrt(f), h),
        "the weights are not squared": lambda x, w, t, f, h: (
            backprop(x, w, t, f * f, h)[0],
            *bbprop(x, w, t, f, h)[1:],
        ),
        "x is not squared": lambda x, w, t, f, h: (
            bbprop(x, w, t, f, h)[0],
            backprop(x, w, t, f * f, h)[1],
            bbprop(x, w, t, f, h)[2],
        ),
        "nothing is squared: that is back-propagation": backprop,
        "squared after the sum: square each term, then add up": lambda x, w, t, f, h: tuple(
            part**2 for part in backprop(x, w, t, f, np.sqrt(h))
        ),
        "the sum is squared, and h in it: square each factor except h, then add up": lambda x, w, t, f, h: tuple(
            part**2 for part in backprop(x, w, t, f * f, h)
        ),
        "the first derivative is squared: that is not the second": lambda x, w, t, f, h: tuple(
            part**2 for part in backprop(x, w, t, f, h)
        ),
        "the kernel's own weights multiply too: they belong to what goes down": lambda x, w, t, f, h: (
            bbprop(x, w, t, f, h)[0],
            bbprop(x, w, t, f, h)[1] * w**2,
            bbprop(x, w, t, f, h)[2],
        ),
        "h and f' are squared once more: square each factor except h, once": lambda x, w, t, f, h: bbprop(
            x, w, t, f * f, h * h
        ),
        "h is squared too: square what multiplies it, not h": lambda x, w, t, f, h: bbprop(x, w, t, f, h * h),
    },
)


def step_inputs(rng: Rng) -> Inputs:
    weights, patterns = int(rng.integers(3, 5)), int(rng.integers(5, 8))
    return {
        "w": rng.normal(size=weights),
        "gradient": rng.normal(size=weights),
        "curvatures": rng.uniform(0, 2, (patterns, weights)),
        "eta": float(rng.uniform(0.1, 0.5)),
        "mu": float(rng.uniform(0.1, 0.5)),
    }


def stepped(w: np.ndarray, gradient: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The step sizes, and the weights after one update with them."""
    after = w.copy()
    update(after, gradient, steps)
    return steps, after


def sdlm(
    w: np.ndarray, gradient: np.ndarray, curvatures: np.ndarray, eta: float, mu: float
) -> tuple[np.ndarray, np.ndarray]:
    return stepped(w, gradient, step_sizes(curvatures.mean(axis=0), eta, mu))


SDLM = Exercise(
    step_inputs,
    ("steps", "w"),
    sdlm,
    {
        "the curvatures are added up over the patterns: equation 24 is their mean": lambda w, g, h, eta, mu: sdlm(
            w, g, h * len(h), eta, mu
        ),
        "only the last pattern's curvature is used: take the mean": lambda w, g, h, eta, mu: sdlm(
            w, g, h[-1:], eta, mu
        ),
        "the largest curvature is used: take the mean": lambda w, g, h, eta, mu: sdlm(
            w, g, h.max(axis=0)[None], eta, mu
        ),
        "the gradient is in the step already: it belongs to the update alone": lambda w, g, h, eta, mu: (
            g * sdlm(w, g, h, eta, mu)[0],
            sdlm(w, g * g, h, eta, mu)[1],
        ),
        "mu is left out": lambda w, g, h, eta, mu: sdlm(w, g, h, eta, 0.0),
        "mu is added to the quotient: it stands below the line": lambda w, g, h, eta, mu: stepped(
            w, g, eta / h.mean(axis=0) + mu
        ),
        "eta is left out": lambda w, g, h, eta, mu: sdlm(w, g, h, 1.0, mu),
        "the root of the curvature is taken: that is Adam's way": lambda w, g, h, eta, mu: sdlm(
            w, g, np.sqrt(h.mean(axis=0))[None], eta, mu
        ),
        "one step for all weights: each has its own": lambda w, g, h, eta, mu: sdlm(w, g, h.mean() + 0 * h, eta, mu),
        "uphill: subtract": lambda w, g, h, eta, mu: (sdlm(w, g, h, eta, mu)[0], sdlm(w, -g, h, eta, mu)[1]),
        "plain gradient descent: multiply the gradient by the step, not by eta": lambda w, g, h, eta, mu: (
            sdlm(w, g, h, eta, mu)[0],
            w - eta * g,
        ),
        "the step is subtracted without the gradient": lambda w, g, h, eta, mu: (
            sdlm(w, g, h, eta, mu)[0],
            w - sdlm(w, g, h, eta, mu)[0],
        ),
        "eta multiplies twice: the step has it already": lambda w, g, h, eta, mu: (
            sdlm(w, g, h, eta, mu)[0],
            sdlm(w, eta * g, h, eta, mu)[1],
        ),
    },
)
