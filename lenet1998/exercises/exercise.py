"""What an exercise is: random inputs, a reference, and mistakes that a teacher knows by what they compute.

The references are the package's own layers and equations in float64, which the tests compare with literal loops.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lenet1998.errors import LeNetError, reason_of

Inputs = dict[str, Any]
Computes = Callable[..., Any]
"""A function of the inputs: what a single part is, or a tuple of the parts in their order."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Exercise:
    """`inputs` draws the arguments by name, in the order in which a solution takes them; `parts` names what it returns.

    `mistakes` has, by what is said of it, what a solution with that mistake computes, right parts among it. What is
    said may be a function of the inputs too.
    """

    inputs: Callable[[Rng], Inputs]
    parts: tuple[str, ...]
    reference: Computes
    mistakes: dict[str | Callable[..., str], Computes]


def arrays(value: Any, parts: int) -> list[np.ndarray]:
    """What a solution returns, as an array of float64 for each part. Raises LeNetError if it cannot be."""
    if value is None:
        raise LeNetError("returns nothing yet: end the function with return")
    if parts == 1:
        value = (value,)
    elif not isinstance(value, (tuple, list)) or len(value) != parts:
        found = f"{len(value)} values" if isinstance(value, (tuple, list)) else f"one {type(value).__name__}"
        raise LeNetError(f"returns {found}, not {parts} values: end with return a, b, ...")
    try:
        return [np.asarray(part, np.float64) for part in value]
    except (TypeError, ValueError) as error:
        raise LeNetError(f"returns what is no array of numbers: {reason_of(error)}") from error


def random_table(rng: Rng) -> np.ndarray:
    """A table of 3 or 4 maps below and as many above, each of which sees some of the maps below, not all: bool."""
    table = np.zeros(rng.integers(3, 5, 2), bool)
    for column in table.T:
        column[rng.permutation(len(column))[: rng.integers(1, len(column))]] = True
    return table
