"""Do RBF units with the codes of Figure 3 reject what is no digit better than outputs of 1 of N (section II-B)?"""

from functools import cache

import numpy as np
from sklearn.metrics import roc_auc_score

from experiments.machinery.declaration import Claim, Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.measures import trained
from experiments.machinery.record import named
from experiments.machinery.setting import Setting
from experiments.pictures.characters import rubbish
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import over_seeds, same_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Column, Table
from lenet1998.running.work import DataChoice, Task

LEARNED, FORMS, SEED, REJECTED = 15_000, 2_000, 2, 5.0
"""How many digits are learned; how many forms of rubbish there are, from which seed; percent of digits rejected."""
BITMAPS, RBF, SUMS = "RBF, bitmaps", "RBF, 1 of N", "weighted sums, 1 of N"
RECIPES = [Recipe(name=BITMAPS), Recipe(name=RBF, codes="one_of_n"), Recipe(name=SUMS, output="linear")]
AREA, ACCEPTED = "area_percent", "accepted_percent"


def rejection(task: Task) -> dict[str, float]:
    """How well the penalty of the best class tells the test digits from rubbish."""
    _, engine = trained(task)
    digits, none = (engine.penalties(images).min(axis=1) for images in (task.data.load().test.images, _none(task.data)))
    area = roc_auc_score(np.repeat([0, 1], [len(digits), len(none)]), np.concatenate([digits, none]))
    return {AREA: 100 * float(area), ACCEPTED: 100 * float(np.mean(none <= np.percentile(digits, 100 - REJECTED)))}


@cache
def _none(data: DataChoice) -> np.ndarray:
    return rubbish(data.load().train, FORMS, SEED)


def plan(setting: Setting) -> Plan:
    return (yield setting.every(RECIPES, train_size=LEARNED, measure=rejection))


def _paired(record: Record, name: str) -> tuple[list[dict], list[dict]]:
    return same_seeds(named(record["runs"], name), named(record["runs"], BITMAPS))


def tables(record: Record) -> list[Table]:
    columns = [
        Column("outputs", kind="text"),
        Column("test error", "%"),
        Column("area under the ROC curve", "%"),
        Column(f"rubbish accepted at {REJECTED:g}% of digits rejected", "%"),
        Column("more than with bitmaps", "%", kind="difference"),
    ]
    rows = []
    for name in (BITMAPS, RBF, SUMS):
        own, other = _paired(record, name)
        found = [estimate([run[key] for run in own]) for key in (AREA, ACCEPTED)]
        more = over_seeds(*([run[ACCEPTED] for run in runs] for runs in (own, other)))
        error = estimate([run["passes"][-1]["test_error_percent"] for run in own])
        rows.append([name, error, *found, None if name == BITMAPS else difference(more)])
    notes = ["Digits are the test set's; rubbish is what `experiments.pictures.characters` makes of signs, letters,"
             " pieces of digits, scribbles and photographs. No network has learned any of it."]  # fmt: skip
    return [Table("rejecting", "What is no digit, by the penalty of the best class", columns, rows, notes)]


def claims(record: Record) -> list[Claim]:
    """II-B's reason for RBF units with distributed codes."""
    found = {name: estimate([run[ACCEPTED] for run in named(record["runs"], name)]) for name in (BITMAPS, RBF, SUMS)}
    tests = {name: over_seeds(*([run[ACCEPTED] for run in runs] for runs in _paired(record, name))) for name in found}
    lows, highs = ([getattr(tests[name], side) or 0.0 for name in (RBF, SUMS)] for side in ("low", "high"))
    verdict = "agrees" if min(lows) > 0 else "contradicts" if max(highs) < 0 else "open"
    said = "; ".join(f"{name}: {each.mean:.1f}%" for name, each in found.items())
    return [Claim("II-B", "RBF units with distributed codes reject noncharacters better than 1 of N",
                  f"rubbish accepted at {REJECTED:g}% of the digits rejected: {said}", verdict)]  # fmt: skip


ANSWER = (
    "Not measurably: with 5% of the digits rejected, RBF units with bitmaps accept {rejecting; RBF, "
    "bitmaps; rubbish accepted at 5% of digits rejected} of what is no digit, and RBF units with 1 of N "
    "{rejecting; RBF, 1 of N; rubbish accepted at 5% of digits rejected}."
)
EXPERIMENT = Experiment("rejecting", "Rejecting what is no digit", __doc__, "What the paper leaves open", plan,
                        "section II-B", tables=tables, claims=claims, seeds=3, passes=5, answer=ANSWER)  # fmt: skip

if __name__ == "__main__":
    main(EXPERIMENT)
