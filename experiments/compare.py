"""Which recipe is better? ``python -m experiments.compare RECIPE RECIPE ...``

A recipe is the name of a preset; or a preset and changes, as in `default,loss=mle`, with the keys of `lenet1998
train --set`; or a TOML file of such keys, which may say `preset` and `name` too:

    preset = "modern"
    name = "modern, slower"
    optimiser = "sgd"
    schedule = "10x0.05,10x0.01"

All recipes are trained with the same seeds, and the first is compared with each of the others: test errors by Student's
t-test, paired by seed, which speaks for other seeds on this test set; and the patterns that are wrong by the exact sign
test (with one seed, McNemar's), which speaks for these networks on other test patterns. With several others p-values of
the t-test are adjusted for their number (Holm). Choose between recipes with --held-out: a choice that has seen the test
set is not judged by it. Writes compare_A_B.json and the figure of the error curves.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import ticker

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.measures import misclassified
from experiments.machinery.recipes import recipes_of, slug
from experiments.machinery.record import curves, named
from experiments.machinery.setting import Setting
from lenet1998.commands.options import add_plugin_options, natural
from lenet1998.errors import LeNetError
from lenet1998.evaluation import interval_name, student_interval
from lenet1998.files import write_json
from lenet1998.pictures.plotting import LOOKS, band, panels, plain, save, style
from lenet1998.report.comparison import PatternTest, SeedTest, by_errors, by_patterns, holm, same_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Column, Table


def plan(setting: Setting) -> Plan:
    given = setting.arguments
    recipes = recipes_of(given.recipes)
    runs = yield setting.every(recipes, validation=given.held_out, measure=misclassified)
    write_json(given.out / f"{setting.name}_tests.json", {"experiment": "compare", **tests({"runs": runs})})
    return runs


def names_of(record: Record) -> list[str]:
    """The recipes, in the order in which they were named."""
    return list(dict.fromkeys(run["recipe"]["name"] for run in record["runs"]))


def judged_by(record: Record) -> str:
    return "held-out error" if "validation" in record["runs"][0]["data"]["name"] else "test error"


def paired(a: list[dict], b: list[dict]) -> tuple[SeedTest, PatternTest] | None:
    """The tests of `lenet1998.report.comparison` on the last test errors and the misclassified patterns of two recipes.

    Runs are paired by seed; None if no seed is in both.
    """
    runs = same_seeds(a, b)
    return (by_errors(*runs), by_patterns(*runs)) if runs[0] else None


def tested(record: Record) -> list[tuple[str, SeedTest, PatternTest, float | None]]:
    """Each of the others beside the first: its name, both tests, and the p-value over seeds adjusted for several.

    Raises LeNetError where a recipe has no seed that the first has too.
    """
    first, *others = names_of(record)
    found = []
    for name in others:
        both = paired(named(record["runs"], first), named(record["runs"], name))
        if both is None:
            raise LeNetError(f"no seed is in the runs of both {first} and {name}: train both with the same seeds")
        found.append((name, *both))
    adjusted = holm([seeds.p for _, seeds, _ in found])
    return [(*each, p) for each, p in zip(found, adjusted, strict=True)]


def tests(record: Record) -> dict[str, Any]:
    """All tests as plain values: over seeds, over patterns, and McNemar's for each seed."""
    first, *others = names_of(record)
    found: dict[str, list[dict]] = {"seeds": [], "patterns": []}
    for name, seeds, patterns, p in tested(record):
        minus = {"recipe": first, "minus": name}
        found["seeds"].append({**minus, **seeds.as_dict(), **({"p_holm": p} if len(others) > 1 else {})})
        found["patterns"].append({**minus, **patterns.as_dict()})
    about = {"recipes": [first, *others], "judged_by": judged_by(record)}
    return {**about, **found, "mcnemar_by_seed": list(by_seed(record))}


def by_seed(record: Record) -> Iterator[dict[str, Any]]:
    """McNemar's test of the first and each of the others, for each seed that both have."""
    first, *others = names_of(record)
    for name in others:
        for run in named(record["runs"], first):
            if one := paired([run], named(record["runs"], name)):
                yield {"recipe": first, "minus": name, "seed": run["seed"], **one[1].as_dict()}


def tables(record: Record) -> list[Table]:
    """Errors of each recipe, and the first minus each of the others."""
    names, what = names_of(record), judged_by(record)
    ends = [[run["passes"][-1]["test_error_percent"] for run in named(record["runs"], name)] for name in names]
    columns = [Column("recipe", kind="code"), Column("seeds"), Column(what, "%")]
    rows = [[name, len(own), estimate(own)] for name, own in zip(names, ends, strict=True)]
    errors = Table(record["experiment"], f"{what.capitalize()} after the last pass", columns, rows)
    columns = [
        Column(f"{names[0]} minus", kind="code"),
        Column("pairs"),
        Column("difference", "points", 2, "difference"),
    ]
    columns += [Column("p, seeds", kind="p"), Column("p, seeds, Holm", kind="p"), Column("errs more on")]
    columns += [Column("less on"), Column("p, patterns", kind="p")]
    rows = [
        [name, seeds.pairs, difference(seeds), seeds.p, p, patterns.worse_a, patterns.worse_b, patterns.p]
        for name, seeds, patterns, p in tested(record)
    ]
    notes = [
        "P, seeds: Student's t-test, paired by seed; it speaks for other seeds on these patterns.",
        "P, patterns: the exact sign test on the patterns on which one recipe errs with more seeds; it speaks for "
        "these networks on other patterns.",
        "Holm: adjusted for the number of comparisons.",
    ]
    differences = Table(f"{record['experiment']}_differences", "Differences in error", columns, rows, notes)
    columns = [Column(f"{names[0]} minus", kind="code"), Column("seed"), Column("only the first errs on")]
    columns += [Column("only the second"), Column("p", kind="p")]
    rows = [[one["minus"], *(one[key] for key in ("seed", "worse_a", "worse_b", "p"))] for one in by_seed(record)]
    caption = "McNemar's exact test for each seed's two networks"
    return [errors, differences, Table(f"{record['experiment']}_by_seed", caption, columns, rows)]


def figures(record: Record, stem: Path) -> list[Path]:
    """Error curves of all on the left; on the right the first minus each of the others by pass, paired by seed."""
    names, histories, what = names_of(record), record["runs"], judged_by(record)
    with style():
        figure, (left, right) = panels(2, (7.5, 3.4))
        by_name = {}
        for name, look in zip(names, LOOKS, strict=False):
            runs = sorted(named(histories, name), key=lambda run: run["seed"])
            by_name[name] = curves(runs, "test_error_percent")
            band(left, np.arange(1, by_name[name].shape[1] + 1), by_name[name], plain(name), look)
        first = by_name[names[0]]
        for name, look in zip(names[1:], LOOKS[1:], strict=False):
            seeds, length = (min(sizes) for sizes in zip(first.shape, by_name[name].shape, strict=True))
            apart = first[:seeds, :length] - by_name[name][:seeds, :length]
            label = f"{plain(names[0])} minus {plain(name)}"
            band(right, np.arange(1, length + 1), apart, label, look, student_interval)
        right.axhline(0, color="0", linewidth=0.8)
        shown = interval_name(*map(len, by_name.values()))
        left.set(xlabel="pass", ylabel=f"{what} (%)", title=f"Means over seeds, {shown}")
        right.set(xlabel="pass", ylabel="difference (percentage points)", title="Differences of pairs, 95% interval")
        for axes in (left, right):
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
            axes.legend()
        return save(figure, stem)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipes", metavar="RECIPE", nargs="+", help="preset, preset,KEY=VALUE,... or FILE.toml")
    add_plugin_options(parser)
    text = "judge by the last N training patterns, which are then not learned, instead of the test set (default: 0)"
    parser.add_argument("--held-out", metavar="N", type=natural, default=0, help=text)


def called(arguments: argparse.Namespace) -> str:
    """The name of the results, from those of the recipes."""
    joined = "_".join(slug(recipe.name) for recipe in recipes_of(arguments.recipes))
    joined = joined if len(joined) < 150 else slug(joined)  # what a file may be called
    return f"compare_{joined}" + ("_held_out" if arguments.held_out else "")


EXPERIMENT = Experiment(
    name="compare",
    title="Two recipes compared",
    question="Which recipe is better?",
    answer="The recipe `modern` errs less: {compare_default_modern; modern; test error} against "
    "{compare_default_modern; default; test error}. The difference, {compare_default_modern_differences; modern; "
    "difference}, is clear over seeds, and not over test patterns.",
    description=__doc__.partition("\n\n")[2],
    caption="Test error by pass of two recipes trained with the same seeds, and the difference, paired by seed.",
    chapter="1998 and today",
    plan=plan,
    tables=tables,
    figures=figures,
    options=options,
    called=called,
    default="default modern",
)

if __name__ == "__main__":
    main(EXPERIMENT)
