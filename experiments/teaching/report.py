"""What the teaching systems report: the table "published | ours | time", and figures of histories and filters."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.common import named, recorded
from experiments.options import RESULTS
from experiments.teaching.system import System
from lenet1998.evaluation import ErrorRate, rate_interval, student_interval
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, panels, save, style

HEAD = ["| accuracy | published | ours, mean of the seeds (95% interval) | time of a run | command |",
        "|---|---|---|---|---|"]  # fmt: skip


def accuracies(runs: list[dict], what: str) -> np.ndarray:
    """Accuracy in percent on one of the measured sets, one for each run."""
    return np.array([100 - run["measured"][what]["error_percent"] for run in runs])


def stated(runs: list[dict], what: str) -> str:
    """Mean accuracy over seeds with its 95% interval; for a small set also one network's Wilson interval,
    since seeds do not say how far so few patterns stand for all others."""
    mean, low, high = (float(value) for value in rate_interval(accuracies(runs, what)))
    text = f"{mean:.2f}%" + (f" ({low:.2f} to {high:.2f})" if len(runs) > 1 else "")
    patterns = runs[0]["measured"][what]["patterns"]
    if patterns > 1000:
        return text
    errors = round(np.mean([run["measured"][what]["errors"] for run in runs]))
    low, high = ErrorRate(errors, patterns).interval_percent
    return f"{text}; {patterns} patterns, Wilson {100 - high:.0f} to {100 - low:.0f}"


def rows(system: System, runs: list[dict]) -> list[str]:
    """The table's lines: one for each arm that was run, and each of its published figures that was measured."""
    lines = []
    for arm in system.arms:
        own = named(runs, arm.recipe.name)
        for what, published in arm.published.items():
            if not own or what not in own[0]["measured"]:
                continue
            time = f"{np.mean([run['seconds'] for run in own]):.0f} s (published: {arm.published_time})"
            shown = published if isinstance(published, str) else f"{published}%"
            lines.append(f"| {system.title}: {arm.recipe.name}; {what} | {shown} | {stated(own, what)} | {time} | "
                         f"`python -m experiments.teaching.{system.script}` |")  # fmt: skip
    return lines


def table(systems: list[System], out: Path = RESULTS) -> str:
    """The table of docs/results.md "published | ours | time" from the recorded results of these systems."""
    read = argparse.Namespace(out=out)
    return "\n".join([*HEAD, *(line for system in systems for line in rows(system, recorded(system.name, read)))])


def histories_figure(title: str, groups: dict[str, list[dict]], published: dict[str, float], stem: Path) -> list[Path]:
    """Loss and accuracy by pass, a colour and a mark for each group of runs: the mean over its seeds, 95% interval.

    `groups` maps a name to runs as `experiments.teaching.system` records them; `published` names accuracies in
    percent that are drawn as lines.
    """
    with style():
        figure, (left, right) = panels(2, (7.5, 3.4 + 0.2 * len(groups)))
        for number, (name, runs) in enumerate(groups.items()):
            colour, mark = LOOKS[number]["color"], LOOKS[number]["marker"]
            held_out = "validation" if "validation" in runs[0]["measured"] else "test"
            _band(left, runs, "train_loss", colour, mark)
            _band(
                right, runs, "train_error_percent", colour, mark, linestyle=":", label=f"{name}: training, on the fly"
            )
            _band(right, runs, "test_error_percent", colour, mark, label=f"{name}: {held_out}")
        for number, (name, accuracy) in enumerate(published.items()):
            right.axhline(accuracy, color="0.4", linewidth=1, linestyle=("--", "-.")[number % 2], label=name)
        left.set(
            xlabel="pass", ylabel="training loss (geometric mean)", yscale="log", title=title[:1].upper() + title[1:]
        )
        right.set(xlabel="pass", ylabel="accuracy (%)", title="Means, 95% intervals over seeds")
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(
            *right.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=1 if chosen_look().narrow else 2,
            fontsize="x-small",
        )
        return save(figure, stem)


def _band(axes: Axes, runs: list[dict], key: str, colour: str, mark: str, **how: Any) -> None:
    curves = np.array([run["curves"][key] for run in runs])
    if key.endswith("error_percent"):
        mean, low, high = rate_interval(100 - curves)
    else:  # on a logarithmic axis, where a loss of nothing has no place
        mean, low, high = (np.exp(line) for line in student_interval(np.log(np.maximum(curves, 1e-9))))
    passes = np.arange(1, curves.shape[1] + 1)
    axes.plot(
        passes, mean, color=colour, linewidth=1.2, marker=mark, markersize=4, markevery=-(-len(passes) // 10), **how
    )
    if len(runs) > 1:
        axes.fill_between(passes, low, high, color=colour, alpha=0.2, linewidth=0)


def filters_figure(filters: np.ndarray, title: str, stem: Path) -> list[Path]:
    """A grid of first-layer filters, uint8 (maps, height, width, 3), each stretched over the whole range of colours."""
    with style():
        columns = int(np.ceil(np.sqrt(len(filters))))
        rows = -(-len(filters) // columns)
        figure = Figure(figsize=(0.7 * columns, 0.7 * rows + 0.4))
        figure.suptitle(title, fontsize="small")
        for number, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
            axes.set_axis_off()
            if number < len(filters):
                axes.imshow(filters[number], interpolation="nearest")
        return save(figure, stem)


def as_pictures(weights: np.ndarray) -> np.ndarray:
    """Filters (maps, 3, height, width) as pictures, uint8 (maps, height, width, 3): each one's least weight becomes 0,
    its largest 255.

    >>> as_pictures(np.arange(3.0).reshape(1, 3, 1, 1)).tolist()
    [[[[0, 127, 255]]]]
    """
    pictures = weights.transpose(0, 2, 3, 1).astype(float)
    low, high = (bound(pictures, axis=(1, 2, 3), keepdims=True) for bound in (np.min, np.max))
    return (255 * (pictures - low) / np.maximum(high - low, 1e-12)).astype(np.uint8)
