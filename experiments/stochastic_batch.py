"""Stochastic against batch gradient (appendix B): one update a pattern, or one for many.

Appendix B says that on large, redundant sets stochastic updates beat those by the whole gradient, sometimes by orders
of magnitude. Plain gradient descent with one constant rate learns in batches of 1, 64, 1,000 and all patterns, each at
its own best rate, which is searched with one seed and two fifths of the passes on held-out training patterns. The
larger batches make more passes, since a pass has fewer updates: of all patterns 30, one update each, where single
patterns have 5. Errors are drawn by pass and by second of training; printed is how far each size has come, and how many
passes it needs for the error that single patterns have after their first.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.common import at_pass, carry_out, guarded, named, recorded, resolve_data, seeds_of
from experiments.options import options, parse
from lenet1998.evaluation import interval_name
from lenet1998.pictures.plotting import LOOKS, band, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.running.work import Task

NAME = "stochastic_batch"
ALL = 0  # a batch of all patterns that there are
RATES = {
    1: (0.001, 0.002, 0.004, 0.008),
    64: (0.016, 0.032, 0.064, 0.128),
    1000: (0.016, 0.032, 0.064, 0.128),
    ALL: (0.016, 0.032, 0.064, 0.128),
}
LONGER = {1: 1, 64: 1, 1000: 2, ALL: 6}
"""By size of the batch, how many times as many passes as --passes."""


def recipe_of(batch: int, rate: float, patterns: int) -> Recipe:
    """Plain gradient descent with a constant rate, `patterns` to an update where the batch is all of them."""
    size = "all patterns" if batch == ALL else f"batches of {batch:,}" if batch > 1 else "one pattern"
    return replace(
        Recipe(), name=f"{size}, rate {rate:g}", optimiser="sgd", batch=batch or patterns, schedule=((1, rate),)
    )


def best(search: list[dict]) -> dict[int, dict]:
    """For each batch size of the search (all patterns: the size of the training set), the run that ended with the
    lowest held-out error."""
    by_size: dict[int, list[dict]] = {}
    for run in search:
        by_size.setdefault(run["recipe"]["batch"], []).append(run)
    return {
        size: min(runs, key=lambda run: run["passes"][-1]["test_error_percent"])
        for size, runs in sorted(by_size.items())
    }


def curves(runs: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Held-out errors (runs, passes) and the mean seconds of training after each pass."""
    errors = np.array([[record["test_error_percent"] for record in run["passes"]] for run in runs])
    seconds = np.cumsum([[record["seconds"] for record in run["passes"]] for run in runs], axis=1).mean(axis=0)
    return errors, seconds


def first_below(runs: list[dict], level: float) -> int | None:
    """The first pass after which the mean held-out error is `level` or less; None where none is."""
    below = np.flatnonzero(curves(runs)[0].mean(axis=0) <= level)
    return int(below[0]) + 1 if len(below) else None


def draw(sizes: dict[str, list[dict]], stem: Path) -> list[Path]:
    """Held-out error by pass and by second of training, each batch size at its best rate; runs by the recipe's name."""
    with style():
        figure, (by_pass, by_second) = panels(2, (7.5, 3.4), sharey=True)
        for (name, runs), look in zip(sizes.items(), LOOKS, strict=False):
            errors, seconds = curves(runs)
            band(by_pass, np.arange(1, errors.shape[1] + 1), errors, name, look)
            band(by_second, seconds, errors, name, look)
        by_pass.set(xlabel="pass through the training set", xscale="log", ylabel="held-out error (%)", yscale="log")
        by_second.set(xlabel="seconds of training, one core", xscale="log")
        for axis in (by_pass.yaxis, by_pass.xaxis, by_second.xaxis):
            axis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        shown = interval_name(min(len(runs) for runs in sizes.values()))
        figure.suptitle(f"Appendix B: each size of batch at its own best rate; mean, {shown}", fontsize=10)
        figure.legend(*by_pass.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
        return save(figure, stem)


def train(arguments: argparse.Namespace) -> None:
    """Search each size's rate with one seed (OUT/stochastic_batch_search.json), then repeat the best with all seeds
    (OUT/stochastic_batch.json)."""
    data = resolve_data(arguments)
    held_out = 50 if arguments.quick else 10_000
    patterns = len(data.train) - held_out

    def tasks(recipe: Recipe, place: str, passes: int, count: int) -> list[Task]:
        directory = arguments.runs / NAME / place / recipe.name.replace(", ", "_")
        found = seeds_of(recipe, directory, arguments, count, validation=held_out)
        return [replace(task, passes=max(1, passes)) for task in found]

    full = {batch or patterns: times * arguments.passes for batch, times in LONGER.items()}
    search = [
        task
        for batch, rates in RATES.items()
        for rate in rates
        for task in tasks(recipe_of(batch, rate, patterns), "search", 2 * full[batch or patterns] // 5, 1)
    ]
    found = carry_out(f"{NAME}_search", search, arguments, allow_divergence=True)
    chosen = [Recipe.from_dict(run["recipe"]) for run in best(found).values()]
    repeated = [task for recipe in chosen for task in tasks(recipe, "all", full[recipe.batch], arguments.seeds)]
    carry_out(NAME, repeated, arguments)


def main() -> None:
    arguments = parse(options(__doc__, seeds=5, passes=5, recipe=False))
    if not arguments.plot_only:
        train(arguments)
    histories = recorded(NAME, arguments)
    sizes = {run["recipe"]["name"]: named(histories, run["recipe"]["name"]) for run in histories}
    level = at_pass(next(iter(sizes.values())), 1, "test_error_percent")[0]
    for name, runs in sizes.items():
        mean, low, high = at_pass(runs, -1, "test_error_percent")
        errors, seconds = curves(runs)
        needed = first_below(runs, level)
        after = f"pass {needed}, {seconds[needed - 1]:.1f} s" if needed else f"more than {errors.shape[1]} passes"
        print(
            f"{name}: held-out error {mean:.2f}% ({low:.2f} to {high:.2f}) after pass {errors.shape[1]}, "
            f"{seconds[-1]:.1f} s; {level:.2f}% after {after}"
        )
    for path in (arguments.out / f"{NAME}.json", *draw(sizes, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)
