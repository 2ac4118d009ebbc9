"""What `LeNet5Classifier` takes: images, labels and seeds in the forms that scikit-learn knows.

Its errors are worded as scikit-learn's checks of an estimator look for them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lenet1998.errors import DataError
from lenet1998.patterns import SIDE, check_range

PIXELS = SIDE * SIDE
MOST_CLASSES = 256  # labels are bytes


class InputError(DataError, ValueError):
    """An argument is not what it should be; a ValueError too, which is what scikit-learn expects."""


def images_of(X: ArrayLike) -> np.ndarray:  # noqa: N803 - scikit-learn's name
    """X, (P, 784) or (P, 28, 28) of numbers from 0 to 255, as bytes (P, 28, 28). Raises InputError for all else.

    >>> ink = images_of(np.full((2, 784), 254.6))
    >>> ink.shape, int(ink.max())
    ((2, 28, 28), 255)
    """
    numbers = _numbers(X)
    if numbers.shape[1:] not in ((PIXELS,), (SIDE, SIDE)):
        raise InputError(
            f"X has {int(np.prod(numbers.shape[1:]))} features, but LeNet5Classifier is expecting {PIXELS} features "
            f"as input. Reshape your data of shape {numbers.shape} to (P, {PIXELS}) or (P, {SIDE}, {SIDE})"
        )
    try:
        check_range(numbers, "Negative values in data: X" if numbers.min() < 0 else "X")
    except DataError as error:
        raise InputError(str(error)) from None
    return np.clip(np.rint(numbers), 0, 255).astype(np.uint8).reshape(-1, SIDE, SIDE)


def names_of(X: ArrayLike) -> np.ndarray | None:  # noqa: N803
    """The names of a data frame's columns, (features,) of texts; None without such. Raises InputError.

    A frame that was made without names numbers its columns, and numbers are none.

    >>> names_of(np.zeros((2, 784))) is None
    True
    """
    names = np.array([*getattr(X, "columns", ())], dtype=object)
    texts = sum(isinstance(name, str) for name in names)
    if 0 < texts < len(names):
        raise InputError("X has columns named by texts and by others: make all names texts, X.columns.astype(str)")
    return names if texts else None


def check_names(X: ArrayLike, fitted: np.ndarray | None, estimator: str) -> None:  # noqa: N803
    """Raise InputError unless X's columns have the names that were learned, in their order.

    A UserWarning where only one of the two has names. Rules and words are those of scikit-learn, which brings no frame
    into order either.

    >>> check_names(np.zeros((2, 784)), None, "LeNet5Classifier")
    """
    names = names_of(X)
    if names is None or fitted is None:
        if fitted is not None:
            message = f"X does not have valid feature names, but {estimator} was fitted with feature names"
            warnings.warn(message, stacklevel=2)
        if names is not None:
            message = f"X has feature names, but {estimator} was fitted without feature names"
            warnings.warn(message, stacklevel=2)
    elif names.tolist() != fitted.tolist():
        unseen, missing = (sorted(set(some) - set(others)) for some, others in ((names, fitted), (fitted, names)))
        told = ["The feature names should match those that were passed during fit."]
        if unseen:
            told.append(f"Feature names unseen at fit time: {_some(unseen)}.")
        if missing:
            told.append(f"Feature names seen at fit time, yet now missing: {_some(missing)}.")
        if not unseen and not missing:
            told.append("Feature names must be in the same order as they were in fit: take X[feature_names_in_].")
        raise InputError(" ".join(told))


def labels_of(y: ArrayLike, patterns: int) -> np.ndarray:
    """One label for each pattern, (P,). Raises InputError.

    >>> labels_of(["odd", "even"], 2).tolist()
    ['odd', 'even']
    """
    if y is None:
        raise InputError("LeNet5Classifier requires y to be passed, but the target y is None: give labels (P,)")
    labels = np.asarray(y)
    if labels.shape != (patterns,):
        raise InputError(f"y has shape {labels.shape}: give one label for each of the {patterns} images, ({patterns},)")
    return labels


def settings_of(settings: str | Sequence[str]) -> list[str]:
    """Changes to a recipe's fields as ``--set`` takes them; one may come alone. Raises InputError.

    >>> settings_of("loss=map"), settings_of(("loss=map", "j=2"))
    (['loss=map'], ['loss=map', 'j=2'])
    """
    given = [settings] if isinstance(settings, str) else settings
    if not isinstance(given, (list, tuple)) or not all(isinstance(each, str) for each in given):
        raise InputError(f"settings={settings!r}: give texts such as ('loss=map', 'j=2')")
    return list(given)


def classes_of(y: ArrayLike, patterns: int) -> tuple[np.ndarray, np.ndarray]:
    """The classes, sorted, and the place of each label of `y` among them, uint8 (P,). Raises InputError.

    >>> [part.tolist() for part in classes_of(["odd", "even", "odd"], 3)]
    [['even', 'odd'], [1, 0, 1]]
    """
    labels = labels_of(y, patterns)
    if labels.dtype.kind in "fc" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise InputError("Unknown label type: y is continuous or not finite, give classes as whole numbers or texts")
    try:
        classes, places = np.unique(labels, return_inverse=True)
    except TypeError as error:
        raise InputError(f"Unknown label type: y cannot be sorted ({error}), give numbers or texts alone") from None
    if not 2 <= len(classes) <= MOST_CLASSES:
        found = "1 class" if len(classes) == 1 else f"{len(classes)} classes"
        raise InputError(f"y has {found}: give from 2 to {MOST_CLASSES}")
    return classes, places.astype(np.uint8)


def texts_of(classes: np.ndarray) -> tuple[str, ...]:
    """The classes' names, as texts; whole numbers without a decimal point.

    >>> texts_of(np.array([3.0, 8.0])), texts_of(np.array(["a", "b"]))
    (('3', '8'), ('a', 'b'))
    """
    return tuple(str(int(label) if isinstance(label, float) else label) for label in classes.tolist())


def seed_of(random_state: int | np.random.RandomState | None) -> int:
    """A whole number as it is, or one drawn from a RandomState, or for None from NumPy's own. Raises InputError.

    >>> seed_of(3)
    3
    """
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return int((random_state or np.random).randint(2**31 - 1))  # type: ignore[attr-defined]
    if isinstance(random_state, bool) or not isinstance(random_state, (int, np.integer)):
        raise InputError(f"random_state={random_state!r}: give a whole number, a RandomState or None")
    if random_state < 0:
        raise InputError(f"random_state={random_state}: give 0 or a positive whole number")
    return int(random_state)


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _numbers(X: ArrayLike) -> np.ndarray:  # noqa: N803
    """X as an array of finite real numbers with at least one row."""
    if hasattr(X, "toarray"):
        raise InputError("X is a sparse matrix: give a dense array, X.toarray()")
    try:
        numbers = np.asarray(X)
        if numbers.dtype.kind not in "buifc":
            numbers = numbers.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"X is no array of numbers ({error}): give images (P, {PIXELS}) or (P, {SIDE}, {SIDE})"
        ) from None
    if numbers.dtype.kind == "c":
        raise InputError("Complex data not supported: give real numbers from 0 to 255")
    if not numbers.size:
        raise InputError(f"X of shape {numbers.shape} is empty: give at least one image")
    if not np.isfinite(numbers).all():
        raise InputError("X contains NaN or infinity: give finite numbers from 0 to 255")
    return numbers
