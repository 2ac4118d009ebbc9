"""Command-line options that the `lenet1998` command and the experiments share."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from lenet1998 import data
from lenet1998.engines import ENGINES
from lenet1998.errors import LeNetError, RecipeError, reason_of
from lenet1998.patterns import DataSet
from lenet1998.recipe import PRESETS, Recipe, preset
from lenet1998.recipe_rules import explained
from lenet1998.registry import load_plugin

if TYPE_CHECKING:
    from lenet1998.data.mirrors import Progress


def whole(least: int) -> Callable[[str], int]:
    """The type of an option that is a whole number of at least so much.

    >>> whole(1)("3")
    3
    """

    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is not at least {least}")
        return int(text)

    number.__name__ = "whole number"  # argparse names the type in its errors
    return number


natural, positive = whole(0), whole(1)


def add_data_options(parser: argparse.ArgumentParser, default: str | None = "auto") -> None:
    """--data, --data-dir and the sizes; `default` None stands for what a checkpoint was trained on.

    Any text is a kind of data or a path, which `lenet1998.data.load` tells apart.
    """
    shown = default or "what the checkpoint was trained on"
    parser.add_argument(
        "--data",
        metavar="DATA",
        default=default,
        help="mnist; synthetic (the embedded digits); auto (MNIST if found or downloaded, else synthetic); "
        "qmnist (the test patterns of QMNIST); or the path of your own data: IDX files, a table (CSV), an npz file as "
        f"Keras writes it, or a folder with one folder of images per class (default: {shown})",
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="the directory with the files of MNIST or QMNIST; no other place is searched (default: $LENET1998_DATA, "
        "or else the user's cache and the places of torchvision and Keras)",
    )
    parser.add_argument(
        "--resize",
        action="store_true",
        help="scale your own images to 28x28 unless they are 28x28 or 32x32; the aspect ratio is kept",
    )
    parser.add_argument(
        "--test-size", metavar="N", type=positive, help="test on N patterns, spread evenly over the test set"
    )


def add_training_options(parser: argparse.ArgumentParser, passes: int = 20, recipe: bool = True) -> None:
    """Add the data and pass-count options and, unless `recipe` is false, those of the recipe."""
    add_data_options(parser)
    parser.add_argument("--train-size", metavar="N", type=positive, help="train on the first N patterns only")
    if recipe:
        add_recipe_options(parser)
    parser.add_argument(
        "--passes",
        metavar="N",
        type=positive,
        default=passes,
        help=f"number of passes over the training set, that is, epochs (default: {passes})",
    )
    parser.add_argument(
        "--engine",
        choices=("auto", *ENGINES),
        default="auto",
        help="the compute engine (default: auto, the fastest that is installed)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def add_plugin_options(parser: argparse.ArgumentParser) -> None:
    """--plugin and --changed-plugin, whose files are executed as they are read."""
    parser.add_argument(
        "--plugin",
        metavar="FILE",
        action=_Load,
        const=False,
        help="run a Python file that adds networks, layers, optimisers or losses of your own by lenet1998.register; "
        "may be repeated (docs/change_it.md)",
    )
    parser.add_argument(
        "--changed-plugin",
        metavar="FILE",
        action=_Load,
        const=True,
        help="the same for a file that was changed after a network was trained with it",
    )


class _Draw(argparse.Action):
    """Adds what a file draws to the settings."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        try:
            text = Path(values).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise RecipeError(f"cannot read {values}: {reason_of(error)}") from error
        rows = "/".join("".join(line.split()) for line in text.strip().splitlines())
        namespace.settings = [*namespace.settings, f"c3={rows}"]


class _Load(argparse.Action):
    """Executes a plugin where the option stands, so that what follows may name what it registers."""

    def __init__(self, option_strings: Sequence[str], dest: str, const: bool, **keywords: Any):
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, **keywords)
        self.const = const

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        load_plugin(values, changed=self.const)


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """--recipe, --set, --loss, --c3 and --plugin; `chosen_recipe` reads them, and the end of the help has the fields of
    a recipe."""
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        default="default",
        help=f"the settings to start from: {' or '.join(PRESETS)} (default: default)",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="settings",
        action="append",
        default=[],
        help="change a field of the recipe, such as --set j=2; may be repeated; the fields are listed below",
    )
    parser.add_argument(
        "--loss",
        choices=("mle", "map"),
        help="the loss: mle is equation 8, map is equation 9 (short for --set loss=...)",
    )
    parser.add_argument(
        "--c3",
        metavar="FILE",
        action=_Draw,
        dest="settings",
        help="a file that takes the place of Table I: one line of X and . per map of S2, one column per map of C3 "
        "(short for --set c3=LINE/LINE/...)",
    )
    add_plugin_options(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = explained(Recipe, min(shutil.get_terminal_size().columns - 2, 118))


def chosen_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that the options ask for. Raises RecipeError."""
    loss = [f"loss={arguments.loss}"] if arguments.loss else []
    return preset(arguments.recipe).override(arguments.settings + loss)


def refuse_unused(arguments: argparse.Namespace, why: str, *names: str, remedy: str = "leave it out") -> None:
    """Raise LeNetError for the first of these options that is given, where a command would make no use of it.

    >>> refuse_unused(argparse.Namespace(all=True), "trains nothing", "data", "all")
    Traceback (most recent call last):
        ...
    lenet1998.errors.LeNetError: --all trains nothing: leave it out
    """
    for name in names:
        if getattr(arguments, name.replace("-", "_"), None):
            raise LeNetError(f"--{name} {why}: {remedy}")


def refuse_unused_places(arguments: argparse.Namespace, histories: Iterable[Mapping[str, Any]]) -> None:
    """Raise LeNetError where --data or --data-dir is given, and none of the runs is on such data."""
    names = {history["data"]["name"].removesuffix(" validation") for history in histories}
    if names <= set(data.KINDS):
        refuse_unused(arguments, f"is for runs on data of one's own, not on {' and '.join(sorted(names))}", "data")
    if not names & {"mnist", "qmnist"}:
        refuse_unused(
            arguments, f"says where MNIST is, and the run's data are {' and '.join(sorted(names))}", "data-dir"
        )


def chosen_data(arguments: argparse.Namespace, learned: Mapping[str, str] | None = None) -> DataSet:
    """The data set that the options ask for, with a bar while it downloads; prints the notice of a fall-back.

    `learned` are the digests of what a network has learned that is to be judged (`lenet1998.data.load`). Raises
    LeNetError for an option that these data make no use of.
    """
    if arguments.data in data.KINDS:
        refuse_unused(arguments, f"scales images of your own, named by --data, not {arguments.data}", "resize")
    if arguments.data not in data.KINDS or arguments.data == "synthetic":
        refuse_unused(arguments, f"says where MNIST is, and the data are {arguments.data}", "data-dir")
    with download_bars(getattr(arguments, "quiet", False)) as progress:
        found = data.load(
            arguments.data,
            arguments.data_dir,
            train_size=getattr(arguments, "train_size", None),
            test_size=arguments.test_size,
            progress=progress,
            learned=learned,
            resize=arguments.resize,
        )
    if found.notice:
        print(found.notice, file=sys.stderr, flush=True)
    return found


@contextmanager
def download_bars(quiet: bool = False) -> Iterator[Progress]:
    """What a download is to call with a file's name, its bytes so far and all: on a terminal a bar for each file."""
    bars: dict[str, tqdm] = {}
    with ExitStack() as shown:

        def progress(name: str, done: int, total: int | None) -> None:
            if name not in bars:
                shown.close()  # the file before it has come
                silent = quiet or not sys.stderr.isatty()
                bar = tqdm(total=total, desc=name, unit="B", unit_scale=True, disable=silent)
                bars[name] = shown.enter_context(bar)
            bars[name].update(done - bars[name].n)

        yield progress
