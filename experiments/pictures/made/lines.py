"""Lines of digits in shadow, on colours, slanting, small beside large, in combs, in two lines, with marks."""

from collections.abc import Callable

import numpy as np

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
    strokes,
    turned,
)

Shade = Callable[[np.ndarray, Source], np.ndarray]


def clean(source: Source, count: int = 5) -> Case:
    ink, truth = line(source, count, high=float(source.rng.uniform(40, 110)))
    return Case(shot(sheet(ink), source.rng), truth)


def shaded(times: float, lean: float = 0.0, soft: float = 0.0, noise: float = 2.0) -> Make:
    def make(source: Source) -> Case:
        ink, truth = line(source)
        over = side(ink.shape, source.rng, (0.2, 0.75), lean, soft)
        return Case(shot(sheet(ink) * (1 - (1 - times) * over), source.rng, noise), truth)

    return make


def coloured(colour: tuple[int, int, int], lean: float = 0.0) -> Make:
    """A field of a colour at one side, as of a form."""

    def make(source: Source) -> Case:
        ink, truth = line(source)
        over = side(ink.shape, source.rng, (0.25, 0.7), lean)[..., None]
        paper = SHEET * (1 - over) + (np.array(colour) + source.rng.uniform(-15, 15)).clip(0, 255) * over
        return Case(shot(sheet(ink[..., None], paper), source.rng), truth)

    return make


def cells(source: Source) -> Case:
    """Every other cell grey, as of a table."""
    ink, truth = line(source)
    wide = int(source.rng.uniform(0.6, 2.5) * 64)
    columns = np.arange(ink.shape[1]) + source.rng.integers(0, wide)
    paper = np.where(columns // wide % 2, SHEET, source.rng.uniform(150, 200))
    return Case(shot(sheet(ink, np.broadcast_to(paper, ink.shape)), source.rng), truth)


def small(share: float, mark: str = "") -> Make:
    """The last two digits this share of the others' height, raised or on the line."""

    def make(source: Source) -> Case:
        rng = source.rng
        images, truth = chosen(source, 5)
        highs = [64.0] * 3 + [64 * share] * 2
        parts = [glyph(image, high) for image, high in zip(images, highs, strict=True)]
        top = (1 - share) / 2 * rng.choice([-1, 1])
        ink = laid(parts, 64, rng.uniform(0.12, 0.35, 5), [0, 0, 0, top, top])
        return Case(shot(sheet(around(ink, 64)), rng), truth)

    return make


def mixed(source: Source) -> Case:
    """Heights of 40 to 90 in one line, standing on it."""
    rng = source.rng
    images, truth = chosen(source, 5)
    highs = rng.uniform(40, 90, 5)
    parts = [glyph(image, high) for image, high in zip(images, highs, strict=True)]
    ink = laid(parts, 64, rng.uniform(0.12, 0.35, 5), (64 - highs) / 128)
    return Case(shot(sheet(around(ink, 64)), rng), truth)


def slanting(degrees: float) -> Make:
    def make(source: Source) -> Case:
        ink, truth = line(source, int(source.rng.integers(4, 7)), margin=0.7)
        return Case(turned(shot(sheet(ink), source.rng), degrees * source.rng.choice([-1, 1])), truth)

    return make


def _two(source: Source, apart: float, count: int = 5) -> tuple[np.ndarray, str]:
    rng, rows, truths = source.rng, [], []
    for _ in range(2):
        ink, truth = line(source, int(rng.integers(3, count + 1)), margin=0.0)
        rows.append(ink)
        truths.append(truth)
    wide = max(row.shape[1] for row in rows) + 40
    step = round(apart * 64)
    field = np.zeros((step + max(len(rows[0]), len(rows[1]) + 8), wide))
    for k, row in enumerate(rows):
        left = int(rng.integers(0, wide - row.shape[1]))
        np.maximum(field[k * step : k * step + len(row), left : left + row.shape[1]], row,
                   out=field[k * step : k * step + len(row), left : left + row.shape[1]])  # fmt: skip
    return around(field, 64), " ".join(truths)


def two_lines(apart: tuple[float, float], degrees: float = 0.0, command: str = "read") -> Make:
    """Heights from line to line; of 1 and less they interlock. `read` must refuse, `read --lines` reads each."""

    def make(source: Source) -> Case:
        ink, truth = _two(source, float(source.rng.uniform(*apart)))
        drawn = shot(sheet(ink), source.rng)
        if degrees:
            drawn = turned(drawn, degrees * source.rng.choice([-1, 1]))
        return Case(drawn, truth if command == "lines" else None, command)

    return make


def comb(source: Source) -> Case:
    """A rule below, and a short tick between any two places."""
    rng, high = source.rng, 64
    images, truth = chosen(source, 5)
    wide, pen = round(high * rng.uniform(1.15, 1.5)), int(rng.integers(1, 4))
    field = np.zeros((2 * high, 5 * wide + 2 * high))
    for k, image in enumerate(images):
        part = glyph(image, high)
        left = high + k * wide + (wide - part.shape[1]) // 2
        top = (2 * high - len(part)) // 2
        field[top : top + len(part), left : left + part.shape[1]] = part
    base = round(1.5 * high + rng.uniform(0.08, 0.25) * high)
    rules = np.zeros_like(field)
    rules[base : base + pen, high : high + 5 * wide + pen] = 1
    tick = round(rng.uniform(0.2, 0.9) * high)
    for k in range(6):
        rules[base - tick : base + pen, high + k * wide : high + k * wide + pen] = 1
    grey = np.minimum(sheet(field), SHEET - rng.uniform(80, 215) * rules)
    return Case(shot(grey, rng), truth)


def rule_below(source: Source) -> Case:
    """A line to write on, close below the digits or touching some, a little askew."""
    rng = source.rng
    ink, truth = line(source)
    rows = np.flatnonzero(ink.any(axis=1))
    y = rows[-1] + rng.uniform(-0.02, 0.15) * 64
    lean = rng.uniform(-0.015, 0.015)
    at = np.arange(ink.shape[1])
    distance = np.abs(np.arange(len(ink))[:, None] - y - lean * (at - at.mean()))
    rule = np.clip(rng.uniform(1, 3.5) / 2 + 0.5 - distance, 0, 1)
    return Case(shot(np.minimum(sheet(ink), SHEET - rng.uniform(80, 215) * rule), rng), truth)


def ruled_paper(command: str) -> Make:
    """Grey rules, 170 of 245, through what is written, some as near as half a digit."""

    def make(source: Source) -> Case:
        rng = source.rng
        ink, truth = line(source, 1 if command == "predict" else 5, high=float(rng.uniform(60, 160)), margin=0.6)
        step = rng.uniform(0.4, 1.1) * len(ink) / 2
        lean = rng.uniform(-0.03, 0.03)
        rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]]
        where = (rows + lean * columns + rng.uniform(0, step)) % step
        pen = rng.uniform(1, 4)
        rule = np.clip(pen / 2 + 0.5 - np.abs(where - step / 2), 0, 1)
        paper = SHEET - (SHEET - 170) * rule
        return Case(shot(np.minimum(sheet(ink), paper), rng, noise=1.0), truth, command)

    return make


def upside_down(source: Source) -> Case:
    """Nobody can know, but the answer must not be sure; strings that read the same are right."""
    case = clean(source)
    return Case(case.picture.rotate(180), None)


def _mark(kind: str) -> Make:
    """A minus in front, or a point, comma, colon or slash after two digits."""

    def make(source: Source) -> Case:
        rng, high = source.rng, 64.0
        images, truth = chosen(source, 4)
        parts = [(glyph(image, high), 0.0) for image in images]
        pen = float(rng.uniform(0.08, 0.14))
        dot = [(0.0, 0.0), (1.0, 1.0)]
        drawn: dict[str, tuple[list[list[tuple[float, float]]], float]] = {
            "minus": ([[(0, 0), (rng.uniform(35, 60), rng.uniform(-4, 4))]], 0.05),
            "point": ([dot], 0.46),
            "comma": ([[(8, 0), (9, 8), (0, 22)]], 0.55),
            "colon": ([dot, [(1.0, 48.0), (2.0, 49.0)]], 0.1),
            "slash": ([[(rng.uniform(35, 60), 0), (0, 125)]], 0.0),
        }
        lines, below = drawn[kind]
        parts.insert(0 if kind == "minus" else 2, (strokes(lines, high, pen), below))
        ink = laid([part for part, _ in parts], high, rng.uniform(0.15, 0.3, 5), [top for _, top in parts])
        return Case(shot(sheet(around(ink, high)), rng), truth, mark=kind)

    return make


def far_apart(source: Source) -> Case:
    """Ten digits, each several heights from the next."""
    rng = source.rng
    images, truth = chosen(source, 10)
    ink = laid([glyph(image, 40) for image in images], 40, rng.uniform(4, 7, 10), np.zeros(10))
    return Case(shot(sheet(around(ink, 40)), rng), truth)


def many(source: Source) -> Case:
    """58 digits side by side."""
    ink, truth = line(source, 58, high=30)
    return Case(shot(sheet(ink), source.rng, 1.0, 0.3), truth)


BLUE, GREEN, RED = (110, 150, 235), (130, 205, 120), (235, 120, 115)
LINES: dict[str, Make] = {
    "clean": clean,
    "one digit": lambda source: clean(source, 1),
    "two digits": lambda source: clean(source, 2),
    "shadow x0.8": shaded(0.8),
    "shadow x0.65": shaded(0.65),
    "shadow x0.5": shaded(0.5),
    "oblique shadow": shaded(0.65, lean=0.8),
    "soft shadow": shaded(0.6, lean=0.3, soft=0.15),
    "blue field": coloured(BLUE),
    "green field": coloured(GREEN),
    "red field": coloured(RED),
    "oblique field": coloured((150, 170, 220), lean=0.8),
    "deep blue field": coloured((40, 70, 200)),
    "grey cells": cells,
    "small 40 of 64": small(40 / 64),
    "small 28 of 64": small(28 / 64),
    "heights 40 to 90": mixed,
    "minus": _mark("minus"),
    "point": _mark("point"),
    "comma": _mark("comma"),
    "colon": _mark("colon"),
    "slash between": _mark("slash"),
    "turned 5": slanting(5),
    "turned 10": slanting(10),
    "turned 15": slanting(15),
    "two lines": two_lines((1.15, 1.6)),
    "two lines, turned": two_lines((1.15, 1.6), 8),
    "interlocking lines": two_lines((0.9, 1.05)),
    "two lines, --lines": two_lines((1.15, 1.6), command="lines"),
    "turned lines, --lines": two_lines((1.25, 1.6), 8, command="lines"),
    "combs": comb,
    "rule below": rule_below,
    "ruled paper": ruled_paper("read"),
    "upside down": upside_down,
    "ten far apart": far_apart,
    "58 digits": many,
}
