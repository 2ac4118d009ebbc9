"""The deslanted and the 16x16 versions of the data base (section III-A).

The paper deslants by the second moments of the ink: every row is shifted sideways, in proportion to its height, so that
the principal axis of the digit stands upright, and the image is cropped to 20x20. For some early experiments (LeNet-1,
tangent distance) it reduces the images to 16x16. How it weighs grey pixels, interpolates, crops and reduces is not
said; the choices made here are entries of paper_notes.md.
"""

import numpy as np
from scipy.ndimage import affine_transform

from lenet1998.errors import DataError
from lenet1998.form import BOX

REDUCED = 16


def deslanted(images: np.ndarray, crop: str = "mass") -> np.ndarray:
    """Section III-A's second version: uint8 (P, H, W) to uint8 (P, 20, 20), upright and cropped.

    The crop is the middle of the field, where MNIST has the centre of "mass", or that of the ink's bounding "box"; what
    lies further out is cut off. Raises DataError as `upright` does.

    >>> stroke = np.zeros((1, 28, 28), np.uint8)
    >>> stroke[0, np.arange(6, 22), np.arange(21, 5, -1)] = 255
    >>> rows, columns = np.nonzero(deslanted(stroke)[0])
    >>> int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    (16, 2)
    """
    return cropped(upright(images), crop)


def cropped(images: np.ndarray, crop: str = "mass") -> np.ndarray:
    """The middle of the field of uint8 (P, H, W), or with "box" that of the ink: uint8 (P, 20, 20).

    III-C.2's regular templates have this size, for 60,000 take "about 24 megabytes". Raises DataError as `upright`
    does.

    >>> cropped(np.ones((2, 28, 28), np.uint8)).shape
    (2, 20, 20)
    """
    _check(images)
    if crop == "mass":
        return images[(..., *_middle(images, BOX))]
    starts = [_starts(np.any(images, axis=axis)) for axis in (2, 1)]
    return np.stack([image[r : r + BOX, c : c + BOX] for image, r, c in zip(images, *starts, strict=True)])


def upright(images: np.ndarray) -> np.ndarray:
    """Shear each image sideways about its centre of mass until its mixed second moment is zero: uint8 (P, H, W).

    Grey levels are interpolated linearly; an image without ink stays as it is. Raises DataError unless `images` are
    uint8 (P, H, W).

    >>> upright(np.zeros((2, 28, 28), np.uint8)).shape
    (2, 28, 28)
    """
    _check(images)
    shears, heights = slants(images)
    result = np.empty_like(images)
    for image, shear, height, sheared in zip(images, shears, heights, result, strict=True):
        # Where each output pixel comes from: the same row, and a column that moves on as the rows go down.
        affine_transform(image, [[1, 0], [shear, 1]], [0, -shear * height], order=1, output=sheared)
    return result


def slants(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far the ink leans, in columns a row, and the row of its centre of mass: two float64 arrays (P,).

    Moments count ink as 1, background as 0 and a grey pixel, which is partly covered, as its share. The lean is the
    mixed second moment over the vertical one: moving each row back by so much makes the mixed moment vanish.

    >>> lean, row = slants(np.eye(28, dtype=np.uint8)[np.newaxis])
    >>> lean.tolist(), row.tolist()
    ([1.0], [13.5])
    """
    rows, columns = np.arange(float(images.shape[1])), np.arange(float(images.shape[2]))
    by_row = images.sum(axis=2, dtype=float)
    mass = np.maximum(by_row.sum(axis=1), 1)
    row, column = by_row @ rows / mass, images.sum(axis=1, dtype=float) @ columns / mass
    vertical = by_row @ rows**2 / mass - row**2
    mixed = images @ columns @ rows / mass - row * column
    return np.divide(mixed, vertical, out=np.zeros_like(mixed), where=vertical > 1e-9), row


def reduced(images: np.ndarray) -> np.ndarray:
    """Section III-A's third version: the middle 20x20 pixels of uint8 (P, H, W), reduced to uint8 (P, 16, 16).

    A pixel of the result is the mean of the 1.25 x 1.25 pixels under it. Raises DataError as `upright` does.

    >>> reduced(np.full((1, 28, 28), 200, np.uint8))[0, 0].tolist() == [200] * 16
    True
    """
    _check(images)
    edges = np.linspace(0, BOX, REDUCED + 1)
    pixels = np.arange(BOX)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    means = (np.maximum(overlap, 0) * REDUCED / BOX).astype(np.float32)
    return np.rint(means @ images[(..., *_middle(images, BOX))] @ means.T).astype(np.uint8)


def _starts(inked: np.ndarray) -> np.ndarray:
    """Where windows of 20 begin that have the ink in their middle, of bool (P, N): which rows or columns have some."""
    size = inked.shape[1]
    first, last = inked.argmax(axis=1), size - 1 - inked[:, ::-1].argmax(axis=1)
    return np.clip((first + last + 1) // 2 - BOX // 2, 0, size - BOX)


def _middle(images: np.ndarray, side: int) -> tuple[slice, slice]:
    top, left = ((size - side) // 2 for size in images.shape[1:])
    return slice(top, top + side), slice(left, left + side)


def _check(images: np.ndarray) -> None:
    if images.ndim != 3 or images.dtype != np.uint8 or min(images.shape[1:]) < BOX:
        raise DataError(
            f"the images are {images.dtype} of shape {images.shape}: give uint8 (P, H, W) of {BOX}x{BOX} pixels or more"
        )
