"""From any picture of a digit to MNIST's form: section III-A of the paper.

The paper's "regular" data base was made by fitting each character into a 20x20 box without changing its
aspect ratio, which turns black and white into grey levels at the edges, and by placing its centre of mass at
the centre of a 28x28 field. ``to_mnist_form`` does this to an array of ink; ``read_image`` first finds the
ink in a picture file. The project's own digits (``synthetic``) pass through the same function.
"""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from lenet1998.errors import DataError, reason_of
from lenet1998.patterns import SIDE

BOX = 20
MAX_PIXELS = 64_000_000
# Ink below this share of the darkest ink is taken for paper texture or for the ringing of JPEG.
NOISE_SHARE = 0.1
# Fainter than this, of 255 grey levels, the darkest spot is not a digit but an empty sheet.
LEAST_CONTRAST = 16.0


def to_mnist_form(ink: np.ndarray) -> np.ndarray:
    """Return ``ink`` as MNIST would hold it: uint8 of shape (28, 28), 0 for background.

    ``ink`` has any shape (H, W) and is high on a background of 0: uint8 from 0 to 255 or floats from 0 to 1
    (what lies outside is clipped). Raises ``DataError`` if it has no ink, or is not such an array.

    >>> bar = np.zeros((100, 60))
    >>> bar[10:90, 30:38] = 1.0
    >>> form = to_mnist_form(bar)
    >>> rows, columns = np.nonzero(form)
    >>> form.shape, int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    ((28, 28), 20, 2)
    """
    levels = _as_bytes(ink)
    rows, columns = np.flatnonzero(levels.any(axis=1)), np.flatnonzero(levels.any(axis=0))
    if not len(rows):
        raise DataError("the image is blank: give one that shows a digit")
    digit = levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    digit = _fit(digit)
    return _centre(digit)


def _as_bytes(ink: np.ndarray) -> np.ndarray:
    ink = np.asarray(ink)
    if ink.ndim != 2 or (ink.dtype.kind != "f" and ink.dtype != np.uint8):
        raise DataError(
            f"the ink is an array of {ink.dtype} and shape {ink.shape}: give (H, W) of uint8, or of floats from 0 to 1"
        )
    if ink.dtype == np.uint8:
        return ink
    if not np.isfinite(ink).all():
        raise DataError("the ink has values that are not finite: give floats from 0 to 1")
    return np.rint(np.clip(ink, 0.0, 1.0) * 255.0).astype(np.uint8)


def _fit(digit: np.ndarray) -> np.ndarray:
    """Scale the cropped digit so that its longer side is 20 pixels."""
    height, width = digit.shape
    longer = max(height, width)
    if longer == BOX:
        return digit
    size = (max(1, round(width * BOX / longer)), max(1, round(height * BOX / longer)))
    # Pillow widens the filter by the reduction, so every source pixel counts; this filter cannot overshoot.
    return np.asarray(Image.fromarray(digit).resize(size, Image.Resampling.HAMMING))


def _centre(digit: np.ndarray) -> np.ndarray:
    """Place the digit by whole pixels, with its centre of mass as near the centre of the field as it fits."""
    height, width = digit.shape
    weights = digit.astype(np.float64)
    mass = weights.sum()
    if mass == 0.0:
        raise DataError("the ink is too faint to survive scaling to 20x20: give a bolder image")
    row = weights.sum(axis=1) @ np.arange(height) / mass
    column = weights.sum(axis=0) @ np.arange(width) / mass
    top = min(max(round(SIDE / 2 - row), 0), SIDE - height)
    left = min(max(round(SIDE / 2 - column), 0), SIDE - width)
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + height, left : left + width] = digit
    return field


def read_image(path: str | PathLike[str]) -> np.ndarray:
    """Return the digit in a PNG or JPEG file in MNIST's form: uint8 of shape (28, 28), 0 for background.

    The picture may have any size up to 64 million pixels and any colours; what is transparent counts as
    white. The background is the median of the border pixels: if it is brighter than the middle of the
    picture's range, the digit is the dark part, else the light part. The lighting must be roughly even.
    Raises ``DataError`` if the file cannot be read, is no PNG or JPEG, is too large, or shows no digit.

    >>> import tempfile
    >>> page = np.full((60, 60), 255, np.uint8)
    >>> page[10:50, 28:33] = 0
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(page).save(folder + "/one.png")
    ...     digit = read_image(folder + "/one.png")
    >>> digit.shape, int(digit.max()), int(digit[0, 0])
    ((28, 28), 255, 0)
    """
    grey = _grey_levels(Path(path))
    try:
        return to_mnist_form(_ink(grey))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _grey_levels(path: Path) -> np.ndarray:
    """Read a picture as float32 brightness from 0 (black) to 255 (white), shape (H, W)."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are refused here, and of cameras' notes that it passes over.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise DataError(f"{path} has {width} x {height} pixels: scale it to 64 million pixels or fewer")
                return _brightness(ImageOps.exif_transpose(picture))
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"{path} has too many pixels: scale it to 64 million pixels or fewer") from None
    except Image.UnidentifiedImageError:
        raise DataError(f"{path} is not a PNG or JPEG image: convert it to one of these") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{path} cannot be read ({reason}): give a readable PNG or JPEG image") from None
    except Exception as error:  # A damaged file makes Pillow's decoders raise almost anything.
        raise DataError(f"{path} is damaged ({reason_of(error)}): give an intact PNG or JPEG image") from None


def _brightness(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip, not scale, to 8.
        return np.asarray(picture, np.float32) / 257.0
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.asarray(picture.convert("L"), np.float32)


def _ink(grey: np.ndarray) -> np.ndarray:
    """Find the ink: how far each pixel stands out from the background, as floats from 0 to 1."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = np.median(border)
    dark_on_light = background > (grey.min() + grey.max()) / 2.0
    ink = background - grey if dark_on_light else grey - background
    ink = np.maximum(ink, 0.0)
    peak = ink.max()
    if peak < LEAST_CONTRAST:
        raise DataError("the image is blank: give one where a digit stands out from its background")
    # 1.48 times the median deviation is the standard deviation of Gaussian noise, and a stroke that touches the
    # border does not move it. Beyond five of them little noise is left, and that in single pixels.
    noise = 5.0 * 1.48 * float(np.median(np.abs(border - background)))
    if noise > peak / 2.0:
        raise DataError("no digit stands out from the background: give an image with an even background")
    # A 28x28 picture with a clean border is taken for MNIST's own form, whose faintest greys are ink.
    if grey.shape != (SIDE, SIDE) or noise > 0.0:
        ink[~_without_specks(ink >= max(noise, NOISE_SHARE * peak))] = 0.0
    return ink / peak


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """Clear the pixels of a boolean mask (H, W) that have none of their eight neighbours in it."""
    height, width = mask.shape
    padded = np.pad(mask, 1).view(np.uint8)
    around = sum(padded[i : i + height, j : j + width] for i in range(3) for j in range(3))
    return mask & (around > 1)
