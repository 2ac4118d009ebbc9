"""Figure 8, misclassified patterns, each with its true class and the answer; and the confusion matrix of them all."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lenet1998.pictures.plotting import plain, save, style

MOST = 300
"""More patterns than that, thirty rows, are not drawn."""


def misclassified_patterns(
    wrong: dict[int, tuple[int, int]],
    images: np.ndarray,
    stem: Path,
    papers: Collection[int] = (),
    names: Sequence[str] = "0123456789",
    whose: str = "",
) -> list[Path]:
    """The patterns as the paper draws them, from `images` uint8 (P, rows, columns), each with true class > answer.

    `wrong` has them as `lenet1998.evaluation.misclassified` gives them; those of `papers`, indices too, are boxed.
    `names` are those of the classes, and `whose` says whose errors they are.
    """
    columns = 10
    shown = list(wrong.items())[:MOST]
    with style():
        rows = max(1, -(-len(shown) // columns))
        figure = Figure(figsize=(6.5, 0.8 * rows + 0.4))
        every = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in every:
            axes.set_axis_off()
        for axes, (index, (label, answer)) in zip(every, shown, strict=False):
            axes.imshow(images[index], cmap="gray_r", interpolation="nearest")
            both = f"{names[label]}>{names[answer]}"
            axes.set_title(plain(both), fontsize=min(7, 80 / len(both)), loc="center", pad=2)
            if index in papers:
                height, width = images[index].shape
                axes.add_patch(Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor="#D55E00", linewidth=1.2))
        first = f"The first {len(shown)} of {len(wrong):,}" if len(shown) < len(wrong) else f"The {len(wrong)}"
        boxed = "; boxed: also in Figure 8 of the paper" if papers else ""
        figure.suptitle(f"{first} misclassified test patterns{whose}, true class > answer{boxed}", fontsize=9)
        return save(figure, stem)


def confusion(matrix: np.ndarray, names: Sequence[str], title: str, stem: Path) -> list[Path]:
    """The counts of `lenet1998.evaluation.confusion_matrix`, the wrong answers shaded by their share of the largest.

    `names` are those of the classes.
    """
    wrong = matrix * ~np.eye(len(matrix), dtype=bool)
    with style():
        side = max(4.4, 0.32 * len(matrix) + 1.2)
        figure = Figure(figsize=(side, side))
        axes = figure.add_subplot()
        axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(1, wrong.max()) * 1.6)  # figures stay legible on it
        for (label, answer), count in np.ndenumerate(matrix):
            if count:
                weight = "bold" if label == answer else "normal"
                axes.text(answer, label, f"{count}", ha="center", va="center", fontsize=7, fontweight=weight)
        axes.set(xlabel="answer", ylabel="true class", title=plain(title))
        upright = 90 if max(map(len, names)) > 2 else 0
        axes.set_xticks(range(len(matrix)), [plain(name) for name in names], rotation=upright)
        axes.set_yticks(range(len(matrix)), [plain(name) for name in names])
        axes.grid(False)
        return save(figure, stem)
