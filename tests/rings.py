"""Long lists of cases: the first ones are in the inner ring, the others in the outer (CONTRIBUTING.md)."""

from collections.abc import Iterable
from typing import Any

import pytest


def beyond(inner: int, cases: Iterable[Any], why: str) -> list[Any]:
    """The cases of a test, for `pytest.mark.parametrize`: those beyond the first `inner` are in the outer ring.

    Cases with several values are tuples, as they are there.
    """
    mark = pytest.mark.outer(why)
    return [
        case if number < inner else pytest.param(*case if isinstance(case, tuple) else (case,), marks=mark)
        for number, case in enumerate(cases)
    ]
