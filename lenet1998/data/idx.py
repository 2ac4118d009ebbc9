"""The IDX file format, in which the MNIST data base of section III-A is distributed.

An IDX file is a big-endian header and then raw values: two zero bytes, a type code (8 for unsigned bytes, the only one
MNIST uses, and 12 for 32-bit integers, in which QMNIST has its labels), the number of dimensions, and a 32-bit size for
each of them. Nothing read from a file is trusted: a header never decides how much memory is taken, and a small
compressed file cannot unfold into a huge one.
"""

import gzip
import io
import math
import os
import struct
import zlib
from contextlib import suppress
from os import PathLike
from typing import IO, BinaryIO

import numpy as np

from lenet1998.errors import DataError, reading
from lenet1998.photos.signatures import GZIP, HEAD, kind_of, looks_like_html

UNSIGNED_BYTE, INTEGER = 8, 12
_TYPES: dict[int, tuple[np.dtype, str]] = {
    UNSIGNED_BYTE: (np.dtype(np.uint8), "unsigned bytes"),
    INTEGER: (np.dtype(">i4"), "32-bit integers"),
}
# MNIST needs 3; numpy cannot have arbitrarily many.
MAX_DIMENSIONS = 8
CHUNK = 1 << 20
# Images pack into a hundredth at the best; a bomb into a thousandth. What takes less than this may do so too.
DENSEST, FREE = 200, 1 << 26
REMEDY = "replace it, or run `lenet1998 data fetch`"


def parse_idx(data: bytes, what: str, remedy: str = REMEDY, kind: int = UNSIGNED_BYTE) -> np.ndarray:
    """Return the array that IDX bytes hold, of any shape from 1 to 8 dimensions, read-only: uint8, or big-endian int32
    if the ``kind`` is ``INTEGER``.

    ``what`` names the data in messages and ``remedy`` says what to do. Raises ``DataError`` unless the header is sound
    and as many values follow as it announces, no more and no fewer.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]), "three labels").tolist()
    [5, 0, 4]
    """
    if not data:
        raise DataError(f"{what} is empty: {remedy}")
    if looks_like_html(data):
        raise DataError(f"{what} looks like an HTML page, not IDX data: {remedy}")
    if len(data) < 4:
        raise DataError(f"{what} is truncated: it has {len(data)} bytes, less than an IDX header; {remedy}")
    dtype, values = _TYPES[kind]
    zero, found_kind, dimensions = struct.unpack_from(">HBB", data)
    if zero != 0 or found_kind != kind or not 1 <= dimensions <= MAX_DIMENSIONS:
        raise DataError(f"{what} is {kind_of(data[:HEAD])}, not IDX data of {values}: {remedy}")
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise DataError(f"{what} is truncated: it ends within the IDX header; {remedy}")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    announced, found = math.prod(shape), (len(data) - start) / dtype.itemsize
    if found != announced:
        state = "truncated" if found < announced else "too long"
        values = f"its header announces {announced} values and {found:.10g} follow it"
        raise DataError(f"{what} is {state}: {values}; {remedy}")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)


def write_idx(array: np.ndarray) -> bytes:
    """Return the IDX bytes of a uint8 array of 1 to 8 dimensions; ``DataError`` for any other.

    >>> write_idx(np.array([5, 0, 4], np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 03 05 00 04'
    """
    if array.dtype != np.uint8 or not 1 <= array.ndim <= MAX_DIMENSIONS:
        raise DataError(f"IDX holds uint8 of 1 to 8 dimensions, not {array.dtype} of {array.ndim}: convert it first")
    header = struct.pack(f">HBB{array.ndim}I", 0, UNSIGNED_BYTE, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()


def read_bounded(path: str | PathLike[str], max_bytes: int, remedy: str = REMEDY) -> bytes:
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
    with reading(path), open(path, "rb") as file:
        return unfold(file, str(path), max_bytes, remedy)


def read_idx(path: str | PathLike[str], most: int, remedy: str = REMEDY) -> np.ndarray:
    """Return the array of bytes in an IDX file, which may be gzipped, as ``parse_idx`` does.

    What its header announces is read and no more. Raises ``DataError`` as ``read_bounded`` and ``parse_idx`` do, and
    before anything else is decompressed if the header announces more than ``most`` bytes, or so many that no images
    pack so well (``check_packed``).

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = file.write(gzip.compress(bytes([0, 0, 8, 1, 0x7F, 0xFF, 0xFF, 0xFF])))
    ...     _ = file.seek(0)
    ...     try:
    ...         read_idx(file.name, 1000)
    ...     except DataError as error:
    ...         "its header announces 2,147,483,655 bytes" in str(error)
    True
    """
    with reading(path), open(path, "rb") as file:
        size = _announced(_first(file))
        if size:
            check_packed(str(path), size, os.fstat(file.fileno()).st_size, most, remedy)
        return parse_idx(unfold(file, str(path), size or FREE, remedy), str(path), remedy)


def check_packed(what: str, size: int, packed: int, most: int, remedy: str) -> None:
    """Raise ``DataError`` if a header announces more than ``most`` bytes, or far more than images take when packed.

    >>> check_packed("mine", 47_040_016, 9_912_422, 2**30, REMEDY)
    """
    if size > most or (size > FREE and size > DENSEST * packed):
        raise DataError(
            f"{what} is too long: its header announces {size:,} bytes, and the file has {packed:,}; {remedy}"
        )


def _first(file: BinaryIO) -> bytes:
    """As many bytes as an IDX header takes at most, decompressed; fewer of a file that is damaged."""
    start = file.read(HEAD)
    file.seek(0)
    if start.startswith(GZIP):
        with suppress(EOFError, OSError, zlib.error):
            start = gzip.GzipFile(fileobj=file).read(4 + 4 * MAX_DIMENSIONS)
        file.seek(0)
    return start[: 4 + 4 * MAX_DIMENSIONS]


def _announced(head: bytes) -> int:
    """The size of an IDX file of bytes as its header has it; 0 for what is none."""
    dimensions = head[3] if len(head) > 3 else 0
    start = 4 + 4 * dimensions
    if head[:3] != b"\0\0\x08" or not 1 <= dimensions <= MAX_DIMENSIONS or len(head) < start:
        return 0
    return start + math.prod(struct.unpack_from(f">{dimensions}I", head, 4))


def unfold(file: BinaryIO, what: str, max_bytes: int, remedy: str = REMEDY) -> bytes:
    """Return what an open, seekable file holds, decompressed if it is gzipped, as ``read_bounded`` does.

    >>> unfold(io.BytesIO(b"abc"), "three letters", 3)
    b'abc'
    """
    head = file.read(HEAD)
    file.seek(0)
    if looks_like_html(head):
        raise DataError(f"{what} looks like an HTML page, not a data file: {remedy}")
    if head.startswith(GZIP):
        try:
            with gzip.open(file) as unfolded:
                data = unpacked(unfolded, file, what, max_bytes, remedy).getvalue()
        except EOFError:
            raise DataError(f"{what} is truncated: its gzip data end early; {remedy}") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{what} is damaged: its gzip data do not decompress ({error}); {remedy}") from None
    else:
        data = unpacked(file, file, what, max_bytes, remedy).getvalue()
    if len(data) > max_bytes:
        raise DataError(f"{what} is too long: it holds more than the {max_bytes} bytes expected; {remedy}")
    return data


def unpacked(file: IO[bytes] | gzip.GzipFile, packed: BinaryIO, what: str, most: int, remedy: str) -> io.BytesIO:
    """Return what a file holds that unpacks the open file ``packed``, and no more than ``most`` + 1 bytes of it.

    It is read in pieces, so that memory grows with what is there and not with what is allowed. Raises ``DataError``
    where so much comes of what was read of ``packed`` that it is no images, whatever else that file has at its end.
    """
    pieces, start = io.BytesIO(), packed.tell()
    while (room := most + 1 - pieces.tell()) > 0 and (piece := file.read(min(CHUNK, room))):
        pieces.write(piece)
        if most >= pieces.tell() > max(FREE, DENSEST * (packed.tell() - start)):
            raise DataError(f"{what} is too long: it unfolds to far more than digits do; {remedy}")
    return pieces
