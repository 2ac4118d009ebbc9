"""Figure 10 by the rule of rejection: what the threshold is on, and the number of neighbours."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import are_mnist, description, of_digits
from experiments.machinery.setting import Setting
from experiments.section3.report import RELATIVE
from experiments.section3.rows import LABELS, PAPER, stored
from experiments.section3.status import REJECT
from lenet1998.classifiers.classifier import Classifier
from lenet1998.classifiers.neighbours import NearestNeighbours
from lenet1998.classifiers.rejection import confidence, rejection_rate
from lenet1998.classifiers.rows import ROWS
from lenet1998.evaluation import ErrorRate, answers
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Estimate, Table
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice

KNN, TANGENT = "deslant_knn_euclidean", "tangent_distance_16x16"
NETWORKS = ("lenet4",)
NEIGHBOURS = (1, 9)
"""Numbers of neighbours beside the row's own."""
MADE: dict[str, tuple[str, Callable[[int], Classifier]]] = (
    {name: (name, ROWS[name].make) for name in (KNN, TANGENT)}
    | {f"{KNN}, k = {k}": (KNN, lambda seed, k=k: NearestNeighbours(k)) for k in NEIGHBOURS}  # type: ignore[misc]
    | {name: (name, ROWS[name].make) for name in NETWORKS}
)
"""By name, the row of Figure 10 and a classifier for a seed."""


def root(scores: np.ndarray) -> np.ndarray:
    """How far the best class leads, by the roots of penalties: by distances, where these are their squares."""
    return confidence(np.sqrt(np.maximum(scores, 0)))


def least(scores: np.ndarray) -> np.ndarray:
    """The best penalty alone."""
    return -scores.min(axis=1)


def ratio(scores: np.ndarray) -> np.ndarray:
    """The second penalty as a multiple of the best."""
    best, second = np.partition(scores, 1, axis=1)[:, :2].T
    return second / np.maximum(best, 1e-12)


RULES = {"best two": confidence, "best two, roots": root, "best alone": least, "ratio": ratio}
"""What the threshold is on; the first is that of `experiments.section3`, the third the other one of section III-D."""


def judged(out: Path, progress: object, passed: Any, *, name: str, seed: int, choice: DataChoice, runs: Path) -> dict:
    """The part of one classifier and seed: its error on the test set, and what it rejects by each rule."""
    data, (row, make) = choice.load(), MADE[name]
    classifier, version = make(seed), ROWS[row].version
    classifier.trained = stored(runs, [], passed)
    scores = classifier.fit(version(data.train.images), data.train.labels).scores(version(data.test.images))
    error = ErrorRate(int((answers(scores) != data.test.labels).sum()), len(scores))
    by_rule = {rule: asdict(rejection_rate(scores, data.test.labels, sure=sure)) for rule, sure in RULES.items()}
    return {**error.as_dict(), "rejection": by_rule}


def plan(setting: Setting) -> Plan:
    of_digits(setting.data)
    wanted = [(name, seed) for name in MADE for seed in range(1, 1 + (setting.seeds if name in NETWORKS else 1))]
    found = yield [setting.part(f"{name}, seed {seed}", judged, list(RULES), name=name, seed=seed,
                                choice=setting.choice, runs=setting.store.root) for name, seed in wanted]  # fmt: skip
    entries = [{"name": name, "seed": seed, **each} for (name, seed), each in zip(wanted, found, strict=True)]
    return {**provenance(), "data": description(setting.data), "entries": entries}


def label(name: str) -> str:
    """A classifier in words: its row's label, with k if it is another.

    >>> label("deslant_knn_euclidean, k = 5")
    '[deslant] K-NN Euclidean, k = 5'
    """
    row, comma, k = name.partition(",")
    return LABELS[row] + comma + k


def rejected(record: Record, name: str, rule: str) -> Estimate:
    """Per cent rejected by a rule: over seeds, or of one run with its bootstrap interval."""
    found = [entry["rejection"][rule] for entry in record["entries"] if entry["name"] == name]
    if len(found) == 1:
        return Estimate(found[0]["rejected_percent"], *found[0]["interval_percent"])
    return estimate([each["rejected_percent"] for each in found])


def tables(record: Record) -> list[Table]:
    compared = are_mnist([record["data"]["name"]])
    columns = [Column("classifier", kind="text"), Column("test error", "%"), *(Column(rule, "%") for rule in RULES)]
    columns[1:1] = [Column("1998", "%")] if compared else []
    rows: list[list[Cell]] = []
    for name, (row, _) in MADE.items():
        errors = [entry["error_percent"] for entry in record["entries"] if entry["name"] == name]
        said = [PAPER[row][REJECT]] if compared else []
        rows.append([label(name), *said, float(np.mean(errors)), *(rejected(record, name, rule) for rule in RULES)])
    notes = ["Rejected to have 0.5% error among the rest. The interval of a single run is a bootstrap's.",
             "Best two: the difference of their penalties, or of the roots of these. Best alone: its penalty. Ratio: "
             "of the two penalties."]  # fmt: skip
    return [Table(record["experiment"], "Rejection by rule, test set", columns, rows, notes)]


def near(record: Record, name: str, rule: str) -> bool:
    """Whether a rule brings a row to within 15% of what Figure 10 has."""
    said = PAPER[MADE[name][0]][REJECT]
    return abs(rejected(record, name, rule).mean - said) <= RELATIVE * said


def claims(record: Record) -> list[Claim]:
    if not are_mnist([record["data"]["name"]]):
        return []
    counts = {rule: sum(near(record, name, rule) for name in MADE if "," not in name) for rule in RULES}
    rows = sum("," not in name for name in MADE)
    found = "; ".join(f"{rule}: {count}" for rule, count in counts.items())
    return [Claim("III-D", f"what {rows} classifiers of Figure 10 reject", f"rows near the paper by rule: {found}",
                  "agrees" if rows in counts.values() else "contradicts")]  # fmt: skip


EXPERIMENT = Experiment(
    name="section3_rejection",
    title="Rejection of section III by rule",
    paper="Figure 10, section III-D",
    question="Which rule of rejection gives what Figure 10 has?",
    answer="No rule gives all. By the difference of the best two, tangent distance rejects {section3_rejection; "
    "[16x16] Tangent Distance; best two} and by their ratio {section3_rejection; [16x16] Tangent Distance; "
    "ratio}; the paper has {section3_rejection; [16x16] Tangent Distance; 1998}. Three neighbours on deslanted "
    "images reject {section3_rejection; [deslant] K-NN Euclidean; best two} and one neighbour "
    "{section3_rejection; [deslant] K-NN Euclidean, k = 1; best two} ({section3_rejection; [deslant] K-NN "
    "Euclidean, k = 1; best two, roots} by their roots), where it has {section3_rejection; [deslant] K-NN Euclidean; "
    "1998}.",
    chapter="Classifiers of section III",
    place=6,
    plan=plan,
    tables=tables,
    claims=claims,
    seeds=3,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)
