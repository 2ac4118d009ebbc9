"""Keras's copy of MNIST: the arrays of the four files of section III-A in one ``mnist.npz``.

An npz file is a zip archive of arrays. Keras's holds the same values as the IDX files, so the IDX bytes can
be rebuilt from it and verified by the same digests; so can they from copies that a program has saved again in
another type, in another order of memory, or divided by 255. Nothing is unpickled, and what a header announces
is refused before it is unpacked where it is more than a file of that size can hold.
"""

import math
import os
import zipfile
from os import PathLike
from typing import IO, BinaryIO

import numpy as np

from lenet1998.data.files import KnownFile
from lenet1998.data.idx import CHUNK, REMEDY, check_packed, unpacked, write_idx
from lenet1998.errors import DataError, decoding, reading
from lenet1998.files import check_packing

WIDEST = 8
"""Bytes of a value, where a program has saved it as float64 or int64."""


def read_npz(path: str | PathLike[str], known: KnownFile) -> bytes:
    """Return one MNIST file, as decompressed IDX bytes, rebuilt from Keras's ``mnist.npz``.

    The array may be of any numbers, from 0 to 255 or, if they are decimals, from 0 to 1. The result still has to
    pass ``files.check``. Raises ``DataError`` if the archive cannot be read or is damaged, or its array is missing,
    is larger than expected, or has other values than bytes.

    >>> import tempfile
    >>> from lenet1998.data.files import FILES
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(folder + "/mnist.npz", y_test=np.array([7, 2], np.uint8))
    ...     read_npz(folder + "/mnist.npz", FILES["t10k-labels-idx1-ubyte"]).hex(" ")
    '00 00 08 01 00 00 00 02 07 02'
    """
    what = f"{path} ({known.key})"
    values = read_array(path, known.key, known.size * WIDEST)
    try:
        array = as_bytes(values)
    except ValueError as error:
        raise DataError(f"{what} is damaged ({error}): {REMEDY}") from None
    return write_idx(array.reshape(known.shape) if array.size == math.prod(known.shape) else array)


def read_array(path: str | PathLike[str], key: str, limit: int, remedy: str = REMEDY) -> np.ndarray:
    """Return the array of numbers that an npz file has under ``key``, of no more than ``limit`` bytes.

    Raises ``DataError`` if the archive cannot be read or is damaged, or its array is missing, larger, or not one of
    numbers; ``remedy`` says what to do.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(folder + "/own.npz", y_test=np.array([7, 2]))
    ...     read_array(folder + "/own.npz", "y_test", 1000).tolist()
    [7, 2]
    """
    what = f"{path} ({key})"
    with decoding(what, remedy), reading(what):
        try:
            with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
                check_packing(archive)
                with archive.open(f"{key}.npy") as member:
                    return _parse(member, file, what, limit, remedy)
        except KeyError:
            raise DataError(f"{what} is missing: the archive has no such array; {remedy}") from None
        except zipfile.BadZipFile as error:
            raise DataError(f"{path} is no archive of arrays, or damaged ({error}): {remedy}") from None


def _parse(member: IO[bytes], file: BinaryIO, what: str, limit: int, remedy: str) -> np.ndarray:
    """The array of an ``.npy`` file in an archive; ``ValueError`` unless it is one of plain numbers.

    Its header is read first, and ``DataError`` raised if it announces too much for the file, or if so much comes of a
    part of the file (`idx.check_packed`, `idx.unpacked`).
    """
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError(f"array format {version} is not supported")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(member)
    if dtype.kind not in "buif":
        raise ValueError(f"an array of {dtype}, not of numbers")
    size = math.prod(shape) * dtype.itemsize
    check_packed(what, size, os.fstat(file.fileno()).st_size, limit, remedy)
    values = unpacked(member, file, what, size, remedy)
    if values.tell() != size:
        raise ValueError(f"{values.tell()} bytes for an array of {dtype} and shape {shape}")
    return np.frombuffer(values.getvalue(), dtype).reshape(shape, order="F" if fortran_order else "C")


def as_bytes(values: np.ndarray) -> np.ndarray:
    """Return numbers as uint8 of the same shape: whole ones from 0 to 255 or, if they are decimals, from 0 to 1.

    Raises ``ValueError`` for others.

    >>> as_bytes(np.array([0.0, 0.2, 1.0])).tolist()
    [0, 51, 255]
    """
    if values.dtype == np.uint8:
        return values
    decimals = (
        values.dtype.kind == "f" and values.min(initial=0) > -1.5 and values.max(initial=0) < 1.5
    )  # 0 to 1, nearly
    found = np.empty(values.shape, np.uint8)
    parts = (np.array_split(np.atleast_1d(each), 1 + values.nbytes // CHUNK) for each in (values, found))
    for part, own in zip(*parts, strict=True):  # in parts, so that no second copy of all is in memory
        whole = np.rint(part * 255) if decimals else part
        if not ((whole >= 0) & (whole <= 255) & (whole == np.rint(whole))).all():
            raise ValueError(
                f"{values.dtype} from {values.min():g} to {values.max():g}, not whole numbers from 0 to 255"
            )
        own[...] = whole
    return found
