"""Cats and other pictures: 209 training and 50 test photographs of 64x64 pixels, from two HDF5 files.

They are known from an online course (A. Ng, "Neural networks and deep learning", 2017) and not from the paper;
nobody publishes them under a lasting address, so the user brings the files. HDF5 is read by h5py, which only this
needs, and from memory: HDF5 locks the files that it opens itself, and refuses those that another process has locked.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from lenet1998.data.places import PathName
from lenet1998.errors import DataError, decoding, reading
from lenet1998.patterns import DataSet, Patterns

# The files as the course has them.
FILES = {
    "train_catvnoncat.h5": "fbe56ab67c3ae28d564e3a644189117976d6b31af0a3ce9bb17dbf22908af242",
    "test_catvnoncat.h5": "6a9d39ce52fa85953c5834695b8534a30ed8cfd54971fb2f080b5a24d002b951",
}
SHAPE = (64, 64, 3)
# A header can announce any number of images without holding one; this many take 250 MB.
MOST = 20_000
MOST_BYTES = 300_000_000
REMEDY = "replace it by the course's file"


def load_cats(data_dir: PathName) -> DataSet:
    """Return the cats of a directory's two files: images uint8 (P, 3, 64, 64), labels 1 for a cat and else 0.

    ``digests`` are the SHA-256 of the files; if they are not the known ones, ``source`` says so. Raises ``DataError``
    if h5py or a file is missing, if a file is no HDF5 or damaged, and if a key is missing or holds another shape,
    type or label than it should.

    >>> load_cats("cats").train.images.shape  # doctest: +SKIP
    (209, 3, 64, 64)
    """
    h5py = _import_h5py()
    directory = Path(os.path.expanduser(data_dir))
    paths = {name: directory / name for name in FILES}
    bodies = {name: _body(path) for name, path in paths.items()}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
    train, test = (_read(h5py, bodies[name], path, name.partition("_")[0]) for name, path in paths.items())
    state = "" if digests == FILES else f" (not the course's files: {len(train)} training and {len(test)} test images)"
    return DataSet("cats", train, test, f"cats in {directory}{state}", digests)


def _import_h5py() -> ModuleType:
    try:
        import h5py
    except ImportError as error:
        raise DataError(
            f"the cats are in HDF5 files, which need h5py ({error}): pip install 'lenet1998[hdf5]'"
        ) from None
    return h5py


def _body(path: Path) -> bytes:
    with reading(path, f"name the directory that holds {' and '.join(FILES)}"), open(path, "rb") as file:
        body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise DataError(f"{path} is too long: it has more than {MOST_BYTES} bytes; {REMEDY}")
    return body


def _read(h5py: ModuleType, body: bytes, path: Path, stem: str) -> Patterns:
    """The patterns that one file holds under ``STEM_set_x`` and ``STEM_set_y``."""
    state = "is no HDF5 file, truncated, damaged or being written"
    with decoding(path, REMEDY, state), h5py.File(io.BytesIO(body), "r") as file:
        images = _dataset(h5py, file, f"{stem}_set_x", path)
        labels = _dataset(h5py, file, f"{stem}_set_y", path)
        photographs = images.dtype == np.uint8 and images.ndim == 4 and images.shape[1:] == SHAPE
        _expect(images, photographs, "uint8 (P, 64, 64, 3)", path)
        _expect(labels, labels.dtype.kind in "iu" and labels.ndim == 1, "whole numbers (P,)", path)
        if len(images) != len(labels):
            raise DataError(f"{path} has {len(images)} images but {len(labels)} labels: {REMEDY}")
        if not 1 <= len(images) <= MOST:
            raise DataError(f"{path} announces {len(images)} images, not 1 to {MOST}: {REMEDY}")
        pixels, classes = images[()], labels[()]
    wrong = np.flatnonzero((classes != 0) & (classes != 1))
    if len(wrong):
        raise DataError(
            f"{path}: {stem}_set_y holds a label of {classes[wrong[0]]} (image {wrong[0]}), not only 0 and 1: {REMEDY}"
        )
    return Patterns(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), classes.astype(np.uint8))


def _dataset(h5py: ModuleType, file: Any, key: str, path: Path) -> Any:
    link = file.get(key, getlink=True)
    if link is None:
        raise DataError(f"{path} has no {key!r}, only {', '.join(sorted(file)) or 'nothing'}: {REMEDY}")
    held = file[key] if isinstance(link, h5py.HardLink) else None
    # An HDF5 file can have its values in any other file of this computer.
    if not isinstance(held, h5py.Dataset) or held.external or held.is_virtual:
        raise DataError(f"{path}: {key} is no array within this file: {REMEDY}")
    return held


def _expect(held: Any, right: bool, wanted: str, path: Path) -> None:
    if not right:
        found = f"{held.dtype} {held.shape}"
        raise DataError(f"{path}: {held.name.strip('/')} is {found}, not {wanted}: {REMEDY}")
