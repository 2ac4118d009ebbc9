"""What the text of III-C and III-D says of its rows beside their figures, and in words what ours say to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lenet1998.report.comparison import SeedTest, over_seeds

HOUR, DAY = 3600.0, 86400.0
# III-D, "training time": in words, and in seconds from and to where training took any; up to so many where from is 0.
TRAINED: dict[str, tuple[str, float, float]] = {
    **dict.fromkeys(("linear", "deslant_linear", "pairwise_linear", "pca40_quadratic"), ("under an hour", 0.0, HOUR)),
    **dict.fromkeys(("knn_euclidean", "deslant_knn_euclidean", "tangent_distance_16x16"), ("none", 0.0, 0.0)),
    "lenet5": ("2 to 3 days", 2 * DAY, 3 * DAY),
}


def training_cost(name: str, seconds: float) -> tuple[str, str]:
    """What III-D says that a row took to train, and how many times as long as ours of so many seconds that is.

    >>> training_cost("lenet5", 100.0), training_cost("linear", 36.0)
    (('2 to 3 days', '1,728 to 2,592'), ('under an hour', 'up to 100'))
    """
    said, low, high = TRAINED.get(name, ("", 0.0, 0.0))
    if not high or not seconds:
        return said, ""
    return said, f"{low / seconds:,.0f} to {high / seconds:,.0f}" if low else f"up to {high / seconds:,.0f}"


def claims(records: dict[str, dict]) -> list[str]:
    """A sentence for each claim of the text whose rows are on record; what contradicts it is said to do so."""
    lines = []
    for name, label in (("lenet4_knn", "K-NN"), ("lenet4_local", "Local")):
        if name in records and "lenet4" in records:
            error, rejected = (_paired(records, name, "lenet4", figure) for figure in (_error, _rejected))
            if error and rejected:
                lines.append(
                    "III-C.8: neither K-NN nor local learning in place of LeNet-4's last layer improved the raw "
                    f"error, both improved rejection. LeNet-4 / {label} minus LeNet-4 of the same seeds: error "
                    f"{_in_words(error)}, which {_verdict(error, lower=False)}; rejected {_in_words(rejected)}, which "
                    f"{_verdict(rejected, lower=True)}."
                )
    if "dist_boosted_lenet4" in records and "lenet4" in records:
        boosted, one = (_mean(records[name], "multiply_accumulates") for name in ("dist_boosted_lenet4", "lenet4"))
        lines.append(
            "III-C.9: nets 2 and 3 are not asked where net 1 is confident, which costs 1.75 times one net on average; "
            f"here {boosted / one:.2f} times. Net 1 learns the usual way, distortions are for nets 2 and 3; "
            "in the row below it net 1 learns distorted copies too."
        )
        both = ("dist_boosted_lenet4_all", "dist_boosted_lenet4")
        if both[0] in records and (more := _paired(records, *both, _error)):
            lines[-1] += f" Its error minus that of net 1 the usual way, of the same seeds: {_in_words(more)}."
    if {"svm_poly4", "rs_svm_poly5"} <= records.keys():
        svm, small = (_mean(records[name], "error_percent") for name in ("svm_poly4", "rs_svm_poly5"))
        lines.append(
            "III-C.11 gives a regular SVM 1.4% (Burges and Schoelkopf) and 1.1% (Cortes and Vapnik), RS-SVM 1.1%, "
            "all on the regular test set; Figure 9 has 1.1 and 1.0. On regular images ours err "
            f"{svm:.2f} and {small:.2f}%, near the first of these; near the others they are on deslanted images only."
        )
    lines.append(
        "III-D gives two rules of rejection: an output below a threshold, and two sentences later the difference of "
        "the best two. The second is the operative one, and ours."
    )
    return lines


def _error(run: dict) -> float:
    return run["error_percent"]


def _rejected(run: dict) -> float:
    return run["rejection"]["rejected_percent"]


def _paired(records: dict[str, dict], name: str, other: str, figure: Callable[[dict], float]) -> SeedTest | None:
    seeds = [{run["seed"]: figure(run) for run in records[each]["runs"]} for each in (name, other)]
    shared = sorted(seeds[0].keys() & seeds[1].keys())
    return over_seeds(*([of[seed] for seed in shared] for of in seeds)) if len(shared) > 1 else None


def _mean(record: dict, key: str) -> float:
    return float(np.mean([run[key] for run in record["runs"]]))


def _in_words(test: SeedTest) -> str:
    interval = "" if test.low is None else f" ({test.low:+.2f} to {test.high:+.2f})"
    return f"{test.difference:+.2f} point{interval}"


def _verdict(test: SeedTest, lower: bool) -> str:
    """What a difference says to the claim that it is `lower`, or that it is not."""
    if test.high is not None and test.high < 0:
        return "agrees" if lower else "contradicts the paper: ours is lower"
    return "does not show it" if lower else "agrees: no difference beyond the seeds'"
