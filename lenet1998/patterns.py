"""Labelled images, and the pair of sets that an experiment trains on and is tested on.

Section III-A of the paper describes the data: handwritten digits, size-normalised and centred in a 28x28
field. In this module the pixels are still bytes, as they are in the files; the change to the paper's range
of -0.1 to 1.175 and the padding to 32x32 belong to the network's input layer (section II-B). Images of other sizes,
colour images and other classes are as welcome: which of them fit is the network's to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lenet1998.errors import DataError

SIDE = 28
CLASSES = 10
"""Of the paper's digits, in MNIST and as drawn here; its readers insist on them."""
INK = 255
FAINTEST = 128
"""No image of MNIST, and none that is brought to its form, has its darkest ink below this."""


@dataclass(frozen=True, eq=False)
class Patterns:
    """P images with their labels.

    ``images`` is uint8 of shape (P, H, W), 0 for the background (the paper's white) and 255 for full ink, or (P, C,
    H, W) with C colours; ``labels`` is uint8 of shape (P,), the classes counted from 0. Anything else raises
    ``DataError``.

    >>> two = Patterns(np.zeros((2, 28, 28), np.uint8), np.array([7, 1], np.uint8))
    >>> len(two), two.first(1).labels.tolist()
    (2, [7])
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        for what, array, shape in (("images", self.images, "(P, H, W)"), ("labels", self.labels, "(P,)")):
            if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
                found = getattr(array, "dtype", type(array).__name__)
                raise DataError(f"{what} must be a uint8 array of shape {shape}, not {found}: convert them first")
        if self.images.ndim not in (3, 4):
            raise DataError(f"images have shape {self.images.shape}: bring them to (P, H, W) or (P, C, H, W) first")
        if self.labels.ndim != 1:
            raise DataError(f"labels have shape {self.labels.shape}: bring them to (P,) first")
        if len(self.images) != len(self.labels):
            raise DataError(
                f"there are {len(self.images)} images but {len(self.labels)} labels: give one label for each image"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, n: int) -> Patterns:
        """Return the first ``n`` patterns; ``DataError`` unless ``n`` is between 1 and ``len(self)``.

        >>> ten = Patterns(np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8))
        >>> ten.first(3).labels.tolist()
        [0, 1, 2]
        """
        self._check(n)
        return Patterns(self.images[:n], self.labels[:n])

    def spread(self, n: int) -> Patterns:
        """Return ``n`` patterns spaced evenly over the file; ``DataError`` as for ``first``.

        The first 5,000 test images of MNIST come from the cleaner source, SD-3, and the last 5,000 from the
        harder SD-1. The head of the file would therefore be a biased sample: an error rate measured on it
        comes out too low. Evenly spaced patterns take the same share of both.

        >>> ten = Patterns(np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8))
        >>> ten.spread(4).labels.tolist()
        [0, 2, 5, 7]
        """
        self._check(n)
        chosen = np.arange(n) * len(self) // n
        return Patterns(self.images[chosen], self.labels[chosen])

    def digest(self) -> str:
        """Return the SHA-256, in hexadecimal, of the shape and the bytes of images and labels.

        >>> one = Patterns(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
        >>> one.digest()[:12]
        '49821b58366c'
        """
        running = hashlib.sha256(repr(self.images.shape).encode())
        running.update(self.images.tobytes())
        running.update(self.labels.tobytes())
        return running.hexdigest()

    def _check(self, n: int) -> None:
        if n < 1:
            raise DataError(f"{n} patterns were asked for: ask for at least 1")
        if n > len(self):
            raise DataError(f"{n} patterns were asked for but there are {len(self)}: ask for at most {len(self)}")


def check_range(pixels: np.ndarray, what: str) -> None:
    """Raise ``DataError``, with the range, unless numbers run from 0 for the background to 255 for ink.

    What rounds to these passes, and so do images without any ink. Scales from 0 to 1, 16 or 100 look the same in a
    plot, but to a network that takes 255 for ink such images are blank. ``what`` names the numbers in messages.

    >>> check_range(np.array([[0.0, 1.0]]), "X")
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: X runs from 0 to 1, not from 0 for the background to 255 for ink: multiply it by 255
    """
    low, high = float(pixels.min()), float(pixels.max())
    blank = round(high * INK) == 0
    if round(low) < 0 or round(high) > INK or not (blank or high >= FAINTEST):
        remedy = f"multiply it by {INK}" if low >= 0.0 and high < 1.001 else "scale it to that"
        raise DataError(
            f"{what} runs from {low:.8g} to {high:.8g}, not from 0 for the background to {INK} for ink: {remedy}"
        )


@dataclass(frozen=True, eq=False)
class DataSet:
    """A training set and a test set, with where they came from.

    ``name`` is such as "mnist" or "synthetic" and ``source`` a place for people to read. ``digests`` maps each MNIST
    file name to the SHA-256 of its decompressed bytes or, for other data, "train" and "test" to
    ``Patterns.digest()``. ``notice`` is a line that the user must see, or "". ``classes`` are the names of the classes
    where they are not to be taken for granted: those of a user's own data, which are found again at ``path``;
    ``treated`` is what was done to their images, for the record: "inverted", of which halves, and "resized".

    >>> one = Patterns(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    >>> DataSet("synthetic", one, one, "drawn here").notice
    ''
    """

    name: str
    train: Patterns
    test: Patterns
    source: str
    digests: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    classes: tuple[str, ...] = ()
    path: str = ""
    treated: Mapping[str, object] = field(default_factory=dict)

    def counted_in(self, classes: Sequence[str]) -> DataSet:
        """The same patterns, labelled by the places of their classes in ``classes``, the names of a network's own.

        Data without names are of digits. Raises ``DataError`` where a pattern's class is not among ``classes``.

        >>> three = Patterns(np.zeros((3, 28, 28), np.uint8), np.array([1, 0, 1], np.uint8))
        >>> letters = DataSet("letters", three, three, "drawn here", classes=("A", "C"))
        >>> letters.counted_in("ABC").test.labels.tolist()
        [2, 0, 2]
        """
        own = self.classes or tuple("0123456789")
        if own == tuple(classes):
            return self
        places = {name: place for place, name in enumerate(classes)}
        halves = []
        for half in (self.train, self.test):
            present = np.unique(half.labels).tolist()
            strange = [own[label] if label < len(own) else str(label) for label in present]
            strange = [name for name in strange if name not in places]
            if strange:
                raise DataError(
                    f"{self.name} has the class {strange[0]!r}, which is none of the network's {len(classes)} "
                    f"({listed(classes)}): choose data of these classes"
                )
            table = np.zeros(256, np.uint8)
            table[present] = [places[own[label]] for label in present]
            halves.append(Patterns(half.images, table[half.labels]))
        return replace(self, train=halves[0], test=halves[1], classes=tuple(classes))

    def held_out(self, size: int, train_size: int | None = None) -> DataSet:
        """Split a validation set off the training set: its last ``size`` patterns stand in for the test set.

        Choices between recipes are made on it, so that none is made on the test set. The patterns before them
        (the first ``train_size``, if given) remain for training. ``DataError`` if too few would remain.

        >>> ten = Patterns(np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8))
        >>> split = DataSet("mnist", ten, ten, "drawn here").held_out(3)
        >>> split.name, split.train.labels.tolist(), split.test.labels.tolist()
        ('mnist validation', [0, 1, 2, 3, 4, 5, 6], [7, 8, 9])
        """
        kept = self.train.first(len(self.train) - size)
        last = Patterns(self.train.images[len(kept) :], self.train.labels[len(kept) :])
        train = kept if train_size is None else kept.first(train_size)
        return replace(self, name=f"{self.name} validation", train=train, test=last)


def one_of(names: Sequence[str]) -> str:
    """What a pattern of these classes shows, with its article, for people who are to draw one.

    >>> one_of("0123456789"), one_of("AB1"), one_of(["coat", "bag", "shoe"])
    ('a digit', 'a character', 'one of coat, bag, shoe')
    """
    if all(len(name) == 1 for name in names):
        return "a digit" if set(names) <= set("0123456789") else "a character"
    return f"one of {listed(names)}"


def listed(names: Sequence[str]) -> str:
    """The names in a few words, the first and the last of many.

    >>> listed("ABC"), listed("ABCDEFGHIJKLM")
    ('A, B, C', 'A, B, C ... M')
    """
    return ", ".join(names) if len(names) <= 10 else f"{', '.join(names[:3])} ... {names[-1]}"
