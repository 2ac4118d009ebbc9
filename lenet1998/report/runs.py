"""Runs side by side: those of one recipe on the same data are a row, the paper's errors another.

All that a row says is of one set of runs. The first row is what the others are compared with: Student's paired t-test
judges the difference over the seeds that both have, the exact sign test the test patterns that they get wrong, where
these are known (`lenet1998.report.comparison`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lenet1998.errors import LeNetError, escaped
from lenet1998.recipe import Recipe
from lenet1998.report.comparison import MISCLASSIFIED, by_errors, by_patterns, holm, same_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Cell, Column, Estimate, Table
from lenet1998.report.tables import TEST, TRAIN, at_pass, papers
from lenet1998.training import DIGEST

_BASELINE = "baseline"
_HEAD = (
    Column("run", kind="text"),
    Column("seeds"),
    Column("passes"),
    Column("test error", "%"),
    Column("training error", "%"),
    Column(_BASELINE, "%"),
    Column("difference", "%", kind="difference"),
    Column("p (seeds)", kind="p"),
    Column("p (patterns)", kind="p"),
)


def grouped(histories: Iterable[dict]) -> dict[str, list[dict]]:
    """The finished runs by what they have in common, as `sorted_out` gives them."""
    return sorted_out(histories)[0]


def sorted_out(histories: Iterable[dict], unfinished: bool = False) -> tuple[dict[str, list[dict]], list[str]]:
    """The runs by what they have in common, label -> runs of different seeds and as many passes; and what to say of it.

    A label is the recipe's name, with the engine, patterns and data where groups differ in them. A run that is there
    twice counts once. Runs that have made fewer passes than others of their group are left out; with `unfinished` all
    of the group are read at the last pass that every seed has made. Raises LeNetError where two runs that should be
    the same are not.
    """
    groups: dict[str, dict[int, list[dict]]] = {}
    for history in histories:
        same = groups.setdefault(_key(history), {}).setdefault(history["seed"], [])
        for other in same:
            _refuse_difference(other, history)
        same.append(history)
    every = [next(iter(seeds.values()))[0] for seeds in groups.values()]
    around = [_surroundings(each) for each in every]
    different = [place for place in range(3) if len({each[place] for each in around}) > 1]
    labelled: dict[str, list[dict]] = {}
    said = []
    for seeds, first, each in zip(groups.values(), every, around, strict=True):
        label = ", ".join([escaped(first["recipe"]["name"]), *(each[place] for place in different)])
        while label in labelled:
            label += " (another)"
        longest = {seed: max(len(run["passes"]) for run in runs) for seed, runs in seeds.items()}
        most = max(longest.values())
        passes = min(longest.values()) if unfinished else most
        labelled[label] = [_at(runs, passes) for seed, runs in seeds.items() if longest[seed] >= passes]
        short = [
            f"seed {seed}: {len(run['passes'])} of {most} passes"
            for seed, runs in seeds.items()
            for run in runs
            if len(run["passes"]) < most
        ]
        if short and not unfinished:
            said.append(f"{label}: unfinished and left out ({'; '.join(short)}). --unfinished takes what it can.")
        elif passes < most:
            said.append(f"{label}: unfinished ({'; '.join(short)}). All runs of this row are read at pass {passes}.")
    return labelled, said


def side_by_side(groups: dict[str, list[dict]], unequal: bool = False, said: Sequence[str] = ()) -> Table:
    """A row for each group with its errors after the last pass, and what sets it apart from the first.

    Groups of other passes, patterns or data than the first are compared with it only if `unequal` asks for it. What was
    `said` of the runs before stands in the notes.
    """
    (name, first), *others = groups.items()
    notes, compared = [], {}
    for label, own in others:
        compared[label], note = _compared(label, own, name, first, unequal)
        notes += [note] if note else []
    tests = [test for test in compared.values() if test]
    if any(_unequal(own[0], first[0]) for _, own in others) and not unequal:
        notes.append("--unequal compares runs of other passes, patterns or data too.")
    over_seeds, over_patterns = (holm([getattr(test, kind) for test in tests]) for kind in ("seeds", "patterns"))
    adjusted = {id(test): pair for test, *pair in zip(tests, over_seeds, over_patterns, strict=True)}
    several = len({_patterns(own[0]) for own in groups.values()}) > 1
    rows: list[list[Cell]] = []
    shown = set()
    for label, own in groups.items():
        test = compared.get(label)
        own = test.runs if test else own
        size, paper = _patterns(own[0]), papers(own[0])
        if paper and size not in shown:
            shown.add(size)
            rows.append([f"1998, {size}" if several else "1998", None, 20, paper.get(TEST), paper.get(TRAIN)])
            rows[-1] += [None] * 4
        passes = len(own[0]["passes"])
        errors = [estimate(at_pass(own, passes, key)) for key in (TEST, TRAIN)]
        beside = [test.baseline, test.difference, *adjusted[id(test)]] if test else [None] * 4
        rows.append([label, len(own), passes, *errors, *beside])
    partly = any(len(test.runs) < len(first) for test in tests)
    if tests:
        about = f"Difference: test error minus that of {name}. All numbers of a row are of the same seeds"
        notes.insert(0, about + (f", also baseline, the test error of {name}." if partly else "."))
    if len(tests) > 1:
        notes.append(f"p is adjusted for {len(tests)} comparisons (Holm).")
    table = Table("comparison", "Errors after the last pass, means over seeds", _HEAD, rows, [*notes, *said])
    return table if partly else table.select([column.name for column in _HEAD if column.name != _BASELINE])


@dataclass(frozen=True)
class _Test:
    """A group beside the first: its runs of the seeds that both have, the first's test error with these seeds, the
    difference, and p over seeds and over patterns where there are such."""

    runs: list[dict]
    baseline: Estimate
    difference: Estimate
    seeds: float | None
    patterns: float | None


def _compared(label: str, own: list[dict], name: str, first: list[dict], unequal: bool) -> tuple[_Test | None, str]:
    """The comparison of a group with the first, if there is one, and what is to be said of it."""
    ours, theirs = same_seeds(own, first)
    if not ours:
        return None, f"{label} is not compared with {name}: no seed is in both."
    apart = _unequal(own[0], first[0])
    if apart and not unequal:
        return None, f"{label} is not compared with {name}: {', '.join(apart)}."
    note = f"{label} is compared with {name} although unequal: {', '.join(apart)}." if apart else ""
    if len(ours) < len(own):
        alone = ", ".join(str(run["seed"]) for run in own if run not in ours)
        note = " ".join([*[note] * bool(note), f"{label}: without seeds that {name} does not have ({alone})."])
    known = _judged(own[0]) == _judged(first[0]) and all(MISCLASSIFIED in run for run in [*ours, *theirs])
    seeds = by_errors(ours, theirs)
    baseline = estimate(at_pass(theirs, len(theirs[0]["passes"]), TEST))
    return _Test(ours, baseline, difference(seeds), seeds.p, by_patterns(ours, theirs).p if known else None), note


def _unequal(one: dict, other: dict) -> list[str]:
    """In what two groups differ that makes a comparison unfair, in words."""
    pairs = [
        (f"{len(run['passes'])} passes", f"{run['data']['train_size']:,} patterns", _surroundings(run)[2])
        for run in (one, other)
    ]
    found = [f"{ours} against {theirs}" for ours, theirs in zip(*pairs, strict=True) if ours != theirs]
    return found if found or _judged(one) == _judged(other) else ["other data of the same name"]


def _key(history: dict) -> str:
    """Equal for runs that differ in nothing but the seed and the number of passes."""
    recipe = replace(Recipe.from_dict(history["recipe"]), name="").as_dict()
    own = [[part["field"], part["sha256"]] for part in history.get("plugins", ())]
    parts = [recipe, own, history["engine"], _patterns(history), _judged(history)]
    return json.dumps(parts, sort_keys=True)


def _judged(history: dict) -> list:
    """On what a run was judged. Data of a user's own have the name of their directory, which may have been moved."""
    data = history["data"]
    name = data["name"].endswith(" validation") if data.get("path") else data["name"]
    return [name, data["test_size"], sorted(data.get("digests", {}).items())]


def _surroundings(history: dict) -> tuple[str, str, str]:
    data = history["data"]
    return escaped(history["engine"]), _patterns(history), escaped(f"{data['name']}, {data['test_size']:,} tested")


def _patterns(history: dict) -> str:
    copies = history["recipe"].get("distorted_copies", 0)
    return f"{history['data']['train_size']:,} patterns" + (" with distortions" if copies else "")


def _refuse_difference(one: dict, other: dict) -> None:
    """Raise LeNetError unless two runs of the same recipe, seed and data are the same as far as both go."""
    for a, b in zip(one["passes"], other["passes"], strict=False):
        if any(a[key] != b[key] for key in (TEST, TRAIN, DIGEST) if key in a and key in b):
            raise LeNetError(
                f"two runs of {one['recipe']['name']} with seed {one['seed']} differ: name one of them; "
                "lenet1998 check RUN --with RUN says where they part"
            )


def _at(runs: list[dict], passes: int) -> dict:
    """Of one seed's runs the one that ends at this pass, if there is one with its misclassified patterns; else the
    longest, cut, without these patterns, which are those of its end."""
    ends = [run for run in runs if len(run["passes"]) == passes]
    if ends:
        return next((run for run in ends if MISCLASSIFIED in run), ends[0])
    longest = max(runs, key=lambda run: len(run["passes"]))
    kept = {key: value for key, value in longest.items() if key != MISCLASSIFIED}
    return kept | {"passes": longest["passes"][:passes]}
