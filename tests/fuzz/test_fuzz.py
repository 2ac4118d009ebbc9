"""Whatever bytes a reader is given, it reads them or says in one line what is wrong, within bounds of time and memory.

`tests.fuzz.readers` has the readers; inputs that once got past one are in ``tests/fuzz/regressions``. Here inputs
come from sound files by a fixed seed; ``tests/fuzz/fuzz.py`` looks for others by coverage, for as long as one likes.
"""

import gzip
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
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lenet1998.data.label_csv import HEADER
from tests.fuzz.readers import LABELS, READERS, npy, parts, with_checksums, zipped
from tests.rings import beyond

pytestmark = pytest.mark.filterwarnings(
    "error::ResourceWarning",
    "error::RuntimeWarning",  # would be a second line
    "error::pytest.PytestUnraisableExceptionWarning",
    "ignore:.*fork.*:DeprecationWarning",
    "ignore:Reading `.npy` or `.npz` file required additional header parsing:UserWarning",
)
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*-*"))
INPUTS = {"idx": 1500, "keras": 700, "checkpoint": 300, "csv": 400, "image": 700}


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


BOMB = 68 * 2**20
MEMORY = 700 * 2**20  # above what a process has that has loaded everything
SECONDS = 10.0


def bombs() -> Iterator[tuple[str, bytes]]:
    """Files that unfold to more than a process may have, or say so, by their reader."""
    yield "idx", gzip.compress(bytes(BOMB), 1)
    yield "idx", gzip.compress(struct.pack(">HBBI", 0, 8, 1, 2**32 - 1) + bytes(1000))
    announced = npy(np.zeros(1, np.float32)).replace(b"(1,)", b"(%d,)" % 2**40)[:128]
    for name, member in (("keras", LABELS.key), ("checkpoint", "values")):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(f"{member}.npy", bytes(BOMB))
        yield from ((name, body) for body in (packed.getvalue(), zipped(parts() | {member: announced})))
    yield "csv", HEADER + b"\n" + bytes(10**7)
    large = struct.pack(">I4sIIBBBBBI4s", 13, b"IHDR", 40_000, 30_000, 1, 0, 0, 0, 0, 2**31 - 1, b"IDAT")
    yield from (("image", with_checksums(large + body)) for body in (b"", zlib.compress(bytes(10**7))))


def test_what_unfolds_to_too_much_is_refused_within_bounds(tmp_path):
    """In a process of its own, whose memory is limited: it must neither end it nor take longer than it may."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            said = f"{attempt_all(tmp_path / 'file')}"
        except BaseException:
            said = traceback.format_exc()
        os.write(writer, said.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    end = os.waitpid(process, 0)[1]
    assert end == 0, f"ended by signal {signal.Signals(end).name}"
    assert said == "9"


def attempt_all(path: Path) -> int:
    for reader in READERS.values():
        reader.takes(reader.seeds()[0])
    every = list(bombs())
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, hard))
    for name, body in every:
        path.write_bytes(body)
        began = time.process_time()
        with pytest.raises(READERS[name].error) as refusal:
            READERS[name].read(path)
        assert "\n" not in str(refusal.value), name
        assert time.process_time() - began < SECONDS, name
    return len(every)
