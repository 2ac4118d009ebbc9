"""Section III-E's claims against what was measured: a Markdown table, and a figure of six panels.

The paper calls recognition "accurate" without a number; here are the values at which accuracy falls below 95% and 90%,
and the accuracy at the paper's own limits. Intervals are over seeds (`lenet1998.evaluation.rate_interval`), or Wilson's
where there is one network.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.figure import Figure

from experiments.fig13_invariance.perturbations import PERTURBATIONS
from lenet1998.evaluation import ErrorRate, interval_name, rate_interval
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, save, style

LEVELS = (95, 90)
CLAIMS = (
    ("scale, to half and to double", "scale", (0.5, 2.0)),
    ("scale, a factor of 2 from smallest to largest", "scale", (0.7, 1.4)),
    ("vertical shift, half of 20 pixels", "vertical shift", (-10.0, 10.0)),
    ("rotation, 30 degrees", "rotation", (-30.0, 30.0)),
)
"""What III-E estimates, in words, with the values to look at. Its scale can be read in two ways; 20 pixels is the
height of the box that MNIST's digits fill."""


def accuracy(correct: list[list[int]], size: int) -> np.ndarray:
    """Mean, low and high accuracy in per cent, (3, values), of the networks of one kind.

    >>> accuracy([[90, 80], [92, 84]], 100)[0].tolist()
    [91.0, 82.0]
    """
    if len(correct) > 1:
        return np.array(rate_interval(100 * np.array(correct) / size))
    rates = [ErrorRate(size - count, size) for count in correct[0]]
    bounds = np.array([rate.interval_percent for rate in rates])
    return 100 - np.array([[rate.error_percent for rate in rates], bounds[:, 1], bounds[:, 0]])


def limit(values: list[float], curve: np.ndarray, level: float, neutral: float, side: int) -> float | None:
    """Where `curve`, followed from `neutral` to lower values (`side` -1) or higher ones (1), first falls below `level`.

    Linear between the values; None where it does not fall so far, and `neutral` where it never was so high.

    >>> limit([0, 1, 2], np.array([100.0, 100, 80]), 90, neutral=0, side=1)
    1.5
    """
    x, y = np.array(values)[::side], curve[::side]
    start = int(np.flatnonzero(x == neutral)[0])
    x, y = x[start:], y[start:]
    below = np.flatnonzero(y < level)
    if not len(below):
        return None
    k = int(below[0])
    if k == 0:
        return neutral
    return float(x[k - 1] + (x[k] - x[k - 1]) * (y[k - 1] - level) / (y[k - 1] - y[k]))


def markdown(curves: dict[str, dict], size: int) -> str:
    """The claims, and where accuracy falls below each level."""
    lines = [
        "# Section III-E and Figure 13: invariance, measured",
        "",
        f"Accuracy in per cent on {size:,} test patterns, with its 95% interval. A claim is met at a level where the "
        "lower bound reaches it at both values, and missed where an upper bound does not.",
        "",
        _row(["the paper's claim", "trained with", "accuracy at the two values", "ink, % of before", *_levels("{}%")]),
        _row(["---"] * (4 + len(LEVELS))),
    ]
    for claim, what, at in CLAIMS:
        places = [list(curves[what]["values"]).index(value) for value in at]
        ink = "; ".join(f"{100 * curves[what]['ink_kept'][place]:.0f}" for place in places)
        for kind, correct in curves[what]["correct"].items():
            ours = accuracy(correct, size)[:, places]
            pairs = zip(at, ours.T, strict=True)
            cells = [f"{value:g}: {mean:.1f} ({low:.1f} to {high:.1f})" for value, (mean, low, high) in pairs]
            verdicts = [verdict(ours, level) for level in LEVELS]
            lines.append(_row([claim, kind, "; ".join(cells), ink, *verdicts]))
    lines += ["", _row(["perturbation", "trained with", *_levels("falls below {}% at")])]
    lines += [_row(["---"] * (2 + len(LEVELS)))]
    for each in PERTURBATIONS:
        for kind, correct in curves[each.name]["correct"].items():
            bands = accuracy(correct, size)
            cells = [falls(curves[each.name]["values"], bands, level, each.neutral) for level in LEVELS]
            lines.append(_row([each.axis, kind, *cells]))
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _levels(text: str) -> list[str]:
    return [text.format(level) for level in LEVELS]


def verdict(band: np.ndarray, level: float) -> str:
    """Whether the accuracies (3, places: mean, low, high) reach the level everywhere: met, missed, or open.

    >>> verdict(np.array([[95.0], [94.0], [96.0]]), 95)
    'open'
    """
    _, low, high = band
    return "met" if (low >= level).all() else "missed" if (high < level).any() else "open"


def falls(values: list[float], bands: np.ndarray, level: float, neutral: float) -> str:
    """The values below and above the neutral one at which accuracy falls below the level, in words."""
    if bands[0][list(values).index(neutral)] < level:
        return "never reached"
    cells = []
    for side in (-1, 1):
        end = values[0] if side < 0 else values[-1]
        if end == neutral:
            continue
        mean, low, high = (limit(values, curve, level, neutral, side) for curve in bands)
        if mean is None:
            cells.append(f"beyond {end:g}")
            continue
        bounds = [f"{low:.2f}", "beyond" if high is None else f"{high:.2f}"][::side]
        cells.append(f"{mean:.2f} ({' to '.join(bounds)})")
    return ", ".join(cells)


def draw(curves: dict[str, dict], size: int, stem: Path) -> list[Path]:
    """Six panels of accuracy; dotted lines are the limits that the paper claims."""
    with style():
        rows, across = (3, 2) if chosen_look().narrow else (2, 3)
        figure = Figure(figsize=((chosen_look().width or 0) if chosen_look().narrow else 9, 5.6))
        panels = figure.subplots(rows, across, sharey=True).ravel()
        for axes, each in zip(panels, PERTURBATIONS, strict=True):
            found = curves[each.name]
            for (kind, correct), look in zip(found["correct"].items(), LOOKS, strict=False):
                mean, low, high = accuracy(correct, size)
                axes.plot(
                    found["values"],
                    mean,
                    label=f"trained with {kind}" if kind != "plain" else "trained plainly",
                    markersize=3,
                    **look,
                )
                axes.fill_between(found["values"], low, high, color=look["color"], alpha=0.25, linewidth=0)
            claimed = next((at for _, what, at in CLAIMS if what == each.name), ())
            for value in claimed:
                axes.axvline(value, color="0.3", linestyle=":", linewidth=1)
            axes.set(xlabel="\n".join(wrap(each.axis, 18 if chosen_look().narrow else 60)), title=each.name)
        for axes in panels[::across]:
            axes.set_ylabel("accuracy (%)")
        panels[0].set_ylim(0, 101)
        figure.legend(
            *panels[-1].get_legend_handles_labels(), loc="outside lower center", ncols=1 if chosen_look().narrow else 3
        )
        seeds = max(len(correct) for correct in curves["scale"]["correct"].values())
        networks = f"mean of {seeds} seeds, {interval_name(seeds)}" if seeds > 1 else "one network, 95% interval"
        figure.suptitle(
            f"LeNet-5, {size:,} test patterns, {networks}; dotted: the limits that section III-E of the paper claims",
            fontsize=10,
        )
        return save(figure, stem)
