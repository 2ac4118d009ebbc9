"""Stochastic against batch gradient (appendix B): one update a pattern, or one for many.

Appendix B says that on large, redundant sets stochastic updates beat those by the whole gradient, sometimes by orders
of magnitude. Plain gradient descent with one constant rate learns in batches of 1, 64, 1,000 and all patterns, each at
its own best rate, which is searched with one seed and three passes (all patterns: of an update each, so as many updates
as are paid for with thirty passes) on held-out training patterns. Errors are drawn by pass and by second of training.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from experiments.common import at_pass, carry_out, guarded, named, options, parse, recorded, resolve_data, seeds_of
from lenet1998.pictures.plotting import LOOKS, band, save, style
from lenet1998.recipe import Recipe
from lenet1998.running.sweep import Task

NAME = "stochastic_batch"
ALL = 0  # a batch of all patterns that there are
RATES = {
    1: (0.0005, 0.001, 0.002, 0.004, 0.008),
    64: (0.004, 0.016, 0.032, 0.064, 0.128),
    1000: (0.032, 0.064, 0.128, 0.256, 0.512),
    ALL: (0.064, 0.128, 0.256, 0.512, 1.024),
}
SEARCH_PASSES = {ALL: 30}


def recipe_of(batch: int, rate: float, patterns: int) -> Recipe:
    """Plain gradient descent with a constant rate, `patterns` to an update where the batch is all of them."""
    size = "all patterns" if batch == ALL else f"batches of {batch:,}" if batch > 1 else "one pattern"
    return replace(
        Recipe(), name=f"{size}, rate {rate:g}", optimiser="sgd", batch=batch or patterns, schedule=((1, rate),)
    )


def best(histories: list[dict], number: int = -1) -> dict[int, dict]:
    """For each batch size on record (all patterns: the size of the training set), the recipe of lowest held-out error
    with the first seed after the search's passes; of those that were repeated, if some were."""
    found: dict[int, tuple[tuple[int, float], dict]] = {}
    for run in histories:
        recipe = run["recipe"]
        seeds = len(named(histories, recipe["name"]))
        rank = (-seeds, run["passes"][number]["test_error_percent"])
        if run["seed"] == 1 and (recipe["batch"] not in found or rank < found[recipe["batch"]][0]):
            found[recipe["batch"]] = (rank, recipe)
    return {batch: found[batch][1] for batch in sorted(found)}


def draw(histories: list[dict], stem: Path) -> list[Path]:
    """Held-out error by pass and by second of training, each batch size at its best rate."""
    with style():
        figure = Figure(figsize=(7.5, 3.4))
        by_pass, by_second = figure.subplots(1, 2, sharey=True)
        for recipe, look in zip(best(histories).values(), LOOKS, strict=False):
            runs = named(histories, recipe["name"])
            errors = np.array([[record["test_error_percent"] for record in run["passes"]] for run in runs])
            seconds = np.cumsum([[record["seconds"] for record in run["passes"]] for run in runs], axis=1).mean(axis=0)
            band(by_pass, np.arange(1, errors.shape[1] + 1), errors, recipe["name"], look)
            band(by_second, seconds, errors, recipe["name"], look)
        by_pass.set(xlabel="pass through the training set", ylabel="held-out error (%)", yscale="log")
        by_second.set(xlabel="seconds of training, one core", xscale="log")
        by_pass.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        by_pass.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        figure.suptitle("Appendix B: each size of batch at its own best rate; mean, 95% interval", fontsize=10)
        by_pass.legend()
        return save(figure, stem)


def train(arguments: argparse.Namespace) -> None:
    """Search each size's rate with one seed, repeat the best with all; OUT/stochastic_batch.json holds everything."""
    data = resolve_data(arguments)
    held_out = 50 if arguments.quick else 10_000
    patterns = len(data.train) - held_out
    passes = arguments.passes

    def tasks(recipe: Recipe, place: str, count: int) -> list[Task]:
        directory = arguments.runs / NAME / place / recipe.name.replace(", ", "_")
        return seeds_of(recipe, directory, arguments, count, validation=held_out)

    search = []
    for batch, rates in RATES.items():
        arguments.passes = min(SEARCH_PASSES.get(batch, 3), passes * 10)
        for rate in rates:
            search += tasks(recipe_of(batch, rate, patterns), "search", 1)
    arguments.passes = passes
    found = carry_out(f"{NAME}_search", search, arguments, allow_divergence=True)
    chosen = [Recipe.from_dict(recipe) for recipe in best(found).values()]
    arguments.resume = True
    carry_out(NAME, [task for recipe in chosen for task in tasks(recipe, "all", arguments.seeds)], arguments)


def main() -> None:
    arguments = parse(options(__doc__, seeds=5, passes=10, recipe=False))
    if not arguments.plot_only:
        train(arguments)
    histories = recorded(NAME, arguments)
    for recipe in best(histories).values():
        runs = named(histories, recipe["name"])
        last = len(runs[0]["passes"])
        for number in sorted({1, 5, last} & set(range(1, last + 1))):
            mean, low, high = at_pass(runs, number, "test_error_percent")
            seconds = np.mean([sum(record["seconds"] for record in run["passes"][:number]) for run in runs])
            after = f"pass {number}, {seconds:.1f} s"
            print(f"{recipe['name']}, {after}: held-out error {mean:.2f}% ({low:.2f} to {high:.2f})")
    for path in (arguments.out / f"{NAME}.json", *draw(histories, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)
