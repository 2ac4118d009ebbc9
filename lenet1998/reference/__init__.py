"""The paper's own figures as numbers, to lay ours over them, and the rule that says when that is allowed.

The files beside this one carry a line that says how they were obtained and how exact they are.
"""

import csv
from importlib import resources


def figure_5() -> list[dict[str, float]]:
    """The 21 points of Figure 5: pass, test_error_percent, train_error_on_the_fly_percent (digitised, +-0.03).

    >>> figure_5()[0]
    {'pass': 1.0, 'test_error_percent': 2.65, 'train_error_on_the_fly_percent': 4.89}
    """
    return [{key: float(value) for key, value in row.items()} for row in _rows("fig5_error_curves")]


def figure_6() -> list[dict[str, str]]:
    """The points of Figure 6: training_set_size, with_distortions (no or yes), test and train error (+-0.01)."""
    return _rows("fig6_training_set_size")


def figure_8() -> dict[int, tuple[int, int]]:
    """The 82 misclassified test patterns of Figure 8: index in the test file -> (true label, the network's answer).

    >>> len(figure_8()), figure_8()[247]
    (82, (4, 6))
    """
    rows = _rows("fig8_misclassified")
    return {int(row["t10k_index"]): (int(row["true_label"]), int(row["network_answer"])) for row in rows}


def figures_9_to_12() -> dict[str, dict[str, float]]:
    """The classifiers of Figures 9 to 12, in their order: name -> figure -> value, as printed there.

    The figures are fig9_test_error_percent, fig10_reject_percent, fig11_kmac and fig12_kvariables (thousands); where a
    figure does not show a classifier, its value is missing.

    >>> figures_9_to_12()["linear"]
    {'fig9_test_error_percent': 12.0, 'fig11_kmac': 4.0, 'fig12_kvariables': 4.0}
    """
    rows = _rows("fig9_to_12_classifiers")
    return {row.pop("classifier"): {key: float(value) for key, value in row.items() if value} for row in rows}


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__name__) / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def comparable(history: dict) -> bool:
    """Whether a run may be compared with Figure 5: it used all of MNIST, 60,000 patterns and 10,000 for the test."""
    data = history["data"]
    return data["name"] == "mnist" and (data["train_size"], data["test_size"]) == (60_000, 10_000)
