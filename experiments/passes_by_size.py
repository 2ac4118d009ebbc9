"""Figure 6 with more passes over the smaller sets: does the paper count passes or updates? (section III-B)"""

from pathlib import Path

import numpy as np

from experiments.fig6_training_size import ERRORS, SIZES, comparable, exponents, group, sizes_of
from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.measures import AFTER, after_training
from experiments.machinery.record import at_pass, curves
from experiments.machinery.setting import Setting
from lenet1998.pictures.plotting import LOOKS, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.reference import figure_6
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Estimate, Table

TIMES = {SIZES[0]: (1, 2, 3, 4), SIZES[1]: (1, 2), SIZES[2]: (1,)}
# How often the 20 passes are made at each size, the smallest first.
RULES = {"20 passes at each size": (1, 1, 1), "as many updates at each size": (4, 2, 1)}


def stretched(times: int) -> Recipe:
    """The default with each step of its schedule lasting so many times as long.

    >>> stretched(4).name, stretched(4).schedule[0]
    ('schedule times 4', (8, 0.0005))
    """
    schedule = tuple((passes * times, eta) for passes, eta in Recipe().schedule)
    return Recipe(name=f"schedule times {times}", schedule=schedule)


def plan(setting: Setting) -> Plan:
    whole, tasks = len(setting.data.train), []
    for size, every in TIMES.items():
        used = size * whole // SIZES[-1] if setting.quick else size
        for times in every:
            passes = times * setting.passes
            tasks += setting.runs(stretched(times), train_size=used, passes=passes, measure=after_training)
    return (yield tasks)


def points(record: Record) -> list[tuple[int, int, list[dict]]]:
    """Size of the training set, passes, and the runs that have both."""
    runs = record["runs"]
    found = [(size, passes) for size in sizes_of(runs) for passes in sorted({len(run["passes"]) for run in runs})]
    every = [(size, passes, [run for run in group(runs, size, 0) if len(run["passes"]) == passes])
             for size, passes in found]  # fmt: skip
    return [point for point in every if point[-1]]


def by_rule(record: Record) -> dict[str, list[list[dict]]]:
    """The runs at each size under each rule."""
    every = points(record)
    shortest = min(passes for _, passes, _ in every)
    there = {(size, passes): runs for size, passes, runs in every}
    return {
        rule: [there[size, shortest * times] for size, times in zip(sizes_of(record["runs"]), multiples, strict=True)]
        for rule, multiples in RULES.items()
    }


def ends(runs: list[dict], which: str) -> np.ndarray:
    """Errors of the last pass, by run."""
    return curves(runs, f"{which}_error_percent")[:, -1]


def paper(which: str) -> list[float]:
    """Figure 6's errors by size, without distortions."""
    return [float(row[f"{which}_error_percent"]) for row in figure_6() if row["with_distortions"] == "no"]


def away(sets: list[list[dict]], which: str) -> float:
    """Root mean square distance of the mean errors from Figure 6's, in points."""
    ours = [float(ends(runs, which).mean()) for runs in sets]
    return float(np.sqrt(np.mean(np.subtract(ours, paper(which)) ** 2)))


def alpha(sets: list[list[dict]]) -> Estimate:
    """Equation 1's alpha under a rule, by seed."""
    return estimate(exponents([run for runs in sets for run in runs]), percent=False)


def tables(record: Record) -> list[Table]:
    compared = comparable(record["runs"])
    columns = [Column("training set", "patterns"), Column("passes"), Column("training error", "%")]
    columns += [Column("after training", "%"), Column("test error", "%")]
    theirs = dict(zip(SIZES, zip(*(paper(which) for which in ERRORS), strict=True), strict=True)) if compared else {}
    columns += [Column("1998: training", "%"), Column("1998: test", "%")] if compared else []
    rows = [
        [size, passes, estimate(ends(runs, "train")), estimate([run[AFTER] for run in runs]),
         estimate(ends(runs, "test")), *theirs.get(size, ())]
        for size, passes, runs in points(record)
    ]  # fmt: skip
    caption = "Errors of the last pass by size of the training set and number of passes"
    notes = ["Training errors are counted on the fly; after training they are those of the last network."]
    found = [Table("passes_by_size", caption, columns, rows, notes)]
    if compared:
        columns = [Column("passes", kind="text"), Column("training: from Figure 6", "points")]
        columns += [Column("test: from Figure 6", "points"), Column("alpha")]
        rows = [[rule, *(away(sets, which) for which in ERRORS), alpha(sets)] for rule, sets in by_rule(record).items()]
        notes = ["Distances are root mean squares over the three sizes. Alpha is that of equation 1."]
        found.append(Table("passes_by_size_rules", "Distance from Figure 6 and alpha", columns, rows, notes))
    return found


def claims(record: Record) -> list[Claim]:
    """Equation 1's alpha where every size is given as many updates."""
    if not comparable(record["runs"]):
        return []
    rule, sets = list(by_rule(record).items())[-1]
    found = alpha(sets)
    low, high = found.low, found.high
    if low is None or high is None:  # one seed
        return []
    verdict = "agrees" if 0.5 <= found.mean <= 1 else "contradicts" if high < 0.5 or low > 1 else "open"
    says = "test and training error differ by k (h / P)^alpha, alpha between 0.5 and 1"
    return [Claim("II, equation 1", says, f"with {rule} {found.mean:.2f} ({low:.2f} to {high:.2f})", verdict)]


def figures(record: Record, stem: Path) -> list[Path]:
    sizes = sizes_of(record["runs"])
    x = np.array(sizes) / 1000
    with style():
        figure, every = panels(2, (7, 3.2))
        for axes, which, what in zip(every, ERRORS, ("training error, on the fly", "test error"), strict=True):
            for (rule, sets), look in zip(by_rule(record).items(), LOOKS, strict=False):
                mean, low, high = np.transpose([at_pass(runs, -1, f"{which}_error_percent") for runs in sets])
                axes.errorbar(x, mean, [mean - low, high - mean], capsize=3, label=rule, **look)
            if comparable(record["runs"]):
                axes.plot(x, paper(which), "D:", color="0.4", markerfacecolor="white", label="1998 (Figure 6)")
            axes.set(xlabel="training set size (thousands)", ylabel=f"{what} (%)", title=what.capitalize())
            axes.set_ylim(bottom=0)
        every[1].legend(loc="lower left")
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="passes_by_size",
    title="Error by size of the training set and passes",
    paper="Figure 6, section III-B",
    question="Does Figure 6 show networks with as many passes, or with as many updates, at each size?",
    answer="Neither fits all of it: of the training errors in Figure 6, 40 passes fit that of 15,000 patterns "
    "({passes_by_size; 15,000; 40; training error}) and 20 that of 30,000 ({passes_by_size; 30,000; 20; "
    "training error}). With as many updates at each size alpha is {passes_by_size_rules; as many updates at each "
    "size; alpha}; the text has 0.5 to 1, the paper's points give more.",
    description="""\
The text gives no number of passes for the smaller sets of Figure 6. The default makes 20 at each size. Here 15,000
patterns are also learned for 40, 60 and 80 passes, and 30,000 for 40. Each step of the schedule lasts as many times as
long. With 80 and 40 passes a network has had as many updates as with 20 passes over 60,000. Everything else is the
default, and the test set is Figure 6's own: the figure is what is explained.""",
    caption="Errors of the last pass by size of the training set, with 20 passes at each size, and with as many "
    "updates as 20 passes over 60,000 are. The 1998 points are digitised from Figure 6, to 0.01 point.",
    chapter="Figures of the paper",
    place=6,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=claims,
    compared=True,
)

if __name__ == "__main__":
    main(EXPERIMENT)
