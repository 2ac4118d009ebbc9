"""Images of several characters, made of a set of digits (section VII-B).

A training image has a character in the middle of the field and one on each side, "picked at random", with -1 to 4
pixels between their bounding boxes; where no central character is present, the class is BLANK. A tenth of the pixels is
inverted. `Layout` has the numbers of the text, and as options what it leaves open (entry 41 of paper_notes.md). Strings
for tests and for training on strings are laid out alike.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lenet1998.distortions import inverted
from lenet1998.errors import DataError
from lenet1998.form import BOX
from lenet1998.patterns import Patterns
from lenet1998.strings.grammar import BLANK

FIELD = 32
STEP = 4
"""Columns from an output of the wide network to the next: two subsamplings by 2."""
MARGIN = 15
"""Empty columns at both ends of a string, so that its first and last characters, however narrow, can be centred."""
# Digits may lie this far outside the field while it is composed.
_AROUND = 32

# What share of the blanks shows the place between two neighbours; and how ink is joined.
_BLANKS = {"removed": 0.0, "between": 1.0, "both": 0.5}
_OVERLAPS = {"max": np.maximum, "sum": np.add}


@dataclass(frozen=True)
class Layout:
    """How characters are put side by side; raises DataError for what makes no sense.

    Bounding boxes are ``least_gap`` to ``most_gap`` pixels apart, whole numbers, all as likely. A share ``blanks`` of
    training images has no centre: the central character is "removed" and its place empty, or the field's middle is
    "between" two characters that are neighbours, or half of each ("both"). The whole image is moved sideways by up to
    ``shift`` pixels, and each character up or down by up to ``jitter``. Where characters overlap, the ink is the "max"
    or the "sum" of both, at most 255. Then each pixel is inverted with probability ``noise``.

    >>> Layout(noise=0).most_gap
    4
    """

    least_gap: int = -1
    most_gap: int = 4
    blanks: float = 1 / 11
    blank_shows: str = "both"
    shift: int = 2
    jitter: int = 0
    overlap: str = "max"
    noise: float = 0.1

    def __post_init__(self) -> None:
        if not -FIELD // 2 <= self.least_gap <= self.most_gap <= FIELD:
            raise DataError(f"gaps from {self.least_gap} to {self.most_gap} pixels: give a least and a most, -16 to 32")
        if not (0 <= self.blanks <= 1 and 0 <= self.noise <= 1):
            raise DataError(f"blanks={self.blanks} and noise={self.noise} are shares: give numbers from 0 to 1")
        if not (0 <= self.shift <= FIELD // 2 and 0 <= self.jitter <= 2):
            raise DataError(f"shift={self.shift} or jitter={self.jitter} is out of range: give 0 to 16, and 0 to 2")
        for name, allowed in (("blank_shows", _BLANKS), ("overlap", _OVERLAPS)):
            if getattr(self, name) not in allowed:
                raise DataError(f"{name}={getattr(self, name)!r} is not allowed: choose {' or '.join(allowed)}")


class Strings(NamedTuple):
    """S strings of N characters: images uint8 (S, 32, W), W = 32 + 4 (n - 1) for n outputs, and labels uint8 (S, N).

    ``boxes`` are where the characters stand, integer (S, N, 2): the first column of each and the one after its last.
    """

    images: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray


def training_images(digits: Patterns, count: int, seed: int, layout: Layout | None = None) -> Patterns:
    """Section VII-B's training images, uint8 (count, 32, 32), with classes 0 to 9 and BLANK: a function of the seed.

    Every digit comes to the centre once before any comes again. Raises DataError for a count below 1, or digits that
    are no images of ink on 28 x 28 pixels or fewer.

    >>> bars = Patterns(np.zeros((2, 28, 28), np.uint8), np.array([1, 1], np.uint8))
    >>> bars.images[:, 4:24, 12:16] = 255
    >>> three = training_images(bars, 5, seed=1, layout=Layout(2, 2, blanks=0, shift=0, noise=0))
    >>> "".join("#" if pixel else "." for pixel in three.images[0, 16])
    '........####..####..####........'
    """
    layout = layout or Layout()
    _check(count, digits)
    rng = np.random.default_rng(seed)
    first, last = _boxes(digits.images)
    rounds = -(-count // len(digits))
    centre = np.concatenate([rng.permutation(len(digits)) for _ in range(rounds)])[:count]
    left, right = rng.integers(0, len(digits), (2, count))
    gaps = rng.integers(layout.least_gap, layout.most_gap + 1, (2, count))
    blank = rng.random(count) < layout.blanks
    between = blank & (rng.random(count) < _BLANKS[layout.blank_shows])
    # Where the box of the central character begins and ends; of a place between two, where their gap does.
    edge = (FIELD - digits.images.shape[2]) // 2
    begins = np.where(between, FIELD // 2 - (gaps[0] + 1) // 2 + gaps[0], edge + first[centre])
    ends = np.where(between, FIELD // 2 - 1 - (gaps[0] + 1) // 2, edge + last[centre])
    lefts = np.stack(
        [
            np.where(between, ends, begins - 1 - gaps[0]) - last[left],
            np.full(count, edge),
            np.where(between, begins, ends + 1 + gaps[1]) - first[right],
        ],
        axis=1,
    )
    lefts += rng.integers(-layout.shift, layout.shift + 1, (count, 1))
    chosen = np.stack([left, np.where(blank, -1, centre), right], axis=1)
    images = _composed(digits.images, chosen, lefts, FIELD, layout, rng)
    return Patterns(images, np.where(blank, np.uint8(BLANK), digits.labels[centre]))


def strings(digits: Patterns, count: int, length: int, seed: int, layout: Layout | None = None) -> Strings:
    """`count` strings of `length` characters, in the middle of a field that fits any of them; a function of the seed.

    Raises DataError as `training_images` does, and for a length below 1.

    >>> bars = Patterns(np.zeros((2, 28, 28), np.uint8), np.array([1, 7], np.uint8))
    >>> bars.images[:, 4:24, 12:16] = 255
    >>> one = strings(bars, 1, length=2, seed=1, layout=Layout(2, 2, noise=0))
    >>> one.images.shape, "".join("#" if pixel else "." for pixel in one.images[0, 16]).strip(".")
    ((1, 32, 72), '####..####')
    """
    layout = layout or Layout()
    _check(count, digits)
    if length < 1:
        raise DataError(f"strings of {length} characters were asked for: ask for at least 1")
    rng = np.random.default_rng(seed)
    first, last = _boxes(digits.images)
    chosen = rng.integers(0, len(digits), (count, length))
    gaps = rng.integers(layout.least_gap, layout.most_gap + 1, (count, length))
    gaps[:, 0] = 0
    widths = last[chosen] + 1 - first[chosen]
    begins = np.cumsum(gaps, axis=1) + np.cumsum(widths, axis=1) - widths
    widest = max(BOX, int((last + 1 - first).max()))
    width = field_width(length * widest + (length - 1) * layout.most_gap)
    begins += (width - begins[:, -1:] - widths[:, -1:]) // 2
    images = _composed(digits.images, chosen, begins - first[chosen], width, layout, rng)
    return Strings(images, digits.labels[chosen], np.stack([begins, begins + widths], axis=2))


def field_width(ink: int) -> int:
    """The width of the narrowest field, 32 + 4 (n - 1), that holds so many columns of ink and a margin on both sides.

    >>> field_width(20), field_width(116)
    (52, 148)
    """
    return FIELD + STEP * max(0, -(-(ink + 2 * MARGIN - FIELD) // STEP))


def _composed(
    digits: np.ndarray, chosen: np.ndarray, lefts: np.ndarray, width: int, layout: Layout, rng: np.random.Generator
) -> np.ndarray:
    """Images (I, 32, width) of the digits `chosen` (I, K), none where -1, whose fields begin at columns `lefts`."""
    height, side = digits.shape[1:]
    tops = (FIELD - height) // 2 + rng.integers(-layout.jitter, layout.jitter + 1, chosen.shape)
    columns = _AROUND + np.clip(lefts, -side, width)
    images = np.zeros((len(chosen), FIELD, width), np.uint8)
    canvas = np.empty((FIELD, width + 2 * _AROUND), np.uint16)
    for image, numbers, rows, begins in zip(images, chosen.tolist(), tops.tolist(), columns.tolist(), strict=True):
        canvas[:] = 0
        for number, row, column in zip(numbers, rows, begins, strict=True):
            if number >= 0:
                place = canvas[row : row + height, column : column + side]
                _OVERLAPS[layout.overlap](place, digits[number], out=place)
        np.minimum(canvas[:, _AROUND:-_AROUND], 255, out=image, casting="unsafe")
    return inverted(images, layout.noise, rng) if layout.noise else images


def _boxes(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last column with ink of each image, integer (P,)."""
    inked = np.any(images, axis=1)
    if not np.any(inked, axis=1).all():
        raise DataError(f"pattern {inked.any(axis=1).argmin()} has no ink: leave it out")
    return inked.argmax(axis=1), inked.shape[1] - 1 - inked[:, ::-1].argmax(axis=1)


def _check(count: int, digits: Patterns) -> None:
    if count < 1:
        raise DataError(f"{count} images were asked for: ask for at least 1")
    if digits.images.ndim != 3 or max(digits.images.shape[1:]) > 28 or not len(digits):
        raise DataError(f"the digits have shape {digits.images.shape}: give grey images of 28 x 28 pixels or fewer")
