"""Figure 6: error against the size of the training set, 15,000 to 60,000, and with distortions (section III-B).

The smaller sets are the first patterns of the file; the paper does not say which were taken. Training errors are
those of the last pass, on the fly. With distortions a pass is 60,000 patterns out of 600,000. Equation 1 says that
test and training error differ by k (h / P)^alpha, alpha between 0.5 and 1: the points give one.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import at_pass
from experiments.machinery.setting import Setting
from lenet1998.evaluation import interval_name, student_interval
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import TEST, TRAIN, save, style
from lenet1998.recipe import Recipe
from lenet1998.reference import figure_6
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Table

SIZES = (15_000, 30_000, 60_000)
NAME = "fig6_training_size"
ERRORS = ("train", "test")
BESIDE = 1.03  # where the errors with distortions are drawn, by the size: next to those without, not over them


def distorted(recipe: Recipe) -> Recipe:
    """The recipe with nine distorted copies of each pattern."""
    return replace(recipe, name=f"{recipe.name}, distorted", distorted_copies=9)


def group(histories: list[dict], size: int, copies: int) -> list[dict]:
    """The runs of one point of the figure."""
    return [
        run
        for run in histories
        if (run["data"]["train_size"], run["recipe"].get("distorted_copies", 0)) == (size, copies)
    ]


def sizes_of(histories: list[dict]) -> list[int]:
    """The sizes of training sets that were recorded, in order."""
    return sorted({run["data"]["train_size"] for run in histories})


def comparable(histories: list[dict]) -> bool:
    """Whether the paper's points may be drawn: its sizes, of MNIST, judged on the whole test set."""
    data = [run["data"] for run in histories]
    return {each["train_size"] for each in data} == set(SIZES) and all(
        (each["name"], each["test_size"]) == ("mnist", 10_000) for each in data
    )


Numbers = Sequence[float] | np.ndarray


def exponent(sizes: Sequence[int], test: Numbers, train: Numbers) -> float:
    """Equation 1's alpha, by least squares on a double logarithmic scale.

    >>> round(exponent([100, 400], [3.0, 2.0], [1.0, 1.0]), 2)
    0.5
    """
    return -float(np.polyfit(np.log(sizes), np.log(np.subtract(test, train)), 1)[0])


def exponents(histories: list[dict]) -> list[float]:
    """Alpha for each seed that was trained at every size; training errors are on the fly, as in the figure."""
    sizes = sizes_of(histories)
    by_seed: dict[int, dict[int, dict]] = {}
    for size in sizes:
        for run in group(histories, size, 0):
            by_seed.setdefault(run["seed"], {})[size] = run["passes"][-1]
    whole = [ends for ends in by_seed.values() if len(ends) == len(sizes) > 1]
    keys = ("test_error_percent", "train_error_percent")
    return [exponent(sizes, *([ends[size][key] for size in sizes] for key in keys)) for ends in whole]


def papers_exponent(draws: int = 10_000) -> tuple[float, float, float]:
    """Alpha of the paper's three points, with an interval for errors counted on so many patterns (always the same)."""
    rows = [row for row in figure_6() if row["with_distortions"] == "no"]
    sizes = [int(row["training_set_size"]) for row in rows]
    test, train = (np.array([float(row[f"{key}_error_percent"]) for row in rows]) for key in ("test", "train"))
    rng = np.random.default_rng(0)
    tests = 100 * rng.binomial(10_000, test / 100, (draws, len(rows))) / 10_000
    trains = 100 * rng.binomial(sizes, train / 100, (draws, len(rows))) / np.array(sizes)
    low, high = np.quantile([exponent(sizes, *pair) for pair in zip(tests, trains, strict=True)], [0.025, 0.975])
    return exponent(sizes, test, train), float(low), float(high)


def in_words(histories: list[dict]) -> str:
    """Both exponents, with their intervals."""
    mean, low, high = student_interval(np.array(exponents(histories)))
    paper = papers_exponent()
    return (
        f"alpha of equation 1 is {mean:.2f} ({low:.2f} to {high:.2f}, {len(exponents(histories))} seeds); the paper's "
        f"points give {paper[0]:.2f} ({paper[1]:.2f} to {paper[2]:.2f} for errors counted on so many patterns), and "
        "its text says 0.5 to 1"
    )


def draw(histories: list[dict], stem: Path) -> list[Path]:
    sizes = sizes_of(histories)
    with style():
        figure = Figure()
        axes = figure.add_subplot()
        for key, colour, look, label in (
            ("train_error_percent", TRAIN, "s--", "training error"),
            ("test_error_percent", TEST, "o-", "test error"),
        ):
            points = [(size, at_pass(runs, -1, key)) for size in sizes if (runs := group(histories, size, 0))]
            x, means = [size / 1000 for size, _ in points], [mean for _, (mean, _, _) in points]
            errors = [[mean - low for _, (mean, low, _) in points], [high - mean for _, (mean, _, high) in points]]
            axes.errorbar(x, means, errors, fmt=look, color=colour, capsize=3, label=f"ours: {label}")
        runs = group(histories, sizes[-1], 9)
        if runs:
            mean, low, high = at_pass(runs, -1, "test_error_percent")
            beside, error = BESIDE * sizes[-1] / 1000, [[mean - low], [high - mean]]
            what = "ours: test error, with distortions"
            axes.errorbar([beside], [mean], error, fmt="D", color=TEST, capsize=3, label=what)
        allowed = comparable(histories)
        if allowed:
            _paper(axes)
        seeds = len(group(histories, sizes[-1], 0))
        title = f"Mean of {seeds} seeds, {interval_name(seeds)}" + ("; Figure 6 of the paper" if allowed else "")
        axes.set(xlabel="training set size (thousands of patterns)", ylabel="error (%)", title=title)
        axes.set_ylim(bottom=0)
        axes.set_xticks([size / 1000 for size in sizes])
        if runs:
            words = f"with distortions:\nof {sizes[-1]:,} too"
            axes.annotate(words, (beside, low), (0, -6), textcoords="offset points", ha="right", va="top", fontsize=7)
        if chosen_look().narrow:  # the curves leave it no room
            figure.set_size_inches(chosen_look().width or 3.4, 3.6)
            figure.legend(loc="outside lower center")
        else:
            axes.legend()
        return save(figure, stem)


def _paper(axes: Axes) -> None:
    paper = figure_6()
    plain = [row for row in paper if row["with_distortions"] == "no"]
    hollow: dict[str, Any] = {"color": "0.4", "markerfacecolor": "white"}
    for key, marker, label in (
        ("train_error_percent", "s", "training error"),
        ("test_error_percent", "o", "test error"),
    ):
        sizes = [int(row["training_set_size"]) / 1000 for row in plain]
        errors = [float(row[key]) for row in plain]
        axes.plot(sizes, errors, label=f"1998: {label}", marker=marker, linestyle=":", **hollow)
    distorted_test = [float(paper[-1]["test_error_percent"])]
    axes.plot([BESIDE * 60], distorted_test, "D", label="1998: test error, with distortions", **hollow)


def plan(setting: Setting) -> Plan:
    whole = len(setting.data.train)
    sizes = [size * whole // SIZES[-1] for size in SIZES] if setting.quick else SIZES
    tasks = [task for size in sizes for task in setting.runs(setting.recipe, train_size=size)]
    tasks += setting.runs(distorted(setting.recipe), train_size=sizes[-1])
    return (yield tasks)


def tables(record: Record) -> list[Table]:
    """Errors of the last pass by size, beside Figure 6's where they may be compared."""
    histories = record["runs"]
    sizes, compared = sizes_of(histories), comparable(histories)
    points = figure_6() if compared else []
    paper = {(int(row["training_set_size"]), row["with_distortions"]): row for row in points}
    columns = [Column("training set", "patterns"), Column("distorted copies"), Column("training error", "%")]
    columns += [Column("test error", "%"), *([Column("1998: test error", "%")] if compared else [])]
    rows = []
    for size, copies in [*((size, 0) for size in sizes), (sizes[-1], 9)]:
        if runs := group(histories, size, copies):
            ours = [estimate([run["passes"][-1][f"{which}_error_percent"] for run in runs]) for which in ERRORS]
            point = paper.get((size * (1 + copies), "yes" if copies else "no"), {})
            rows.append([size, copies, *ours, *([float(point["test_error_percent"])] if compared else [])])
    caption = f"Errors of the last pass by size of the training set, {len(group(histories, sizes[0], 0))} seeds"
    return [Table(record["experiment"], caption, columns, rows, ["Training errors are counted on the fly."])]


def claims(record: Record) -> list[Claim]:
    """Equation 1's alpha."""
    histories = record["runs"]
    if not comparable(histories) or len(exponents(histories)) < 2:
        return []
    mean, low, high = student_interval(np.array(exponents(histories)))
    verdict = "agrees" if 0.5 <= mean <= 1 else "contradicts" if high < 0.5 or low > 1 else "open"
    says = "test and training error differ by k (h / P)^alpha, alpha between 0.5 and 1"
    return [Claim("II, equation 1", says, in_words(histories), verdict)]


EXPERIMENT = Experiment(
    name=NAME,
    title="Error by size of the training set",
    paper="Figure 6, section III-B",
    question="How do errors fall with the size of the training set, and with distortions?",
    answer="The test error falls from {fig6_training_size; 15,000; test error} with 15,000 patterns to "
    "{fig6_training_size; 60,000; 0; test error} with 60,000, and to {fig6_training_size; 60,000; 9; test error} with "
    "distortions. The exponent alpha of equation 1 comes out lower than the paper says.",
    description=__doc__.partition("\n\n")[2],
    caption="Errors after the last pass over 15,000, 30,000 and 60,000 patterns, and over 60,000 with distortions, "
    "which are drawn a little to the right so that intervals can be told apart. The 1998 points are digitised from "
    "Figure 6, to 0.01 point.",
    chapter="Figures of the paper",
    place=6,
    plan=plan,
    tables=tables,
    figures=lambda record, stem: draw(record["runs"], stem),
    claims=claims,
    seeds=10,
    recipe=True,
    compared=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)
