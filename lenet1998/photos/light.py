"""What light and colours a sheet shows behind its ink: shadows with hard edges, slopes of light, coloured fields.

A grey closing with a square takes dark strokes away that are narrower than the square and leaves the rest as it is, the
edge of a shadow too. What remains is the sheet without its ink, and ink is how much less than it comes back, since
light falls on ink as it does on the sheet around it.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

# The square is this share of the picture's shorter side: wider than strokes, narrower than what throws shadows.
SQUARE = 0.35
# Noise is smoothed by at most so many pixels, and less in small pictures; a copy to look at is at most so high.
SMOOTH, SMALL, COPY = 0.7, 300, 96
# A colour plane other than brightness must show this much more ink.
BETTER = 1.25
BLOCKS = 8
# This share of the ink is more than what lies about on a table.
OUTSIDE = 0.05
# A frame is at most so wide in the small copy.
FRAME = 3
# Where a digit may be lost is a gap of at least this share of the line's height, this much brighter, in logarithms.
LOST, BRIGHTER = 0.45, 0.02


def reduced(planes: np.ndarray) -> np.ndarray:
    """A copy of planes (P, H, W) to look at, its shorter side below 192 pixels."""
    times = max(1, min(planes.shape[1:]) // COPY)
    return np.stack([np.asarray(Image.fromarray(plane).reduce(times), np.float32) for plane in planes])


def without_ink(grey: np.ndarray, beyond: str = "constant") -> np.ndarray:
    """Dark ink's sheet, float (H, W); what is beyond the borders is dark, since shadows may reach there, or else as
    `numpy.pad` has it: mirrored, where strokes may touch the borders.

    >>> grey = np.full((40, 80), 200.0)
    >>> grey[:, 50:] = 100.0
    >>> grey[10:30, 20:23] = grey[10:30, 60:63] = 20.0
    >>> sheet = without_ink(grey)
    >>> sheet[20, [21, 49, 50, 61]].tolist()
    [200.0, 200.0, 100.0, 100.0]
    """
    square = max(3, round(SQUARE * min(grey.shape)))
    around = np.pad(grey, square, mode=beyond)  # type: ignore[call-overload]
    return ndimage.grey_closing(around, square)[square:-square, square:-square]


def local_ink(grey: np.ndarray, sign: float) -> np.ndarray:
    """How much less light comes back than from the sheet around, float (H, W) 1 for none; light ink for a sign of -1.

    >>> grey = np.full((40, 80), 200.0)
    >>> grey[:, 50:] = 100.0
    >>> grey[10:30, 20:23], grey[10:30, 60:63] = 20.0, 10.0
    >>> local_ink(grey, 1.0)[20, [21, 49, 50, 61]].round(2).tolist()
    [0.9, 0.0, 0.0, 0.9]
    """
    dark = grey if sign > 0 else 255.0 - grey
    dark = ndimage.gaussian_filter(dark, SMOOTH * min(1.0, min(grey.shape) / SMALL))
    sheet = without_ink(dark)
    ink = 1.0 - dark / np.maximum(sheet, 1.0)
    # The brightest spots of noise make the sheet, so that most of it lies below.
    return ink - np.median(ink)


def sign_of(grey: np.ndarray) -> float:
    """1 for ink darker than the sheet around it, -1 for light ink: ink is less than half, and far from the mean.

    >>> grey = np.full((40, 80), 200.0)
    >>> grey[:, 50:] = 100.0
    >>> grey[10:30, 20:23] = 20.0
    >>> sign_of(grey), sign_of(255.0 - grey)
    (1.0, -1.0)
    """
    away = grey - ndimage.uniform_filter(grey, max(3, round(SQUARE * min(grey.shape))))
    return 1.0 if (away**3).sum() <= 0.0 else -1.0


def is_even(small: np.ndarray, inside: np.ndarray, sign: float, share: float) -> bool:
    """Whether the sheet in a small copy has one brightness, give or take a share of what its ink departs from it."""
    dark = small if sign > 0 else 255.0 - small
    sheet = without_ink(np.where(inside, dark, 0.0), "symmetric")[inside]
    low, middle, high = np.quantile(sheet, (0.025, 0.5, 0.975))
    return bool(high - low <= share * (middle - dark[inside].min()))


def is_written_on_outside(grey: np.ndarray, sheet: np.ndarray) -> bool:
    """Whether what seems to be a sheet in a picture, bool (H, W), leaves writing outside, as much as a stroke of it."""
    small, inside = reduced(np.stack([grey, sheet.astype(np.float32)]))
    sign = sign_of(np.where(inside > 0.99, small, np.median(small[inside > 0.99])))
    ink = local_ink(small, sign)
    # What is dark all over is no ink, nor is the edge of the sheet, nor a frame around the picture.
    dark = ink > 0.5 * np.quantile(ink[inside > 0.99], 0.995)
    outside = ~ndimage.binary_dilation(inside > 0.01, np.ones((3, 3)), iterations=2)
    outside &= np.pad(np.ones([side - 2 * FRAME for side in outside.shape], bool), FRAME)
    return bool(np.count_nonzero(dark & outside) > OUTSIDE * np.count_nonzero(dark))


def is_brighter_in_gaps(grey: np.ndarray, ink: np.ndarray) -> bool:
    """Whether the sheet of a line, float (H, W), is brighter in a gap of its ink, 0 to 1, than anywhere behind the ink.

    A shadow's edge leaves ink on both sides of it; where a lamp's glare is brightest, none may be left.

    >>> grey, ink = np.full((40, 200), 150.0), np.zeros((40, 200))
    >>> ink[5:35, [20, 50, 160]] = 1.0
    >>> grey[ink > 0] = 20.0
    >>> lit = grey + 60 * (np.abs(np.arange(200) - 105) < 30)
    >>> is_brighter_in_gaps(grey, ink), is_brighter_in_gaps(lit, ink)
    (False, True)
    """
    written = ink > 0.25
    rows = np.flatnonzero(written.any(axis=1))
    if not rows.size or sign_of(reduced(grey[None])[0]) < 0:
        return False
    line = slice(rows[0], rows[-1] + 1)
    sheet = np.median(without_ink(ndimage.gaussian_filter(grey, 1.0), "reflect")[line], axis=0)
    inked, wide = written[line].any(axis=0), max(3, round(LOST * np.ptp(rows)))
    gaps = ~ndimage.maximum_filter1d(inked, wide)
    bright = ndimage.uniform_filter1d(sheet, wide)[gaps].max(initial=1.0)
    return bool(np.log(bright / max(np.quantile(sheet[inked], 0.95), 1.0)) > BRIGHTER)


def plane_of_ink(small: np.ndarray, sign: float) -> int:
    """Which of the planes (P, H, W) shows ink best all over: brightness, unless another does so clearly."""
    shown = []
    for plane in small:
        blocks = np.array_split(local_ink(plane, sign), BLOCKS, axis=1)
        shown.append(np.mean([np.quantile(block, 0.98) for block in blocks if block.size]))
    best = int(np.argmax(shown))
    return best if shown[best] > BETTER * shown[0] else 0
