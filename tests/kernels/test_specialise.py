"""The specialiser of the compiled engine: the text that it writes does what the kernel does."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")

from lenet1998.kernels.specialise import registers, specialise, unroll


def example(x, y, *, count, table, swap, half):
    """Not copied."""
    w = registers(count)
    for t in unroll(count):
        w[t] = x[count - 1 - t] if swap else x[t]
    for t in range(1):
        y[t] += half * w[0]
    for i in range(count):
        y[i] += w[1] if table[i] == 2 else w[0]


@pytest.mark.parametrize("swap", [False, True])
def test_specialised_text_does_what_the_kernel_does(swap):
    constants = {"count": 3, "table": (2, 0, 2), "swap": swap, "half": 0.5}
    text, tables = specialise(example, "special", constants)
    space = {"real": float, "zero": 0.0, **tables}
    exec(text, space)
    ours, theirs = np.zeros(3), np.zeros(3)
    space["special"](np.array([1.0, 2.0, 4.0]), ours)
    example(np.array([1.0, 2.0, 4.0]), theirs, **constants)
    assert ours.tolist() == theirs.tolist()
    assert "unroll" not in text and "registers" not in text and "Not copied" not in text


def test_a_kernel_gets_exactly_its_constants():
    with pytest.raises(TypeError, match="half"):
        specialise(example, "special", {"count": 3, "table": (1,), "swap": True})
