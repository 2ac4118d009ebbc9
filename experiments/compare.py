"""Which of two recipes is better? ``python -m experiments.compare RECIPE_A RECIPE_B``

A recipe is the name of a preset; or a preset and changes, as in `default,loss=mle`, with the keys of `lenet1998
train --set`; or a TOML file of such keys, which may say `preset` and `name` too:

    preset = "modern"
    name = "modern, slower"
    optimiser = "sgd"
    schedule = "10x0.05,10x0.01"

Both recipes are trained with the same seeds. Their test errors are compared by Student's t-test, paired by seed, which
speaks for other seeds on this test set; and the patterns that they get wrong by the exact sign test (with one
seed, McNemar's), which speaks for these networks on other test patterns. Choose between recipes with --held-out: a
choice that has seen the test set is not judged by it. Writes compare_A_B.json and the figure of the error curves.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.common import at_pass, carry_out, guarded, named, options, parse, recorded, resolve_data, seeds_of
from experiments.pairs import paired, with_misclassified
from lenet1998.commands.options import natural
from lenet1998.errors import LeNetError, RecipeError
from lenet1998.evaluation import rate_interval
from lenet1998.files import write_json
from lenet1998.pictures.plotting import TEST, TRAIN, plain, save, style
from lenet1998.recipe import Recipe, preset

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
    first, second = (named(histories, name) for name in names)
    what = "held-out error" if "validation" in first[0]["data"]["name"] else "test error"
    ends = {name: at_pass(named(histories, name), -1, "test_error_percent") for name in names}
    lines = [f"{name}: {what} {_with_interval(*end, '')}" for name, end in ends.items()]
    both = paired(first, second)
    if both is None:
        raise LeNetError(f"no seed is in the runs of both {names[0]} and {names[1]}: train both with the same seeds")
    seeds, patterns = both
    bounds = (np.nan, np.nan) if seeds.low is None or seeds.high is None else (seeds.low, seeds.high)
    lines.append(f"difference: {_with_interval(seeds.difference, *bounds, '+')}, {seeds.pairs} seeds")
    if seeds.p is not None:
        lines.append(f"paired t-test over seeds: p = {seeds.p:.2g}")
    lines.append(
        f"exact sign test over patterns: {names[0]} errs more often on {patterns.worse_a}, {names[1]} on "
        f"{patterns.worse_b}: p = {patterns.p:.2g}"
    )
    by_seed = [
        {"seed": one["seed"], **alone[1].as_dict()}
        for one in first
        for other in second
        if one["seed"] == other["seed"] and (alone := paired([one], [other]))
    ]
    lines += [f"McNemar's exact test, seed {each['seed']}: p = {each['p']:.2g}" for each in by_seed]
    tests = {"seeds": seeds.as_dict(), "patterns": patterns.as_dict(), "mcnemar_by_seed": by_seed}
    return {"recipes": names, "judged_by": what, **tests}, lines


def _with_interval(mean: float, low: float, high: float, sign: str) -> str:
    interval = "" if np.isnan(low) else f" ({low:.2f} to {high:.2f})"
    return f"{mean:{sign}.2f}{interval}"


def draw(names: list[str], histories: list[dict], what: str, stem: Path) -> list[Path]:
    """Error curves of both on the left, the difference by pass, paired by seed, on the right."""
    with style():
        figure = Figure(figsize=(7.5, 3.4))
        left, right = figure.subplots(1, 2)
        curves = []
        for name, colour, line in zip(names, (TEST, TRAIN), ("-", "--"), strict=True):
            runs = sorted(named(histories, name), key=lambda run: run["seed"])
            curves.append(np.array([[record["test_error_percent"] for record in run["passes"]] for run in runs]))
            _band(left, curves[-1], colour, linestyle=line, label=plain(name))
        _band(right, curves[0] - curves[1], "0.3")
        right.axhline(0, color="0", linewidth=0.8)
        left.set(xlabel="pass", ylabel=f"{what} (%)", title="Mean and 95% interval over seeds")
        right.set(xlabel="pass", ylabel="difference (percentage points)", title="First minus second, paired by seed")
        left.legend()
        for axes in (left, right):
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        return save(figure, stem)


def _band(axes: Axes, curves: np.ndarray, colour: str, **look: Any) -> None:
    passes = np.arange(1, curves.shape[1] + 1)
    mean, low, high = rate_interval(curves)
    axes.plot(passes, mean, color=colour, **look)
    axes.fill_between(passes, low, high, color=colour, alpha=0.2, linewidth=0)


def recipes_of(arguments: argparse.Namespace) -> list[Recipe]:
    """The two recipes. Raises RecipeError if they are the same, or have the same name."""
    recipes = [read_recipe(text) for text in (arguments.recipe_a, arguments.recipe_b)]
    if replace(recipes[0], name="") == replace(recipes[1], name=""):
        raise RecipeError(f"{recipes[0].name} and {recipes[1].name} are the same recipe: change a field of one")
    if recipes[0].name == recipes[1].name:
        raise RecipeError(f"both recipes are called {recipes[0].name}: give one another name")
    return recipes


def train(name: str, recipes: list[Recipe], arguments: argparse.Namespace) -> None:
    """Train both with all seeds; OUT/name.json holds the histories."""
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
    parser.add_argument("recipe_a", metavar="RECIPE_A", help="preset, preset,KEY=VALUE,... or FILE.toml")
    parser.add_argument("recipe_b", metavar="RECIPE_B", help="what it is compared with, written likewise")
    parser.add_argument(
        "--held-out",
        metavar="N",
        type=natural,
        default=0,
        help="judge by the last N training patterns, which are then not learned, instead of the test set (default: 0)",
    )
    arguments = parse(parser)
    recipes = recipes_of(arguments)
    names = [recipe.name for recipe in recipes]
    name = "_".join(["compare", *(slug(each) for each in names)]) + ("_held_out" if arguments.held_out else "")
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
