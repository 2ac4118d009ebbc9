"""QMNIST's test patterns, from small files of the same form: the class is the first of eight integers."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from lenet1998 import data
from lenet1998.data import qmnist
from lenet1998.data.qmnist import IMAGES, LABELS
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns
from lenet1998.recipe import Recipe
from lenet1998.training import Trainer
from tests.own_data import drawn, idx

CLASSES = np.arange(30) * 7 % 10
# Series, writer, number, NIST's class, its place, and two columns of zeros.
COLUMNS = np.column_stack(
    [CLASSES, CLASSES % 5, CLASSES + 2000, CLASSES, CLASSES + 30, CLASSES + 90_000, CLASSES * 0] * 2
)
QMNIST = {IMAGES: idx(drawn(CLASSES)), LABELS: idx(COLUMNS[:, :8].astype(np.int32))}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qmnist, "COUNT", 30)


def put(place: Path, changes: dict[str, bytes] | None = None, packed: bool = False) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for name, body in (QMNIST | (changes or {})).items():
        (place / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(body) if packed else body)
    return place


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("within", [".", "QMNIST/raw"])
def test_the_class_is_the_first_column(tmp_path, packed, within, monkeypatch):
    put(tmp_path / within, packed=packed)
    found = data.load("qmnist", tmp_path, train_size=1)
    assert found.name == "qmnist" and len(found.train) == 0 and found.classes == ()
    assert found.test.labels.tolist() == CLASSES.tolist()
    assert np.array_equal(found.test.images, drawn(CLASSES))
    assert found.digests == {name: hashlib.sha256(body).hexdigest() for name, body in QMNIST.items()}
    assert "digests are not known here" in found.notice and found.digests[LABELS][:12] in found.notice
    assert len(data.load("qmnist", tmp_path, test_size=7).test) == 7
    monkeypatch.setenv("LENET1998_DATA", str(tmp_path))
    assert data.load("qmnist").test.digest() == found.test.digest()


def test_there_is_nothing_to_learn(tmp_path):
    found = data.load("qmnist", put(tmp_path))
    with pytest.raises(DataError, match="qmnist has no patterns to learn: train on others, and evaluate on these"):
        Trainer(Recipe(), found, seed=1, engine="numpy")
    assert isinstance(found.train, Patterns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({IMAGES: idx(drawn(CLASSES[:29]))}, r"holds an array of \(29, 28, 28\), not \(30, 28, 28\): get QMNIST's two"),
        ({IMAGES: idx(drawn(CLASSES, 32))}, r"holds an array of \(30, 32, 32\)"),
        ({LABELS: idx(CLASSES.astype(np.uint8))}, "is an IDX file, not IDX data of 32-bit integers"),
        ({LABELS: idx(CLASSES.astype(np.int32))}, r"holds an array of \(30,\), not \(30, 8\)"),
        ({LABELS: idx(COLUMNS[:, 1:9].astype(np.int32) + 6)}, "holds a class of 10, not only digits from 0 to 9"),
        ({LABELS: idx(COLUMNS[:, :8].astype(np.int32) - 1)}, "holds a class of -1"),
        ({LABELS: QMNIST[LABELS][:-3]}, "is truncated"),
        ({IMAGES: b""}, "is empty"),
    ],
)
def test_other_files_are_refused(tmp_path, changes, message):
    with pytest.raises(DataError, match=message) as caught:
        data.load("qmnist", put(tmp_path, changes))
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(
        DataError, match=r"qmnist-test-images-idx3-ubyte\(.gz\) is not in .*--data-dir.*: put QMNIST's two"
    ):
        data.load("qmnist", tmp_path)
    (put(tmp_path) / LABELS).unlink()
    with pytest.raises(DataError, match=r"qmnist-test-labels-idx2-int\(.gz\) is not in"):
        data.load("qmnist", tmp_path)
