"""What the ablation found: a score for every variant, the Markdown table, and the figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.common import at_pass, named
from experiments.pairs import paired
from lenet1998.evaluation import student_interval
from lenet1998.pictures import chosen_look
from lenet1998.pictures.plotting import LOOKS, TEST, TRAIN, columns, panels, save, style
from lenet1998.report.comparison import holm

THRESHOLDS = (2.0, 1.5, 1.2)
ENDS = ("1998", "modern")
LADDER = "ladder"
GIVEN_UP = ", given up"
HEADINGS = {LADDER: "The ladder", "1998": "1998, with one other part", "modern": "Modern, with one other part"}
WIDEST = 2.5  # per cent; what errs more is written at the margin of a figure
_LEVEL = 0.05


def scores(variants: list, histories: list[dict], diverged: list[dict]) -> list[dict]:
    """A row for each variant that was trained: its errors, its times, and the tests against the two ends."""
    rows = {}
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
    means = (float(np.mean(values)) if values else None for values in (passes, seconds))
    return {"seeds": len(passes), **dict(zip(("passes", "seconds"), means, strict=True))}


def _against(runs: list[dict], others: list[dict]) -> dict | None:
    tests = paired(runs, others)
    return tests and {**tests[0].as_dict(), "patterns": tests[1].as_dict()}


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


def table(rows: list[dict]) -> str:
    """The scores as Markdown, with the methods below it."""
    head = ["", "first rate", "seeds", "test error (%), 95%"]
    head += [f"to {error:g}%: passes, seconds" for error in THRESHOLDS]
    for end in ENDS:
        head += [f"minus {end}, 95%", "p, seeds", "p, patterns"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for group, heading in HEADINGS.items():
        own = [row for row in rows if row["group"] == group]
        lines += [f"| **{heading}** |" + " |" * (len(head) - 1)] if own else []
        lines += ["| " + " | ".join(_cells(row)) + " |" for row in own]
    notes = (
        "First rate: chosen on held-out training patterns from five, the same number for every variant; ^ if the "
        "best was the lowest or highest of them, so that a better one may lie beyond; v for each time that it was "
        "halved, because a seed diverged or did not learn its training patterns. Passes and seconds: means over the "
        "seeds, where not all of them came so far their number. Minus 1998, minus modern: difference of test errors "
        "with the 95% interval and p-value of Student's t-test, paired by seed; * if p stays below 0.05 after Holm's "
        "adjustment for the number of variants that are compared with that end. P, patterns: the exact sign test "
        "over test patterns (with one seed, McNemar's), each counted for the recipe that errs on it with more seeds. "
        "The tests over seeds speak for other seeds on this test set, those over patterns for these networks on "
        "other test patterns.",
    )
    return "\n".join([*lines, "", *notes]) + "\n"


def ladder_table(rows: list[dict]) -> str:
    """The ladder alone, for docs/results.md: error, passes and seconds to 1.5%, and the difference from 1998."""
    head = "| | test error (%), 95% | to 1.5%: passes, seconds; or how many seeds came so far | minus 1998, 95% |"
    lines = [head, "|---|---|---|---|"]
    for row in rows:
        if row["group"] == LADDER:
            label, _, _, error, _, middle, _, difference, *_ = _cells(row)
            lines.append(f"| {label} | {error} | {middle} | {difference} |")
    return "\n".join(lines)


def _rung(row: dict) -> str:
    """What a row of the ladder says: the part that is added, and which ends it is."""
    return {"1998": "1998", "modern": f"+ {row['label']} = modern"}.get(row["name"], f"+ {row['label']}")


def _cells(row: dict) -> list[str]:
    label = _rung(row) if row["group"] == LADDER else row["label"]
    seeds = f"{row['seeds']}" + (f", {row['diverged']} diverged" if row["diverged"] else "")
    if not row["seeds"]:
        return [label, "", seeds, *[""] * (1 + len(THRESHOLDS) + 3 * len(ENDS))]
    mark = "^" * row["at_edge"] + "v" * len(row["given_up"])
    cells = [label, f"{row['rate']:.2g}{mark}", seeds]
    cells.append(f"{row['test_error_percent']:.2f}" + _interval(row["interval"]))
    for reach in row["reached"].values():
        if reach["seeds"] == row["seeds"]:
            cells.append(f"{reach['passes']:.1f}, {reach['seconds']:.0f} s")
        else:
            cells.append(f"{reach['seeds']} of {row['seeds']}" if reach["seeds"] else "never")
    for end in ENDS:
        test = row["against"].get(end)
        if not test:
            cells += ["", "", ""]
            continue
        star = "*" if test["p_holm"] is not None and test["p_holm"] < _LEVEL else ""
        interval = _interval(None if test["low"] is None else [test["low"], test["high"]])
        cells += [f"{test['difference']:+.2f}{interval}{star}", _p(test["p"]), _p(test["patterns"]["p"])]
    return cells


def _interval(bounds: list[float] | None) -> str:
    return f" ({bounds[0]:.2f} to {bounds[1]:.2f})" if bounds else ""


def _p(value: float | None) -> str:
    return "" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


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
        axes.set(xlabel="test error (%)", title="From 1998 to today: mean, 95% interval and single seeds")
        return save(figure, stem)


def draw_components(rows: list[dict], stem: Path) -> list[Path]:
    """One part of the other kind in each end, left and right; the line and band are the end itself."""
    groups = [(end, [row for row in rows if row["group"] == end]) for end in ENDS]
    groups = [(end, own) for end, own in groups if own]
    with style():
        height = 0.26 * max(len(own) for _, own in groups) + 1
        figure, every = panels(len(groups), (4.3 * len(groups), height))
        if chosen_look().narrow:
            figure.set_figheight(0.8 * height * len(groups))
        for axes, (end, own), colour, marker in zip(every, groups, (TEST, TRAIN), "os", strict=False):
            _errors(axes, own, [row["label"] for row in own], colour, marker)
            itself = next((row for row in rows if row["name"] == end and row["seeds"]), None)
            if itself:
                axes.axvline(itself["test_error_percent"], color="0.3", linestyle="--", linewidth=1.2, zorder=1)
                if itself["interval"]:
                    axes.axvspan(*itself["interval"], color="0.9", linewidth=0, zorder=0.5)
            axes.set(xlabel="test error (%)", title=HEADINGS[end])
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
        axes.annotate(f"{mean:.2f}", (mean, y), (0, 4), textcoords="offset points", fontsize=7, ha="center")
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
