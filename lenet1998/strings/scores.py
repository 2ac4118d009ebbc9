"""How well strings are read: wrong strings, and wrong characters by edit distance (section IX-D's rates, Figure 32).

Section IX-D counts characters inserted, deleted and substituted.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Score(NamedTuple):
    """Per cent of the strings that are not read as they should be, and edits per hundred characters."""

    string_error_percent: float
    character_error_percent: float


def score(read: Iterable[Sequence[int]], labels: Iterable[Sequence[int]]) -> Score:
    """The score of what was read, string by string, against the labels.

    >>> score([[1, 2], [3]], [[1, 2], [3, 4]])
    Score(string_error_percent=50.0, character_error_percent=25.0)
    """
    strings = wrong = characters = edits = 0
    for found, wanted in zip(read, labels, strict=True):
        distance = edit_distance(found, wanted)
        strings, characters = strings + 1, characters + len(wanted)
        wrong, edits = wrong + (distance > 0), edits + distance
    return Score(100 * wrong / strings, 100 * edits / characters)


def edit_distance(found: Sequence[int], wanted: Sequence[int]) -> int:
    """How many characters must be inserted, deleted or substituted at least to turn one string into the other.

    >>> edit_distance([1, 1, 4], [1, 4, 1, 1])
    2
    """
    row = list(range(len(wanted) + 1))
    for i, one in enumerate(found, 1):
        above, row[0] = row[0], i
        for k, other in enumerate(wanted, 1):
            above, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, above + (one != other))
    return row[-1]
