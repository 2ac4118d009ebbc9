"""What the study found: the winners and every score."""

from collections import Counter
from dataclasses import replace

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
from lenet1998.recipe import Recipe
from lenet1998.report.table import Cell, Column, Estimate, Table

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
