"""The data of the experiments: MNIST as in section III-A of the paper or, out of its reach, drawn digits; QMNIST's test
patterns; and a user's own.

``load`` is the one way in. It is strict where silence would mislead: a damaged copy of MNIST is an error,
and the change to the drawn digits is announced in a line that the user must see. It imports the reader that is needed,
and no other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lenet1998.errors import DataError
from lenet1998.patterns import DataSet, Patterns

if TYPE_CHECKING:
    from lenet1998.data.mirrors import Progress
    from lenet1998.data.places import PathName

__all__ = ["KINDS", "DataSet", "Patterns", "load"]

KINDS = ("auto", "mnist", "synthetic", "qmnist")
SYNTHETIC_TRAIN = 10_000
SYNTHETIC_TEST = 2_000
FALLBACK = (
    "MNIST was neither found nor could be downloaded: the embedded synthetic digits are taken; "
    "no number of this run can be compared with the paper's."
)


def load(
    kind: PathName = "auto",
    data_dir: PathName | None = None,
    train_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    learned: Mapping[str, str] | None = None,
    resize: bool = False,
) -> DataSet:
    """Return the training and the test set of an experiment.

    ``kind`` is "mnist", found in the places that ``lenet1998.data.places`` lists or, if the user names none, else
    downloaded; "synthetic", digits drawn from ``seed``, by default 10,000 and 2,000 of them; "auto", MNIST if it
    can be had and else synthetic with a ``notice``; "qmnist", QMNIST's test patterns and none to learn; or else the
    path of a user's own data, as ``own.load_own`` reads them: to judge a network by which has ``learned`` data of
    other digests, all of them are for tests if they have no test set of their own; with ``resize`` images of other
    sizes are scaled to 28x28. ``train_size`` takes the first patterns of the training set; ``test_size`` takes patterns
    evenly spread over the test set. ``progress`` is called as ``download.fetch`` says.

    Raises ``DataError`` for an unknown kind that is no path either, a size below 1 or above what there is, a damaged
    file, a place that the user names and that does not hold MNIST, and MNIST that cannot be had; "auto" does not raise
    it for the last.

    >>> digits = load("synthetic", train_size=20, test_size=10)
    >>> digits.name, len(digits.train), len(digits.test)
    ('synthetic', 20, 10)
    """
    own = Path(os.path.expanduser(kind))
    if kind not in KINDS and not (kind and os.path.exists(own)):
        raise DataError(
            f"{str(kind)!r} is no kind of data, and no file or directory: choose one of {', '.join(KINDS)}, or name a "
            "path"
        )
    for what, size in (("training", train_size), ("test", test_size)):
        if size is not None and size < 1:
            raise DataError(f"{size} {what} patterns were asked for: ask for at least 1")
    if kind == "synthetic":
        return _synthetic(train_size, test_size, seed)
    if kind == "qmnist":
        from lenet1998.data.qmnist import load_qmnist

        return _cut(load_qmnist(data_dir), None, test_size)
    if kind not in KINDS:
        from lenet1998.data.own import load_own

        return _cut(load_own(own, learned, resize), train_size, test_size)
    from lenet1998.data.mnist import find, load_mnist
    from lenet1998.data.places import named_place

    copy, rows = find(data_dir)
    if copy is None and named_place(data_dir) is None:
        from lenet1998.data.download import fetch

        try:
            fetch(progress=progress)
        except DataError:
            if kind == "mnist":
                raise
            # Whoever has copied three of the four files wants to know that they were seen.
            partial = [f" {path} is {state}." for _, path, state in rows if state != "missing"]
            return _synthetic(train_size, test_size, seed, FALLBACK + "".join(partial))
    return _cut(load_mnist(data_dir), train_size, test_size)


def _synthetic(train_size: int | None, test_size: int | None, seed: int, notice: str = "") -> DataSet:
    from lenet1998.data.synthetic import synthetic_digits

    train = synthetic_digits(train_size or SYNTHETIC_TRAIN, seed, "train")
    test = synthetic_digits(test_size or SYNTHETIC_TEST, seed, "test")
    digests = {"train": train.digest(), "test": test.digest()}
    return DataSet("synthetic", train, test, f"digits drawn by lenet1998 (seed {seed})", digests, notice)


def _cut(data: DataSet, train_size: int | None, test_size: int | None) -> DataSet:
    for what, size, held in (("training", train_size, data.train), ("test", test_size, data.test)):
        if size is not None and size > len(held):
            raise DataError(f"{size} {what} patterns were asked for but there are {len(held)}: ask for no more")
    train = data.train if train_size is None else data.train.first(train_size)
    test = data.test if test_size is None else data.test.spread(test_size)
    return replace(data, train=train, test=test)
