"""How the ten digits are written: pen strokes as smooth curves through a few points.

This table is the project's own, made up in place of the handwriting of section III-A when MNIST is out of
reach. Every digit has several ways of writing it, as people have: a 7 with or without a bar, an open or a
closed 4, a 2 with or without a loop. ``synthetic`` varies the points and draws the curves.
"""

import numpy as np

SAMPLES = 72

# One string for one way of writing: points "x,y", x to the right and y downwards, 60 wide and 100 high.
# A bar lifts the pen or turns a sharp corner; a stroke that ends where it began closes smoothly.
WRITINGS: tuple[tuple[str, ...], ...] = (
    (
        "30,0 8,18 2,50 10,84 30,100 50,84 58,50 50,16 30,0",
        "38,2 16,8 3,45 10,85 32,99 54,80 57,40 42,8 24,4",
        "28,0 14,20 10,55 18,90 30,100 42,85 46,45 40,12 28,0",
    ),
    (
        "30,0 30,33 30,66 30,100",
        "36,0 32,35 28,70 27,100",
        "14,24 31,0 | 31,0 30,50 30,100",
        "14,22 31,0 | 31,0 31,50 31,100 | 12,100 31,99 50,100",
    ),
    (
        "6,22 16,4 36,0 52,14 50,38 30,66 4,98 | 4,98 30,98 58,97",
        "8,20 22,2 42,3 52,22 42,50 20,84 6,97 3,86 14,80 32,92 58,98",
        "4,16 22,2 46,4 54,24 40,48 18,72 2,96 | 2,96 24,92 40,97 60,92",
    ),
    (
        "6,10 24,0 46,6 50,26 38,42 22,47 | 22,47 46,54 56,74 42,95 20,100 2,88",
        "5,3 28,2 50,3 | 50,3 24,40 | 24,40 48,48 56,72 40,95 18,100 2,90",
        "8,8 30,0 50,14 44,36 24,46 18,49 26,52 48,58 54,80 34,99 4,92",
    ),
    (
        "10,2 6,30 8,52 28,56 52,50 | 50,4 48,40 44,100",
        "42,0 22,28 0,64 | 0,64 30,64 60,62 | 42,0 42,50 42,100",
        "12,0 2,52 | 2,52 30,54 58,50 | 48,12 46,60 44,100",
        "36,0 20,34 2,62 | 2,62 30,58 60,56 | 46,24 44,60 40,100",
    ),
    (
        "52,2 14,4 | 14,4 8,42 | 8,42 30,36 52,48 54,74 36,97 4,94",
        "14,4 10,40 | 10,40 28,38 50,50 54,74 38,97 4,92 | 14,4 34,4 58,0",
        "52,4 30,2 14,12 14,34 34,44 50,60 50,84 30,99 4,92",
    ),
    (
        "46,0 22,20 6,52 6,82 26,100 48,90 52,68 36,54 16,62 6,78",
        "38,0 16,36 4,70 16,97 40,97 54,76 42,58 22,60 6,78",
        "34,0 18,30 12,64 16,92 34,100 48,86 42,68 26,68 14,84",
    ),
    (
        "2,4 28,4 54,4 | 54,4 36,46 22,100",
        "2,4 28,4 54,4 | 54,4 36,46 22,100 | 14,52 52,48",
        "4,18 4,2 | 4,2 56,4 | 56,4 34,50 26,100",
        "2,10 14,2 34,6 56,2 | 56,2 40,36 30,68 26,100",
    ),
    (
        "48,12 28,0 10,16 20,38 42,58 52,80 30,100 8,80 18,58 42,38 50,22 48,12",
        "30,0 12,10 12,34 30,46 48,34 48,10 30,0 | 30,46 8,62 8,88 30,100 52,88 52,62 30,46",
        "52,8 30,2 12,16 24,40 46,62 46,90 24,99 8,82 20,56 46,30 56,4",
    ),
    (
        "50,18 32,0 10,12 8,36 26,48 46,34 50,18 | 50,18 50,54 44,100",
        "50,20 34,0 12,8 6,32 24,48 44,36 52,14 54,50 44,88 20,100 4,92",
        "48,8 24,2 8,22 16,44 38,40 50,10 | 50,10 44,55 32,100",
    ),
)


def parse(writing: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of one writing, float (C, 2), and the weights, float (72, C), that trace it.

    ``weights @ points`` are 72 points along the curves, evenly shared by length. A point that occurs twice
    in the writing occurs once here, so that moving it keeps the strokes together.

    >>> points, weights = parse("0,0 0,100 | 0,100 60,100")
    >>> points.tolist()
    [[0.0, 0.0], [0.0, 100.0], [60.0, 100.0]]
    >>> (weights @ points)[[0, -1]].tolist()
    [[0.0, 0.0], [60.0, 100.0]]
    """
    strokes = [stroke.split() for stroke in writing.split("|")]
    names = list(dict.fromkeys(name for stroke in strokes for name in stroke))
    points = np.array([[float(number) for number in name.split(",")] for name in names])
    paths = [[names.index(name) for name in stroke] for stroke in strokes]
    lengths = [np.linalg.norm(np.diff(points[path], axis=0), axis=1).sum() for path in paths]
    ends = np.rint(np.cumsum(lengths) / sum(lengths) * SAMPLES).astype(int)
    counts = np.diff(ends, prepend=0)
    weights = [_trace(path, points, count) for path, count in zip(paths, counts, strict=True)]
    return points, np.concatenate(weights)


def _trace(path: list[int], points: np.ndarray, count: int) -> np.ndarray:
    """Weights (count, C) of evenly spaced places on the Catmull-Rom spline through the points of ``path``."""
    lengths = np.linalg.norm(np.diff(points[path], axis=0), axis=1)
    along = np.linspace(0.0, 1.0, count) * lengths.sum()
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    segment = np.clip(np.searchsorted(starts, along, side="right") - 1, 0, len(lengths) - 1)
    t = (along - starts[segment]) / lengths[segment]
    basis = 0.5 * np.stack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2], axis=1
    )
    closed = path[0] == path[-1]
    before, after = (path[-2], path[1]) if closed else (path[0], path[-1])
    neighbours = np.array([before, *path, after])
    weights = np.zeros((count, len(points)))
    for k in range(4):
        np.add.at(weights, (np.arange(count), neighbours[segment + k]), basis[:, k])
    return weights
