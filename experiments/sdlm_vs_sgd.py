"""What the second derivatives are worth: SDLM against plain online gradient descent (appendix C).

Both learn the first 50,000 training patterns and are judged on the last 10,000, so that the search for the best
single rate is not made on the test set. Plain gradient descent has one rate for all parameters, under the same
schedule; its first rate is searched with one seed, the best is repeated with all. A run that diverges is a result too,
and listed. The sample that estimates h_kk is varied too: the paper says that the result does not depend on which
patterns are taken.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.common import at_pass, carry_out, guarded, named, recorded, resolve_data, seeds_of
from experiments.options import options, parse, variant
from lenet1998.commands.options import chosen_recipe
from lenet1998.pictures.plotting import LOOKS, band, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import SeedTest, over_seeds
from lenet1998.running.work import Task

NAME = "sdlm_vs_sgd"
RATES = (0.0003, 0.001, 0.002, 0.004, 0.008, 0.016)
SAMPLES = (20, 5000)
SDLM = "SDLM, 500 patterns"


def sgd(recipe: Recipe, rate: float) -> Recipe:
    """Plain gradient descent whose first rate is `rate`; the later ones fall as the recipe's do."""
    schedule = tuple((passes, rate * eta / recipe.eta(1)) for passes, eta in recipe.schedule)
    return replace(recipe, name=rate_name(rate), optimiser="sgd", schedule=schedule)


def rate_name(rate: float) -> str:
    """The recipe's name of plain gradient descent at a rate."""
    return f"SGD, rate {rate:g}"


def best_rate(histories: list[dict]) -> float | None:
    """The rate that was repeated with most seeds, among equals that of lowest error; None if all diverged."""
    ends = {
        rate: at_pass(runs, -1, "test_error_percent")[0]
        for rate in RATES
        if (runs := named(histories, rate_name(rate)))
    }
    return min(ends, key=lambda rate: (-len(named(histories, rate_name(rate))), ends[rate]), default=None)


def compared(recipe: Recipe, best: float | None) -> list[Recipe]:
    """What is repeated with all seeds: SDLM, SGD at its best rate (if any ends), and SDLM with other samples."""
    sampled = [replace(recipe, name=f"SDLM, {size} patterns", hessian_patterns=size) for size in SAMPLES]
    return [replace(recipe, name=SDLM), *([sgd(recipe, best)] if best else []), *sampled]


def against_sgd(histories: list[dict], number: int) -> SeedTest | None:
    """Held-out error of SDLM minus that of SGD at its best rate after pass `number`, paired by seed; None without SGD.

    SDLM has the paper's 500 patterns. Runs of the same seed start with the same weights and have the same order.
    """
    best = best_rate(histories)
    if best is None:
        return None
    errors = [
        {run["seed"]: run["passes"][number - 1]["test_error_percent"] for run in named(histories, name)}
        for name in (SDLM, rate_name(best))
    ]
    seeds = sorted(errors[0].keys() & errors[1].keys())
    return over_seeds(*([each[seed] for seed in seeds] for each in errors)) if seeds else None


def in_words(test: SeedTest) -> str:
    """The difference with what there is of its interval and p-value."""
    interval = "" if test.low is None else f" ({test.low:.2f} to {test.high:.2f}), p = {test.p:.2f}"
    return f"{test.difference:+.2f} point{interval}, Student's paired t-test over {test.pairs} seeds"


def draw(histories: list[dict], diverged: list[dict], names: list[str], stem: Path) -> list[Path]:
    with style():
        figure, (left, right) = panels(2, (7.5, 3.4))
        for name, look in zip(names, LOOKS, strict=False):
            runs = named(histories, name)
            if not runs:
                continue
            passes = [record["pass"] for record in runs[0]["passes"]]
            curves = np.array([[record["test_error_percent"] for record in run["passes"]] for run in runs])
            band(left, np.array(passes), curves, name, look)
        left.set(xlabel="pass through the training set", ylabel="held-out error (%)", yscale="log",
                 title="Appendix C: mean, 95% interval")  # fmt: skip
        if left.lines:
            left.legend()
        first = [run for run in histories if run["seed"] == 1]
        searched = [(rate, runs[0]) for rate in RATES if (runs := named(first, rate_name(rate)))]
        ends = [run["passes"][-1]["test_error_percent"] for _, run in searched]
        right.plot([rate for rate, _ in searched], ends, "o-", color="0.3")
        lost = {end["recipe"] for end in diverged if end["seed"] == 1}
        lost_rates = [rate for rate in RATES if rate_name(rate) in lost]
        if lost_rates:
            top = right.get_xaxis_transform()
            right.plot(lost_rates, [0.95] * len(lost_rates), "x", color="#D55E00", transform=top, label="diverged")
            right.legend()
        right.set(xlabel="rate of plain gradient descent in pass 1", ylabel="held-out error (%)", xscale="log",
                  yscale="log" if ends else "linear", title="Search for the single rate, seed 1")  # fmt: skip
        for axes in (left, right):
            if axes.get_yscale() == "log":  # less than a decade: powers of ten would be no labels
                axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5)))
                axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
                axes.yaxis.set_minor_locator(ticker.NullLocator())
        return save(figure, stem)


def train(name: str, recipe: Recipe, arguments: argparse.Namespace) -> None:
    """Search the single rate with one seed, then repeat it and SDLM with all; OUT/name.json holds everything."""

    def tasks(recipes: list[Recipe], count: int) -> list[Task]:
        held_out = 300 if arguments.quick else 10_000
        return [
            task
            for each in recipes
            for task in seeds_of(
                each, arguments.runs / name / each.name.replace(", ", "_"), arguments, count, validation=held_out
            )
        ]

    resolve_data(arguments)
    search = tasks([sgd(recipe, rate) for rate in RATES], 1)
    found = carry_out(name, search, arguments, complete=False, allow_divergence=True)
    arguments.resume = True  # the best rate's first seed has just been trained
    everything = tasks(compared(recipe, best_rate(found)), arguments.seeds)
    others = [task for task in search if task.out not in {each.out for each in everything}]
    carry_out(name, everything + others, arguments, allow_divergence=True)


def main() -> None:
    arguments = parse(options(__doc__, seeds=5))
    name, recipe = variant(NAME, arguments), chosen_recipe(arguments)
    if not arguments.plot_only:
        train(name, recipe, arguments)
    histories, diverged = recorded(name, arguments), recorded(name, arguments, "diverged")
    names = [each.name for each in compared(recipe, best_rate(histories))]
    for each in names:
        runs = named(histories, each)
        last = len(runs[0]["passes"]) if runs else 0
        for number in sorted({1, 3, 8, last} & set(range(1, last + 1))):
            mean, low, high = at_pass(runs, number, "test_error_percent")
            print(f"{each}, pass {number}: held-out error {mean:.2f}% ({low:.2f} to {high:.2f})")
    for number in sorted({1, 3, 8, last} & set(range(1, last + 1))):
        test = against_sgd(histories, number)
        if test:
            print(f"pass {number}, SDLM minus SGD: {in_words(test)}")
    for end in diverged:
        print(f"{end['recipe']}, seed {end['seed']}: {end['reason']}")
    for path in (arguments.out / f"{name}.json", *draw(histories, diverged, names, arguments.out / name)):
        print(path)


if __name__ == "__main__":
    guarded(main)
