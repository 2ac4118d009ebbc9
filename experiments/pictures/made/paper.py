"""What the kinds share: digits written in a line, the ink on a sheet, light and colours over it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from lenet1998.patterns import Patterns

Random = np.random.Generator
Floats = Sequence[float] | np.ndarray
SHEET, INK = 245.0, 30.0
DIGIT = 20.0
"""MNIST's digits are so high."""


class Case(NamedTuple):
    """A picture and what is right: its digits, or None where it should be refused; which command; what must be named.

    ``command`` is "read", "predict" or "lines" (`read --lines`, digits of lines parted by a space). With ``mark`` the
    answer must name what else is there: its kind, or "any".
    """

    picture: Image.Image
    truth: str | None
    command: str = "read"
    mark: str = ""


class Source(NamedTuple):
    """What pictures are made of; ``learning`` says which fonts and hands: those to learn from or the others."""

    digits: Patterns
    rng: Random
    learning: bool = False


Make = Callable[[Source], Case]


def glyph(image: np.ndarray, high: float, pen: float = 0.0) -> np.ndarray:
    """A digit's ink, float, cropped, where MNIST's 20 pixels are so high; drawn finer by some pixels of 20."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    size = [max(2, round(side * high / DIGIT)) for side in ink.size]
    return np.asarray(ink.resize(size, Image.Resampling.BICUBIC), float).clip(0, 255) / 255.0


def laid(parts: Sequence[np.ndarray], high: float, gaps: Floats, tops: Floats) -> np.ndarray:
    """Glyphs side by side: gaps before each, and by how much each one's middle is below the line's, in heights."""
    tall = 2 * max(len(part) for part in parts) + 2 * int(high)
    wide = sum(part.shape[1] for part in parts) + int(sum(max(gap, 0) for gap in gaps) * high) + 4
    field, at = np.zeros((tall, wide)), 2
    for part, gap, top in zip(parts, gaps, tops, strict=True):
        at = max(0, at + round(gap * high))
        first = tall // 2 + round(top * high) - len(part) // 2
        place = field[first : first + len(part), at : at + part.shape[1]]
        np.maximum(place, part[: place.shape[0], : place.shape[1]], out=place)
        at += part.shape[1]
    rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
    return field[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def chosen(source: Source, count: int) -> tuple[list[np.ndarray], str]:
    """Random digits, and what they are."""
    places = source.rng.integers(0, len(source.digits), count)
    return [source.digits.images[k] for k in places], "".join(str(source.digits.labels[k]) for k in places)


def line(source: Source, count: int = 5, high: float = 64, margin: float = 0.5) -> tuple[np.ndarray, str]:
    """The ink of a line of digits with room around it, and what it says."""
    rng = source.rng
    images, truth = chosen(source, count)
    parts = [glyph(image, high * rng.uniform(0.95, 1.05)) for image in images]
    ink = laid(parts, high, rng.uniform(0.12, 0.4, count), rng.uniform(-0.04, 0.04, count))
    return around(ink, high, margin), truth


def around(ink: np.ndarray, high: float, margin: float = 0.5) -> np.ndarray:
    """Room on all sides, in heights."""
    return np.pad(ink, round(margin * high))


def sheet(ink: np.ndarray, paper: float | np.ndarray = SHEET, pen: float | np.ndarray = INK) -> np.ndarray:
    return paper + (pen - paper) * ink


def shot(grey: np.ndarray, rng: Random, noise: float = 2.0, blur: float = 0.6) -> Image.Image:
    """As a camera has it, (H, W) or (H, W, 3): a little out of focus, a little noise."""
    grey = ndimage.gaussian_filter(grey, (blur, blur, *(0,) * (grey.ndim - 2)))
    grey = grey + rng.normal(0, noise, grey.shape)
    return Image.fromarray(np.rint(grey.clip(0, 255)).astype(np.uint8))


def side(shape: tuple[int, ...], rng: Random, share: tuple[float, float], lean: float, soft: float = 0.0) -> np.ndarray:
    """1 on one side of an edge, 0 on the other: a share of the width at left or right; leaning by up to `lean` heights.

    ``soft`` is the width of the edge as a share of the picture's width.
    """
    height, width = shape[:2]
    rows, columns = np.mgrid[:height, :width]
    edge = rng.uniform(*share) * width + rng.uniform(-lean, lean) * (rows - height / 2)
    found = np.clip(0.5 + (edge - columns) / max(soft * width, 1.0), 0, 1)
    return found[:, ::-1] if rng.random() < 0.5 else found


def turned(picture: Image.Image, degrees: float, fill: int | tuple[int, ...] = int(SHEET)) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=fill)


def strokes(
    lines: Sequence[Sequence[tuple[float, float]]], high: float, pen: float, rng: Random | None = None
) -> np.ndarray:
    """Ink of polylines given in hundredths of the height, smooth, a little shaken; pen as a share of the height."""
    shake = (lambda: rng.normal(0, 2.5, 2)) if rng else (lambda: np.zeros(2))
    times, border = 4, 40
    moved = [[(np.add(point, shake()) + border) * high / 100 * times for point in each] for each in lines]
    every = np.concatenate(moved)
    size = [int(side + border * high / 100 * times) for side in every.max(axis=0)]
    drawn = Image.new("L", size, 0)
    draw = ImageDraw.Draw(drawn)
    for each in moved:
        dense = smooth(np.array(each))
        draw.line([tuple(point) for point in dense], fill=255, width=max(1, round(pen * high * times)), joint="curve")
        radius = pen * high * times / 2
        for x, y in (dense[0], dense[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    ink = np.asarray(drawn.reduce(times), float) / 255.0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def smooth(points: np.ndarray) -> np.ndarray:
    """Two rounds of corner cutting (Chaikin), which keeps the ends."""
    for _ in range(2 if len(points) > 2 else 0):
        inner = np.stack([0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]], 1)
        points = np.concatenate([points[:1], inner.reshape(-1, 2), points[-1:]])
    return points
