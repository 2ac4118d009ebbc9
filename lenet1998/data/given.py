"""Labelled images as a user's files give them, before they are a data set: any labels, perhaps no test set.

``data_set`` makes one of them for a network that reads characters (section II-B): the classes are those of the labels,
and what is held out for tests is said.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lenet1998.data.files import FILES
from lenet1998.data.idx import write_idx
from lenet1998.data.polarity import light_on_dark
from lenet1998.data.resize import resized
from lenet1998.errors import DataError
from lenet1998.patterns import SIDE, DataSet, Patterns, check_range, listed

FIELD = 32
"""The side of LeNet-5's input (section II-B): images of that size fill it, those of MNIST's leave a margin."""
SIZES = ((SIDE, SIDE), (FIELD, FIELD))
OTHER_SIZES = (
    "28x28 is taken, or 32x32; --resize scales images of other sizes, and lenet1998.read_image brings the picture of a "
    "character to 28x28"
)
"""What to do about images of other sizes."""
EVERY = 10
"""Of each class one pattern of so many is held out where there is no test set."""
FORMS = (
    "IDX files, a table of label and pixels (CSV), an npz file with x_train and y_train, or a folder of images for "
    "each class"
)


@dataclass(frozen=True)
class Given:
    """Images with labels, to learn and perhaps to test on, and what is known of them.

    ``names`` are those of labels, ``name`` is that of a data set that was recognised, ``recognised`` by what,
    ``remarks`` are what was done to the images, ``resized`` whether they were scaled, and ``files`` what was read.

    >>> one = Patterns(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    >>> Given(one).test is None
    True
    """

    train: Patterns
    test: Patterns | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    name: str = ""
    recognised: str = ""
    remarks: tuple[str, ...] = ()
    resized: bool = False
    files: tuple[Path, ...] = ()


def data_set(given: Given, path: Path, learned: Mapping[str, str] | None = None, resize: bool = False) -> DataSet:
    """Return the data set of what ``path`` holds: labels counted from 0, and classes named as ``given.names`` has them,
    else by their labels.

    Images dark on light are inverted (`polarity`), and with ``resize`` those of other sizes than 28x28 and 32x32 are
    scaled to 28x28; the data set has both on record. Without a test set every tenth pattern of each class is held out;
    or none, and all are for tests, where they are to judge a network that has ``learned`` data of other digests. MNIST
    is known by its digests in whatever form. A name ends in a part of the digest, so that no two data sets share one,
    unless the files are known to be those of the name. Raises ``DataError`` for images that are not 28x28 or 32x32, or
    not all of one size, or have no ink, or are of both polarities, for fewer than two classes, and for none with ten
    patterns where some are to be held out.

    >>> lines = Patterns(np.full((20, 28, 28), 255, np.uint8), np.arange(20, dtype=np.uint8) % 2 + 5)
    >>> data = data_set(Given(lines), Path("lines"))
    >>> data.name, data.classes, len(data.train), data.test.labels.tolist()
    ('lines-5c58f59e', ('5', '6'), 18, [0, 1])
    """
    given, treated = _treated(given, path, resize)
    train, test, remarks = given.train, given.test, list(given.remarks)
    if test is not None and _are_mnist([train.images, train.labels, test.images, test.labels]):
        digests = {name: known.sha256 for name, known in FILES.items()}
        notice = f"MNIST in {path}: {'; '.join(remarks)}." if remarks else ""
        return DataSet("mnist", train, test, f"MNIST in {path}", digests, notice, path=str(path), treated=treated)
    labels = np.unique(train.labels if test is None else np.concatenate([train.labels, test.labels]))
    if len(labels) < 2 and learned is None:
        raise DataError(f"{path} has one class only: give images of two classes or more")
    classes = tuple(given.names.get(label, str(label)) for label in labels.tolist())
    train, *tests = (
        Patterns(half.images, np.searchsorted(labels, half.labels).astype(np.uint8))
        for half in (train, test)
        if half is not None
    )
    if tests:
        test = tests[0]
        unseen = [name for label, name in enumerate(classes) if label not in train.labels]
        remarks += [f"no training patterns of {listed(unseen)}"] if unseen else []
    else:
        train, test, remark = _divided(train, path, learned)
        remarks.append(remark)
    digests = _digests(train, test)
    name = given.name
    if given.recognised != "digest":
        short = hashlib.sha256("".join(digests.values()).encode()).hexdigest()[:8]
        name = f"{name or _stem(path)}-{short}"
    known = {"digest": "known by its digest", "name": "known by its name alone"}
    told = [
        known.get(given.recognised, "its digest is none that is known here"),
        f"{len(classes)} classes ({listed(classes)})",
        f"{len(train):,} training and {len(test):,} test patterns",
        *remarks,
    ]
    notice = f"{name}: {'; '.join(told)}. No number of this data can be compared with the paper's."
    return DataSet(name, train, test, str(path), digests, notice, classes, str(path), treated)


def _treated(given: Given, path: Path, resize: bool) -> tuple[Given, dict[str, object]]:
    """What is given, of one size that a network takes and light on dark; and what was done for that."""
    halves = {"training": given.train, "test": given.test} if given.test is not None else {"training": given.train}
    remarks, scaled, inverted = list(given.remarks), given.resized, []
    sizes = {half.images.shape[1:] for half in halves.values()}
    if resize and not (len(sizes) == 1 and sizes <= set(SIZES)):
        halves = {
            what: Patterns(np.stack([resized(image) for image in half.images]), half.labels)
            for what, half in halves.items()
        }
        scaled = True
    if scaled:
        remarks.append("images scaled to 28x28, their aspect kept")
    _check_images(list(halves.values()), path)
    names = {label: given.names.get(label, str(label)) for label in range(256)}
    for what, half in halves.items():
        try:
            halves[what], said = light_on_dark(half, names, f"{what} patterns")
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        inverted += [what] if halves[what] is not half else []
        remarks += [said] if said else []
    treated: dict[str, object] = {"inverted": inverted} if inverted else {}
    treated |= {"resized": True} if scaled else {}
    return replace(given, train=halves["training"], test=halves.get("test"), remarks=tuple(remarks)), treated


def _check_images(halves: list[Patterns], path: Path) -> None:
    sizes = {half.images.shape[1:] for half in halves}
    for size in sizes:
        if size not in SIZES:
            shown = "x".join(map(str, size))
            raise DataError(f"{path} has images of {shown}: {OTHER_SIZES}")
    if len(sizes) > 1:
        raise DataError(f"{path} has images of 28x28 and others of 32x32: bring all to one size, or --resize them")
    for half in halves:
        if not len(half):
            raise DataError(f"{path} has no patterns in one of its two sets: give at least one")
        check_range(half.images, f"the ink in {path}")


def _divided(given: Patterns, path: Path, learned: Mapping[str, str] | None) -> tuple[Patterns, Patterns, str]:
    """Patterns to learn, and to test on, the tenth, the twentieth and so on of each class; and what was done.

    All are for tests where they judge a network that has not learned the former.
    """
    held = np.zeros(len(given), bool)
    for label in np.unique(given.labels):
        held[np.flatnonzero(given.labels == label)[EVERY - 1 :: EVERY]] = True
    train, test = (Patterns(given.images[part], given.labels[part]) for part in (~held, held))
    if learned is not None and learned != _digests(train, test):
        return given, given, "all are for tests, since the network has not learned them"
    if not held.any():
        raise DataError(
            f"{path} has no class of {EVERY} patterns, of which one could be held out: give more, or a test set"
        )
    return train, test, "every tenth pattern of a class is held out for tests"


def _digests(train: Patterns, test: Patterns) -> dict[str, str]:
    return {"train": train.digest(), "test": test.digest()}


def _are_mnist(arrays: list[np.ndarray]) -> bool:
    return [array.shape for array in arrays] == [known.shape for known in FILES.values()] and all(
        hashlib.sha256(write_idx(array)).hexdigest() == known.sha256
        for array, known in zip(arrays, FILES.values(), strict=True)
    )


def _stem(path: Path) -> str:
    """A path's name as part of a data set's name, in letters that any file name may have."""
    stem = path.resolve().name.split(".")[0]
    return re.sub(r"[^\w+-]+", "_", stem, flags=re.ASCII).strip("_")[:40] or "data"
