"""Trains the network that tells digits from signs, letters and other ink, for `lenet1998 read`.

    python -m experiments.pictures.characters [--runs runs] [--seed 1] [--out lenet1998/pretrained]

LeNet-5 learns digits, joins of several as a class of its own and, as equation 9's rubbish class, what is neither:
pieces of training digits (section X-A), signs and letters of some fonts and hands, scribbles, parts of photographs and
textures. Whole fonts, hands and kinds of signs are held back (`made.signs`), and so are the last 10,000 training
digits, for `experiments.pictures.sure`. The network is written with its card into lenet1998/pretrained.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from experiments.machinery.main import guarded
from experiments.pictures.made.paper import Random, Source, strokes
from experiments.pictures.made.rubbish import patch, texture
from experiments.pictures.made.signs import (
    LEARNED_FONTS,
    LEARNED_HAND,
    LEARNED_LETTERS,
    LEARNED_SIGNS,
    by_hand,
    has,
    printed,
)
from experiments.pretrained import PACKAGE
from lenet1998.data.mnist import load_mnist
from lenet1998.errors import DataError
from lenet1998.files import write_json
from lenet1998.form import to_mnist_form
from lenet1998.patterns import DataSet, Patterns
from lenet1998.photos.light import local_ink
from lenet1998.pretrained import CARDS, CHARACTERS, digest
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import CHECKPOINT, Checkpoint
from lenet1998.running.run import run

PASSES = 8
LEARNED, PRINTED, JOINS, RUBBISH, WATCHED = 50_000, 8_000, 10_000, 50_000, 1_000
CLASSES = (*"0123456789", "&")
"""The last stands for several digits that touch."""
SEVERAL, NONE = 10, 11
# In the form of a digit these look like a 1, or a spot: their height and place tell them (`lenet1998.photos.marks`).
TOLD_BY_PLACE = "/|\\-_.:;!"
SHARES = {"piece": 0.12, "turned": 0.08, "sign": 0.25, "letter": 0.37, "scribble": 0.08, "photograph": 0.1}
# Digits that are others, or none, after half a turn.
TURNED = (3, 4, 7)


def recipe() -> Recipe:
    """Equation 9's j is that of the networks for strings; there are eight passes."""
    return replace(Recipe(), name="characters", j=12.0, schedule=((2, 5e-4), (2, 2e-4), (2, 1e-4), (2, 5e-5)))


def varied(ink: np.ndarray, rng: Random, turn: float = 8.0) -> np.ndarray:
    """Ink of any size, float (H, W), in the form of a digit, by another pen, turned, wider or narrower."""
    levels = Image.fromarray(np.rint(255 * ink.clip(0, 1)).astype(np.uint8))
    scale = 56 / max(levels.size)
    size = [max(3, round(side * scale * float(rng.uniform(0.88, 1.12)))) for side in levels.size]
    levels = levels.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    turned = np.asarray(levels.rotate(float(rng.uniform(-turn, turn)), Image.Resampling.BICUBIC, expand=True), float)
    turned = bent(np.pad(turned, 6), float(rng.uniform(0, 2.5)), rng)
    pen = int(rng.integers(-2, 4))
    if pen > 0:
        turned = ndimage.grey_dilation(turned, (pen + 1, pen + 1))
    elif pen < 0 and (thinner := ndimage.grey_erosion(turned, (1 - pen, 1 - pen))).max() > 150:
        turned = thinner
    blurred = ndimage.gaussian_filter(turned, float(rng.uniform(0, 1.2)))
    return to_mnist_form(np.where(blurred < 20, 0, blurred) / max(blurred.max(), 1.0))


def bent(ink: np.ndarray, far: float, rng: Random) -> np.ndarray:
    """Ink (H, W) as on a rubber sheet that was pulled at places of a coarse grid, by so many pixels or so."""
    grid = rng.normal(0, far, (2, 5, 5)).astype(np.float32)
    pulled = np.stack(
        [np.asarray(Image.fromarray(each).resize(ink.shape[::-1], Image.Resampling.BICUBIC)) for each in grid]
    )
    return ndimage.map_coordinates(ink, np.indices(ink.shape) + pulled, order=1)


def cropped(image: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / 255.0


def piece(digits: Patterns, rng: Random) -> np.ndarray | None:
    """The left or right half of a digit, or so; None for what is as narrow as a 1, or a digit of its own."""
    k = int(rng.integers(len(digits)))
    whole = cropped(digits.images[k])
    if digits.labels[k] in (1, 4, 7) or whole.shape[1] < 8:
        return None
    width = int(rng.uniform(0.35, 0.62) * whole.shape[1])
    part = whole[:, :width] if rng.random() < 0.5 else whole[:, -width:]
    return part if part.any() and cropped(255 * part).shape[1] >= 0.3 * len(part) else None


def half_turned(digits: Patterns, rng: Random) -> np.ndarray:
    """A digit upside down that is none then."""
    k = int(rng.choice(np.flatnonzero(np.isin(digits.labels, TURNED))))
    return cropped(digits.images[k])[::-1, ::-1]


def join(digits: Patterns, rng: Random) -> np.ndarray:
    """Two or three digits that touch, or nearly."""
    parts = [cropped(digits.images[k]) for k in rng.integers(0, len(digits), int(rng.choice([2, 2, 3])))]
    field, at = np.zeros((24, 80)), 0
    for part in parts:
        top = (24 - len(part)) // 2 + int(rng.integers(-1, 2))
        top, at = max(0, top), max(0, at - int(rng.integers(-1, 4)))
        place = field[top : top + len(part), at : at + part.shape[1]]
        np.maximum(place, part[: len(place)], out=place)
        at += part.shape[1]
    return field


def scribble(rng: Random) -> np.ndarray:
    count = int(rng.integers(4, 16))
    return strokes([[(float(x), float(y)) for x, y in rng.uniform(0, 100, (count, 2))]], 64, rng.uniform(0.05, 0.12))


def in_photograph(source: Source) -> np.ndarray | None:
    """One of the larger parts of what stands out in a patch of a photograph or a texture."""
    rng = source.rng
    picture = patch(source) if rng.random() < 0.7 else texture(source).picture
    grey = np.asarray(picture.convert("L").reduce(max(1, min(picture.size) // 96)), float)
    ink = local_ink(grey, float(rng.choice([-1.0, 1.0]))).clip(0)
    labels, count = ndimage.label(ink > max(0.1, 0.3 * ink.max()), np.ones((3, 3)))
    boxes = [box for box in ndimage.find_objects(labels) if box[0].stop - box[0].start > 0.12 * len(ink)]
    if not boxes:
        return None
    box = boxes[int(rng.integers(len(boxes)))]
    return ink[box] / ink[box].max() if min(ink[box].shape) > 3 else None


def rubbish(digits: Patterns, count: int, seed: int) -> np.ndarray:
    """Forms uint8 (count, 28, 28) of what is no digit: a function of the seed."""
    rng = np.random.default_rng([seed, 1])
    source, signs = Source(digits, rng, learning=True), "".join(c for c in LEARNED_SIGNS if c not in TOLD_BY_PLACE)
    hands = "".join(c for c in LEARNED_HAND if c not in TOLD_BY_PLACE)
    forms: list[np.ndarray] = []
    while len(forms) < count:
        kind = rng.choice(list(SHARES), p=list(SHARES.values()))
        ink: np.ndarray | None
        if kind in ("sign", "letter") and rng.random() < 0.3:
            ink = by_hand(str(rng.choice(list(hands))), 64, rng, learning=True)[0]
        elif kind in ("sign", "letter"):
            text = str(rng.choice(list(signs if kind == "sign" else LEARNED_LETTERS)))
            font = str(rng.choice(LEARNED_FONTS))
            # Computer Modern has other characters at the numbers of those that are not ASCII.
            known = has(font, text) and (text.isascii() or not font.startswith("cm"))
            ink = printed(text, font, 64)[0] if known else None
        elif kind == "piece":
            ink = piece(digits, rng)
        elif kind == "turned":
            ink = half_turned(digits, rng)
        elif kind == "scribble":
            ink = scribble(rng)
        else:
            ink = in_photograph(source)
        if ink is not None and ink.any():
            try:
                forms.append(varied(ink, rng))
            except DataError:  # too faint to survive
                continue
    return np.stack(forms)


def learned(seed: int) -> DataSet:
    """What the network learns: digits, half of them by other pens, and half as much rubbish; and some to watch by."""
    train = load_mnist().train
    digits = Patterns(train.images[:LEARNED], train.labels[:LEARNED])
    rng = np.random.default_rng([seed, 0])
    images = digits.images.copy()
    for k in range(0, LEARNED, 2):
        images[k] = varied(cropped(images[k]), rng)
    none = rubbish(digits, RUBBISH + WATCHED, seed)
    labels = rng.integers(0, 10, PRINTED).astype(np.uint8)
    fonts = rng.choice(LEARNED_FONTS, PRINTED)
    by_fonts = np.stack([varied(printed(str(k), str(font), 64)[0], rng) for k, font in zip(labels, fonts, strict=True)])
    joins = np.stack([varied(join(digits, rng), rng) for _ in range(JOINS)])
    blank = np.full(len(none), NONE, np.uint8)
    patterns = Patterns(
        np.concatenate([images, by_fonts, joins, none[WATCHED:]]),
        np.concatenate([digits.labels, labels, np.full(JOINS, SEVERAL, np.uint8), blank[WATCHED:]]),
    )
    mixed = rng.permutation(len(patterns))
    patterns = Patterns(patterns.images[mixed], patterns.labels[mixed])
    watched = slice(LEARNED, LEARNED + WATCHED)
    held = Patterns(
        np.concatenate([train.images[watched], none[:WATCHED]]),
        np.concatenate([train.labels[watched], blank[:WATCHED]]),
    )
    return DataSet("mnist characters", patterns, held, "made here", {"train": patterns.digest()}, classes=CLASSES)


def keep(made: Checkpoint, out: Path) -> None:
    """Write the network and its card."""
    cards = json.loads((out / CARDS).read_text(encoding="utf-8"))
    last = made.history["passes"][-1]
    card = {
        "made_by": "python -m experiments.pictures.characters",
        "chosen": "the only seed that was trained; no test digit was looked at",
        **{key: made.history[key] for key in ("seed", "engine", "commit", "recipe")},
        **{key: last[key] for key in ("train_error_percent", "train_loss")},
        "sha256": digest(made.values),
    }
    checkpoints.save(out / f"{CHARACTERS}.npz", made)
    write_json(out / CARDS, cards | {CHARACTERS: card})
    print(out / f"{CHARACTERS}.npz", out / CARDS, sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", metavar="DIR", type=Path, default=Path("runs"), help="default: runs")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--out", metavar="DIR", type=Path, default=PACKAGE, help="default: lenet1998/pretrained")
    arguments = parser.parse_args()
    out = arguments.runs / "characters" / f"seed{arguments.seed}"
    run(out, recipe(), learned(arguments.seed), seed=arguments.seed, passes=PASSES, resume=True, passed=print)
    keep(checkpoints.load(out / CHECKPOINT), arguments.out)


if __name__ == "__main__":
    guarded(main)
