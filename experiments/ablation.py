"""What is each idea of 1998 worth? From LeNet-5 as it was to LeNet-5 as it would be built today, part by part.

One end, `1998`, has the parts of the `default` recipe, the other, `modern`, those of the `modern` recipe. The ladder
changes one part after the other; then each part of one end is put alone into the other end, both ways.

Every variant has the same schedule but for its first rate: the rates of the paper relative to the first, two passes
each, which makes 10 passes. The first rate is searched for every variant, the ends included, with the same budget:
five rates, three passes (1, 0.4 and 0.1 times the rate) and one seed over the first five sixths of the training
patterns, judged on the last sixth (of MNIST 50,000 and 10,000). Three rates are a quarter, one and four times a centre
that depends on optimiser and batch size; two are half and twice the best of these. The best of the five is
then trained with at least five seeds on all training patterns, and only those runs are tested on the test set. The
runs of the search are recorded too, under the variant's name and "rate x" the factor to the centre.

Seconds are those of training, without testing, on one core, beside as many other runs as --jobs says. Writes
ablation.json with all histories and the misclassified patterns, ablation_scores.json, the table ablation.md and the
figures ablation_ladder, ablation_components and ablation_speed.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass, replace

from experiments import ablation_report
from experiments.common import carry_out, guarded, named, options, parse, recorded, resolve_data, seeds_of
from experiments.pairs import with_misclassified
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically, write_json
from lenet1998.recipe import Recipe, preset
from lenet1998.sweep import Task

NAME = "ablation"
START, END = preset("default"), preset("modern")
LADDER, FROM_START, FROM_END = ablation_report.LADDER, *ablation_report.ENDS

# Passes, and the rate relative to the first: of the paper's schedule, and of the search.
SHAPE = ((2, 1.0), (2, 0.4), (2, 0.2), (2, 0.1), (2, 0.02))
SEARCH_SHAPE = ((1, 1.0), (1, 0.4), (1, 0.1))
PASSES, SEARCH_PASSES = (sum(passes for passes, _ in shape) for shape in (SHAPE, SEARCH_SHAPE))

# The centre of the search is base * batch ** power. The first base is the paper's eta, the others are customary. An
# average over a batch bears a larger rate: in proportion at most, and by the root for methods that divide by the
# gradient's size. Where a centre is far off, the table marks that the best rate was the lowest or highest tried.
CENTRES = {
    "sdlm": (0.0005, 0.75),
    "sgd": (0.005, 0.75),
    "momentum": (0.0005, 0.75),
    "rmsprop": (0.00005, 0.5),
    "adam": (0.000125, 0.5),
}
FIRST_FACTORS = (0.25, 1.0, 4.0)
FACTORS = tuple(2.0**power for power in range(-6, 4))  # every factor that a search can come to

# Rung of the ladder: the fields that it takes over from `modern`. After the last nothing is left of 1998.
RUNGS = {
    "full C3": ("c3",),
    "max pooling": ("subsampling",),
    "ReLU, He's start": ("squash", "init_gain", "init_power"),
    "cross-entropy": ("loss",),
    "linear output": ("output",),
    "batches of 64, fresh order": ("batch", "order"),
    "Adam": ("optimiser",),
}

# One part of today in the network of 1998; those of 1998, and others, in today's. As --set takes them.
INTO_START = {
    "full C3": ["c3=full"],
    "plain average": ["subsampling=plain"],
    "max pooling": ["subsampling=max"],
    "ReLU": ["squash=relu"],
    "He's start": [f"init_gain={END.init_gain}"],
    "random codes": ["codes=random"],
    "1-of-N codes": ["codes=one_of_n"],
    "equation 9": ["loss=map"],
    "cross-entropy": ["loss=cross_entropy"],
    "linear output, cross-entropy": ["output=linear", "loss=cross_entropy"],
    "SGD": ["optimiser=sgd"],
    "momentum": ["optimiser=momentum"],
    "RMSProp": ["optimiser=rmsprop"],
    "Adam": ["optimiser=adam"],
    "batches of 16": ["batch=16"],
    "batches of 64": ["batch=64"],
    "batches of 256": ["batch=256"],
    "fresh order": ["order=reshuffled"],
}
INTO_END = {
    "Table I": ["c3=table"],
    "plain average": ["subsampling=plain"],
    "trainable average": ["subsampling=average"],
    "tanh": ["squash=tanh"],
    "1998's start": [f"init_gain={START.init_gain}"],
    "RBF, bitmap codes": ["output=rbf"],
    "RBF, random codes": ["output=rbf", "codes=random"],
    "RBF, 1-of-N codes": ["output=rbf", "codes=one_of_n"],
    "RBF, equation 8": ["output=rbf", "loss=mle"],
    "equation 9": ["loss=map"],
    "SDLM": ["optimiser=sdlm"],
    "SGD": ["optimiser=sgd"],
    "momentum": ["optimiser=momentum"],
    "RMSProp": ["optimiser=rmsprop"],
    "online": ["batch=1"],
    "batches of 16": ["batch=16"],
    "batches of 256": ["batch=256"],
    "constant order": ["order=constant"],
}


@dataclass(frozen=True)
class Variant:
    """A row of a figure: its group and label there, and the recipe. Rows that mean the same have the same recipe,
    with the name of the first, and are trained once. The recipe's schedule is relative to its first rate."""

    group: str
    label: str
    recipe: Recipe


def variants() -> list[Variant]:
    """All rows, the most important first: the ladder, into 1998, into modern."""
    rows = [(LADDER, "1998", START)]
    for label, fields in RUNGS.items():
        below = rows[-1][2]
        rows.append((LADDER, label, replace(below, **{field: getattr(END, field) for field in fields})))
    rows += [(FROM_START, label, START.override(settings)) for label, settings in INTO_START.items()]
    rows += [(FROM_END, label, END.override(settings)) for label, settings in INTO_END.items()]
    names = {replace(end, name="", schedule=SHAPE): name for end, name in ((START, "1998"), (END, "modern"))}
    found = []
    for group, label, recipe in rows:
        plain = replace(recipe, name="", schedule=SHAPE)
        name = names.setdefault(plain, f"{group}, {label}")
        found.append(Variant(group, label, replace(plain, name=name)))
    return found


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


def train(arguments: argparse.Namespace) -> None:
    """Search and train group by group; OUT/ablation.json holds the histories."""
    held_out = len(resolve_data(arguments).train) // 6
    everything: dict[str, Variant] = {}
    for row in variants():
        everything.setdefault(row.recipe.name, row)
    rows = [row for name, row in everything.items() if name in (arguments.only or everything)]
    so_far = kept(arguments)

    def tasks(recipe: Recipe, count: int, **data: int) -> list[Task]:
        place = arguments.runs / NAME / recipe.name.replace(", ", "_").replace(" ", "_").replace("'", "")
        return seeds_of(recipe, place, arguments, count, **data)

    def carried(these: list[Task], complete: bool = False, **more) -> tuple[list[dict], list[dict]]:
        carry_out(NAME, these, arguments, complete=complete, allow_divergence=True, kept=so_far, **more)
        path = arguments.out / (f"{NAME}.json" if complete else f"{NAME}.partial.json")
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["runs"], content["diverged"]

    groups = [[row.recipe for row in rows if row.group == group] for group in (LADDER, FROM_START, FROM_END)]
    groups = [recipes for recipes in groups if recipes]
    for recipes in groups:
        for factors in (lambda *_: FIRST_FACTORS, second_factors):
            searched = [trial(recipe, factor) for recipe in recipes for factor in factors(recipe, so_far[0])]
            these = [task for recipe in searched for task in tasks(recipe, 1, validation=held_out)]
            so_far = carried([replace(task, passes=min(task.passes, SEARCH_PASSES)) for task in these])
        best = [at_factor(recipe, best_factor(recipe, so_far[0])) for recipe in recipes]
        these = [task for recipe in best for task in tasks(recipe, arguments.seeds)]
        so_far = carried(these, complete=recipes is groups[-1], extend=with_misclassified(these))


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
