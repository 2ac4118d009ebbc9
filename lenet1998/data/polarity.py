"""Whether images are light on dark, as the network takes them (section II-B), or dark on light.

Readers of files know pixels and no ink: 255 is ink in MNIST's files and paper in a scanner's. Where most images have a
light border, that is taken for paper, and they are inverted; the network and what it is asked to read
(`pictures.read_image`) then agree. Where images differ among themselves, nobody can say what is meant.
"""

from collections.abc import Mapping

import numpy as np

from lenet1998.errors import DataError
from lenet1998.patterns import INK, Patterns

# An image tells if this share of its border is lighter than the middle of its range, or darker; if the ring of pixels
# at this depth tells the opposite, the border is a frame.
ONE_SIDE, FRAME = 0.9, 2
# Of a class at least this share of images has to tell (of photographs nearly a half does, by chance), ...
TELLING = 2 / 3
# ... and of these no more than so many may tell the opposite of the others.
STRAY = 0.05


def dark_on_light(images: np.ndarray) -> np.ndarray:
    """Return what each image of uint8 (P, H, W) tells: 1 for dark ink on a light background, -1 for light on dark, 0.

    >>> images = np.zeros((3, 28, 28), np.uint8)
    >>> images[0, 8:20, 13:16] = 255
    >>> images[1] = 255 - images[0]
    >>> dark_on_light(images).tolist()
    [-1, 1, 0]
    """
    low, high = images.min(axis=(1, 2)).astype(int), images.max(axis=(1, 2)).astype(int)
    sides = []
    for view in (images, images[:, FRAME:-FRAME, FRAME:-FRAME]):
        ring = np.concatenate([view[:, 0], view[:, -1], view[:, 1:-1, 0], view[:, 1:-1, -1]], axis=1)
        light = (2 * ring.astype(int) > (low + high)[:, None]).mean(axis=1)
        sides.append(np.where(light >= ONE_SIDE, 1, np.where(light <= 1 - ONE_SIDE, -1, 0)))
    border, within = sides
    return np.where(high > low, np.where(border * within < 0, within, border), 0)


def light_on_dark(half: Patterns, classes: Mapping[int, str], what: str) -> tuple[Patterns, str]:
    """Return patterns light on dark, turned if all classes are dark on light, and what is to be said of them, or "".

    Where no class tells, such as photographs or shaded paper, they are taken as they are, and that is said.
    ``classes`` are the names of labels, and ``what`` names the patterns. Raises ``DataError`` where one class is dark
    on light and another is not, or a class is both.

    >>> digit = np.zeros((1, 28, 28), np.uint8)
    >>> digit[0, 8:20, 13:16] = 255
    >>> turned, said = light_on_dark(Patterns(255 - digit, np.zeros(1, np.uint8)), {0: "1"}, "training patterns")
    >>> bool((turned.images == digit).all()), said
    (True, 'training patterns dark on light, so inverted')
    """
    told = dark_on_light(half.images)
    sides: dict[int, str] = {}
    stray = 0
    for label in np.unique(half.labels).tolist():
        own = told[half.labels == label]
        if side := _side(own, what, f"of class {classes[label]!r} "):
            sides[side] = classes[label]
            stray += int((own == -side).sum())
    if len(sides) > 1:
        raise _mixed(what, f"those of class {sides[1]!r} are dark on light, those of {sides[-1]!r} light on dark")
    said = [f"{what} dark on light, so inverted"] if 1 in sides else []
    said += [] if sides else [f"whether {what} are light on dark cannot be told, so taken as they are"]
    said += [f"{stray} of the {what} may be inverted among the others"] if stray else []
    return (Patterns(INK - half.images, half.labels) if 1 in sides else half), "; ".join(said)


def side_of(images: np.ndarray, what: str) -> int:
    """Return 1 where images are dark on light, -1 where they are light on dark, 0 where they do not tell.

    Raises ``DataError`` where some tell this and some that.

    >>> digit = np.zeros((1, 28, 28), np.uint8)
    >>> digit[0, 8:20, 13:16] = 255
    >>> side_of(digit, "images"), side_of(255 - digit, "images"), side_of(0 * digit, "images")
    (-1, 1, 0)
    """
    return _side(dark_on_light(images), what)


def _side(told: np.ndarray, what: str, whose: str = "") -> int:
    dark, light = int((told > 0).sum()), int((told < 0).sum())
    if dark + light < max(1, TELLING * len(told)):
        return 0
    if min(dark, light) > STRAY * (dark + light):
        raise _mixed(what, f"{whose}{dark} are dark on light and {light} light on dark")
    return 1 if dark > light else -1


def _mixed(what: str, how: str) -> DataError:
    return DataError(f"{what} are not all alike: {how}; bring all to light ink on a dark background")
