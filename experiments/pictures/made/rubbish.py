"""Pictures with nothing to read: photographs, textures, scribbles; some to learn from and others to measure."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image
from scipy import ndimage

from experiments.pictures.made.paper import SHEET, Case, Make, Source, around, sheet, shot, strokes


@cache
def learned_photographs() -> tuple[np.ndarray, ...]:
    """What Matplotlib and scikit-learn bring, (H, W, 3); those that are measured are other people's, see `CATS`."""
    from sklearn.datasets import load_sample_images

    hopper = Image.open(Path(matplotlib.get_data_path(), "sample_data/grace_hopper.jpg")).convert("RGB")
    return (np.asarray(hopper), *load_sample_images().images)


def patch(source: Source) -> Image.Image:
    """A part of a photograph, 48 to 300 pixels wide."""
    rng, whole = source.rng, learned_photographs()
    photograph = whole[int(rng.integers(len(whole)))]
    high, wide = (int(rng.integers(48, 300)) for _ in range(2))
    top, left = int(rng.integers(0, len(photograph) - high)), int(rng.integers(0, photograph.shape[1] - wide))
    return Image.fromarray(photograph[top : top + high, left : left + wide])


@cache
def cats() -> np.ndarray:
    """Photographs uint8 (P, 64, 64, 3) that nothing learns from: those of `lenet1998.data.cats`, where they are."""
    import os

    from lenet1998.data.cats import load_cats

    return load_cats(os.environ["LENET1998_CATS"]).train.images.transpose(0, 2, 3, 1)


def photograph(source: Source) -> Case:
    if source.learning:
        return Case(patch(source), None)
    image = Image.fromarray(cats()[int(source.rng.integers(len(cats())))])
    times = int(source.rng.integers(1, 5))
    return Case(image.resize((64 * times, 64 * times), Image.Resampling.BICUBIC), None)


def texture(source: Source) -> Case:
    """Noise of any grain: clouds, wood, bands, cloth."""
    rng = source.rng
    shape = tuple(int(side) for side in rng.integers(60, 300, 2))
    noise = rng.normal(size=shape)
    kind = int(rng.integers(0, 2)) if source.learning else int(rng.integers(0, 4))
    if kind == 0:
        field = ndimage.gaussian_filter(noise, float(rng.uniform(1, 10)))
    elif kind == 1:
        field = ndimage.gaussian_filter(noise, (float(rng.uniform(0.5, 3)), float(rng.uniform(8, 40))))
    elif kind == 2:
        rows, columns = np.indices(shape)
        warp = 8 * ndimage.gaussian_filter(noise, 20) / 0.014
        field = np.sin((rows * rng.uniform(0, 1) + columns * rng.uniform(0, 1)) / rng.uniform(2, 8) + warp / 8)
    else:
        field = np.sign(ndimage.gaussian_filter(noise, float(rng.uniform(2, 7))))
    field = (field - field.min()) / np.ptp(field)
    return Case(shot(40 + 200 * field, rng), None)


def scribble(source: Source) -> Case:
    """Loops, zigzags and knots of a pen."""
    rng, high = source.rng, 80
    drawn = []
    for _ in range(int(rng.integers(1, 4))):
        points = rng.uniform(0, (rng.uniform(60, 400), 110), (int(rng.integers(5, 30)), 2))
        if rng.random() < (0.0 if source.learning else 0.5):
            points = points[np.argsort(points[:, 0])]
        drawn.append([(float(x), float(y)) for x, y in points])
    ink = strokes(drawn, high, float(rng.uniform(0.05, 0.12)))
    return Case(shot(sheet(around(ink, high)), rng), None)


def blots(source: Source) -> Case:
    """Spots and splashes."""
    rng = source.rng
    field = np.zeros((160, int(rng.integers(160, 500))))
    rows, columns = np.indices(field.shape)
    for _ in range(int(rng.integers(1, 9))):
        y, x = rng.uniform(30, 130), rng.uniform(30, field.shape[1] - 30)
        a, b = rng.uniform(4, 28, 2)
        field = np.maximum(field, np.clip(2 * (1.2 - ((rows - y) / a) ** 2 - ((columns - x) / b) ** 2), 0, 1))
    field *= ndimage.gaussian_filter(rng.normal(size=field.shape), 3) > -0.1
    return Case(shot(sheet(field), rng), None)


RUBBISH: dict[str, Make] = {
    "photographs": photograph,
    "textures": texture,
    "scribbles": scribble,
    "blots": blots,
    "empty sheet": lambda source: Case(shot(np.full((150, 300), SHEET), source.rng), None),
}
