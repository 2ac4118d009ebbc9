"""What the article has drawn for it alone: the network, the three passes, and the codes."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lenet1998 import pretrained, read_image
from lenet1998.bitmaps import CODES
from lenet1998.pictures.activations import activations, codes_of
from lenet1998.pictures.activations_figure import figure_of

COLUMN, PAGE = 3.35, 9.0
"""Inches that a figure is drawn for: a column as it is printed, a page that is printed at three quarters."""
STEPS = ("convolutions\n5×5", "subsampling", "convolutions\nof Table I", "subsampling", "convolutions\n5×5",
         "full\nconnection", "RBF units\n(equation 7)")  # fmt: skip
"""What leads from each stage of Figure 2 to the next."""


def network(picture: Path) -> Figure:
    """Figure 2 with what each stage makes of a picture, and the names of the steps on arrows."""
    trained = pretrained.load("default").network()
    figure, drawing = figure_of(activations(trained, read_image(picture)[None]), codes_of(trained), "")
    figure.set_size_inches(9.4, 3.7)
    figure.supxlabel("")
    low = drawing.tall / 2 + 6
    centres = [sum(image.get_extent()[:2]) / 2 for image in drawing.images[:-1]] + [drawing.box.get_x()]
    for left, right, name in zip(centres, centres[1:], STEPS, strict=False):
        arrow(drawing.axes, (left + 2, low), (right - 2, low))
        drawing.axes.text((left + right) / 2, low + 3, name, ha="center", va="top", fontsize=7)
    drawing.axes.set_ylim(low + 16, drawing.axes.get_ylim()[1])
    return figure


def codes() -> Figure:
    """The codes of Figure 3, pixel by pixel."""
    figure = Figure(figsize=(COLUMN, 1.5))
    panels = figure.subplots(5, 19)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, code in zip(panels.flat, CODES.values(), strict=True):
        axes.imshow(code, cmap="gray_r", interpolation="none")  # pixels as they are, at any size
    return figure


PASSES = (
    ("forward pass", "x_0 a_1 x_1 a_2 x_2 E", "w_1 f w_2 f |", ""),
    ("back-propagation", "| g_1 g(x_1) g_2 g(x_2) E", "| f\N{PRIME}(a_1) w_2 f\N{PRIME}(a_2) |", "g_1x_0 g_2x_1"),
    ("curvature pass", "| h_1 h(x_1) h_2 h(x_2) E", "| f\N{PRIME}(a_1)^2 w_2^2 f\N{PRIME}(a_2)^2 |",
     "h_1x_0^2 h_2x_1^2"),
)  # fmt: skip
"""A row each: name, values from left to right, factors between them, and what the weights w_1 and w_2 learn by. A prime
of TeX's is no prime in Matplotlib's SVG."""
CENTRED: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7}
LEARNED = ("", r"\partial E/\partial w", "h_{kk}")


def passes() -> Figure:
    """Two units in a row with the values of the three passes, and the factor on each arrow."""
    figure = Figure(figsize=(COLUMN, 2.5))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.45, 5.4), ylim=(-2.7, 0.6))
    axes.set_axis_off()
    for row, ((title, values, factors, learned), name) in enumerate(zip(PASSES, LEARNED, strict=True)):
        y, look = (0, -0.8, -2.0)[row], CENTRED
        axes.text(-0.4, y + 0.42, title, fontsize=7.5, weight="bold", va="center")
        for x, value in enumerate(values.split()):
            if value != "|":
                box: dict[str, Any] = {
                    "boxstyle": "round,pad=0.25",
                    "facecolor": "0.93" if value != "E" else "white",
                    "linewidth": 0.5,
                }
                axes.text(x, y, f"${value}$", bbox=box, **look)
        for x, factor in enumerate(factors.split()):
            ends = (x + 0.32, y), (x + 0.68, y)
            if factor != "|" or x == 4:
                arrow(axes, *(ends if row == 0 else ends[::-1]))
                axes.text(x + 0.5, y + 0.2, "" if factor == "|" else f"${factor}$", **look)
        for x, (unit, product) in enumerate(zip("12", learned.split(), strict=False)):
            arrow(axes, (2 * x + 1, y - 0.18), (2 * x + 1, y - 0.42))
            label = name.replace("w", f"w_{unit}") if row == 1 else f"{name}(w_{unit})"
            axes.text(2 * x + 1, y - 0.55, f"${label} = {product}$", **look)
    return figure


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A thin arrow."""
    look: dict[str, Any] = {"arrowstyle": "->", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}
    axes.annotate("", end, start, arrowprops=look)
