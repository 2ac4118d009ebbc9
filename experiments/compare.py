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

from __future__ import annotations

import argparse
import hashlib
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from matplotlib import ticker

from experiments.common import at_pass, carry_out, guarded, named, recorded, resolve_data, seeds_of
from experiments.options import options, parse
from experiments.pairs import paired, with_misclassified
from lenet1998.commands.options import natural
from lenet1998.errors import LeNetError, RecipeError
from lenet1998.evaluation import student_interval
from lenet1998.files import write_json
from lenet1998.pictures.plotting import LOOKS, band, panels, plain, save, style
from lenet1998.recipe import Recipe, preset
from lenet1998.report.comparison import PatternTest, SeedTest, holm

_LARGEST = 2**16  # bytes of a TOML file


def read_recipe(text: str) -> Recipe:
    """The recipe that a word of the command line means. Raises RecipeError.

    >>> read_recipe("default,schedule=2x0.0005,3x0.0002,loss=map").schedule
    ((2, 0.0005), (3, 0.0002))
    """
    if text.endswith(".toml"):
        return read_toml(Path(text))
    name, *parts = text.split(",")
    settings: list[str] = []
    for part in parts:
        if "=" not in part and settings:
            settings[-1] += f",{part}"  # the commas of a schedule
        else:
            settings.append(part)
    return preset(name.strip()).override([setting.strip() for setting in settings])


def read_toml(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises RecipeError for what is no such file, and for keys and values that a recipe
    does not have."""
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise RecipeError(f"{path} has {len(content)} bytes: a recipe takes no more than {_LARGEST}")
        entries = _parse_toml(content.decode("utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}; name a TOML file with a recipe") from error
    except (ValueError, RecursionError) as error:  # TOML's own error is a ValueError, as is that of UTF-8
        raise RecipeError(f'{path} is not TOML ({error}): write lines such as loss = "map"') from error
    for key, value in entries.items():
        if not isinstance(value, (str, int, float)):  # bool is an int
            raise RecipeError(f"{path}: {key} is not a single value: write it as --set takes it, in quotation marks")
    name, base = (str(entries.pop(key, other)) for key, other in (("name", path.stem), ("preset", "default")))
    try:
        return replace(preset(base).override([f"{key}={value}" for key, value in entries.items()]), name=name)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def _parse_toml(text: str) -> dict:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        try:
            import tomli as tomllib  # type: ignore[no-redef]
        except ModuleNotFoundError:
            raise RecipeError(
                "TOML files need Python 3.11, or pip install 'lenet1998[toml]'; or give the recipe as "
                "preset,KEY=VALUE,..."
            ) from None
    return tomllib.loads(text)


def slug(name: str) -> str:
    """A file name for a recipe's name, another for every name.

    >>> slug("modern"), slug("modern batch=16")
    ('modern', 'modern_batch_16-f3f9cf')
    """
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII)[:50]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def report(names: list[str], histories: list[dict]) -> tuple[dict, list[str]]:
    """The comparison as plain values, and the lines that say the same."""
    first, *others = names
    runs = {name: named(histories, name) for name in names}
    what = "held-out error" if "validation" in runs[first][0]["data"]["name"] else "test error"
    ends = {name: at_pass(runs[name], -1, "test_error_percent") for name in names}
    lines = [f"{name}: {what} {_with_interval(*end, '')}" for name, end in ends.items()]
    tests: dict[str, list[dict]] = {"seeds": [], "patterns": [], "mcnemar_by_seed": []}
    found = {name: _tested(runs, first, name) for name in others}
    adjusted = holm([seeds.p for seeds, _ in found.values()])
    for (name, (seeds, patterns)), p in zip(found.items(), adjusted, strict=True):
        bounds = (np.nan, np.nan) if seeds.low is None or seeds.high is None else (seeds.low, seeds.high)
        minus = {"recipe": first, "minus": name}
        lines.append(
            f"{first} minus {name}: {_with_interval(seeds.difference, *bounds, '+')}, {seeds.pairs} "
            f"seed{'s' if seeds.pairs > 1 else ''}"
        )
        if seeds.p is not None:
            holms = f"; {p:.2g} adjusted for {len(others)} comparisons" if len(others) > 1 else ""
            lines.append(f"paired t-test over seeds: p = {seeds.p:.2g}{holms}")
        lines.append(
            f"exact sign test over patterns: {first} errs more often on {patterns.worse_a}, {name} on "
            f"{patterns.worse_b}: p = {patterns.p:.2g}"
        )
        alone = [
            {**minus, "seed": run["seed"], **test[1].as_dict()}
            for run in runs[first]
            if (test := paired([run], runs[name]))
        ]
        lines += [f"McNemar's exact test, seed {each['seed']}: p = {each['p']:.2g}" for each in alone]
        tests["seeds"].append({**minus, **seeds.as_dict(), **({"p_holm": p} if len(others) > 1 else {})})
        tests["patterns"].append({**minus, **patterns.as_dict()})
        tests["mcnemar_by_seed"] += alone
    return {"recipes": names, "judged_by": what, **tests}, lines


def _tested(runs: dict[str, list[dict]], first: str, other: str) -> tuple[SeedTest, PatternTest]:
    both = paired(runs[first], runs[other])
    if both is None:
        raise LeNetError(f"no seed is in the runs of both {first} and {other}: train both with the same seeds")
    return both


def _with_interval(mean: float, low: float, high: float, sign: str) -> str:
    interval = "" if np.isnan(low) else f" ({low:.2f} to {high:.2f})"
    return f"{mean:{sign}.2f}{interval}"


def draw(names: list[str], histories: list[dict], what: str, stem: Path) -> list[Path]:
    """Error curves of all on the left; on the right the first minus each of the others by pass, paired by seed."""
    with style():
        figure, (left, right) = panels(2, (7.5, 3.4))
        curves = {}
        for name, look in zip(names, LOOKS, strict=False):
            runs = sorted(named(histories, name), key=lambda run: run["seed"])
            curves[name] = np.array([[record["test_error_percent"] for record in run["passes"]] for run in runs])
            passes = np.arange(1, curves[name].shape[1] + 1)
            band(left, passes, curves[name], plain(name), look)
        first = curves[names[0]]
        for name, look in zip(names[1:], LOOKS[1:], strict=False):
            seeds, length = (min(sizes) for sizes in zip(first.shape, curves[name].shape, strict=True))
            difference = first[:seeds, :length] - curves[name][:seeds, :length]
            label = f"{plain(names[0])} minus {plain(name)}"
            band(right, np.arange(1, length + 1), difference, label, look, student_interval)
        right.axhline(0, color="0", linewidth=0.8)
        left.set(xlabel="pass", ylabel=f"{what} (%)", title="Means over seeds")
        right.set(xlabel="pass", ylabel="difference (percentage points)", title="Differences, paired by seed")
        for axes in (left, right):
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
            axes.legend()
        return save(figure, stem)


def recipes_of(texts: list[str]) -> list[Recipe]:
    """The recipes. Raises RecipeError if two are the same, or have the same name, or if they are too few or many."""
    recipes = [read_recipe(text) for text in texts]
    if not 2 <= len(recipes) <= len(LOOKS):
        raise RecipeError(f"{len(recipes)} recipes cannot be compared: name 2 to {len(LOOKS)}")
    for one, other in combinations(recipes, 2):
        if replace(one, name="") == replace(other, name=""):
            raise RecipeError(f"{one.name} and {other.name} are the same recipe: change a field of one")
        if one.name == other.name:
            raise RecipeError(f"two recipes are called {one.name}: give one another name")
    return recipes


def train(name: str, recipes: list[Recipe], arguments: argparse.Namespace) -> None:
    """Train all with all seeds; OUT/name.json holds the histories."""
    resolve_data(arguments)
    data = {"validation": arguments.held_out} if arguments.held_out else {}
    tasks = [
        task
        for recipe in recipes
        for task in seeds_of(recipe, arguments.runs / name / slug(recipe.name), arguments, arguments.seeds, **data)
    ]
    carry_out(name, tasks, arguments, extend=with_misclassified(tasks))


def main() -> None:
    parser = options(__doc__, seeds=5, recipe=False)
    parser.add_argument("recipes", metavar="RECIPE", nargs="+", help="preset, preset,KEY=VALUE,... or FILE.toml")
    parser.add_argument(
        "--held-out",
        metavar="N",
        type=natural,
        default=0,
        help="judge by the last N training patterns, which are then not learned, instead of the test set (default: 0)",
    )
    arguments = parse(parser)
    recipes = recipes_of(arguments.recipes)
    names = [recipe.name for recipe in recipes]
    joined = "_".join(slug(each) for each in names)
    joined = joined if len(joined) < 150 else slug(joined)  # what a file may be called
    name = f"compare_{joined}" + ("_held_out" if arguments.held_out else "")
    if not arguments.plot_only:
        train(name, recipes, arguments)
    histories = recorded(name, arguments)
    comparison, lines = report(names, histories)
    write_json(arguments.out / f"{name}_tests.json", {"experiment": "compare", **comparison})
    written = draw(names, histories, comparison["judged_by"], arguments.out / name)
    print("\n".join(lines))
    for path in (arguments.out / f"{name}.json", arguments.out / f"{name}_tests.json", *written):
        print(path)


if __name__ == "__main__":
    guarded(main)
