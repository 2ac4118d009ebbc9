"""One digit, for `predict`: shadows whose edge crosses it, pens that skip, ruled paper, two digits."""

import numpy as np
from PIL import Image, ImageDraw

from experiments.pictures.made.lines import BLUE, ruled_paper
from experiments.pictures.made.paper import (
    SHEET,
    Case,
    Make,
    Source,
    around,
    chosen,
    glyph,
    laid,
    line,
    sheet,
    shot,
    side,
)
from lenet1998.data.strokes import WRITINGS, parse


def shaded(times: float, soft: float = 0.0, share: tuple[float, float] = (0.42, 0.58)) -> Make:
    """The shadow's edge near the middle, upright, level or oblique."""

    def make(source: Source) -> Case:
        ink, truth = line(source, 1, high=float(source.rng.uniform(80, 220)))
        over = side(ink.shape, source.rng, share, 0.3, soft)
        if source.rng.random() < 0.5:
            over = side(ink.shape[::-1], source.rng, share, 0.3, soft).T
        return Case(shot(sheet(ink) * (1 - (1 - times) * over), source.rng), truth, "predict")

    return make


def coloured(source: Source) -> Case:
    ink, truth = line(source, 1, high=float(source.rng.uniform(80, 220)))
    over = side(ink.shape, source.rng, (0.3, 0.7), 0.5)[..., None]
    paper = SHEET * (1 - over) + np.array(BLUE) * over
    return Case(shot(sheet(ink[..., None], paper), source.rng), truth, "predict")


def skipping(pen: float, gaps: tuple[float, float]) -> Make:
    """A pen that leaves gaps, in shares of the picture's height."""
    return lambda source: _skipped(source, pen, gaps)


def _skipped(source: Source, pen: float, gaps: tuple[float, float]) -> Case:
    rng, height = source.rng, 800
    digit = int(rng.integers(10))
    points, weights = parse(str(rng.choice(WRITINGS[digit])))
    path = weights @ (points + rng.normal(0, 1.5, points.shape)) * 0.0067 * height + 0.15 * height
    drawn = Image.new("L", (round(0.7 * height), height), 250)
    draw = ImageDraw.Draw(drawn)
    breaks = np.flatnonzero(np.hypot(*np.diff(path, axis=0).T) > 0.12 * height)
    for piece in np.split(path, breaks + 1):
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(piece, axis=0).T))])
        at = 0.0
        while len(piece) > 1 and at < along[-1]:
            end = min(at + rng.uniform(0.05, 0.25) * height, along[-1])
            places = np.linspace(at, end, 40)
            drawn_path = np.stack([np.interp(places, along, piece[:, axis]) for axis in (0, 1)], axis=1)
            draw.line([tuple(each) for each in drawn_path], fill=20, width=max(1, round(pen * height)), joint="curve")
            at = end + rng.uniform(*gaps) * height
    return Case(drawn, str(digit), "predict")


def broken(source: Source) -> Case:
    """A digit of the data base, a few level or oblique gaps through it."""
    rng = source.rng
    ink, truth = line(source, 1, high=200)
    rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]]
    for _ in range(int(rng.integers(1, 4))):
        angle = rng.uniform(-0.5, 0.5)
        y = rng.uniform(0.25, 0.75) * len(ink)
        ink = np.where(np.abs(rows - y - angle * (columns - ink.shape[1] / 2)) < rng.uniform(1, 3), 0, ink)
    return Case(shot(sheet(ink), rng), truth, "predict")


def pair(above: bool, gap: tuple[float, float]) -> Make:
    """Two digits, to be refused."""

    def make(source: Source) -> Case:
        images, _ = chosen(source, 2)
        parts = [glyph(image, 100) for image in images]
        ink = laid([part.T for part in parts] if above else parts, 100, [0, source.rng.uniform(*gap)], [0, 0])
        return Case(shot(sheet(around(ink.T if above else ink, 100)), source.rng), None, "predict")

    return make


DIGITS: dict[str, Make] = {
    "digit: clean": lambda source: Case(*_clean(source), "predict"),
    "digit: shadow x0.5": shaded(0.5),
    "digit: shadow x0.7": shaded(0.7),
    "digit: soft shadow": shaded(0.5, 0.2),
    "digit: shadow at a side": shaded(0.6, 0.0, (0.15, 0.35)),
    "digit: blue field": coloured,
    "digit: pen that skips": skipping(0.01, (0.01, 0.02)),
    "digit: broken": broken,
    "digit: ruled paper": ruled_paper("predict"),
    "digit: two beside": pair(False, (0.08, 0.5)),
    "digit: two above": pair(True, (0.08, 0.5)),
}


def _clean(source: Source) -> tuple[Image.Image, str]:
    ink, truth = line(source, 1, high=float(source.rng.uniform(40, 220)))
    return shot(sheet(ink), source.rng), truth
