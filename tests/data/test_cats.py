"""The cats on disk: two small HDF5 files in place of the course's, and others, which are refused."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

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
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cats"
    place.mkdir()
    for seed, (name, stem) in enumerate(((TRAIN, "train"), (TEST, "test"))):
        write(place / name, stem, 6 - 2 * seed, seed)
        monkeypatch.setitem(FILES, name, hashlib.sha256((place / name).read_bytes()).hexdigest())
    return place


def test_images_and_labels(directory):
    images, labels = write(directory / "again", "train", 6, 0)
    loaded = load_cats(directory)
    assert loaded.name == "cats" and len(loaded.test) == 4 and loaded.digests == FILES
    assert loaded.source == f"cats in {directory}"
    assert loaded.train.images.dtype == np.uint8 and loaded.train.images.shape == (6, 3, 64, 64)
    assert loaded.train.images.flags.c_contiguous
    assert loaded.train.images[3, 1, 20, 30] == images[3, 20, 30, 1]
    assert (loaded.train.images.transpose(0, 2, 3, 1) == images).all()
    assert loaded.train.labels.dtype == np.uint8 and (loaded.train.labels == labels).all()


def test_a_home_directory_may_be_named(directory, monkeypatch):
    monkeypatch.setenv("HOME", str(directory.parent))
    monkeypatch.setenv("USERPROFILE", str(directory.parent))
    assert len(load_cats("~/cats").train) == 6


def test_other_files_are_refused(directory):
    """Whatever they hold: HDF5 can name other files of this computer, and announce what it has not."""
    whole = (directory / TEST).read_bytes()
    for body in (whole[:-1], whole + b"x", (directory / TRAIN).read_bytes(), b"", b"<!DOCTYPE html><html></html>"):
        (directory / TEST).write_bytes(body)
        with pytest.raises(DataError, match="is not the course's file, or damaged: replace it") as caught:
            load_cats(directory)
        assert str(directory / TEST) in str(caught.value) and "\n" not in str(caught.value)


def test_missing_files(directory):
    (directory / TEST).unlink()
    for named, first in ((directory, TEST), (directory / "nowhere", TRAIN), (directory / TRAIN, TRAIN)):
        with pytest.raises(DataError, match="cannot be read") as caught:
            load_cats(named)
        message = str(caught.value)
        assert str(Path(named, first)) in message and TRAIN in message and TEST in message and "\n" not in message


def test_without_h5py(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DataError, match=r"need h5py .*pip install 'lenet1998\[hdf5\]'"):
        load_cats(directory)
