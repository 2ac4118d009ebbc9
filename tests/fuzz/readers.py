"""The readers as functions of bytes: each reads them or refuses them with the documented error, and nothing else.

A checksum keeps random bytes from ever reaching what lies behind it. So the first byte of an input chooses a disguise
for the others: as they are, or made into a file whose outer layers are sound. The seeds are sound files in every
disguise, made here and kept nowhere.
"""

import atexit
import gzip
import io
import json
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from lenet1998.data.files import FILES
from lenet1998.data.idx import parse_idx, read_bounded, write_idx
from lenet1998.data.label_csv import HEADER, read_csv
from lenet1998.data.npz import read_npz
from lenet1998.errors import CheckpointError, DataError, LeNetError
from lenet1998.network import LeNet5
from lenet1998.photos.digit import read_image
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.training import RECORD

Disguise = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Reader:
    """What reads a path and checks what it found, the one error it may raise, disguises, and sound files for each."""

    read: Callable[[Path], None]
    error: type[LeNetError]
    disguises: tuple[Disguise, ...]
    sound: Callable[[], Iterator[tuple[int, bytes]]]

    def seeds(self) -> list[bytes]:
        return [bytes([number]) + body for number, body in self.sound()]

    def takes(self, data: bytes) -> bool:
        """Read an input, and say whether it was accepted. Anything but the documented error, in one line, escapes."""
        disguise = self.disguises[data[0] % len(self.disguises) if data else 0]
        path = scratch()
        path.write_bytes(disguise(data[1:]))
        try:
            self.read(path)
        except self.error as error:
            message = str(error)
            assert "\n" not in message and len(message) < 1000, f"no clear line: {message!r}"
            return False
        return True


@cache
def scratch() -> Path:
    """One file for this process, in memory where there is such a place."""
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = tempfile.mkdtemp(prefix="lenet1998-fuzz-", dir=place)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / "input"


def plain(body: bytes) -> bytes:
    return body


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0)


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), body)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def idx(path: Path) -> None:
    array = parse_idx(read_bounded(path, 10_000), str(path))
    assert array.dtype == np.uint8 and array.size <= 10_000


def idx_files() -> Iterator[tuple[int, bytes]]:
    for shape in ((3,), (2, 4, 4)):
        body = write_idx(np.arange(np.prod(shape), dtype=np.uint8).reshape(shape))
        yield from ((0, body), (0, gzipped(body)), (1, body))


LABELS = FILES["t10k-labels-idx1-ubyte"]


def keras(path: Path) -> None:
    assert len(read_npz(path, LABELS)) <= LABELS.size + 4096


def keras_files() -> Iterator[tuple[int, bytes]]:
    body = npy(np.arange(20, dtype=np.uint8))
    yield from ((0, zipped({LABELS.key: body})), (1, body))


def checkpoint(path: Path) -> None:
    loaded = checkpoints.load(path)
    assert np.isfinite(loaded.network().parameters.values).all()
    assert len(loaded.history["passes"]) >= 0 and loaded.recipe


def history() -> dict:
    record = dict.fromkeys(RECORD, 0.5) | {"pass": 1}
    return {"recipe": Recipe().as_dict(), "seed": 3, "data": {"name": "mnist"}, "passes": [record]}


@cache
def parts() -> dict[str, bytes]:
    """The members of a sound checkpoint."""
    values = np.zeros(len(LeNet5(Recipe()).parameters), np.float32)
    arrays = {"format": np.int64(checkpoints.FORMAT), "history": np.array(json.dumps(history())), "values": values}
    return {name: npy(array) for name, array in arrays.items()}


def as_history(text: bytes) -> bytes:
    return zipped(parts() | {"history": npy(np.array(text.decode("latin-1")))})


def as_member(name: str) -> Disguise:
    return lambda body: zipped(parts() | {name: body})


def checkpoint_files() -> Iterator[tuple[int, bytes]]:
    small = {name: body[:400] for name, body in parts().items()}  # what is wrong with it is soon within reach
    yield from ((0, zipped(small)), (1, json.dumps(history()).encode()))
    yield from ((number, small[name][:200]) for number, name in enumerate(("history", "values", "format"), 2))


def csv(path: Path) -> None:
    digits = read_csv(path)
    assert digits.images.shape == (len(digits.labels), 28, 28) and digits.labels.max() < 10


def as_rows(body: bytes) -> bytes:
    return HEADER + b"\n" + body


def csv_files() -> Iterator[tuple[int, bytes]]:
    row = b",".join([b"7", *[b"0"] * 780, b"1", b"22", b"255", b"9"]) + b"\r\n"
    yield from ((0, as_rows(row)), (1, row), (1, row + row[:-2]))


def image(path: Path) -> None:
    digit = read_image(path)
    assert digit.shape == (28, 28) and digit.dtype == np.uint8


def with_checksums(body: bytes) -> bytes:
    """A PNG file of these chunks, each a length, a kind and as much content as there is, with sound checksums."""
    file = b"\x89PNG\r\n\x1a\n"
    while len(body) >= 8:
        size, kind = struct.unpack_from(">I4s", body)
        content, body = body[8 : 8 + size], body[8 + size :]
        file += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return file


def chunks(png: bytes) -> bytes:
    """The reverse: the chunks without their checksums."""
    found, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        found, at = found + png[at : at + 8 + size], at + 12 + size
    return found


def as_pixels(body: bytes) -> bytes:
    """A sound PNG of 8 columns, and as many rows as there are pixels for."""
    stream = io.BytesIO()
    rows = min(max(1, len(body) // 8), 500)
    Image.fromarray(np.frombuffer(body.ljust(8, b"\0")[: 8 * rows], np.uint8).reshape(rows, 8)).save(stream, "PNG")
    return stream.getvalue()


def image_files() -> Iterator[tuple[int, bytes]]:
    page = np.full((12, 10), 250, np.uint8)
    page[3:9, 4:6] = 10
    drawn = Image.fromarray(page)
    for mode in ("L", "1", "P", "RGBA", "LA", "I;16"):
        stream = io.BytesIO()
        picture = Image.fromarray(page.astype(np.uint16) * 257) if mode == "I;16" else drawn.convert(mode)
        picture.save(stream, "PNG")
        yield from ((0, stream.getvalue()), (1, chunks(stream.getvalue())))
    for kind in ("BMP", "GIF"):
        stream = io.BytesIO()
        drawn.save(stream, kind)
        yield 0, stream.getvalue()
    for mode in ("L", "RGB", "CMYK"):
        stream = io.BytesIO()
        drawn.convert(mode).save(stream, "JPEG", exif=oriented(), progressive=mode == "L")
        yield 0, stream.getvalue()
    yield 2, page[:, :8].tobytes()


def oriented() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


READERS = {
    "idx": Reader(idx, DataError, (plain, gzipped), idx_files),
    "keras": Reader(keras, DataError, (plain, as_member(LABELS.key)), keras_files),
    "checkpoint": Reader(
        checkpoint,
        CheckpointError,
        (plain, as_history, as_member("history"), as_member("values"), as_member("format")),
        checkpoint_files,
    ),
    "csv": Reader(csv, DataError, (plain, as_rows), csv_files),
    "image": Reader(image, DataError, (plain, with_checksums, as_pixels), image_files),
}
