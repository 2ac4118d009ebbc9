"""What the study found: the winners and every score, and a map of the space, claim by claim."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.machinery.declaration import Claim, Record
from experiments.machinery.record import of_mnist
from experiments.readings.design import ANSWERS, loss_of
from experiments.readings.score import (
    CLAIMS,
    DROPS,
    LITERAL,
    QUESTIONS,
    SAMPLED,
    SPACE,
    by_departures,
    by_distance,
    every_claim,
    rows,
    sizes,
    winners,
)  # fmt: skip
from lenet1998.pictures.plotting import save, style
from lenet1998.recipe import PRINTED, Recipe
from lenet1998.report.table import Cell, Column, Estimate, Table

MET, FAILED, UNKNOWN, TEXT = "#0072B2", "#D55E00", "0.75", "#000000"
MARKS = {"eq. 8": "o", "eq. 9, exact": "D", "eq. 9, constant": "s"}
BESIDE = {"eq. 8": 3.7, "eq. 9, exact": 4.2, "eq. 9, constant": 4.8}  # where those of a gain of 2.4 stand, by loss
OVER_F = 0.8  # where on the axis of gains the readings stand that divide by the fan-in instead of its root
WINNERS = {"closest": ("^", 13.0), "least departure": ("o", 11.0)}
_TITLES = {
    "rates": "rates of pass 1",
    "curve": "training curve",
    "end": "training error at the end",
    "stable": "no over-training",
    "first": "errors of pass 1",
    "drops": "drops with eta",
    "all": "every claim",
}


PARTS = {
    "repeated": "repeated with more seeds",
    LITERAL: "the text taken literally",
    QUESTIONS: "the winner with one other answer",
    SPACE: "the space, one seed",
}
SECTIONS = {"rates": "III-B", "curve": "Figure 5", "end": "III-B", "stable": "III-B", "first": "Figure 5",
            "drops": "Figure 5"}  # fmt: skip


def scored(record: Record) -> list[dict]:
    """The score of every reading. Raises LeNetError where the data are not MNIST."""
    of_mnist(run["data"]["name"] for run in record["runs"])
    return rows(record["runs"], record.get("diverged", []))


def scores(record: Record) -> Record:
    """The numbers of all readings, for others to read."""
    found = scored(record)
    named = {title: row["reading"] for title, row in winners(found).items()}
    return {"claims": CLAIMS, "winners": named, "sizes": sizes(record["runs"]), "rows": found}


def short_names(found: list[dict]) -> dict[str, str]:
    """For each reading, by its name, a short one: its part and its number there, or which answers it has."""
    names, count = {}, Counter[str]()
    for row in found:
        count[row["part"]] += 1
        names[row["reading"]] = f"{row['part']} {count[row['part']]}"
        if row["part"] == LITERAL:
            taken = [letter for letter, answer in zip("abc", ANSWERS, strict=True) if answer in row["reading"]]
            names[row["reading"]] = ", ".join(["text", *taken])
        if row["part"] == QUESTIONS:
            names[row["reading"]] = row["reading"].removeprefix("winner ")
    return names


def tables(record: Record) -> list[Table]:
    """Scores and measures by part of the study, what the readings of the space are, and Figure 6's training errors."""
    found = scored(record)
    names = short_names(found)
    groups = {part: [row for row in found if row["part"] == part] for part in (LITERAL, QUESTIONS)}
    for part, several in (("repeated", True), (SPACE, False)):
        groups[part] = [row for row in found if row["part"] in SAMPLED and (row["seeds"] > 1) == several]
    written = []
    for part, caption in PARTS.items():
        own = sorted(groups[part], key=lambda row: (not every_claim(row), by_distance(row), by_departures(row)))
        written += [scores_of(part, caption, own, names), measures_of(part, caption, own, names)] if own else []
    won = [f"{title}: {names[row['reading']]}, `{row['reading']}`." for title, row in winners(found).items()]
    letters = ", ".join(f"{letter}: `{answer}`" for letter, answer in zip("abc", ANSWERS, strict=True))
    first = replace(written[0], notes=[*written[0].notes, *won])
    text = f"readings_{LITERAL}"
    others = [replace(one, notes=[*one.notes, f"Answers: {letters}."]) if one.name == text else one for one in written]
    by_size = sizes(record["runs"])
    space = [row for row in found if row["part"] in SAMPLED]
    values = values_of("readings_values", "The readings of the space", space, names)
    return [first, *others[1:], values, *([_sizes(by_size)] if by_size else [])]


def scores_of(part: str, caption: str, found: list[dict], names: dict[str, str]) -> Table:
    """Which claims a reading fails, and how near it comes."""
    columns = [Column("reading", kind="text"), Column("seeds"), Column("diverged"), Column("departures")]
    columns += [Column("fails", kind="text"), Column("remark", kind="text"), Column("distance")]
    cells: list[list[Cell]] = []
    for row in found:
        failed = ", ".join(claim for claim, met in row["met"].items() if met is False) if row["seeds"] else ""
        remark = "given up" if row["stopped"] else "" if row["seeds"] else "diverged"
        counts = [row["seeds"], row["diverged"], len(row["departures"])]
        cells.append([names[row["reading"]], *counts, failed, remark, row["distance"]])
        low, high = row.get("held_out_interval") or (None, None)
        held_out = row.get("held_out_error_percent")
        cells[-1].append(None if held_out is None else Estimate(held_out, low, high, row["seeds"]))
    notes = [
        "Reading: the part of the study that it comes from, and its number. Departures: answers that differ from the "
        "text. Fails: the paper's claims that it misses; given up: what it missed when it was stopped. Distance: root "
        "mean square over the claims, in tolerances."
    ]
    name = f"readings_{part}"
    return Table(name, f"Readings, {caption}", [*columns, Column("held-out error", "%")], cells, notes)


def measures_of(part: str, caption: str, found: list[dict], names: dict[str, str]) -> Table:
    """What the claims are judged by."""
    rates = [Column(f"{end} rate", kind="significant") for end in ("smallest", "largest")]
    columns = [Column("reading", kind="text"), *rates, *map(Column, ("factor", "curve", "end", "rise", "worst"))]
    columns += map(Column, ("training, pass 1", "held-out, pass 1", "drop 3", "drop 6", "drop 9"))
    keys = ("step_min", "step_max", "rate_factor", "curve_rms", "train_error_percent", "rise", "held_out_worst")
    cells: list[list[Cell]] = []
    for row in found:
        first, drops = row.get("first", [None, None]), row.get("drops", [None] * len(DROPS))
        cells.append([names[row["reading"]], *(row.get(key) for key in keys), *first, *drops])
        if row["stopped"]:
            cells[-1][4] = None  # of too few passes
    notes = [
        "Rates are those of pass 1, factor is their distance from the paper's. Curve is the rms difference from Figure "
        "5, end the training error after 19 passes, rise how far held-out error ends above its lowest, worst that of "
        "the worst seed (%). Drops are natural logarithms of the training error's falls."
    ]
    return Table(f"readings_{part}_measures", f"Measures of readings, {caption}", columns, cells, notes)


def values_of(name: str, caption: str, found: list[dict], names: dict[str, str]) -> Table:
    """Readings by the axes of the space."""
    columns = [Column("reading", kind="text"), Column("gain", digits=3, kind="significant")]
    columns += [Column(each, digits=3, kind="significant") for each in ("coefficient", "penalty", "j")]
    columns += [Column("loss", kind="text"), Column("S layers", kind="text")]
    cells: list[list[Cell]] = []
    for row in found:
        recipe = Recipe.from_dict(row["recipe"])
        j = recipe.j if recipe.loss == "map" else None
        numbers = [recipe.init_gain, recipe.coefficient, recipe.penalty_scale, j]
        cells.append([names[row["reading"]], *numbers, loss_of(recipe), recipe.subsampling])
    return Table(name, caption, columns, cells)


def _sizes(by_size: list[dict]) -> Table:
    columns = [Column("training set", "patterns"), Column("seeds"), Column("last pass, on the fly", "%")]
    columns += [Column("after training", "%"), Column("1998", "%")]
    keys = ("size", "seeds", "on_the_fly_percent", "after_training_percent", "paper_percent")
    return Table(
        "readings_sizes", "Training errors by size, Figure 6", columns, [[row[key] for key in keys] for row in by_size]
    )


def claims(record: Record) -> list[Claim]:
    """What the winner, the least departure from the text, has of each claim."""
    winner = winners(scored(record)).get("least departure", {"seeds": 0})
    found = {
        "rates": "{step_min:.1e} and {step_max:.1e}, a factor of {rate_factor:.2f}",
        "curve": "{curve_rms:.2f} point",
        "end": "{train_error_percent:.2f}%",
        "stable": "{rise:.2f} point above its lowest, the worst seed at {held_out_worst:.2f}%",
        "first": "{first[0]:.2f}% and {first[1]:.2f}%",
        "drops": "falls by " + ", ".join(f"{{drops[{place}]:.2f}}" for place in range(len(DROPS))),
    }
    verdict = {True: "agrees", False: "contradicts", None: "open"}
    return [
        Claim(SECTIONS[claim], says, found[claim].format(**winner), verdict[winner["met"][claim]])
        for claim, says in CLAIMS.items()
        if winner["seeds"] and (claim != "drops" or "drops" in winner)
    ]


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
        for name, row in winners(rows).items():
            shape, size = WINNERS[name]
            hollow = {"markerfacecolor": "none", "markeredgecolor": TEXT, "markeredgewidth": 0.9}
            axes[6].plot(*_place(Recipe.from_dict(row["recipe"])), shape, markersize=size, zorder=5, **hollow)
        _legend(axes[7])
        strip = "left strip: divided by F, not its root; right strip: a gain of 2.4, a column per loss"
        figure.supxlabel(f"gain of the initial weights; {strip}", fontsize=8)
        figure.supylabel("scale of the penalty (equation 7: 1)", fontsize=8)
        return save(figure, stem)


def _place(recipe: Recipe) -> tuple[float, float]:
    if recipe.init_power == PRINTED.init_power:
        return OVER_F, recipe.penalty_scale
    return BESIDE[loss_of(recipe)] if recipe.init_gain == PRINTED.init_gain else recipe.init_gain, recipe.penalty_scale


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
    for x in ((OVER_F + 1) / 2, 3.4):
        axes.axvline(x, color="0.6", linewidth=0.6)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([OVER_F, 1, 1.73, 2.5, BESIDE["eq. 9, exact"]], ["2.4/F", "1", "1.7", "2.5", "2.4"], fontsize=6)
    axes.set_xticks([], minor=True)
    axes.set_xlim(0.72, 5.3)
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
        *(mark(shape, TEXT, f"winner: {name}", 9, hollow=True) for name, (shape, _) in WINNERS.items()),
    ]
    axes.legend(handles=handles, loc="center", fontsize=6, frameon=False)
