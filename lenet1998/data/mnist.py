"""Load the MNIST data base, the data of section III-A, from where it lies on this computer.

The first complete copy is taken (``places``) and every byte of it verified (``files``). A damaged file is an
error and never passed over in silence, even if a later place holds a good copy, and so is a place that the user
names and that holds none: nobody wants to find out afterwards which data an experiment used.
"""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lenet1998.data.files import FILES, KnownFile, check
from lenet1998.data.idx import read_bounded
from lenet1998.data.npz import read_npz
from lenet1998.data.places import PathName, contents, named_place, places, where
from lenet1998.errors import DataError
from lenet1998.patterns import DataSet, Patterns

__all__ = ["FILES", "Verified", "describe", "find", "load_mnist", "places", "read_file", "verify", "where"]


class Verified(NamedTuple):
    """One file of the data base as ``verify`` found it; ``sha256`` is "" if it could not be decompressed.

    >>> Verified("t10k-labels-idx1-ubyte.gz", 0, "", False).ok
    False
    """

    path: str
    bytes: int
    sha256: str
    ok: bool


def read_file(path: Path, known: KnownFile) -> np.ndarray:
    """Return the array of the MNIST file ``known``, uint8 of ``known.shape``, from an IDX or npz file.

    Raises ``DataError`` if it cannot be read, is damaged, or is not exactly that file.

    >>> read_file(Path("nowhere"), FILES["t10k-labels-idx1-ubyte"])
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: nowhere cannot be read (No such file or directory): make it a readable file
    """
    return check(_read(path, known), known, _name(path, known))


def find(data_dir: PathName | None = None) -> tuple[tuple[str, Path] | None, list[tuple[str, Path, str]]]:
    """Return the first complete copy as (label, path), or None, and the rows of ``where`` looked at.

    The copy is not verified yet. Raises ``DataError`` as ``where`` does.

    >>> copy, looked = find("nowhere")
    >>> looked[0][2]
    'missing'
    """
    rows = where(data_dir)
    copy = next(((label, path) for label, path, state in rows if state == "complete"), None)
    return copy, rows


def describe(rows: list[tuple[str, Path, str]]) -> str:
    """Return the places that were looked at in one line, for messages.

    >>> describe([("--data-dir", Path("here"), "missing"), ("Keras", Path("there"), "incomplete: 3 of 4 files")])
    'looked in here, there (incomplete: 3 of 4 files)'
    """
    return "looked in " + ", ".join(
        f"{path} ({state})" if state.startswith("incomplete") else str(path) for _, path, state in rows
    )


def load_mnist(data_dir: PathName | None = None) -> DataSet:
    """Return MNIST from the place that is named, or else the first that holds it: 60,000 and 10,000 patterns.

    Nothing is downloaded. Raises ``DataError`` if no place holds all four files (the message names them),
    or if a file of the first complete copy is damaged.

    >>> load_mnist().train.images.shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    copy, rows = find(data_dir)
    if copy is None:
        raise _absence(data_dir, rows)
    label, place = copy
    paths = contents(place)
    train_images, train_labels, test_images, test_labels = (read_file(paths[name], FILES[name]) for name in FILES)
    return DataSet(
        name="mnist",
        train=Patterns(train_images, train_labels),
        test=Patterns(test_images, test_labels),
        source=f"MNIST in {place} ({label})",
        digests={name: known.sha256 for name, known in FILES.items()},
    )


def verify(data_dir: PathName | None = None) -> list[Verified]:
    """Return what the copy that ``load_mnist`` takes is like: one row for each of the four files, in order.

    If there is no complete copy, the first place that holds any of the files is looked at instead. A file that is
    missing or does not decompress has 0 bytes and no digest. Raises ``DataError`` if there is nothing to verify.

    >>> [row.ok for row in verify()]  # doctest: +SKIP
    [True, True, True, True]
    """
    copy, rows = find(data_dir)
    copy = copy or next(((label, path) for label, path, state in rows if state != "missing"), None)
    if copy is None:
        raise _absence(data_dir, rows)
    place = copy[1]
    paths = contents(place)
    return [_verify(paths.get(name, place / name), known) for name, known in FILES.items()]


def _absence(data_dir: PathName | None, rows: list[tuple[str, Path, str]]) -> DataError:
    """The error where no place holds the four files: what is instead where the user named one, or all the places."""
    named = named_place(data_dir)
    if named is None:
        return DataError(
            f"MNIST was not found ({describe(rows)}): run `lenet1998 data fetch`, or name its directory by --data-dir"
        )
    label, path = named
    if os.path.isfile(path):
        state = "is a file, not a directory that holds MNIST"
    elif os.path.exists(path):
        state = f"does not hold MNIST ({describe(rows)})"
    else:
        state = "is not there"
    return DataError(
        f"{path} ({label}) {state}: name MNIST's directory, or fill one with `lenet1998 data fetch --data-dir DIR`"
    )


def _verify(path: Path, known: KnownFile) -> Verified:
    try:
        data = _read(path, known)
    except DataError:
        return Verified(_name(path, known), 0, "", False)
    digest = hashlib.sha256(data).hexdigest()
    return Verified(_name(path, known), len(data), digest, digest == known.sha256)


def _read(path: Path, known: KnownFile) -> bytes:
    return read_npz(path, known) if path.suffix == ".npz" else read_bounded(path, known.size)


def _name(path: Path, known: KnownFile) -> str:
    return f"{path} ({known.key})" if path.suffix == ".npz" else str(path)
