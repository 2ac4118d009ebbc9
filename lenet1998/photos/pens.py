"""Pens thinner than those of the data base: strokes as wide as MNIST's, and as dark, for digits and lines of them."""

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet1998.form import BOX

# Of MNIST's digits, 20 pixels high, none has strokes thinner on average than 1.2 pixels; most have some of 2 to 2.8.
THIN, PEN = 1.0, 2.2
# The edges of strokes are measured at about this multiple of MNIST's size, where a stroke's grain does not count.
FINE = 4
# Ink whose darkest pixel is fainter than this, of 255, was drawn with a pen thinner than half a pixel.
FAINT = 128


def thickened(ink: np.ndarray, high: float, thin: float = THIN) -> tuple[np.ndarray, int]:
    """Ink uint8 (H, W) of digits so high with MNIST's strokes where a thin pen drew it, and the pixels added around it.

    Pens are thin whose strokes are below `thin` where digits are 20 pixels high. A stroke has an edge on both sides, so
    twice the ink over the length of its edges is how wide it is.

    >>> hair = np.zeros((100, 60), np.uint8)
    >>> hair[10:90, 30:32] = 255
    >>> bolder, added = thickened(hair, high=80)
    >>> added, np.flatnonzero(bolder[50 + added]).size
    (7, 9)
    """
    scale = high / BOX
    added = round((PEN - wide) * scale) if (wide := _stroke(ink, scale)) < thin else 0
    if added < 1:
        return ink, 0
    return ndimage.grey_dilation(np.pad(ink, added), (added + 1, added + 1)), added


def _stroke(ink: np.ndarray, scale: float) -> float:
    """How wide strokes are on average, in MNIST's pixels, of which one is `scale` of the ink's."""
    times = max(1, int(scale / FINE))
    level = np.pad(np.asarray(Image.fromarray(ink).reduce(times), np.float32), 1)
    edges = np.hypot(np.diff(level, axis=0)[:, 1:], np.diff(level, axis=1)[1:]).sum(dtype=float)
    return 2 * times / scale * level.sum(dtype=float) / max(edges, 1.0)


def darkened(form: np.ndarray) -> np.ndarray:
    """Ink uint8 in MNIST's size, darker where a thin pen left it faint.

    >>> darkened(np.array([[0, 40, 80, 80]], np.uint8)).tolist(), darkened(np.array([[0, 40, 200]], np.uint8)).tolist()
    ([[0, 128, 255, 255]], [[0, 40, 200]])
    """
    if form.max() >= FAINT:
        return form
    # MNIST's strokes are black; of a thin pen's, which cross the pixels' borders, the brighter part becomes so.
    return np.rint(np.minimum(form * (255.0 / np.percentile(form[form > 0], 80.0)), 255.0)).astype(np.uint8)
