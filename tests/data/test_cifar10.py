"""CIFAR-10 on disk: batches as Python 2 wrote them are read, and nothing that comes in their shape does any harm."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from lenet1998.data import batch_pickle, cifar10
from lenet1998.data.batch_pickle import read_batch
from lenet1998.data.cifar10 import ARCHIVE, BATCHES, FOLDER, load_cifar10
from lenet1998.errors import DataError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's own files."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


class Python2:
    """Writes protocol 2 as Python 2's cPickle did, which remembers each object by a number."""

    def __init__(self, remember: bool = True) -> None:
        self.remember, self.count = remember, 0

    def put(self) -> bytes:
        if not self.remember:
            return b""
        self.count += 1
        return b"q" + bytes([self.count]) if self.count < 256 else b"r" + struct.pack("<I", self.count)

    def string(self, value: bytes) -> bytes:
        size = b"U" + bytes([len(value)]) if len(value) < 256 else b"T" + struct.pack("<i", len(value))
        return size + value + self.put()

    def number(self, value: int) -> bytes:
        if 0 <= value < 1 << 8:
            return b"K" + struct.pack("<B", value)
        return b"M" + struct.pack("<H", value) if 0 <= value < 1 << 16 else b"J" + struct.pack("<i", value)

    def items(self, written: list[bytes]) -> bytes:
        return b"]" + self.put() + b"(" + b"".join(written) + b"e"

    def array(self, values: np.ndarray, kind: bytes = b"u1") -> bytes:
        text = b"cnumpy.core.multiarray\n_reconstruct\n" + self.put() + b"cnumpy\nndarray\n" + self.put()
        text += b"K\x00\x85" + self.put() + self.string(b"b") + b"\x87" + self.put() + b"R" + self.put()
        text += b"(K\x01" + b"".join(map(self.number, values.shape)) + b"\x86" + self.put()
        text += b"cnumpy\ndtype\n" + self.put() + self.string(kind) + b"K\x00K\x01\x87" + self.put() + b"R" + self.put()
        text += b"(K\x03" + self.string(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t" + self.put() + b"b"
        by_columns = values.flags.f_contiguous and not values.flags.c_contiguous
        text += b"\x88" if by_columns else b"\x89"
        return text + self.string(values.tobytes("A")) + b"t" + self.put() + b"b"

    def batch(self, **values: bytes) -> bytes:
        head = b"\x80\x02}" + self.put() + b"("
        return head + b"".join(self.string(key.encode()) + value for key, value in values.items()) + b"u."


def pickled(pixels: np.ndarray, labels: list[int], remember: bool = True) -> bytes:
    """One batch, with all the keys of the original's."""
    writer = Python2(remember)
    return writer.batch(
        batch_label=writer.string(b"training batch 1 of 5"),
        labels=writer.items([writer.number(label) for label in labels]),
        data=writer.array(pixels),
        filenames=writer.items([writer.string(b"cat_s_%06d.png" % i) for i in range(len(labels))]),
    )


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 3072), np.uint8), rng.integers(0, 10, count).tolist()


@pytest.fixture
def bodies() -> dict[str, bytes]:
    return {name: pickled(*drawn(4 + i, i)) for i, name in enumerate(BATCHES)}


def archive(path: Path, bodies: dict[str, bytes], prefix: str = f"{FOLDER}/") -> Path:
    with tarfile.open(path, "w:gz") as file:
        for name, body in bodies.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(body)
            file.addfile(member, io.BytesIO(body))
    return path


def folder(path: Path, bodies: dict[str, bytes]) -> Path:
    path.mkdir(parents=True)
    for name, body in bodies.items():
        (path / name).write_bytes(body)
    return path


@pytest.mark.parametrize("remember", [True, False])
def test_python_understands_what_these_tests_write(remember: bool) -> None:
    pixels, labels = drawn(300)
    for values in (pixels, np.asfortranarray(pixels)):
        written = pickle.loads(pickled(values, labels, remember), encoding="latin1")
        assert list(written) == ["batch_label", "labels", "data", "filenames"]
        assert written["labels"] == labels and (written["data"] == pixels).all() and written["data"].dtype == np.uint8


@pytest.mark.parametrize("remember", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_batch(remember: bool, order: str) -> None:
    pixels, labels = drawn(300)
    found, numbers = read_batch(pickled(np.asarray(pixels, order=order), labels, remember), "batch")
    assert found.dtype == np.uint8 and found.shape == (300, 3072)
    assert (found == pixels).all() and numbers == labels


def test_every_layout(tmp_path: Path, bodies: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    reversed_bodies = dict(reversed({**bodies, "batches.meta": b"not read", "readme.html": b"<html>"}.items()))
    unpacked = folder(tmp_path / "unpacked" / FOLDER, reversed_bodies)
    (tmp_path / "cache" / "lenet1998" / "cifar10").mkdir(parents=True)
    packed = archive(tmp_path / "cache" / "lenet1998" / "cifar10" / ARCHIVE, reversed_bodies)
    dotted = archive(tmp_path / "dotted.tar.gz", reversed_bodies, f"./{FOLDER}/")
    for named, place in (
        (unpacked, unpacked),
        (unpacked.parent, unpacked),
        (packed, packed),
        (packed.parent, packed),
        (dotted, dotted),
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


def test_channels_and_rows(tmp_path: Path) -> None:
    pixels = np.zeros((1, 3072), np.uint8)
    pixels[0, 1024 + 32 * 2 + 5] = 200  # green, third row, sixth column
    loaded = load_cifar10(folder(tmp_path / "d", dict.fromkeys(BATCHES, pickled(pixels, [3]))))
    assert np.argwhere(loaded.test.images).tolist() == [[0, 1, 2, 5]] and loaded.test.images[0, 1, 2, 5] == 200


def test_only_the_original_passes_for_it(
    tmp_path: Path, bodies: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path / "some.tar.gz", bodies)
    copy = load_cifar10(path)
    assert "not the original, 30 training and 9 test images" in copy.source
    assert "not the original" in copy.notice and str(path) in copy.notice and "\n" not in copy.notice
    for name, body in bodies.items():
        monkeypatch.setitem(BATCHES, name, hashlib.md5(body).hexdigest())
    original = load_cifar10(path)
    assert original.source == f"CIFAR-10 in {path}" and original.notice == ""
    bodies["data_batch_4"] = pickled(*drawn(4))
    assert "not the original" in load_cifar10(archive(path, bodies)).source
    subset = archive(path, {name: bodies[name] for name in ("data_batch_1", "test_batch")})
    assert len(load_cifar10(subset).train) == 4 and "not the original" in load_cifar10(subset).source


COMMAND = b"touch harmed"
EXPRESSION = b"__import__('os').system('touch harmed')"
HARM = {
    "in text": b"cos\nsystem\n(S'" + COMMAND + b"'\ntR.",
    "by reduce": b"\x80\x02cposix\nsystem\nU\x0c" + COMMAND + b"\x85R.",
    "by inst": b"(S'" + COMMAND + b"'\nios\nsystem\n.",
    "by obj": b"(cos\nsystem\nS'" + COMMAND + b"'\no.",
    "by a name from the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0c" + COMMAND + b"\x85R.",
    "in a batch": Python2(False).batch(
        labels=b"]cos\nsystem\nU\x0c" + COMMAND + b"\x85Ra", data=Python2(False).array(np.zeros((1, 3072), np.uint8))
    ),
    "by eval": b"\x80\x02cbuiltins\neval\n" + Python2(False).string(EXPRESSION) + b"\x85R.",
}
DOUBTFUL = {
    "new object": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "another size": b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R.",
    "an array of another size": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x01\x85U\x01b\x87R.",
    "no array": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nK\x00\x85U\x01b\x87R.",
    "another function of numpy": b"\x80\x02cnumpy.core.multiarray\nfromfile\n.",
    "objects": Python2().batch(data=Python2().array(np.zeros((1, 8), np.uint8), b"O8")),
    "decimals": Python2().batch(data=Python2().array(np.zeros((1, 8), np.uint8), b"f8")),
    "a changed class": b"\x80\x02cnumpy\nndarray\nN}U\x01aK\x01s\x86b.",
    "a changed list": b"\x80\x02]}U\x01aK\x01sb.",
    "a registered object": b"\x80\x02\x82\x01.",
    "an object elsewhere": b"Pelsewhere\n.",
    "a decimal": b"\x80\x02G" + bytes(8) + b".",
    "a number as a key": b"\x80\x02}K\x01K\x02s.",
    "a second program": b"\x80\x02}.cos\nsystem\n.",
}


@pytest.mark.parametrize("kind", list(HARM))
def test_a_pickle_that_runs_a_command_is_refused(tmp_path: Path, bodies: dict[str, bytes], kind: str) -> None:
    bodies["data_batch_2"] = HARM[kind]
    for path in (archive(tmp_path / "a.tar.gz", bodies), folder(tmp_path / "d", bodies)):
        with pytest.raises(DataError, match="as no CIFAR-10 batch does: do not use it") as caught:
            load_cifar10(path)
        assert "data_batch_2" in str(caught.value) and str(path) in str(caught.value)
        assert not Path("harmed").exists()
    pickle.loads(HARM[kind])  # The same bytes do harm where there is no such care.
    assert Path("harmed").exists()


@pytest.mark.parametrize("kind", list(DOUBTFUL))
def test_what_no_batch_needs_is_refused(kind: str) -> None:
    with pytest.raises(DataError, match="batch .*as no CIFAR-10 batch does: do not use it"):
        read_batch(DOUBTFUL[kind], "batch")


def test_every_truncation_is_noticed() -> None:
    pixels, labels = drawn(2)
    whole = pickled(pixels, labels)
    middle = whole.index(pixels.tobytes()) + 100
    for end in [*range(middle), *range(len(whole) - 60, len(whole))]:
        with pytest.raises(DataError, match="truncated or damaged"):
            read_batch(whole[:end], "batch")


@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # pickletools looks at text in passing
def test_damage_is_never_worse_than_an_error() -> None:
    pixels, labels = drawn(2)
    whole = pickled(pixels, labels)
    start = whole.index(pixels.tobytes())
    places = [*range(start), *range(start + pixels.size, len(whole))]
    rng = np.random.default_rng(1)
    errors = 0
    for _ in range(4000):
        damaged = bytearray(whole)
        for place in rng.choice(places, rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        try:
            found, numbers = read_batch(bytes(damaged), "batch")
        except DataError as error:
            assert "\n" not in str(error)
            errors += 1
        else:
            assert found.dtype == np.uint8 and found.size == pixels.size and all(type(x) is int for x in numbers)
    assert errors > 1000


def spoilt(**changes: bytes) -> bytes:
    writer = Python2()
    right = {
        "labels": writer.items([writer.number(3)] * 2),
        "data": writer.array(np.zeros((2, 3072), np.uint8)),
    }
    return writer.batch(**{key: value for key, value in {**right, **changes}.items() if value})


P2 = Python2(False)
WRONG = {
    "empty": (b"", "truncated or damaged"),
    "a page": (b"<!DOCTYPE html><html></html>", "truncated or damaged|instruction"),
    "a list": (b"\x80\x02].", "holds no dict"),
    "no labels": (spoilt(labels=b""), "has no 'labels'"),
    "no data": (spoilt(data=b""), "has no 'data'"),
    "labels as text": (spoilt(labels=P2.items([P2.string(b"cat")] * 2)), "list of whole numbers"),
    "labels as truth values": (spoilt(labels=P2.items([b"\x88", b"\x89"])), "list of whole numbers"),
    "labels as a number": (spoilt(labels=P2.number(3)), "list of whole numbers"),
    "too few labels": (spoilt(labels=P2.items([P2.number(3)])), "2 images but 1 labels"),
    "label 10": (spoilt(labels=P2.items([P2.number(3), P2.number(10)])), r"label of 10 \(image 1\)"),
    "label -1": (spoilt(labels=P2.items([P2.number(-1), P2.number(1)])), r"label of -1 \(image 0\)"),
    "data as text": (spoilt(data=P2.string(bytes(200))), "rows of unsigned bytes"),
    "grey images": (spoilt(data=P2.array(np.zeros((2, 1024), np.uint8))), r"\(2, 1024\), not rows of 3072"),
    "no images": (spoilt(data=P2.array(np.zeros((0, 3072), np.uint8)), labels=b"]"), r"\(0, 3072\)"),
    "fewer pixels than announced": (
        spoilt(data=P2.array(np.zeros((2, 3072), np.uint8)).replace(b"K\x02M\x00\x0c", b"K\x03M\x00\x0c")),
        "rows of unsigned bytes",
    ),
    "a negative size": (
        spoilt(data=P2.array(np.zeros((1, 1), np.uint8)).replace(b"K\x01K\x01\x86", P2.number(-1) * 2 + b"\x86")),
        "rows of unsigned bytes",
    ),
    "an array without values": (
        spoilt(data=b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"),
        "rows of unsigned bytes",
    ),
}


@pytest.mark.parametrize("kind", list(WRONG))
def test_wrong_contents(tmp_path: Path, bodies: dict[str, bytes], kind: str) -> None:
    bodies["test_batch"], message = WRONG[kind]
    path = folder(tmp_path / "d", bodies)
    with pytest.raises(DataError, match=message) as caught:
        load_cifar10(path)
    assert str(path) in str(caught.value) and "test_batch" in str(caught.value) and "\n" not in str(caught.value)


def test_archives_that_unfold_to_too_much(
    tmp_path: Path, bodies: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "MOST_BYTES", 100_000)
    monkeypatch.setattr(cifar10, "MOST_IN_ARCHIVE", 300_000)
    path = archive(tmp_path / "a.tar.gz", bodies)
    assert len(load_cifar10(path).train) == 30
    archive(path, {"data_batch_1": bytes(100_001)})
    with pytest.raises(DataError, match="data_batch_1 is too long: it holds more than 100000 bytes"):
        load_cifar10(path)
    archive(path, {"something else": bytes(10_000_000), **bodies})
    with pytest.raises(DataError, match="unfolds to more than 300000 bytes"):
        load_cifar10(path)
    path.write_bytes(gzip.compress(gzip.decompress(archive(path, bodies).read_bytes()) + bytes(10_000_000)))
    with pytest.raises(DataError, match="unfolds to more than 300000 bytes"):
        load_cifar10(path)
    # A header that announces ten gigabytes of name, and has them follow.
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 10_000_000_000
    path.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(10_000_000)))
    with pytest.raises(DataError, match="unfolds to more than 300000 bytes"):
        load_cifar10(path)
    archive(path, {**{f"{i}": b"" for i in range(cifar10.MOST_MEMBERS)}, **bodies})
    with pytest.raises(DataError, match="more than 100 members"):
        load_cifar10(path)
    with pytest.raises(DataError, match="too long"):
        load_cifar10(folder(tmp_path / "d", {"data_batch_1": bytes(100_001)}))


def test_pickles_that_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_pickle, "MOST_STEPS", 1_000)
    with pytest.raises(DataError, match="more than 1000 instructions"):
        read_batch(b"\x80\x02" + b"]" * 2_000 + b".", "batch")
    # An index for which Python's unpickler would take 16 GB of memory.
    with pytest.raises(DataError, match="holds no dict"):
        read_batch(b"\x80\x02]r\xff\xff\xff\x7f.", "batch")


def test_paths_in_an_archive_lead_nowhere(tmp_path: Path, bodies: dict[str, bytes]) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bodies["data_batch_1"])
    path = tmp_path / "a.tar.gz"
    before = sorted(tmp_path.rglob("*"))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
        with tarfile.open(path, "w:gz") as file:
            for name in (f"{FOLDER}/data_batch_1", "../escaped", str(tmp_path / "absolute")):
                member = tarfile.TarInfo(name)
                member.type, member.linkname = kind, str(secret)
                file.addfile(member)
            for name in ("test_batch", "../../work/escaped"):
                member = tarfile.TarInfo(f"{FOLDER}/{name}")
                member.size = len(bodies["test_batch"])
                file.addfile(member, io.BytesIO(bodies["test_batch"]))
        with pytest.raises(DataError, match=f"holds no {FOLDER}/data_batch_1"):
            load_cifar10(path)
    for prefix in (f"../{FOLDER}/", f"/{FOLDER}/", "", f"{FOLDER}/../"):
        with pytest.raises(DataError, match=f"holds no {FOLDER}/test_batch"):
            load_cifar10(archive(path, bodies, prefix))
    path.unlink()
    assert sorted(tmp_path.rglob("*")) == before


def test_damaged_archives(tmp_path: Path, bodies: dict[str, bytes]) -> None:
    path = archive(tmp_path / "a.tar.gz", bodies)
    whole = path.read_bytes()
    for end in (5, 11, len(whole) // 3, len(whole) - 200, len(whole) - 8, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(DataError, match="truncated or damaged") as caught:
            load_cifar10(path)
        assert str(path) in str(caught.value) and "data fetch cifar10" in str(caught.value)
    flipped = bytearray(whole)
    flipped[-6] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(DataError, match="CRC"):
        load_cifar10(path)
    unfolded = gzip.decompress(whole)
    path.write_bytes(gzip.compress(unfolded[:20_000]))
    with pytest.raises(DataError, match="truncated or damaged"):
        load_cifar10(path)
    path.write_bytes(unfolded[:20_000])
    with pytest.raises(DataError, match="truncated or damaged"):
        load_cifar10(path)
    for foreign in (b"", b"<html>", b"PK\x03\x04" + bytes(600), gzip.compress(b"no tar at all" * 100)):
        path.write_bytes(foreign)
        with pytest.raises(DataError, match="is no tar archive, truncated or damaged"):
            load_cifar10(path)


def test_an_archive_that_a_browser_has_unpacked(tmp_path: Path, bodies: dict[str, bytes]) -> None:
    """It has lost its compression, and with some browsers the end of its name."""
    packed = archive(tmp_path / ARCHIVE, bodies)
    expected = load_cifar10(packed)
    unpacked = packed.with_suffix("")
    unpacked.write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    packed_name = tmp_path / "d" / ARCHIVE
    packed_name.parent.mkdir()
    packed_name.write_bytes(unpacked.read_bytes())
    for named in (unpacked, tmp_path, packed_name, packed_name.parent):
        found = load_cifar10(named)
        assert found.train.digest() == expected.train.digest() and found.test.digest() == expected.test.digest()


def test_nothing_there(tmp_path: Path, bodies: dict[str, bytes]) -> None:
    for named in (None, tmp_path / "nowhere", tmp_path):
        with pytest.raises(DataError, match="was not found") as caught:
            load_cifar10(named)
        message = str(caught.value)
        assert str(named or tmp_path / "home") in message and "--data-dir" in message and "\n" not in message
    for missing in ("test_batch", "data_batch_1"):
        rest = {name: body for name, body in bodies.items() if name != missing}
        with pytest.raises(DataError, match=f"holds no {FOLDER}/{missing}"):
            load_cifar10(archive(tmp_path / "a.tar.gz", rest))
