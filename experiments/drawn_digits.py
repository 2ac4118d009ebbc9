"""How often digits that are drawn on the exported page are read rightly."""

import itertools
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from scipy.ndimage import binary_hit_or_miss, gaussian_filter, zoom
from scipy.spatial import KDTree

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import description
from experiments.machinery.setting import Setting
from lenet1998 import pretrained
from lenet1998.data.strokes import WRITINGS, parse
from lenet1998.errors import DataError
from lenet1998.evaluation import ErrorRate
from lenet1998.form import to_mnist_form
from lenet1998.photos.parts import parts_of_digit
from lenet1998.pictures.plotting import save, style
from lenet1998.report.table import Column, Estimate, Table
from lenet1998.running.provenance import provenance

SIDE, PEN, FINER = 280, 16, 4  # the page's sheet and pen in its pixels, and how much finer they are drawn here
SIZES = {"small": (0.3, 0.45), "medium": (0.45, 0.65), "large": (0.65, 0.85)}
"""The digit's longer side as a share of the sheet's."""
TIMES = 4
"""How often each way of writing is drawn in each size."""
NETWORKS = ("default", "distorted")
REPLAYED = 300
"""How many test digits are drawn again by their strokes' middle lines."""
EDGE, CORNER = ([[0, 0, 0], [0, 1, 0], [1, 1, 1]], [[0, 0, 0], [1, 1, 0], [0, 1, 0]])
NOT_EDGE, NOT_CORNER = ([[1, 1, 1], [0, 0, 0], [0, 0, 0]], [[0, 1, 1], [0, 0, 1], [0, 0, 0]])
"""What is ink, and what is none, round a pixel that may be taken off a stroke without breaking it: turned four ways."""


def drawing(writing: str, size: tuple[float, float], rng: np.random.Generator) -> list[np.ndarray]:
    """The pen's lines, (points, 2) each in pixels of the sheet: bent, squeezed, slanted, turned and set anywhere.

    A steady hand draws them or one that shakes.
    """
    lines = [weights @ points for points, weights in map(parse, writing.split("|"))]
    path = np.concatenate(lines) - (30, 50)
    wave, phase = rng.uniform(0.5, 1.2, 2) * np.pi / 50, rng.uniform(0, 2 * np.pi, 2)
    path = path + rng.uniform(-4, 4, 2) * np.sin(wave * path[:, ::-1] + phase)
    squeeze, slant, turn = np.exp(rng.uniform(-0.25, 0.25)), rng.uniform(-0.4, 0.4), rng.uniform(-0.17, 0.17)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    path = path @ (turned @ [[squeeze, -slant], [0, 1]]).T
    path += rng.normal(0, rng.choice([0, 0.7]), path.shape)
    path = (path - path.min(axis=0)) * rng.uniform(*size) * SIDE / np.ptp(path, axis=0).max()
    path += PEN / 2 + rng.random(2) * (SIDE - PEN - np.ptp(path, axis=0))
    return np.split(path, np.cumsum([len(line) for line in lines])[:-1])


def drawings() -> list[tuple[int, str, list[np.ndarray]]]:
    """Every drawing with its digit and its size: each way of writing, some times in each size."""
    rng = np.random.default_rng(1)
    return [(digit, size, drawing(writing, limits, rng)) for digit, ways in enumerate(WRITINGS) for writing in ways
            for size, limits in SIZES.items() for _ in range(TIMES)]  # fmt: skip


def middle_lines(image: np.ndarray) -> list[np.ndarray]:
    """The middle of a digit's strokes: a line, (2, 2) in pixels of the image, between each two neighbouring points.

    The image (28, 28) is drawn finer, and its strokes are thinned from all sides until one point is left.

    >>> bar = np.pad(np.full((20, 4), 255), ((4, 4), (12, 12)))
    >>> {float(x) for line in middle_lines(bar) for x, y in line if y == 14}
    {14.0}
    """
    fine = zoom(image.astype(float), FINER, order=1, grid_mode=True, mode="grid-constant")
    ink, before = gaussian_filter(fine, FINER / 2) > 96, 0
    while before != (before := ink.sum()):
        for turn in range(4):
            for there, absent in ((EDGE, NOT_EDGE), (CORNER, NOT_CORNER)):
                ink = ink & ~binary_hit_or_miss(ink, np.rot90(there, turn), np.rot90(absent, turn))
    points = np.argwhere(ink)[:, ::-1] / FINER
    near = KDTree(points).query_pairs(1.5 / FINER, output_type="ndarray")
    return list(points[near])


def replayed(images: np.ndarray) -> list[tuple[str, list[np.ndarray]]]:
    """Digits of the data drawn by their middle lines, each in one of the sizes and anywhere on the sheet."""
    rng, drawn = np.random.default_rng(2), []
    for image, size in zip(images, itertools.cycle(SIZES), strict=False):
        lines = np.array(middle_lines(image))
        lines -= lines.min(axis=(0, 1))
        lines *= rng.uniform(*SIZES[size]) * SIDE / lines.max()
        lines += PEN / 2 + rng.random(2) * (SIDE - PEN - lines.max(axis=(0, 1)))
        drawn.append((size, list(lines)))
    return drawn


def ink_of(lines: list[np.ndarray]) -> np.ndarray:
    """The sheet with lines of a round pen, uint8 (280, 280)."""
    sheet = Image.new("L", (FINER * SIDE, FINER * SIDE))
    pen, radius = ImageDraw.Draw(sheet), FINER * PEN / 2
    for line in lines:
        points = [(float(x), float(y)) for x, y in FINER * line]
        pen.line(points, 255, round(2 * radius))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(sheet.reduce(FINER))


def plan(setting: Setting) -> Plan:
    """On record by network: of each drawing the answer, or None where the sheet seems to hold several digits."""
    yield []
    test = setting.data.test.spread(min(REPLAYED, len(setting.data.test)))
    drawn = [(digit, size, "program", lines) for digit, size, lines in drawings()]
    again = zip(test.labels.tolist(), replayed(test.images), strict=True)
    drawn += [(digit, size, "data", lines) for digit, (size, lines) in again]
    digits, sizes, sources, paths = map(list, zip(*drawn, strict=True))
    sheets = [ink_of(lines) for lines in paths]
    refused = np.array([_is_refused(sheet) for sheet in sheets])
    images = np.array([to_mnist_form(sheet) for sheet in sheets])
    given = {}
    for name in NETWORKS:
        best = pretrained.load(name).network().forward(images).argmin(axis=1)
        given[name] = [None if several else int(digit) for digit, several in zip(best, refused, strict=True)]
    return {**provenance(), "data": description(setting.data), "digits": digits, "sizes": sizes, "sources": sources,
            "answers": given}  # fmt: skip


def _is_refused(sheet: np.ndarray) -> bool:
    try:
        parts_of_digit(sheet > 127)
    except DataError:
        return True
    return False


def tables(record: Record) -> list[Table]:
    """Per cent read rightly, of all and of each size: of the program's lines, and of the data's."""
    digits, sizes, sources = (np.array(record[name]) for name in ("digits", "sizes", "sources"))
    columns = [Column("network", kind="text"), Column("drawings"), *(Column(each, "%", 1) for each in ("all", *SIZES)),
               Column("refused")]  # fmt: skip
    notes = ["Refused: the sheet seems to hold several digits. Such drawings count as wrong."]
    made = []
    for source in dict.fromkeys(record["sources"]):
        rows, these = [], sources == source
        for name, answers in record["answers"].items():
            given = np.array(answers, float)
            right = (given == digits)[these]
            rate = ErrorRate(int(right.sum()), right.size)
            low, high = rate.interval_percent
            every = Estimate(rate.error_percent, low, high)
            by_size = [100 * float(right[sizes[these] == size].mean()) for size in SIZES]
            rows.append([name, right.size, every, *by_size, int(np.isnan(given[these]).sum())])
        by_program = source == "program"
        title = "Drawings that are read rightly" if by_program else "Test digits, drawn again"
        made.append(Table("drawn_digits" if by_program else "drawn_again", title, columns, rows, notes))
    return made


def sheet(record: Record, stem: Path) -> list[Path]:
    """One drawing of each way of writing in each size."""
    sheets = [np.pad(255 - ink_of(lines), 4, constant_values=190)[::2, ::2] for _, _, lines in drawings()[::TIMES]]
    with style():
        figure = Figure(figsize=(6, 5))
        axes = figure.add_subplot()
        axes.imshow(np.block([sheets[k : k + 11] for k in range(0, len(sheets), 11)]), cmap="gray")
        axes.set_axis_off()
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="drawn_digits",
    title="Digits drawn on the page",
    question="How often are digits that are drawn on the page of `lenet1998 export --format html` read rightly?",
    answer="The package's network reads {drawn_digits; default; all} of the program's drawings rightly, and "
    "{drawn_again; default; all} of the test digits that are drawn again.",
    description="A program draws each way of writing in `lenet1998/data/strokes.py` several times, small, medium and "
    "large. The lines are bent, squeezed, slanted by up to 0.4, turned by up to 10 degrees, and set anywhere on the "
    "sheet; half of the hands shake. Test digits of the data are drawn again along the middle of their strokes. The "
    "page's pen has one width, so small digits have thick strokes; it was chosen on training digits. The package "
    "prepares and reads the drawings; a test draws some of them on the page itself, which answers alike.",
    caption="One drawing of each way of writing in each size, on the sheet of the page.",
    chapter="Tools",
    place=2,
    plan=plan,
    tables=tables,
    figures=sheet,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)
