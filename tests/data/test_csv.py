"""Digits as tables: what is written is read again, and the place of anything wrong is named exactly."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet1998.data import label_csv
from lenet1998.data.label_csv import COLUMNS, load_csv, read_csv, write_csv
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns


def drawn(count: int, seed: int = 0) -> Patterns:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 28, 28), np.uint8)
    images[rng.random(images.shape) < 0.7] = 0
    return Patterns(images, rng.integers(0, 10, count, np.uint8))


def same(one: Patterns, other: Patterns) -> bool:
    return one.digest() == other.digest()


def table(path: Path, patterns: Patterns, newline: str = "\n", last: bool = True) -> Path:
    """A table written by Python's own module, and not by what is tested here."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator=newline)
        writer.writerow(["label", *(f"pixel{i}" for i in range(784))])
        for image, label in zip(patterns.images, patterns.labels, strict=True):
            writer.writerow([label, *image.ravel()])
    if not last:
        path.write_bytes(path.read_bytes().removesuffix(newline.encode()))
    return path


@pytest.mark.parametrize("chunk", [1 << 22, 5_000, 64])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, newline: str, last: bool) -> None:
    monkeypatch.setattr(label_csv, "CHUNK", chunk)
    patterns = drawn(11)
    found = read_csv(table(tmp_path / "t.csv", patterns, newline, last))
    assert found.images.dtype == found.labels.dtype == np.uint8 and found.images.shape == (11, 28, 28)
    assert same(found, patterns)


def test_a_mark_of_the_encoding(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", drawn(2))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert same(read_csv(path), drawn(2))


@pytest.mark.parametrize("rows", [1, 3, 2_000])
def test_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(label_csv, "ROWS", rows)
    patterns = drawn(7)
    write_csv(patterns, tmp_path / "deep" / "ours.csv")
    assert (tmp_path / "deep" / "ours.csv").read_bytes() == table(tmp_path / "theirs.csv", patterns).read_bytes()


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_there_and_back(tmp_path_factory: pytest.TempPathFactory, count: int, seed: int) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_csv(drawn(count, seed), path)
    assert same(read_csv(path), drawn(count, seed))


def test_every_number_in_every_length(tmp_path: Path) -> None:
    images = np.arange(784).astype(np.uint8).reshape(1, 28, 28)
    write_csv(Patterns(images, np.array([9], np.uint8)), tmp_path / "t.csv")
    assert (read_csv(tmp_path / "t.csv").images == images).all()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "blank last line": lambda body: body + b"\n",
    "many blank last lines": lambda body: body + b"\r\n\n" * 40 + b"  ",
    "Windows' blank last line": lambda body: body.replace(b"\n", b"\r\n") + b"\r\n",
    "gzipped": gzip.compress,
    "zipped": lambda body: zipped({"train.csv": body}),
    "zipped on a Mac": lambda body: zipped({"deep/": b"", "deep/train.csv": body, "__MACOSX/deep/._train.csv": b"\0"}),
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "UTF-16, big end first": lambda body: b"\xfe\xff" + body.decode().encode("utf-16-be"),
    "UTF-16 with tabs": lambda body: body.decode().replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
    "semicolons": lambda body: b"\xef\xbb\xbf" + body.replace(b",", b";"),
    "UTF-16, a blank last line, zipped": lambda body: zipped({"t.csv": (body.decode() + "\n").encode("utf-16")}),
}


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return stream.getvalue()


@pytest.mark.parametrize("chunk", [1 << 22, 5_000, 7])
@pytest.mark.parametrize("way", list(PACKED))
def test_tables_as_archives_and_spreadsheets_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, chunk: int
) -> None:
    monkeypatch.setattr(label_csv, "CHUNK", chunk)
    path = table(tmp_path / "t.csv", drawn(3))
    path.write_bytes(PACKED[way](path.read_bytes()))
    assert same(read_csv(path), drawn(3))


def test_what_is_no_table_is_called_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(tmp_path / "t.csv", drawn(3)).read_bytes()
    packed = gzip.compress(whole)
    damaged = zipped({"t.csv": whole})
    path = tmp_path / "t.csv"
    for body, message in (
        (b"<!DOCTYPE html><html></html>", "is an HTML page, not a table"),
        (b"", "is empty, not a table"),
        (gzip.compress(b"\x80\x04."), "is a pickle, not a table"),
        (zipped({"train.csv": whole, "test.csv": whole}), r"is a zip archive of train\.csv, test\.csv: unpack it"),
        (zipped({}), "does not unpack|is data of an unknown kind|is a zip archive of nothing"),
        (packed[: len(packed) // 2], "does not unpack"),
        (packed[:-8] + bytes(8), "cannot be read .*CRC"),
        (damaged[:200] + b"x" + damaged[201:], "does not unpack"),
        (damaged[: len(damaged) // 2], r"does not unpack \(File is not a zip file\)"),
        (whole.decode().encode("utf-16")[:-1501], "line 4, has [0-9]+ cells, not 785"),
    ):
        path.write_bytes(body)
        with pytest.raises(DataError, match=message) as caught:
            read_csv(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    monkeypatch.setattr(label_csv, "MOST", 3)
    path.write_bytes(packed)
    with pytest.raises(DataError, match="more than 3 lines"):
        read_csv(path)


@pytest.mark.parametrize("most", [1, 16, 100])
def test_pixels_on_another_scale(tmp_path: Path, most: int) -> None:
    """They would be learned as nearly blank images, without a word."""
    faint = Patterns((drawn(3).images > 100).astype(np.uint8) * np.uint8(most), drawn(3).labels)
    path = table(tmp_path / "t.csv", faint)
    for load in (read_csv, load_csv):
        with pytest.raises(DataError, match=rf"t\.csv runs from 0 to {most}, not from 0 .* to 255") as caught:
            load(path)
        assert ("multiply it by 255" in str(caught.value)) == (most == 1)
    assert len(read_csv(table(path, Patterns(np.zeros((2, 28, 28), np.uint8), faint.labels[:2])))) == 2, (
        "blank is blank"
    )


def edit(path: Path, line: int, column: int, cell: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    cells = lines[line - 1].split(b",")
    cells[column - 1] = cell
    lines[line - 1] = b",".join(cells)
    path.write_bytes(b"\n".join(lines))


BAD_PIXELS = ["256", "999", "1000", "0000", "12345678901234567890", "-1", "+1", "1.5", "1e2", "", " ", " 1", "1 ", "x"]
BAD_PIXELS += ["12x", "x12", "nan", '"1"', "/", ":", "\x00", "\r", "\u0663", "0x1"]


@pytest.mark.parametrize("chunk", [1 << 22, 4_000])
@pytest.mark.parametrize("cell", BAD_PIXELS, ids=ascii)
def test_a_cell_that_is_no_pixel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, chunk: int) -> None:
    monkeypatch.setattr(label_csv, "CHUNK", chunk)
    for line, column in ((2, 2), (9, 400), (5, 785)):
        path = table(tmp_path / "t.csv", drawn(8))
        edit(path, line, column, cell.encode())
        if cell == "\r" and column == 785:
            cell = ""  # It is taken for a part of the line's end.
        with pytest.raises(DataError) as caught:
            read_csv(path)
        message = str(caught.value)
        place = f"{path}, line {line}, column {column} (pixel{column - 2}): "
        assert message.startswith(f"{place}{cell[:20]!r} is not a whole number from 0 to 255")
        assert "\n" not in message


@pytest.mark.parametrize("cell", ["10", "255", "-1", "", "seven", "7.0"])
def test_a_cell_that_is_no_label(tmp_path: Path, cell: str) -> None:
    path = table(tmp_path / "t.csv", drawn(3))
    edit(path, 4, 1, cell.encode())
    with pytest.raises(DataError) as caught:
        read_csv(path)
    assert f"{path}, line 4, column 1 (label): {cell!r} is not a whole number from 0 to 9" in str(caught.value)


def test_rows_of_another_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_csv, "CHUNK", 4_000)
    whole = table(tmp_path / "t.csv", drawn(5)).read_bytes()
    lines = whole.split(b"\n")

    def fails(body: bytes, message: str) -> None:
        (tmp_path / "t.csv").write_bytes(body)
        with pytest.raises(DataError, match=message) as caught:
            read_csv(tmp_path / "t.csv")
        assert str(tmp_path / "t.csv") in str(caught.value) and "\n" not in str(caught.value)

    fails(whole[: whole.rindex(b",")], "line 6, has 784 cells, not 785")
    fails(whole[: whole.index(lines[3]) + 1], "line 4, has 1 cells, not 785")
    fails(b"\n".join([*lines[:4], lines[4] + b",0", *lines[5:]]), "line 5, has 786 cells")
    fails(b"\n".join([*lines[:4], b"", *lines[4:]]), "line 5, has 1 cells")
    fails(b"\n".join(lines[:1]), "no row below its header")
    fails(b"\n".join([*lines[:2], lines[2] * 20]), "a line of more than 10000 characters")
    fails(b"\n".join([*lines[:2], lines[2] + lines[3][1:], *lines[4:]]), "line 3, has 1569 cells")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "line 1, column 1: the header says '', not 'label'"),
        (",".join(COLUMNS[1:]), r"column 1: the header says 'pixel0', not 'label'; Kaggle's test.csv has no labels"),
        (",".join(COLUMNS[:-1]), "line 1, the header names 784 columns, not 785"),
        (",".join([*COLUMNS, "pixel784"]), "line 1, the header names 786 columns, not 785"),
        (",".join([*COLUMNS[:5], "pixel5", *COLUMNS[6:]]), "column 6: the header says 'pixel5', not 'pixel4'"),
        (",".join(["5"] * 784), "column 1: the header says '5', not 'label'"),
        (",".join(["5"] * 784 + ["x"]), "column 1: the header says '5', not 'label'"),
        ("x" * 20_000, "column 1: the header says 'xxx"),
    ],
)
def test_other_headers(tmp_path: Path, header: str, message: str) -> None:
    path = table(tmp_path / "t.csv", drawn(1))
    path.write_bytes(header.encode() + path.read_bytes()[path.read_bytes().index(b"\n") :])
    with pytest.raises(DataError, match=message) as caught:
        read_csv(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_tables_that_name_their_columns_otherwise_or_not_at_all(tmp_path: Path, encoding: str, separator: str) -> None:
    path = table(tmp_path / "t.csv", drawn(5))
    header, rest = path.read_text().split("\n", 1)
    from_one = ["label", *(f"pixel{i}" for i in range(1, 785))]
    by_place = ["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))]
    for first in (",".join(from_one) + "\n", ",".join(by_place) + "\n", ""):
        path.write_bytes((first + rest).replace(",", separator).encode(encoding))
        assert same(read_csv(path), drawn(5))
    path.write_text(",".join(from_one[::-1]) + "\n" + rest)
    with pytest.raises(DataError, match="line 1, column 1: the header says 'pixel784'"):
        read_csv(path)


def test_labels_above_9_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("".join(f"{label}{',255' * 784}\n" for label in (10, 255)))
    assert read_csv(path, highest=255).labels.tolist() == [10, 255]
    with pytest.raises(DataError, match=r"line 1, column 1 \(label\): '10' is not a whole number from 0 to 9"):
        read_csv(path)
    path.write_text(f"7{',255' * 784}\n256{',255' * 784}\n")
    with pytest.raises(DataError, match=r"line 2, column 1 \(label\): '256' is not a whole number from 0 to 255"):
        read_csv(path, highest=255)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(DataError, match="cannot be read") as caught:
            read_csv(path)
        assert str(path) in str(caught.value)


def test_data_sets(tmp_path: Path) -> None:
    train, test = table(tmp_path / "train.csv", drawn(25)), table(tmp_path / "test.csv", drawn(4, 1))
    both = load_csv(train, test)
    assert both.name == "csv" and both.source == f"{train} and {test}"
    assert same(both.train, drawn(25)) and same(both.test, drawn(4, 1))
    assert both.digests == {"train": drawn(25).digest(), "test": drawn(4, 1).digest()}
    one = load_csv(train)
    assert one.source == str(train) and len(one.train) == 23
    assert (one.train.images == drawn(25).images[:23]).all() and (one.test.images == drawn(25).images[23:]).all()
    split = one.held_out(5)
    assert (split.train.labels == drawn(25).labels[:18]).all() and (split.test.labels == drawn(25).labels[18:23]).all()
    with pytest.raises(DataError, match=r"has 4 rows, too few"):
        load_csv(test)


def test_what_a_table_cannot_hold(tmp_path: Path) -> None:
    photographs = Patterns(np.zeros((2, 3, 32, 32), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(DataError, match=r"images are \(3, 32, 32\)"):
        write_csv(photographs, tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


def test_a_write_that_fails_leaves_the_old_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    write_csv(drawn(2), path)

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DataError, match="cannot be written .*No space left") as caught:
        write_csv(drawn(3, 1), path)
    assert str(path) in str(caught.value)
    assert same(read_csv(path), drawn(2)) and os.listdir(tmp_path) == ["t.csv"]


def test_blocks_are_worth_their_while(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", drawn(1_500))

    def cell_by_cell() -> np.ndarray:
        with open(path) as file:
            next(file)
            return np.array([[int(cell) for cell in row] for row in csv.reader(file)])

    def seconds(read: Callable[[], object]) -> float:
        start = time.process_time()
        read()
        return time.process_time() - start

    assert (cell_by_cell()[:, 0] == read_csv(path).labels).all()
    # The best of five, since other programs disturb both; on a quiet computer it is a third or less.
    ours, plain = (min(seconds(read) for _ in range(5)) for read in (lambda: read_csv(path), cell_by_cell))
    assert ours < 0.7 * plain
