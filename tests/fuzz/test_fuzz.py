"""Whatever bytes a reader is given, it reads them or says in one line what is wrong, within bounds of time and memory.

`tests.fuzz.readers` has the readers; inputs that once got past one are in ``tests/fuzz/regressions``. Here inputs
come from sound files by a fixed seed; ``tests/fuzz/fuzz.py`` looks for others by coverage, for as long as one likes.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lenet1998.data import cifar10
from lenet1998.data.files import FILES
from lenet1998.data.idx import write_idx
from lenet1998.data.label_csv import HEADER, read_csv
from lenet1998.data.mnist import load_mnist
from lenet1998.data.own import load_own
from lenet1998.errors import LeNetError
from lenet1998.photos.digit import read_image
from lenet1998.running import checkpoint as checkpoints
from tests.fuzz.readers import (
    OWN_ARRAYS,
    READERS,
    as_batch,
    csv_files,
    image_files,
    npy,
    parts,
    pickled,
    tarred,
    with_checksums,
    zipped,
)
from tests.rings import beyond

pytestmark = pytest.mark.filterwarnings(
    "error::ResourceWarning",
    "error::RuntimeWarning",  # would be a second line
    "error::pytest.PytestUnraisableExceptionWarning",
    "ignore:.*fork.*:DeprecationWarning",
    "ignore:invalid escape sequence",  # pickletools looks at text in passing
    "ignore:Reading `.npy` or `.npz` file required additional header parsing:UserWarning",
)
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*-*"))
INPUTS = {"idx": 1500, "keras": 700, "checkpoint": 300, "cifar": 400, "csv": 400, "own": 700, "image": 700}


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.name)
def test_what_once_got_past_a_reader_is_refused(path):
    assert not READERS[path.name.partition("-")[0]].takes(path.read_bytes())


@pytest.mark.parametrize("share", beyond(1, [5, 1], "five times as many, for changes of what reads files"))
@pytest.mark.parametrize("name", READERS)
def test_changed_files_are_read_or_refused_as_documented(name, share):
    reader, chance, count = READERS[name], random.Random(name), INPUTS[name] // share
    seeds = reader.seeds()
    assert any(reader.takes(seed) for seed in seeds), "sound files are read"
    outcomes = [reader.takes(changed(chance, seeds)) for _ in range(count)]
    assert outcomes.count(False) > count // 4
    for disguise in range(len(reader.disguises)):
        for length in (0, 1, 7, 100):
            reader.takes(bytes([disguise]) + chance.randbytes(length))


@pytest.mark.outer("for changes of what reads files")
@pytest.mark.parametrize("name", READERS)
def test_a_short_search_by_coverage_finds_nothing(name, tmp_path):
    """As many inputs as take a few seconds, the same each time; what it finds is written to the folder and shown."""
    if find_spec("atheris") is None:
        pytest.skip("atheris is not installed; the extra test has it where it comes ready built, x86-64 Linux")
    fuzz = Path(__file__).parent / "fuzz.py"
    command = [sys.executable, fuzz, name, "-seed=1998", "-runs=3000", "-rss_limit_mb=2048"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300)
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert done.returncode == 0 and not found, f"{found}\n{done.stderr.decode(errors='replace')[-3000:]}"
    assert b"Done 3000 runs" in done.stderr


def changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    """One of the seeds with up to four changes, as a fuzzer makes them; the disguise mostly stays."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(min(1, len(data)), len(data))
        match chance.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at : at + chance.choice((1, 2, 4))] = chance.randbytes(chance.choice((1, 2, 4)))
            case 2:
                del data[at : at + chance.choice((1, 4, 50))]
            case 3:
                other = chance.choice(seeds)
                data[at:at] = other[chance.randrange(len(other)) :][: chance.choice((2, 20, 200))]
            case 4:
                kind = chance.choice(("<H", ">H", "<I", ">I", "<q", ">q"))
                number = chance.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0x7FFF_FFFF))
                with suppress(struct.error):
                    data[at : at + struct.calcsize(kind)] = struct.pack(kind, number)
            case _:
                data[at:] = b""
    return bytes(data)


@dataclasses.dataclass(frozen=True)
class Format:
    """A sound file, what reads it, and whether a checksum or digest covers all that it holds."""

    name: str
    body: bytes
    read: Callable[[Path], object]
    covered: bool = True
    bombs: tuple[bytes, ...] = ()


LABELS, IMAGES = "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte"
BOMB = 68 * 2**20
HUGE = (2**40,)
MEMORY = 700 * 2**20  # above what a process has that has loaded everything
SECONDS = 10.0


def formats(place: Path) -> Iterator[Format]:
    """A small data base in place of MNIST, and one file of each other kind."""
    arrays = {name: np.arange(known.count % 7 + 20, dtype=np.uint8) % 10 for name, known in FILES.items()}
    for name, known in FILES.items():
        arrays[name] = np.resize(arrays[name], (20, *known.shape[1:]))
    files = {name: write_idx(array) for name, array in arrays.items()}
    for name, body in files.items():
        (place / name).write_bytes(body)
        FILES[name] = dataclasses.replace(FILES[name], count=20, sha256=hashlib.sha256(body).hexdigest())

    def mnist(path: Path) -> bytes:
        loaded = load_mnist(path if path.suffix == ".npz" else place)
        return loaded.train.images.tobytes() + loaded.test.images.tobytes() + loaded.test.labels.tobytes()

    bomb, zipped_bomb = gzip.compress(bytes(BOMB), 1), io.BytesIO()
    with zipfile.ZipFile(zipped_bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in (FILES[LABELS].key, "values"):
            archive.writestr(f"{name}.npy", bytes(BOMB // 2))
    announced = npy(np.zeros(1, np.float32)).replace(b"(1,)", b"(%d,)" % HUGE)[:128]
    idx_bomb = gzip.compress(struct.pack(">HBBI", 0, 8, 1, 2**32 - 1) + bytes(1000))
    yield Format(f"{LABELS}", files[LABELS], mnist, bombs=(bomb, idx_bomb))
    yield Format(f"{IMAGES}", gzip.compress(files[IMAGES], mtime=0), mnist, bombs=(bomb, idx_bomb))
    keras = {known.key: npy(arrays[name]) for name, known in FILES.items()}
    bombs = (zipped_bomb.getvalue(), zipped(keras | {FILES[LABELS].key: announced}))
    yield Format("mnist.npz", zipped(keras), mnist, bombs=bombs)
    bombs = (zipped_bomb.getvalue(), zipped(parts() | {"values": announced}))
    yield Format("checkpoint.npz", zipped(parts()), lambda path: checkpoints.load(path).values.tobytes(), bombs=bombs)
    own = {name: npy(array) for name, array in OWN_ARRAYS.items()}
    bombs = (zipped(own | {"x_train": bytes(BOMB)}), zipped(own | {"x_train": announced}))
    yield Format("own.npz", zipped(own), lambda path: load_own(path, learned={}).digests, bombs=bombs)
    batches = gzip.compress(tarred({"data_batch_1": pickled(), "test_batch": pickled(2)}), mtime=0)
    bombs = (bomb, as_batch(bytes(BOMB)), as_batch(b"\x80\x02" + b"]q\xff" * 300_000))
    yield Format("cifar.tar.gz", batches, lambda path: cifar10.load_cifar10(path).test.images.tobytes(), bombs=bombs)
    table, csv_bomb = next(csv_files())[1], HEADER + b"\n" + bytes(10**7)
    yield Format("digits.csv", table, lambda path: read_csv(path).digest(), covered=False, bombs=(csv_bomb,))
    pictures = [body for _, body in image_files()]
    announced = struct.pack(">I4sIIBBBBBI4s", 13, b"IHDR", 40_000, 30_000, 1, 0, 0, 0, 0, 2**31 - 1, b"IDAT")
    bombs = (with_checksums(announced), with_checksums(announced + zlib.compress(bytes(10**7))))
    yield Format("digit.png", pictures[0], lambda path: read_image(path).tobytes(), bombs=bombs)
    yield Format("digit.jpg", pictures[-3], lambda path: read_image(path).tobytes(), covered=False)


def damages(chance: random.Random, one: Format) -> Iterator[tuple[str, bytes]]:
    body = one.body
    for _ in range(14):
        at = chance.randrange(len(body))
        yield f"bit flipped in byte {at}", body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]
    for length in {0, 1, len(body) // 2, len(body) - 1, *(chance.randrange(len(body)) for _ in range(4))}:
        yield f"cut to {length} bytes", body[:length]
    for magic in (b"\0\0\0\0", b"\x1f\x8b\x08\0", b"PK\x03\x04", b"<html>", b"\x89PNG\r\n\x1a\n", b"\x93NUMPY"):
        if not body.startswith(magic[:2]):
            yield f"begins with {magic!r}", magic + body[len(magic) :]
    for number, bomb in enumerate(one.bombs):
        yield f"bomb {number}", bomb


def test_200_damaged_files_are_refused_in_one_line_within_bounds(tmp_path):
    """In a process of its own, whose memory is limited: damage must neither end it nor take longer than it may."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            said = f"{attempt_all(tmp_path)}"
        except BaseException:
            said = traceback.format_exc()
        os.write(writer, said.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    end = os.waitpid(process, 0)[1]
    assert end == 0, f"ended by signal {signal.Signals(end).name}"
    assert said.isdecimal(), said
    assert int(said) >= 200


def attempt_all(place: Path) -> int:
    chance, count = random.Random(1998), 0
    everything = list(formats(place))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, hard))
    for one in everything:
        path = place / one.name
        path.write_bytes(one.body)
        sound = one.read(path)
        for what, body in damages(chance, one):
            count += 1
            path.write_bytes(body)
            began = time.process_time()
            try:
                found = one.read(path)
            except LeNetError as error:
                assert "\n" not in str(error) and len(str(error)) < 1000, f"{one.name}, {what}: {error}"
            else:  # some bits mean nothing, such as a date
                assert not one.covered or found == sound, f"{one.name}, {what}: accepted as something else"
                assert not what.startswith("bomb"), f"{one.name}, {what}: accepted"
            spent = time.process_time() - began
            assert spent < SECONDS, f"{one.name}, {what}: {spent:.1f} seconds"
        if path.suffix:
            path.unlink()
        else:
            path.write_bytes(one.body if one.name == LABELS else gzip.decompress(one.body))
    return count
