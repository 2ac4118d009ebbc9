"""Digits as a table of comma-separated values, the form of Kaggle's "Digit Recognizer" competition.

One line names the columns, ``label`` and ``pixel0`` to ``pixel783``; each line after it is one digit of 28x28 pixels,
row by row. Others count the pixels from 1, name them ``1x1`` to ``28x28``, or leave the line of names out. MNIST has
some 47 million cells, so whole blocks of lines are converted at once, and a cell is looked at by itself only to say
what is wrong with it. A table may come as Kaggle's archive has it, zipped, or gzipped, and as spreadsheets save it: in
UTF-16, with semicolons or tabs, with blank lines at its end.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, TextIO

import numpy as np

from lenet1998.data.places import PathName
from lenet1998.errors import DataError, reason_of
from lenet1998.files import replace
from lenet1998.patterns import CLASSES, SIDE, DataSet, Patterns, check_range
from lenet1998.photos.signatures import GZIP, HEAD, UTF_16, ZIP, kind_of

COLUMNS = ["label", *(f"pixel{i}" for i in range(SIDE * SIDE))]
HEADER = ",".join(COLUMNS).encode()
_OTHERS = (
    ["label", *(f"pixel{i}" for i in range(1, SIDE * SIDE + 1))],
    ["label", *(f"{row}x{column}" for row in range(1, SIDE + 1) for column in range(1, SIDE + 1))],
)
# Longer than any line can be: 785 cells of three digits are 3,139 characters, and the header is 7,355.
LONGEST = 10_000
CHUNK = 1 << 22
ROWS = 2_000
# A small file may unfold to any number of lines; so many take 1.6 GB.
MOST = 2_000_000
REMEDY = "correct it, or get the file again"

_COMMA, _NEWLINE, _ZERO = b",\n0"
_NUMBER = re.compile("[0-9]{1,3}")


def load_csv(path: PathName, test_path: PathName | None = None) -> DataSet:
    """Return a data set of one or two tables: digits uint8 (P, 28, 28) with their labels.

    ``path`` has the training set and ``test_path`` the test set. Kaggle keeps the labels of its test set to itself;
    without ``test_path``, the last tenth of ``path``'s rows is the test set and the rows before it remain for training.
    Raises ``DataError`` as ``read_csv`` does, and if there are fewer than ten rows to divide.

    >>> load_csv("train.csv").name  # doctest: +SKIP
    'csv'
    """
    train = read_csv(path)
    source = str(path)
    if test_path is not None:
        test = read_csv(test_path)
        source = f"{path} and {test_path}"
    elif len(train) < 10:
        raise DataError(f"{path} has {len(train)} rows, too few to set a tenth aside: name a second file to test on")
    else:
        kept = len(train) - len(train) // 10
        test = Patterns(train.images[kept:], train.labels[kept:])
        train = train.first(kept)
    return DataSet("csv", train, test, source, {"train": train.digest(), "test": test.digest()})


def read_csv(path: PathName, highest: int = CLASSES - 1) -> Patterns:
    """Return the digits of a table: images uint8 (P, 28, 28), labels uint8 (P,) from 0 to ``highest``.

    Raises ``DataError``, with file, line and column where there are such, for a file that cannot be read or has no
    rows, another header, a row of more or fewer than 785 cells, a cell that is no whole number from 0 to ``highest`` in
    the first column or from 0 to 255 in the others, and for pixels that no more than hint at ink
    (``patterns.check_range``).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv(Patterns(np.full((2, 28, 28), 255, np.uint8), np.array([7, 1], np.uint8)), folder + "/two.csv")
    ...     read_csv(folder + "/two.csv").labels.tolist()
    [7, 1]
    """
    path = os.path.expanduser(path)
    tables = []
    try:
        with open(path, "rb") as file, _unpacked(file, path) as unpacked:
            head = unpacked.read(HEAD)
            unpacked.seek(0)
            encoding = "utf-16" if head.startswith(UTF_16) else "utf-8-sig"
            text = io.TextIOWrapper(unpacked, encoding, "replace", newline="\n")
            first = text.readline(LONGEST)
            separator, line = _check_header(first, kind_of(head), path)
            if line == 1:
                text.seek(0)
            for block in _blocks(text, separator, path):
                tables.append(_parse(block, line, path, highest))
                line += len(tables[-1])
                if line > MOST:
                    raise DataError(f"{path} has more than {MOST} lines: divide it")
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}): name a readable file") from None
    except DataError:
        raise
    except Exception as error:  # A damaged archive makes its reader raise almost anything.
        raise DataError(f"{path} does not unpack ({reason_of(error)}): {REMEDY}") from None
    if not tables:
        raise DataError(f"{path} has no row below its header: {REMEDY}")
    table = np.concatenate(tables)
    pixels = table[:, 1:]
    check_range(pixels, f"the ink in {path}")
    return Patterns(np.ascontiguousarray(pixels).reshape(-1, SIDE, SIDE), table[:, 0].copy())


def write_csv(patterns: Patterns, path: PathName) -> None:
    """Write digits as a table, in one step, so that ``path`` never holds a part of it.

    Raises ``DataError`` for images that are not (P, 28, 28), which this form cannot hold, and if the file cannot be
    written.

    >>> write_csv(Patterns(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)), "one.csv")  # doctest: +SKIP
    """
    if patterns.images.shape[1:] != (SIDE, SIDE):
        raise DataError(f"images are {patterns.images.shape[1:]}: a table of digits holds ({SIDE}, {SIDE}) only")
    # Each number with its comma in four places, of which it takes as many as it needs.
    texts = np.array([f"{number},".ljust(4).encode() for number in range(256)]).view(np.uint8).reshape(256, 4)
    pieces = [HEADER, b"\n"]
    for start in range(0, len(patterns), ROWS):
        labels, images = patterns.labels[start : start + ROWS], patterns.images[start : start + ROWS]
        cells = texts[np.column_stack([labels, images.reshape(len(labels), -1)])]
        used = cells != ord(" ")
        last = cells[:, -1]
        last[last == _COMMA] = _NEWLINE
        pieces.append(cells[used].tobytes())
    try:
        replace(Path(os.path.expanduser(path)), b"".join(pieces))
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}): name another file") from None


def _unpacked(file: BinaryIO, path: str) -> IO[bytes]:
    """The file, or what it holds if it is gzipped, or the only member of a zip archive."""
    head = file.read(len(ZIP))
    file.seek(0)
    if head.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if head != ZIP:
        return file
    archive = zipfile.ZipFile(file)
    # Besides its files an archive may hold folders, and macOS's notes on each file.
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        held = ", ".join(names) or "nothing"
        raise DataError(f"{path} is a zip archive of {held}: unpack it, and name the table of digits with labels")
    return archive.open(names[0])


def _check_header(line: str, kind: str, path: str) -> tuple[str, int]:
    """Return what separates the columns, one character, and the first line of numbers. DataError for other columns."""
    first = re.split("[;\t,]", line, maxsplit=1)[0]
    separator = line[len(first)] if line[len(first) : len(first) + 1] in (";", "\t") else ","
    names = line.rstrip("\r\n").split(separator)
    if names in (COLUMNS, *_OTHERS):
        return separator, 2
    if len(names) == len(COLUMNS) and all(map(_NUMBER.fullmatch, names)):
        return separator, 1
    if not kind.startswith("text"):
        raise DataError(f"{path} is {kind}, not a table of digits: {REMEDY}")
    column = next((i for i, (name, right) in enumerate(zip(names, COLUMNS, strict=False)) if name != right), None)
    if column is None:
        wrong = f"the header names {len(names)} columns, not {len(COLUMNS)}"
    else:
        wrong = f"column {column + 1}: the header says {names[column][:20]!r}, not {COLUMNS[column]!r}"
    hint = "; Kaggle's test.csv has no labels, use its train.csv" if names == COLUMNS[1:] else ""
    raise DataError(f"{path}, line 1, {wrong}{hint}: {REMEDY}")


def _blocks(text: TextIO, separator: str, path: str) -> Iterator[bytes]:
    """Whole lines, many at a time, each ended by a newline alone; blank ones at the file's end are left out."""
    rest = b""
    while chunk := text.read(CHUNK):
        block = rest + chunk.replace(separator, ",").encode()
        whole = block[: block.rfind(b"\n") + 1].rstrip(b"\r\n")
        # Blank lines wait for what follows them.
        rest = block[len(whole) :].removeprefix(b"\r").removeprefix(b"\n") if whole else block
        if len(rest) > LONGEST:
            raise DataError(f"{path} has a line of more than {LONGEST} characters: {REMEDY}")
        if whole:
            yield whole.replace(b"\r\n", b"\n") + b"\n"
    if rest.strip():
        yield rest.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"


def _parse(block: bytes, line: int, path: str, highest: int) -> np.ndarray:
    """The numbers in whole lines, uint8 (rows, 785); ``line`` is the number of the first in the file."""
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero((text == _COMMA) | (text == _NEWLINE))
    counts = np.diff(np.flatnonzero(text[ends] == _NEWLINE), prepend=-1)
    wrong = np.flatnonzero(counts != len(COLUMNS))
    if len(wrong):
        raise DataError(f"{path}, line {line + wrong[0]}, has {counts[wrong[0]]} cells, not {len(COLUMNS)}: {REMEDY}")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts
    # A byte that is no digit becomes a number above 9 here, those below "0" by wrapping round.
    digits = (text - np.uint8(_ZERO)).astype(np.uint16)  # wide enough for 999 under every NumPy's rules
    bad = (lengths < 1) | (lengths > 3)
    numbers = np.zeros(len(ends), np.uint16)
    for place, worth in enumerate((1, 10, 100)):
        digit = np.where(lengths > place, digits[ends - 1 - place], 0)
        bad |= digit > 9
        numbers += digit * worth
    most = np.full(len(COLUMNS), 255, np.uint16)
    most[0] = highest
    table = numbers.reshape(-1, len(COLUMNS))
    bad |= (table > most).ravel()
    if bad.any():
        first = int(bad.argmax())
        row, column = divmod(first, len(COLUMNS))
        cell = block[starts[first] : ends[first]][:20].decode("utf-8", "replace")
        raise DataError(
            f"{path}, line {line + row}, column {column + 1} ({COLUMNS[column]}): {cell!r} is not a whole number "
            f"from 0 to {most[column]}: {REMEDY}"
        )
    return table.astype(np.uint8)
