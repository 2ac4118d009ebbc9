"""Kinds that nobody named: they are measured, and nothing was chosen on them, but for glare of another shape."""

import numpy as np
from PIL import Image
from scipy import ndimage

from experiments.pictures.made.paper import Case, Make, Random, Source, line, sheet, shot


def _clouds(shape: tuple[int, ...], rng: Random, grain: float) -> np.ndarray:
    """Smooth noise from 0 to 1."""
    field = ndimage.gaussian_filter(rng.normal(size=shape), grain)
    return (field - field.min()) / np.ptp(field)


def crumpled(source: Source) -> Case:
    ink, truth = line(source)
    rows, columns = np.indices(ink.shape)
    light = np.zeros(ink.shape)
    for _ in range(9):
        angle, at = source.rng.uniform(0, np.pi), source.rng.uniform(-1, 1)
        place = np.cos(angle) * (columns - ink.shape[1] / 2) + np.sin(angle) * (rows - len(ink) / 2) - at * len(ink)
        light += np.clip(1 - np.abs(place) / 40, 0, 1) * source.rng.choice([-1, 1]) * source.rng.uniform(10, 30)
    return Case(shot(sheet(ink, 225 + light.clip(-60, 30)), source.rng), truth)


def graph_paper(source: Source) -> Case:
    ink, truth = line(source)
    rng, step = source.rng, source.rng.uniform(14, 32)
    rows, columns = np.indices(ink.shape)
    grid = np.clip(1.6 - np.minimum((rows + rng.uniform(0, 9)) % step, (columns + rng.uniform(0, 9)) % step), 0, 1)
    paper = np.array([248, 248, 248]) - grid[..., None] * np.array([90, 60, 15])
    return Case(shot(np.minimum(sheet(ink[..., None]), paper), rng), truth)


def cardboard(source: Source) -> Case:
    """A marker on brown board with its ribs."""
    ink, truth = line(source)
    ink = ndimage.grey_dilation(ink, (5, 5))
    ribs = 6 * np.sin(np.arange(ink.shape[1]) / source.rng.uniform(1.5, 4))
    paper = np.array([188, 150, 104]) + ribs[None, :, None] + 30 * (_clouds(ink.shape, source.rng, 3) - 0.5)[..., None]
    return Case(shot(sheet(ink[..., None], paper, 35), source.rng, 4), truth)


def chalk(source: Source) -> Case:
    ink, truth = line(source)
    rng = source.rng
    grain = np.clip(0.35 + 1.1 * _clouds(ink.shape, rng, 0.8), 0, 1)
    board = np.array([48, 66, 58]) + 35 * _clouds(ink.shape, rng, 25)[..., None]
    return Case(shot(sheet((ink * grain)[..., None], board, 235), rng, 3), truth)


def screen(source: Source) -> Case:
    """A photograph of a screen: its pixels beat with the camera's."""
    ink, truth = line(source)
    rows, columns = np.indices(ink.shape)
    a, b = source.rng.uniform(0.03, 0.2, 2)
    beat = 12 * np.sin(a * columns + b * rows) + 8 * np.sin(2.2 * columns) * np.sin(2.2 * rows)
    return Case(shot(sheet(ink, 215 + beat, 45), source.rng, 3), truth)


def stamp(source: Source) -> Case:
    """Red, patchy, turned a little."""
    ink, truth = line(source)
    rng = source.rng
    patchy = ink * np.clip(0.3 + 1.4 * _clouds(ink.shape, rng, 4), 0, 1)
    drawn = shot(sheet(patchy[..., None], np.array([244, 242, 235]), np.array([190, 40, 50])), rng)
    return Case(drawn.rotate(float(rng.uniform(-4, 4)), Image.Resampling.BICUBIC, fillcolor=(244, 242, 235)), truth)


def embossed(source: Source) -> Case:
    """Raised digits of the sheet's own colour, lit from the side: bright edges and dark ones."""
    ink, truth = line(source)
    relief = ndimage.gaussian_filter(ink, 1.5)
    return Case(shot(190 + 260 * (np.roll(relief, 2, (0, 1)) - relief), source.rng), truth)


def faxed(source: Source) -> Case:
    """Black and white, 100 dots an inch, with torn edges and specks."""
    ink, truth = line(source)
    small = Image.fromarray(np.rint(255 * ink).astype(np.uint8)).reduce(2)
    rng = source.rng
    level = np.asarray(small, float) / 255 + 0.25 * rng.normal(size=small.size[::-1])
    bits = (level > 0.5) | (rng.random(level.shape) < 0.002)
    return Case(Image.fromarray(np.where(bits, 0, 255).astype(np.uint8)), truth)


def thermal(source: Source) -> Case:
    """Pale grey on grey, of a worn printer with missing columns of dots."""
    ink, truth = line(source)
    rng = source.rng
    for row in rng.integers(0, len(ink), 3):
        ink[row : row + 2] = 0
    fade = 0.45 + 0.55 * _clouds(ink.shape, rng, 30)
    return Case(shot(sheet(ink * fade, 228, 120), rng, 3), truth)


def glare(source: Source) -> Case:
    """A lamp's reflection over a part, in which ink nearly fades; to learn from, a streak of light from a window."""
    ink, truth = line(source)
    rng = source.rng
    rows, columns = np.indices(ink.shape)
    y, x = rng.uniform(0.2, 0.8, 2) * ink.shape
    if source.learning:
        lean, wide = rng.uniform(-0.7, 0.7), rng.uniform(25, 90)
        spot = rng.uniform(0.5, 1.15) * np.exp(-(((columns - x + lean * (rows - y)) / wide) ** 4))
    else:
        spot = np.exp(-(((rows - y) / 40) ** 2 + ((columns - x) / 60) ** 2))
    grey = sheet(ink, 190, 40)
    return Case(shot(grey + (255 - grey) * 0.85 * spot, rng), truth)


UNNAMED: dict[str, Make] = {
    "crumpled": crumpled,
    "graph paper": graph_paper,
    "cardboard": cardboard,
    "chalk": chalk,
    "screen": screen,
    "stamp": stamp,
    "embossed": embossed,
    "fax": faxed,
    "thermal": thermal,
    "glare": glare,
}
