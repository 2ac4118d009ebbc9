"""The squashing function f(a) = A tanh(S a): equation 6 and appendix A.

A = 1.7159 and S = 2/3 make f(1) = 1 and f(-1) = -1 to six digits, so that targets and codes of +-1 lie well inside the
range of f and its gain is near one where units work. The second derivative is largest in size close to +-1.
"""

import numpy as np

A = 1.7159
S = 2.0 / 3.0


def squash(a: np.ndarray) -> np.ndarray:
    """f(a) = A tanh(S a), equation 6, for an array of any shape and floating dtype, which it keeps.

    >>> squash(np.array([0.0, 1.0, -1.0])).round(4).tolist()
    [0.0, 1.0, -1.0]
    """
    x = np.multiply(a, S)  # a Python float does not widen float32
    np.tanh(x, out=x)
    x *= A
    return x


def squash_slope(x: np.ndarray) -> np.ndarray:
    """f'(a) written in terms of the unit's state x = f(a): f' = S (A - x^2 / A), between 0 and A S = 1.1439.

    Going through x saves keeping a; the backward pass needs f' only, because appendix C drops f'' (equation 27).

    >>> squash_slope(squash(np.array([0.0, 1.0]))).round(4).tolist()
    [1.1439, 0.7554]
    """
    slope = np.multiply(x, x)
    slope *= -S / A
    slope += A * S
    return slope
