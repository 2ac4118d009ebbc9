"""Stochastic against batch gradient (appendix B): one update per pattern, or one for many."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.machinery.declaration import Experiment, Plan, Record, Training, trainings
from experiments.machinery.main import main
from experiments.machinery.record import at_pass, divergences, ended, named
from experiments.machinery.setting import Setting
from lenet1998.evaluation import interval_name
from lenet1998.pictures.plotting import LOOKS, band, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table

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


def plan(setting: Setting) -> Plan:
    """Search each size's rate with one seed, then repeat the best with all seeds."""
    held_out = setting.held_out
    patterns = len(setting.data.train) - held_out
    full = {batch or patterns: times * setting.passes for batch, times in LONGER.items()}
    every = [recipe_of(batch, rate, patterns) for batch, rates in RATES.items() for rate in rates]
    search = ended(
        (yield [setting.run(each, 1, validation=held_out, passes=max(1, 2 * full[each.batch] // 5)) for each in every])
    )
    chosen = [Recipe.from_dict(run["recipe"]) for run in best(search["runs"]).values()]
    runs = yield [task for each in chosen for task in setting.runs(each, validation=held_out, passes=full[each.batch])]
    return ended(runs) | {"search": search}


def all_trainings(record: Record) -> Iterator[Training]:
    """Those of the search too."""
    yield from trainings(record)
    yield from trainings(record.get("search", {}))


def by_size(record: Record) -> dict[str, list[dict]]:
    """The runs of each size of batch, by the recipe's name."""
    names = dict.fromkeys(run["recipe"]["name"] for run in record["runs"])
    return {name: named(record["runs"], name) for name in names}


def tables(record: Record) -> list[Table]:
    """How far each size has come, and how long it needs for the error that single patterns have after their first
    pass."""
    sizes = by_size(record)
    level = at_pass(next(iter(sizes.values())), 1, "test_error_percent")[0]
    columns = [Column("update", kind="text"), Column("seeds"), Column("passes"), Column("held-out error", "%")]
    columns += [Column("training", "s", 1), Column(f"passes to {level:.2f}%"), Column(f"time to {level:.2f}%", "s", 1)]
    rows: list[list[Cell]] = []
    for name, runs in sizes.items():
        errors, seconds = curves(runs)
        needed = first_below(runs, level)
        reached = [needed, float(seconds[needed - 1])] if needed else [None, None]
        rows.append([name, len(runs), errors.shape[1], estimate(errors[:, -1]), float(seconds[-1]), *reached])
    notes = [
        f"{level:.2f}% is the error of single patterns after their first pass; what has no number did not come so far.",
        *divergences(record.get("search", {})),
    ]
    return [Table("stochastic_batch", "Each size of batch at its own best rate", columns, rows, notes)]


def draw(record: Record, stem: Path) -> list[Path]:
    """Held-out error by pass and by second of training, each batch size at its best rate."""
    sizes = by_size(record)
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


EXPERIMENT = Experiment(
    name="stochastic_batch",
    title="Stochastic against batch gradient",
    paper="appendix B",
    question="Do stochastic updates beat updates by the whole gradient?",
    answer="Yes: with an update per pattern the held-out error is {stochastic_batch; one pattern, rate 0.002; "
    "held-out error} after {stochastic_batch; one pattern, rate 0.002; training} of training. With an update per pass "
    "it is {stochastic_batch; all patterns, rate 0.064; held-out error} after {stochastic_batch; all patterns, rate "
    "0.064; training}.",
    description="""\
Appendix B says that on large, redundant sets stochastic updates beat those by the whole gradient, sometimes by orders
of magnitude. Plain gradient descent with one constant rate learns in batches of 1, 64, 1,000 and all patterns, each at
its own best rate. The rate is searched with one seed and two fifths of the passes, on held-out training patterns. The
larger batches make more passes, since a pass has fewer updates: of all patterns 30, one update each, where single
patterns have 5.""",
    caption="Plain gradient descent in batches of 1, 64, 1,000 and all patterns, each at its own best rate, by pass "
    "and by second, on held-out training patterns.",
    chapter="What the paper leaves open",
    place=6,
    plan=plan,
    tables=tables,
    figures=draw,
    trainings=all_trainings,
    divergence=True,
    passes=5,
)

if __name__ == "__main__":
    main(EXPERIMENT)
