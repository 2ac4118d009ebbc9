"""Figures 9 to 12, from the rows of `experiments.section3.report`: ours beside the paper's where they compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.section3.report import ERROR, MACS, REJECT, VARIABLES, Bar
from experiments.section3.rows import LENET5, PAPER
from lenet1998.classifiers.rejection import TARGET_PERCENT
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, TEST, columns, panels, save, style
from lenet1998.report.table import Estimate

# A hollow bar or mark is the paper's and a full one ours, so that grey paper tells them apart too.
THEIRS: dict[str, Any] = {"facecolor": "white", "edgecolor": "0.35", "linewidth": 0.9}
COUNTED = {MACS: "multiply-accumulates a pattern (thousands)", VARIABLES: "stored variables (thousands)"}


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
    _bars(axes, rows, [row.error for row in rows], ERROR)
    axes.set(xlabel="test error (%)", title="Test errors; lines: 95% intervals" + _of(9, rows))
    return figure


def rejections(rows: list[Bar], records: dict[str, dict]) -> Figure:
    """Figure 10, with LeNet-5, which it lacks; and beside it the whole error-reject curves."""
    shown = [row for row in rows if REJECT in PAPER.get(row.name, {}) or row.name in LENET5]
    figure, (left, right) = panels(2, (9, 4.6))
    if chosen_look().narrow:
        figure.set_figheight(7)
    _bars(left, shown, [row.rejection for row in shown], REJECT)
    left.set(xlabel=f"rejected to reach {TARGET_PERCENT}% error (%)", title="95% intervals" + _of(10, rows))
    for number, row in enumerate(row for row in shown if not row.open):
        look = LOOKS[number % len(LOOKS)] | {"markersize": 3.5, "markevery": (0.03 * number, 0.35)}
        if number >= len(LOOKS):  # the second with this colour
            look |= {"markerfacecolor": "white", "linestyle": LOOKS[number % len(LOOKS) - 1]["linestyle"]}
        curve = records[row.name]["runs"][0]["error_reject"]
        error = np.array(curve["error_percent"])
        right.plot(
            curve["rejected_percent"],
            np.where(error > 0, error, np.nan),  # none left: below what a logarithmic scale can show
            label=row.label,
            **look,
        )
    right.axhline(TARGET_PERCENT, color="0.35", linewidth=0.8)
    right.set(xlabel="rejected (%)", ylabel="error among the rest (%)", title="Error against rejection", yscale="log")
    right.set_xlim(0, 10)
    if right.lines[1:]:  # beside the target's
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=columns(4), fontsize=7)
    return figure


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
    axes.legend()
    return figure


def _of(number: int, rows: list[Bar]) -> str:
    return f"; Figure {number} of the paper" if any(row.paper for row in rows) else ""


def _bars(axes: Axes, rows: list[Bar], ours: list[Estimate | None], key: str) -> None:
    """A pair of bars a row with their values: the paper's above, ours below, with its interval."""
    compared = any(row.paper for row in rows)
    height, offset = (0.38, 0.19) if compared else (0.6, 0)
    for place, (row, estimate) in enumerate(zip(rows, ours, strict=True)):
        if key in row.paper:
            axes.barh(place - offset, row.paper[key], height, label="1998", **THEIRS)
            _write(axes, row.paper[key], place - offset, f"{row.paper[key]:g}")
        if estimate:
            mean, low, high = estimate.mean, estimate.low or 0.0, estimate.high or 0.0
            spread = [[max(0.0, mean - low)], [max(0.0, high - mean)]]
            axes.barh(place + offset, mean, height, color=TEST, label="ours")
            axes.errorbar(mean, place + offset, xerr=spread, color="black", capsize=2, linewidth=0.9)
            _write(axes, high, place + offset, f"{mean:.2f}")
        else:
            _write(axes, 0, place + offset, "open")
    _name(axes, rows)
    axes.set_xlim(left=0)
    found = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(found.values(), found.keys())


def _write(axes: Axes, x: float, y: float, text: str) -> None:
    axes.annotate(text, (x, y), (3, 0), textcoords="offset points", va="center", fontsize=6.5)


def _name(axes: Axes, rows: list[Bar]) -> None:
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(False, axis="y")
