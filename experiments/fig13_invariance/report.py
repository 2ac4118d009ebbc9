"""Section III-E's claims against what was measured: tables, verdicts, and a figure of six panels.

The paper calls recognition "accurate" without a number; here are the values at which accuracy falls below 95% and 90%,
and the accuracy at the paper's own limits. Intervals are over seeds (`lenet1998.evaluation.rate_interval`), or Wilson's
where there is one network.
"""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.fig13_invariance.perturbations import PERTURBATIONS
from experiments.machinery.declaration import Claim, Record
from lenet1998.evaluation import ErrorRate, interval_name, rate_interval
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, columns, save, style
from lenet1998.report.table import Cell, Column, Estimate, Table

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


def tables(record: Record) -> list[Table]:
    """Accuracy at the limits that are claimed, the ink that is left there, and where accuracy falls below a level."""
    curves, size, name = record["curves"], record["test_size"], record["experiment"]
    kinds = [Column("claim", kind="text"), Column("trained with", kind="text")]
    verdicts = [Column(f"at {level}%", kind="text") for level in LEVELS]
    ends = [Column("lower limit", "%", 1), Column("upper limit", "%", 1)]
    accuracies: list[list[Cell]] = []
    for claim, kind, band, n in claimed(curves, size):
        met = [verdict(band, level) for level in LEVELS]
        accuracies.append(
            [claim, kind, *(Estimate(float(mean), float(low), float(high), n) for mean, low, high in band.T), *met]
        )
    ink = [
        [claim, *at, *(100 * curves[what]["ink_kept"][place] for place in _places(curves[what], at))]
        for claim, what, at in CLAIMS
    ]
    limits = [Column("lower limit", "", 3, "significant"), Column("upper limit", "", 3, "significant")]
    left = [Column("ink at lower", "%", 0), Column("ink at upper", "%", 0)]
    sides = [Column(f"{level}% {side}") for level in LEVELS for side in ("below", "above")]
    rows: list[list[Cell]] = []
    for each in PERTURBATIONS:
        for kind, correct in curves[each.name]["correct"].items():
            given = curves[each.name]["values"], accuracy(correct, size), each.neutral, len(correct)
            rows.append([each.axis, kind, *(falls(*given, level, side) for level in LEVELS for side in (-1, 1))])
    told = (
        f"Accuracy on {size:,} test patterns. A claim is met at a level where the lower bound reaches it at both "
        "limits, missed where an upper bound does not, and open otherwise."
    )
    fallen = (
        "Below, above: the value on that side of the unchanged digit at which accuracy falls below the level; empty "
        "where it does not within what was tried, the unchanged digit's where it never reached the level. A value "
        "without an interval has a bound beyond what was tried."
    )
    return [
        Table(f"{name}_accuracy", "Accuracy at the limits that section III-E claims", [*kinds, *ends, *verdicts],
              accuracies, [told]),
        Table(f"{name}_ink", "The limits that section III-E claims, and the ink that is left of the digits there",
              [kinds[0], *limits, *left], ink),
        Table(f"{name}_limits", "Where accuracy falls below 95% and below 90%",
              [Column("perturbation", kind="text"), kinds[1], *sides], rows, [fallen]),
    ]  # fmt: skip


def claims(record: Record) -> list[Claim]:
    """What III-E estimates: it agrees where a kind of training meets it at 95%, and is contradicted where all miss it
    at 90%."""
    found = []
    rows = list(claimed(record["curves"], record["test_size"]))
    for claim, _, at in CLAIMS:
        bands = {kind: band for each, kind, band, _ in rows if each == claim}
        told = "; ".join(f"{kind} {band[0][0]:.1f} and {band[0][1]:.1f}%" for kind, band in bands.items())
        met = [[verdict(band, level) for band in bands.values()] for level in LEVELS]
        decided = "agrees" if "met" in met[0] else "contradicts" if set(met[-1]) == {"missed"} else "open"
        says = f"recognition is accurate for {claim}"
        found.append(Claim("III-E", says, f"at {at[0]:g} and {at[1]:g}: {told}", decided))
    return found


def claimed(curves: dict[str, dict], size: int) -> Iterator[tuple[str, str, np.ndarray, int]]:
    """Claim, kind of training, the accuracies at the two values (3, 2), and the number of networks."""
    for claim, what, at in CLAIMS:
        for kind, correct in curves[what]["correct"].items():
            yield claim, kind, accuracy(correct, size)[:, _places(curves[what], at)], len(correct)


def _places(curve: dict[str, Any], at: tuple[float, ...]) -> list[int]:
    return [list(curve["values"]).index(value) for value in at]


def verdict(band: np.ndarray, level: float) -> str:
    """Whether the accuracies (3, places: mean, low, high) reach the level everywhere: met, missed, or open.

    >>> verdict(np.array([[95.0], [94.0], [96.0]]), 95)
    'open'
    """
    _, low, high = band
    return "met" if (low >= level).all() else "missed" if (high < level).any() else "open"


def falls(values: list[float], bands: np.ndarray, neutral: float, n: int, level: float, side: int) -> Estimate | None:
    """The value below or above the neutral one at which accuracy falls below the level, None where it does not."""
    mean, *bounds = (limit(values, curve, level, neutral, side) for curve in bands)
    if mean is None or values[0 if side < 0 else -1] == neutral:
        return None
    low, high = bounds[::side]
    return Estimate(mean, n=n) if low is None or high is None else Estimate(mean, low, high, n)


def draw(curves: dict[str, dict], size: int, stem: Path) -> list[Path]:
    """Six panels of accuracy; dotted lines are the limits that the paper claims."""
    with style():
        rows, across = (3, 2) if chosen_look().narrow else (2, 3)
        figure = Figure(figsize=(chosen_look().width or 9, 7.5) if chosen_look().narrow else (9, 5.6))
        panels = figure.subplots(rows, across, sharey=True).ravel()
        for axes, each in zip(panels, PERTURBATIONS, strict=True):
            found = curves[each.name]
            for number, ((kind, correct), look) in enumerate(zip(found["correct"].items(), LOOKS, strict=False)):
                mean, low, high = accuracy(correct, size)
                axes.plot(
                    found["values"],
                    mean,
                    label=f"trained with {kind}" if kind != "plain" else "trained plainly",
                    markersize=3.5,
                    markerfacecolor="white" if number % 2 else look["color"],
                    markevery=(number, len(found["correct"])),
                    linewidth=1,
                    **look,
                )
                axes.fill_between(found["values"], low, high, color=look["color"], alpha=0.25, linewidth=0)
            for value in next((at for _, what, at in CLAIMS if what == each.name), ()):
                axes.axvline(value, color="0.3", linestyle=":", linewidth=1)
            axes.set(xlabel="\n".join(wrap(each.axis, 18 if chosen_look().narrow else 60)), title=each.name)
        for axes in panels[::across]:
            axes.set_ylabel("accuracy (%)")
        panels[0].set_ylim(0, 101)
        figure.legend(*panels[-1].get_legend_handles_labels(), loc="outside lower center", ncols=columns(3, 1))
        counts = sorted({len(correct) for correct in curves["scale"]["correct"].values()}, reverse=True)
        many = f"mean of {' or '.join(map(str, counts))} seeds, {interval_name(*counts)}"
        networks = many if counts[0] > 1 else "one network, 95% interval"
        figure.suptitle(
            f"LeNet-5, {size:,} test patterns, {networks}; dotted: the limits that section III-E of the paper claims",
            fontsize=10,
        )
        return save(figure, stem)
