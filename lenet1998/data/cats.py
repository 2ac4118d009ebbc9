"""Cats and other pictures: 209 training and 50 test photographs of 64x64 pixels, from two HDF5 files.

They are known from an online course (A. Ng, "Neural networks and deep learning", 2017) and not from the paper;
nobody publishes them under a lasting address, so the user brings the files, which must be the course's. HDF5 is read by
h5py, which only this needs.
"""

import hashlib
import io
import os
from pathlib import Path
from types import ModuleType

import numpy as np

from lenet1998.data.places import PathName
from lenet1998.errors import DataError, reading
from lenet1998.patterns import DataSet, Patterns

# The files as the course has them, and their SHA-256.
FILES = {
    "train_catvnoncat.h5": "fbe56ab67c3ae28d564e3a644189117976d6b31af0a3ce9bb17dbf22908af242",
    "test_catvnoncat.h5": "6a9d39ce52fa85953c5834695b8534a30ed8cfd54971fb2f080b5a24d002b951",
}
MOST_BYTES = 3_000_000  # more than either has


def load_cats(data_dir: PathName) -> DataSet:
    """Return the cats of a directory's two files: images uint8 (P, 3, 64, 64), labels 1 for a cat and else 0.

    Raises ``DataError`` if h5py or a file is missing, and for a file that is not the course's.

    >>> load_cats("cats").train.images.shape  # doctest: +SKIP
    (209, 3, 64, 64)
    """
    h5py = _import_h5py()
    directory = Path(os.path.expanduser(data_dir))
    train, test = (_read(h5py, directory / name, digest) for name, digest in FILES.items())
    return DataSet("cats", train, test, f"cats in {directory}", dict(FILES))


def _import_h5py() -> ModuleType:
    try:
        import h5py
    except ImportError as error:
        raise DataError(
            f"the cats are in HDF5 files, which need h5py ({error}): pip install 'lenet1998[hdf5]'"
        ) from None
    return h5py


def _read(h5py: ModuleType, path: Path, digest: str) -> Patterns:
    """The patterns that one file holds under ``STEM_set_x`` and ``STEM_set_y``."""
    with reading(path, f"name the directory that holds {' and '.join(FILES)}"), open(path, "rb") as file:
        body = file.read(MOST_BYTES)
    if hashlib.sha256(body).hexdigest() != digest:
        raise DataError(f"{path} is not the course's file, or damaged: replace it")
    stem = path.name.partition("_")[0]
    with h5py.File(io.BytesIO(body), "r") as held:
        pixels, classes = held[f"{stem}_set_x"][()], held[f"{stem}_set_y"][()]
    return Patterns(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), classes.astype(np.uint8))
