"""Digits drawn by the project itself, for when MNIST is out of reach: they need no file and no network.

They stand in for the handwriting of section III-A so that everything can be tried anywhere; they are not
MNIST, and error rates on them say nothing about the paper's. The strokes of ``strokes`` are jittered,
bent, slanted, turned and squeezed, drawn with pens of varying width, and brought into MNIST's form by
`lenet1998.form.to_mnist_form`, the same code that prepares a user's own picture.
"""

from functools import lru_cache

import numpy as np

from lenet1998.data.strokes import WRITINGS, parse
from lenet1998.errors import DataError
from lenet1998.form import to_mnist_form
from lenet1998.patterns import CLASSES, SIDE, Patterns

STREAMS = {"train": 0, "test": 1}
# Digits are drawn this many at a time, each block from its own random stream.
BLOCK = 250
# As many as can be asked for: over two hours of drawing, and 8 GB.
MOST = 10_000_000
CANVAS = 36
# The longer side of the pen's path on the canvas; the rest is room for the width of the pen.
EXTENT = 26.0

# Standard deviations of the variation; lengths are in hundredths of the height of a digit.
JITTER = 2.0
BEND = 3.5
BALANCE = 7.0
SLANT = 0.35
TURN = 0.17
SQUEEZE = 0.24


def synthetic_digits(count: int, seed: int = 0, stream: str = "train") -> Patterns:
    """Draw ``count`` digits; the same ``seed`` and ``stream`` give the same digits.

    ``stream`` is "train" or "test": two sequences that share no digit. The first digits of a sequence are
    the same however many are drawn, and each run of 250 holds 25 of every class in random order. Raises
    ``DataError`` for a count below 1 or above ten million, a negative seed or an unknown stream.

    >>> few = synthetic_digits(5, seed=1)
    >>> few.images.shape, few.images.dtype.name
    ((5, 28, 28), 'uint8')
    >>> bool((few.images == synthetic_digits(300, seed=1).images[:5]).all())
    True
    """
    if count < 1:
        raise DataError(f"{count} synthetic digits were asked for: ask for at least 1")
    if count > MOST:
        raise DataError(f"{count} synthetic digits were asked for: ask for at most {MOST}")
    if seed < 0:
        raise DataError(f"the seed is {seed}: give 0 or a positive whole number")
    if stream not in STREAMS:
        raise DataError(f"the stream is {stream!r}: choose 'train' or 'test'")
    images = np.empty((count, SIDE, SIDE), np.uint8)
    labels = np.empty(count, np.uint8)
    for start in range(0, count, BLOCK):
        own = slice(start, min(start + BLOCK, count))
        drawn, digits = _block(seed, stream, start // BLOCK)
        images[own], labels[own] = drawn[: count - start], digits[: count - start]
    return Patterns(images, labels)


@lru_cache(maxsize=128)  # 25 MB; the usual training and test set are 48 blocks, which many runs of a process ask for
def _block(seed: int, stream: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The digits of a block in MNIST's form, uint8 (250, 28, 28), and their labels, which are not to be changed."""
    digits, canvases = _draw_block(np.random.default_rng([seed, STREAMS[stream], number]))
    return np.stack([to_mnist_form(canvas) for canvas in canvases]), digits


def _draw_block(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw one block: labels (250,) and ink (250, 36, 36), floats from 0 to 1."""
    digits = rng.permutation(np.arange(BLOCK) % CLASSES)
    writings = _FIRST[digits] + (rng.random(BLOCK) * _WAYS[digits]).astype(int)
    paths = _WEIGHTS[writings] @ (_POINTS[writings] + _vary(rng, JITTER, (BLOCK, *_POINTS.shape[1:])))
    paths = _fit_canvas(_deform(paths, rng))
    return digits, _ink(paths, rng)


def _vary(rng: np.random.Generator, deviation: float, shape: int | tuple[int, ...]) -> np.ndarray:
    """Normal variation around 0 without the tails: the odd extreme would be a digit nobody can read."""
    return np.clip(rng.normal(0.0, deviation, shape), -2.0 * deviation, 2.0 * deviation)


def _deform(paths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend the paths (B, S, 2) by slow waves, then squeeze, slant and turn them."""
    # The middle of the digit moves towards one end: one bowl of an 8 grows, the other shrinks.
    balance = _vary(rng, BALANCE, (BLOCK, 1, 2)) * np.array([0.6, 1.0])
    paths = paths + balance * np.sin(paths * np.pi / np.array([60.0, 100.0]))
    frequency = rng.uniform(0.5, 1.2, (BLOCK, 1, 2)) * 2.0 * np.pi / 100.0
    phase = rng.uniform(0.0, 2.0 * np.pi, (BLOCK, 1, 2))
    height = _vary(rng, BEND, (BLOCK, 1, 2))
    # Each coordinate is moved by a wave that runs along the other one: lines curve but do not bunch up.
    paths = paths + height * np.sin(frequency * paths[:, :, ::-1] + phase)
    squeeze = np.exp(_vary(rng, SQUEEZE, BLOCK))
    slant = _vary(rng, SLANT, BLOCK)
    turn = _vary(rng, TURN, BLOCK)
    cosine, sine = np.cos(turn), np.sin(turn)
    slanted = np.stack([np.stack([squeeze, -slant], -1), np.stack([0.0 * squeeze, 1.0 + 0.0 * squeeze], -1)], -2)
    turned = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)
    return paths @ np.swapaxes(turned @ slanted, 1, 2)


def _fit_canvas(paths: np.ndarray) -> np.ndarray:
    low, high = paths.min(axis=1, keepdims=True), paths.max(axis=1, keepdims=True)
    scale = EXTENT / (high - low).max(axis=2, keepdims=True)
    return (paths - (low + high) / 2.0) * scale + (CANVAS - 1) / 2.0


def _ink(paths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw along paths (B, S, 2) with a round pen whose pressure changes; the result is (B, 36, 36)."""
    radius = np.exp(0.5 + _vary(rng, 0.22, (BLOCK, 1)))
    pressure = _vary(rng, 0.12, (BLOCK, 1)) * np.sin(
        np.linspace(0.0, 2.0 * np.pi, paths.shape[1]) + rng.uniform(0.0, 2.0 * np.pi, (BLOCK, 1))
    )
    widths = np.clip(radius * (1.0 + pressure), 1.0, 3.2)[:, :, np.newaxis]
    softness = rng.uniform(0.7, 1.5, (BLOCK, 1, 1)).astype(np.float32)
    pixels = np.arange(CANVAS)
    across = (((paths[:, :, :1] - pixels) / widths) ** 2).astype(np.float32)
    down = (((paths[:, :, 1:] - pixels) / widths) ** 2).astype(np.float32)
    nearest = np.full((BLOCK, CANVAS, CANVAS), np.inf, np.float32)
    there = np.empty_like(nearest)
    # Squared distances in units of the pen's radius: 1 is the edge of the ink. One sample of the path at a
    # time keeps the arrays small enough for the processor's cache.
    for k in range(paths.shape[1]):
        np.add(down[:, k, :, np.newaxis], across[:, k, np.newaxis, :], out=there)
        np.minimum(nearest, there, out=nearest)
    inside = (1.0 - np.sqrt(nearest)) * radius[:, :, np.newaxis].astype(np.float32)
    return np.clip(0.5 + inside / softness, 0.0, 1.0)


def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All writings as arrays padded to the same number of points, and where each digit's writings begin."""
    parsed = [parse(writing) for ways in WRITINGS for writing in ways]
    most = max(len(points) for points, _ in parsed)
    points = np.stack([np.pad(points, ((0, most - len(points)), (0, 0))) for points, _ in parsed])
    weights = np.stack([np.pad(weights, ((0, 0), (0, most - weights.shape[1]))) for _, weights in parsed])
    ways = np.array([len(writings) for writings in WRITINGS])
    return points, weights, ways, np.cumsum(ways) - ways


_POINTS, _WEIGHTS, _WAYS, _FIRST = _tables()
