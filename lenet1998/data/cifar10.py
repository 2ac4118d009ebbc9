"""CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009): 32x32 colour images.

It is not a data set of the paper, and serves the experiments that come after it. It is published as an archive of
pickled batches. What is read must have the digests of the published archive or batches, or of the cut-down ones that
our records were made with. No pickle is run: the numbers are picked out of it.
"""

import hashlib
import io
import os
import pickletools
import tarfile
from pathlib import Path
from typing import Literal

import numpy as np

from lenet1998.data.places import PathName
from lenet1998.errors import DataError, decoding, reading
from lenet1998.files import user_cache
from lenet1998.patterns import DataSet, Patterns
from lenet1998.photos.signatures import GZIP, head_of

MIRRORS = ("https://www.cs.toronto.edu/~kriz/",)
ARCHIVE, UNFOLDED = "cifar-10-python.tar.gz", "cifar-10-python.tar"  # some browsers undo the gzip
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
# SHA-256 of the two batches of 7,000 and 1,500 images that the recorded trainings learned and were judged on, and of
# their archive.
CUT_DOWN_ARCHIVE = "007e87c8a07d703788df49b523574ff103c58e847cec76bcf740585bcaf36477"
CUT_DOWN = {
    "data_batch_1": "e702b5a0962ac3b5a942ae09d7c51b83b0d64806e945c6e9998febef009fe74b",
    "test_batch": "6862a0731f839f563df3c3a93d8724c92785524e9f53edbf1bf837715f9597e9",
}
SHAPE = (3, 32, 32)
REMEDY = "get it again, or run `lenet1998 data fetch cifar10`"


def load_cifar10(data_dir: PathName | None = None) -> DataSet:
    """Return CIFAR-10: 50,000 training and 10,000 test images, uint8 (P, 3, 32, 32), red, green and blue.

    ``data_dir`` is the archive or an unpacked folder of batches, or a directory that holds one of them under its
    published name; without it, the user's cache is looked at, which ``download.fetch_cifar10`` fills. The training
    batches are joined in their order. Of the cut-down copy ``source`` and ``notice`` say what it is. Nothing is
    downloaded. Raises ``DataError`` if nothing is found, and for an archive or a batch that is damaged, too large or
    another than these.

    >>> load_cifar10("cifar10").train.images.shape  # doctest: +SKIP
    (50000, 3, 32, 32)
    """
    path = _find(place(data_dir))
    bodies = _from_folder(path) if path.is_dir() else _from_archive(path)
    digests = {name: hashlib.sha256(bodies[name]).hexdigest() for name in BATCHES if name in bodies}
    others = [name for name, digest in BATCHES.items() if _md5(bodies.get(name, b"")) != digest]
    if others and digests != CUT_DOWN:
        raise DataError(f"{path} does not hold the {others[0]} of CIFAR-10 as it was published: {REMEDY}")
    batches = {name: _patterns(bodies[name]) for name in digests}
    test = batches.pop("test_batch")
    train = Patterns(
        np.concatenate([batch.images for batch in batches.values()]),
        np.concatenate([batch.labels for batch in batches.values()]),
    )
    state = others and f"a cut-down copy, {len(train):,} training and {len(test):,} test images"
    return DataSet(
        name="cifar10",
        train=train,
        test=test,
        source=f"CIFAR-10 in {path}{f' ({state})' if state else ''}",
        digests=digests,
        notice=f"The CIFAR-10 in {path} is {state}: accuracies on it compare only roughly with published ones."
        if state
        else "",
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
    for archive in (path / ARCHIVE, path / UNFOLDED):
        if os.path.isfile(archive):
            return archive
    raise DataError(
        f"CIFAR-10 was not found (looked in {path}): run `lenet1998 data fetch cifar10`, "
        f"or name {ARCHIVE} or its directory by --data-dir"
    )


def _from_folder(folder: Path) -> dict[str, bytes]:
    return {name: _read(folder / name) for name in BATCHES if os.path.isfile(folder / name)}


def _from_archive(path: Path) -> dict[str, bytes]:
    """The batches in an archive, as name -> bytes. What gzip folded is unfolded only if it is known."""
    with reading(path):
        folded = head_of(path).startswith(GZIP)
    known = io.BytesIO(_read(path)) if folded else None  # what has the digest is what is unfolded
    if known and hashlib.sha256(known.getbuffer()).hexdigest() not in (SHA256, CUT_DOWN_ARCHIVE):
        raise DataError(f"{path} is not CIFAR-10's archive, or damaged: {REMEDY}")
    bodies = {}
    state = "is no tar archive, truncated or damaged"
    mode: Literal["r:gz", "r:"] = "r:gz" if folded else "r:"
    with decoding(path, REMEDY, state), tarfile.open(path, mode, known) as archive:
        for member in archive:
            folder, _, name = member.name.removeprefix("./").rpartition("/")
            if folder == FOLDER and name in BATCHES and (file := archive.extractfile(member)):
                bodies[name] = file.read()
    return bodies


def _read(path: Path) -> bytes:
    """A file, of which no more is read than the published archive has."""
    with reading(path), open(path, "rb") as file:
        return file.read(SIZE + 1)


def _patterns(body: bytes) -> Patterns:
    """The images and labels of a batch, as Python 2 pickled it: the one long string, and the numbers after "labels"."""
    labels: list[int] = []
    pixels, by_columns, transposed, key = "", False, False, ""
    for opcode, argument, _ in pickletools.genops(body):
        if opcode.name == "BINSTRING":  # any string of 256 bytes or more
            pixels, transposed = str(argument), by_columns
        elif opcode.name == "SHORT_BINSTRING":
            key = str(argument)
        elif opcode.name in ("NEWTRUE", "NEWFALSE"):
            by_columns = opcode.name == "NEWTRUE"
        elif opcode.name == "BININT1" and key == "labels":
            labels.append(argument or 0)
    values, count = np.frombuffer(pixels.encode("latin-1"), np.uint8), len(labels)
    rows = values.reshape(-1, count).T if transposed else values.reshape(count, -1)
    return Patterns(np.ascontiguousarray(rows).reshape(-1, *SHAPE), np.array(labels, np.uint8))


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
