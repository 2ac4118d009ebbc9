"""Small data sets in the forms that people keep their own in, written here byte by byte."""

import gzip
import hashlib
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet1998.data.files import FILES

TRAIN, TEST = "train", "t10k"


def drawn(labels: list[int] | np.ndarray, side: int = 28, seed: int = 0) -> np.ndarray:
    """Images uint8 (P, side, side) unlike their own transposes: a stroke whose place tells the label, and noise."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 40, (len(labels), side, side), dtype=np.uint8)
    images[:, [0, -1]] = images[:, :, [0, -1]] = 0
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label) * 7 % 400, 20)
        image[4 + row : 6 + row, 2 + column : 8 + column] = 255
    return images


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file of bytes or, of an int32 array, of big-endian integers."""
    kind, values = (8, array) if array.dtype == np.uint8 else (12, array.astype(">i4"))
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + values.tobytes()


def instead_of_mnist(patch: pytest.MonkeyPatch, train: int, test: int) -> dict[str, np.ndarray]:
    """Put a data base of so many random digits in place of MNIST, with digests and sizes to match, and return it."""
    rng, arrays = np.random.default_rng(0), {}
    for name, known in list(FILES.items()):
        shape = (train if name.startswith("train") else test, *known.shape[1:])
        arrays[name] = rng.integers(0, 256 if len(shape) == 3 else 10, shape, np.uint8)
        body = idx(arrays[name])
        small = {"sha256": hashlib.sha256(body).hexdigest(), "gzipped": len(gzip.compress(body))}
        patch.setitem(FILES, name, replace(known, count=len(arrays[name]), **small))
    return arrays


def put_idx(
    folder: Path,
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray] | None,
    prefix: str = "",
    halves: tuple[str, str] = (TRAIN, TEST),
    gzipped: bool = True,
) -> Path:
    """Two or four IDX files in a directory, which is returned."""
    folder.mkdir(exist_ok=True, parents=True)
    for half, pair in zip(halves, (train, test), strict=True):
        for what, array in zip(("images-idx3", "labels-idx1"), pair or (), strict=False):
            body = idx(np.asarray(array, np.uint8))
            name = f"{prefix}{half}-{what}-ubyte"
            (folder / f"{name}.gz" if gzipped else folder / name).write_bytes(
                gzip.compress(body, 1, mtime=0) if gzipped else body
            )
    return folder


def put_folders(place: Path, images: np.ndarray, labels: list[str], suffix: str = ".png") -> Path:
    """An image file for each pattern, in folders of classes."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (place / label).mkdir(exist_ok=True, parents=True)
        Image.fromarray(image).save(place / label / f"{number:04d}{suffix}")
    return place
