"""Digits as a table of comma-separated values, the form of Kaggle's "Digit Recognizer" competition.

One line names the columns, ``label`` and ``pixel0`` to ``pixel783``; each line after it is one digit of 28x28 pixels,
row by row. Others count the pixels from 1, name them ``1x1`` to ``28x28``, have the labels elsewhere, or leave the line
of names out. A table may come as Kaggle's archive has it, zipped, or gzipped. A byte order mark names its encoding, and
its first line the separator. NumPy reads the numbers.
"""

import gzip
import io
import os
import re
import warnings
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, BinaryIO, TextIO

import numpy as np

from lenet1998.data.idx import DENSEST, FREE
from lenet1998.data.places import PathName
from lenet1998.errors import DataError, decoding, reading
from lenet1998.files import check_packing, replace
from lenet1998.patterns import CLASSES, SIDE, Patterns, check_range
from lenet1998.photos.signatures import GZIP, HEAD, UTF_16, ZIP, kind_of

COLUMNS = 1 + SIDE * SIDE
LABELS = ("label", "labels", "class", "target", "digit", "y")
"""What the column of labels is called, in small letters or capitals."""
HEADER = ",".join(["label", *(f"pixel{i}" for i in range(SIDE * SIDE))]).encode()
# Longer than any line can be: 785 cells of three digits are 3,139 characters, and the header is 7,355.
LONGEST = 10_000
REMEDY = "correct it, or get the file again"
# Labels tell so much more of the images' variance than a pixel in a corner, and are seldom above so much.
MARGIN, HIGHEST_LABEL = 0.05, 99
# Of labels between pixels no more than this share is the same one, as of pixels near the border nearly all are
# background, and there are so many rows for each, and in all: of a few rows any pixel may seem to tell much.
MOST_ALIKE, ROWS_EACH, ROWS = 0.98, 5, 50
SAMPLE = 2_000


def read_csv(path: PathName, highest: int = CLASSES - 1) -> Patterns:
    """Return the digits of a table: images uint8 (P, 28, 28), labels uint8 (P,) from 0 to ``highest``.

    Raises ``DataError``, with file, line and column where there are such, for a file that cannot be read or has no
    rows, a header without labels or with pixels out of order, a row of more or fewer than 785 cells, a cell that is no
    whole number from 0 to 255, a label above ``highest``, labels that seem to be in another column than the first where
    no header says so, and for pixels that no more than hint at ink (``patterns.check_range``).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv(Patterns(np.full((2, 28, 28), 255, np.uint8), np.array([7, 1], np.uint8)), folder + "/two.csv")
    ...     read_csv(folder + "/two.csv").labels.tolist()
    [7, 1]
    """
    path = os.path.expanduser(path)
    with (
        decoding(path, REMEDY, "does not unpack"),
        reading(path, "name a readable file"),
        open(path, "rb") as file,
        _unpacked(file, path) as unpacked,
    ):
        head = unpacked.read(HEAD)
        unpacked.seek(0)
        encoding = "utf-16" if head.startswith(UTF_16) else "utf-8-sig"
        with io.TextIOWrapper(unpacked, encoding, "replace") as text:
            table, place = _table(text, kind_of(head), path)
    labels, pixels = table[:, place].copy(), np.delete(table, place, axis=1)
    if labels.max() > highest:
        row = int((labels > highest).argmax())
        raise DataError(f"{path}, row {row + 1} of numbers: the label {labels[row]} is above {highest}: {REMEDY}")
    check_range(pixels, f"the ink in {path}")
    return Patterns(pixels.reshape(-1, SIDE, SIDE), labels)


def write_csv(patterns: Patterns, path: PathName) -> None:
    """Write digits as a table, in one step, so that ``path`` never holds a part of it.

    Raises ``DataError`` for images that are not (P, 28, 28), which this form cannot hold, and if the file cannot be
    written.

    >>> write_csv(Patterns(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)), "one.csv")  # doctest: +SKIP
    """
    if patterns.images.shape[1:] != (SIDE, SIDE):
        raise DataError(f"images are {patterns.images.shape[1:]}: a table of digits holds ({SIDE}, {SIDE}) only")
    rows = np.column_stack([patterns.labels, patterns.images.reshape(len(patterns), -1)])
    lines = [HEADER, *(",".join(map(str, row.tolist())).encode() for row in rows), b""]
    try:
        replace(Path(os.path.expanduser(path)), b"\n".join(lines))
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
    check_packing(archive)
    # Besides its files an archive may hold folders, and macOS's notes on each file.
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        held = ", ".join(names) or "nothing"
        raise DataError(f"{path} is a zip archive of {held}: unpack it, and name the table of digits with labels")
    return archive.open(names[0])


class _Lines:
    """The lines of a text that are not blank, and the number of the last; none is longer than ``LONGEST``, and all have
    no more characters than a file of that size can unfold to (`idx.DENSEST`)."""

    def __init__(self, text: TextIO, path: str):
        self.text, self.path, self.number = text, path, 0
        self.left = max(FREE, DENSEST * os.path.getsize(path))

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(LONGEST):
            self.number += 1
            self.left -= len(line)
            if self.left < 0:
                raise DataError(f"{self.path} is too long: it unfolds to far more than digits do; {REMEDY}")
            if line.strip():
                yield line


def _table(text: TextIO, kind: str, path: str) -> tuple[np.ndarray, int]:
    """The numbers, uint8 (rows, 785), and which column has the labels."""
    lines = _Lines(text, path)
    rest = iter(lines)
    first = next(rest, "")
    separator = (re.search("[;\t,]", first) or [","])[0]
    names = [name.strip().strip('"') for name in first.split(separator)]
    without_header = len(names) == COLUMNS and all(map(_is_number, names))
    place = 0 if without_header else _labels_of(names, kind, path)
    try:
        with warnings.catch_warnings():
            # NumPy warns where there is nothing to read and, some versions, where they take 256 or 1.5 for a byte.
            warnings.simplefilter("error", UserWarning)
            warnings.simplefilter("error", DeprecationWarning)
            rows = chain([first], rest) if without_header else rest
            table = np.loadtxt(
                rows, np.uint8, comments=None, delimiter=separator, ndmin=2, encoding="utf-8", quotechar='"'
            )
    except UserWarning:
        raise DataError(f"{path} has no row below its header: {REMEDY}") from None
    except (ValueError, DeprecationWarning) as error:
        found = re.search(r"string (.*) to uint8 at row \d+, column (\d+)", str(error), re.DOTALL)
        if found:
            wrong = f"column {found[2]}: {found[1][:20]} is not a whole number from 0 to 255"
        else:
            wrong = str(error).split(" at row")[0]
        raise DataError(f"{path}, line {lines.number}, {wrong}: {REMEDY}") from None
    if table.shape[1] != COLUMNS:
        raise DataError(f"{path} has {table.shape[1]} cells in a row, not {COLUMNS}: {REMEDY}")
    if without_header and (other := _labels_in(table[:: max(1, len(table) // SAMPLE)])):
        where = "the last column" if other == COLUMNS - 1 else f"column {other + 1}"
        raise DataError(
            f"{path} seems to have its labels in {where}, not in the first: move them there, or add a first line that "
            "names the columns, pixel0 to pixel783 and label"
        )
    return table, place


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _labels_of(names: list[str], kind: str, path: str) -> int:
    """The place of the labels among the columns of a header. DataError for another header, and for none."""
    if not kind.startswith("text"):
        raise DataError(f"{path} is {kind}, not a table of digits: {REMEDY}")
    places = [place for place, name in enumerate(names) if name.lower() in LABELS]
    pixels = [name for place, name in enumerate(names) if place not in places]
    order = [tuple(map(int, re.findall("[0-9]{1,4}", name))) for name in pixels]
    if len(names) != COLUMNS:
        hint = (
            "; Kaggle's test.csv has no labels, use its train.csv" if not places and len(names) == COLUMNS - 1 else ""
        )
        wrong = f"has {len(names)} columns, not {COLUMNS}{hint}"
    elif len(places) != 1:
        wrong = f"names {len(places)} columns of labels: call one of them {LABELS[0]}"
    else:
        late = [place for place in range(1, len(order)) if order[place] <= order[place - 1]]
        if not late:
            return places[0]
        wrong = f"has {pixels[late[0]][:20]!r} after {pixels[late[0] - 1][:20]!r}, out of order"
    raise DataError(f"{path}, line 1, {wrong}: {REMEDY}")


def _labels_in(table: np.ndarray) -> int:
    """The place of a column that looks like labels where the first looks like a pixel; 0 for none.

    Classes tell images apart, so they explain much of the variance of the pixels.
    """
    first, last = table[:, 0], COLUMNS - 1
    places = []
    for place in range(1, COLUMNS):
        counts = np.bincount(table[:, place])
        often = place == last or (
            counts.max() <= MOST_ALIKE * len(table)
            and len(table) >= ROWS
            and len(table) >= ROWS_EACH * np.count_nonzero(counts)
        )
        if len(counts) <= HIGHEST_LABEL + 1 and counts.max() < len(table) and often:
            places.append(place)
    if last in places and (first == first[0]).all() and (first == table[:, 1]).all():
        return last
    # The images' own brightness apart, which a label does not tell.
    off = table - table.mean(axis=1, dtype=np.float32, keepdims=True)
    off -= off.mean(axis=0)
    explained = {place: _explained(table[:, place], off) for place in places}
    best = max(explained, key=explained.__getitem__, default=0)
    return best if best and explained[best] > _explained(first, off) + MARGIN else 0


def _explained(labels: np.ndarray, off: np.ndarray) -> float:
    """The share of the variance of what has no mean that lies between the classes of labels, adjusted for the number
    of these."""
    rows, (classes, places) = len(labels), np.unique(labels, return_inverse=True)
    total = float((off**2).sum())
    if len(classes) == rows or not total:
        return 0.0
    members = np.eye(len(classes), dtype=np.float32)[places]
    between = float(((members.T @ off) ** 2 / members.sum(axis=0)[:, None]).sum())
    return 1 - (1 - between / total) * (rows - 1) / (rows - len(classes))
