"""What the experiment on strings found: a table with intervals over seeds, and a figure of four panels."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.stats import fisher_exact

from experiments.machinery.declaration import Record
from lenet1998.evaluation import interval_name
from lenet1998.pictures.plotting import LOOKS, band, save, style
from lenet1998.report.comparison import over_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Cell, Column, Estimate, Table

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
TABLE = {
    "plain": "gaps of 0 to 4 pixels",
    "length 5": "five digits, gaps of -1 to 4",
    "noise": "gaps of -1 to 4 and 10% of the pixels inverted",
}
"""Strings of five characters, by the condition's name in the record."""
WHAT = {"strings": "read wrongly", "characters": "edits per hundred characters"}
SHARES = (0.0, 0.05, 0.1, 0.17, 0.2)
"""Rejected; of checks 17% (X)."""


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


def whole(record: Record) -> list[dict]:
    """The seeds that have come to their end."""
    return [run for run in record["runs"] if "rows" in run]


def tables(record: Record) -> list[Table]:
    """Errors by method, what training on whole strings gains, and what rejection gains."""
    name, runs = record["experiment"], whole(record)
    if not runs:
        return []
    letters = dict(zip("ABC", TABLE, strict=True))
    legend = " ".join(f"{letter}: {TABLE[condition]}." for letter, condition in letters.items())
    about = f"{len(runs)} seeds. SDNN: LeNet-5 swept over the string. HOS: heuristic over-segmentation."
    failing = rates(runs, "hos eq. 17", "noise, cut")
    about += f" On strings with 10% noise HOS reads {failing.mean():.0f}% wrongly." if failing.size else ""
    found = []
    for (what, caption), called in zip(WHAT.items(), ("errors", "characters"), strict=True):
        columns = [Column("method", kind="text"), *(Column(f"{what} {letter}", "%") for letter in letters)]
        rows = [
            [words, *(_estimate(rates(runs, method, condition, what)) for condition in letters.values())]
            for method, words in METHODS.items()
        ]
        found.append(
            Table(f"{name}_{called}", f"Strings of five test digits: {caption}", columns, rows, [legend, about])
        )
    lengths = _called(runs, "length", "")
    gained: list[list[Cell]] = []
    for kind in ("sdnn", "hos"):
        for words, names in (("five digits, gaps of 0 to 4", ["plain"]), ("all lengths, gaps of -1 to 4", lengths)):
            samples = [drops(runs, kind, f"{kind} eq. 17", names, what) for what in WHAT]
            cells = [number(each) for each in samples for number in (np.mean, np.min, np.max)]
            gained.append([METHODS[kind], words, *(float(cell) if np.isfinite(cell) else None for cell in cells)])
    columns = [Column("method", kind="text"), Column("strings read", kind="text")]
    columns += [Column(f"{what} {which}", "%", digits=0) for what in WHAT for which in ("mean", "least", "most")]
    caption = "By how much training on whole strings lowers errors"
    notes = ["In per cent of the error before; least and most: of single seeds."]
    found.append(Table(f"{name}_drops", caption, columns, gained, notes))
    found.append(_gaps(f"{name}_gaps", runs))
    kept = [[METHODS[kind], *map(estimate, rejected(runs, kind, "plain", np.array(SHARES)).T)]
            for kind in ("sdnn eq. 17", "hos eq. 17")]  # fmt: skip
    columns = [Column("method", kind="text"), *(Column(f"rejected {share:.0%}", "%") for share in SHARES)]
    caption = "Strings of five test digits, gaps of 0 to 4: wrong among those that are kept"
    return [*found, Table(f"{name}_rejected", caption, columns, kept, ["The least confident strings are rejected."])]


def _gaps(name: str, runs: list[dict]) -> Table:
    """The two networks that learned whole strings, by gap: the share of strings that each reads wrongly, how many
    these are of one seed's strings, and whether the difference holds for other seeds and for other strings."""
    learned = {"SDNN": "sdnn eq. 17", "HOS": "hos eq. 17"}
    columns = [Column("gap", kind="text"), Column("strings"), *(Column(kind, "%") for kind in learned)]
    columns += [Column(f"{kind}, wrong", digits=0) for kind in learned]
    columns += [
        Column("HOS minus SDNN", "point", kind="difference"),
        Column("p seeds", kind="p"),
        Column("p strings", kind="p"),
    ]
    rows: list[list[Cell]] = []
    for condition in [*_called(runs, "gap", ""), "plain"]:
        strings = max((row["strings"] for row in runs[0]["rows"] if row["condition"] == condition), default=0)
        samples = [rates(runs, method, condition) for method in learned.values()]
        counts = [float(each.mean()) * strings / 100 if len(each) else None for each in samples]
        tests: list[Cell] = [None, None, None]
        if len(samples[0]) == len(samples[1]) > 1:
            seeds = over_seeds(samples[1][:, 0].tolist(), samples[0][:, 0].tolist())
            pairs = [[round(count), strings - round(count)] for count in counts if count is not None]
            tests = [difference(seeds), seeds.p, float(fisher_exact(pairs).pvalue)]
        gap = "0 to 4" if condition == "plain" else condition.removeprefix("gap ")
        rows.append([gap, strings, *map(_estimate, samples), *counts, *tests])
    caption = "Strings of five test digits by their gaps, after training on whole strings: read wrongly"
    notes = [
        "Wrong: of so many strings, on average over seeds, which all read the same strings.",
        "P seeds: Student's t-test, paired by seed. It speaks for other networks on these strings. P strings: Fisher's "
        "exact test on the two mean counts. It speaks for other strings.",
    ]
    return Table(name, caption, columns, rows, notes)


def figures(record: Record, stem: Path) -> list[Path]:
    """Errors by length and by gap, without noise and with, and by what is rejected."""
    runs, shares = whole(record), np.linspace(0, 0.5, 26)
    if not runs:
        return []
    with style():
        figure = Figure(figsize=(8, 6.4))
        (by_length, by_noise), (by_gap, by_share) = figure.subplots(2, 2)
        for method, look in zip(DRAWN, LOOKS, strict=False):
            _by(by_length, runs, method, "length", "", look)
            _by(by_noise, runs, method, "length", ", noise", look)
            _by(by_gap, runs, method, "gap", "", look)
            errors = rejected(runs, method, "plain", shares)
            band(by_share, 100 * shares, errors, METHODS[method], {**look, "marker": None})
        sizes = {row["condition"]: row["strings"] for run in runs for row in run["rows"]}
        count, many = sizes.get("length 5", 0), sizes.get("plain", 0)
        failing = rates(runs, "hos eq. 17", "noise, cut")
        unread = f"\n(HOS reads {failing.mean():.0f}% wrongly: not drawn)" if failing.size else ""
        digits, wrong, others = "digits in the string", "strings wrong (%)", "wrong of the others (%)"
        said = (
            (by_length, digits, wrong, f"gaps of -1 to 4 pixels, {count} strings each"),
            (by_noise, digits, wrong, f"the same with 10% of the pixels inverted{unread}"),
            (by_gap, "pixels between boxes", wrong, f"five digits, one gap, {count} strings each"),
            (by_share, "strings rejected (%)", others, f"five digits, gaps of 0 to 4, {many} strings"),
        )
        for axes, x, y, title in said:
            axes.set(xlabel=x, ylabel=y, title=title)
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


def _estimate(samples: np.ndarray) -> Estimate | None:
    """Mean and interval, or nothing. Edits may be more than characters."""
    return estimate(samples[:, 0], percent=samples.mean() < 100) if len(samples) else None
