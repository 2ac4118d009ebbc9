"""What is each idea of 1998 worth? From LeNet-5 as it was to LeNet-5 as it would be built today, part by part."""

import math
from dataclasses import replace
from typing import Any

from experiments.ablation import report
from experiments.ablation.figures import draw
from experiments.ablation.variants import FROM_END, FROM_START, LADDER, SHAPE, START, variants
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.measures import misclassified
from experiments.machinery.record import ended, named
from experiments.machinery.setting import Setting
from lenet1998.recipe import Recipe

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


def stuck(name: str, record: Record) -> bool:
    """Whether a run of a variant diverged or has learned next to nothing, by its training error alone."""
    errors = [run["passes"][-1]["train_error_percent"] for run in named(record["runs"], name)]
    return max(errors, default=0.0) > STUCK or any(end["recipe"] == name for end in record["diverged"])


def given_up(name: str, factor: float, record: Record) -> Record:
    """The record, with the runs of a variant under the name of a rate that did not hold."""
    lost = f"{name}, rate x {factor:g}{report.GIVEN_UP}"
    runs = [
        run | {"recipe": run["recipe"] | {"name": lost}} if run["recipe"]["name"] == name else run
        for run in record["runs"]
    ]
    return {
        "runs": runs,
        "diverged": [end | {"recipe": lost} if end["recipe"] == name else end for end in record["diverged"]],
    }


def plan(setting: Setting) -> Plan:
    """Search and train group by group."""
    only = setting.arguments.only
    recipes = {row.recipe.name: row.recipe for row in variants()}
    so_far = others(setting.recorded(), only)

    def take(outcomes: list[Any]) -> None:
        found = ended(outcomes)
        so_far["runs"] += found["runs"]
        so_far["diverged"] += found["diverged"]

    if START.name in (only or recipes):
        take((yield setting.runs(START, measure=misclassified)))
    done = {START.name}
    for group in (LADDER, FROM_START, FROM_END):
        names = dict.fromkeys(row.recipe.name for row in variants() if row.group == group)
        own = [recipes[name] for name in names if name not in done and name in (only or recipes)]
        done |= set(names)
        for factors in (lambda *_: FIRST_FACTORS, second_factors):
            tried = [trial(recipe, factor) for recipe in own for factor in factors(recipe, so_far["runs"])]
            passes = min(setting.passes, SEARCH_PASSES)
            take((yield [setting.run(each, 1, validation=setting.held_out, passes=passes) for each in tried]))
        best = {recipe: best_factor(recipe, so_far["runs"]) for recipe in own}
        for retreats_left in reversed(range(1 + RETREATS)):
            take((yield setting.every([at_factor(*pair) for pair in best.items()], measure=misclassified)))
            best = {
                recipe: factor for recipe, factor in best.items() if stuck(recipe.name, so_far) and factor != FACTORS[0]
            }
            if not best or not retreats_left:
                break
            for recipe, factor in best.items():
                so_far = given_up(recipe.name, factor, so_far)
            best = {recipe: factor / 2 for recipe, factor in best.items()}
    return so_far


def others(record: Record, only: list[str] | None) -> Record:
    """What is on record of variants that are not made now."""

    def kept(name: str) -> bool:
        return name.partition(", rate x ")[0] not in (only or ())

    runs = [run for run in record.get("runs", []) if kept(run["recipe"]["name"])]
    return {"runs": runs, "diverged": [end for end in record.get("diverged", []) if kept(end["recipe"])]}


NAMES = tuple(dict.fromkeys(row.recipe.name for row in variants()))
EXPERIMENT = Experiment(
    name="ablation",
    title="From 1998 to today, one part at a time",
    question="What is each idea of 1998 worth, and each idea of today?",
    answer="From 1998 to the modern recipe the test error falls from {ablation_ladder; 1998; test error} to "
    "{ablation_ladder; + Adam = modern; test error}. The largest single gain is the loss: {ablation_ladder; + ReLU, "
    "He's start; test error} before cross-entropy, {ablation_ladder; + cross-entropy; test error} with it.",
    shown={
        "ablation_ladder": "",
        "ablation_in_1998": "rate searched; full C3; max pooling; ReLU; batches of 64; fresh order; Adam; momentum",
        "ablation_in_modern_minus_modern": "Table I; plain average; tanh; 1998's start; RBF, bitmap codes; "
        "RBF, equation 8; equation 9; SDLM; SGD; online",
    },
    description="""\
The ladder begins with the `default` recipe as it is: the first ten passes of its schedule, at the paper's rates. Its
next rung is the same network with a rate that was searched, as those of all others were. Each further rung changes one
part, up to those of the `modern` recipe. Then each part of one end is put alone into the other end, both ways.

Every other variant has the same schedule, except for its first rate: the rates of the paper relative to the first, two
passes each, which makes 10 passes. The first rate is searched for every such variant with the same budget:
five rates, three passes (1, 0.4 and 0.1 times the rate) and one seed over the first five sixths of the training
patterns, judged on the last sixth (of MNIST 50,000 and 10,000). Three rates are a quarter, one and four times a centre
that depends on optimiser and batch size. Two are half and twice the best of these. The best of the five is then trained
with at least five seeds on all training patterns, and only those runs are tested on the test set. Where one of them
diverges, or still errs on half of what it learns in the last pass, all are given up for half the rate, and so on: so
little searching cannot tell a rate that always holds from one that mostly does. The runs of the search and those that
were given up are recorded too, under the variant's name and "rate x" the factor to the centre.

Seconds are those of training, without testing, on one core, beside as many other runs as --jobs says.""",
    caption="What each part of 1998 is worth, and each part of today.",
    captions={
        "ablation_ladder": "Test error at every rung, from LeNet-5 as it was to LeNet-5 as it would be built today: "
        "means, 95% intervals, and single seeds as ticks.",
        "ablation_components": "Each part of the other kind put alone into LeNet-5 as it was, left, and as it would be "
        "built today, right. The dashed line and the band are the default recipe, left, and modern, right.",
        "ablation_speed": "Mean test error of the ladder's networks by pass and by seconds of training, which were not "
        "measured for 1998 as it is.",
    },
    chapter="1998 and today",
    place=1,
    plan=plan,
    scores=lambda record: {"rows": report.scores(variants(), record)},
    tables=lambda record: report.tables(report.scores(variants(), record)),
    figures=lambda record, stem: draw(report.scores(variants(), record), record["runs"], stem),
    divergence=True,
    passes=PASSES,
    only=NAMES,
    quick={
        "only": ["default", "1998", "modern"],
        "engine": "numpy",
    },  # little is learned, faster than the networks are compiled
)
