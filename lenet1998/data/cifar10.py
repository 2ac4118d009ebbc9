"""CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009): 32x32 colour images.

It is not a data set of the paper, and serves the experiments that come after it. It is published as an archive of
pickled batches; they are read from it in place, so that no path in an archive ever becomes one on the disk, and by
``batch_pickle``, so that no code in them is ever run. Cut-down copies in the same format are read too, and never
pass for the original.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lenet1998.data.batch_pickle import read_batch
from lenet1998.data.places import PathName
from lenet1998.errors import DataError, decoding, reading
from lenet1998.files import user_cache
from lenet1998.patterns import DataSet, Patterns
from lenet1998.photos.signatures import GZIP, head_of

MIRRORS = ("https://www.cs.toronto.edu/~kriz/",)
ARCHIVE = "cifar-10-python.tar.gz"
UNPACKED = "cifar-10-python.tar"
"""The archive as some browsers save it."""
SIZE = 170_498_071
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
FOLDER = "cifar-10-batches-py"
# The MD5 digests by which the original's batches are commonly known, whether they lie in the archive or not.
BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
CLASSES = 10
# The original's batches have 31 MB and its archive 9 members. Nothing above these bounds is ever read or unfolded.
MOST_BYTES = 64_000_000
MOST_IN_ARCHIVE = 7 * MOST_BYTES
MOST_MEMBERS = 100
REMEDY = "get it again, or run `lenet1998 data fetch cifar10`"


def load_cifar10(data_dir: PathName | None = None) -> DataSet:
    """Return CIFAR-10: 50,000 training and 10,000 test images, uint8 (P, 3, 32, 32), red, green and blue.

    ``data_dir`` is the archive or an unpacked folder of batches, or a directory that holds one of them under its
    published name; without it, the user's cache is looked at, which ``download.fetch_cifar10`` fills. The training
    batches are joined in their order. Batches other than the original's are read if they have its format; then
    ``source`` says so and ``notice`` too. Nothing is downloaded. Raises ``DataError`` if nothing is found, for an
    archive or a batch that is damaged, too large or in another format, and for labels above 9.

    >>> load_cifar10("cifar10").train.images.shape  # doctest: +SKIP
    (50000, 3, 32, 32)
    """
    path = _find(place(data_dir))
    bodies = _from_folder(path) if path.is_dir() else _from_archive(path)
    for wanted in ("test_batch", "data_batch_1"):
        if wanted not in bodies:
            raise DataError(f"{path} holds no {FOLDER}/{wanted}: {REMEDY}")
    names = [name for name in BATCHES if name in bodies]
    batches = {name: _patterns(bodies[name], f"{path}: {name}") for name in names}
    test = batches.pop("test_batch")
    train = Patterns(
        np.concatenate([batch.images for batch in batches.values()]),
        np.concatenate([batch.labels for batch in batches.values()]),
    )
    original = all(_md5(bodies.get(name, b"")) == digest for name, digest in BATCHES.items())
    state = "" if original else f"not the original, {len(train):,} training and {len(test):,} test images"
    return DataSet(
        name="cifar10",
        train=train,
        test=test,
        source=f"CIFAR-10 in {path}{state and f' ({state})'}",
        digests={name: hashlib.sha256(bodies[name]).hexdigest() for name in names},
        notice=state
        and f"The CIFAR-10 in {path} is {state}: accuracies on it compare only roughly with published ones.",
    )


def place(data_dir: PathName | None = None) -> Path:
    """Return where CIFAR-10 is looked for and downloaded to: ``data_dir``, or a directory in the user's cache.

    Raises ``DataError`` if none is named and there is no home directory either.

    >>> place("here").name
    'here'
    """
    if data_dir:
        return Path(os.path.expanduser(data_dir))
    cache = user_cache()
    if cache is None:
        raise DataError("there is no home directory to keep CIFAR-10 in: name a directory by --data-dir")
    return cache / "cifar10"


def _find(path: Path) -> Path:
    """The archive or the folder of batches at a path, or directly below it."""
    if os.path.isfile(path):
        return path
    for folder in (path, path / FOLDER):
        if any(os.path.isfile(folder / name) for name in BATCHES):
            return folder
    for archive in (path / ARCHIVE, path / UNPACKED):
        if os.path.isfile(archive):
            return archive
    raise DataError(
        f"CIFAR-10 was not found (looked in {path}): run `lenet1998 data fetch cifar10`, "
        f"or name {ARCHIVE} or its directory by --data-dir"
    )


def _from_folder(folder: Path) -> dict[str, bytes]:
    bodies = {}
    for name in BATCHES:
        path = folder / name
        if os.path.isfile(path):
            with reading(path), open(path, "rb") as file:
                bodies[name] = _read(file, str(path))
    return bodies


def _from_archive(path: Path) -> dict[str, bytes]:
    """The batches in an archive, as name -> bytes; all other members are passed over."""
    bodies = {}
    with reading(path):
        opened = gzip.open if head_of(path).startswith(GZIP) else open
    with (
        decoding(path, REMEDY, "is no tar archive, truncated or damaged"),
        opened(path, "rb") as file,  # type: ignore[operator]
        tarfile.open(fileobj=(unfolded := _Bounded(file, path)), mode="r|") as archive,  # type: ignore[call-overload]
    ):
        for count, member in enumerate(archive):
            if count == MOST_MEMBERS:
                raise DataError(f"{path} has more than {MOST_MEMBERS} members: {REMEDY}")
            folder, _, name = member.name.removeprefix("./").rpartition("/")
            # Links and devices have the type of neither kind of plain file.
            if folder == FOLDER and name in BATCHES and member.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
                bodies[name] = _read(archive.extractfile(member), f"{path}: {name}")
        while unfolded.read(tarfile.RECORDSIZE):
            pass  # Only at the end of the gzip data stands the checksum of all before.
    return bodies


class _Bounded:
    """The unfolded bytes of an archive, up to a bound: what the tar reader takes is for the archive to say."""

    def __init__(self, file: BinaryIO | gzip.GzipFile, path: Path):
        self.file, self.path, self.taken = file, path, 0

    def read(self, size: int) -> bytes:
        piece = self.file.read(min(size, MOST_IN_ARCHIVE + 1 - self.taken))
        self.taken += len(piece)
        if self.taken > MOST_IN_ARCHIVE:
            raise DataError(f"{self.path} is too long: it unfolds to more than {MOST_IN_ARCHIVE} bytes; {REMEDY}")
        return piece


def _read(file: BinaryIO, what: str) -> bytes:
    body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise DataError(f"{what} is too long: it holds more than {MOST_BYTES} bytes; {REMEDY}")
    return body


def _patterns(body: bytes, what: str) -> Patterns:
    pixels, labels = read_batch(body, what)
    if pixels.shape[1] != PIXELS or not len(pixels):
        raise DataError(f"{what} holds an array of {pixels.shape}, not rows of {PIXELS} pixels: {REMEDY}")
    if len(labels) != len(pixels):
        raise DataError(f"{what} holds {len(pixels)} images but {len(labels)} labels: {REMEDY}")
    for i, label in enumerate(labels):
        if not 0 <= label < CLASSES:
            raise DataError(f"{what} holds a label of {label} (image {i}), not only 0 to {CLASSES - 1}: {REMEDY}")
    return Patterns(pixels.reshape(-1, *SHAPE), np.array(labels, np.uint8))


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
