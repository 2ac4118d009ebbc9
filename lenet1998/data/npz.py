"""Keras's copy of MNIST: the arrays of the four files of section III-A in one ``mnist.npz``.

An npz file is a zip archive of arrays. Keras's holds the same values as the IDX files, so the IDX bytes can
be rebuilt from it and verified by the same digests; so can they from copies that a program has saved again in
another type, in another order of memory, or divided by 255. Nothing is unpickled, and no header decides how
much memory is taken.
"""

from __future__ import annotations

import io
import math
import zipfile
from os import PathLike

import numpy as np

from lenet1998.data.files import KnownFile
from lenet1998.data.idx import REMEDY, write_idx
from lenet1998.data.signatures import ZIP, head_of, kind_of
from lenet1998.errors import DataError, reason_of

# The header of an array takes 128 bytes as a rule.
HEADER_ROOM = 4096
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
    limit = known.size * WIDEST + HEADER_ROOM
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{known.key}.npy") as member:
            data = member.read(limit + 1)
        if len(data) > limit:
            raise DataError(f"{what} is too long: it holds more than the {limit} bytes expected; {REMEDY}")
        array = _as_bytes(_parse(data))
        return write_idx(array.reshape(known.shape) if array.size == math.prod(known.shape) else array)
    except DataError:
        raise
    except KeyError:
        raise DataError(f"{what} is missing: the archive has no such array; {REMEDY}") from None
    except OSError as error:
        raise DataError(f"{what} cannot be read ({error.strerror or error}): make it a readable file") from None
    except zipfile.BadZipFile as error:
        kind = kind_of(head_of(path))
        state = f"damaged ({error})" if kind_of(ZIP) == kind else f"{kind}, not a zip archive of arrays"
        raise DataError(f"{path} is {state}: {REMEDY}") from None
    except Exception as error:  # A damaged archive makes the zip and array readers raise almost anything.
        raise DataError(f"{what} is damaged ({reason_of(error)}): {REMEDY}") from None


def _parse(data: bytes) -> np.ndarray:
    """The array in the bytes of an ``.npy`` file; ``ValueError`` unless it is one of plain numbers."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"array format {version} is not supported")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    values = data[stream.tell() :]
    if dtype.kind not in "buif" or math.prod(shape) * dtype.itemsize != len(values):
        raise ValueError(f"{len(values)} bytes for an array of {dtype} and shape {shape}")
    return np.frombuffer(values, dtype).reshape(shape, order="F" if fortran_order else "C")


def _as_bytes(values: np.ndarray) -> np.ndarray:
    """The values as unsigned bytes; ``ValueError`` for those that are none. The digest has the last word."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "f" and values.max(initial=0) < 1.5:  # 1, give or take a rounding error
        values = np.rint(values * 255)
    if not ((values >= 0) & (values <= 255) & (values == np.rint(values))).all():
        raise ValueError(f"{values.dtype} from {values.min():g} to {values.max():g}, not whole numbers from 0 to 255")
    return values.astype(np.uint8)
