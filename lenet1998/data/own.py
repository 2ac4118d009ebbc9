"""A user's own data: what a path holds, told by what is in it, in any of the forms that people keep MNIST's like in.

Names and first bytes tell what there is; where there is more than one thing, none is chosen. What comes out is a
`DataSet` like MNIST's (section III-A), with the names of its classes and a notice that says what was taken for what.
"""

import math
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from lenet1998.data.given import FIELD, FORMS, Given, data_set
from lenet1998.data.known import CLASSES, emnist_of
from lenet1998.data.label_csv import read_csv
from lenet1998.data.left_out import left_out, visible
from lenet1998.data.npz import as_bytes, read_array
from lenet1998.data.own_folders import read_folders
from lenet1998.data.own_idx import LARGEST, NAMES, read_idx_set, set_of, sets_in
from lenet1998.errors import DataError, reading
from lenet1998.patterns import SIDE, DataSet, Patterns
from lenet1998.photos.signatures import UTF_16, ZIP, head_of, kind_of

TABLES = (".csv", ".csv.gz", ".csv.zip", ".tsv")
REMEDY = "give arrays x_train, y_train, x_test and y_test, as numpy.savez_compressed writes them"


def load_own(place: Path, learned: Mapping[str, str] | None = None, resize: bool = False) -> DataSet:
    """Return the data set in a directory or file, with ``path`` absolute, so that it is found from elsewhere.

    A directory holds the IDX files of one set, a table or two (train and test), one npz file, or folders of images; a
    file is a table, an npz file, or one of the IDX files of a set. ``learned`` are the digests of what a network has
    learned that the data are to judge, and ``resize`` scales images of other sizes (``given.data_set``). What of a
    directory is left out is said in the notice. Raises ``DataError`` for a path that holds none or several, and for
    what is wrong with its content.

    >>> load_own(Path("/dev/null"))
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: /dev/null is empty: name IDX files, a table of label and pixels (CSV), an npz file \
with x_train and y_train, or a folder of images for each class
    """
    place = Path(place).absolute()
    given = _in_directory(place, resize) if place.is_dir() else _in_file(place)
    if place.is_dir() and (left := left_out(place, given.files)):
        given = replace(given, remarks=(*given.remarks, left))
    return data_set(given, place, learned, resize)


def _in_directory(place: Path, resize: bool) -> Given:
    paths = visible(place)
    files = [path for path in paths if path.is_file()]
    tables = [path for path in files if path.name.lower().endswith(TABLES)]
    found: dict[str, Callable[[], Given]] = {
        (each or "MNIST's names"): lambda own=own: read_idx_set(own, place)  # type: ignore[misc]
        for each, own in sets_in(files).items()
    }
    found |= {path.name: lambda path=path: _arrays(path) for path in files if path.suffix == ".npz"}  # type: ignore
    pair = _pair(tables)
    if pair:
        found[f"{pair[0].name} with {pair[1].name}"] = lambda: _tables(*pair)
    else:
        found |= {path.name: lambda path=path: _tables(path) for path in tables}  # type: ignore[misc]
    folders = [path.name for path in paths if path.is_dir()]
    if folders and not found:
        return read_folders(place, resize)
    if not found:
        raise DataError(f"{place} holds no data: it takes {FORMS}; IDX files are called {NAMES}")
    if len(found) > 1:
        raise DataError(f"{place} holds several data sets ({', '.join(found)}): name a file of the one you mean")
    return next(iter(found.values()))()


def _pair(tables: list[Path]) -> tuple[Path, Path] | None:
    """The two tables of a directory, to learn and to test on, if their names say so."""
    if len(tables) != 2:
        return None
    told = {half: path for path in tables for half in ("train", "test") if half in path.name.lower()}
    return (told["train"], told["test"]) if len(told) == 2 and told["train"] != told["test"] else None


def _in_file(path: Path) -> Given:
    prefix = set_of(path.name)
    if prefix is not None:
        return read_idx_set(sets_in(each for each in visible(path.parent) if each.is_file())[prefix], path.parent)
    with reading(path, "name a readable file"):
        head = head_of(path)
    kind = kind_of(head)
    if path.suffix == ".npz":
        return _arrays(path)
    if path.name.lower().endswith(TABLES) or kind.startswith("text") or head.startswith((ZIP, *UTF_16)):
        return _tables(path)
    hint = f"; IDX files are called {NAMES}" if "IDX" in kind else ""
    raise DataError(f"{path} is {kind}: name {FORMS}{hint}")


def _tables(train: Path, test: Path | None = None) -> Given:
    """Tables of label and pixels; EMNIST's have the images transposed like its other files."""
    emnist = emnist_of(train.name)
    files = (train, test) if test else (train,)
    halves = [read_csv(path, highest=255) for path in files]
    if not emnist:
        return Given(halves[0], halves[1] if test else None, files=files)
    halves = [Patterns(np.ascontiguousarray(half.images.transpose(0, 2, 1)), half.labels) for half in halves]
    remarks = ("images turned upright, which EMNIST has transposed",)
    return Given(halves[0], halves[1] if test else None, CLASSES[emnist], emnist, "name", remarks, files=files)


def _arrays(path: Path) -> Given:
    """An npz file as Keras's are, of images (P, 28, 28) or (P, 784), perhaps with one channel, from 0 to 255 or 1."""
    train = _half(path, "train")
    with zipfile.ZipFile(path) as archive:  # it was sound a moment ago
        tested = {"x_test.npy", "y_test.npy"} & set(archive.namelist())
    return Given(train, _half(path, "test") if tested else None, files=(path,))


def _half(path: Path, half: str) -> Patterns:
    what = {key: f"{path} ({key}_{half})" for key in "xy"}
    arrays = {key: read_array(path, f"{key}_{half}", LARGEST, REMEDY) for key in "xy"}
    images, labels = arrays["x"], arrays["y"]
    if images.ndim == 2 and images.shape[1] in (SIDE**2, FIELD**2):
        side = math.isqrt(images.shape[1])
        images = images.reshape(-1, side, side)
    elif images.ndim == 4 and 1 in (images.shape[1], images.shape[3]):
        images = images.squeeze(1 if images.shape[1] == 1 else 3)
    if images.ndim != 3:
        raise DataError(f"{what['x']} has shape {images.shape}: give grey images (P, {SIDE}, {SIDE})")
    if labels.shape not in ((len(images),), (len(images), 1)):
        raise DataError(f"{what['y']} has shape {labels.shape}: give one label for each of {len(images)} images, (P,)")
    if not ((labels >= 0) & (labels <= 255) & (labels == np.rint(labels))).all():
        low, high = labels.min(), labels.max()
        raise DataError(f"{what['y']} runs from {low:g} to {high:g}: give whole numbers from 0 to 255, one per class")
    try:
        return Patterns(np.ascontiguousarray(as_bytes(images)), labels.astype(np.uint8).ravel())
    except ValueError as error:
        raise DataError(f"{what['x']} has {error}: scale it to that, 0 for the background and 255 for ink") from None
