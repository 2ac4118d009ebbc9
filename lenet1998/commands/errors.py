"""`lenet1998 errors`: the test patterns that a network gets wrong, drawn as in Figure 8."""

import argparse
from pathlib import Path

from lenet1998.commands.figure_options import add_figure_options
from lenet1998.commands.networks import CHOICES, chosen_network, data_for, directory_of, engine_of, stated
from lenet1998.commands.options import add_data_options, add_plugin_options
from lenet1998.errors import LeNetError
from lenet1998.evaluation import answers, misclassified
from lenet1998.reference import figure_8


def options(parser: argparse.ArgumentParser) -> None:
    """RUN, --out and the data."""
    parser.add_argument("checkpoint", metavar="RUN", nargs="?", default="default", help=f"{CHOICES} (default: default)")
    parser.add_argument(
        "--out", metavar="FILE", type=Path,
        help="where to draw; a PDF is put beside it (default: errors.png in the run's directory)",
    )  # fmt: skip
    add_data_options(parser, default=None)
    add_figure_options(parser)
    parser.set_defaults(train_size=1)
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Draw, and print how many they are and where. Raises LeNetError for bad input."""
    out = arguments.out or directory_of(arguments.checkpoint) / "errors.png"
    if out.suffix.lower() not in (".png", ".pdf"):
        raise LeNetError(f"cannot draw {out.name}: choose a name for --out that ends in .png or .pdf")
    saved, network = chosen_network(arguments.checkpoint)
    dataset = data_for(saved, arguments)
    from lenet1998.pictures.misclassified import misclassified_patterns  # matplotlib takes a second to load

    test = dataset.test
    wrong = misclassified(test.labels, answers(engine_of(saved).penalties(test.images)))
    papers = figure_8() if (dataset.name, len(test)) == ("mnist", 10_000) else {}
    written = misclassified_patterns(wrong, test.images, out.with_suffix(""), papers, saved.classes)
    print(stated(network))
    shared = f", {len(wrong.keys() & papers.keys())} of them among the paper's {len(papers)}" if papers else ""
    print(f"{len(wrong)} of {len(test):,} patterns of {dataset.name} misclassified{shared}")
    print(*written, sep="\n")
