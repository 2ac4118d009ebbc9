"""A string, what a network makes of it, and how that is read, drawn in the manner of Figures 25 and 26.

Outputs stand over the middles of their fields. An output has a label where a class costs less than a blank, the darker
the less it costs, as in the figures (entry 40 of paper_notes.md); above stands the string that the best path spells.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lenet1998.bitmaps import HEIGHT, WIDTH
from lenet1998.pictures.activations import Stage
from lenet1998.pictures.activations_figure import outlines, tiled, zoom_of
from lenet1998.pictures.plotting import plain
from lenet1998.strings.images import FIELD, STEP
from lenet1998.strings.reading import Reading

# In pixels of the string: how far above what is below them the rows stand, and the space between layers.
_LABELS, _ANSWER, _TOP, _SPACE = 3.5, 9.5, 14.0, 8.0
# Pixels of a unit in the bitmaps of F6, which stand in two rows in turn, and what a row takes.
_F6 = 1.8 * STEP / WIDTH
_F6_ROW = _F6 * HEIGHT + 2.0
# Maps stand in rows up to so many pixels high.
_TALL = 120
# The grey of a label that costs as much as a blank.
_LIGHTEST = 0.55
# Pixels of the string to the inch, and the least width of a figure.
_DENSITY, _NARROW = 20.0, 4.5


def show_string(axes: Axes, stages: Sequence[Stage], j: float, reading: Reading, *, f6: bool = False) -> None:
    """Draw a string and its reading, from the `activations` of a replicated network, with a blank of penalty j.

    With `f6` its units stand between string and labels, as bitmaps of Figure 3. Penalties and j are those that the
    network puts out, not scaled.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.pictures.activations import activations
    >>> from lenet1998.recipe import Recipe
    >>> from lenet1998.strings.wide import replicate
    >>> stages = activations(replicate(LeNet5(Recipe()), 64), np.zeros((1, 32, 64), np.uint8))
    >>> axes = Figure().subplots()
    >>> show_string(axes, stages, j=8.5, reading=Reading([7], [(20, 25)], 60.0))
    >>> [text.get_text() for text in axes.texts]
    ['7']
    """
    string, units, penalties = stages[0], stages[-2], stages[-1].values
    _picture(axes, _grey(string)[0], 0, 0)
    _frame(axes, 0, 0, string.values.shape[3], FIELD)
    top = 0.0
    if f6:
        top = -2 * _F6_ROW
        for i, bitmap in enumerate(_grey(units, each=True)):
            _picture(axes, bitmap.reshape(HEIGHT, WIDTH), _middle(i) - _F6 * WIDTH / 2, top + i % 2 * _F6_ROW, _F6)
    for i in np.flatnonzero(penalties.min(axis=1) < j).tolist():
        grey = _LIGHTEST * max(float(penalties[i].min()), 0.0) / j
        where = _middle(i), top - _LABELS
        axes.text(*where, str(penalties[i].argmin()), color=str(grey), fontsize=9, ha="center", va="center")
    for label, (first, after) in zip(reading.labels, reading.columns, strict=True):
        where = (first + after - 1) / 2, top - _ANSWER
        axes.text(*where, str(label), fontsize=12, weight="bold", ha="center", va="center")
    axes.set(xlim=(-1, string.values.shape[3] + 1), ylim=(FIELD + 1, top - _TOP), aspect="equal")
    axes.set_axis_off()


def show_maps(axes: Axes, stages: Sequence[Stage]) -> None:
    """Draw the layers that are maps of more than one row, from left to right; small maps are enlarged.

    >>> axes = Figure().subplots()
    >>> maps = [Stage(name, np.zeros((1, 6, rows, 60)), -1.0, 1.0) for name, rows in (("C1", 28), ("C5", 1))]
    >>> show_maps(axes, [Stage("Input", np.zeros((1, 1, 32, 64)), -1.0, 1.0), *maps])
    >>> [text.get_text() for text in axes.texts]
    ['C1']
    """
    left = 0.0
    for stage in (stage for stage in stages[1:] if stage.values.ndim == 4 and stage.values.shape[2] > 1):
        maps = _grey(stage)
        zoom = zoom_of(maps)
        tiles = tiled(maps, int(_TALL / zoom))
        _picture(axes, tiles, left, 0, zoom)
        for column, row, width, height in outlines(maps, int(_TALL / zoom)):
            _frame(axes, left + zoom * column, zoom * row, zoom * width, zoom * height)
        axes.text(left, -2, stage.name, fontsize=8, ha="left", va="bottom")
        left += zoom * tiles.shape[1] + _SPACE
    axes.set(xlim=(-1, left - _SPACE + 1), ylim=(_TALL + 1, -1), aspect="equal")
    axes.set_axis_off()


def sheet(shown: Sequence[tuple[str, Sequence[Stage], Reading]], j: float, title: str) -> Figure:
    """A figure of strings under each other, each with its name, its stages and its reading, all in one scale."""
    widest = max(stages[0].values.shape[3] for _, stages, _ in shown)
    each = (FIELD + _TOP + 6) / _DENSITY
    figure = Figure(figsize=(max(widest / _DENSITY, _NARROW), 0.5 + each * len(shown)))
    for axes, (name, stages, reading) in zip(figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True):
        show_string(axes, stages, j, reading)
        axes.set(xlim=(-1, 1 + max(widest, _NARROW * _DENSITY)), anchor="W")
        axes.set_title(plain(name), fontsize=8, pad=2)
    figure.suptitle(plain(title), fontsize=9)
    return figure


def _middle(output: int) -> float:
    """Where the field of an output has its middle, in columns of the string."""
    return FIELD / 2 + STEP * output


def _grey(stage: Stage, each: bool = False) -> np.ndarray:
    """The first pattern of a stage, or each, from 0 for white to 1 for black."""
    values = stage.values if each else stage.values[0]
    return (values - stage.low) / (stage.high - stage.low)


def _picture(axes: Axes, image: np.ndarray, left: float, top: float, pixel: float = 1.0) -> None:
    extent = (left, left + pixel * image.shape[1], top + pixel * image.shape[0], top)
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest", extent=extent)


def _frame(axes: Axes, left: float, top: float, width: float, height: float) -> None:
    axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor="0.5", linewidth=0.3))
