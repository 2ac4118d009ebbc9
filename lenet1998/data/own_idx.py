"""A user's data in IDX files, as MNIST's (section III-A) are, and Fashion-MNIST's, KMNIST's and EMNIST's."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lenet1998.data.given import Given
from lenet1998.data.idx import read_idx
from lenet1998.data.known import CLASSES, emnist_of, published
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns

# EMNIST's largest file takes half of it.
LARGEST = 2**30
REMEDY = "correct it, or get the file again"
NAMES = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte"
"""What files are called; others have "test" for "t10k", something before that, a dot for a hyphen, or end in .gz."""
_NAME = re.compile(r"(.*?)(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?", re.DOTALL)

Files = dict[tuple[str, str], Path]


class _Named(NamedTuple):
    prefix: str
    half: str
    what: str


def _named(name: str) -> _Named | None:
    match = _NAME.fullmatch(name)
    return _Named(match[1], "train" if match[2] == "train" else "test", match[3]) if match else None


def set_of(name: str) -> str | None:
    """Return what the name of an IDX file has before its set's own part, or None where it is no such name.

    >>> set_of("emnist-letters-test-labels-idx1-ubyte.gz"), set_of("t10k-labels.idx1-ubyte"), set_of("train.csv")
    ('emnist-letters-', '', None)
    """
    named = _named(name)
    return named and named.prefix


def sets_in(paths: Iterable[Path]) -> dict[str, Files]:
    """Return the sets that files make by their names: what is before it -> (train or test, images or labels) -> path.

    Of a file that is there twice the gzipped one is taken, which can be known by its digest.

    >>> {name: len(files) for name, files in sets_in([Path("train-images-idx3-ubyte"), Path("readme.txt")]).items()}
    {'': 1}
    """
    found: dict[str, Files] = {}
    for path in sorted(paths):  # the gzipped file comes after the other
        if named := _named(path.name):
            found.setdefault(named.prefix, {})[named.half, named.what] = path
    return found


def read_idx_set(files: Files, where: Path) -> Given:
    """Return the patterns of one of ``sets_in``; EMNIST's images, which are published transposed, are turned upright.

    Raises ``DataError`` if a file is missing, damaged, or not of images, or of labels of bytes, or if there are not as
    many labels as images.

    >>> read_idx_set({}, Path("here"))
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: here has no training images in an IDX file: files are called train-images-idx3-ubyte, \
train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte
    """
    for half, what in (("train", "images"), ("train", "labels")):
        _check_there(files, half, what, where)
    tested = any(half == "test" for half, _ in files)
    for what in ("images", "labels") if tested else ():
        _check_there(files, "test", what, where)
    emnist = emnist_of(files["train", "images"].name)
    train, test = (_half(files, half, bool(emnist)) if half else None for half in ("train", "test" if tested else ""))
    assert train is not None
    name = emnist or published(files.values())
    by = ("name" if emnist else "digest") if name else ""
    remarks = ("images turned upright, which EMNIST has transposed",) if emnist else ()
    return Given(train, test, CLASSES.get(name, {}), name, by, remarks, files=tuple(files.values()))


def _check_there(files: Files, half: str, what: str, where: Path) -> None:
    if (half, what) not in files:
        kind = {"train": "training", "test": "test"}[half]
        raise DataError(f"{where} has no {kind} {what} in an IDX file: files are called {NAMES}")


def _half(files: Files, half: str, transposed: bool) -> Patterns:
    images, labels = (read_idx(files[half, what], LARGEST, REMEDY) for what in ("images", "labels"))
    for array, dimensions, what in ((images, 3, "images"), (labels, 1, "labels")):
        if array.ndim != dimensions:
            path = files[half, what]
            raise DataError(f"{path} holds an array of {array.shape}, not {what} in {dimensions} dimensions: {REMEDY}")
    if len(images) != len(labels):
        raise DataError(
            f"{files[half, 'images']} has {len(images)} images and {files[half, 'labels'].name} {len(labels)} labels: "
            "give the two files of one set"
        )
    return Patterns(np.ascontiguousarray(images.transpose(0, 2, 1)) if transposed else images, labels)
