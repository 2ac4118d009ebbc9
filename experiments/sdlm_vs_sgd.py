"""What the second derivatives are worth: SDLM against plain online gradient descent (appendix C)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import at_pass, curves, divergences, ended, named
from experiments.machinery.setting import Setting
from lenet1998.evaluation import interval_name, rate_interval
from lenet1998.pictures.plotting import LOOKS, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import SeedTest, over_seeds, same_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Cell, Column, Table

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
    pairs = same_seeds(*(named(histories, name) for name in (SDLM, rate_name(best))))
    errors = ([run["passes"][number - 1]["test_error_percent"] for run in runs] for runs in pairs)
    return over_seeds(*errors) if pairs[0] else None


def in_words(test: SeedTest) -> str:
    """The difference with what there is of its interval and p-value."""
    interval = "" if test.low is None else f" ({test.low:.2f} to {test.high:.2f}), p = {test.p:.2f}"
    return f"{test.difference:+.2f} point{interval}, Student's paired t-test over {test.pairs} seeds"


def plan(setting: Setting) -> Plan:
    """Search the single rate with one seed, then repeat it and SDLM with all."""
    held_out = setting.held_out
    search = yield [setting.run(sgd(setting.recipe, rate), 1, validation=held_out) for rate in RATES]
    best = best_rate(ended(search)["runs"])
    repeated = yield setting.every(compared(setting.recipe, best), validation=held_out)
    others = [outcome for outcome, rate in zip(search, RATES, strict=True) if rate != best]
    return ended([*repeated, *others])


def shown(record: Record) -> dict[str, list[dict]]:
    """The runs of each recipe that was repeated with all seeds, by its name."""
    names = [each.name for each in compared(Recipe(), best_rate(record["runs"]))]
    return {name: runs for name in names if (runs := named(record["runs"], name))}


def tables(record: Record) -> list[Table]:
    """Held-out errors after some passes, SDLM against plain descent after each of them, and the search."""
    histories = record["runs"]
    last = max((len(run["passes"]) for run in histories), default=0)
    numbers = sorted({1, 3, 8, last} & set(range(1, last + 1)))
    head = [Column("method", kind="text"), Column("seeds"), *(Column(f"pass {number}", "%") for number in numbers)]
    errors: list[list[Cell]] = []
    for name, runs in shown(record).items():
        ends = curves(runs, "test_error_percent")
        errors.append([name, len(runs), *(estimate(ends[:, number - 1]) for number in numbers)])
    tests = [(number, test) for number in numbers if (test := against_sgd(histories, number))]
    against = [[number, test.pairs, difference(test), test.p] for number, test in tests]
    points = Column("difference", "point", kind="difference")
    searched: list[list[Cell]] = [
        [rate, runs[0]["passes"][-1]["test_error_percent"]] for rate in RATES if (runs := first(record, rate))
    ]
    return [
        Table("sdlm_vs_sgd", "Held-out error by pass", head, errors, divergences(record)),
        Table(
            "sdlm_vs_sgd_difference",
            "Held-out error of SDLM minus that of SGD at its best rate",
            [Column("pass"), Column("seeds"), points, Column("p", kind="p")],
            against,
            ["P: Student's paired t-test over seeds."],
        ),
        Table(
            "sdlm_vs_sgd_search",
            "Search for the single rate of SGD, seed 1",
            [Column("rate of pass 1", kind="significant"), Column("held-out error", "%")],
            searched,
        ),
    ]


def first(record: Record, rate: float) -> list[dict]:
    """The search's run at a rate, if it ended."""
    return [run for run in named(record["runs"], rate_name(rate)) if run["seed"] == 1]


def draw(record: Record, stem: Path) -> list[Path]:
    with style():
        figure, (left, right) = panels(2, (7.5, 3.4))
        arms = shown(record)
        for number, ((name, runs), look) in enumerate(zip(arms.items(), LOOKS, strict=False)):
            # The curves lie over each other: each has its marks, and its interval as a bar, at passes of its own.
            own = {**look, "markevery": (number, len(arms)), "markersize": 4}
            own |= {"markerfacecolor": "white"} if number % 2 else {}
            mean, low, high = rate_interval(curves(runs, "test_error_percent"))
            passes = np.array([each["pass"] for each in runs[0]["passes"]])
            left.plot(passes, mean, label=name, linewidth=1, **own)
            at = slice(number, None, len(arms))
            left.vlines(passes[at], low[at], high[at], color=look["color"], linewidth=1)
        left.set(xlabel="pass through the training set", ylabel="held-out error (%)", yscale="log",
                 title=f"Appendix C: mean, {interval_name(*map(len, shown(record).values()))}")  # fmt: skip
        if left.lines:
            left.legend()
        searched = [(rate, runs[0]) for rate in RATES if (runs := first(record, rate))]
        ends = [run["passes"][-1]["test_error_percent"] for _, run in searched]
        right.plot([rate for rate, _ in searched], ends, "o-", color="0.3")
        lost = {end["recipe"] for end in record.get("diverged", []) if end["seed"] == 1}
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


EXPERIMENT = Experiment(
    name="sdlm_vs_sgd",
    title="What the second derivatives are worth",
    paper="appendix C",
    question="What is gained by second derivatives over plain online gradient descent?",
    answer="Nothing that can be measured in the error: after 20 passes it is {sdlm_vs_sgd; SDLM, 500 patterns; pass "
    "20} with second derivatives and {sdlm_vs_sgd; SGD, rate 0.008; pass 20} with the best single rate. What is "
    "gained is the search for that rate.",
    description="""\
Both methods learn the first 50,000 training patterns and are judged on the last 10,000, so that the search for the best
single rate is not made on the test set. Plain gradient descent has one rate for all parameters, under the same
schedule. Its first rate is searched with one seed, and the best is repeated with all. A run that diverges is a result
too, and listed. The size of the sample that estimates h_kk is varied too: the paper says that the result does not
depend on which patterns are taken.""",
    caption="The stochastic diagonal Levenberg-Marquardt method, with several sizes of the sample that estimates "
    "second derivatives, against plain gradient descent with the best single rate, on held-out training patterns.",
    chapter="What the paper leaves open",
    place=4,
    plan=plan,
    tables=tables,
    figures=draw,
    divergence=True,
    recipe=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)
