"""What the study found: a page with the winners and every score, and a map of the space, claim by claim."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.readings.design import loss_of
from experiments.readings.score import CLAIMS, by_departures, by_distance, every_claim, winners
from experiments.readings.study import SAMPLED
from lenet1998.pictures.plotting import save, style
from lenet1998.recipe import PRINTED, Recipe

MET, FAILED, UNKNOWN, TEXT = "#0072B2", "#D55E00", "0.75", "#000000"
MARKS = {"eq. 8": "o", "eq. 9, exact": "D", "eq. 9, constant": "s"}
OVER_F = 0.8  # where on the axis of gains the readings stand that divide by the fan-in instead of its root
_TITLES = {
    "rates": "rates of pass 1",
    "curve": "training curve",
    "end": "training error at the end",
    "stable": "no over-training",
    "first": "errors of pass 1",
    "drops": "drops with eta",
    "all": "every claim",
}


def page(rows: list[dict], sizes: list[dict]) -> str:
    """The page in Markdown: winners, all scores by part of the study, Figure 6's training errors, the claims."""
    text = [f"- **{title}**: `{row['reading']}`" for title, row in winners(rows).items()]
    parts = {
        "Repeated with more seeds": [row for row in rows if row["part"] in SAMPLED and row["seeds"] > 1],
        "The text taken literally": [row for row in rows if row["part"] == "literal"],
        "The winner with one other answer": [row for row in rows if row["part"] == "questions"],
        "The space, one seed": [row for row in rows if row["part"] in SAMPLED and row["seeds"] < 2],
    }
    for title, own in parts.items():
        if own:
            text += ["", f"## {title}", "", *_table(own)]
    if sizes:
        text += ["", "## Training errors by size, Figure 6", "", "| patterns | seeds | last pass, on the fly | "]
        text[-1] += "after training | 1998 |"
        text.append("|---|---|---|---|---|")
        for row in sizes:
            paper = "" if row["paper_percent"] is None else f"{row['paper_percent']:.2f}"
            cells = f"{row['on_the_fly_percent']:.2f} | {row['after_training_percent']:.2f} | {paper}"
            text.append(f"| {row['size']:,} | {row['seeds']} | {cells} |")
    text += [
        "",
        "## The claims",
        "",
        "In the tables bold is met.",
        "",
        *(f"- {claim}: {what}" for claim, what in CLAIMS.items()),
    ]
    return "\n".join(text) + "\n"


def _table(rows: list[dict]) -> list[str]:
    head = "reading|seeds|departures|rates, first pass|factor|curve rms|end|rise, worst|pass 1|drops|distance|held out"
    lines = ["| " + head.replace("|", " | ") + " |", "|---" * (head.count("|") + 1) + "|"]
    for row in sorted(rows, key=lambda row: (not every_claim(row), by_distance(row), by_departures(row))):
        seeds = f"{row['seeds']}" + (f", {row['diverged']} diverged" if row["diverged"] else "")
        start = [f"`{row['reading']}`", seeds, str(len(row["departures"]))]
        if not row["seeds"]:
            lines.append("| " + " | ".join([*start, *["diverged"] * (head.count("|") - 2)]) + " |")
            continue
        late = "given up" if row["stopped"] else "-"
        cells = {
            "rates": f"{row['step_min']:.1e} .. {row['step_max']:.1e} | {row['rate_factor']:.2f}",
            "curve": f"{row['curve_rms']:.2f}"
            if not row["stopped"]
            else late
            if row["met"]["curve"] is None
            else "lost",
            "end": late if row["stopped"] else f"{row['train_error_percent']:.2f}",
            "stable": late if row["stopped"] else f"{row['rise']:.2f}, {row['held_out_worst']:.2f}",
            "first": "{:.2f}, {:.2f}".format(*row["first"]),
            "drops": " ".join(f"{fall:.2f}" for fall in row["drops"]) if "drops" in row else late,
        }
        scores = [_bold(text) if row["met"][claim] else text for claim, text in cells.items()]
        distance = "-" if row["distance"] is None else f"{row['distance']:.2f}"
        held_out = late
        if not row["stopped"]:
            interval = row["held_out_interval"]
            held_out = f"{row['held_out_error_percent']:.2f}"
            held_out += " ({:.2f} to {:.2f})".format(*interval) if interval else ""
        lines.append("| " + " | ".join([*start, *scores, distance, held_out]) + " |")
    return lines


def _bold(text: str) -> str:
    return " | ".join(f"**{part}**" for part in text.split(" | "))


def draw(rows: list[dict], stem: Path) -> list[Path]:
    """The map: a panel for each claim, and one for all, over the gain of the weights and the scale of the penalty.

    These two decide most. What divides by F stands in a strip of its own at the left, the text itself marked.
    """
    points = [row for row in rows if row["part"] != "questions"]
    with style():
        figure = Figure(figsize=(7.5, 4.6))
        axes = figure.subplots(2, 4, sharex=True, sharey=True).flat
        for panel, claim in zip(axes, _TITLES, strict=False):
            _panel(panel, points, claim)
        for row in winners(rows).values():
            x, y = _place(Recipe.from_dict(row["recipe"]))
            axes[6].plot(x, y, "o", markersize=11, markerfacecolor="none", markeredgecolor=TEXT, markeredgewidth=0.8)
        _legend(axes[7])
        strip = "those in the strip at the left divide by F, all others by its root"
        figure.supxlabel(f"gain of the initial weights; {strip}", fontsize=8)
        figure.supylabel("scale of the penalty (equation 7: 1)", fontsize=8)
        return save(figure, stem)


def _place(recipe: Recipe) -> tuple[float, float]:
    return (OVER_F if recipe.init_power == PRINTED.init_power else recipe.init_gain), recipe.penalty_scale


def _panel(axes: Axes, rows: list[dict], claim: str) -> None:
    """A point for every reading: met, failed, or not known because it was given up."""
    for row in rows:
        recipe = Recipe.from_dict(row["recipe"])
        met = every_claim(row) if claim == "all" else row["met"][claim]
        x, y = _place(recipe)
        look = {True: (MET, 1.0, 3), False: (FAILED, 0.55, 2), None: (UNKNOWN, 0.8, 1)}[met]
        size = 14 if met else 8
        axes.scatter(
            x,
            y,
            s=size,
            marker=MARKS[loss_of(recipe)] if met else ("x" if met is False else "."),
            color=look[0],
            alpha=look[1],
            zorder=look[2],
            linewidths=0.8,
        )
        if row["part"] == "literal" and not row["departures"]:
            axes.scatter(x, y, s=60, marker="*", facecolor="none", edgecolor=TEXT, zorder=4, linewidths=0.8)
    axes.axvline((OVER_F + 1) / 2, color="0.6", linewidth=0.6)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([OVER_F, 1, 1.73, 2.4], ["2.4/F", "1", "1.7", "2.4"], fontsize=6)
    axes.set_xticks([], minor=True)
    axes.set_xlim(0.72, 3.2)
    axes.set_yticks([0.03, 0.1, 0.3, 1], ["0.03", "0.1", "0.3", "1"], fontsize=6)
    axes.set_yticks([], minor=True)
    axes.set_title(_TITLES[claim], fontsize=8)


def _legend(axes: Axes) -> None:
    def mark(shape: str, colour: str, label: str, size: float = 5, hollow: bool = False) -> Line2D:
        line = Line2D([], [], marker=shape, color=colour, linestyle="", label=label, markersize=size)
        line.set_markerfacecolor("none" if hollow else colour)
        return line

    axes.axis("off")
    handles = [mark(shape, MET, f"met, {loss}") for loss, shape in MARKS.items()]
    handles += [
        mark("x", FAILED, "failed"),
        mark(".", UNKNOWN, "not known: given up\nearly"),
        mark("*", TEXT, "the text taken literally", 8, hollow=True),
        mark("o", TEXT, "the two winners", 9, hollow=True),
    ]
    axes.legend(handles=handles, loc="center", fontsize=6, frameon=False)
