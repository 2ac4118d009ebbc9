"""MNIST on disk: found in every layout and in the right order, and refused when it is not the real thing.

Most tests put a data base of a few digits in place of the real one, with digests to match; those that need
the real one take it from LENET1998_DATA and are skipped without it.
"""

import errno
import gzip
import os
import pickle
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import lenet1998.data as data
from lenet1998.data import download
from lenet1998.data.download import fetch
from lenet1998.data.files import FILES
from lenet1998.data.idx import write_idx
from lenet1998.data.mnist import load_mnist, verify, where
from lenet1998.data.places import cache_directory, places, target
from lenet1998.errors import DataError
from lenet1998.files import home as home_directory
from lenet1998.files import user_cache
from lenet1998.patterns import DataSet, Patterns
from tests.own_data import instead_of_mnist

pytestmark = pytest.mark.usefixtures("home")
REAL = os.environ.get("LENET1998_DATA")
LOOKS: list[Callable] = [load_mnist, verify, partial(data.load, "mnist"), partial(data.load, "auto")]
NAMES = list(FILES)
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """A data base of 30 and 20 digits in place of MNIST."""
    return instead_of_mnist(monkeypatch, 30, 20)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DataError("no network in this test")

    monkeypatch.setattr(download, "fetch", refuse)


def put(directory: Path, arrays: dict[str, np.ndarray], suffix: str = ".gz", dotted: bool = False) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        body = write_idx(array)
        name = name.replace("-idx", ".idx") if dotted else name
        (directory / f"{name}{suffix}").write_bytes(gzip.compress(body) if suffix else body)
    return directory


def put_keras(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{FILES[name].key: array for name, array in arrays.items()})
    return path


def assert_is(loaded: DataSet, arrays: dict[str, np.ndarray]) -> None:
    assert (loaded.train.images == arrays[TRAIN_IMAGES]).all()
    assert (loaded.train.labels == arrays[TRAIN_LABELS]).all()
    assert (loaded.test.images == arrays[TEST_IMAGES]).all()
    assert (loaded.test.labels == arrays[TEST_LABELS]).all()
    assert loaded.name == "mnist" and loaded.notice == ""
    assert loaded.digests == {name: known.sha256 for name, known in FILES.items()}


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("dotted", [False, True])
def test_every_spelling(tmp_path, small, suffix, dotted):
    loaded = load_mnist(put(tmp_path / "d", small, suffix, dotted))
    assert_is(loaded, small)
    assert str(tmp_path / "d") in loaded.source


def test_keras(tmp_path, small):
    path = put_keras(tmp_path / "d" / "mnist.npz", small)
    assert_is(load_mnist(tmp_path / "d"), small)
    assert_is(load_mnist(path), small)
    assert [row.ok for row in verify(path)] == [True] * 4
    assert verify(path)[3].path == f"{path} (y_test)"


@pytest.mark.parametrize(
    "saved_again",
    [
        np.asfortranarray,
        lambda array: array.astype(np.int64),
        lambda array: array.astype(">f8"),
        lambda array: (array / 255).astype(np.float32) if array.ndim == 3 else array,
        lambda array: (array / 255).astype(np.float16) if array.ndim == 3 else array.astype(np.float16),
        lambda array: array.astype(np.float32) * np.float32(1.0000001 / 255) if array.ndim == 3 else array,
        lambda array: array.reshape(len(array), -1),
        lambda array: array[..., None],
    ],
    ids=["Fortran", "int64", "float64", "0 to 1", "0 to 1 in float16", "0 to 1.0000001", "rows", "channels"],
)
def test_keras_arrays_that_a_program_has_saved_again(tmp_path, small, saved_again):
    path = put_keras(tmp_path / "mnist.npz", {name: saved_again(array) for name, array in small.items()})
    assert_is(load_mnist(path), small)


def test_order_of_the_places(tmp_path, home, small, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    usual = [
        put(cache_directory(), small),
        put(tmp_path / "work" / "data" / "MNIST" / "raw", small),
        put(home / "data" / "MNIST" / "raw", small),
        put(home / ".cache" / "torchvision" / "MNIST" / "raw", small),
        put_keras(home / ".keras" / "datasets" / "mnist.npz", small),
    ]

    def taken_in_turn(made: list[Path], data_dir: Path | None) -> None:
        assert [path.resolve() for _, path in places(data_dir)] == [path.resolve() for path in made]
        # The first complete place wins; take them away one after the other.
        for path in made:
            loaded = load_mnist(data_dir)
            assert_is(loaded, small)
            assert f"{path} (" in loaded.source or f"{path.relative_to(tmp_path / 'work')} (" in loaded.source
            for file in [path] if path.suffix == ".npz" else list(path.glob("*.gz")):
                file.unlink()

    def made_in(directory: Path) -> list[Path]:
        raw = put(directory / "MNIST" / "raw", small)
        return [put(directory, small), raw, put_keras(directory / "mnist.npz", small)]

    given, named = made_in(tmp_path / "given"), made_in(tmp_path / "named")
    monkeypatch.setenv("LENET1998_DATA", str(tmp_path / "named"))
    # What is named is the only place, although there are good copies elsewhere.
    taken_in_turn(given, tmp_path / "given")
    with pytest.raises(DataError, match=r"given \(--data-dir\) does not hold MNIST"):
        load_mnist(tmp_path / "given")
    taken_in_turn(named, None)
    with pytest.raises(DataError, match=r"named \(LENET1998_DATA\) does not hold MNIST"):
        load_mnist()
    monkeypatch.delenv("LENET1998_DATA")
    taken_in_turn(usual, None)
    with pytest.raises(DataError, match="not found"):
        load_mnist()


def forget_home(patch: pytest.MonkeyPatch) -> None:
    """As in a container whose user is in no list: the system knows of no home directory."""
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME"):
        patch.delenv(name, raising=False)
    patch.setattr(os.path, "expanduser", os.fspath)


def test_without_a_home_directory(tmp_path, small, monkeypatch):
    forget_home(monkeypatch)
    assert home_directory() is None and user_cache() is None and cache_directory() is None
    assert places() == [("torchvision", Path("data", "MNIST", "raw"))]
    with pytest.raises(DataError, match="no home directory.*--data-dir"):
        data.load("mnist")
    assert list((tmp_path / "work").iterdir()) == []
    assert "no number of this run" in data.load("auto", None, 1, 1).notice
    assert target(tmp_path) == tmp_path
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    put_keras(tmp_path / "k" / "datasets" / "mnist.npz", small)
    assert_is(data.load("auto"), small)


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_the_home_of_an_unknown_user_is_a_directory_that_is_not_there(monkeypatch, way):
    label, argument = "--data-dir", "~nosuchuser/x"
    if way == "environment":
        monkeypatch.setenv("LENET1998_DATA", argument)
        label, argument = "LENET1998_DATA", None
    assert target(argument) == Path("~nosuchuser/x")
    assert where(argument)[0] == (label, Path("~nosuchuser/x"), "missing")
    for look in LOOKS:
        with pytest.raises(DataError, match=rf"~nosuchuser/x \({label}\) is not there"):
            look(argument)


@pytest.mark.parametrize("named", ["x" * 300, "y/" * 3000, "z" * 300 + ".npz"])
def test_a_name_that_no_directory_can_have(named):
    assert where(named)[0] == ("--data-dir", Path(named), "missing")
    for look in (*LOOKS, fetch):
        with pytest.raises(DataError, match=named[:250]):
            look(named)


def test_a_place_within_a_directory_that_may_not_be_searched(tmp_path, monkeypatch):
    locked = tmp_path / "locked"

    def guard(function: Callable) -> Callable:
        def guarded(path: object, *rest: object, **more: object) -> object:
            if isinstance(path, str | os.PathLike) and str(path).startswith(str(locked)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return function(path, *rest, **more)

        return guarded

    # Permissions do not hold for the administrator, so the refusal is simulated.
    for name in ("stat", "lstat", "mkdir", "scandir", "listdir"):
        monkeypatch.setattr(os, name, guard(getattr(os, name)))
    place = locked / "mnist"
    assert where(place)[0] == ("--data-dir", place, "missing")
    for look in (*LOOKS, fetch):
        with pytest.raises(DataError, match="locked"):
            look(place)


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG directories are those of Linux")
def test_cache_directory(tmp_path, home, monkeypatch):
    assert cache_directory() == home / ".cache" / "lenet1998" / "mnist"
    for value in ("relative", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_directory() == home / ".cache" / "lenet1998" / "mnist"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert target() == tmp_path / "lenet1998" / "mnist"
    monkeypatch.setenv("LENET1998_DATA", "~/mine")
    assert target() == home / "mine"
    assert target("other") == Path("other")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_directory() == home / "Library" / "Caches" / "lenet1998" / "mnist"
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache_directory() == home / "AppData" / "Local" / "lenet1998" / "mnist"


def test_keras_home_is_heeded(tmp_path, small, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    put_keras(tmp_path / "k" / "datasets" / "mnist.npz", small)
    assert_is(load_mnist(), small)


def test_incomplete_places_are_passed_over_but_named(tmp_path, home, small):
    part = put(cache_directory(), {name: small[name] for name in NAMES[:3]})
    with pytest.raises(DataError, match=r"mnist \(incomplete: 3 of 4 files\).*lenet1998 data fetch"):
        load_mnist()
    assert where()[0] == ("user cache", part, "incomplete: 3 of 4 files")
    assert {state for _, _, state in where()[1:]} == {"missing"}
    assert [row.ok for row in verify()] == [True, True, True, False]
    put(home / "data" / "MNIST" / "raw", small, suffix="")
    assert_is(load_mnist(), small)
    assert [state for _, _, state in where()].count("complete") == 1


def no_network(*_: object, **__: object) -> None:
    raise AssertionError("downloads into a directory that is named are for `lenet1998 data fetch` alone")


@pytest.mark.parametrize("way", ["argument", "environment"])
@pytest.mark.parametrize("kind", ["auto", "mnist"])
def test_a_named_place_without_mnist_is_an_error(tmp_path, small, monkeypatch, kind, way):
    """Although there is a good copy where nobody has to name it, and although MNIST can be downloaded."""
    put(cache_directory(), small)
    monkeypatch.setattr(download, "fetch", no_network)
    (tmp_path / "empty").mkdir()
    put(tmp_path / "part", {name: small[name] for name in NAMES[:3]})
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(small[TEST_LABELS])))
    (tmp_path / "mnist.zip").write_bytes(b"PK\x03\x04" + bytes(30))
    put(tmp_path / "whole", small)
    for name, state in (
        ("nowhere", "is not there"),
        ("nowhere.npz", "is not there"),
        ("empty", "does not hold MNIST"),
        ("part", r"does not hold MNIST \(looked in .*incomplete: 3 of 4 files"),
        ("mnist.pkl.gz", "is a file, not a directory"),
        ("mnist.zip", "is a file, not a directory"),
        (f"whole/{TEST_LABELS}.gz", "is a file, not a directory"),
    ):
        place = tmp_path / name
        label, argument = "--data-dir", str(place)
        if way == "environment":
            monkeypatch.setenv("LENET1998_DATA", str(place))
            label, argument = "LENET1998_DATA", None
        with pytest.raises(DataError, match=rf"{re.escape(str(place))} \({label}\) {state}.*data fetch") as caught:
            data.load(kind, argument)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "nowhere").exists() and list((tmp_path / "empty").iterdir()) == []


def test_verify_looks_at_the_copy_that_is_taken(home, small):
    put(cache_directory(), {TEST_LABELS: small[TEST_LABELS]})
    assert [row.ok for row in verify()] == [False, False, False, True]
    path = put_keras(home / ".keras" / "datasets" / "mnist.npz", small)
    assert str(path) in load_mnist().source
    assert all(row.ok and row.path.startswith(str(path)) for row in verify())


def damage(path: Path, name: str, small: dict[str, np.ndarray], how: str) -> None:
    body = bytearray(write_idx(small[name]))
    if how == "digest":
        body[-1] = 9 - body[-1] if body[-1] < 10 else 0
    elif how == "magic":
        body[2] = 13
    elif how == "truncated":
        del body[-5:]
    elif how == "long":
        body += b"\0"
    elif how == "count":
        body = bytearray(write_idx(small[name][:-1]))
    elif how == "label":
        body[-1] = 10
    elif how == "html":
        body = bytearray(b"<!DOCTYPE html><html><body>404</body></html>")
    elif how == "empty":
        body = bytearray()
    packed = bytes(body) if how in ("html", "empty") else gzip.compress(bytes(body))
    path.write_bytes(packed[:-20] if how == "gzip" else packed)


DAMAGES = {
    "digest": "SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}",
    "magic": "not IDX data",
    "truncated": "is truncated",
    "long": "is too long",
    "count": r"holds an array of \(\d+.*, not \(\d+",
    "html": "looks like an HTML page",
    "empty": "is empty",
    "gzip": "is truncated",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", list(DAMAGES))
def test_damage_is_named_and_never_passed_over(tmp_path, home, small, offline, name, how):
    put(home / "data" / "MNIST" / "raw", small)
    directory = put(tmp_path / "d", small)
    damage(directory / f"{name}.gz", name, small, how)
    for kind in ("auto", "mnist"):
        with pytest.raises(DataError, match=DAMAGES[how]) as caught:
            data.load(kind, directory)
        message = str(caught.value)
        assert f"{name}.gz" in message and "lenet1998 data fetch" in message and "\n" not in message
    assert [row.ok for row in verify(directory)] == [other != name for other in NAMES]


@pytest.mark.parametrize("how", ["label", "digest"])
def test_damage_in_a_place_nobody_named_is_an_error_too(home, small, offline, how):
    directory = put(cache_directory(), small)
    damage(directory / f"{TEST_LABELS}.gz", TEST_LABELS, small, how)
    with pytest.raises(DataError, match="a label of 10" if how == "label" else "SHA-256"):
        data.load("auto")


def test_keras_damage(tmp_path, small):
    path = tmp_path / "mnist.npz"

    def refuses(message: str) -> None:
        with pytest.raises(DataError, match=message) as caught:
            load_mnist(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)

    put_keras(path, {**small, TEST_LABELS: (small[TEST_LABELS] + 1) % 10})
    refuses(r"\(y_test\).*SHA-256")
    put_keras(path, {name: small[name] for name in NAMES[:3]})
    refuses(r"\(y_test\) is missing")
    for values in (
        small[TRAIN_LABELS] - 1.0,
        small[TRAIN_LABELS] + 0.5,
        small[TRAIN_LABELS] * 100.0,
        np.full(30, np.nan),
    ):
        put_keras(path, {**small, TRAIN_LABELS: values})
        refuses("damaged .*not whole numbers from 0 to 255")
    put_keras(path, {**small, TRAIN_IMAGES: small[TRAIN_IMAGES] / 128})
    refuses("damaged .*not whole numbers from 0 to 255")
    put_keras(path, {**small, TRAIN_LABELS: np.array([{}] * 30, object)})
    refuses("damaged")
    put_keras(path, {**small, TRAIN_IMAGES: np.zeros((1000, 28, 28), np.uint8)})
    refuses("too long")
    put_keras(path, {**small, TEST_LABELS: small[TEST_LABELS][:-1]})
    refuses("holds an array of")
    whole = put_keras(path, small).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refuses("damaged")
    flipped = bytearray(whole)
    flipped[5_000] ^= 255
    path.write_bytes(flipped)
    refuses("damaged")
    flipped = bytearray(whole)
    flipped[-22:] = bytes(22)
    path.write_bytes(flipped)
    refuses("damaged")
    for body in (b"<html>", b"", b"\x89HDF\r\n\x1a\n"):
        path.write_bytes(body)
        refuses(r"is no archive of arrays, or damaged \(File is not a zip file\)")


def test_a_named_place_that_may_not_be_read(tmp_path, small, monkeypatch, offline):
    directory = put(tmp_path / "d", small)
    # Permissions do not hold for the administrator, so the refusal is simulated.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != directory)
    with pytest.raises(DataError, match="may not be read"):
        data.load("auto", directory)


def test_auto_takes_mnist_when_it_is_there(tmp_path, small, offline):
    loaded = data.load("auto", put(tmp_path / "d", small), train_size=7, test_size=5)
    assert loaded.name == "mnist" and loaded.notice == ""
    assert (loaded.train.images == small[TRAIN_IMAGES][:7]).all()
    assert (loaded.test.labels == small[TEST_LABELS][[0, 4, 8, 12, 16]]).all()


def test_auto_falls_back_with_a_notice(tmp_path, small, offline):
    loaded = data.load("auto", train_size=30, test_size=20)
    assert loaded.name == "synthetic" and len(loaded.train) == 30
    # The line is said before the first number and again after the last.
    assert "no number of this run can be compared with the paper's" in loaded.notice and "below" not in loaded.notice
    assert loaded.notice == data.FALLBACK and "\n" not in loaded.notice
    part = put(cache_directory(), {TEST_LABELS: small[TEST_LABELS]})
    assert f"{part} is incomplete: 1 of 4 files" in data.load("auto", None, 1, 1).notice
    with pytest.raises(DataError, match="no network in this test"):
        data.load("mnist")


def test_auto_downloads(tmp_path, small, monkeypatch):
    monkeypatch.setattr(download, "fetch", lambda progress: put(target(), small))
    assert_is(data.load("auto"), small)
    assert (cache_directory() / f"{TRAIN_IMAGES}.gz").exists()
    assert_is(data.load("mnist"), small)


def test_synthetic_sets():
    loaded = data.load("synthetic", train_size=300, test_size=40, seed=4)
    assert loaded.digests == {"train": loaded.train.digest(), "test": loaded.test.digest()}
    assert loaded.notice == "" and "seed 4" in loaded.source
    assert loaded.test.digest() != loaded.train.first(40).digest()
    assert data.load("synthetic", train_size=1, test_size=40, seed=4).test.digest() == loaded.test.digest()
    default = data.load("synthetic", seed=4)
    assert (len(default.train), len(default.test)) == (10_000, 2_000)
    assert default.test.first(40).digest() == loaded.test.digest()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "cifar"}, "'cifar' is no kind of data"),
        ({"train_size": 0}, "0 training"),
        ({"test_size": -1}, "-1 test"),
        ({"train_size": 31}, "31 training patterns were asked for but there are 30"),
        ({"test_size": 21}, "21 test patterns were asked for but there are 20"),
    ],
)
def test_bad_requests(tmp_path, small, arguments, message):
    with pytest.raises(DataError, match=message):
        data.load(**{"kind": "mnist", "data_dir": put(tmp_path / "d", small), **arguments})


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((2, 28, 28)), np.zeros(2, np.uint8)),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.int64)),
        (np.zeros((2, 28, 28), np.uint8), [0, 1]),
        (np.zeros((2, 784), np.uint8), np.zeros(2, np.uint8)),
        (np.zeros((2, 28, 28), np.uint8), np.zeros((2, 1), np.uint8)),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.uint8)),
    ],
)
def test_patterns_are_validated(images, labels):
    with pytest.raises(DataError):
        Patterns(images, labels)


def test_digest_sees_every_byte():
    images, labels = np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8)
    digests = {Patterns(images, labels).digest(), Patterns(images[:1], labels[:1]).digest()}
    other = images.copy()
    other[1, 27, 27] = 1
    digests.add(Patterns(other, labels).digest())
    digests.add(Patterns(images, np.array([0, 1], np.uint8)).digest())
    assert len(digests) == 4
    assert Patterns(np.zeros((28, 28, 2), np.uint8).T, labels).digest() in digests


def test_the_cut_of_patterns():
    patterns = Patterns(np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8))
    assert patterns.first(10).digest() == patterns.spread(10).digest() == patterns.digest()
    assert patterns.spread(1).labels.tolist() == [0]
    for n in (0, 11):
        with pytest.raises(DataError):
            patterns.first(n)
        with pytest.raises(DataError):
            patterns.spread(n)


@pytest.fixture(scope="module")
def mnist() -> DataSet:
    if not REAL:
        pytest.skip("needs MNIST: set LENET1998_DATA to the directory that holds it")
    return load_mnist(Path(REAL).resolve())


def test_the_real_data_base(mnist):
    assert mnist.train.images.shape == (60_000, 28, 28) and mnist.test.images.shape == (10_000, 28, 28)
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(mnist.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_moments_of_the_scaled_pixels(mnist):
    """Section II-B: with -0.1 for white and 1.175 for black, mean roughly 0; the variance is not roughly 1."""
    counts = np.bincount(mnist.train.images.ravel(), minlength=256).astype(float)
    pixels = -0.1 + 1.275 * np.arange(256) / 255.0

    def moments(weights: np.ndarray) -> tuple[float, float]:
        mean = weights @ pixels / weights.sum()
        return mean, weights @ (pixels - mean) ** 2 / weights.sum()

    mean, variance = moments(counts)
    assert round(mean, 3) == 0.067 and round(variance, 3) == 0.154
    counts[0] += 60_000 * (32 * 32 - 28 * 28)
    mean, variance = moments(counts)
    assert round(mean, 4) == 0.0275 and round(variance, 3) == 0.123
