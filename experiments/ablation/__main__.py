"""What is each idea of 1998 worth? From LeNet-5 as it was to LeNet-5 as it would be built today, part by part.

One end, `1998`, has the parts of the `default` recipe, the other, `modern`, those of the `modern` recipe. The ladder
changes one part after the other; then each part of one end is put alone into the other end, both ways.

Every variant has the same schedule but for its first rate: the rates of the paper relative to the first, two passes
each, which makes 10 passes. The first rate is searched for every variant, the ends included, with the same budget:
five rates, three passes (1, 0.4 and 0.1 times the rate) and one seed over the first five sixths of the training
patterns, judged on the last sixth (of MNIST 50,000 and 10,000). Three rates are a quarter, one and four times a centre
that depends on optimiser and batch size; two are half and twice the best of these. The best of the five is
then trained with at least five seeds on all training patterns, and only those runs are tested on the test set. Where
one of them diverges, or still errs on half of what it learns in the last pass, all are given up for half the rate, and
so on: so little searching cannot tell a rate that always holds from one that mostly does. The runs of the search and
those that were given up are recorded too, under the variant's name and "rate x" the factor to the centre.

Seconds are those of training, without testing, on one core, beside as many other runs as --jobs says. Writes
ablation.json with all histories and the misclassified patterns, ablation_scores.json, the table ablation.md and the
figures ablation_ladder, ablation_components and ablation_speed.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from typing import Any

from experiments.ablation import report as ablation_report
from experiments.ablation.variants import FROM_END, FROM_START, LADDER, SHAPE, Variant, variants
from experiments.common import carry_out, guarded, named, recorded, resolve_data, seeds_of
from experiments.options import options, parse
from experiments.pairs import with_misclassified
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically, write_json
from lenet1998.recipe import Recipe
from lenet1998.running.work import Task

NAME = "ablation"

# The search goes through the same rates in fewer passes.
SEARCH_SHAPE = ((1, 1.0), (1, 0.4), (1, 0.1))
# Per cent of the training patterns: a network that errs on more in its last pass has not learned.
STUCK = 50.0
RETREATS = 3  # how often half the rate is tried
PASSES, SEARCH_PASSES = (sum(passes for passes, _ in shape) for shape in (SHAPE, SEARCH_SHAPE))

# The centre of the search is base * batch ** power. The first base is the paper's eta, the others are customary, but
# for RMSProp and Adam four times that, since their best rates were the highest of a first search. An
# average over a batch bears a larger rate: in proportion at most, and by the root for methods that divide by the
# gradient's size. Where a centre is far off, the table marks that the best rate was the lowest or highest tried.
CENTRES = {
    "sdlm": (0.0005, 0.75),
    "sgd": (0.005, 0.75),
    "momentum": (0.0005, 0.75),
    "rmsprop": (0.0002, 0.5),
    "adam": (0.0005, 0.5),
}
FIRST_FACTORS = (0.25, 1.0, 4.0)
FACTORS = tuple(2.0**power for power in range(-6, 4))  # every factor that a search can come to


def centre(recipe: Recipe) -> float:
    """The middle of the rates that are searched."""
    base, power = CENTRES[recipe.optimiser]
    return base * recipe.batch**power


def at_factor(recipe: Recipe, factor: float, shape: tuple[tuple[int, float], ...] = SHAPE) -> Recipe:
    """The recipe with the first rate `factor` times its centre."""
    rate = factor * centre(recipe)
    return replace(recipe, schedule=tuple((passes, rate * part) for passes, part in shape))


def trial(recipe: Recipe, factor: float) -> Recipe:
    """The recipe of one run of the search."""
    return replace(at_factor(recipe, factor, SEARCH_SHAPE), name=f"{recipe.name}, rate x {factor:g}")


def trials(recipe: Recipe, histories: list[dict]) -> dict[float, float]:
    """Held-out error (%) by factor, of the runs of its search that ended."""
    runs = {factor: named(histories, trial(recipe, factor).name) for factor in FACTORS}
    return {factor: own[0]["passes"][-1]["test_error_percent"] for factor, own in runs.items() if own}


def best_factor(recipe: Recipe, histories: list[dict]) -> float:
    """Of the factors that were tried the one with the lowest error, of equals the nearest to the centre; where all
    runs diverged the lowest of all."""
    ends = trials(recipe, histories)
    return min(ends, key=lambda factor: (ends[factor], abs(math.log(factor))), default=FACTORS[0])


def second_factors(recipe: Recipe, histories: list[dict]) -> tuple[float, float]:
    """What is tried after the first three: beside the best of them, or far below if all diverged."""
    if not trials(recipe, histories):
        return FACTORS[2], FACTORS[0]
    best = best_factor(recipe, histories)
    return best / 2, best * 2


def stuck(name: str, histories: list[dict], diverged: list[dict]) -> bool:
    """Whether a run of a variant diverged or has learned next to nothing, by its training error alone."""
    errors = [run["passes"][-1]["train_error_percent"] for run in named(histories, name)]
    return max(errors, default=0.0) > STUCK or any(end["recipe"] == name for end in diverged)


def given_up(name: str, factor: float, histories: list[dict], diverged: list[dict]) -> tuple[list[dict], list[dict]]:
    """The records, with the runs of a variant under the name of a rate that did not hold."""
    lost = f"{name}, rate x {factor:g}{ablation_report.GIVEN_UP}"
    runs = [
        run | {"recipe": run["recipe"] | {"name": lost}} if run["recipe"]["name"] == name else run for run in histories
    ]
    return runs, [end | {"recipe": lost} if end["recipe"] == name else end for end in diverged]


def train(arguments: argparse.Namespace) -> None:
    """Search and train group by group; OUT/ablation.json holds the histories."""
    held_out = len(resolve_data(arguments).train) // 6
    everything: dict[str, Variant] = {}
    for row in variants():
        everything.setdefault(row.recipe.name, row)
    rows = [row for name, row in everything.items() if name in (arguments.only or everything)]
    so_far = kept(arguments)

    def tasks(recipe: Recipe, count: int, place: str = "", **data: int) -> list[Task]:
        name = (recipe.name + place).replace(", ", "_").replace(" ", "_").replace("'", "")
        return seeds_of(recipe, arguments.runs / NAME / name, arguments, count, **data)

    def carried(these: list[Task], complete: bool = False, **more: Any) -> tuple[list[dict], list[dict]]:
        carry_out(NAME, these, arguments, complete=complete, allow_divergence=True, kept=so_far, **more)
        path = arguments.out / (f"{NAME}.json" if complete else f"{NAME}.partial.json")
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["runs"], content["diverged"]

    for group in (LADDER, FROM_START, FROM_END):
        recipes = [row.recipe for row in rows if row.group == group]
        if not recipes:
            continue
        for factors in (lambda *_: FIRST_FACTORS, second_factors):
            searched = [trial(recipe, factor) for recipe in recipes for factor in factors(recipe, so_far[0])]
            these = [task for recipe in searched for task in tasks(recipe, 1, validation=held_out)]
            so_far = carried([replace(task, passes=min(task.passes, SEARCH_PASSES)) for task in these])
        best = {recipe: best_factor(recipe, so_far[0]) for recipe in recipes}
        place = ""
        for retreats_left in reversed(range(1 + RETREATS)):
            these = [
                task
                for recipe, factor in best.items()
                for task in tasks(at_factor(recipe, factor), arguments.seeds, place and f"{place} {factor:g}")
            ]
            so_far = carried(these, extend=with_misclassified(these))
            holds = {recipe for recipe in best if not stuck(recipe.name, *so_far) or best[recipe] == FACTORS[0]}
            if holds == set(best) or not retreats_left:
                break
            best = {recipe: factor for recipe, factor in best.items() if recipe not in holds}
            for recipe, factor in best.items():
                so_far = given_up(recipe.name, factor, *so_far)
            best, place = {recipe: factor / 2 for recipe, factor in best.items()}, " at"
    carried([], complete=True)


def kept(arguments: argparse.Namespace) -> tuple[list[dict], list[dict]]:
    """With --only, what is recorded of the other variants, if anything is. Raises LeNetError for unknown names."""
    unknown = set(arguments.only or ()) - {row.recipe.name for row in variants()}
    if unknown:
        raise LeNetError(f"no rung is called {unknown.pop()!r}: --help lists the names")
    if not arguments.only or not list(arguments.out.glob(f"{NAME}*.json")):
        return [], []

    def others(names: str) -> bool:
        return names.partition(", rate x ")[0] not in arguments.only

    histories, diverged = recorded(NAME, arguments), recorded(NAME, arguments, "diverged")
    return [run for run in histories if others(run["recipe"]["name"])], [e for e in diverged if others(e["recipe"])]


def main() -> None:
    parser = options(__doc__, seeds=5, passes=PASSES, recipe=False)
    names = list(dict.fromkeys(row.recipe.name for row in variants()))
    parser.add_argument(
        "--only",
        metavar="RUNG",
        action="append",
        help="search and train this one alone and keep what is recorded of the others; may be repeated. One of: "
        + "; ".join(names),
    )
    arguments = parse(parser)
    if arguments.quick:  # so little is learned faster than the networks are compiled, and the two ends show it all
        arguments.only = arguments.only or ["1998", "modern"]
        arguments.engine = "numpy" if arguments.engine == "auto" else arguments.engine
    if not arguments.plot_only:
        train(arguments)
    histories, diverged = recorded(NAME, arguments), recorded(NAME, arguments, "diverged")
    scores = ablation_report.scores(variants(), histories, diverged)
    stem = arguments.out / NAME
    write_json(arguments.out / f"{NAME}_scores.json", {"experiment": NAME, "rows": scores})
    write_atomically(arguments.out / f"{NAME}.md", ablation_report.table(scores).encode())
    written = [stem.with_suffix(".json"), stem.with_suffix(".md"), *ablation_report.draw(scores, histories, stem)]
    for path in written:
        print(path)


if __name__ == "__main__":
    guarded(main)
