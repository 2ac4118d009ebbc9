"""Errors of recorded runs beside the paper's. A results file is JSON as the experiments write it; runs of the same
recipe on as many patterns are a row: the mean over seeds with its interval.
"""

import numpy as np

from lenet1998.reference import figure_6
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table

TEST, TRAIN = "test_error_percent", "train_error_percent"
_STATED = 0.95  # % on the test set after training on 60,000 patterns, as section III-B says; Figure 6 shows 0.94
SETS = {"mnist": "MNIST", "mnist validation": "MNIST, training patterns held out", "synthetic": "embedded digits"}
_BESIDE = (
    Column("learned", kind="text"),
    Column("error", kind="text"),
    Column("1998", "%"),
    Column("ours", "%"),
    Column("seeds"),
)


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
