"""Figures, drawn from histories and nothing else, as PNG and PDF in one style."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from lenet1998.errors import one_line
from lenet1998.evaluation import interval_name, rate_interval
from lenet1998.files import make_directory, write_atomically
from lenet1998.pictures import chosen_look
from lenet1998.reference import comparable, figure_5

TEST, TRAIN = "#0072B2", "#D55E00"
# Several curves in one panel: told apart by line and mark as well as by colour, so that grey paper shows them too.
LOOKS: tuple[dict[str, Any], ...] = tuple(
    {"color": colour, "linestyle": line, "marker": mark}
    for colour, line, mark in zip(
        ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
        ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3))),
        "osD^v<>",
        strict=True,
    )
)
_SETS = {"mnist": "MNIST", "synthetic": "embedded synthetic digits"}


@contextmanager
def style() -> Iterator[None]:
    """A context in which matplotlib draws in the project's style, whatever the user's matplotlibrc says, and as
    the `chosen_look` asks."""
    sheets: list[Any] = ["default", str(resources.files(__package__) / "lenet1998.mplstyle")]
    look = chosen_look()
    if look.narrow:
        sheets.append({"font.size": 8, "axes.titlesize": 8, "axes.labelsize": 8, "legend.fontsize": 7})
    if look.width:
        sheets.append({"savefig.bbox": "standard"})  # or the margins that are cut off would change the width
    if look.slides:
        sheets.append({"savefig.bbox": "standard", "savefig.dpi": 300})
    elif look.sheet:
        sheets.append(look.sheet)
    with matplotlib.style.context(sheets), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a character that the font does not have is drawn as a box
        yield


def plain(text: str) -> str:
    """A text that repeats words of the user's, such that matplotlib shows them as they are: as text, not as formulas.

    >>> plain("cost $5, not $6")
    'cost \\\\$5, not \\\\$6'
    """
    return one_line(text).replace("$", r"\$")


def panels(count: int, size: tuple[float, float], **shared: Any) -> tuple[Figure, np.ndarray]:
    """A figure of `size` inches with panels beside one another; below one another where it is to be narrow."""
    if not chosen_look().narrow:
        figure = Figure(figsize=size)
        return figure, figure.subplots(1, count, squeeze=False, **shared)[0]
    figure = Figure(figsize=(chosen_look().width or size[0], 2.1 * count))
    return figure, figure.subplots(count, 1, squeeze=False, **shared)[:, 0]


def columns(wide: int, narrow: int = 2) -> int:
    """How many columns a legend below a figure has, which has `wide` where there is room."""
    return min(wide, narrow) if chosen_look().narrow else wide


def fit(figure: Figure) -> None:
    """Bring a figure to the width that is asked for, its titles in as many lines as they need; or take them away.

    Titles of several panels are their names, and stay.
    """
    look = chosen_look()
    if not look.titles:
        if figure.get_suptitle():
            figure.suptitle("")
        if len(figure.axes) == 1:
            for place in ("left", "center"):
                figure.axes[0].set_title("", loc=place)  # type: ignore[arg-type]
    width, height = figure.get_size_inches()
    if not (look.width or look.slides):
        return
    if look.slides:
        from lenet1998.pictures.slides import to_slide  # only a lecture needs it

        to_slide(figure, look.width)
    elif look.width and width != look.width:
        figure.set_size_inches(look.width, height * max(0.7, min(1.5, look.width / width)))
    figure.draw_without_rendering()  # which makes the layout
    below = {figure.get_suptitle(), figure.get_supxlabel()}
    titles = {axes.get_title(loc=place) for axes in figure.axes for place in ("left", "center")}  # type: ignore[call-overload]
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        box, words = text.get_window_extent(), text.get_text()
        if words in below | titles and words and (box.x0 < 0 or box.x1 > figure.bbox.width):
            room = figure.bbox.width - max(box.x0, 0) if words in titles else figure.bbox.width
            lines = words.splitlines()
            letters = max(12, int(0.93 * max(map(len, lines)) * room / box.width))
            text.set_text("\n".join(part for line in lines for part in wrap(line, letters)))


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write `figure` to stem.png and stem.pdf, atomically, and return their paths.

    The files say nothing of when they were made: the same figure gives the same bytes. As the chosen look
    asks, it is brought to a width first, and may go to another folder.
    """
    import io

    look = chosen_look()
    if look.changed:
        fit(figure)
        if look.sheet == "slides-dark":
            from lenet1998.pictures.slides import darken

            darken(figure)
        if look.folder:
            make_directory(look.folder)
            stem = look.folder / stem.name
    paths = []
    for suffix, metadata in ((".png", {}), (".pdf", {"CreationDate": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix[1:], metadata=metadata)
        paths.append(stem.with_name(stem.name + suffix))
        write_atomically(paths[-1], buffer.getvalue())
    return paths


def log_ticks(axis: Axis) -> None:
    """Write 0.1 and 1,000 on a logarithmic axis that has its limits, not powers of ten; within a decade or so also the
    numbers between them."""
    low, high = axis.get_view_interval()
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.set_minor_formatter(axis.get_major_formatter() if high < 12 * low else ticker.NullFormatter())


Interval = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Mean, low and high of samples (runs, points): one of those of `lenet1998.evaluation`."""


def band(
    axes: Axes, x: np.ndarray, curves: np.ndarray, label: str, look: dict[str, Any], interval: Interval = rate_interval
) -> None:
    """The mean of `curves` (runs, points) over `x` as a line and, for several runs, its interval."""
    mean, low, high = interval(curves)
    axes.plot(x, mean, label=label, **look)
    if len(curves) > 1:
        axes.fill_between(x, low, high, color=look["color"], alpha=0.15, linewidth=0)


def error_curves(histories: list[dict], stem: Path) -> list[Path]:
    """Figure 5: test error and on-the-fly training error by pass, of one run or of several seeds, over the paper's.

    Several runs are drawn as their mean with its 95% interval. The paper's curves are drawn only when
    every run may be compared with them (`lenet1998.reference.comparable`).
    """
    with style():
        figure = Figure()
        axes = figure.add_subplot()
        passes = np.array([record["pass"] for record in histories[0]["passes"]])
        for key, colour, line, label in (
            ("train_error_percent", TRAIN, "--", "training error, on the fly"),
            ("test_error_percent", TEST, "-", "test error"),
        ):
            curves = np.array([[record[key] for record in history["passes"]] for history in histories])
            mean, low, high = rate_interval(curves)
            axes.plot(passes, mean, color=colour, linestyle=line, label=f"ours: {label}")
            if len(histories) > 1:
                axes.fill_between(passes, low, high, color=colour, alpha=0.25, linewidth=0)
        compared = all(comparable(history) for history in histories)
        if compared:
            label = "1998: training error, on the fly"
            paper_curve(axes, "train_error_percent", len(passes), label, "#7A3200", "s")
            paper_curve(axes, "test_error_percent", len(passes), "1998: test error", "#003A5C", "o")
        axes.set(xlabel="pass through the training set", ylabel="error (%)", title=_title(histories, compared))
        axes.set_xlim(0.5, len(passes) + 0.5)
        axes.set_ylim(0, axes.get_ylim()[1])
        axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        axes.legend()
        return save(figure, stem)


def paper_curve(axes: Axes, key: str, passes: int, label: str, colour: str, marker: str) -> None:
    """Figure 5's curve of an error, as far as one pass beyond ours; `key` is that of our records."""
    column = {"train_error_percent": "train_error_on_the_fly_percent"}.get(key, key)
    points = [point for point in figure_5() if point["pass"] <= passes + 1]
    axes.plot(
        [point["pass"] for point in points],
        [point[column] for point in points],
        color=colour,
        marker=marker,
        linestyle=":",
        linewidth=1,
        markerfacecolor="white",
        label=label,
    )


def _title(histories: list[dict], compared: bool) -> str:
    data = histories[0]["data"]
    seeds = len(histories)
    runs = f"mean of {seeds} seeds, {interval_name(seeds)}" if seeds > 1 else f"seed {histories[0]['seed']}"
    what = "LeNet-5 on " + _SETS.get(data["name"], data["name"])
    recipe = histories[0].get("recipe", {}).get("name", "default")
    if recipe != "default":
        what += f", recipe {recipe}"
    if not compared:
        what += f" ({data['train_size']:,} patterns)"
    runs += "; Figure 5 of the paper" if compared else ""
    return plain(f"{what}:") + (" " if len(what + runs) < 78 else "\n") + runs
