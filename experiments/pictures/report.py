"""The table of kinds for docs/pictures.md, and the reliability curve, drawn from the records.

    python -m experiments.pictures.report

results/pictures.json is what `experiments.pictures.measuring --out` wrote; results/pictures_before.json has the same
pictures as `read` and `predict` answered them before shadows, slanting lines, signs and the others were looked at.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.machinery.main import guarded
from experiments.pictures.measuring import OUTCOMES
from lenet1998.pictures.plotting import save, style

RESULTS = Path(__file__).parent.parent / "results"
RECORD, BEFORE, CURVE = "pictures.json", "pictures_before.json", "pictures_reliability.png"
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


def record(name: str = RECORD) -> dict:
    """A record of `experiments.pictures.measuring`."""
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


def reliability(found: dict) -> list[tuple[float, float, int]]:
    """By bins of confidence: its mean, the share that was right, and how many answers."""
    sure = np.array([confidence for _, confidence, _ in found["confidences"]])
    right = np.array([each for _, _, each in found["confidences"]], bool)
    at = np.digitize(sure, BINS[1:-1])
    bins = [np.flatnonzero(at == k) for k in range(len(BINS) - 1)]
    return [(float(sure[own].mean()), float(right[own].mean()), len(own)) for own in bins if own.size]


def block() -> str:
    """The table in Markdown: percent of the pictures of each kind, before and now."""
    now, before = record(), record(BEFORE)
    head = "| kind | before: right | silent | now: right | doubted | warned | refused | silent |"
    lines = [head, "|---|" + 7 * "--:|"]
    for kind, row in now["kinds"].items():
        old = before["kinds"].get(kind)
        share = [f"{100 * old[what] / sum(old.values()):.0f}" for what in ("right", "silent")] if old else ["", ""]
        total = sum(row.values())
        lines.append(f"| {' | '.join([kind, *share, *(f'{100 * row[what] / total:.0f}' for what in OUTCOMES)])} |")
    over = [right for _, confidence, right in now["confidences"] if confidence >= 0.9]
    said = (
        f"Percent of {now['count']} pictures per kind, of test digits. Over all kinds, of the {len(over)} answers\n"
        f"with a confidence of 0.9 or more, {100 * np.mean(over):.1f}% were right."
    )
    return "\n".join([said, "", *lines])


def curve() -> Figure:
    """How many answers were right by how sure they were said to be."""
    found = reliability(record())
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.8", linewidth=1)
    axes.plot([sure for sure, _, _ in found], [right for _, right, _ in found], marker="o")
    for sure, right, count in found:
        axes.annotate(str(count), (sure, right), textcoords="offset points", xytext=(4, -10), fontsize=7)
    axes.set(xlabel="confidence", ylabel="share of right answers", xlim=(0, 1), ylim=(0, 1.02), aspect="equal")
    return figure


def main() -> None:
    with style():
        paths = save(curve(), (RESULTS / CURVE).with_suffix(""))
    print(block())
    print(*paths, sep="\n")


if __name__ == "__main__":
    guarded(main)
