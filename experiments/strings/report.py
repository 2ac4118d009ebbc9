"""What the experiment on strings found: a table with intervals over seeds, and a figure of four panels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lenet1998.evaluation import interval_name, rate_interval, student_interval
from lenet1998.pictures.plotting import LOOKS, band, save, style

METHODS = {
    "isolated": "LeNet-5 of single digits, swept",
    "sdnn": "SDNN",
    "sdnn eq. 17": "SDNN, whole strings",
    "hos": "HOS",
    "hos eq. 17": "HOS, whole strings",
    "sdnn eq. 12": "SDNN, strings by eq. 12",
    "sdnn eq. 11": "SDNN, strings by eq. 11",
}
"""The methods by their keys in the record, in words; `DRAWN` says which are drawn."""
DRAWN = ("sdnn", "sdnn eq. 17", "hos", "hos eq. 17")
TABLE = {"plain": "gaps 0 to 4", "length 5": "gaps -1 to 4", "noise": "gaps -1 to 4, 10% noise"}
"""Strings of five characters, by the condition's name in the record."""


def rates(runs: list[dict], method: str, condition: str, what: str = "strings") -> np.ndarray:
    """Per cent of strings read wrongly, or edits per hundred characters (`what` "characters"), a row a seed, (runs, 1).

    A seed without such a measurement is left out.
    """
    wrong = {"strings": "wrong", "characters": "edits"}[what]
    rows = [row for run in runs for row in run["rows"] if (row["method"], row["condition"]) == (method, condition)]
    return np.array([[100 * row[wrong] / row[what]] for row in rows])


def drops(runs: list[dict], before: str, after: str, conditions: list[str], what: str = "strings") -> np.ndarray:
    """By how many per cent of itself each seed's error, a mean over conditions, fell between two methods, (runs,)."""

    def error(method: str) -> np.ndarray:
        return np.mean([rates(runs, method, each, what)[:, 0] for each in conditions], axis=0)

    old = error(before)
    return 100 * (1 - error(after) / np.where(old > 0, old, np.nan))


def rejected(runs: list[dict], method: str, condition: str, shares: np.ndarray) -> np.ndarray:
    """Wrong strings among those read, in per cent, when a share of all, that of least confidence, is rejected:
    (runs, shares)."""
    curves = []
    for run in runs:
        for row in run["rows"]:
            if (row["method"], row["condition"]) == (method, condition):
                wrong = np.cumsum([right == "0" for right in row["right"]])
                kept = np.maximum(1, np.round((1 - shares) * len(wrong)).astype(int))
                curves.append(100 * wrong[kept - 1] / kept)
    return np.array(curves)


def markdown(runs: list[dict]) -> str:
    """The table of methods, the drops of Figure 32's kind, and how many strings must be rejected."""
    lines = ["| method | " + " | ".join(f"{words}: strings wrong (%) | characters (%)" for words in TABLE.values())
             + " |", "| --- |" + " --- |" * (2 * len(TABLE))]  # fmt: skip
    for method, words in METHODS.items():
        cells = [_cell(rates(runs, method, name, what)) for name in TABLE for what in ("strings", "characters")]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    shown = interval_name(len(runs))
    lines += ["", f"Strings of five digits of the test set; mean of {len(runs)} seeds ({shown}).", ""]
    lengths = _called(runs, "length", "")
    for kind in ("sdnn", "hos"):
        for words, names in (("five digits, gaps of 0 to 4", ["plain"]), ("all lengths, gaps of -1 to 4", lengths)):
            parts = []
            for what in ("strings", "characters"):
                values = drops(runs, kind, f"{kind} eq. 17", names, what)
                parts.append(f"{what} by {values.mean():.0f}% ({values.min():.0f} to {values.max():.0f})")
            lines.append(f"- Training on whole strings lowers {METHODS[kind]}'s errors, {words}: {', '.join(parts)}.")
    for kind in ("sdnn eq. 17", "hos eq. 17"):
        error = rejected(runs, kind, "plain", np.array([0.0, 0.05, 0.1, 0.2])).mean(axis=0)
        lines.append(
            f"- {METHODS[kind]}, rejecting the least confident 0, 5, 10 and 20%: "
            f"{', '.join(f'{each:.2f}' for each in error)}% of the others wrong."
        )
    failing = rates(runs, "hos eq. 17", "noise, cut")
    if failing.size:
        lines.append(f"- HOS on strings with 10% noise: {failing.mean():.0f}% wrong.")
    return "\n".join([*lines, "", "Ranges of drops are those of the seeds."]) + "\n"


def draw(runs: list[dict], stem: Path) -> list[Path]:
    """Errors by length and by gap, without noise and with, and by what is rejected."""
    shares = np.linspace(0, 0.5, 26)
    with style():
        figure = Figure(figsize=(8, 6.4))
        (by_length, by_noise), (by_gap, by_share) = figure.subplots(2, 2)
        for method, look in zip(DRAWN, LOOKS, strict=False):
            _by(by_length, runs, method, "length", "", look)
            _by(by_noise, runs, method, "length", ", noise", look)
            _by(by_gap, runs, method, "gap", "", look)
            errors = rejected(runs, method, "plain", shares)
            band(by_share, 100 * shares, errors, METHODS[method], {**look, "marker": None})
        by_length.set(xlabel="digits in the string", ylabel="strings wrong (%)", title="gaps of -1 to 4 pixels")
        by_noise.set(xlabel="digits in the string", ylabel="strings wrong (%)", title="and 10% of the pixels inverted")
        by_gap.set(xlabel="pixels between boxes", ylabel="strings wrong (%)", title="five digits, one gap")
        by_share.set(
            xlabel="strings rejected (%)", ylabel="wrong of the others (%)", title="five digits, gaps of 0 to 4"
        )
        for axes in (by_length, by_noise, by_gap, by_share):
            axes.set_ylim(bottom=0)
            axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=(1, 2, 5, 10)))
        handles, labels = by_length.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        figure.suptitle(f"Strings of digits, mean of {len(runs)} seeds and {interval_name(len(runs))}", fontsize=10)
        return save(figure, stem)


def _called(runs: list[dict], what: str, suffix: str) -> list[str]:
    """The conditions that are called after a number of something, such as "length 5", or with a suffix."""
    names = dict.fromkeys(row["condition"] for run in runs for row in run["rows"])
    return [name for name in names if name.startswith(f"{what} ") and name.endswith(suffix or tuple("0123456789"))]


def _by(axes: Axes, runs: list[dict], method: str, what: str, suffix: str, look: dict) -> None:
    """A curve of a method over the conditions called after a number."""
    names = _called(runs, what, suffix)
    curves = [rates(runs, method, name) for name in names]
    if names and all(len(curve) for curve in curves):
        x = np.array([int(name.split()[1].rstrip(",")) for name in names])
        band(axes, x, np.concatenate(curves, axis=1), METHODS[method], look)


def _cell(samples: np.ndarray) -> str:
    """Mean and interval, or nothing."""
    if not len(samples):
        return ""
    interval = rate_interval if samples.mean() < 100 else student_interval  # edits may be more than characters
    mean, low, high = (float(each[0]) for each in interval(samples))
    return f"{mean:.2f} ({low:.2f} to {high:.2f})" if len(samples) > 1 else f"{mean:.2f}"
