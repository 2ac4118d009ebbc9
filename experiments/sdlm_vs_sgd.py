"""What the second derivatives are worth: SDLM against plain online gradient descent (appendix C).

Both learn the first 50,000 training patterns and are judged on the last 10,000, so that the search for the best
single rate is not made on the test set. Plain gradient descent is SDLM with h_kk = 0: one rate eta / mu for all
parameters, under the same schedule; its first rate is searched with one seed, the best is repeated with all. The
sample that estimates h_kk is varied too: the paper says that the result does not depend on which patterns are taken.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.common import at_pass, carry_out, guarded, named, options, parse, recorded, resolve_data, seeds_of
from lenet1998.evaluation import student_interval
from lenet1998.options import chosen_recipe
from lenet1998.plotting import save, style
from lenet1998.recipe import Recipe
from lenet1998.sweep import Task

NAME = "sdlm_vs_sgd"
RATES = (0.0003, 0.001, 0.002, 0.004, 0.008, 0.016)
SAMPLES = (20, 5000)


def sgd(recipe: Recipe, rate: float) -> Recipe:
    """Plain gradient descent whose first rate is `rate`."""
    return replace(recipe, name=f"SGD, rate {rate:g}", hessian_patterns=0, mu=recipe.eta(1) / rate)


def compared(recipe: Recipe, best: float) -> list[Recipe]:
    """What is repeated with all seeds: SDLM, SGD at its best rate, and SDLM with other samples."""
    sampled = [replace(recipe, name=f"SDLM, {size} patterns", hessian_patterns=size) for size in SAMPLES]
    return [replace(recipe, name="SDLM, 500 patterns"), sgd(recipe, best), *sampled]


def draw(histories: list[dict], names: list[str], stem: Path) -> list[Path]:
    with style():
        figure = Figure(figsize=(7.5, 3.4))
        left, right = figure.subplots(1, 2)
        for name in names:
            runs = named(histories, name)
            passes = [record["pass"] for record in runs[0]["passes"]]
            curves = np.array([[record["test_error_percent"] for record in run["passes"]] for run in runs])
            mean, low, high = student_interval(curves)
            (line,) = left.plot(passes, mean, label=name)
            left.fill_between(passes, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
        left.set(xlabel="pass", ylabel="held-out error (%)", yscale="log", title="95% intervals over seeds")
        left.legend()
        searched = [(rate, runs) for rate in RATES if (runs := named(histories, f"SGD, rate {rate:g}"))]
        ends = [runs[0]["passes"][-1]["test_error_percent"] for _, runs in searched]
        right.plot([rate for rate, _ in searched], ends, "o-", color="0.3")
        right.set(xlabel="rate of plain gradient descent in pass 1", ylabel="held-out error, seed 1 (%)", xscale="log",
                  yscale="log", title="search for the single rate")  # fmt: skip
        return save(figure, stem)


def main() -> None:
    arguments = parse(options(__doc__, seeds=5))

    def tasks(recipes: list[Recipe], count: int) -> list[Task]:
        return [
            task
            for recipe in recipes
            for task in seeds_of(
                recipe,
                arguments.runs / NAME / recipe.name.replace(", ", "_"),
                arguments,
                count,
                validation=300 if arguments.quick else 10_000,
            )
        ]

    recipe = chosen_recipe(arguments)
    if not arguments.plot_only:
        resolve_data(arguments)
        search = tasks([sgd(recipe, rate) for rate in RATES], 1)
        found = carry_out(NAME, search, arguments)
        best = RATES[int(np.argmin([run["passes"][-1]["test_error_percent"] for run in found]))]
        arguments.resume = True  # the best rate's first seed has just been trained
        everything = tasks(compared(recipe, best), arguments.seeds)
        carry_out(
            NAME, everything + [task for task in search if task.out not in {t.out for t in everything}], arguments
        )
    histories = recorded(NAME, arguments)
    ends = {
        rate: at_pass(runs, -1, "test_error_percent")
        for rate in RATES
        if (runs := named(histories, f"SGD, rate {rate:g}"))
    }
    best = max(ends, key=lambda rate: len(named(histories, f"SGD, rate {rate:g}")))
    names = [recipe.name for recipe in compared(recipe, best)]
    for name in names:
        for number in sorted({1, 3, 8, arguments.passes}):
            if number > arguments.passes:
                break
            mean, low, high = at_pass(named(histories, name), number, "test_error_percent")
            print(f"{name}, pass {number}: held-out error {mean:.2f}% ({low:.2f} to {high:.2f})")
    for path in (arguments.out / f"{NAME}.json", *draw(histories, names, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)
