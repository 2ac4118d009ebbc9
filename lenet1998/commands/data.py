"""`lenet1998 data`: where MNIST is looked for, its download, and whether it is whole."""

import argparse
from pathlib import Path

from lenet1998.commands.options import download_bars
from lenet1998.data import mnist
from lenet1998.data.download import fetch, fetch_cifar10
from lenet1998.errors import LeNetError

FETCHES = {"mnist": ("MNIST", fetch), "cifar10": ("CIFAR-10", fetch_cifar10)}


def where(arguments: argparse.Namespace) -> None:
    for label, path, state in mnist.where(arguments.data_dir):
        print(f"{state:<24} {path}  ({label})")


def fetched(arguments: argparse.Namespace) -> None:
    name, get = FETCHES[arguments.what]
    with download_bars() as progress:
        target = get(arguments.data_dir, progress=progress)
    print(f"{name} is complete and verified in {target}")


def verify(arguments: argparse.Namespace) -> None:
    rows = mnist.verify(arguments.data_dir)
    for path, size, digest, ok in rows:
        print(f"{'ok' if ok else 'WRONG':<6} {digest}  {size:>10,} bytes  {path}")
    wrong = [str(path) for path, *_, ok in rows if not ok]
    if wrong:
        raise LeNetError(f"not MNIST: {', '.join(wrong)}; remove them and run lenet1998 data fetch")


def options(parser: argparse.ArgumentParser) -> None:
    """The three commands: where, fetch and verify."""
    group = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, does, text in (
        ("where", where, "every place where MNIST is looked for, in order, and what is there"),
        ("fetch", fetched, "download MNIST or CIFAR-10, verify it, and put it where it will be found"),
        ("verify", verify, "check the SHA-256 of the MNIST that is found"),
    ):
        added = group.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(part=does)
        purpose = "put it here" if name == "fetch" else "look here and nowhere else"
        added.add_argument("--data-dir", metavar="DIR", type=Path, help=f"{purpose} (default: $LENET1998_DATA)")
        if name == "fetch":
            added.add_argument("what", nargs="?", choices=FETCHES, default="mnist", help="default: mnist")


def run(arguments: argparse.Namespace) -> None:
    """Do the one that was named. Raises LeNetError for data that are not there, or damaged."""
    arguments.part(arguments)
