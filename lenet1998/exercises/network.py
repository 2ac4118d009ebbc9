"""Exercises 1 to 4: the layers of section II-B, forward."""

import math

import numpy as np

from lenet1998.exercises.exercise import Exercise, Inputs, Rng, random_table
from lenet1998.layer import Layer
from lenet1998.layers import Convolution, Squash, Subsampling
from lenet1998.squash import A, S, squash, squash_slope


def passed(layer: Layer, x: np.ndarray, **values: np.ndarray) -> np.ndarray:
    """What a layer with these parameters makes of one pattern."""
    layer.connect(x.shape)
    layer.bind(values, {}, {})
    return layer.forward(x[None])[0]


def layer_inputs(rng: Rng) -> Inputs:
    return {
        "table": random_table(rng),
        "kernel": int(rng.integers(2, 5)),
        "rows": int(rng.integers(6, 9)),
        "columns": int(rng.integers(9, 12)),
    }


def counted(table: np.ndarray, kernel: int, rows: int, columns: int) -> tuple[int, int]:
    layer = Convolution("", table, kernel)
    layer.connect((len(table), rows, columns))
    return sum(math.prod(shape) for shape in layer.parameter_shapes().values()), layer.connections()


def every(table: np.ndarray) -> np.ndarray:
    return np.ones_like(table)


COUNTS = Exercise(
    layer_inputs,
    ("parameters", "connections"),
    counted,
    {
        "the biases are left out: each map has one, and each of its units is connected to it": lambda t, k, m, n: (
            counted(t, k, m, n)[0] - t.shape[1],
            counted(t, k, m, n)[1] - t.shape[1] * (m - k + 1) * (n - k + 1),
        ),
        "a bias is counted for each kernel: a map has one bias, however many maps it sees": lambda t, k, m, n: (
            t.sum() * (k * k + 1),
            t.sum() * (k * k + 1) * (m - k + 1) * (n - k + 1),
        ),
        "the table is ignored: only an X joins two maps": lambda t, k, m, n: counted(every(t), k, m, n),
        "a map above is counted as if it saw one map: it has a kernel for each X of its column": lambda t, k, m, n: (
            counted(every(t[:1]), k, m, n)
        ),
        "a kernel is counted as a row of k weights: it has k x k": lambda t, k, m, n: (
            t.sum() * k + t.shape[1],
            (t.sum() * k + t.shape[1]) * (m - k + 1) * (n - k + 1),
        ),
        "counted at the positions of the input: a map loses k - 1 rows and columns": lambda t, k, m, n: counted(
            t, k, m + k - 1, n + k - 1
        ),
        "a map loses k - 1 rows and columns, not k": lambda t, k, m, n: counted(t, k, m - 1, n - 1),
        "each weight is counted once: all units of a map use it": lambda t, k, m, n: (counted(t, k, m, n)[0],) * 2,
        "biases are counted for the maps below: it is the maps of this layer that have one": lambda t, k, m, n: (
            t.sum() * k * k + len(t),
            (t.sum() * k * k + len(t)) * (m - k + 1) * (n - k + 1),
        ),
        "a bias is counted once for its map: it is connected to each unit of the map": lambda t, k, m, n: (
            counted(t, k, m, n)[0],
            t.sum() * k * k * (m - k + 1) * (n - k + 1) + t.shape[1],
        ),
    },
)


def squashed(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return squash(a), squash_slope(squash(a))


def tanh_of(a: np.ndarray, height: float, gain: float) -> tuple[np.ndarray, np.ndarray]:
    return height * np.tanh(gain * a), height * gain * (1 - np.tanh(gain * a) ** 2)


SQUASH = Exercise(
    lambda rng: {"a": rng.normal(0, 1.5, rng.integers(2, 5, rng.integers(1, 3)))},
    ("x", "slope"),
    squashed,
    {
        "S = 2/3 is left out": lambda a: tanh_of(a, A, 1.0),
        "A = 1.7159 is left out": lambda a: tanh_of(a, 1.0, S),
        "A and S have changed places": lambda a: tanh_of(a, S, A),
        "this is the logistic function: the paper takes a scaled tanh": lambda a: (
            1 / (1 + np.exp(-a)),
            1 / (2 + np.exp(a) + np.exp(-a)),
        ),
        "the factor S is missing, which the chain rule brings": lambda a: (squash(a), tanh_of(a, A, S)[1] / S),
        "1 - tanh^2 alone: the factor A S is missing": lambda a: (squash(a), tanh_of(a, 1.0, S)[1] / S),
        "1 - x^2 is the slope of tanh alone, not of A tanh(S a)": lambda a: (squash(a), 1 - squash(a) ** 2),
        "x^2 has the factor A^2, which the square of the tanh has not": lambda a: (
            squash(a),
            A * S * (1 - squash(a) ** 2),
        ),
        "x^2 has the factor A^2, and in the slope stands A alone": lambda a: (squash(a), S * (A - squash(a) ** 2)),
        "the tanh is not squared": lambda a: (squash(a), A * S * (1 - np.tanh(S * a))),
        "S is missing within the tanh": lambda a: (squash(a), A * S * (1 - np.tanh(a) ** 2)),
        "the slope is taken at f(a): take it at a": lambda a: (squash(a), squash_slope(squash(squash(a)))),
    },
)


def map_inputs(rng: Rng) -> Inputs:
    """Sizes that all differ, so that axes that have changed places show."""
    table, k = random_table(rng), int(rng.integers(2, 4))
    below, maps = table.shape
    rows = int(rng.integers(5, 7))
    return {
        "x": rng.normal(size=(below, rows, rows + int(rng.integers(1, 3)))),
        "kernels": rng.normal(size=(maps, below, k, k)),
        "bias": rng.normal(size=maps),
        "table": table,
    }


def convolved(x: np.ndarray, kernels: np.ndarray, bias: np.ndarray, table: np.ndarray) -> np.ndarray:
    return passed(Convolution("", table, kernels.shape[-1]), x, weight=kernels[table.T], bias=bias)


def last_only(table: np.ndarray) -> np.ndarray:
    """Of each column the last X."""
    return table & (np.cumsum(table[::-1], axis=0)[::-1] == 1)


def first_only(table: np.ndarray) -> np.ndarray:
    """Of each column as many X, but from the top."""
    return np.arange(len(table))[:, None] < table.sum(axis=0)


def table_ignored(x: np.ndarray, kernels: np.ndarray, bias: np.ndarray, table: np.ndarray) -> str:
    map_, below = np.argwhere(~table.T)[0]
    return f"the table is ignored: map {map_} sees map {below}"


C3 = Exercise(
    map_inputs,
    ("a",),
    convolved,
    {
        "right without the bias: add it once to each unit of its map": lambda x, w, b, t: convolved(x, w, 0 * b, t),
        "the bias is added for each map below: add it once": lambda x, w, b, t: convolved(x, w, b * t.sum(axis=0), t),
        "the bias is added with each weight: add it once": lambda x, w, b, t: convolved(
            x, w, b * t.sum(axis=0) * w[0, 0].size, t
        ),
        "the bias is subtracted": lambda x, w, b, t: convolved(x, w, -b, t),
        "the kernel is flipped: the weight at [0, 0] belongs to the window's upper left corner": lambda x, w, b, t: (
            convolved(x, w[..., ::-1, ::-1], b, t)
        ),
        "rows and columns of the kernel have changed places": lambda x, w, b, t: convolved(x, w.swapaxes(2, 3), b, t),
        table_ignored: lambda x, w, b, t: convolved(x, w, b, every(t)),
        "the table is ignored, and the bias is left out": lambda x, w, b, t: convolved(x, w, 0 * b, every(t)),
        "the table is read the wrong way round: True joins two maps, False does not": lambda x, w, b, t: convolved(
            x, w * ~t.T[..., None, None], b, every(t)
        ),
        "only the last map below counts: add up all that the table joins": lambda x, w, b, t: convolved(
            x, w, b, last_only(t)
        ),
        "the first maps below are taken, as many as the column has X: take those that have the X": lambda x, w, b, t: (
            convolved(x, w, b, first_only(t))
        ),
        "already squashed: a is the weighted sum": lambda x, w, b, t: squash(convolved(x, w, b, t)),
        "the last row and column of windows are missing: a map loses k - 1, not k": lambda x, w, b, t: convolved(
            x, w, b, t
        )[:, :-1, :-1],
        "averaged over the window: add up": lambda x, w, b, t: convolved(x, w / w[0, 0].size, b, t),
    },
)


def pooling_inputs(rng: Rng) -> Inputs:
    maps, rows, columns = int(rng.integers(2, 4)), 2 * int(rng.integers(1, 4)), 2 * int(rng.integers(4, 6))
    x = rng.uniform(-1, 1, (maps, rows, columns))
    return {"x": x, "coefficient": rng.uniform(0.2, 1, maps), "bias": rng.normal(0, 0.5, maps)}


def summed(x: np.ndarray, coefficient: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return passed(Subsampling(""), x, coefficient=coefficient, bias=bias)


def subsampled(x: np.ndarray, coefficient: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return passed(Squash(), summed(x, coefficient, bias))


def first_of_windows(x: np.ndarray) -> np.ndarray:
    """Maps whose windows have their upper left unit and zeros."""
    first = np.zeros_like(x)
    first[:, ::2, ::2] = x[:, ::2, ::2]
    return first


def overlapping_windows(x: np.ndarray) -> np.ndarray:
    """Maps whose windows have, in their upper left unit, the sums of windows that move on by one."""
    sums = x[:, :-1, :-1] + x[:, 1:, :-1] + x[:, :-1, 1:] + x[:, 1:, 1:]
    moved = np.zeros_like(x)
    moved[:, ::2, ::2] = sums[:, : x.shape[1] // 2, : x.shape[2] // 2]
    return moved


def largest_of_windows(x: np.ndarray) -> np.ndarray:
    largest = np.zeros_like(x)
    largest[:, ::2, ::2] = x.reshape(len(x), x.shape[1] // 2, 2, -1, 2).max(axis=(2, 4))
    return largest


S2 = Exercise(
    pooling_inputs,
    ("state",),
    subsampled,
    {
        "averaged, not added: a quarter": lambda x, c, b: subsampled(x, c / 4, b),
        "the largest of four is taken: section II-B adds the four": lambda x, c, b: subsampled(
            largest_of_windows(x), c, b
        ),
        "averaged, and not squashed: add the four, and squash in the end": lambda x, c, b: summed(x, c / 4, b),
        "this is max pooling: section II-B adds, multiplies, adds a bias and squashes": lambda x, c, b: summed(
            largest_of_windows(x), c / c, 0 * b
        ),
        "only the upper left unit of each window is taken: add the four": lambda x, c, b: subsampled(
            first_of_windows(x), c, b
        ),
        "the windows overlap: the next one begins two rows or columns further": lambda x, c, b: subsampled(
            overlapping_windows(x), c, b
        ),
        "not squashed: x = f(a)": summed,
        "squashed before the sum: first add, multiply and add the bias, then squash": lambda x, c, b: summed(
            squash(x), c, b
        ),
        "tanh alone: f(a) = A tanh(S a)": lambda x, c, b: np.tanh(summed(x, c, b)),
        "right without the bias": lambda x, c, b: subsampled(x, c, 0 * b),
        "right without the coefficient": lambda x, c, b: subsampled(x, c / c, b),
        "the coefficient multiplies the bias too: c (sum + b)": lambda x, c, b: subsampled(x, c, c * b),
        "the bias is added for each of the four": lambda x, c, b: subsampled(x, c, 4 * b),
        "all maps have the first map's coefficient and bias: each has its own": lambda x, c, b: subsampled(
            x, c[0] + 0 * c, b[0] + 0 * b
        ),
        "all maps have the first map's coefficient: each has its own": lambda x, c, b: subsampled(x, c[0] + 0 * c, b),
    },
)
