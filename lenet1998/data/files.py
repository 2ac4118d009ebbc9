"""The four files of the MNIST data base (section III-A), and how to tell that one is the real thing.

The SHA-256 of a file's decompressed bytes decides, whatever its name and wherever it came from. What is
wrong is looked for from the outside inwards, so that a truncated file is called truncated and not foreign.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from lenet1998.data.idx import REMEDY, parse_idx
from lenet1998.errors import DataError
from lenet1998.patterns import CLASSES, SIDE


@dataclass(frozen=True)
class KnownFile:
    """One MNIST file: its name, how many patterns it holds, its digest, and its keys elsewhere.

    ``sha256`` is of the decompressed bytes. ``gzipped`` is the size of the usual download, in bytes; other
    compressors give others. ``key`` is the name of the array in Keras's ``mnist.npz``.

    >>> FILES["t10k-images-idx3-ubyte"].shape, FILES["t10k-images-idx3-ubyte"].size
    ((10000, 28, 28), 7840016)
    """

    name: str
    count: int
    sha256: str
    gzipped: int
    key: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array: (count, 28, 28) for images, (count,) for labels."""
        return (self.count, SIDE, SIDE) if "images" in self.name else (self.count,)

    @property
    def size(self) -> int:
        """Number of decompressed bytes: the header, then one byte a value."""
        return 4 + 4 * len(self.shape) + int(np.prod(self.shape))


FILES: dict[str, KnownFile] = {
    known.name: known
    for known in (
        KnownFile(
            "train-images-idx3-ubyte",
            60000,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            9912422,
            "x_train",
        ),
        KnownFile(
            "train-labels-idx1-ubyte",
            60000,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            28881,
            "y_train",
        ),
        KnownFile(
            "t10k-images-idx3-ubyte",
            10000,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            1648877,
            "x_test",
        ),
        KnownFile(
            "t10k-labels-idx1-ubyte",
            10000,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            4542,
            "y_test",
        ),
    )
}


def check(data: bytes, known: KnownFile, what: str) -> np.ndarray:
    """Return the array in the decompressed IDX bytes ``data`` if they are the file ``known``.

    The array is uint8, read-only, of shape ``known.shape``. ``what`` names the data in messages. Raises
    ``DataError`` for a wrong structure, a wrong shape, a label above 9 and a wrong digest, in this order.

    >>> check(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 0]), FILES["t10k-labels-idx1-ubyte"], "mine")
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: mine holds an array of (2,), not (10000,): replace it, or run `lenet1998 data fetch`
    """
    array = parse_idx(data, what)
    if array.shape != known.shape:
        raise DataError(f"{what} holds an array of {array.shape}, not {known.shape}: {REMEDY}")
    if array.ndim == 1 and len(array) and array.max() >= CLASSES:
        raise DataError(f"{what} holds a label of {array.max()}, not only digits from 0 to 9: {REMEDY}")
    digest = hashlib.sha256(data).hexdigest()
    if digest != known.sha256:
        raise DataError(f"{what} is not MNIST's {known.name}: SHA-256 {digest}, expected {known.sha256}; {REMEDY}")
    return array
