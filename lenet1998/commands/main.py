"""The command `lenet1998`: what it does, and its options; `lenet1998.commands.ending` has its exit codes."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from lenet1998 import __version__
from lenet1998 import commands as own_modules
from lenet1998.commands.ending import ended
from lenet1998.commands.figures import add_figure_options, as_made
from lenet1998.commands.networks import CHOICES, chosen_network, engine_of, stated
from lenet1998.commands.options import (
    DownloadBar,
    add_training_options,
    chosen_data,
    chosen_recipe,
    natural,
)
from lenet1998.connections import TABLE_I, inputs_of
from lenet1998.data import mnist
from lenet1998.data.download import fetch, fetch_cifar10
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.network import LeNet5
from lenet1998.photos.digit import read_image
from lenet1998.photos.files import NAMES
from lenet1998.recipe import Recipe
from lenet1998.running.progress import Console, announce, layer_table, pass_table
from lenet1998.running.run import CHECKPOINT, HISTORY, run

Command = Callable[[argparse.Namespace], None]


def info(arguments: argparse.Namespace) -> None:
    rows = LeNet5(Recipe()).table()
    c3_table = inputs_of(TABLE_I)
    if arguments.json:
        totals = {key: sum(row[key] for row in rows) for key in ("parameters", "connections")}
        print(json.dumps({"layers": rows, **totals, "c3_table": c3_table}))
    else:
        print(layer_table(rows, c3_table))


def data_where(arguments: argparse.Namespace) -> None:
    for label, path, state in mnist.where(arguments.data_dir):
        print(f"{state:<24} {path}  ({label})")


FETCHES = {"mnist": ("MNIST", fetch), "cifar10": ("CIFAR-10", fetch_cifar10)}


def data_fetch(arguments: argparse.Namespace) -> None:
    name, get = FETCHES[arguments.what]
    with DownloadBar(disable=not sys.stderr.isatty()) as bar:
        target = get(arguments.data_dir, progress=bar.progress)
    print(f"{name} is complete and verified in {target}")


def data_verify(arguments: argparse.Namespace) -> None:
    rows = mnist.verify(arguments.data_dir)
    for path, size, digest, ok in rows:
        print(f"{'ok' if ok else 'WRONG':<6} {digest}  {size:>10,} bytes  {path}")
    wrong = [str(path) for path, *_, ok in rows if not ok]
    if wrong:
        raise LeNetError(f"not MNIST: {', '.join(wrong)}; remove them and run lenet1998 data fetch")


def train(arguments: argparse.Namespace) -> None:
    from lenet1998.pictures.plotting import error_curves  # matplotlib takes a second to load, only figures need it

    recipe = chosen_recipe(arguments)
    dataset = chosen_data(arguments)
    out = arguments.out or Path("runs") / default_name(recipe.name, dataset.name, arguments)
    console = Console(arguments.passes, len(dataset.train), arguments.quiet)
    try:
        history = run(
            out,
            recipe,
            dataset,
            seed=arguments.seed,
            passes=arguments.passes,
            engine=arguments.engine,
            resume=arguments.resume,
            progress=console.progress,
            passed=console.passed,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt("complete passes are saved, and --resume continues after them") from None
    finally:
        console.close()
    figures = error_curves([history], out / "error_curves")
    print(pass_table(history))
    if dataset.notice:
        print(dataset.notice)
    for path in (out / HISTORY, out / CHECKPOINT, *figures):
        print(path)


def default_name(recipe: str, data: str, arguments: argparse.Namespace) -> str:
    """A directory for a run that names all that a run may not be resumed with: recipe, data and seed."""
    sizes = [f"{size}{what}" for what, size in (("", arguments.train_size), ("tested", arguments.test_size)) if size]
    words = [*recipe.split(), *([] if data == "mnist" else [data]), *sizes, f"seed{arguments.seed}"]
    return "-".join(words).replace("/", "_")


def predict(arguments: argparse.Namespace) -> None:
    for image in arguments.images:
        if image.suffix == ".npz":
            raise CheckpointError(f"{image} is no image: name a network by --checkpoint {image}")
    saved, network = chosen_network(arguments.checkpoint)
    images, refused = {}, []
    for image in arguments.images:
        try:
            images[image] = read_image(image)
        except LeNetError as error:  # one picture that cannot be read costs no other's answer
            refused.append(error)
    answers: list[dict[str, Any]] = []
    names = saved.classes
    if images:
        distances = engine_of(saved).penalties(np.stack(list(images.values())))
        for image, row in zip(images, distances, strict=True):
            best, runner_up = (_label(names[place]) for place in row.argsort(kind="stable")[:2])
            answer = {"image": str(image), "class": best, "runner_up": runner_up, "distances": row.tolist()}
            answers.append({**answer, "classes": names, "network": network})
    if arguments.json and answers:
        print(json.dumps(answers))
    elif answers:
        print(stated(network))
        for answer in answers:
            print(f"{answer['image']}: {answer['class']}, runner-up {answer['runner_up']}")
            shown = (f"{name}: {y:.1f}" for name, y in zip(names, answer["distances"], strict=True))
            print("  RBF distances: " + "  ".join(shown))
    for reason in refused[:-1]:
        print(f"lenet1998: {reason}", file=sys.stderr)
    if refused:
        raise refused[-1]


def _label(name: str) -> int | str:
    """A class as JSON has it: digits are numbers."""
    return int(name) if re.fullmatch("0|[1-9][0-9]*", name) else name


def parser() -> argparse.ArgumentParser:
    """The whole command line; each command's --help is made from it."""
    top = argparse.ArgumentParser(
        prog="lenet1998", description="LeNet-5 as LeCun, Bottou, Bengio and Haffner described it in 1998."
    )
    top.add_argument("--version", action="version", version=f"lenet1998 {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(group: Any, name: str, does: Command, text: str) -> argparse.ArgumentParser:
        added = group.add_parser(name, help=text.replace("%", "%%"), description=text[0].upper() + text[1:] + ".")
        added.set_defaults(does=does)
        return added

    added = command(commands, "info", info, "the table of layers with parameters and connections, and Table I")
    added.add_argument("--json", action="store_true", help="print JSON")

    group = commands.add_parser(
        "data", help="find, download or check MNIST", description="Find, download or check MNIST."
    )
    group_commands = group.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, does, text in (
        ("where", data_where, "every place where MNIST is looked for, in order, and what is there"),
        ("fetch", data_fetch, "download MNIST or CIFAR-10, verify it, and put it where it will be found"),
        ("verify", data_verify, "check the SHA-256 of the MNIST that is found"),
    ):
        added = command(group_commands, name, does, text)
        purpose = "put it here" if name == "fetch" else "look here and nowhere else"
        added.add_argument("--data-dir", metavar="DIR", type=Path, help=f"{purpose} (default: $LENET1998_DATA)")
        if name == "fetch":
            added.add_argument("what", nargs="?", choices=FETCHES, default="mnist", help="default: mnist")

    added = command(
        commands, "train", train, "train LeNet-5; writes history.json, checkpoint.npz and error_curves.png, .pdf"
    )
    add_training_options(added)
    added.add_argument("--seed", metavar="S", type=natural, default=1, help="seed of every random choice (default: 1)")
    added.add_argument("--out", metavar="DIR", type=Path, help="where to write (default: runs/RECIPE-CHANGES-seedS)")
    added.add_argument("--resume", action="store_true", help="continue the run that --out holds, if it holds one")
    add_figure_options(added)

    added = command(commands, "predict", predict, "classify images of single digits, dark on light or light on dark")
    added.add_argument("--checkpoint", metavar="CHECKPOINT", default="default", help=f"{CHOICES} (default: default)")
    added.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help=f"{NAMES}, of any size")
    added.add_argument("--json", action="store_true", help="print JSON")

    for name in own_modules.NAMES:
        module = import_module(f"lenet1998.commands.{name}")
        module.options(command(commands, name, module.run, module.HELP))
    return top


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = argparse.Namespace()

    def work() -> None:
        as_made()
        parser().parse_args(argv, arguments)
        announce(getattr(arguments, "quiet", False))
        arguments.does(arguments)

    return ended(work, "lenet1998")
