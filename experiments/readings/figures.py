"""The map of the space of readings, claim by claim."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.readings.design import loss_of
from experiments.readings.score import every_claim, winners
from lenet1998.pictures.plotting import save, style
from lenet1998.recipe import PRINTED, Recipe

MET, FAILED, UNKNOWN, TEXT = "#0072B2", "#D55E00", "0.75", "#000000"
MARKS = {"eq. 8": "o", "eq. 9, exact": "D", "eq. 9, constant": "s"}
BESIDE = {"eq. 8": 3.7, "eq. 9, exact": 4.2, "eq. 9, constant": 4.8}  # where those of a gain of 2.4 stand, by loss
OVER_F = 0.8  # where on the axis of gains the readings stand that divide by the fan-in instead of its root
WINNERS = {"closest": ("^", 13.0), "least departure": ("o", 11.0)}
_TITLES = {
    "rates": "rates of pass 1",
    "curve": "training curve",
    "end": "training error at the end",
    "stable": "no over-training",
    "first": "errors of pass 1",
    "drops": "drops with eta",
    "all": "every claim",
}


def draw(rows: list[dict], stem: Path) -> list[Path]:
    """The map: a panel for each claim, and one for all, over the gain of the weights and the scale of the penalty.

    These two decide most. What divides by F stands in a strip of its own at the left, the text itself marked.
    """
    points = [row for row in rows if row["part"] != "questions"]
    with style():
        figure = Figure(figsize=(7.5, 4.6))
        axes = figure.subplots(2, 4, sharex=True, sharey=True).flat
        for panel, claim in zip(axes, _TITLES, strict=False):
            _panel(panel, points, claim)
        for name, row in winners(rows).items():
            shape, size = WINNERS[name]
            hollow = {"markerfacecolor": "none", "markeredgecolor": TEXT, "markeredgewidth": 0.9}
            axes[6].plot(*_place(Recipe.from_dict(row["recipe"])), shape, markersize=size, zorder=5, **hollow)
        _legend(axes[7])
        strip = "left strip: divided by F, not its root; right strip: a gain of 2.4, a column per loss"
        figure.supxlabel(f"gain of the initial weights; {strip}", fontsize=8)
        figure.supylabel("scale of the penalty (equation 7: 1)", fontsize=8)
        return save(figure, stem)


def _place(recipe: Recipe) -> tuple[float, float]:
    if recipe.init_power == PRINTED.init_power:
        return OVER_F, recipe.penalty_scale
    return BESIDE[loss_of(recipe)] if recipe.init_gain == PRINTED.init_gain else recipe.init_gain, recipe.penalty_scale


def _panel(axes: Axes, rows: list[dict], claim: str) -> None:
    """A point for every reading: met, failed, or not known because it was given up."""
    for row in rows:
        recipe = Recipe.from_dict(row["recipe"])
        met = every_claim(row) if claim == "all" else row["met"][claim]
        x, y = _place(recipe)
        look = {True: (MET, 1.0, 3), False: (FAILED, 0.55, 2), None: (UNKNOWN, 0.8, 1)}[met]
        size = 14 if met else 8
        axes.scatter(
            x,
            y,
            s=size,
            marker=MARKS[loss_of(recipe)] if met else ("x" if met is False else "."),
            color=look[0],
            alpha=look[1],
            zorder=look[2],
            linewidths=0.8,
        )
        if row["part"] == "literal" and not row["departures"]:
            axes.scatter(x, y, s=60, marker="*", facecolor="none", edgecolor=TEXT, zorder=4, linewidths=0.8)
    for x in ((OVER_F + 1) / 2, 3.4):
        axes.axvline(x, color="0.6", linewidth=0.6)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([OVER_F, 1, 1.73, 2.5, BESIDE["eq. 9, exact"]], ["2.4/F", "1", "1.7", "2.5", "2.4"], fontsize=6)
    axes.set_xticks([], minor=True)
    axes.set_xlim(0.72, 5.3)
    axes.set_yticks([0.03, 0.1, 0.3, 1], ["0.03", "0.1", "0.3", "1"], fontsize=6)
    axes.set_yticks([], minor=True)
    axes.set_title(_TITLES[claim], fontsize=8)


def _legend(axes: Axes) -> None:
    def mark(shape: str, colour: str, label: str, size: float = 5, hollow: bool = False) -> Line2D:
        line = Line2D([], [], marker=shape, color=colour, linestyle="", label=label, markersize=size)
        line.set_markerfacecolor("none" if hollow else colour)
        return line

    axes.axis("off")
    handles = [mark(shape, MET, f"met, {loss}") for loss, shape in MARKS.items()]
    handles += [
        mark("x", FAILED, "failed"),
        mark(".", UNKNOWN, "not known: given up\nearly"),
        mark("*", TEXT, "the text taken literally", 8, hollow=True),
        *(mark(shape, TEXT, f"winner: {name}", 9, hollow=True) for name, (shape, _) in WINNERS.items()),
    ]
    axes.legend(handles=handles, loc="center", fontsize=6, frameon=False)
