"""Tables from recorded results: errors beside the paper's, accuracies, and other figures.

A results file is JSON as the experiments write it. Runs of the same recipe on as many patterns are a row: the mean over
seeds with its interval. What is not known here is shown if it is flat: a list of records, or a record.
"""

from __future__ import annotations

import math

import numpy as np

from lenet1998.evaluation import rate_interval
from lenet1998.reference import figure_6
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table

TEST, TRAIN = "test_error_percent", "train_error_percent"
_STATED = 0.95  # % on the test set after training on 60,000 patterns, as section III-B says; Figure 6 shows 0.94
_PROVENANCE = {"experiment", "versions", "commit", "machine", "digests", "data", "recipe", "engine", "seed", "runs"}
SETS = {"mnist": "MNIST", "mnist validation": "MNIST, training patterns held out", "synthetic": "embedded digits"}
_BESIDE = (
    Column("learned", kind="text"),
    Column("error", kind="text"),
    Column("1998", "%"),
    Column("ours", "%"),
    Column("seeds"),
)


def tables(content: dict, stem: str) -> list[Table]:
    """The tables of a results file, named after its `stem`.

    Raises LookupError, TypeError, ValueError or AttributeError where the file is damaged.
    """
    runs = content.get("runs", [])
    found = [_errors(runs, stem)] if runs and "passes" in runs[0] else []
    found += [_accuracies(runs, stem)] if runs and "measured" in runs[0] else []
    found += [_rates(content, stem)] if "steps" in content and "quantiles" in content else []
    if content.get("diverged"):
        found.append(_records(f"{stem}_diverged", "Runs that diverged", content["diverged"]))
    for key, value in content.items():
        if key in _PROVENANCE | {"diverged", "steps", "quantiles"}:
            continue
        name, caption = f"{stem}_{key}", _words(key).capitalize()
        if isinstance(value, list) and value and all(_flat(record) for record in value):
            found.append(_records(name, caption, value))
        elif _flat(value):
            cells = _column(list(value.values()), "value")
            rows = zip(map(_words, value), cells[1], strict=True)
            found.append(Table(name, caption, [Column("what", kind="text"), cells[0]], list(rows)))
    return found


def beside_paper(content: dict, stem: str) -> Table | None:
    """Patterns learned, which error, the paper's, ours, and the number of seeds, for runs of Figures 5 and 6; or None.

    Only runs of at least 20 passes over the paper's numbers of MNIST patterns, judged on the whole test set, count.
    """
    rows: list[list[Cell]] = []
    for own in _groups(content.get("runs", [])):
        paper = papers(own[0])
        for what, number, key in (("test error, pass 20", 20, TEST), ("training error, pass 19", 19, TRAIN)):
            if key in paper:
                rows.append([patterns_text(own[0]), what, paper[key], estimate(at_pass(own, number, key)), len(own)])
    return Table(f"{stem}_beside_1998", "Errors of LeNet-5 on MNIST", _BESIDE, rows) if rows else None


def _errors(runs: list[dict], stem: str) -> Table:
    """Errors of the last pass by recipe and patterns."""
    columns = [
        Column("recipe", kind="text"),
        Column("learned", kind="text"),
        Column("judged on", kind="text"),
        Column("passes"),
        Column("seeds"),
        Column("training error", "%"),
        Column("error", "%"),
        Column("time", "s", digits=0),
    ]
    rows = []
    for own in _groups(runs):
        first = own[0]
        data, passes = first.get("data", {}), len(first["passes"])
        rows.append(
            [
                first["recipe"]["name"] if "recipe" in first else "default",
                patterns_text(first) if data else "",
                SETS.get(data.get("name"), data.get("name", "")),
                passes,
                len(own),
                estimate(at_pass(own, passes, TRAIN)),
                estimate(at_pass(own, passes, TEST)),
                float(np.mean([sum(record.get("seconds", 0) for record in run["passes"]) for run in own])),
            ]
        )
    notes = ["Training errors are counted on the fly; the time is the mean time to train one network."]
    return Table(f"{stem}_errors", "Errors after the last pass, means over seeds", columns, rows, notes)


def _accuracies(runs: list[dict], stem: str) -> Table:
    """Accuracies of the final network on every set that was measured."""
    sets = list(dict.fromkeys(name for run in runs for name in run["measured"]))
    rows: list[list[Cell]] = []
    for own in _groups(runs):
        values = [
            [100 - run["measured"][name]["error_percent"] for run in own if name in run["measured"]] for name in sets
        ]
        seconds = float(np.mean([run["seconds"] for run in own]))
        accuracies = [estimate(each) if each else None for each in values]
        rows.append([own[0]["recipe"]["name"], len(own), *accuracies, seconds])
    columns = [Column("recipe", kind="text"), Column("seeds"), *(Column(f"accuracy, {name}", "%") for name in sets)]
    columns.append(Column("time", "s", digits=0))
    return Table(
        f"{stem}_accuracies",
        "Accuracies, means over seeds",
        columns,
        rows,
        ["The time is the mean time to train one network."],
    )


def _rates(content: dict, stem: str) -> Table:
    """Quantiles of the step sizes by pass and layer."""
    columns = [Column("pass", kind="text"), Column("layer", kind="text")]
    columns += [Column(f"{100 * q:g}%", kind="significant", digits=2) for q in content["quantiles"]]
    rows = [[number, layer, *values] for number, layers in content["steps"].items() for layer, values in layers.items()]
    return Table(f"{stem}_rates", "Quantiles of the effective rates", columns, rows)


def _records(name: str, caption: str, records: list[dict]) -> Table:
    keys = list(dict.fromkeys(key for record in records for key in record))
    words = [_words(key) for key in keys]
    titles = words if len(set(words)) == len(words) else keys
    columns = [_column([record.get(key) for record in records], title) for key, title in zip(keys, titles, strict=True)]
    return Table(
        name, caption, [column for column, _ in columns], list(zip(*(cells for _, cells in columns), strict=True))
    )


def _column(values: list, name: str) -> tuple[Column, list]:
    """A column for values as a record has them: of numbers where all are, else of texts."""
    if all(value is None or type(value) in (int, float) and math.isfinite(value) for value in values):
        return Column(name, kind="significant", digits=4), values
    return Column(name, kind="text"), [_text(value) for value in values]


def _groups(runs: list[dict]) -> list[list[dict]]:
    """The runs of each recipe and number of patterns, in the order of the file."""
    groups: dict[tuple, list[dict]] = {}
    for run in runs:
        data, recipe = run.get("data", {}), run.get("recipe", {})
        key = recipe.get("name"), data.get("train_size"), data.get("name"), recipe.get("distorted_copies", 0)
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def papers(run: dict) -> dict[str, float]:
    """The paper's errors for a run of Figure 5 or 6; {} if it may not be compared with them."""
    data, copies = run.get("data", {}), run.get("recipe", {}).get("distorted_copies", 0)
    if (data.get("name"), data.get("test_size")) != ("mnist", 10_000) or len(run["passes"]) < 20:
        return {}
    for point in figure_6():
        size = int(point["training_set_size"])  # that with distortions counts the nine copies of each pattern too
        if (size, point["with_distortions"]) == (data["train_size"] * (1 + copies), "yes" if copies else "no"):
            paper = {key: float(point[key]) for key in (TEST, TRAIN) if point[key]}
            return paper | ({TEST: _STATED} if size == 60_000 else {})
    return {}


def patterns_text(run: dict) -> str:
    """How many patterns a run learned, and whether distorted copies of them too."""
    copies = run.get("recipe", {}).get("distorted_copies", 0)
    return f"{run['data']['train_size']:,}" + (" with distortions" if copies else "")


def at_pass(runs: list[dict], number: int, key: str) -> np.ndarray:
    """What the runs, (runs,), have recorded under `key` after pass `number`, from 1."""
    return np.array([run["passes"][number - 1][key] for run in runs], float)


def mean_text(values: np.ndarray) -> str:
    """The mean of percentages, (seeds,), with its interval.

    >>> mean_text(np.array([0.9, 1.0, 1.0, 1.1])), mean_text(np.array([1.0]))
    ('1.00 (0.88 to 1.14)', '1.00')
    """
    mean, low, high = (float(value) for value in rate_interval(values))
    return f"{mean:.2f}" + (f" ({low:.2f} to {high:.2f})" if len(values) > 1 else "")


def _flat(value: object) -> bool:
    """Whether a record has numbers, words and short lists of them, and nothing that goes deeper."""
    if not isinstance(value, dict) or not value:
        return False
    parts = [part for entry in value.values() for part in (entry if isinstance(entry, list) else [entry])]
    return not any(isinstance(part, (dict, list)) for part in parts) and len(parts) < 10 * len(value)


def _text(value: object) -> str:
    if isinstance(value, list):
        return (" to " if len(value) == 2 else ", ").join(map(_text, value))
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


def _words(key: str) -> str:
    return str(key).replace("_", " ")
