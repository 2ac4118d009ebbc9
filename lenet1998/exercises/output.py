"""Exercise 5: the output layer and equation 9."""

import math

import numpy as np

from lenet1998.exercises.exercise import Exercise, Inputs, Rng
from lenet1998.exercises.network import passed
from lenet1998.loss import MAP
from lenet1998.output import RBF


def code_inputs(rng: Rng) -> Inputs:
    codes = rng.choice([-1.0, 1.0], (int(rng.integers(3, 6)), int(rng.integers(6, 8))))
    codes[0] = -codes[1]  # two at least differ
    x = codes.mean(axis=0) + rng.normal(0, 0.5, codes.shape[1])
    return {"x": x, "codes": codes, "label": int(rng.integers(len(codes))), "j": float(rng.uniform(2, 4))}


def distances(x: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return passed(RBF("", codes), x)


def equation_9(y: np.ndarray, label: int, j: float) -> tuple[np.ndarray, float]:
    """The penalties, and their loss."""
    return y, MAP(1.0, j).value(y[None], np.array([label]))[0]


RBF_UNITS = Exercise(
    code_inputs,
    ("y", "E"),
    lambda x, codes, label, j: equation_9(distances(x, codes), label, j),
    {
        "the root is taken: y is the squared distance": lambda x, w, d, j: equation_9(np.sqrt(distances(x, w)), d, j),
        "not squared: y adds up squares": lambda x, w, d, j: equation_9(np.abs(x - w).sum(axis=1), d, j),
        "squared after the sum: square each difference, then add up": lambda x, w, d, j: equation_9(
            (x - w).sum(axis=1) ** 2, d, j
        ),
        "halved: equation 7 has no 1/2": lambda x, w, d, j: equation_9(distances(x, w) / 2, d, j),
        "averaged over the units: equation 7 adds up": lambda x, w, d, j: equation_9(distances(x, w) / len(x), d, j),
        "a weighted sum: these units compare x with their codes": lambda x, w, d, j: equation_9(w @ x, d, j),
        "code and x are added: take their difference": lambda x, w, d, j: equation_9(distances(-x, w), d, j),
        "equation 8: the other classes do not compete yet": lambda x, w, d, j: (
            distances(x, w),
            distances(x, w)[d],
        ),
        "the rubbish class is missing: e^-j belongs to the sum": lambda x, w, d, j: equation_9(
            distances(x, w), d, math.inf
        ),
        "a loop has overwritten j: give its index another name": lambda x, w, d, j: equation_9(
            distances(x, w), d, len(x) - 1
        ),
        "j itself stands in the sum: it is e^-j": lambda x, w, d, j: equation_9(distances(x, w), d, -math.log(j)),
        "the correct class is left out of the sum: it runs over all classes": lambda x, w, d, j: (
            distances(x, w),
            distances(x, w)[d] + np.log(np.exp(-j) + np.exp(-np.delete(distances(x, w), d)).sum()),
        ),
        "the logarithm to base 10: take the natural one": lambda x, w, d, j: (
            distances(x, w),
            distances(x, w)[d] + (equation_9(distances(x, w), d, j)[1] - distances(x, w)[d]) / math.log(10),
        ),
        "the logarithm is subtracted: add it": lambda x, w, d, j: (
            distances(x, w),
            2 * distances(x, w)[d] - equation_9(distances(x, w), d, j)[1],
        ),
        "the sign in e^-j is turned": lambda x, w, d, j: equation_9(distances(x, w), d, -j),
        "the sign in e^-y is turned": lambda x, w, d, j: (
            distances(x, w),
            distances(x, w)[d] + np.log(np.exp(-j) + np.exp(distances(x, w)).sum()),
        ),
        "the signs in the exponents are turned: e^-j, e^-y": lambda x, w, d, j: (
            distances(x, w),
            distances(x, w)[d] + np.log(np.exp(j) + np.exp(distances(x, w)).sum()),
        ),
        "this is the probability of the correct class: take minus its logarithm": lambda x, w, d, j: (
            distances(x, w),
            np.exp(-equation_9(distances(x, w), d, j)[1]),
        ),
        "this is the class before the correct one: label counts from 0": lambda x, w, d, j: equation_9(
            distances(x, w), (d - 1) % len(w), j
        ),
        "the smallest penalty stands in place of the correct class's": lambda x, w, d, j: equation_9(
            distances(x, w), int(distances(x, w).argmin()), j
        ),
        "the penalty of the correct class is missing": lambda x, w, d, j: (
            distances(x, w),
            equation_9(distances(x, w), d, j)[1] - distances(x, w)[d],
        ),
        "the logarithm is missing": lambda x, w, d, j: (
            distances(x, w),
            distances(x, w)[d] + np.exp(-j) + np.exp(-distances(x, w)).sum(),
        ),
    },
)
