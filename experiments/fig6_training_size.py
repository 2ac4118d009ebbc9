"""Figure 6: error against the size of the training set, 15,000 to 60,000, and with distortions (section III-B).

The smaller sets are the first patterns of the file; the paper does not say which were taken. Training errors are
those of the last pass, on the fly. With distortions a pass is 60,000 patterns out of 600,000. Another recipe than
`default`, or a chosen engine, is recorded under its own name, and shares its full set with that variant of Figure 5.
Equation 1 says that test and training error differ by k (h / P)^alpha, alpha between 0.5 and 1: the points give one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.common import at_pass, carry_out, guarded, recorded, resolve_data, seeds_of
from experiments.options import options, parse, variant
from lenet1998.commands.options import chosen_recipe
from lenet1998.evaluation import interval_name, student_interval
from lenet1998.pictures.plotting import TEST, TRAIN, save, style
from lenet1998.recipe import Recipe
from lenet1998.reference import figure_6

SIZES = (15_000, 30_000, 60_000)
NAME = "fig6_training_size"
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
            what = f"ours: test error, {sizes[-1]:,} with distortions"
            axes.errorbar([beside], [mean], error, fmt="D", color=TEST, capsize=3, label=what)
        allowed = comparable(histories)
        if allowed:
            _paper(axes)
        seeds = len(group(histories, sizes[-1], 0))
        title = f"Mean of {seeds} seeds, {interval_name(seeds)}" + ("; Figure 6 of the paper" if allowed else "")
        axes.set(xlabel="training set size (thousands of patterns)", ylabel="error (%)", title=title)
        axes.set_ylim(bottom=0)
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
    axes.plot([BESIDE * 60], distorted_test, "D", label="1998: test error, 60,000 with distortions", **hollow)


def main() -> None:
    arguments = parse(options(__doc__, seeds=10))
    name = variant(NAME, arguments)
    if arguments.plot_only:
        histories = recorded(name, arguments)
    else:
        figure_5s = len(resolve_data(arguments).train)
        sizes = [size * figure_5s // SIZES[-1] for size in SIZES] if arguments.quick else SIZES
        recipe, tasks = chosen_recipe(arguments), []
        for size in sizes:
            # The full set is Figure 5's, and its runs are taken where that experiment has left them.
            shared = size == figure_5s
            directory = variant("fig5_error_curves", arguments) if shared else f"{name}_{size}"
            these = seeds_of(recipe, arguments.runs / directory, arguments, arguments.seeds, train_size=size)
            tasks += [replace(task, shared=shared) for task in these]
        directory = arguments.runs / f"{name}_distorted"
        tasks += seeds_of(distorted(recipe), directory, arguments, arguments.seeds, train_size=sizes[-1])
        histories = carry_out(name, tasks, arguments)
    sizes = sizes_of(histories)
    print("training set   distorted copies   seeds   training error (%)   test error (%), 95% interval")
    for size, copies in [(size, 0) for size in sizes] + [(sizes[-1], 9)]:
        runs = group(histories, size, copies)
        if runs:
            train, (mean, low, high) = (at_pass(runs, -1, f"{which}_error_percent") for which in ("train", "test"))
            ours = f"{mean:.2f} ({low:.2f} to {high:.2f})"
            print(f"{size:12,}   {copies:16}   {len(runs):5}   {train[0]:18.2f}   {ours}")
    if comparable(histories):
        print(in_words(histories))
    for path in (arguments.out / f"{name}.json", *draw(histories, arguments.out / name)):
        print(path)


if __name__ == "__main__":
    guarded(main)
