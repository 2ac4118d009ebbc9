"""What the experiments share: several seeds of a recipe, each a resumable run, recorded as they come."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from lenet1998.errors import LeNetError
from lenet1998.files import write_json
from lenet1998.options import add_training_options, chosen_data, chosen_recipe, positive
from lenet1998.reporting import Console
from lenet1998.runs import run

RESULTS = Path(__file__).parent / "results"


def options(description: str, seeds: int) -> argparse.ArgumentParser:
    """A parser with the training options and those of every experiment."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_training_options(parser)
    parser.add_argument(
        "--seeds", metavar="N", type=positive, default=seeds, help=f"train with seeds 1 to N (default: {seeds})"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=RESULTS,
        help="where results and figures go (default: experiments/results)",
    )
    parser.add_argument(
        "--runs",
        metavar="DIR",
        type=Path,
        default=Path("runs"),
        help="where checkpoints are kept, so that a stopped experiment continues (default: runs)",
    )
    parser.add_argument("--plot-only", action="store_true", help="draw from the recorded results, train nothing")
    return parser


def train_seeds(name: str, arguments: argparse.Namespace) -> list[dict]:
    """Train the chosen recipe with every seed and return the histories, recorded in OUT/name.json after each.

    A run that is there already is continued or taken as it is.
    """
    recipe, dataset = chosen_recipe(arguments), chosen_data(arguments)
    histories: list[dict] = []
    for seed in range(1, arguments.seeds + 1):
        console = Console(arguments.passes, len(dataset.train), arguments.quiet, label=f"seed {seed}")
        try:
            history = run(
                arguments.runs / name / f"seed{seed}",
                recipe,
                dataset,
                seed=seed,
                passes=arguments.passes,
                engine=arguments.engine,
                resume=True,
                progress=console.progress,
                passed=console.passed,
            )
        finally:
            console.close()
        histories.append(history)
        write_json(arguments.out / f"{name}.json", {"experiment": name, "runs": histories})
    return histories


def recorded(name: str, arguments: argparse.Namespace) -> list[dict]:
    """The histories of an earlier run of the experiment. Raises LeNetError when there are none."""
    path = arguments.out / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))["runs"]
    except (OSError, ValueError, KeyError) as error:
        raise LeNetError(f"no results to plot in {path}: run the experiment without --plot-only first") from error


def guarded(main: Callable[[], None]) -> None:
    """Run an experiment with the command line's errors and exit codes."""
    try:
        main()
    except LeNetError as error:
        sys.exit(_complain(str(error), error.exit_code))
    except KeyboardInterrupt:
        sys.exit(_complain("interrupted; complete passes are saved, the same command continues after them", 130))


def _complain(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
