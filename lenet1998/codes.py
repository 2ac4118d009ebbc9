"""Codes for the RBF output layer: the paper's bitmaps, and what it might have taken instead.

Section II-B draws them as stylised characters and argues against one unit a class. The recipe's `codes` lets an
experiment ask what that is worth. All are +-1, (10, 84), so F6 keeps its size. The paper's smaller networks have one
output unit a class, and there the codes of "one_of_n" are the units' targets.
"""

from __future__ import annotations

import numpy as np

from lenet1998.bitmaps import digit_codes

_UNITS, _SEED = 84, 1998


def output_codes(name: str, units: int = _UNITS) -> np.ndarray:
    """The codes of the ten digits, (10, units) of +-1; only "one_of_n" has other than 84 units.

    "bitmap" are the 7x12 drawings of Figure 3; "random" are fair coins, thrown once for all recipes and seeds; in
    "one_of_n" each class has its own block of 8 or 9 units at +1.

    >>> output_codes("one_of_n")[9, 70:].tolist()
    [-1, -1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1]
    >>> output_codes("one_of_n", units=10)[9].tolist()
    [-1, -1, -1, -1, -1, -1, -1, -1, -1, 1]
    """
    digits = digit_codes()
    if name == "bitmap":
        return digits
    if name == "random":
        return np.random.default_rng(_SEED).choice(np.array([-1, 1], digits.dtype), digits.shape)
    block = np.arange(units) * len(digits) // units
    return np.where(block == np.arange(len(digits))[:, None], 1, -1).astype(digits.dtype)
