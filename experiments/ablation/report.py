"""What the ablation found: a score for every variant, and the tables."""

from collections.abc import Callable

import numpy as np

from experiments.machinery.declaration import Record
from experiments.machinery.record import at_pass, named
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
    given = [[rung(row) if row["group"] == LADDER else row["label"], *cells(row)] for row in rows]
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


def rung(row: dict) -> str:
    """What a row of the ladder says: the part that is added, and which ends it is."""
    return {"default": "1998", "modern": f"+ {row['label']} = modern"}.get(row["name"], f"+ {row['label']}")
