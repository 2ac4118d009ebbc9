"""`lenet1998 evaluate`: the test error of a network and, if asked for, its confusion matrix."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from lenet1998 import pretrained
from lenet1998.commands.figure_options import LOOK, add_figure_options
from lenet1998.commands.networks import CHOICES, chosen_network, data_for, directory_of, engine_of, stated
from lenet1998.commands.options import add_data_options, add_plugin_options, refuse_unused
from lenet1998.data import qmnist
from lenet1998.errors import escaped
from lenet1998.evaluation import ErrorRate, answers, confusion_matrix, misclassified
from lenet1998.files import as_csv, make_directory, write_atomically
from lenet1998.patterns import DataSet
from lenet1998.running.checkpoint import Checkpoint


def options(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT, --confusion and the data."""
    parser.add_argument(
        "checkpoint", metavar="CHECKPOINT", nargs="?", default="default", help=f"{CHOICES} (default: default)"
    )
    add_test_options(parser)


def add_test_options(parser: argparse.ArgumentParser) -> None:
    """What to test on, and what to say and write."""
    add_data_options(parser, default=None)
    parser.set_defaults(train_size=1)  # no more are needed, and the embedded digits take a while to draw
    add_figure_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--confusion",
        action="store_true",
        help="print the errors by class too, and write the confusion matrix (confusion.png, .pdf, .csv) and the "
        "patterns that are wrong, with the answers (misclassified.csv)",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="where --confusion writes (default: the run's directory)",
    )
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the error rate; write what --confusion asks for. Raises LeNetError for bad input."""
    saved, network = chosen_network(arguments.checkpoint)
    judge(arguments, saved, network, prepared(arguments, saved))


def prepared(arguments: argparse.Namespace, saved: Checkpoint) -> DataSet:
    """What to test on, when all that the options ask for can be had. Raises LeNetError where it cannot."""
    if not arguments.confusion:
        refuse_unused(arguments, "is for what --confusion writes", "out", *LOOK, remedy="add that, or leave it out")
    dataset = data_for(saved, arguments)
    if arguments.confusion:
        make_directory(_out(arguments))
    return dataset


def _out(arguments: argparse.Namespace) -> Path:
    return arguments.out or directory_of(arguments.checkpoint)


def judge(arguments: argparse.Namespace, saved: Checkpoint, network: dict[str, Any], dataset: DataSet) -> None:
    """Print a network's error rate on the data; write what --confusion asks for."""
    labels = dataset.test.labels
    given = answers(engine_of(saved).penalties(dataset.test.images))
    rate = _rate(given != labels)
    found = {**rate.as_dict(), "network": network}
    if not arguments.json:
        print(stated(network))
        print(_told("test error", rate, f"patterns of {dataset.name}"))
    if beside := _beside(saved, dataset):
        found["beside"] = beside
        if not arguments.json:
            print("; ".join(beside))
    if dataset.name == qmnist.NAME and len(labels) == qmnist.COUNT:
        untouched = _rate((given != labels)[qmnist.KNOWN :])
        found["untouched"] = untouched.as_dict()
        if not arguments.json:
            print(_told("on those that nobody ever chose on", untouched, f"after MNIST's {qmnist.KNOWN:,}"))
    if arguments.confusion:
        names = saved.classes
        matrix = confusion_matrix(labels, given, len(names))
        written = _write(matrix, misclassified(labels, given), names, network["name"], _out(arguments))
        if not arguments.json:
            print(*_by_class(matrix, names), *written, sep="\n")
        found |= {"confusion": matrix.tolist(), "classes": names, "files": [str(path) for path in written]}
    if arguments.json:
        print(json.dumps(found))


def _beside(saved: Checkpoint, dataset: DataSet) -> list[str]:
    """The paper's error, and that of all the seeds of the packaged network of this recipe, where they compare."""
    from lenet1998.report.estimates import estimate
    from lenet1998.report.table import Column
    from lenet1998.report.tables import TEST, papers

    if (dataset.name, len(dataset.test)) != ("mnist", 10_000) or not (paper := papers(saved.history)):
        return []
    seeds = pretrained.errors_of_all_seeds(saved.recipe)
    ours = Column("test error", "%").shown(estimate(seeds)) if seeds else ""
    told = [f"{len(seeds)} seeds of this recipe: {ours}%"] if seeds else []
    return [*told, f"1998: {paper[TEST]:.2f}%"]


def _rate(wrong: np.ndarray) -> ErrorRate:
    return ErrorRate(int(wrong.sum()), len(wrong))


def _told(what: str, rate: ErrorRate, patterns: str) -> str:
    low, high = rate.interval_percent
    return (
        f"{what} {rate.error_percent:.2f}% ({rate.errors} of {rate.patterns:,} {patterns}; 95% Wilson interval "
        f"{low:.2f} to {high:.2f}%)"
    )


def _write(matrix: np.ndarray, wrong: dict[int, tuple[int, int]], names: list[str], name: str, out: Path) -> list[Path]:
    from lenet1998.pictures.misclassified import confusion  # matplotlib takes a second to load

    drawn = confusion(matrix, names, f"Answers of {Path(name).name}", out / "confusion")
    heads = [["true class", *names], ["index", "true class", "answer"]]
    rows = [
        [[label, *row] for label, row in zip(names, matrix, strict=True)],
        [[index, *(names[label] for label in pair)] for index, pair in wrong.items()],
    ]
    files = [out / "confusion.csv", out / "misclassified.csv"]
    for path, head, lines in zip(files, heads, rows, strict=True):
        write_atomically(path, as_csv([head, *lines]).encode())
    return [*drawn, *files]


def _by_class(matrix: np.ndarray, classes: list[str]) -> list[str]:
    names = [escaped(name) for name in classes]
    wide = max(len("class"), *map(len, names))
    lines = [f"{'class':>{wide}}  patterns  errors  error (%)"]
    for label, row in enumerate(matrix):
        errors, patterns = int(row.sum() - row[label]), int(row.sum())
        share = f"{100 * errors / patterns:>9.2f}" if patterns else f"{'':>9}"
        lines.append(f"{names[label]:>{wide}}  {patterns:>8,}  {errors:>6,}  {share}")
    return lines
