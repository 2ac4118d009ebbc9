"""Digits as tables: what is written is read again, in the forms of archives and spreadsheets; what is wrong is named
with its place."""

import csv
import errno
import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lenet1998.data import label_csv
from lenet1998.data.label_csv import read_csv, write_csv
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns
from tests.faults import refusing

PIXELS = [f"pixel{i}" for i in range(784)]


def drawn(count: int, seed: int = 0) -> Patterns:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 28, 28), np.uint8)
    images[rng.random(images.shape) < 0.7] = 0
    return Patterns(images, rng.integers(0, 10, count, np.uint8))


def same(one: Patterns, other: Patterns) -> bool:
    return one.digest() == other.digest()


def table(path: Path, patterns: Patterns, newline: str = "\n") -> Path:
    """A table written by Python's own module, and not by what is tested here."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator=newline)
        writer.writerow(["label", *PIXELS])
        for image, label in zip(patterns.images, patterns.labels, strict=True):
            writer.writerow([label, *image.ravel()])
    return path


def fails(path: Path, message: str, body: bytes | None = None) -> None:
    """The table is refused in one line that names the file."""
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(DataError, match=message) as caught:
        read_csv(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return stream.getvalue()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda body: body,
    "no last line end": lambda body: body.rstrip(b"\n"),
    "many blank last lines": lambda body: body + b"\r\n\n" * 40 + b"  ",
    "Windows' line ends, and a blank line": lambda body: body.replace(b"\n", b"\r\n") + b"\r\n",
    "a mark of the encoding": lambda body: b"\xef\xbb\xbf" + body,
    "gzipped": gzip.compress,
    "zipped": lambda body: zipped({"train.csv": body}),
    "zipped on a Mac": lambda body: zipped({"deep/": b"", "deep/train.csv": body, "__MACOSX/deep/._train.csv": b"\0"}),
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "UTF-16, big end first": lambda body: b"\xfe\xff" + body.decode().encode("utf-16-be"),
    "UTF-16 with tabs": lambda body: body.decode().replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
    "semicolons": lambda body: b"\xef\xbb\xbf" + body.replace(b",", b";"),
    "UTF-16, a blank last line, zipped": lambda body: zipped({"t.csv": (body.decode() + "\n").encode("utf-16")}),
    "all quoted": lambda body: b'"' + body.rstrip().replace(b",", b'","').replace(b"\n", b'"\n"') + b'"',
    "names quoted, as R has them": lambda body: body.replace(b"label", b'"label"').replace(b"pixel0", b'"pixel0"'),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("header", [True, False])
def test_tables_as_archives_and_spreadsheets_have_them(tmp_path, form, header):
    path = table(tmp_path / "t.csv", drawn(11))
    body = path.read_bytes()
    path.write_bytes(FORMS[form](body if header else body[body.index(b"\n") + 1 :]))
    found = read_csv(path)
    assert found.images.dtype == found.labels.dtype == np.uint8 and found.images.shape == (11, 28, 28)
    assert same(found, drawn(11))


def test_writing(tmp_path):
    write_csv(drawn(7), tmp_path / "deep" / "ours.csv")
    assert (tmp_path / "deep" / "ours.csv").read_bytes() == table(tmp_path / "theirs.csv", drawn(7)).read_bytes()
    photographs = Patterns(np.zeros((2, 3, 32, 32), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(DataError, match=r"images are \(3, 32, 32\)"):
        write_csv(photographs, tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


def test_a_write_that_fails_leaves_the_old_table(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    write_csv(drawn(2), path)
    monkeypatch.setattr(os, "fsync", refusing(errno.ENOSPC))
    with pytest.raises(DataError, match="cannot be written .*No space left") as caught:
        write_csv(drawn(3, 1), path)
    assert str(path) in str(caught.value)
    assert same(read_csv(path), drawn(2)) and os.listdir(tmp_path) == ["t.csv"]


def test_what_is_no_table_is_called_what_it_is(tmp_path, monkeypatch):
    whole = table(tmp_path / "t.csv", drawn(3)).read_bytes()
    packed = gzip.compress(whole)
    damaged = zipped({"t.csv": whole})
    for body, message in (
        (b"<!DOCTYPE html><html></html>", "is an HTML page, not a table"),
        (b"", "is empty, not a table"),
        (gzip.compress(b"\x80\x04."), "is data of an unknown kind .*, not a table"),
        (zipped({"train.csv": whole, "test.csv": whole}), r"is a zip archive of train\.csv, test\.csv: unpack it"),
        (packed[: len(packed) // 2], "does not unpack"),
        (packed[:-8] + bytes(8), "cannot be read .*CRC"),
        (damaged[:200] + b"x" + damaged[201:], "does not unpack"),
        (damaged[: len(damaged) // 2], r"does not unpack \(File is not a zip file\)"),
    ):
        fails(tmp_path / "t.csv", message, body)
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("t.csv", whole)
    fails(tmp_path / "t.csv", "does not unpack .packed by bzip2 or LZMA", many.getvalue())
    monkeypatch.setattr(label_csv, "FREE", len(whole))
    blank = (b",".join([b"0"] * 785) + b"\n") * 10_000
    fails(tmp_path / "t.csv", "is too long: it unfolds to far more", gzip.compress(whole + blank))
    for path in (tmp_path / "nowhere.csv", tmp_path):
        fails(path, "cannot be read")


@pytest.mark.parametrize("most", [1, 16, 100])
def test_pixels_on_another_scale(tmp_path, most):
    """They would be learned as nearly blank images, without a word."""
    faint = Patterns((drawn(3).images > 100).astype(np.uint8) * np.uint8(most), drawn(3).labels)
    path = table(tmp_path / "t.csv", faint)
    remedy = "multiply it by 255" if most == 1 else "scale it"
    fails(path, rf"t\.csv runs from 0 to {most}, not from 0 .* to 255 for ink: {remedy}")
    blank = table(path, Patterns(np.zeros((2, 28, 28), np.uint8), faint.labels[:2]))
    assert len(read_csv(blank)) == 2, "blank is blank"


BAD_CELLS = (
    "256",
    "1000",
    "12345678901234567890",
    "-1",
    "1.5",
    "7.0",
    "1e2",
    "",
    " ",
    "x",
    "12x",
    "nan",
    "\u0663",
    "0x1",
)


@pytest.mark.parametrize("cell", BAD_CELLS, ids=ascii)
@pytest.mark.parametrize("form", ["as it is", "semicolons", "UTF-16 with tabs"])
def test_a_cell_that_is_no_byte_is_named_with_its_place(tmp_path, cell, form):
    for line, column in ((2, 1), (9, 400), (5, 785)):
        lines = [row.split(",") for row in table(tmp_path / "t.csv", drawn(8)).read_text().split("\n")]
        lines[line - 1][column - 1] = cell
        body = FORMS[form]("\n".join(map(",".join, lines)).encode())
        fails(tmp_path / "t.csv", rf"t\.csv, line {line}, column {column}: '{cell[:18]}", body)


def test_rows_of_another_length(tmp_path):
    path = tmp_path / "t.csv"
    whole = table(path, drawn(5)).read_bytes()
    lines = whole.split(b"\n")
    fails(path, "line 6, the number of columns changed from 785 to 784", whole[: whole.rindex(b",")])
    fails(path, "line 4, .* from 785 to 786", b"\n".join([*lines[:3], lines[3] + b",0", *lines[4:]]))
    fails(path, "line 3, .* from 785 to", b"\n".join([*lines[:2], lines[2] * 20]))
    fails(path, "has 784 cells in a row, not 785", b"\n".join([lines[0], *(line[2:] for line in lines[1:-1])]))
    fails(path, "no row below its header", lines[0])


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (PIXELS, r"line 1, has 784 columns, not 785; Kaggle's test.csv has no labels, use its train.csv"),
        (["label", *PIXELS[:-1]], "line 1, has 784 columns, not 785: "),
        (["label", *PIXELS, "pixel784"], "line 1, has 786 columns"),
        (["letter", *PIXELS], "line 1, names 0 columns of labels: call one of them label"),
        (["label", "class", *PIXELS[1:]], "line 1, names 2 columns of labels"),
        (["label", *PIXELS[:4], "pixel5", "pixel4", *PIXELS[6:]], "line 1, has 'pixel4' after 'pixel5', out of order"),
        (["label", *PIXELS[::-1]], "line 1, has 'pixel782' after 'pixel783', out of order"),
        (["label", *(f"{row}x{column}" for column in range(28) for row in range(28))], "'1x0' after|'0x1' after"),
        (["5"] * 784, "line 1, has 784 columns"),
        (["5"] * 784 + ["x"], "line 1, names 0 columns of labels"),
        (["x" * 20_000], "line 1, has 1 columns"),
    ],
)
def test_other_headers(tmp_path, header, message):
    rows = table(tmp_path / "t.csv", drawn(1)).read_text().split("\n", 1)[1]
    fails(tmp_path / "t.csv", message, f"{','.join(header)}\n{rows}".encode())


@pytest.mark.parametrize(
    "pixels",
    [
        [f"pixel{i}" for i in range(1, 785)],
        [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)],
        [str(i) for i in range(784)],
    ],
)
def test_columns_have_other_names_and_labels_other_places(tmp_path, pixels):
    rows = np.loadtxt(table(tmp_path / "t.csv", drawn(5)), int, delimiter=",", skiprows=1)
    for name, order in (("label", range(785)), ("Class", [*range(1, 785), 0])):
        header = [[name, *pixels][column] for column in order]
        np.savetxt(tmp_path / "t.csv", rows[:, order], "%d", ",", header=",".join(header), comments="")
        assert same(read_csv(tmp_path / "t.csv"), drawn(5))


@pytest.mark.parametrize("count", [12, 200])
@pytest.mark.parametrize("look", ["black", "white", "noise", "light noise", "shades"])
def test_labels_in_the_last_column_are_not_taken_for_pixels(tmp_path, look, count):
    """Without a header nothing says so but the numbers; with one, or first, they are read."""
    rng = np.random.default_rng(count)
    digits = synthetic_digits(count, seed=3)
    rows = digits.images.reshape(count, -1).astype(int)
    if look == "shades":
        rows = np.clip(rows + rng.integers(0, 60, (count, 1)), 0, 255)
    if "noise" in look:
        rows = np.clip(rows + rng.integers(0, 12, rows.shape), 0, 255)
    if look in ("white", "light noise"):
        rows = 255 - rows
    path, labels = tmp_path / "t.csv", digits.labels[:, None]
    np.savetxt(path, np.hstack([rows, labels]), "%d", ",")
    fails(path, "seems to have its labels in the last column, not in the first: move them there, or add a first line")
    for order, header in ((np.hstack([labels, rows]), ""), (np.hstack([rows, labels]), ",".join([*PIXELS, "label"]))):
        np.savetxt(path, order, "%d", ",", header=header, comments="")
        if not header:
            path.write_bytes(path.read_bytes().lstrip(b"\n"))
        assert (read_csv(path).labels == digits.labels).all()


@pytest.mark.parametrize("place", [1, 30, 392, 783])
@pytest.mark.parametrize("paper", [0, 255])
def test_labels_between_pixels_are_not_taken_for_one(tmp_path, place, paper):
    """And where the first column has them, no pixel is, also of images in which many are dark."""
    digits = synthetic_digits(200, seed=3)
    rows, labels = np.abs(paper - digits.images.reshape(200, -1).astype(int)), digits.labels
    np.savetxt(tmp_path / "t.csv", np.insert(rows, place, labels, axis=1), "%d", ",")
    fails(tmp_path / "t.csv", f"seems to have its labels in column {place + 1}, not in the first")
    for most in (160, 255):
        np.savetxt(tmp_path / "t.csv", np.insert(rows * most // 255, 0, labels, axis=1), "%d", ",")
        assert (read_csv(tmp_path / "t.csv").labels == labels).all()


@pytest.mark.parametrize("count", [10, 30])
def test_of_a_few_rows_no_pixel_is_taken_for_labels(tmp_path, count):
    rows = np.zeros((count, 785), int)
    rows[:, 0] = np.arange(count) % 10
    rows[:, 400:780] = np.random.default_rng(3).integers(0, 2, (count, 1)) * 90
    rows[:, 600] = 255
    np.savetxt(tmp_path / "t.csv", rows, "%d", ",")
    assert (read_csv(tmp_path / "t.csv").labels == rows[:, 0]).all()


def test_labels_above_9_where_they_are_asked_for(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("".join(f"{label}{',255' * 784}\n" for label in (7, 10, 255)))
    assert read_csv(path, highest=255).labels.tolist() == [7, 10, 255]
    fails(path, "row 2 of numbers: the label 10 is above 9")
