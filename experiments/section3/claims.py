"""What the text of III-C and III-D says of its rows beside their figures, and what ours say to it."""

from collections.abc import Callable, Iterator

import numpy as np

from experiments.machinery.declaration import Claim, Record
from experiments.section3.rows import LABELS
from lenet1998.reference import comparable
from lenet1998.report.comparison import SeedTest, over_seeds, same_seeds

HOUR, DAY = 3600.0, 86400.0
# III-D, "training time": in words, and in seconds from and to where training took any; up to so many where from is 0.
TRAINED: dict[str, tuple[str, float, float]] = {
    **dict.fromkeys(("linear", "deslant_linear", "pairwise_linear", "pca40_quadratic"), ("under an hour", 0.0, HOUR)),
    **dict.fromkeys(("knn_euclidean", "deslant_knn_euclidean", "tangent_distance_16x16"), ("none", 0.0, 0.0)),
    "lenet5": ("2 to 3 days", 2 * DAY, 3 * DAY),
}

REPLACED = ("lenet4_knn", "lenet4_local", "lenet4_local_pixels")
"""What stands in place of LeNet-4's last layer."""


def training_cost(name: str, seconds: float) -> tuple[str, str]:
    """What III-D says that a row took to train, and how many times as long as ours of so many seconds that is.

    >>> training_cost("lenet5", 100.0), training_cost("linear", 36.0)
    (('2 to 3 days', '1,728 to 2,592'), ('under an hour', 'up to 100'))
    """
    said, low, high = TRAINED.get(name, ("", 0.0, 0.0))
    if not high or not seconds:
        return said, ""
    return said, f"{low / seconds:,.0f} to {high / seconds:,.0f}" if low else f"up to {high / seconds:,.0f}"


def claims(record: Record) -> list[Claim]:
    """What the text says of rows that are on record, where they may be compared."""
    rows = record["rows"]
    if not all(comparable(row) for row in rows.values()):
        return []
    found = [claim for name in REPLACED for claim in last_layer(rows, name)]
    if {"dist_boosted_lenet4", "lenet4"} <= rows.keys():
        boosted, one = (_mean(rows[name], "multiply_accumulates") for name in ("dist_boosted_lenet4", "lenet4"))
        says = "nets 2 and 3 are not asked where net 1 is confident, which costs 1.75 times one net on average"
        told = f"{boosted / one:.2f} times; how far net 1 has to be ahead is not said, and is chosen here"
        found.append(Claim("III-C.9", says, told, "open"))
    both = ("dist_boosted_lenet4_all", "dist_boosted_lenet4")
    if set(both) <= rows.keys() and (more := _paired(rows, *both, _error)):
        says = "net 1 is trained the usual way, distortions are for nets 2 and 3"
        told = f"if net 1 learns distorted copies too, the error changes by {_in_words(more)}, same seeds"
        found.append(Claim("III-C.9", says, told, "open"))
    if {"svm_poly4", "rs_svm_poly5"} <= rows.keys():
        svm, small = (_mean(rows[name], "error_percent") for name in ("svm_poly4", "rs_svm_poly5"))
        says = (
            "on the regular test set a regular SVM errs 1.4% (Burges and Schoelkopf) or 1.1% (Cortes and Vapnik), "
            "RS-SVM 1.1%; Figure 9 has 1.1 and 1.0"
        )
        told = (
            f"on regular images {svm:.2f} and {small:.2f}%, near the first of these; near the others on deslanted "
            "images only"
        )
        found.append(Claim("III-C.11", says, told, "open"))
    return found


def last_layer(rows: dict[str, dict], name: str) -> Iterator[Claim]:
    """III-C.8 on what stands in place of LeNet-4's last layer: pairs of the same seeds decide."""
    if not {name, "lenet4"} <= rows.keys():
        return
    label = LABELS[name].removeprefix("LeNet-4 / ")
    error, rejected = (_paired(rows, name, "lenet4", figure) for figure in (_error, _rejected))
    if error and rejected:
        told = f"{LABELS[name]} minus LeNet-4, same seeds: {{}} {{}}"
        says = f"{label} in place of LeNet-4's last layer did not improve the raw error"
        verdict = "contradicts" if _lower(error) else "agrees"
        yield Claim("III-C.8", says, told.format("error", _in_words(error)), verdict)
        says = f"{label} in place of LeNet-4's last layer improved rejection"
        verdict = "agrees" if _lower(rejected) else "open"
        yield Claim("III-C.8", says, told.format("rejected", _in_words(rejected)), verdict)


def _error(run: dict) -> float:
    return run["error_percent"]


def _rejected(run: dict) -> float:
    return run["rejection"]["rejected_percent"]


def _paired(records: dict[str, dict], name: str, other: str, figure: Callable[[dict], float]) -> SeedTest | None:
    pairs = same_seeds(records[name]["runs"], records[other]["runs"])
    return over_seeds(*(list(map(figure, runs)) for runs in pairs)) if len(pairs[0]) > 1 else None


def _mean(record: dict, key: str) -> float:
    return float(np.mean([run[key] for run in record["runs"]]))


def _in_words(test: SeedTest) -> str:
    interval = "" if test.low is None else f" ({test.low:+.2f} to {test.high:+.2f})"
    return f"{test.difference:+.2f} point{interval}"


def _lower(test: SeedTest) -> bool:
    """Whether a difference is below 0 beyond the seeds' own spread."""
    return test.high is not None and test.high < 0
