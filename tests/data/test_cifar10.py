"""CIFAR-10 on disk: the published batches are read in every layout, and nothing else is taken for them."""

import bz2
import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lenet1998.data import cifar10
from lenet1998.data.cifar10 import ARCHIVE, BATCHES, FOLDER, load_cifar10
from lenet1998.errors import DataError

pytestmark = pytest.mark.usefixtures("home")


def pickled(pixels: np.ndarray, labels: list[int]) -> bytes:
    """One batch of fewer than 256 images, with all the keys of the original's, as Python 2 wrote it."""
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K"
    array += bytes([len(pixels)]) + b"M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
    array += b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array += b"\x88T" if np.isfortran(pixels) else b"\x89T"
    array += struct.pack("<i", pixels.size) + pixels.tobytes("A") + b"tb"
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    names = b"".join(b"U\x05a.png" for _ in labels)
    head = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03"
    return head + b"U\x06labels](" + numbers + b"eU\x04data" + array + b"U\tfilenames](" + names + b"eu."


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3072), np.uint8), rng.integers(0, 10, count).tolist()


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Six small batches in place of the published ones."""
    bodies = {name: pickled(*drawn(4 + i, i)) for i, name in enumerate(BATCHES)}
    for name, body in bodies.items():
        monkeypatch.setitem(BATCHES, name, hashlib.md5(body).hexdigest())
    return bodies


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """Has an archive taken for the published one."""

    def known(path: Path) -> Path:
        monkeypatch.setattr(cifar10, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
        return path

    return known


def archive(path: Path, bodies: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as file:
        for name, body in bodies.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(body)
            file.addfile(member, io.BytesIO(body))
    return path


def folder(path: Path, bodies: dict[str, bytes]) -> Path:
    path.mkdir(parents=True)
    for name, body in bodies.items():
        (path / name).write_bytes(body)
    return path


@pytest.mark.parametrize("order", ["C", "F"])
def test_python_reads_the_same(order):
    pixels, labels = drawn(200)
    pixels[0] = 75  # K, as a number's instruction
    batch = pickled(np.asarray(pixels, order=order), labels)
    read = pickle.loads(batch, encoding="latin1")
    found = cifar10._patterns(batch)
    assert list(read) == ["batch_label", "labels", "data", "filenames"]
    assert found.labels.tolist() == read["labels"] == labels
    assert (found.images.reshape(200, -1) == read["data"]).all() and (read["data"] == pixels).all()


def test_every_layout(tmp_path, bodies, known, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    reversed_bodies = dict(reversed({**bodies, "batches.meta": b"not read", "readme.html": b"<html>"}.items()))
    unpacked = folder(tmp_path / "unpacked" / FOLDER, reversed_bodies)
    (tmp_path / "cache" / "lenet1998" / "cifar10").mkdir(parents=True)
    packed = known(archive(tmp_path / "cache" / "lenet1998" / "cifar10" / ARCHIVE, reversed_bodies))
    (tmp_path / "browser").mkdir()
    unfolded = archive(tmp_path / "browser" / "cifar-10-python.tar", reversed_bodies, "w:")
    for named, place in (
        (unfolded.parent, unfolded),
        (unpacked, unpacked),
        (unpacked.parent, unpacked),
        (packed, packed),
        (packed.parent, packed),
        (None, packed),
    ):
        loaded = load_cifar10(named)
        expected = [drawn(4 + i, i) for i in range(6)]
        assert loaded.name == "cifar10" and str(place) in loaded.source
        assert loaded.train.images.shape == (30, 3, 32, 32) and loaded.test.images.shape == (9, 3, 32, 32)
        assert (loaded.train.images.reshape(30, -1) == np.concatenate([pixels for pixels, _ in expected[:5]])).all()
        assert loaded.train.labels.tolist() == [label for _, labels in expected[:5] for label in labels]
        assert loaded.test.labels.tolist() == expected[5][1]
        assert loaded.digests == {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
        split = loaded.held_out(7)
        assert len(split.train) == 23 and (split.test.images == loaded.train.images[23:]).all()


def test_channels_and_rows():
    pixels = np.zeros((1, 3072), np.uint8)
    pixels[0, 1024 + 32 * 2 + 5] = 200  # green, third row, sixth column
    images = cifar10._patterns(pickled(pixels, [3])).images
    assert np.argwhere(images).tolist() == [[0, 1, 2, 5]] and images[0, 1, 2, 5] == 200


def test_only_the_published_batches_and_our_cut_down_ones_are_read(tmp_path, bodies, known, monkeypatch):
    path = tmp_path / "some.tar.gz"
    original = load_cifar10(known(archive(path, bodies)))
    assert original.source == f"CIFAR-10 in {path}" and original.notice == ""
    whole = path.read_bytes()
    archive_of, tar = "is not CIFAR-10's archive, or damaged", "is no tar archive, truncated or damaged"
    batch = "does not hold the data_batch_1 of CIFAR-10 as it was published"
    for body, what in (
        (whole[:-1], archive_of),
        (whole + b"x", archive_of),
        (bz2.compress(whole), tar),
        (b"", tar),
        (b"<html>", tar),
        (bytes(100), tar),
        (bytes(10_240), batch),
        (gzip.decompress(whole)[:9999], tar),
    ):
        path.write_bytes(body)
        with pytest.raises(DataError, match=f"{what}.*: get it again, or run") as caught:
            load_cifar10(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    two = {name: bodies[name] for name in ("data_batch_1", "test_batch")}
    for changed, name in (
        (bodies | {"data_batch_4": pickled(*drawn(4))}, "data_batch_4"),
        (bodies | {"data_batch_2": b"cos\nsystem\n(S'touch harmed'\ntR."}, "data_batch_2"),
        (bodies | {"test_batch": b""}, "test_batch"),
        (two, "data_batch_2"),
    ):
        with pytest.raises(DataError, match=f"does not hold the {name} of CIFAR-10 as it was published: get it"):
            load_cifar10(folder(tmp_path / f"d{name}{len(changed)}", changed))
    assert not Path("harmed").exists()
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in two.items()}
    monkeypatch.setattr(cifar10, "CUT_DOWN", digests)
    copy = load_cifar10(folder(tmp_path / "two", two))
    assert "a cut-down copy, 4 training and 9 test images" in copy.source and len(copy.train) == 4
    assert "a cut-down copy" in copy.notice and "\n" not in copy.notice and copy.digests == digests


def test_nothing_there(tmp_path):
    for named in (None, tmp_path / "nowhere", tmp_path):
        with pytest.raises(DataError, match="was not found") as caught:
            load_cifar10(named)
        message = str(caught.value)
        assert str(named or tmp_path / "home") in message and "--data-dir" in message and "\n" not in message
