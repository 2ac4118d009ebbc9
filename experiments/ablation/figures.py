"""The ablation's figures: the ladder, each part in the other end, and the errors by time."""

from pathlib import Path

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.ablation.report import ENDS, GROUPS, LADDER, UNTIMED, rung
from experiments.machinery.record import named
from lenet1998.evaluation import interval_name, student_interval
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, TEST, TRAIN, columns, panels, save, style

WIDEST = 2.5  # per cent; what errs more is written at the margin of a figure


def draw(rows: list[dict], histories: list[dict], stem: Path) -> list[Path]:
    """The figures of what was trained: stem_ladder, stem_components and stem_speed, each as PNG and PDF."""
    ladder = [row for row in rows if row["group"] == LADDER]
    written = draw_ladder(ladder, stem.with_name(stem.name + "_ladder")) if ladder else []
    if len(ladder) < len(rows):
        written += draw_components(rows, stem.with_name(stem.name + "_components"))
    if any(row["seeds"] for row in ladder):
        written += draw_speed(ladder, histories, stem.with_name(stem.name + "_speed"))
    return written


def draw_ladder(rows: list[dict], stem: Path) -> list[Path]:
    """Test error with its interval at every rung, from 1998 at the top down to modern; the seeds beside it."""
    with style():
        figure = Figure(figsize=(6, 0.36 * len(rows) + 1))
        axes = figure.add_subplot()
        _errors(axes, rows, [rung(row) for row in rows], TEST, "o")
        shown = interval_name(*(row["seeds"] for row in rows))
        axes.set(xlabel="test error (%)", title=f"From 1998 to today: mean, {shown} and single seeds")
        return save(figure, stem)


def draw_components(rows: list[dict], stem: Path) -> list[Path]:
    """One part of the other kind in each end, left and right; the line and band are the end itself."""
    groups = [
        (end, group, own)
        for end, group in zip(ENDS, ("1998", "modern"), strict=True)
        if (own := [row for row in rows if row["group"] == group])
    ]
    with style():
        height = 0.26 * max(len(own) for *_, own in groups) + 1
        figure, every = panels(len(groups), (4.3 * len(groups), height))
        if chosen_look().narrow:
            figure.set_figheight(0.8 * height * len(groups))
        for axes, (end, group, own), colour, marker in zip(every, groups, (TEST, TRAIN), "os", strict=False):
            _errors(axes, own, [row["label"] for row in own], colour, marker)
            itself = next((row for row in rows if row["name"] == end and row["seeds"]), None)
            if itself:
                axes.axvline(itself["test_error_percent"], color="0.3", linestyle="--", linewidth=1.2, zorder=1)
                if itself["interval"]:
                    axes.axvspan(*itself["interval"], color="0.9", linewidth=0, zorder=0.5)
            axes.set(xlabel="test error (%)", title=GROUPS[group][1])
        limits = [axes.get_xlim() for axes in every]  # one scale for all, or the ends could not be compared
        for axes in every:
            axes.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        return save(figure, stem)


def _errors(axes: Axes, rows: list[dict], labels: list[str], colour: str, marker: str) -> None:
    """A line for each row: mean, interval and seeds; what is off the scale is written at its end."""
    for y, row in enumerate(rows):
        mean = row.get("test_error_percent", np.inf)
        if mean > WIDEST:
            text = f"{mean:.1f}% >" if row["seeds"] else "diverged >"
            axes.text(0.99, y, text, transform=axes.get_yaxis_transform(), fontsize=7, ha="right", va="center")
            continue
        axes.plot(row["by_seed"], [y + 0.22] * row["seeds"], "|", color="0.45", markersize=5)
        if row["interval"]:
            axes.plot(row["interval"], [y, y], color=colour)
        axes.plot(mean, y, marker, color=colour)
        white = {
            "facecolor": "white",
            "edgecolor": "none",
            "pad": 0.3,
        }  # or a line would strike it through
        axes.annotate(f"{mean:.2f}", (mean, y), (0, 4), textcoords="offset points", fontsize=7, ha="center", bbox=white)
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.7)
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, 0), min(high, WIDEST))


def draw_speed(rows: list[dict], histories: list[dict], stem: Path) -> list[Path]:
    """Mean test error over the seeds of every rung, against passes and against seconds of training."""
    shown = [row for row in rows if row["seeds"]]
    with style():
        figure, (left, right) = panels(2, (7.5, 3.9), sharey=True)
        if chosen_look().narrow:
            figure.set_figheight(5.6)
        for place, row in enumerate(shown):
            runs = named(histories, row["name"])
            errors = [[record["test_error_percent"] for record in run["passes"]] for run in runs]
            error = student_interval(np.array(errors))[0]
            seconds = np.mean([np.cumsum([record["seconds"] for record in run["passes"]]) for run in runs], axis=0)
            look = {
                **LOOKS[place % len(LOOKS)],
                "linewidth": 2.2 if row["name"] in ENDS else 1.1,
                "markersize": 4.5,
                "markevery": (place % 3, 3),  # or marks of curves close together would hide each other
                **({"markerfacecolor": "white"} if place % 2 else {}),
                "label": rung(row),
            }
            left.plot(np.arange(1, len(error) + 1), error, **look)
            if row["name"] != UNTIMED:
                right.plot(seconds, error, **look)
        left.set(xlabel="pass", ylabel="test error (%)", title="Mean over seeds")
        right.set(xlabel="seconds of training, one core")
        left.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        if left.dataLim.ymin > 0:
            left.set_yscale("log")
            left.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5)))
            left.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
            left.yaxis.set_minor_locator(ticker.NullLocator())
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=columns(4), fontsize=7)
        return save(figure, stem)
