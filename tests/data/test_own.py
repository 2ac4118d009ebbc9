"""A user's own data: every form comes back as it was written, EMNIST upright, and what is wrong is said in one line."""

import gzip
import hashlib
import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet1998 import data
from lenet1998.data import given, known
from lenet1998.data import idx as idx_files
from lenet1998.data.files import FILES
from lenet1998.data.idx import FREE
from lenet1998.data.own import load_own
from lenet1998.data.polarity import dark_on_light
from lenet1998.errors import CheckpointError, DataError
from lenet1998.patterns import DataSet
from lenet1998.running import checkpoint
from tests.own_data import drawn, idx, put_folders, put_idx

LABELS = np.arange(40) % 4
TESTED = np.array([0, 3, 1])
SETS = ((drawn(LABELS), LABELS), (drawn(TESTED, seed=1), TESTED))


def holds(found: DataSet, classes: str = "0123") -> bool:
    """Whether a data set is that of SETS, in its order."""
    for half, (images, labels) in zip((found.train, found.test), SETS, strict=True):
        if not (np.array_equal(half.images, images) and np.array_equal(half.labels, labels)):
            return False
    return found.classes == tuple(classes)


def refused(place: Path, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load_own(place)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("halves", [("train", "t10k"), ("train", "test")])
def test_idx_files(tmp_path, gzipped, halves):
    place = put_idx(tmp_path / "mine", *SETS, halves=halves, gzipped=gzipped)
    found = load_own(place)
    assert holds(found)
    assert found.path == str(place) and found.source == str(place)
    assert found.digests == {"train": found.train.digest(), "test": found.test.digest()}
    both = "".join(found.digests.values())
    assert found.name == f"mine-{hashlib.sha256(both.encode()).hexdigest()[:8]}"
    assert "its digest is none that is known here" in found.notice and "cannot" not in found.name
    assert "4 classes (0, 1, 2, 3); 40 training and 3 test patterns" in found.notice
    assert "No number of this data can be compared with the paper's" in found.notice and "\n" not in found.notice
    for file in place.iterdir():
        assert holds(load_own(file)), "one of the files stands for its set"


def test_the_gzipped_file_is_taken_before_the_other(tmp_path):
    put_idx(tmp_path, *SETS, gzipped=True)
    put_idx(tmp_path, (SETS[0][0][:5], LABELS[:5]), None, gzipped=False)
    assert holds(load_own(tmp_path))


def test_without_a_test_set_a_tenth_of_each_class_is_held_out(tmp_path):
    found = load_own(put_idx(tmp_path / "a", SETS[0], None))
    assert found.test.labels.tolist() == [0, 1, 2, 3] and len(found.train) == 36
    assert np.array_equal(found.test.images, SETS[0][0][36:]), "the tenth of each class"
    assert "every tenth pattern of a class is held out for tests" in found.notice
    ordered = np.sort(LABELS)
    assert load_own(put_idx(tmp_path / "b", (drawn(ordered), ordered), None)).test.labels.tolist() == [0, 1, 2, 3]
    refused(put_idx(tmp_path / "c", (SETS[0][0][:36], LABELS[:36]), None), "has no class of 10 patterns")


def test_all_judge_a_network_that_has_not_learned_them(tmp_path):
    """But of data that it has learned, those that were held out."""
    place = put_idx(tmp_path / "a", SETS[0], None)
    learned = load_own(place)
    assert load_own(place, learned.digests).test.digest() == learned.test.digest()
    others = load_own(place, {"train": "1", "test": "2"})
    assert np.array_equal(others.test.images, SETS[0][0]) and np.array_equal(others.test.labels, LABELS)
    assert "all are for tests, since the network has not learned them" in others.notice
    few = put_idx(tmp_path / "b", SETS[1], None)
    assert len(load_own(few, {}).test) == 3
    one = put_idx(tmp_path / "c", (SETS[1][0][:1], TESTED[:1]), None)
    assert load_own(one, {}).classes == ("0",) and len(data.load(one, learned={}).test) == 1
    tested = load_own(put_idx(tmp_path / "d", *SETS), {})
    assert holds(tested), "a test set is one"


def test_labels_may_be_any_bytes_and_name_the_classes(tmp_path):
    labels = np.array([255, 3] * 10)
    found = load_own(put_idx(tmp_path, (drawn(labels), labels), (drawn([17]), np.array([17]))))
    assert found.classes == ("3", "17", "255")
    assert found.train.labels.tolist() == [2, 0] * 10 and found.test.labels.tolist() == [1]


@pytest.mark.parametrize(
    ("name", "labels", "classes"),
    [
        ("digits", [0, 9], "09"),
        ("mnist", [1, 7], "17"),
        ("letters", [1, 2, 26], "ABZ"),
        ("balanced", [0, 10, 35, 36, 37, 38, 46], "0AZabdt"),
        ("bymerge", [9, 46], "9t"),
        ("byclass", [9, 10, 36, 61], "9Aaz"),
    ],
)
@pytest.mark.parametrize("form", ["gzip", "raw", "csv"])
def test_emnist_is_turned_upright_and_its_classes_are_characters(tmp_path, name, labels, classes, form):
    upright = drawn(labels)
    pair = upright.transpose(0, 2, 1), np.array(labels)
    if form == "csv":
        for half in ("train", "test"):
            rows = [[label, *image.ravel()] for label, image in zip(labels, pair[0], strict=True)]
            text = "".join(",".join(map(str, row)) + "\n" for row in rows)
            (tmp_path / f"emnist-{name}-{half}.csv").write_text(text)
        found = load_own(tmp_path)
    else:
        put_idx(tmp_path, pair, pair, f"emnist-{name}-", ("train", "test"), form == "gzip")
        (tmp_path / f"emnist-{name}-mapping.txt").write_text("0 48\n")
        found = load_own(tmp_path)
    assert found.classes == tuple(classes)
    assert np.array_equal(found.train.images, upright) and np.array_equal(found.test.images, upright)
    assert found.name.startswith(f"emnist-{name}-") and "known by its name alone" in found.notice
    assert "images turned upright" in found.notice


def test_a_directory_of_all_of_emnist_asks_which(tmp_path):
    for name in ("digits", "letters"):
        put_idx(tmp_path, *((drawn([1, 2]), np.array([1, 2])),) * 2, f"emnist-{name}-", ("train", "test"))
    refused(tmp_path, r"several data sets \(emnist-digits-, emnist-letters-\): name a file of the one you mean")
    assert load_own(tmp_path / "emnist-letters-test-labels-idx1-ubyte.gz").classes == ("A", "B")


def test_published_files_are_recognised_by_digest(tmp_path, monkeypatch):
    place = put_idx(tmp_path / "any", *SETS)
    own = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in place.iterdir()}
    assert all(files.keys() == own.keys() for files in known.PUBLISHED.values())
    monkeypatch.setitem(known.PUBLISHED, "fashion-mnist", own)
    found = load_own(place)
    assert found.name == "fashion-mnist" and "known by its digest" in found.notice
    assert found.classes == ("T-shirt", "trouser", "pullover", "dress") and found.digests["train"]
    changed = SETS[0][1].copy()
    changed[0] = 3
    put_idx(place, (SETS[0][0], changed), SETS[1])
    assert load_own(place).name.startswith("any-"), "one file differs"


def test_what_is_known_of_others_is_whole():
    digests = [digest for files in known.PUBLISHED.values() for digest in files.values()]
    assert len(set(digests)) == 8 and all(len(digest) == 32 for digest in digests)
    sizes = {name: len(classes) for name, classes in known.CLASSES.items()}
    assert sizes == {
        "emnist-digits": 10, "emnist-mnist": 10, "emnist-letters": 26, "emnist-balanced": 47, "emnist-bymerge": 47,
        "emnist-byclass": 62, "fashion-mnist": 10, "kmnist": 10,
    }  # fmt: skip
    assert all(len(set(classes.values())) == len(classes) for classes in known.CLASSES.values())
    # In the order of the data sets' own tables of labels.
    assert "".join(known.CLASSES["kmnist"].values()) == "okisutsunahamayarewo"
    assert [known.CLASSES["fashion-mnist"][label] for label in (0, 5, 9)] == ["T-shirt", "sandal", "ankle boot"]
    assert known.CLASSES["emnist-balanced"][36] == "a" and known.CLASSES["emnist-letters"][1] == "A"


def taken_for_mnist(patch: pytest.MonkeyPatch, arrays: list[np.ndarray]) -> None:
    for (name, file), array in zip(FILES.items(), arrays, strict=True):
        known = replace(file, count=len(array), sha256=hashlib.sha256(idx(array)).hexdigest())
        patch.setitem(given.FILES, name, known)


def test_mnist_is_itself_in_whatever_form(tmp_path, monkeypatch):
    """And then, and only then, it may be compared with the paper."""
    arrays = [SETS[0][0], LABELS.astype(np.uint8), SETS[1][0], TESTED.astype(np.uint8)]
    taken_for_mnist(monkeypatch, arrays)
    np.savez(tmp_path / "own.npz", **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)))
    for place in (put_idx(tmp_path / "idx", *SETS), tmp_path / "own.npz"):
        found = load_own(place)
        assert (found.name, found.notice, found.classes) == ("mnist", "", ()) and found.path == str(place)
        assert found.digests == {name: file.sha256 for name, file in given.FILES.items()}
    arrays[1] = arrays[1][::-1]
    np.savez(tmp_path / "own.npz", **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)))
    assert load_own(tmp_path / "own.npz").name.startswith("own-")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("train-images-idx3-ubyte.gz", "has no training images in an IDX file: files are called train-images-idx3"),
        ("train-labels-idx1-ubyte.gz", "has no training labels"),
        ("t10k-images-idx3-ubyte.gz", "has no test images"),
        ("t10k-labels-idx1-ubyte.gz", "has no test labels"),
    ],
)
def test_a_missing_file_of_a_set_is_named(tmp_path, missing, message):
    (put_idx(tmp_path, *SETS) / missing).unlink()
    refused(tmp_path, message)


def test_counts_that_differ_and_damage(tmp_path):
    images, labels = SETS[0]
    refused(put_idx(tmp_path / "a", (images, labels[:-1]), SETS[1]), r"has 40 images and train-labels-.*.gz 39 labels")
    place = put_idx(tmp_path / "b", *SETS)
    file = place / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-9])
    refused(place, "t10k-images-idx3-ubyte.gz is truncated: its gzip data end early; correct it, or get the file again")
    file.write_bytes(gzip.compress(idx(np.zeros(3, np.uint8))))
    refused(place, r"holds an array of \(3,\), not images in 3 dimensions")
    file.write_bytes(gzip.compress(idx(np.zeros((3, 28, 28), np.int32))))
    refused(place, "is an IDX file of integers, not IDX data of unsigned bytes")


@pytest.mark.parametrize(("side", "message"), [(16, "16x16"), (64, "64x64"), (27, "27x27")])
def test_other_sizes_are_refused_with_what_is_taken(tmp_path, side, message):
    images = np.full((40, side, side), 255, np.uint8)
    refused(put_idx(tmp_path / "a", (images, LABELS), None), f"images of {message}: 28x28 is taken, or 32x32; --resize")
    put_folders(tmp_path / "b", images, [str(label) for label in LABELS])
    refused(tmp_path / "b", f"0000.png has {message} pixels: 28x28 is taken, or 32x32; --resize .*read_image")
    for place in "ab":
        found = load_own(tmp_path / place, resize=True)
        assert found.train.images.shape == (36, 28, 28) and found.treated == {"resized": True}
        assert "images scaled to 28x28, their aspect kept" in found.notice


def test_images_of_other_sizes_are_scaled_whole_where_that_is_asked_for(tmp_path):
    """Twice as large and with a margin of paper at both sides, they come back as they were, in three quarters."""
    names = [f"cl{label}" for label in LABELS]
    put_folders(tmp_path / "a", np.pad(SETS[0][0].repeat(2, axis=1).repeat(2, axis=2), ((0, 0), (4, 4), (0, 0))), names)
    scaled = load_own(tmp_path / "a", resize=True)
    assert scaled.train.images.shape == (36, 28, 28)
    assert not scaled.train.images[:, :, :1].any() and not scaled.train.images[:, :, -1:].any(), "64 high, 56 wide"
    high = np.asarray(Image.fromarray(SETS[0][0][39]).resize((24, 24), Image.Resampling.HAMMING))
    assert np.abs(scaled.test.images[3][2:26, 2:26].astype(int) - high).mean() < 12
    Image.fromarray(np.full((20, 28), 9, np.uint8)).save(tmp_path / "a" / "cl0" / "9.png")
    assert len(load_own(tmp_path / "a", resize=True).train) == 37, "sizes may differ then"
    plain = put_folders(tmp_path / "b", SETS[0][0], names)
    assert load_own(plain, resize=True).digests == load_own(plain).digests and not load_own(plain, resize=True).treated


def test_images_of_32x32(tmp_path):
    images = drawn(LABELS, 32)
    assert load_own(put_idx(tmp_path / "a", (images, LABELS), None)).train.images.shape == (36, 32, 32)
    np.savez(tmp_path / "b.npz", x_train=images.reshape(40, -1), y_train=LABELS)
    assert load_own(tmp_path / "b.npz").train.images.shape == (36, 32, 32)
    refused(put_idx(tmp_path / "c", (images, LABELS), SETS[1]), "images of 28x28 and others of 32x32: bring all to one")


def test_one_class_no_pattern_and_no_ink(tmp_path):
    refused(put_idx(tmp_path / "a", (SETS[0][0], LABELS * 0), None), "has one class only: give images of two classes")
    nothing = np.zeros((0, 28, 28)), np.zeros(0)
    refused(put_idx(tmp_path / "b", SETS[0], nothing), "has no patterns in one of its two sets")
    faint = SETS[0][0] // 255
    refused(put_idx(tmp_path / "c", (faint, LABELS), None), "runs from 0 to 1, not from 0 .* multiply it by 255")


def table(path: Path, images: np.ndarray, labels: np.ndarray, header: bool = True) -> Path:
    names = [",".join(["label", *(f"pixel{i}" for i in range(784))])] if header else []
    rows = [",".join(map(str, [label, *image.ravel()])) for label, image in zip(labels, images, strict=True)]
    path.write_text("\n".join([*names, *rows]) + "\n")
    return path


def test_tables(tmp_path):
    place = tmp_path / "tables"
    place.mkdir()
    train = table(place / "my_train.csv", *SETS[0])
    alone = load_own(train)
    assert len(alone.train) == 36 and "every tenth" in alone.notice and alone.name.startswith("my_train-")
    assert load_own(place).digests == alone.digests
    test = table(place / "my_test.csv", *SETS[1], header=False)
    assert holds(load_own(place))
    (place / "read me.txt").write_text("hello")
    assert holds(load_own(place)) and "; left out: 1 .txt file. No" in load_own(place).notice
    table(place / "more.csv", *SETS[1])
    refused(place, r"several data sets \(more.csv, my_test.csv, my_train.csv\): name a file")
    (place / "zipped.csv.gz").write_bytes(gzip.compress(train.read_bytes()))
    assert load_own(place / "zipped.csv.gz").train.digest() == alone.train.digest()
    test.write_text(train.read_text().replace("\n3,", "\n256,"))
    refused(test, r"line 5, column 1: '256' is not a whole number from 0 to 255")


@pytest.mark.parametrize("shape", [(28, 28), (784,), (28, 28, 1), (1, 28, 28)])
@pytest.mark.parametrize("scale", [None, np.float32, np.int64])
def test_npz_as_keras_has_it(tmp_path, shape, scale):
    arrays = {}
    for half, (images, labels) in zip(("train", "test"), SETS, strict=True):
        shaped = images.reshape(-1, *shape)
        arrays[f"x_{half}"] = shaped / np.float32(255) if scale is np.float32 else shaped.astype(scale or np.uint8)
        arrays[f"y_{half}"] = labels[:, None] if len(shape) == 3 else labels.astype(scale or np.uint8)
    np.savez_compressed(tmp_path / "own.npz", **arrays)
    assert holds(load_own(tmp_path / "own.npz")) and holds(load_own(tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": None}, r"\(x_train\) is missing: the archive has no such array; give arrays x_train, y_train"),
        ({"y_test": None}, r"\(y_test\) is missing"),
        ({"x_test": None}, r"\(x_test\) is missing"),
        ({"y_train": LABELS[:-1]}, r"\(y_train\) has shape \(39,\): give one label for each of 40 images"),
        ({"y_train": np.eye(4)[LABELS]}, r"\(y_train\) has shape \(40, 4\): give one label"),
        ({"y_train": LABELS + 253}, r"\(y_train\) runs from 253 to 256: give whole numbers from 0 to 255"),
        ({"y_train": LABELS - 1}, r"\(y_train\) runs from -1 to 2"),
        ({"y_train": LABELS + 0.5}, r"\(y_train\) runs from 0.5 to 3.5"),
        ({"y_train": LABELS.astype(str)}, r"\(y_train\) is damaged \(an array of <U21, not of numbers\)"),
        (
            {"x_train": np.zeros((40, 28, 28, 3), np.uint8)},
            r"\(x_train\) has shape \(40, 28, 28, 3\): give grey images",
        ),
        ({"x_train": np.zeros((40, 100), np.uint8)}, r"\(x_train\) has shape \(40, 100\)"),
        (
            {"x_train": SETS[0][0] / 255.0 - 0.5},
            r"\(x_train\) has float64 from -0.5 to 0.5, not whole numbers .* scale",
        ),
        ({"x_train": np.zeros((0, 784)), "y_train": LABELS[:0]}, "has no patterns in one of its two sets"),
        ({"x_train": SETS[0][0] + 0.25}, r"not whole numbers from 0 to 255"),
        ({"x_train": np.full((40, 784), -1e308)}, r"\(x_train\) has float64 from -1e\+308 to -1e\+308, not whole"),
        ({"x_train": np.full((40, 784), -65504, np.float16)}, r"\(x_train\) has float16 from -65504 to -65504, not"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_npz_that_is_not_so(tmp_path, changes, message):
    arrays = {"x_train": SETS[0][0], "y_train": LABELS, "x_test": SETS[1][0], "y_test": TESTED, **changes}
    np.savez(tmp_path / "own.npz", **{name: array for name, array in arrays.items() if array is not None})
    refused(tmp_path / "own.npz", message)


def test_folders(tmp_path):
    names = [f"cl{label}" for label in LABELS]
    place = put_folders(tmp_path / "photos", SETS[0][0], names)
    found = load_own(place)
    assert found.classes == ("cl0", "cl1", "cl2", "cl3") and found.test.labels.tolist() == [0, 1, 2, 3]
    assert np.array_equal(found.test.images, SETS[0][0][36:])
    put_folders(tmp_path / "two" / "train", SETS[0][0], names)
    put_folders(tmp_path / "two" / "test", SETS[1][0], [f"cl{label}" for label in TESTED])
    (tmp_path / "two" / "train" / "cl0" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "two" / "train" / "cl0" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "two" / "__MACOSX").mkdir()
    two = load_own(tmp_path / "two")
    assert two.classes == found.classes and two.train.labels.tolist() == sorted(LABELS)
    assert np.array_equal(two.train.images, SETS[0][0][np.argsort(LABELS, kind="stable")])
    assert two.test.labels.tolist() == sorted(TESTED) and "every tenth" not in two.notice


def test_folders_of_numbers_are_in_the_order_of_their_values(tmp_path):
    put_folders(tmp_path, drawn([2, 10] * 10), ["2", "10"] * 10)
    assert load_own(tmp_path).classes == ("2", "10")


@pytest.mark.parametrize(
    "names", [("Train", "val"), ("training", "Testing"), ("train", "validation"), ("TRAIN", "valid")]
)
def test_folders_of_tests_have_many_names(tmp_path, names):
    for name, (images, labels) in zip(names, SETS, strict=True):
        put_folders(tmp_path / name, images, [f"cl{label}" for label in labels])
    found = load_own(tmp_path)
    assert (len(found.train), len(found.test)) == (40, 3) and "left out" not in found.notice
    put_folders(tmp_path / "test", SETS[0][0][:8], [f"cl{label}" for label in LABELS[:8]])
    found = load_own(tmp_path)
    if names[1] != "Testing":
        assert len(found.test) == 8 and "left out: 3 images in other folders" in found.notice


def test_what_is_left_out_is_counted_by_reason(tmp_path):
    names = [f"cl{label}" for label in LABELS]
    place = put_folders(tmp_path / "a", SETS[0][0], names)
    assert "left out" not in load_own(place).notice
    image = Image.fromarray(SETS[0][0][0])
    for number in range(3):
        image.save(place / "cl1" / f"{number}.tiff")
        image.save(place / f"cl{number}" / f"{number}.webp")
    (place / "cl2" / "deeper").mkdir()
    image.save(place / "cl2" / "deeper" / "0.png")
    image.save(place / "beside.png")
    (place / "notes").write_text("hello")
    (place / "cl0" / "nothing").mkdir()
    left = (
        "left out: 1 empty folder, 1 image in cl2/deeper, 1 image in no class folder, 1 other file, 3 TIFF images in "
        "cl1, 3 WebP images;"
    )
    assert left in load_own(place).notice and len(load_own(place).train) == 36
    np.savez(tmp_path / "own.npz", x_train=SETS[0][0], y_train=LABELS)
    assert "left out" not in load_own(tmp_path / "own.npz").notice, "a file that is named stands for itself"
    left = "left out: 1 empty folder, 42 images in other folders, 1 other file in a, 3 TIFF images in a/cl1, 3 WebP"
    assert left in load_own(tmp_path).notice
    (tmp_path / "a\x1b[31m.tif").write_bytes(b"")
    assert load_own(tmp_path).notice.isprintable()


WAYS = ("idx", "npz", "csv", "folders")


def put(way: str, place: Path, train: np.ndarray, test: np.ndarray) -> Path:
    """SETS with other images, in one of the forms that a directory may hold."""
    place.mkdir(exist_ok=True)
    if way == "idx":
        put_idx(place, (train, LABELS), (test, TESTED))
    elif way == "npz":
        np.savez(place / "own.npz", x_train=train, y_train=LABELS, x_test=test, y_test=TESTED)
    else:
        for name, images, labels in (("train", train, LABELS), ("test", test, TESTED)):
            if way == "csv":
                table(place / f"{name}.csv", images, labels)
            else:
                put_folders(place / name, images, [str(label) for label in labels])
    return place


@pytest.mark.parametrize("way", WAYS)
def test_images_dark_on_light_are_inverted_in_either_half_and_it_is_said(tmp_path, way):
    right = load_own(put(way, tmp_path / "right", *(images for images, _ in SETS)))
    assert not right.treated and "inverted" not in right.notice
    for name, halves in (("both", ("training", "test")), ("train", ("training",)), ("test", ("test",))):
        images = [
            255 - own if half in halves else own for (own, _), half in zip(SETS, ("training", "test"), strict=True)
        ]
        found = load_own(put(way, tmp_path / name, *images))
        assert found.digests == right.digests and found.treated == {"inverted": list(halves)}
        assert all(f"{half} patterns dark on light, so inverted" in found.notice for half in halves)
        assert found.notice.count("inverted") == len(halves)


@pytest.mark.parametrize("way", WAYS)
def test_images_of_both_polarities_are_refused(tmp_path, way):
    """A class unlike the others, and every second pattern of each; of strays it is said how many there are."""
    (train, _), (test, _) = SETS
    one, half, stray = train.copy(), train.copy(), np.tile(train, (10, 1, 1))
    one[LABELS == 2] = 255 - one[LABELS == 2]
    half[:20] = 255 - half[:20]
    told = (
        r"training patterns are not all alike: those of class '2' are dark on light, those of '3' light on dark; bring"
    )
    refused(put(way, tmp_path / "one", one, test), told)
    refused(put(way, tmp_path / "half", half, test), "of class '0' 5 are dark on light and 5 light on dark; bring all")
    tenfold = np.tile(LABELS, 10)
    stray[:40] = 255 - stray[:40]
    refused(put_idx(tmp_path / "tenth", (stray, tenfold), SETS[1]), "of class '0' 10 are dark on light and 90 light")
    stray[1:40] = 255 - stray[1:40]
    found = load_own(put_idx(tmp_path / "stray", (stray, tenfold), SETS[1]))
    assert "1 of the training patterns may be inverted among the others" in found.notice and not found.treated


@pytest.mark.parametrize(
    "paper",
    [
        lambda images: 250 - images // 8,
        lambda images: np.pad(255 - images[:, 1:-1, 1:-1], ((0, 0), (1, 1), (1, 1))),
        lambda images: np.pad(images[:, 2:-2, 2:-2], ((0, 0), (2, 2), (2, 2)), constant_values=255),
    ],
    ids=["pencil", "a dark frame", "a light frame of two pixels"],
)
def test_paper_is_told_from_faint_ink_and_from_a_frame(tmp_path, paper):
    (train, _), (test, _) = SETS
    given = paper(train)
    found = load_own(put("npz", tmp_path / "a", given, test))
    assert found.treated == ({} if given[0, 3, 3] < 100 else {"inverted": ["training"]})


def test_classes_that_nothing_teaches_are_named(tmp_path):
    train = SETS[0][0], LABELS % 2
    assert "; no training patterns of 3. No" in load_own(put_idx(tmp_path, train, SETS[1])).notice


def test_mnist_inverted_is_mnist(tmp_path, monkeypatch):
    arrays = [SETS[0][0], LABELS.astype(np.uint8), SETS[1][0], TESTED.astype(np.uint8)]
    taken_for_mnist(monkeypatch, arrays)
    found = load_own(put("npz", tmp_path / "a", 255 - arrays[0], arrays[2]))
    assert found.name == "mnist" and found.treated == {"inverted": ["training"]}
    assert found.notice == f"MNIST in {tmp_path / 'a'}: training patterns dark on light, so inverted."


def test_pictures_without_paper_are_left_as_they_are(tmp_path):
    """Shades from one side to the other, lighter and darker: nothing is ink, and it is said that nothing tells."""
    shades = np.broadcast_to(np.linspace(0, 255, 28, dtype=np.uint8), (40, 28, 28)).copy()
    shades[::2] = shades[::2, :, ::-1]
    found = load_own(put_idx(tmp_path, (shades, LABELS), SETS[1]))
    assert np.array_equal(found.train.images, shades) and "inverted" not in found.notice
    assert "whether training patterns are light on dark cannot be told, so taken as they are" in found.notice


def test_colours_and_transparency_are_grey_values(tmp_path):
    names = [f"cl{label}" for label in LABELS]
    plain = load_own(put_folders(tmp_path / "plain", SETS[0][0], names))
    for kind in ("RGB", "RGBA"):
        for path in (tmp_path / "plain").rglob("*.png"):
            (tmp_path / kind / path.parent.name).mkdir(parents=True, exist_ok=True)
            Image.open(path).convert(kind).save(tmp_path / kind / path.parent.name / path.name)
        assert load_own(tmp_path / kind).digests == plain.digests
        assert "in colours" not in load_own(tmp_path / kind).notice
    for number in range(2):
        Image.new("RGB", (28, 28), "red").save(tmp_path / "RGB" / "cl0" / f"{number}.png")
    assert "2 images in colours, of which the brightness is taken" in load_own(tmp_path / "RGB").notice


def test_folders_that_are_not_so(tmp_path):
    place = put_folders(tmp_path / "a", SETS[0][0], [f"cl{label}" for label in LABELS])
    (place / "empty").mkdir()
    refused(place, "empty holds no PNG, JPEG, BMP or GIF image: fill the class's folder, or remove it")
    (place / "empty").rmdir()
    other = place / "cl1" / "0000.png"
    Image.fromarray(drawn([1], 32)[0]).save(other)
    refused(
        place, r"(0000.png has 32x32 pixels and|and .*0000.png has 32x32 pixels|32x32): bring all images to one size"
    )
    other.write_bytes(b"hello")
    refused(place, "0000.png is text, not a PNG, JPEG, BMP or GIF image")
    other.write_bytes((place / "cl0" / "0000.png").read_bytes()[:-40])
    refused(place, "0000.png is damaged")
    Image.new("L", (28, 20)).save(other)
    refused(place, "0000.png has 28x20 pixels: 28x28 is taken")
    (tmp_path / "b" / "train").mkdir(parents=True)
    refused(tmp_path / "b", "train has no class folders: give a folder of")


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "\udcff", "a\u202eb"])
def test_folders_whose_names_cannot_be_shown(tmp_path, name):
    """Classes are called so in every answer, and a terminal or a page would break."""
    refused(
        put_folders(tmp_path, SETS[0][0], [name if label else "z" for label in LABELS]), r"called '.*\\.*: rename it"
    )


def test_more_than_256_folders(tmp_path):
    for number in range(257):
        (tmp_path / str(number)).mkdir()
    refused(tmp_path, "has 257 class folders, more than 256")


def test_paths_that_hold_nothing_or_something_else(tmp_path, monkeypatch):
    refused(tmp_path, "holds no data: it takes IDX files, a table .*; IDX files are called train-images-idx3-ubyte")
    Image.fromarray(SETS[0][0][0]).save(tmp_path / "one.png")
    refused(tmp_path / "one.png", "is a PNG picture: name IDX files, a table")
    (tmp_path / "images").write_bytes(idx(SETS[0][0]))
    refused(tmp_path / "images", "is an IDX file: name .*; IDX files are called train-images-idx3-ubyte")
    (tmp_path / "own.npz").write_bytes(b"hello")
    refused(tmp_path / "own.npz", "is no archive of arrays, or damaged .*: give arrays x_train")
    monkeypatch.setattr(Path, "iterdir", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    refused(tmp_path, r"cannot be read \(Permission denied\): name a readable directory")


@pytest.mark.parametrize("whole", [True, False])
def test_bombs_are_refused_by_their_headers(tmp_path, monkeypatch, whole):
    """70 MB of nothing in 70 kB, or a header that says so: what follows the header is not decompressed."""
    many = 90_000
    blank = np.broadcast_to(np.zeros(1, np.uint8), (many if whole else 1, 28, 28))
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": (many, 28, 28)})
    with zipfile.ZipFile(tmp_path / "own.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", stream.getvalue() + blank.tobytes())
        archive.writestr("y_train.npy", b"")
    header = struct.pack(">HBBIII", 0, 8, 3, many, 28, 28)
    put_idx(tmp_path / "idx", SETS[0], None)
    (tmp_path / "idx" / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + blank.tobytes()))
    read = []
    for kind in (gzip.GzipFile, zipfile.ZipExtFile):
        own = kind.read
        monkeypatch.setattr(kind, "read", lambda *given, own=own: read.append(len(found := own(*given))) or found)
    for place, size in ((tmp_path / "own.npz", "70,560,000"), (tmp_path / "idx", "70,560,016")):
        refused(place, f"is too long: its header announces {size} bytes, and the file has ")
    (tmp_path / "idx" / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(FREE + 2), 1))
    refused(tmp_path / "idx", f"is too long: it holds more than the {FREE} bytes expected")
    assert sum(read) < 1000 + FREE + 2


def test_padding_makes_no_bomb_of_a_file_s_size(tmp_path, monkeypatch):
    """Headers are honest, and the file is as large as such images would be; but these come of a small part of it."""
    monkeypatch.setattr(idx_files, "FREE", 1 << 20)
    images = np.zeros((6_000, 28, 28), np.uint8)
    with zipfile.ZipFile(tmp_path / "own.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in (("x_train", images), ("y_train", np.arange(6_000) % 10)):
            with archive.open(f"{name}.npy", "w") as member:
                np.save(member, values)
        archive.writestr("notes", np.random.default_rng(0).bytes(30_000))
    refused(tmp_path / "own.npz", r"own.npz \(x_train\) is too long: it unfolds to far more than digits do")
    put_idx(tmp_path / "idx", (images[:1], LABELS[:1]), None)
    packed = gzip.compress(struct.pack(">HBBIII", 0, 8, 3, *images.shape) + images.tobytes())
    (tmp_path / "idx" / "train-images-idx3-ubyte.gz").write_bytes(packed + bytes(30_000))
    refused(tmp_path / "idx", "train-images-idx3-ubyte.gz is too long: it unfolds to far more than digits do")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_that_do_not_unpack_piece_by_piece_are_refused(tmp_path, packing):
    """Of bzip2, a thousand bytes take 1.5 GB at once."""
    with zipfile.ZipFile(tmp_path / "own.npz", "w", packing) as archive:
        archive.writestr("x_train.npy", bytes(1000))
    refused(tmp_path / "own.npz", "packed by bzip2 or LZMA, not by deflate")
    with pytest.raises(CheckpointError, match="packed by bzip2 or LZMA"):
        checkpoint.load(tmp_path / "own.npz")


def test_load_takes_a_path_in_place_of_a_kind(tmp_path, monkeypatch):
    put_idx(tmp_path / "mine", *SETS)
    monkeypatch.chdir(tmp_path)
    for kind in ("mine", tmp_path / "mine", "./mine"):
        assert holds(data.load(kind)) and data.load(kind).path == str(tmp_path / "mine")
    cut = data.load("mine", train_size=10, test_size=2)
    assert (len(cut.train), cut.test.labels.tolist()) == (10, [0, 3])
    assert cut.classes == tuple("0123") and cut.digests == data.load("mine").digests
    for kind in ("theirs", ""):
        with pytest.raises(
            DataError, match=r"no kind of data, and no file or directory: choose one of .*qmnist, or name"
        ):
            data.load(kind)


@pytest.mark.parametrize("name", ["a b/c d", "\u6570\u5b57", "..", "x.y.z", "\udcff"])
def test_names_of_data_are_plain_whatever_the_directory_is_called(tmp_path, name):
    place = put_idx(tmp_path / "z" / name, *SETS) if name != ".." else put_idx(tmp_path / "z", *SETS) / "." / "."
    assert load_own(place).name.replace("-", "").replace("_", "").isalnum() and load_own(place).name.isascii()


@pytest.mark.parametrize("turns", range(4))
def test_polarity_is_told_by_all_four_sides(turns):
    """An image that is light in one corner's half has two light sides and two dark ones."""
    half = 255 * (np.add.outer(np.arange(28), np.arange(28)) < 27)
    assert dark_on_light(np.rot90(half, turns)[None].astype(np.uint8)) == 0
