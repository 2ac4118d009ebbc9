"""`lenet1998 train`: a run in a directory, its checkpoint, history and error curves (section III-B)."""

import argparse
import sys
from pathlib import Path

from lenet1998.commands.figure_options import add_figure_options
from lenet1998.commands.options import add_training_options, chosen_data, chosen_recipe, natural
from lenet1998.running import run as runs
from lenet1998.running.progress import Console, Rows


def options(parser: argparse.ArgumentParser) -> None:
    """Data, recipe and passes; --seed, --out and --resume; how the figure looks."""
    add_training_options(parser)
    parser.add_argument("--seed", metavar="S", type=natural, default=1, help="seed of every random choice (default: 1)")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="the run's directory (default: runs/RECIPE-CHANGES-seedS)"
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in --out, if there is one")
    add_figure_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Train, draw the error curves, and print the passes and what was written. Raises LeNetError for bad input."""
    from lenet1998.pictures.plotting import error_curves  # matplotlib takes a second to load, only figures need it

    recipe = chosen_recipe(arguments)
    dataset = chosen_data(arguments)
    out = arguments.out or Path("runs") / default_name(recipe.name, dataset.name, arguments)
    rows = Rows((dataset.name, len(dataset.train), len(dataset.test)) == ("mnist", 60_000, 10_000))
    console = Console(arguments.passes, len(dataset.train), arguments.quiet, rows=rows if sys.stdout.isatty() else None)
    try:
        history = runs.run(
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
    if console.shown < len(history["passes"]):
        print(rows.table(history))
    if dataset.notice:
        print(dataset.notice)
    for path in (out / runs.HISTORY, out / runs.CHECKPOINT, *figures):
        print(path)
    last = history["passes"][-1]
    print(f"test error {last['test_error_percent']:.2f}% after pass {last['pass']}; everything is in {out}")
    print(f"next: lenet1998 errors {out}; lenet1998 compare {out} default")


def default_name(recipe: str, data: str, arguments: argparse.Namespace) -> str:
    """A directory for a run that names all that a run may not be resumed with: recipe, data and seed."""
    sizes = [f"{size}{what}" for what, size in (("", arguments.train_size), ("tested", arguments.test_size)) if size]
    words = [*recipe.split(), *([] if data == "mnist" else [data]), *sizes, f"seed{arguments.seed}"]
    return "-".join(words).replace("/", "_")
