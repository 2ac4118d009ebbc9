"""What the teaching systems report: a table of published accuracies and ours, figures of histories and filters."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.machinery.declaration import Record
from experiments.machinery.record import named
from experiments.teaching.system import Arm, System
from experiments.teaching.trace import trace_figure
from lenet1998.evaluation import ErrorRate, interval_name, rate_interval, student_interval
from lenet1998.pictures.plotting import LOOKS, columns, log_ticks, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import over_seeds, same_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Cell, Column, Estimate, Table

FEW = 1000  # of so many patterns one network's interval says more than that of the seeds


def accuracies(runs: list[dict], what: str) -> np.ndarray:
    """Accuracy in percent on one of the measured sets, one for each run."""
    return np.array([100 - run["measured"][what]["error_percent"] for run in runs])


def one_network(runs: list[dict], what: str) -> Estimate | None:
    """Wilson's interval for one network of mean accuracy, where the set is small: seeds do not say how far so few
    patterns stand for all others."""
    patterns = runs[0]["measured"][what]["patterns"]
    errors = round(np.mean([run["measured"][what]["errors"] for run in runs]))
    low, high = ErrorRate(errors, patterns).interval_percent
    return Estimate(100 - 100 * errors / patterns, 100 - high, 100 - low) if patterns <= FEW else None


def by_arm(system: System, record: Record) -> dict[Arm, list[dict]]:
    """The runs of each arm on record, as far as they are measured."""
    runs = [run for run in record.get("runs", []) if "measured" in run]
    return {arm: own for arm in system.arms if (own := named(runs, arm.recipe.name))}


def comparable(system: System, record: Record) -> bool:
    """Whether the published figures may stand beside: all arms learned what they are declared to learn, as they are."""

    def as_declared(arm: Arm, run: dict) -> bool:
        size, protocol = arm.train_size or system.size - arm.validation, run["protocol"]
        learned = run["data"]["name"].removesuffix(" validation"), protocol["train_size"], protocol["validation"]
        whole = learned == (system.data, size, arm.validation) and len(run["curves"]["eta"]) == arm.passes
        return whole and Recipe.from_dict(run["recipe"]) == arm.recipe

    return all(as_declared(arm, run) for arm, own in by_arm(system, record).items() for run in own)


def is_search(record: Record) -> bool:
    """Whether it is of candidates, and not of arms."""
    return record["experiment"].endswith("_search")


def tables(system: System, record: Record) -> list[Table]:
    """Accuracies: a row for each arm that was run, and each of its sets for which its source has something to say."""
    if is_search(record):
        return [searched(system, record)]
    allowed = comparable(system, record)
    columns = [Column("recipe", kind="text"), Column("measured on", kind="text"), Column("patterns")]
    columns += [Column("published", "%"), Column("accuracy", "%"), Column("one network", "%")]
    columns += [Column("time", "s", digits=0)]
    rows: list[list[Cell]] = []
    words: dict[str, list[str]] = {}
    for arm, own in by_arm(system, record).items():
        for what, published in arm.published.items():
            if what not in own[0]["measured"]:
                continue
            number = published if isinstance(published, float) and allowed else None
            ours = estimate(accuracies(own, what))
            seconds = float(np.mean([run["seconds"] for run in own]))
            patterns = own[0]["measured"][what]["patterns"]
            rows.append([arm.recipe.name, what, patterns, number, ours, one_network(own, what), seconds])
            if isinstance(published, str) and published:
                words.setdefault(f"{what}: {published}", []).append(arm.recipe.name)
        if arm.published_time:
            words.setdefault(f"time: {arm.published_time}", []).append(arm.recipe.name)
    notes = ["Time: training of one run on one core."]
    few = any(row[5] is not None for row in rows)
    notes += ["One network: what its errors on so few patterns say of others (Wilson's interval)."] if few else []
    notes += [f"Published ({'; '.join(names)}), {said}." for said, names in words.items() if allowed]
    notes += [] if allowed else ["A trial: nothing here can be compared with the published figures."]
    kept = [place for place in range(len(columns)) if any(row[place] is not None for row in rows)]
    caption = f"{system.title}: accuracies, {_seeds(record)}"
    shown = [[row[place] for place in kept] for row in rows]
    return [Table(f"{record['experiment']}_accuracies", caption, [columns[place] for place in kept], shown, notes)]


def differences(system: System, record: Record, pairs: Sequence[tuple[str, str]], what: str) -> list[Table]:
    """By how much the first of each pair of recipes is more accurate on a set than the second, of the same seeds; none
    of a search."""
    runs = {arm.recipe.name: own for arm, own in by_arm(system, record).items()}
    rows: list[list[Cell]] = []
    for one, other in pairs:
        both = same_seeds(runs.get(one, []), runs.get(other, []))
        if both[0] and not is_search(record):
            test = over_seeds(*(accuracies(own, what).tolist() for own in both))
            rows.append([one, other, test.pairs, difference(test), test.p])
    columns = [Column("recipe", kind="text"), Column("minus", kind="text"), Column("pairs")]
    columns += [Column("difference", "points", kind="difference"), Column("p seeds", kind="p")]
    name = f"{record['experiment']}_differences"
    caption = f"{system.title}: differences in accuracy on {'the test set' if what == 'test' else what}"
    return [Table(name, caption, columns, rows, ["P seeds: Student's t-test, paired by seed."])] if rows else []


def searched(system: System, record: Record) -> Table:
    """The candidates' accuracies on validation sets, and the pass after which each run was best there."""
    columns = [Column("candidate", kind="text"), Column("validation accuracy", "%"), Column("one network", "%")]
    rows: list[list[Cell]] = []
    for arm in system.candidates:
        if own := named(record["runs"], arm.recipe.name):
            best = ", ".join(str(run["kept_pass"]) for run in own)
            cells = estimate(accuracies(own, "validation")), one_network(own, "validation")
            rows.append([arm.recipe.name, *cells, best])
    caption = f"{system.title}: candidates on validation sets, {_seeds(record)}"
    return Table(record["experiment"], caption, [*columns, Column("best passes", kind="text")], rows)


def _seeds(record: Record) -> str:
    count = len({run["seed"] for run in record["runs"]})
    return f"{count} seeds" if count > 1 else "1 seed"


def figures(system: System, record: Record, stem: Path) -> list[Path]:
    """Loss and accuracy by pass of the arms that are drawn, of all where none is, and within the passes where a trace
    is recorded beside the figure."""
    if is_search(record):
        return []
    found = by_arm(system, record)
    groups = {arm.recipe.name: own for arm, own in found.items() if arm.drawn or not any(one.drawn for one in found)}
    published = system.arms[0].published if comparable(system, record) else {}
    lines = {f"published figure, {what}": figure for what, figure in published.items() if isinstance(figure, float)}
    written = histories_figure(system.title, groups, lines, stem)
    path = stem.with_name(f"{stem.name}_trace.json")
    if path.exists():
        found_traces = json.loads(path.read_text(encoding="utf-8"))["traces"]
        written += [path, *trace_figure(found_traces, path.with_suffix(""))]
    return written


def histories_figure(title: str, groups: dict[str, list[dict]], published: dict[str, float], stem: Path) -> list[Path]:
    """Loss and accuracy by pass, a colour and a mark for each group of runs: the mean over its seeds with its interval,
    of 100 points at most, each the mean of the passes that it stands for.

    `groups` maps a name to runs as `experiments.teaching.system` records them; `published` names accuracies in
    percent that are drawn as lines.
    """
    with style():
        figure, (left, right) = panels(2, (7.5, 3.4 + 0.2 * len(groups)))
        for number, (name, runs) in enumerate(groups.items()):
            colour, mark = LOOKS[number]["color"], LOOKS[number]["marker"]
            held_out = "validation" if "validation" in runs[0]["measured"] else "test"
            _band(left, runs, "train_loss", colour, mark)
            _band(
                right, runs, "train_error_percent", colour, mark, linestyle=":", label=f"{name}: training, on the fly"
            )
            _band(right, runs, "test_error_percent", colour, mark, label=f"{name}: {held_out}")
        for number, (name, accuracy) in enumerate(published.items()):
            right.axhline(accuracy, color="0.4", linewidth=1, linestyle=("--", "-.")[number % 2], label=name)
        left.set(
            xlabel="pass", ylabel="training loss (geometric mean)", yscale="log", title=title[:1].upper() + title[1:]
        )
        shown = interval_name(*map(len, groups.values()))
        right.set(xlabel="pass", ylabel="accuracy (%)", title=f"Means over seeds, {shown}")
        least = min(
            [100 - np.mean([run["curves"]["test_error_percent"][-1] for run in runs]) for runs in groups.values()]
        )
        if least > 90:  # the question is which end is higher, not where they begin
            right.set_ylim(2 * least - 100, 100.2)
        log_ticks(left.yaxis)
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        both = right.get_legend_handles_labels()
        figure.legend(*both, loc="outside lower center", ncols=columns(2, 1), fontsize="x-small")
        return save(figure, stem)


def _band(axes: Axes, runs: list[dict], key: str, colour: str, mark: str, **how: Any) -> None:
    curves = np.array([run["curves"][key] for run in runs])
    step = -(-curves.shape[1] // 100)  # of many passes the means of a few, or the line would fill the panel
    passes = np.arange(1, curves.shape[1] + 1)[step - 1 :: step]
    curves = curves[:, : len(passes) * step].reshape(len(curves), -1, step).mean(axis=-1)
    if key.endswith("error_percent"):
        mean, low, high = rate_interval(100 - curves)
    else:  # on a logarithmic axis, where a loss of nothing has no place
        mean, low, high = (np.exp(line) for line in student_interval(np.log(np.maximum(curves, 1e-9))))
    axes.plot(
        passes, mean, color=colour, linewidth=1.2, marker=mark, markersize=4, markevery=-(-len(passes) // 10), **how
    )
    if len(runs) > 1:
        axes.fill_between(passes, low, high, color=colour, alpha=0.2, linewidth=0)


def filters_figure(filters: np.ndarray, title: str, stem: Path) -> list[Path]:
    """A grid of first-layer filters, uint8 (maps, height, width, 3), each stretched over the whole range of colours."""
    with style():
        across = int(np.ceil(np.sqrt(len(filters))))
        rows = -(-len(filters) // across)
        figure = Figure(figsize=(0.7 * across, 0.7 * rows + 0.4))
        figure.suptitle(title, fontsize="small")
        for number, axes in enumerate(figure.subplots(rows, across, squeeze=False).flat):
            axes.set_axis_off()
            if number < len(filters):
                axes.imshow(filters[number], interpolation="nearest")
        return save(figure, stem)


def as_pictures(weights: np.ndarray) -> np.ndarray:
    """Filters (maps, 3, height, width) as pictures, uint8 (maps, height, width, 3): each one's least weight becomes 0,
    its largest 255.

    >>> as_pictures(np.arange(3.0).reshape(1, 3, 1, 1)).tolist()
    [[[[0, 127, 255]]]]
    """
    pictures = weights.transpose(0, 2, 3, 1).astype(float)
    low, high = (bound(pictures, axis=(1, 2, 3), keepdims=True) for bound in (np.min, np.max))
    return (255 * (pictures - low) / np.maximum(high - low, 1e-12)).astype(np.uint8)
