"""QMNIST's 60,000 test patterns (Yadav and Bottou, 2019): MNIST's test set reconstructed, and 50,000 that were lost.

MNIST's test set has judged networks for decades, and many a choice was made on it, by whoever made it. QMNIST's authors
went back to the NIST characters that section III-A describes: of the 60,000 that were meant for tests, the first 10,000
in their file are those of MNIST, and nobody has ever chosen anything on the 50,000 after them.
"""

import hashlib
import os
from pathlib import Path

import numpy as np

from lenet1998.data.idx import INTEGER, parse_idx, read_bounded
from lenet1998.data.places import PathName, cache_directory, named_place
from lenet1998.errors import DataError
from lenet1998.patterns import CLASSES, SIDE, DataSet, Patterns

NAME = "qmnist"
IMAGES, LABELS = "qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"
COUNT, KNOWN = 60_000, 10_000
"""How many patterns there are, and how many of them, the first, are MNIST's test set; none chose on the others."""
COLUMNS = 8
"""Of the labels: the class, then the series, the writer and so on, which the class alone is taken from."""
# Room for the images as they are, and more.
LARGEST = 2**26
REMEDY = "get QMNIST's two test files again, from github.com/facebookresearch/qmnist"


def load_qmnist(data_dir: PathName | None = None) -> DataSet:
    """Return QMNIST's test patterns as a data set with none to learn; its classes are the digits.

    They are looked for in ``data_dir``, or ``LENET1998_DATA``, or else the user's cache, there and where torchvision
    leaves them within (QMNIST/raw), gzipped or not. Their digests are on record but not known here, so nothing
    says that they are the published files, and the ``notice`` says so. Raises ``DataError`` if one is missing or
    damaged, or holds something else.

    >>> load_qmnist("nowhere")
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: qmnist-test-images-idx3-ubyte(.gz) is not in nowhere (--data-dir): put QMNIST's two \
test files there, qmnist-test-images-idx3-ubyte.gz and qmnist-test-labels-idx2-int.gz, or name their directory by \
--data-dir
    """
    named = named_place(data_dir)
    label, place = named or ("the user's cache", cache_directory() or Path("."))
    paths = [_found(name, place, label) for name in (IMAGES, LABELS)]
    bodies = [read_bounded(path, LARGEST, REMEDY) for path in paths]
    images = parse_idx(bodies[0], str(paths[0]), REMEDY)
    if images.shape != (COUNT, SIDE, SIDE):
        raise DataError(f"{paths[0]} holds an array of {images.shape}, not {(COUNT, SIDE, SIDE)}: {REMEDY}")
    labels = parse_idx(bodies[1], str(paths[1]), REMEDY, INTEGER)
    if labels.shape != (COUNT, COLUMNS):
        raise DataError(f"{paths[1]} holds an array of {labels.shape}, not {(COUNT, COLUMNS)}: {REMEDY}")
    classes = labels[:, 0]
    if classes.min() < 0 or classes.max() >= CLASSES:
        wrong = classes.min() if classes.min() < 0 else classes.max()
        raise DataError(f"{paths[1]} holds a class of {wrong}, not only digits from 0 to 9: {REMEDY}")
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in zip((IMAGES, LABELS), bodies, strict=True)}
    notice = (
        f"QMNIST in {place}: taken for what its files are called, for their digests are not known here (SHA-256 of "
        f"images {digests[IMAGES][:12]}, of labels {digests[LABELS][:12]})."
    )
    none = Patterns(np.zeros((0, SIDE, SIDE), np.uint8), np.zeros(0, np.uint8))
    return DataSet(NAME, none, Patterns(images, classes.astype(np.uint8)), f"QMNIST in {place}", digests, notice)


def _found(name: str, place: Path, label: str) -> Path:
    for folder in (place, place / "QMNIST" / "raw"):
        for path in (folder / f"{name}.gz", folder / name):
            if os.path.isfile(path):
                return path
    raise DataError(
        f"{name}(.gz) is not in {place} ({label}): put QMNIST's two test files there, {IMAGES}.gz and {LABELS}.gz, or "
        "name their directory by --data-dir"
    )
