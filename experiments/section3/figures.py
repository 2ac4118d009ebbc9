"""Figures 9 to 12, from the rows of `experiments.section3.report`: ours beside the paper's where they compare."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.section3.report import Bar
from experiments.section3.rows import LENET5, PAPER
from experiments.section3.status import ERROR, MACS, REJECT, VARIABLES
from lenet1998.classifiers.rejection import TARGET_PERCENT
from lenet1998.evaluation import FEW
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, TEST, log_ticks, panels, save, style
from lenet1998.report.table import Column, Estimate

# A hollow bar or mark is the paper's and a full one ours, so that grey paper tells them apart too.
THEIRS: dict[str, Any] = {"facecolor": "white", "edgecolor": "0.35", "linewidth": 0.9}
LINES = "caps: 95% interval; none: range of 3 runs"
CURVES = 6  # so many to a panel, or looks would repeat
COUNTED = {MACS: "multiply-accumulates per pattern (thousands)", VARIABLES: "stored variables (thousands)"}


def draw(rows: list[Bar], records: dict[str, dict], out: Path) -> list[Path]:
    """Write the four figures under `out`, as PNG and PDF, and return their paths."""
    with style():
        return [
            *save(errors(rows), out / "fig9_classifiers"),
            *save(rejections(rows, records), out / "fig10_rejection"),
            *save(counts(rows, 11, MACS), out / "fig11_multiply_accumulates"),
            *save(counts(rows, 12, VARIABLES), out / "fig12_variables"),
        ]


def errors(rows: list[Bar]) -> Figure:
    """Figure 9: test errors; a row that is open is named as such."""
    figure = Figure(figsize=(6.5, 0.3 * len(rows) + 0.8))
    axes = figure.add_subplot()
    _bars(axes, rows, ERROR)
    axes.set(xlabel="test error (%)", title=f"Test errors{_of(9, rows)}\n{LINES}")
    return figure


def rejections(rows: list[Bar], records: dict[str, dict]) -> Figure:
    """Figure 10, with LeNet-5, which it lacks; and beside it the whole error-reject curves, means of the same runs."""
    shown = [row for row in rows if REJECT in PAPER.get(row.name, {}) or row.name in LENET5]
    drawn = [row for row in shown if not row.open]
    parts = [drawn[place : place + CURVES] for place in range(0, len(drawn), CURVES)]
    figure, (left, *right) = panels(1 + len(parts), (3.6 * (1 + len(parts)), 4.4))
    if chosen_look().narrow:
        figure.set_figheight(3.9 * (1 + len(parts)))
    _bars(left, shown, REJECT)
    left.set(xlabel=f"rejected to reach {TARGET_PERCENT}% error (%)", title=f"Rejection{_of(10, rows)}\n{LINES}")
    for axes, part in zip(right, parts, strict=True):
        for number, row in enumerate(part):
            look = LOOKS[number] | {"markersize": 4, "markevery": (5 * number, 20)}
            look |= {"markerfacecolor": "white"} if number % 2 else {}
            axes.plot(*mean_curve(records[row.name]["runs"]), label=row.label, **look)
        axes.axhline(TARGET_PERCENT, color="0.35", linewidth=0.8)
        axes.set(xlabel="rejected (%)", ylabel="error among the rest (%)", yscale="log", ylim=(0.01, 3))
        axes.set_title("Error against rejection,\nmean over the runs")
        log_ticks(axes.yaxis)
        axes.set_xlim(0, 10)
        axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.4, -0.14))  # over the curves there is no room
    return figure


def mean_curve(runs: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Per cent rejected, and the mean error among the rest over the runs: NaN where a run has none left, which a
    logarithmic scale cannot show."""
    rejected = np.linspace(0, 10, 101)
    curves = [run["error_reject"] for run in runs]
    errors = [np.interp(rejected, curve["rejected_percent"], curve["error_percent"]) for curve in curves]
    error = np.mean(errors, axis=0)
    return rejected, np.where(error > 0, error, np.nan)


def counts(rows: list[Bar], number: int, key: str) -> Figure:
    """Figure 11 or 12: counts, from a few thousand to millions, on a logarithmic scale."""
    shown = [row for row in rows if key in row.paper or key in row.ours]
    figure = Figure(figsize=(6.5, 0.25 * len(shown) + 0.9))
    axes = figure.add_subplot()
    places = np.arange(len(shown))
    compared = any(row.paper for row in shown)
    for which, values, marks in (
        ("1998", [row.paper.get(key, np.nan) for row in shown], {"markerfacecolor": "white", "color": "0.35"}),
        ("ours", [row.ours.get(key, np.nan) for row in shown], {"color": TEST, "markersize": 4}),
    ):
        if which == "ours" or compared:
            look: dict[str, Any] = {"marker": "o", "markersize": 7, "linestyle": "", "label": which}
            axes.plot(values, places, **(look | marks))
    _name(axes, shown)
    axes.set(xlabel=COUNTED[key], xscale="log", title="Counted from the models" + _of(number, rows))
    log_ticks(axes.xaxis)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _of(number: int, rows: list[Bar]) -> str:
    return f"; Figure {number} of the paper" if any(row.paper for row in rows) else ""


def _bars(axes: Axes, rows: list[Bar], key: str) -> None:
    """A pair of bars per row with their values: the paper's above, ours below, with its interval. Where a run lost an
    output unit there is none: all runs are ticks, as far as the other rows' axis goes."""
    compared = any(row.paper for row in rows)
    height, offset = (0.38, 0.19) if compared else (0.6, 0)
    for place, row in enumerate(rows):
        estimate = row.cell(key)
        if key in row.paper:
            axes.barh(place - offset, row.paper[key], height, label="1998", **THEIRS)
            _write(axes, row.paper[key], place - offset, f"{row.paper[key]:g}")
        if isinstance(estimate, Estimate):
            axes.barh(place + offset, estimate.mean, height, color=TEST, label="ours")
            if estimate.lost:
                axes.plot(row.runs[key], [place + offset] * estimate.n, "k|", markersize=5, scalex=False)
            end = _spread(axes, estimate, place + offset)
            _write(axes, end, place + offset, Column("").shown(replace(estimate, low=None, high=None)))
        else:
            _write(axes, 0, place + offset, "open")
    _name(axes, rows)
    axes.set_xlim(left=0)
    found = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(found.values(), found.keys())


def _spread(axes: Axes, estimate: Estimate, y: float) -> float:
    """Draw the interval, or the range without caps; return its end."""
    if estimate.low is None or estimate.high is None:
        return estimate.mean
    ends = [[max(0.0, estimate.mean - estimate.low)], [max(0.0, estimate.high - estimate.mean)]]
    caps = 0 if 1 < estimate.n <= FEW else 2
    axes.errorbar(estimate.mean, y, xerr=ends, color="black", capsize=caps, linewidth=0.9)
    return estimate.high


def _write(axes: Axes, x: float, y: float, text: str) -> None:
    axes.annotate(text, (x, y), (3, 0), textcoords="offset points", va="center", fontsize=6.5)


def _name(axes: Axes, rows: list[Bar]) -> None:
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(False, axis="y")
