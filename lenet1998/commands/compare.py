"""`lenet1998 compare`: learning curves and errors of runs, side by side."""

import argparse
import sys
from pathlib import Path

import numpy as np

from lenet1998 import pretrained
from lenet1998.commands.figure_options import add_figure_options
from lenet1998.commands.networks import engine_of
from lenet1998.commands.options import add_plugin_options, refuse_unused_places
from lenet1998.commands.table_options import SUFFIXES, add_table_options, asked, written
from lenet1998.errors import LeNetError
from lenet1998.evaluation import answers
from lenet1998.files import make_directory, write_atomically
from lenet1998.running import check
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.run import CHECKPOINT


def options(parser: argparse.ArgumentParser) -> None:
    """The runs, where to write, and where MNIST is."""
    parser.add_argument(
        "runs",
        metavar="RUN",
        type=Path,
        nargs="+",
        help="a run's directory, a directory of such directories, a file of experiments/results, or a network that "
        f"comes with the package ({' or '.join(pretrained.NAMES)}); the first is the baseline",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="where to write (default: runs/compared-A-B, after what is compared)"
    )
    parser.add_argument(
        "--data", metavar="PATH", help="where your own data are now, for runs that learned such (default: as recorded)"
    )
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where MNIST is, for the tests over patterns")
    parser.add_argument(
        "--unfinished",
        action="store_true",
        help="include runs with fewer passes than others of their recipe: all runs of the recipe are then read at the "
        "last pass that every seed has made (default: such runs are named and left out)",
    )
    parser.add_argument(
        "--unequal",
        action="store_true",
        help="compare runs with other passes, training sizes or data than the first, and say so (default: they have a "
        "row, but no difference)",
    )
    add_table_options(parser)
    add_figure_options(parser)
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the table, write it and the figure. Raises LeNetError for what holds no run."""
    from lenet1998.pictures.learning_curves import learning_curves  # matplotlib and SciPy take a second to load
    from lenet1998.report.runs import side_by_side, sorted_out

    histories = [history for path in arguments.runs for history in _histories(path, arguments)]
    refuse_unused_places(arguments, histories)
    groups, said = sorted_out(histories, arguments.unfinished)
    table = asked(side_by_side(groups, arguments.unequal, said), arguments)
    out = (
        arguments.out
        or Path("runs") / "-".join(["compared", *(path.name.removesuffix(".json") for path in arguments.runs)])[:200]
    )
    make_directory(out)
    files = learning_curves(groups, out / "comparison")
    for kind, suffix in SUFFIXES.items():
        files.append(out / f"comparison{suffix}")
        write_atomically(files[-1], f"{written(table, kind, arguments)}\n".encode("utf-8", "backslashreplace"))
    print(written(table, "markdown", arguments))
    print(*files, sep="\n")


def _histories(path: Path, arguments: argparse.Namespace) -> list[dict]:
    """The runs that are recorded there; of those that left their networks, also which test patterns they get wrong."""
    if str(path) in pretrained.NAMES and not path.exists():
        saved = pretrained.load(str(path))
        try:
            return [saved.history | _wrong(saved, arguments)]
        except LeNetError as error:
            print(f"{path}: no test over patterns, as {error}", file=sys.stderr)
            return [saved.history]
    within = sorted(path.glob(f"*/{CHECKPOINT}")) if path.is_dir() and not (path / CHECKPOINT).exists() else [path]
    found = []
    for each in within or [path]:
        histories = check.histories(each)
        if each.is_dir() or each.suffix == ".npz":
            try:
                histories[0] |= _wrong(checkpoints.load(each), arguments)
            except LeNetError as error:
                print(f"{each}: no test over patterns, as {error}", file=sys.stderr)
        found += histories
    return found


def _wrong(saved: Checkpoint, arguments: argparse.Namespace) -> dict[str, list[int]]:
    """Which test patterns a network gets wrong, for its history. Raises LeNetError where they cannot be had."""
    from lenet1998.report.comparison import MISCLASSIFIED

    test = check.data_of(saved.history, arguments.data_dir, arguments.data).test
    given = answers(engine_of(saved).penalties(test.images))
    return {MISCLASSIFIED: np.flatnonzero(given != test.labels).tolist()}
