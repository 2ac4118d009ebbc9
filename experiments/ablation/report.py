"""What the ablation found: a score for every variant, the tables, and the figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.machinery.declaration import Record
from experiments.machinery.record import at_pass, named
from lenet1998.evaluation import interval_name, student_interval
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, TEST, TRAIN, columns, panels, save, style
from lenet1998.report.comparison import by_errors, by_patterns, holm, same_seeds
from lenet1998.report.table import Cell, Column, Estimate, Table

THRESHOLDS = (2.0, 1.5, 1.2)
ENDS = ("default", "modern")  # the recipes that all others are compared with
UNTIMED = ENDS[0]  # its runs were made long after the others, on a machine that was shared: their seconds say nothing
LADDER = "ladder"
GIVEN_UP = ", given up"
GROUPS = {
    LADDER: ("ablation_ladder", "The ladder"),
    "1998": ("ablation_in_1998", "1998, with one other part"),
    "modern": ("ablation_in_modern", "Modern, with one other part"),
}
WIDEST = 2.5  # per cent; what errs more is written at the margin of a figure


def scores(variants: list, record: Record) -> list[dict]:
    """A row for each variant that was trained: its errors, its times, and the tests against the two ends."""
    rows, histories, diverged = {}, record["runs"], record["diverged"]
    for variant in variants:
        name = variant.recipe.name
        runs, lost = named(histories, name), sum(end["recipe"] == name for end in diverged)
        if (runs or lost) and name not in rows:
            row = {
                "name": name,
                "seeds": len(runs),
                "diverged": lost,
                "rate": None,
                **_search(name, histories, diverged),
            }
            if runs:
                mean, low, high = at_pass(runs, -1, "test_error_percent")
                interval = [low, high] if len(runs) > 1 else None
                row |= {
                    "rate": runs[0]["recipe"]["schedule"][0][1],
                    "test_error_percent": mean,
                    "interval": interval,
                    "by_seed": [run["passes"][-1]["test_error_percent"] for run in runs],
                    "reached": {str(error): reached(runs, error) for error in THRESHOLDS},
                    "against": {end: _against(runs, named(histories, end)) for end in ENDS if end != name},
                }
            rows[name] = row
    for end in ENDS:  # one family of tests for each end, in which a variant counts once
        tests = [test for row in rows.values() if (test := row.get("against", {}).get(end))]
        for test, p in zip(tests, holm([test["p"] for test in tests]), strict=True):
            test["p_holm"] = p
    shown = [variant for variant in variants if variant.recipe.name in rows]
    return [{"group": variant.group, "label": variant.label, **rows[variant.recipe.name]} for variant in shown]


def reached(runs: list[dict], error: float) -> dict[str, float | None]:
    """How many seeds came down to a test error (%), and the mean passes and seconds of training until then."""
    passes, seconds = [], []
    for run in runs:
        below = [record["pass"] for record in run["passes"] if record["test_error_percent"] <= error]
        if below:
            passes.append(below[0])
            seconds.append(sum(record["seconds"] for record in run["passes"][: below[0]]))
    timed = runs[0]["recipe"]["name"] != UNTIMED
    means = (float(np.mean(values)) if values else None for values in (passes, seconds if timed else []))
    return {"seeds": len(passes), **dict(zip(("passes", "seconds"), means, strict=True))}


def _against(runs: list[dict], others: list[dict]) -> dict | None:
    pairs = same_seeds(runs, others)
    return {**by_errors(*pairs).as_dict(), "patterns": by_patterns(*pairs).as_dict()} if pairs[0] else None


def _search(name: str, histories: list[dict], diverged: list[dict]) -> dict:
    """Held-out error by factor to the centre (None: diverged), whether the best is the first or last of them, and the
    factors that were given up after the search."""
    mark = f"{name}, rate x "
    ends = [(end["recipe"], None) for end in diverged]
    ends += [(run["recipe"]["name"], run["passes"][-1]["test_error_percent"]) for run in histories]
    own = [(name.removeprefix(mark), error) for name, error in ends if name.startswith(mark)]
    lost = {text.removesuffix(GIVEN_UP) for text, _ in own if text.endswith(GIVEN_UP)}
    tried = dict(sorted((float(text), error) for text, error in own if not text.endswith(GIVEN_UP)))
    errors = [np.inf if error is None else error for error in tried.values()]
    at_edge = min(errors, default=0) < min(errors[1:-1], default=0)
    search = {f"{factor:g}": error for factor, error in tried.items()}
    return {"search": search, "at_edge": at_edge, "given_up": sorted(lost, key=float)}


def tables(rows: list[dict]) -> list[Table]:
    """For the ladder and for either end: errors and the difference from default, that from modern, and speed."""
    found = []
    for group, (name, heading) in GROUPS.items():
        own = [row for row in rows if row["group"] == group]
        if own:
            found.append(
                _table(name, f"{heading}: differences from default, and test errors", own, _errors_of, "default")
            )
            found.append(
                _table(f"{name}_minus_modern", f"{heading}: differences from modern", own, _against_end, "modern")
            )
            found.append(
                _table(f"{name}_speed", f"{heading}: rates, and how long until a test error", own, _speed_of, "")
            )
    return found


Cells = tuple[list[Column], Callable[[dict], list[Cell]], list[str]]


def _table(name: str, caption: str, rows: list[dict], part: Callable[[str], Cells], end: str) -> Table:
    columns, cells, notes = part(end)
    given = [[_rung(row) if row["group"] == LADDER else row["label"], *cells(row)] for row in rows]
    return Table(name, caption, [Column("variant", kind="text"), *columns], given, notes)


def _errors_of(end: str) -> Cells:
    columns, against, notes = _against_end(end)

    def cells(row: dict) -> list[Cell]:
        low, high = row.get("interval") or (None, None)
        error = Estimate(row["test_error_percent"], low, high, row["seeds"]) if row["seeds"] else None
        return [row["seeds"], row["diverged"], error, *against(row)]

    return [Column("seeds"), Column("diverged"), Column("test error", "%"), *columns], cells, notes


def _against_end(end: str) -> Cells:
    columns = [Column(f"minus {end}", "point", kind="difference")]
    columns += [Column(f"{name} {end}", kind="p") for name in ("p seeds", "p patterns", "Holm")]

    def cells(row: dict) -> list[Cell]:
        test = row.get("against", {}).get(end)
        if not test:
            return [None] * 4
        change = Estimate(test["difference"], test["low"], test["high"], row["seeds"])
        return [change, test["p"], test["patterns"]["p"], test["p_holm"]]

    notes = [
        "P seeds: Student's t-test, paired by seed. It speaks for other seeds on this test set. Holm: the same, "
        "adjusted for the number of variants that are compared with that end. P patterns: the exact sign test over "
        "test patterns (with one seed, McNemar's), each counted for the recipe that errs on it with more seeds. It "
        "speaks for these networks on other test patterns."
    ]
    return columns, cells, notes


def _speed_of(end: str) -> Cells:
    columns = [Column("rate", kind="significant"), Column("edge", kind="text"), Column("halved", "times")]
    for error in THRESHOLDS:
        columns += [Column(f"seeds to {error:g}%"), Column(f"passes to {error:g}%", digits=1)]
        columns += [Column(f"time to {error:g}%", "s", digits=0)]

    def cells(row: dict) -> list[Cell]:
        reached = [row.get("reached", {}).get(str(error), {}) for error in THRESHOLDS]
        times = [each.get(key) for each in reached for key in ("seeds", "passes", "seconds")]
        return [row["rate"], "yes" if row["at_edge"] else "", len(row["given_up"]), *times]

    notes = [
        "Rate: that of the first pass. The default has that of III-B, all others one chosen on held-out training "
        "patterns from five. Edge: the best was the lowest or highest of them, so a better one may lie beyond. Halved: "
        "how often the rate was halved because a seed diverged or did not learn its training patterns. Passes and "
        "seconds of training are means over the seeds that came so far. 1998 has no seconds: its runs were made at "
        "another time, on a machine that was shared."
    ]
    return columns, cells, notes


def _rung(row: dict) -> str:
    """What a row of the ladder says: the part that is added, and which ends it is."""
    return {"default": "1998", "modern": f"+ {row['label']} = modern"}.get(row["name"], f"+ {row['label']}")


def draw(rows: list[dict], histories: list[dict], stem: Path) -> list[Path]:
    """The figures of what was trained: stem_ladder, stem_components and stem_speed, each as PNG and PDF."""
    ladder = [row for row in rows if row["group"] == LADDER]
    written = draw_ladder(ladder, stem.with_name(stem.name + "_ladder")) if ladder else []
    if len(ladder) < len(rows):
        written += draw_components(rows, stem.with_name(stem.name + "_components"))
    if any(row["seeds"] for row in ladder):
        written += draw_speed(ladder, histories, stem.with_name(stem.name + "_speed"))
    return written


def draw_ladder(rows: list[dict], stem: Path) -> list[Path]:
    """Test error with its interval at every rung, from 1998 at the top down to modern; the seeds beside it."""
    with style():
        figure = Figure(figsize=(6, 0.36 * len(rows) + 1))
        axes = figure.add_subplot()
        _errors(axes, rows, [_rung(row) for row in rows], TEST, "o")
        shown = interval_name(*(row["seeds"] for row in rows))
        axes.set(xlabel="test error (%)", title=f"From 1998 to today: mean, {shown} and single seeds")
        return save(figure, stem)


def draw_components(rows: list[dict], stem: Path) -> list[Path]:
    """One part of the other kind in each end, left and right; the line and band are the end itself."""
    groups = [
        (end, group, own)
        for end, group in zip(ENDS, ("1998", "modern"), strict=True)
        if (own := [row for row in rows if row["group"] == group])
    ]
    with style():
        height = 0.26 * max(len(own) for *_, own in groups) + 1
        figure, every = panels(len(groups), (4.3 * len(groups), height))
        if chosen_look().narrow:
            figure.set_figheight(0.8 * height * len(groups))
        for axes, (end, group, own), colour, marker in zip(every, groups, (TEST, TRAIN), "os", strict=False):
            _errors(axes, own, [row["label"] for row in own], colour, marker)
            itself = next((row for row in rows if row["name"] == end and row["seeds"]), None)
            if itself:
                axes.axvline(itself["test_error_percent"], color="0.3", linestyle="--", linewidth=1.2, zorder=1)
                if itself["interval"]:
                    axes.axvspan(*itself["interval"], color="0.9", linewidth=0, zorder=0.5)
            axes.set(xlabel="test error (%)", title=GROUPS[group][1])
        limits = [axes.get_xlim() for axes in every]  # one scale for all, or the ends could not be compared
        for axes in every:
            axes.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        return save(figure, stem)


def _errors(axes: Axes, rows: list[dict], labels: list[str], colour: str, marker: str) -> None:
    """A line for each row: mean, interval and seeds; what is off the scale is written at its end."""
    for y, row in enumerate(rows):
        mean = row.get("test_error_percent", np.inf)
        if mean > WIDEST:
            text = f"{mean:.1f}% >" if row["seeds"] else "diverged >"
            axes.text(0.99, y, text, transform=axes.get_yaxis_transform(), fontsize=7, ha="right", va="center")
            continue
        axes.plot(row["by_seed"], [y + 0.22] * row["seeds"], "|", color="0.45", markersize=5)
        if row["interval"]:
            axes.plot(row["interval"], [y, y], color=colour)
        axes.plot(mean, y, marker, color=colour)
        white = {
            "facecolor": "white",
            "edgecolor": "none",
            "pad": 0.3,
        }  # or a line would strike it through
        axes.annotate(f"{mean:.2f}", (mean, y), (0, 4), textcoords="offset points", fontsize=7, ha="center", bbox=white)
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.7)
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, 0), min(high, WIDEST))


def draw_speed(rows: list[dict], histories: list[dict], stem: Path) -> list[Path]:
    """Mean test error over the seeds of every rung, against passes and against seconds of training."""
    shown = [row for row in rows if row["seeds"]]
    with style():
        figure, (left, right) = panels(2, (7.5, 3.9), sharey=True)
        if chosen_look().narrow:
            figure.set_figheight(5.6)
        for place, row in enumerate(shown):
            runs = named(histories, row["name"])
            errors = [[record["test_error_percent"] for record in run["passes"]] for run in runs]
            error = student_interval(np.array(errors))[0]
            seconds = np.mean([np.cumsum([record["seconds"] for record in run["passes"]]) for run in runs], axis=0)
            look = {
                **LOOKS[place % len(LOOKS)],
                "linewidth": 2.2 if row["name"] in ENDS else 1.1,
                "markersize": 3.5,
                **({"markerfacecolor": "white"} if place >= len(LOOKS) else {}),
                "label": _rung(row),
            }
            left.plot(np.arange(1, len(error) + 1), error, **look)
            if row["name"] != UNTIMED:
                right.plot(seconds, error, **look)
        left.set(xlabel="pass", ylabel="test error (%)", title="Mean over seeds")
        right.set(xlabel="seconds of training, one core")
        left.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        if left.dataLim.ymin > 0:
            left.set_yscale("log")
            left.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5)))
            left.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
            left.yaxis.set_minor_locator(ticker.NullLocator())
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=columns(4), fontsize=7)
        return save(figure, stem)
