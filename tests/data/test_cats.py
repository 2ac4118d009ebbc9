"""The cats on disk: two small HDF5 files in place of the real ones, and what is wrong with those that are not right."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lenet1998.data import cats
from lenet1998.data.cats import FILES, load_cats
from lenet1998.errors import DataError

h5py = pytest.importorskip("h5py")

TRAIN, TEST = FILES


def write(path: Path, stem: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One file as the course has it: photographs with their channels last."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 256, (count, 64, 64, 3), np.uint8), rng.integers(0, 2, count)
    with h5py.File(path, "w") as file:
        file["list_classes"] = np.array([b"non-cat", b"cat"])
        file[f"{stem}_set_x"], file[f"{stem}_set_y"] = images, labels
    return images, labels


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "cats").mkdir()
    write(tmp_path / "cats" / TRAIN, "train", 6, 0)
    write(tmp_path / "cats" / TEST, "test", 4, 1)
    return tmp_path / "cats"


def change(path: Path, key: str, value: Any) -> None:
    with h5py.File(path, "a") as file:
        del file[key]
        if value is not None:
            file[key] = value


def test_images_and_labels(directory: Path) -> None:
    images, labels = write(directory / TRAIN, "train", 7, 2)
    loaded = load_cats(directory)
    assert loaded.name == "cats" and len(loaded.test) == 4
    assert loaded.train.images.dtype == np.uint8 and loaded.train.images.shape == (7, 3, 64, 64)
    assert loaded.train.images.flags.c_contiguous
    assert loaded.train.images[3, 1, 20, 30] == images[3, 20, 30, 1]
    assert (loaded.train.images.transpose(0, 2, 3, 1) == images).all()
    assert loaded.train.labels.dtype == np.uint8 and (loaded.train.labels == labels).all()


def test_digests_are_reported(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in FILES}
    loaded = load_cats(directory)
    assert loaded.digests == digests
    assert loaded.source == f"cats in {directory} (not the course's files: 6 training and 4 test images)"
    for name, digest in digests.items():
        monkeypatch.setitem(FILES, name, digest)
    assert load_cats(directory).source == f"cats in {directory}"


def test_a_home_directory_may_be_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(directory.parent))
    monkeypatch.setenv("USERPROFILE", str(directory.parent))
    assert len(load_cats("~/cats").train) == 6


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_compressed_arrays(directory: Path, compression: str | None) -> None:
    images = np.full((5, 64, 64, 3), 9, np.uint8)
    with h5py.File(directory / TEST, "w") as file:
        file.create_dataset("test_set_x", data=images, compression=compression)
        file.create_dataset("test_set_y", data=np.ones(5, np.uint8), compression=compression)
    assert (load_cats(directory).test.images == 9).all()


GREY, PHOTOGRAPHS = np.zeros((4, 64, 64), np.uint8), np.zeros((4, 64, 64, 3), np.uint8)
WRONG = {
    "no images": ("test_set_x", None, "has no 'test_set_x', only list_classes, test_set_y"),
    "no labels": ("test_set_y", None, "has no 'test_set_y', only list_classes, test_set_x"),
    "grey": ("test_set_x", GREY, r"test_set_x is uint8 \(4, 64, 64\), not uint8 \(P, 64, 64, 3\)"),
    "channels first": ("test_set_x", PHOTOGRAPHS.transpose(0, 3, 1, 2), r"uint8 \(4, 3, 64, 64\), not"),
    "small": ("test_set_x", PHOTOGRAPHS[:, ::2, ::2], r"uint8 \(4, 32, 32, 3\), not"),
    "decimals": ("test_set_x", PHOTOGRAPHS / 255.0, r"test_set_x is float64 \(4, 64, 64, 3\), not uint8"),
    "signed": ("test_set_x", PHOTOGRAPHS.astype(np.int8), "test_set_x is int8"),
    "text": ("test_set_x", "a cat", r"test_set_x is object \(\)"),
    "none": ("test_set_x", PHOTOGRAPHS[:0], "has 0 images but 4 labels"),
    "labels by column": (
        "test_set_y",
        np.zeros((1, 4), int),
        r"test_set_y is int64 \(1, 4\), not whole numbers \(P,\)",
    ),
    "decimal labels": ("test_set_y", np.zeros(4), "test_set_y is float64"),
    "label 2": ("test_set_y", np.array([0, 1, 2, 3]), r"test_set_y holds a label of 2 \(image 2\), not only 0 and 1"),
    "label -1": ("test_set_y", np.array([0, -1, 1, 1]), r"a label of -1 \(image 1\)"),
    "label 256": ("test_set_y", np.array([0, 256, 1, 1]), r"a label of 256 \(image 1\)"),
    "too few labels": ("test_set_y", np.zeros(3, int), "has 4 images but 3 labels"),
}


@pytest.mark.parametrize("kind", list(WRONG))
def test_wrong_contents(directory: Path, kind: str) -> None:
    key, value, message = WRONG[kind]
    change(directory / TEST, key, value)
    fails(directory, message)


def fails(directory: Path, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load_cats(directory)
    text = str(caught.value)
    assert str(directory / TEST) in text and "replace it by" in text and "\n" not in text


def external_link(file: Any, secret: Path) -> None:
    file["test_set_x"] = h5py.ExternalLink(secret, "train_set_x")


def soft_link(file: Any, secret: Path) -> None:
    file["test_set_x"] = h5py.SoftLink("/nowhere")


def external_storage(file: Any, secret: Path) -> None:
    file.create_dataset("test_set_x", (4, 64, 64, 3), "u1", external=[(str(secret), 0, 4 * 64 * 64 * 3)])


def virtual(file: Any, secret: Path) -> None:
    layout = h5py.VirtualLayout((4, 64, 64, 3), "u1")
    layout[:] = h5py.VirtualSource(secret, "train_set_x", (6, 64, 64, 3))[:4]
    file.create_virtual_dataset("test_set_x", layout)


def group(file: Any, secret: Path) -> None:
    file.create_group("test_set_x")


@pytest.mark.parametrize("make", [external_link, soft_link, external_storage, virtual, group])
def test_nothing_is_read_from_elsewhere(directory: Path, make: Callable[[Any, Path], None]) -> None:
    with h5py.File(directory / TEST, "a") as file:
        del file["test_set_x"]
        make(file, directory / TRAIN)
    fails(directory, "test_set_x is no array within this file")


def test_an_announcement_without_images(directory: Path) -> None:
    with h5py.File(directory / TEST, "w") as file:
        file.create_dataset("test_set_x", (10**9, 64, 64, 3), "u1", chunks=(1, 64, 64, 3))
        file.create_dataset("test_set_y", (10**9,), "i8", chunks=(1,))
    fails(directory, "announces 1000000000 images, not 1 to 20000")


def test_files_that_are_no_hdf5(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (directory / TEST).read_bytes()
    for body in (whole[:100], whole[: len(whole) // 2], whole[:-1], b"", b"<!DOCTYPE html><html></html>"):
        (directory / TEST).write_bytes(body)
        fails(directory, "is no HDF5 file, truncated, damaged or being written")
    monkeypatch.setattr(cats, "MOST_BYTES", len(whole))
    (directory / TEST).write_bytes(whole + b"x")
    (directory / TRAIN).write_bytes(whole)
    fails(directory, f"is too long: it has more than {len(whole)} bytes")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_files_that_another_process_has_open(directory: Path, libver: str) -> None:
    """HDF5 locks them, in its oldest format and its newest."""
    write(directory / TRAIN, "train", 3, 1)
    expected = load_cats(directory).train.digest()
    hold = "import h5py, sys; file = h5py.File(sys.argv[1], 'a', libver=sys.argv[2]); print(file, flush=True); input()"
    command = [sys.executable, "-c", hold, str(directory / TRAIN), libver]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert b"HDF5 file" in other.stdout.readline()  # type: ignore[union-attr]
        with pytest.raises(OSError, match="lock"):
            h5py.File(directory / TRAIN, "r")
        assert load_cats(directory).train.digest() == expected
        other.communicate(b"\n", timeout=60)


def test_missing_files(directory: Path) -> None:
    (directory / TEST).unlink()
    for named, first in ((directory, TEST), (directory / "nowhere", TRAIN), (directory / TRAIN, TRAIN)):
        with pytest.raises(DataError, match="cannot be read") as caught:
            load_cats(named)
        message = str(caught.value)
        assert str(Path(named, first)) in message and TRAIN in message and TEST in message and "\n" not in message


def test_without_h5py(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DataError, match=r"need h5py .*pip install 'lenet1998\[hdf5\]'"):
        load_cats(directory)
