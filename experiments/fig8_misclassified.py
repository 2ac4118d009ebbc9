"""Figure 8: the test patterns that LeNet-5 misclassifies, and how many of them are the paper's 82 (section III-B)."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from experiments.fig6_training_size import distorted
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.measures import WRONG, wrong
from experiments.machinery.record import description
from experiments.machinery.setting import Setting
from lenet1998.pictures.misclassified import misclassified_patterns
from lenet1998.recipe import Recipe
from lenet1998.reference import comparable, figure_8
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Estimate, Table
from lenet1998.running.check import data_of
from lenet1998.running.provenance import provenance

MNIST = {"name": "mnist", "train_size": 60_000, "test_size": 10_000}
"""The data of records that do not name them."""


def plan(setting: Setting) -> Plan:
    runs = yield setting.runs(distorted(Recipe()), measure=wrong)
    errors = {f"seed{run['seed']}": run[WRONG] for run in runs}
    data = description(setting.data)
    found = overlap(errors, len(setting.data.test)) if comparable({"data": data}) else {}
    return {**provenance(), "data": data, "overlap": found, "errors": errors}


def overlap(errors: dict[str, list[list[int]]], patterns: int) -> dict[str, Any]:
    """How many errors the networks share with the paper's 82 and with each other, means over seeds."""
    paper, lists = figure_8(), [{index: tuple(pair) for index, *pair in wrong} for wrong in errors.values()]
    shared = estimate([float(len(paper.keys() & wrong.keys())) for wrong in lists], percent=False)
    same_answer = [sum(paper.get(index) == pair for index, pair in wrong.items()) for wrong in lists]
    own = [len(one.keys() & other.keys()) for one, other in combinations(lists, 2)]
    mean = float(np.mean([len(wrong) for wrong in lists]))
    return {
        "errors_mean": mean,
        "of_the_papers_82": shared.mean,
        "of_the_papers_82_interval": [shared.low, shared.high],
        "with_the_same_answer": float(np.mean(same_answer)),
        "by_chance": mean * len(paper) / patterns,
        "between_two_of_ours": float(np.mean(own)) if own else None,
        "wrong_in_every_seed": len(set.intersection(*(set(wrong) for wrong in lists))),
    }


def tables(record: Record) -> list[Table]:
    """How many patterns, in the mean over seeds."""
    found, seeds = record["overlap"], len(record["errors"])
    columns = [Column("misclassified test patterns", kind="text"), Column("number", digits=1)]
    if not found:
        mean = estimate([float(len(wrong)) for wrong in record["errors"].values()], percent=False)
        return [Table(record["experiment"], f"Errors, {seeds} seeds", columns, [["per network", mean]])]
    low, high = found["of_the_papers_82_interval"]
    shared = Estimate(found["of_the_papers_82"], low, high, seeds)
    rows = [
        ["per network", found["errors_mean"]],
        ["of them among the paper's 82", shared],
        ["of them with the paper's answer", found["with_the_same_answer"]],
        ["among the paper's 82 by chance", found["by_chance"]],
        ["shared by two of our networks", found["between_two_of_ours"]],
        ["wrong in every network", found["wrong_in_every_seed"]],
    ]
    return [Table(record["experiment"], f"Errors beside the paper's 82, {seeds} seeds", columns, rows)]


def figures(record: Record, stem: Path) -> list[Path]:
    """What the median seed gets wrong, of two in the middle the better; the patterns themselves are in the test set."""
    test = data_of({"data": {**MNIST, "digests": {}} | record.get("data", {})}).test
    by_errors = sorted(record["errors"], key=lambda name: len(record["errors"][name]))
    median = by_errors[(len(by_errors) - 1) // 2]
    shown = {index: (label, answer) for index, label, answer in record["errors"][median]}
    whose = f" of seed {median.removeprefix('seed')}, the median of {len(by_errors)}"
    return misclassified_patterns(shown, test.images, stem, figure_8() if record["overlap"] else (), whose=whose)


EXPERIMENT = Experiment(
    name="fig8_misclassified",
    title="The misclassified test patterns",
    paper="Figure 8, section III-B",
    question="Which test patterns does LeNet-5 misclassify, and how many of them are the paper's 82?",
    answer="A network trained with distortions errs on {fig8_misclassified; per network; number} test patterns. "
    "{fig8_misclassified; of them among the paper's 82; number} of them are among the paper's 82, where chance would "
    "give {fig8_misclassified; among the paper's 82 by chance; number}.",
    description="The paper does not say which network made the 82 errors; 0.82% is its point with distortions in "
    "Figure 6. So the networks are those of Figure 6 with distortions. The overlap with the paper's list is set "
    "against what chance would give (as many patterns drawn blindly) and against what two of our own seeds share.",
    caption="What the median of ten networks trained with distortions gets wrong: true class > answer. Boxed "
    "patterns are among the paper's 82 errors too. The table has numbers of patterns, means over "
    "seeds, and what chance would give.",
    chapter="Figures of the paper",
    place=8,
    plan=plan,
    tables=tables,
    figures=figures,
    seeds=10,
)

if __name__ == "__main__":
    main(EXPERIMENT)
