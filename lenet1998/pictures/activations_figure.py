"""Figure 2's network with the real activations of a digit, drawn as in Figure 13.

Positive is dark and negative light, zero half way between, as the paper draws them. Maps have their true relative
sizes, except those of a few rows, which are twice as large. Layers of single units stand in twelve rows, so that F6 is
the 7x12 bitmap of Figure 3. A label of the output is the lighter the higher its penalty. What there is to draw comes
from `activations`.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from lenet1998.bitmaps import HEIGHT
from lenet1998.files import write_atomically
from lenet1998.pictures import chosen_look
from lenet1998.pictures.activations import Stage
from lenet1998.pictures.plotting import fit, plain, style

CAPTION = "Dark: positive; light: negative, as in Figure 13 of the paper. The lighter a label, the higher its penalty."
_FEW_ROWS = 8
_BETWEEN = 8  # pixels between stages
_LIGHTEST = 0.6  # the grey of the highest penalty


class Drawing:
    """All stages of one image in `axes`, from left to right; `show` takes another image in place of it.

    `codes`, as `activations.codes_of` gives them, put the code of the answer beside the stage below the output,
    which is compared with it (equation 7). `names` are those of the classes, by default their numbers. With `details`,
    sizes and penalties are written out.
    """

    def __init__(
        self,
        axes: Axes,
        stages: Sequence[Stage],
        codes: np.ndarray | None = None,
        names: Sequence[str] = (),
        *,
        details: bool = True,
    ):
        self.axes, self.codes, self.details = axes, codes, details
        *hidden, output = stages
        self.names = [plain(name) for name in names] or [str(number) for number in range(output.values.shape[1])]
        self.tall = 3 * max(hidden[0].values.shape[2:])
        self.x = 0.0  # how far the drawing has come
        self.images = [self._block(self._label(stage), _maps(stage.values[0])) for stage in hidden]
        if codes is not None:
            self.images.append(self._block("code", _maps(codes[0])))
            self.code_title = axes.texts[-1]
        self._labels(output.values.shape[1])
        top = self.tall / 2 + self.tall / 5  # with room for the names
        axes.set(xlim=(-1, self.x + 1), ylim=(self.tall / 2 + 1, -top), aspect="equal")
        axes.set_axis_off()
        self.show(stages)

    def show(self, stages: Sequence[Stage], which: int = 0) -> None:
        """Draw image `which` of the stages. Labels have one scale of greys for all the images in them."""
        *hidden, output = stages
        for image, stage in zip(self.images, hidden, strict=False):
            maps = _maps((stage.values[which] - stage.low) / (stage.high - stage.low))
            image.set_data(tiled(maps, int(self.tall / zoom_of(maps))))
        penalties = output.values[which]
        answer = int(penalties.argmin())
        if self.codes is not None:
            self.images[-1].set_data(tiled(_maps((self.codes[answer] + 1) / 2), self.tall))
            self.code_title.set_text(f"code of {self.names[answer]}")
        for text, grey in zip(self.digits, shades(output.values)[which], strict=True):
            text.set_color(str(grey))
        for text, penalty in zip(self.numbers, penalties, strict=False):
            text.set_text(f"{penalty:.1f}")
        self.box.set_y(self._row(answer) - self.box.get_height() / 2)

    def _label(self, stage: Stage) -> str:
        if not self.details:
            return stage.name
        maps, *sizes = stage.values.shape[1:]
        return f"{stage.name}\n{maps}" + ("@" + "×".join(map(str, sizes)) if max(sizes, default=1) > 1 else "")

    def _block(self, label: str, maps: np.ndarray) -> AxesImage:
        """A stage's image and outlines; `show` fills it."""
        tall = int(self.tall / zoom_of(maps))
        tiles = tiled(maps, tall)
        zoom = self.tall / 16 if maps[0].size == 1 else zoom_of(maps)
        height, width = (zoom * size for size in tiles.shape)
        slot = max(width, self.tall / 4.5) if self.details else width  # wide enough for what is written above
        left, top = self.x + (slot - width) / 2, -height / 2
        image = self.axes.imshow(
            tiles,
            cmap="gray_r",
            vmin=0,
            vmax=1,
            interpolation="nearest",
            extent=(left, left + width, top + height, top),
        )
        for column, row, wide, high in outlines(maps, tall):
            corner = (left + zoom * column, top + zoom * row)
            box = Rectangle(corner, zoom * wide, zoom * high, fill=False, edgecolor="0.5", linewidth=0.3)
            self.axes.add_patch(box)
        self.axes.text(left + width / 2, -self.tall / 2 - 3, label, ha="center", va="bottom", fontsize=8)
        self.x += slot + _BETWEEN
        return image

    def _labels(self, classes: int) -> None:
        self.rows = classes
        less = min(1.0, 16 / classes)  # more classes are written smaller
        step, size = self.tall / 10, (10 if self.details else 6) * less
        wide = max(step, max(map(len, self.names)) * 0.7 * step * less)
        look: dict[str, Any] = {"va": "center_baseline", "family": "monospace"}
        self.digits = [
            self.axes.text(self.x + wide / 2, self._row(k), name, ha="center", size=size, weight="bold", **look)
            for k, name in enumerate(self.names)
        ]
        height = self.tall / max(classes, 10)
        self.box = Rectangle((self.x, 0), wide, height, fill=False, edgecolor="0", linewidth=0.8)
        self.axes.add_patch(self.box)
        self.numbers = []
        self.axes.text(self.x, -self.tall / 2 - 3, "output", ha="left", va="bottom", fontsize=8)
        self.x += wide
        if self.details:
            self.x += 2.4 * step
            self.numbers = [
                self.axes.text(self.x, self._row(k), "", ha="right", size=8 * less, **look) for k in range(classes)
            ]

    def _row(self, digit: int) -> float:
        return (digit + 0.5 - self.rows / 2) * self.tall / max(self.rows, 10)


def shades(penalties: np.ndarray) -> np.ndarray:
    """The greys of the labels, 0 for black, for penalties (P, classes): the highest of all is the lightest.

    Black is a penalty of 0, the distance 0 of equation 7, or the lowest of all where some are negative.

    >>> shades(np.array([[0.0, 50.0], [25.0, 100.0]])).tolist()
    [[0.0, 0.3], [0.15, 0.6]]
    """
    low, high = min(0.0, float(penalties.min())), float(penalties.max())
    return _LIGHTEST * (penalties.astype(float) - low) / ((high - low) or 1.0)


def _maps(values: np.ndarray) -> np.ndarray:
    """One image's stage as maps (maps, rows, columns): units alone are maps of one pixel."""
    return values if values.ndim == 3 else values[:, None, None]


def zoom_of(maps: np.ndarray) -> float:
    """How many pixels a unit of maps (maps, rows, columns) takes: two where the maps have few rows, as those of S4."""
    return 2.0 if 1 < maps.shape[1] < _FEW_ROWS else 1.0


def _grid(maps: np.ndarray, tall: int) -> tuple[int, int, int]:
    """Rows, columns and the gap between maps: as few columns as `tall` pixels allow; single units fill 12 rows."""
    count, height, _ = maps.shape
    units = maps[0].size == 1
    rows = HEIGHT if units else max(1, (tall + 1) // (height + 1))
    columns = -(-count // rows)
    return -(-count // columns), columns, 0 if units else 1


def tiled(maps: np.ndarray, tall: int) -> np.ndarray:
    """Maps (maps, rows, columns) side by side, in as few columns as `tall` pixels allow, in one image with NaN between
    them.

    >>> tiled(np.ones((5, 2, 3)), 6).shape
    (5, 11)
    """
    count, height, width = maps.shape
    rows, columns, gap = _grid(maps, tall)
    tiles = np.full((rows, columns, height + gap, width + gap), np.nan)
    tiles.reshape(rows * columns, height + gap, width + gap)[:count, :height, :width] = maps
    image = tiles.transpose(0, 2, 1, 3).reshape(rows * (height + gap), columns * (width + gap))
    return image[: len(image) - gap, : image.shape[1] - gap]


def outlines(maps: np.ndarray, tall: int) -> Iterable[tuple[int, int, int, int]]:
    """Left, top, width and height of each map in the image of `tiled`; of single units, that of the whole."""
    count, height, width = maps.shape
    rows, columns, gap = _grid(maps, tall)
    if not gap:
        return [(0, 0, columns, rows)]
    return [(k % columns * (width + 1), k // columns * (height + 1), width, height) for k in range(count)]


def figure_of(
    stages: Sequence[Stage], codes: np.ndarray | None, title: str, names: Sequence[str] = ()
) -> tuple[Figure, Drawing]:
    """A figure of the first image, and its drawing, in which another may take its place."""
    with style():
        figure = Figure(figsize=(chosen_look().width or 10, 1.9) if chosen_look().narrow else (10, 3.9))
        axes = figure.add_subplot()
        if chosen_look().narrow:
            drawing = Drawing(axes, stages, names=names, details=False)
        else:
            drawing = Drawing(axes, stages, codes, names)
        figure.suptitle(plain(title), fontsize=10)
        figure.supxlabel(CAPTION, fontsize=6 if chosen_look().narrow else 8)
    return figure, drawing


def written(figure: Figure, path: Path) -> None:
    """Write the figure in the format that the name ends in, atomically."""
    buffer = io.BytesIO()
    with style():
        if chosen_look().changed:
            fit(figure)
        figure.savefig(buffer, format=path.suffix[1:].lower())
    write_atomically(path, buffer.getvalue())
