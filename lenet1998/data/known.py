"""Data sets in MNIST's form that others have published, and how they are recognised.

Fashion-MNIST and KMNIST have MNIST's file names, so only the digest of the files as they are published tells them
apart. EMNIST's files say by their names what they are; their digests are not known here. The character classes of
EMNIST are those that Figure 3 draws codes for.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from lenet1998.errors import reading

CHUNK = 1 << 20

# MD5 of the gzipped files as published: torchvision checks its downloads by the same.
PUBLISHED = {
    "fashion-mnist": {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    "kmnist": {
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    },
}

_DIGITS, _CAPITALS, _SMALL = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
# Where small letters and capitals look alike, EMNIST's merged sets have one class for both, here the capital.
_MERGED = _DIGITS + _CAPITALS + "abdefghnqrt"
EMNIST = {
    "emnist-digits": dict(enumerate(_DIGITS)),
    "emnist-mnist": dict(enumerate(_DIGITS)),
    "emnist-letters": dict(enumerate(_CAPITALS, 1)),
    "emnist-balanced": dict(enumerate(_MERGED)),
    "emnist-bymerge": dict(enumerate(_MERGED)),
    "emnist-byclass": dict(enumerate(_DIGITS + _CAPITALS + _SMALL)),
}
"""EMNIST's sets: label -> character. Only the letters' labels count from 1."""

CLASSES: dict[str, dict[int, str]] = {
    **EMNIST,
    "fashion-mnist": dict(
        enumerate(
            ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
        )
    ),
    "kmnist": dict(enumerate(("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"))),
}
"""The data sets whose labels have names that are known: label -> name."""


def emnist_of(name: str) -> str:
    """Return which of EMNIST's sets a file is of by its name, as NIST and others call it, or "".

    >>> emnist_of("emnist-letters-train-images-idx3-ubyte.gz"), emnist_of("train-images-idx3-ubyte")
    ('emnist-letters', '')
    """
    return next((known for known in EMNIST if name.lower().startswith(known)), "")


def published(paths: Iterable[Path]) -> str:
    """Return the name of the data set that these very files are, as they are published, or "" for none that is known.

    Raises ``DataError`` if a file cannot be read.

    >>> published([Path("/dev/null")])
    ''
    """
    own = {path.name: path for path in paths}
    for name, files in PUBLISHED.items():
        if files.keys() == own.keys() and all(_md5(own[file]) == digest for file, digest in files.items()):
            return name
    return ""


def _md5(path: Path) -> str:
    running = hashlib.md5(usedforsecurity=False)
    with reading(path), path.open("rb") as file:
        while chunk := file.read(CHUNK):
            running.update(chunk)
    return running.hexdigest()
