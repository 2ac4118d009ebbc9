"""Faults that tests put in the way of programs."""

import os
from collections.abc import Callable

import pytest

POSIX = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX locks and processes"),
    pytest.mark.filterwarnings(
        "error::ResourceWarning",
        "error::pytest.PytestUnraisableExceptionWarning",
        "ignore:.*fork.*:DeprecationWarning",
    ),
]
"""Marks of tests that fork, in which nothing may stay open."""


def refusing(number: int) -> Callable:
    """A call in place of one of the system's that ends with this error."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse
