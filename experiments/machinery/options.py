"""The command line of an experiment, made from its declaration: only what it honours is offered."""

import argparse
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path

from experiments.machinery.declaration import Experiment
from experiments.machinery.record import FIGURES, RESULTS, RUNS
from lenet1998.commands.figure_options import add_figure_options
from lenet1998.commands.options import add_data_options, add_recipe_options, chosen_data, positive
from lenet1998.engines import ENGINES
from lenet1998.errors import LeNetError
from lenet1998.patterns import DataSet

OF_RUNS = ("data", "data_dir", "resize", "train_size", "test_size", "passes", "seeds", "only", "runs", "resume", "jobs",
           "backend", "scheduler", "quick")  # fmt: skip
"""What plays no part where nothing is run."""
TRIAL = {"train_size": 300, "test_size": 200, "seeds": 2, "passes": 2}
"""What --quick makes of these options, where an experiment says nothing else."""


def parser_of(experiment: Experiment) -> argparse.ArgumentParser:
    """The options of an experiment, with what it asks and how as their description."""
    about = [experiment.question, experiment.description.strip()]
    parser = argparse.ArgumentParser(
        prog=f"python -m {module_of(experiment)}",
        description="\n\n".join(filter(None, about)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(train_size=None, test_size=None, seeds=None, passes=None, engine="auto")
    if experiment.load is None:
        add_data_options(parser)
        parser.add_argument("--train-size", metavar="N", type=positive, help="use the first N training patterns")
    else:
        parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where the data are")
    if experiment.recipe:
        add_recipe_options(parser)
    if experiment.passes is not None:
        text = f"passes per run (default: {experiment.passes or 'those of each recipe'})"
        parser.add_argument("--passes", metavar="N", type=positive, default=experiment.passes or None, help=text)
        text = "the compute engine (default: auto, the fastest that is installed)"
        parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto", help=text)
    if experiment.seeds is not None:
        text = f"train with seeds 1 to N (default: {experiment.seeds or 'as many as each row has'})"
        parser.add_argument("--seeds", metavar="N", type=positive, default=experiment.seeds or None, help=text)
    if experiment.only:
        parser.add_argument(
            "--only",
            metavar="NAME",
            action="append",
            choices=experiment.only,
            help="make only this part and keep what is recorded of the others; may be repeated. The parts: "
            + ", ".join(experiment.only),
        )
    experiment.options(parser)
    add_common_options(parser)
    parser.add_argument(
        "--quick", action="store_true", help="a trial with few patterns, seeds and passes, which may be repeated"
    )
    parser.add_argument("--plot-only", action="store_true", help="draw from the recorded results, train nothing")
    add_figure_options(parser, FIGURES)
    return parser


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Where runs and results are kept, and how many runs are made at a time."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="where results and figures go (default: experiments/results for the full experiment and with --plot-only, "
        "a directory under runs/trial for anything less)",
    )
    parser.add_argument(
        "--runs",
        metavar="DIR",
        type=Path,
        help="where runs are kept, so that a stopped experiment continues and others find them (default: runs, or a "
        "directory under runs/trial)",
    )
    parser.add_argument("--resume", action="store_true", help="take finished runs in --runs, continue the others")
    text = "runs at a time (default: 1, or as many as a Dask cluster has threads)"
    parser.add_argument("--jobs", metavar="J", type=positive, help=text)
    parser.add_argument(
        "--backend",
        choices=("processes", "dask"),
        default="processes",
        help="where runs are made: in processes of this machine, or on a Dask cluster that sees the same --runs",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="the Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def module_of(experiment: Experiment) -> str:
    """The module that declares the experiment, as `python -m` takes it."""
    return (experiment.module or experiment.plan.__module__).removesuffix(".experiment")


def parse(experiment: Experiment, given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line, or what is `given`; --quick cuts down numbers, and changes what has its default."""
    parser = parser_of(experiment)
    arguments = parser.parse_args(given)
    if arguments.quick:
        for key, most in (TRIAL | experiment.quick).items():
            now, kept = getattr(arguments, key, None), parser.get_default(key)
            number = isinstance(most, int) and not isinstance(most, bool)
            smaller = min(now, most) if number and now is not None else most if now == kept else now
            if key in ("train_size", "test_size") or getattr(experiment, key, True) is not None:
                setattr(arguments, key, smaller)
        arguments.resume = True
    if arguments.plot_only:
        say_unused(parser, arguments, "--plot-only draws what is recorded")
        arguments.out = arguments.out or RESULTS
    return arguments


def say_unused(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace, why: str, names: Sequence[str] = OF_RUNS
) -> None:
    """Name those of the options that are given and play no part, in a line on standard error."""
    given = [name for name in names if getattr(arguments, name, None) != parser.get_default(name)]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        print(f"{why}: of no effect are {options}", file=sys.stderr)


def find_data(
    experiment: Experiment, arguments: argparse.Namespace, known: dict[Hashable, DataSet] | None = None
) -> DataSet:
    """Find the data, or fail, once and here, not in every worker; and settle where results and runs go. What has been
    found before is in `known`, and is not loaded again.

    Only the full experiment goes where the repository keeps its results, so that a trial replaces none of them.
    """
    known = {} if known is None else known
    if experiment.load:
        found = experiment.load(arguments)
    else:
        asked = arguments.data, arguments.data_dir, arguments.train_size, arguments.test_size
        found = known[asked] if asked in known else known.setdefault(asked, chosen_data(arguments))
    sizes = len(found.train), len(found.test)
    whole = (arguments.passes or 0) >= experiment.passes if experiment.passes else arguments.passes is None
    full = (
        experiment.full(arguments, found)
        if experiment.full
        else found.name == "mnist" and sizes == (60_000, 10_000) and whole
    )
    passes = f"_{arguments.passes}_passes" if arguments.passes else ""
    trial = RUNS / "trial" / f"{found.name}_{sizes[0]}_{sizes[1]}{passes}"
    arguments.out = arguments.out or (RESULTS if full and not arguments.quick else trial)
    arguments.runs = (arguments.runs or (RUNS if full and not arguments.quick else trial)).absolute()
    return found


def name_of(experiment: Experiment, arguments: argparse.Namespace) -> str:
    """The name of results: with another recipe or a chosen engine, these are part of it."""
    if experiment.called:
        return experiment.called(arguments)
    choices = []
    if experiment.recipe:
        choices += [] if arguments.recipe == "default" else [arguments.recipe]
        choices += arguments.settings + ([f"loss={arguments.loss}"] if arguments.loss else [])
    choices += [] if arguments.engine == "auto" or not experiment.recipe else [arguments.engine]
    name = "_".join([experiment.name, *choices]).replace("/", "_")
    if len(name) > 150:
        raise LeNetError(f"so many settings make no name of a file ({len(name)} characters): give fewer with --set")
    return name
