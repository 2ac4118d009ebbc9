"""Runs side by side: those of one recipe on the same data are a row, the paper's errors another.

The first row is what the others are compared with. Where both have runs of the same seed, Student's paired t-test
judges the difference; where it is known which test patterns they get wrong, the exact sign test does
(`lenet1998.report.comparison`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from lenet1998.errors import LeNetError
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import MISCLASSIFIED, by_errors, by_patterns, holm, same_seeds
from lenet1998.report.document import Table
from lenet1998.report.tables import TEST, TRAIN, at_pass, mean_text, papers, patterns_text


def grouped(histories: Iterable[dict]) -> dict[str, list[dict]]:
    """The runs by what they have in common: label -> runs of different seeds, cut to as many passes as all have made.

    A label is the recipe's name, with the engine, patterns and data where groups differ in them. A run that is there
    twice counts once. Raises LeNetError where two runs that should be the same are not.
    """
    groups: dict[str, dict[int, dict]] = {}
    for history in histories:
        recipe = replace(Recipe.from_dict(history["recipe"]), name="").as_dict()
        same = groups.setdefault(json.dumps([recipe, *_surroundings(history)]), {})
        other = same.get(history["seed"], history)
        if any(a[TEST] != b[TEST] for a, b in zip(other["passes"], history["passes"], strict=False)):
            raise LeNetError(
                f"two runs of {history['recipe']['name']} with seed {history['seed']} differ: name one of them; "
                "lenet1998 check RUN --with RUN says where they part"
            )
        same[history["seed"]] = history | other | {"passes": max(other["passes"], history["passes"], key=len)}
    runs = [list(same.values()) for same in groups.values()]
    around = [_surroundings(own[0]) for own in runs]
    different = [place for place in range(3) if len({each[place] for each in around}) > 1]
    labelled: dict[str, list[dict]] = {}
    for own, each in zip(runs, around, strict=True):
        label = ", ".join([own[0]["recipe"]["name"], *(each[place] for place in different)])
        while label in labelled:
            label += " (another)"
        passes = min(len(run["passes"]) for run in own)
        labelled[label] = [run | {"passes": run["passes"][:passes]} for run in own]
    return labelled


def side_by_side(groups: dict[str, list[dict]]) -> Table:
    """A row for each group with its errors after the last pass, and what sets it apart from the first."""
    first, *others = groups.values()
    compared = [_compared(own, first) for own in others]
    adjusted = [holm([tests[place] for _, *tests in compared]) for place in (0, 1)]
    several = len({patterns_text(own[0]) for own in groups.values()}) > 1
    rows, shown = [], set()
    for place, (label, own) in enumerate(groups.items(), -1):
        paper = papers(own[0])
        size = patterns_text(own[0])
        if paper and size not in shown:
            shown.add(size)
            name = f"1998, {size} patterns" if several else "1998"
            errors = [f"{paper[key]:.2f}" if key in paper else "" for key in (TEST, TRAIN)]
            rows.append([name, "", "20", *errors, "", "", ""])
        errors = [mean_text(at_pass(own, len(own[0]["passes"]), key)) for key in (TEST, TRAIN)]
        row = [label, str(len(own)), str(len(own[0]["passes"])), *errors]
        rows.append(row + ([compared[place][0], *(_p(each[place]) for each in adjusted)] if place >= 0 else [""] * 3))
    head = ["run", "seeds", "passes", "test error (%)", "training error (%)", "difference", "p (seeds)", "p (patterns)"]
    caption = "Errors after the last pass, means over seeds with 95% intervals"
    if others:
        caption += f"; difference in test error from {next(iter(groups))}, paired by seed"
        caption += f"; p adjusted for {len(others)} comparisons (Holm)" if len(others) > 1 else ""
    return Table(head, rows, caption)


def _surroundings(history: dict) -> tuple[str, str, str]:
    data = history["data"]
    return history["engine"], f"{patterns_text(history)} patterns", f"{data['name']}, {data['test_size']:,} tested"


def _compared(own: list[dict], first: list[dict]) -> tuple[str, float | None, float | None]:
    """The difference in test error in words, and the p-values over seeds and over patterns, where there are such."""
    if _surroundings(own[0])[2] != _surroundings(first[0])[2]:
        return "", None, None  # judged on other patterns
    ours, theirs = same_seeds(own, first)
    if not ours:
        return "", None, None
    seeds = by_errors(ours, theirs)
    interval = "" if seeds.low is None else f" ({seeds.low:+.2f} to {seeds.high:+.2f})"
    known = all(MISCLASSIFIED in run for run in [*ours, *theirs])
    return f"{seeds.difference:+.2f}{interval}", seeds.p, by_patterns(ours, theirs).p if known else None


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"
