"""How a picture was prepared, step by step: the sheet in it, its ink, the level line, and what the network sees."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lenet1998.photos.files import read_planes
from lenet1998.photos.ink import find_line, sheet_in
from lenet1998.photos.marks import Group
from lenet1998.pictures.plotting import plain
from lenet1998.strings.answers import Answer

_STEPS = ("sheet", "ink", "level line", "seen")
_DIGIT, _LEFT_OUT = "tab:green", "tab:red"


def sheet(answers: Sequence[tuple[Path, Answer]]) -> Figure:
    """A figure with a row of steps for each answer; the pictures are read again.

    What may be a digit has a green frame, and what was left out a red one, with its kind.
    """
    figure = Figure(figsize=(10, 0.5 + 1.6 * len(answers)), layout="constrained")
    rows = figure.subplots(len(answers), len(_STEPS), squeeze=False)
    for row, (path, answer) in zip(rows, answers, strict=True):
        planes = read_planes(path).planes
        row[0].imshow(planes[1:].transpose(1, 2, 0) / 255 if len(planes) > 1 else planes[0], cmap="gray", vmin=0)
        if not (found := sheet_in(planes)).all():
            row[0].contour(found, [0.5], colors=_DIGIT, linewidths=1)
        row[1].imshow(find_line(planes).ink, cmap="gray_r")
        row[2].imshow(answer.writing.ink, cmap="gray_r")
        line = answer.writing.line
        for k, group in enumerate(line.groups):
            left_out = k in answer.left_out
            _frame(row[2], group, _LEFT_OUT if left_out else _DIGIT, "sign" if left_out else "")
        for kind, group in line.marks:
            _frame(row[2], group, _LEFT_OUT, kind)
        row[3].imshow(answer.form.image, cmap="gray_r")
        for (label, _), (first, after) in zip(answer.places(), answer.reading.columns, strict=True):
            row[3].text((first + after - 1) / 2, -3, str(label), ha="center", weight="bold", fontsize=8)
        row[0].set_ylabel(plain(path.name[:24]), fontsize=7)
        row[3].set_xlabel(f"{answer.digits}, confidence {answer.confidence:.2f}", fontsize=7)
        for axes in row:
            axes.set(xticks=[], yticks=[])
    for axes, title in zip(rows[0], _STEPS, strict=True):
        axes.set_title(title, fontsize=9, pad=12)
    return figure


def _frame(axes: Axes, group: Group, colour: str, kind: str) -> None:
    where = group.left - 0.5, group.top - 0.5
    axes.add_patch(Rectangle(where, *group.pixels.shape[::-1], fill=False, edgecolor=colour, linewidth=0.8))
    axes.text(where[0], where[1] - 2, kind, fontsize=6, color=colour)
