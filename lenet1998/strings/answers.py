"""What is read in a line of a picture: digits, where they stand, what else is there, and how sure that is."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lenet1998.errors import DataError
from lenet1998.network import Network
from lenet1998.photos.marks import LOW, Group, Line, ruled
from lenet1998.strings.picture import Form, Writing, string_form
from lenet1998.strings.reading import Reading, read
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.sure import (
    Characters,
    Looked,
    by_strings,
    evidence,
    looked,
    owners,
    sureness,
    together,
)
from lenet1998.strings.wide import Wide, swept

DOUBTFUL = 0.5
"""An answer below this confidence is more likely wrong than right, as it was on pictures of all kinds."""

UPSIDE_DOWN = 0.5
"""What is left of the confidence in a line that looks as much like digits after half a turn."""
OFF, BESIDE = 0.1, 0.5
"""Of rubbish the neighbours within the last share of the height are letters too, where their middles are off the line's
by the first."""
BAR = 0.5
"""What is left of it where a stroke beside others is as straight and even as print: a bar, or a 1 of a plain font."""
MOST_RUBBISH = 0.6
"""Where more than this share of a line's ink is rubbish, what is left is no string of digits."""


class Strings(NamedTuple):
    """The network of strings, what multiplies its penalties, and the penalty of a blank."""

    network: Network
    scale: float
    j: float


class Answer(NamedTuple):
    """A line, as the network of strings sees it, the penalties of its outputs, how these are read, and how surely.

    ``left_out`` are the groups that are no digits, by number, and ``found`` what the confidence was computed from.
    """

    writing: Writing
    form: Form
    penalties: np.ndarray
    reading: Reading
    seen: Looked
    left_out: list[int]
    found: np.ndarray
    confidence: float

    @property
    def digits(self) -> str:
        """What is written in the line."""
        return "".join(map(str, self.reading.labels))

    @property
    def upside_down(self) -> bool:
        """Whether the line's characters look as much like digits after half a turn, or more."""
        return self.seen.is_turned

    def places(self) -> list[tuple[int, int]]:
        """For each digit its class, and the picture's column, from 0, in which the middle of it was seen."""
        middles = ((first + after - 1) / 2 for first, after in self.reading.columns)
        return [(label, self.form.column(x)) for label, x in zip(self.reading.labels, middles, strict=True)]

    def marks(self) -> list[dict[str, Any]]:
        """What ink is no digit: its kind, how many digits stand before it, and its box in the picture."""
        line = self.writing.line
        found = [*line.marks, *(("sign", line.groups[k]) for k in self.left_out)]
        columns = [column for _, column in self.places()]

        def about(kind: str, group: Group) -> dict[str, Any]:
            box = self.writing.box(group)
            before = sum(column < (box[0] + box[2]) / 2 for column in columns)
            return {"kind": kind, "place": before, "box": box}

        return sorted((about(kind, group) for kind, group in found), key=lambda mark: mark["box"][0])

    def as_dict(self) -> dict[str, Any]:
        """What --json says of a line."""
        places = [{"digit": digit, "column": column} for digit, column in self.places()]
        return {
            "digits": self.digits,
            "confidence": self.confidence,
            "doubtful": self.confidence < DOUBTFUL,
            "upside_down": self.upside_down,
            "positions": places,
            "marks": self.marks(),
        }


def with_their_word(rubbish: list[int], line: Line) -> list[int]:
    """These groups, by number, and the letters beside them: what is higher or lower than digits, as in "kg".

    >>> tall, low = Group(np.ones((40, 20), bool), 10, 0), Group(np.ones((30, 20), bool), 28, 30)
    >>> line = Line([tall, low, tall._replace(left=90)], [], 40.0)
    >>> with_their_word([0], line), with_their_word([2], line)
    ([0, 1], [2])
    """
    middle = float(np.median([group.top + group.height / 2 for group in line.groups]))
    found = set(rubbish)
    for k, group in enumerate(line.groups):
        off = abs(group.top + group.height / 2 - middle) > OFF * line.height
        near = [
            other for j in (k - 1, k + 1) if j in rubbish and (other := line.groups[j]).height > LOW * line.height
            and max(other.left - group.end, group.left - other.end) < BESIDE * line.height
        ]  # fmt: skip
        if near and off:
            found.add(k)
    return sorted(found)


def answer(strings: Strings, characters: Characters, weights: Sequence[float], writing: Writing) -> Answer:
    """How the networks read a line. Raises DataError where they see no digit.

    NumPy computes: even sixty digits take it less time than loading compiled passes would, and compiling those of a
    width that is new takes longer than reading hundreds of pictures.
    """
    seen = looked(characters, writing.characters())
    line = writing.line
    left_out = with_their_word(seen.rubbish, line)
    if len(left_out) > MOST_RUBBISH * len(line.groups):
        raise DataError("hardly anything in the picture looks like a digit: give one that shows a line of digits")
    form = string_form(writing, left_out)
    penalties = strings.scale * swept(Wide(strings.network, engine="numpy"), form.image)
    reading = read(SDNN(strings.j), penalties)
    if not reading.labels:
        raise DataError("nothing in the picture looks like a digit: give one that shows a line of digits")
    middles = [(first + after - 1) / 2 for first, after in reading.columns]
    digits = together(by_strings(penalties, strings.j, reading.columns), middles, form, seen, characters)
    reading = reading._replace(labels=digits.labels)
    # A word is left out with its rubbish; what no digit was read from may be one after all.
    kept = set(range(len(line.groups))) - set(left_out)
    unread = sorted(kept - set(owners(middles, form)))
    found = evidence(digits, seen.upright[seen.rubbish + unread], writing.glare)
    bars = [k for k in kept if ruled(writing.ink, line.groups[k]) is not None]
    sure = sureness(found, weights) * (UPSIDE_DOWN if seen.is_turned else 1.0)
    if 0 < len(bars) < len(kept):
        sure *= BAR
    return Answer(writing, form, penalties, reading, seen, left_out, found, sure)
