"""The IDX file format, in which the MNIST data base of section III-A is distributed.

An IDX file is a big-endian header and then raw values: two zero bytes, a type code (8 for unsigned bytes,
the only one MNIST uses), the number of dimensions, and a 32-bit size for each of them. Nothing read from a
file is trusted: a header never decides how much memory is taken, and a small compressed file cannot unfold
into a huge one.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from os import PathLike
from typing import BinaryIO

import numpy as np

from lenet1998.data.signatures import GZIP, HEAD, kind_of, looks_like_html
from lenet1998.errors import DataError

UNSIGNED_BYTE = 8
# MNIST needs 3; numpy cannot have arbitrarily many.
MAX_DIMENSIONS = 8
CHUNK = 1 << 20
REMEDY = "replace it, or run `lenet1998 data fetch`"


def parse_idx(data: bytes, what: str) -> np.ndarray:
    """Return the array that IDX bytes hold: uint8 of any shape from 1 to 8 dimensions, read-only.

    ``what`` names the data in messages. Raises ``DataError`` unless the header is sound and as many values
    follow as it announces, no more and no fewer.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]), "three labels").tolist()
    [5, 0, 4]
    """
    if not data:
        raise DataError(f"{what} is empty: {REMEDY}")
    if looks_like_html(data):
        raise DataError(f"{what} looks like an HTML page, not IDX data: {REMEDY}")
    if len(data) < 4:
        raise DataError(f"{what} is truncated: it has {len(data)} bytes, less than an IDX header; {REMEDY}")
    zero, kind, dimensions = struct.unpack_from(">HBB", data)
    if zero != 0 or kind != UNSIGNED_BYTE or not 1 <= dimensions <= MAX_DIMENSIONS:
        raise DataError(f"{what} is {kind_of(data[:HEAD])}, not IDX data of unsigned bytes: {REMEDY}")
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise DataError(f"{what} is truncated: it ends within the IDX header; {REMEDY}")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    announced, found = math.prod(shape), len(data) - start
    if found != announced:
        state = "truncated" if found < announced else "too long"
        raise DataError(f"{what} is {state}: its header announces {announced} values and {found} follow it; {REMEDY}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def write_idx(array: np.ndarray) -> bytes:
    """Return the IDX bytes of a uint8 array of 1 to 8 dimensions; ``DataError`` for any other.

    >>> write_idx(np.array([5, 0, 4], np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 03 05 00 04'
    """
    if array.dtype != np.uint8 or not 1 <= array.ndim <= MAX_DIMENSIONS:
        raise DataError(f"IDX holds uint8 of 1 to 8 dimensions, not {array.dtype} of {array.ndim}: convert it first")
    header = struct.pack(f">HBB{array.ndim}I", 0, UNSIGNED_BYTE, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()


def read_bounded(path: str | PathLike[str], max_bytes: int) -> bytes:
    """Return the bytes of a file, decompressed if it is gzipped.

    Its first bytes tell, not its name. No more than ``max_bytes`` + 1 decompressed bytes are ever read. Raises
    ``DataError`` if the file cannot be read, is damaged, or unfolds to more than ``max_bytes``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(folder + "/small.gz", "wb") as file:
    ...         _ = file.write(gzip.compress(b"abc"))
    ...     read_bounded(folder + "/small.gz", 3)
    b'abc'
    """
    try:
        with open(path, "rb") as file:
            return unfold(file, str(path), max_bytes)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{path} cannot be read ({reason}): make it a readable file") from None


def unfold(file: BinaryIO, what: str, max_bytes: int) -> bytes:
    """Return what an open, seekable file holds, decompressed if it is gzipped, as ``read_bounded`` does.

    >>> unfold(io.BytesIO(b"abc"), "three letters", 3)
    b'abc'
    """
    head = file.read(HEAD)
    file.seek(0)
    if looks_like_html(head):
        raise DataError(f"{what} looks like an HTML page, not a data file: {REMEDY}")
    if head.startswith(GZIP):
        try:
            with gzip.open(file) as unfolded:
                data = _read(unfolded, max_bytes)
        except EOFError:
            raise DataError(f"{what} is truncated: its gzip data end early; {REMEDY}") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{what} is damaged: its gzip data do not decompress ({error}); {REMEDY}") from None
    else:
        data = _read(file, max_bytes)
    if len(data) > max_bytes:
        raise DataError(f"{what} is too long: it holds more than the {max_bytes} bytes expected; {REMEDY}")
    return data


def _read(file: BinaryIO | gzip.GzipFile, max_bytes: int) -> bytes:
    """Read in pieces, so that memory grows with what is there and not with what is allowed."""
    pieces = io.BytesIO()
    while (room := max_bytes + 1 - pieces.tell()) > 0 and (piece := file.read(min(CHUNK, room))):
        pieces.write(piece)
    return pieces.getvalue()
