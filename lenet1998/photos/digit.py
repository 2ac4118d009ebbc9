"""A user's picture of a digit in MNIST's form: ``read_image``, from the file to what a network takes."""

from os import PathLike
from pathlib import Path

import numpy as np

from lenet1998.errors import DataError
from lenet1998.form import is_in_form, to_mnist_form
from lenet1998.photos.files import read_planes
from lenet1998.photos.ink import find_ink
from lenet1998.photos.pens import darkened, thickened


def read_image(path: str | PathLike[str]) -> np.ndarray:
    """Return the digit in a picture file in MNIST's form: uint8 of shape (28, 28), 0 for background.

    A PNG, JPEG, BMP or GIF file of any size up to 64 million pixels and of any colours, dark on
    light or light on dark. Frames, a table around the sheet, shadows and slopes of light are told from ink, and
    what is transparent gets the backing, black or white, that the digit stands out from. A picture that is in
    MNIST's form already comes back in the same place. Raises ``DataError`` if the file cannot be read, is no
    such picture, is too large, or shows no digit or several (`lenet1998.strings.picture` reads these).

    >>> import tempfile
    >>> from PIL import Image
    >>> page = np.full((60, 60), 255, np.uint8)
    >>> page[10:50, 28:33] = 0
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(page).save(folder + "/one.png")
    ...     digit = read_image(folder + "/one.png")
    >>> digit.shape, int(digit.max()), int(digit[0, 0])
    ((28, 28), 255, 0)
    """
    planes, _ = read_planes(Path(path))
    try:
        return _form(find_ink(planes))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _form(ink: np.ndarray) -> np.ndarray:
    levels = np.rint(255.0 * ink).astype(np.uint8)
    if is_in_form(ink):
        return levels
    bolder, _ = thickened(levels, high=max(1.0 + np.ptp(places) for places in np.nonzero(levels)))
    return darkened(to_mnist_form(bolder))
