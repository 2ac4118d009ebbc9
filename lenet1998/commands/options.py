"""Command-line options that the `lenet1998` command and the experiments share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from lenet1998 import data
from lenet1998.engines import ENGINES
from lenet1998.patterns import DataSet
from lenet1998.recipe import CHOICES, PRESETS, Recipe, preset


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


positive.__name__ = "whole number"  # argparse names the type in its errors


def natural(text: str) -> int:
    """A whole number of at least 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative")
    return number


natural.__name__ = "whole number"


def add_data_options(parser: argparse.ArgumentParser, default: str | None = "auto") -> None:
    """--data, --data-dir and the sizes; `default` None stands for what a checkpoint was trained on."""
    shown = default or "what the checkpoint was trained on"
    parser.add_argument(
        "--data",
        choices=("auto", "mnist", "synthetic"),
        default=default,
        help="mnist, the embedded synthetic digits, or auto: MNIST if it is found or can be downloaded, else the "
        f"embedded digits (default: {shown})",
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="where MNIST is, or shall be put (default: $LENET1998_DATA, the user's cache, copies of other tools)",
    )
    parser.add_argument("--test-size", metavar="N", type=positive, help="use N test patterns, spread over the file")


def add_training_options(parser: argparse.ArgumentParser, passes: int = 20, recipe: bool = True) -> None:
    """On what to train, how long, and, unless `recipe` is false, what."""
    add_data_options(parser)
    parser.add_argument("--train-size", metavar="N", type=positive, help="use the first N training patterns")
    if recipe:
        add_recipe_options(parser)
    parser.add_argument(
        "--passes", metavar="N", type=positive, default=passes, help=f"passes to make (default: {passes})"
    )
    parser.add_argument(
        "--engine",
        choices=("auto", *ENGINES),
        default="auto",
        help="what computes (default: auto, the fastest there is)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """--recipe, --set and --loss; `chosen_recipe` reads them."""
    defaults = ", ".join(f"{key}={_shown(key, value)}" for key, value in Recipe().as_dict().items() if key != "name")
    parser.add_argument(
        "--recipe", metavar="NAME", default="default", help=f"{' or '.join(PRESETS)} (default: default)"
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="settings",
        action="append",
        default=[],
        help=f"change a field of the recipe; may be repeated. The fields, with the default recipe's values: {defaults}",
    )
    parser.add_argument("--loss", choices=("mle", "map"), help="short for --set loss=..., equation 8 or equation 9")


def chosen_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that the options ask for. Raises RecipeError."""
    loss = [f"loss={arguments.loss}"] if arguments.loss else []
    return preset(arguments.recipe).override(arguments.settings + loss)


def chosen_data(arguments: argparse.Namespace) -> DataSet:
    """The data set that the options ask for, with a bar while it downloads; prints the notice of a fall-back."""
    with DownloadBar(disable=getattr(arguments, "quiet", False) or not sys.stderr.isatty()) as bar:
        found = data.load(
            arguments.data,
            arguments.data_dir,
            train_size=getattr(arguments, "train_size", None),
            test_size=arguments.test_size,
            progress=bar.progress,
        )
    if found.notice:
        print(found.notice, file=sys.stderr, flush=True)
    return found


class DownloadBar:
    """A tqdm bar for each file that is downloaded."""

    def __init__(self, disable: bool):
        self.disable, self.name = disable, ""
        self.bar: tqdm | None = None

    def progress(self, name: str, done: int, total: int | None) -> None:
        """Called by the download with the file's name and its bytes so far."""
        if self.bar is None or name != self.name:
            self.close()
            self.name = name
            self.bar = tqdm(total=total, desc=name, unit="B", unit_scale=True, disable=self.disable)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def __enter__(self) -> DownloadBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shown(key: str, value: object) -> str:
    """A field's default as --set takes it, with the choices where there are some."""
    if isinstance(value, tuple):
        return ",".join(f"{passes}x{eta:g}" for passes, eta in value)
    others = [choice for choice in CHOICES.get(key, ()) if choice != value]
    return "|".join([str(value).lower() if isinstance(value, bool) else str(value), *others])
