"""exp, log, tanh and whole powers in float64, made of multiply-adds, divisions and powers of two alone.

Those of the C library differ between machines in their last bit; these give the same bits everywhere, and a vector unit
can evaluate them. Arguments are reduced by multiples of log 2, which is taken as a sum of two numbers, the first of so
few digits that its multiples are exact; what is left goes into a Taylor series. Against references of more digits the
largest errors found were, in units of the last place: exp 1.0, log 1.9, tanh 2.5. NaN passes.
"""

import math
from typing import Any

import numpy as np

from lenet1998.kernels.lanes import fma, two_to

PER_LOG2 = 1 / math.log(2)
LOG2 = float.fromhex("0x1.62e42feep-1")  # its first 32 digits
LOG2_REST = float.fromhex("0x1.a39ef35793c76p-33")
ROOT = math.sqrt(2)

# (e^r - 1 - r) / r^2 by powers of r, the highest first: |r| <= log(2) / 2, and what is left out is below 2^-57.
EXPONENTIAL = tuple(1 / math.factorial(n) for n in range(14, 1, -1))
# (log((1 + s) / (1 - s)) / 2 - s) / s^3 by powers of s^2: |s| < 0.172.
LOGARITHM = tuple(1 / (2 * n + 1) for n in range(11, 0, -1))


def exp(x: Any) -> Any:
    """e^x; zero below -708, where float64 loses digits.

    >>> float(exp(0.0)), float(exp(-1000.0)), bool(abs(exp(1.0) - math.e) < 1e-15)
    (1.0, 0.0, True)
    """
    a = -709.0 if x < -709.0 else x
    a = 710.0 if a > 710.0 else a
    n = np.rint(a * PER_LOG2)
    r = fma(n, -LOG2_REST, fma(n, -LOG2, a))
    series = 0.0
    for coefficient in EXPONENTIAL:
        series = fma(series, r, coefficient)
    power = fma(series, r * r, r) + 1.0
    half = np.rint(0.5 * n)  # 2^1024 alone would be too large
    value = power * two_to(half) * two_to(n - half)
    return 0.0 if x < -708.0 else value


def log(x: Any) -> Any:
    """The natural logarithm of a positive number.

    >>> log(1.0), abs(log(10.0) - math.log(10)) < 1e-15
    (0.0, True)
    """
    n = 0.0
    while x > ROOT and n < 1100.0:
        x, n = 0.5 * x, n + 1.0
    while x < 0.5 * ROOT and n > -1100.0:
        x, n = 2.0 * x, n - 1.0
    s = (x - 1.0) / (x + 1.0)
    series = 0.0
    for coefficient in LOGARITHM:
        series = fma(series, s * s, coefficient)
    of_x = 2.0 * fma(series, s * s * s, s)
    return fma(n, LOG2, fma(n, LOG2_REST, of_x))


def tanh(x: Any) -> Any:
    """(e^2x - 1) / (e^2x + 1), by way of e^2x - 1, so that small arguments keep their digits; 1 from 20 on.

    >>> float(tanh(0.0)), float(tanh(30.0)), bool(abs(tanh(-0.5) - math.tanh(-0.5)) < 1e-15)
    (0.0, 1.0, True)
    """
    a = 2.0 * abs(x)
    a = 40.0 if a > 40.0 else a
    n = np.rint(a * PER_LOG2)
    r = fma(n, -LOG2_REST, fma(n, -LOG2, a))
    series = 0.0
    for coefficient in EXPONENTIAL:
        series = fma(series, r, coefficient)
    power = two_to(n)
    e = fma(power, fma(series, r * r, r), power - 1.0)
    t = e / (e + 2.0)
    return -t if x < 0.0 else t


def power(base: Any, n: Any) -> Any:
    """base^n for a whole number n >= 0, by squaring.

    >>> power(0.5, 3), power(3.0, 0)
    (0.125, 1.0)
    """
    value = 1.0
    while n > 0:
        if n % 2 == 1:
            value = value * base
        base = base * base
        n = n // 2
    return value
