"""Section III: every classifier of Figures 9 to 12, ours beside the paper's; and then Figure 13.

Every row is measured, each on one core; one that fails stays open, with its reason. OUT/section3/ROW.json holds a row
as soon as it is measured; OUT/section3.md is the table, with the gaps and the open rows, and fig9 to fig12 are the
figures. Networks that are stopped go on with --resume after their last complete pass. Nearest neighbours, K-means and
support vector machines need the extra `baselines`. Figure 13 is `experiments.fig13_invariance`, with the same data,
seeds, jobs and places; --only rows leaves it out.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from experiments.common import description, guarded, of_digits, recorded
from experiments.fig13_invariance import __main__ as fig13_invariance
from experiments.options import FIGURES, RESULTS, RUNS
from experiments.section3.claims import claims
from experiments.section3.figures import draw
from experiments.section3.report import bars, markdown
from experiments.section3.rows import NAMES, Failed, perform, runs_of
from lenet1998.classifiers.rows import FEWER_SEEDS, SEEDS
from lenet1998.commands.options import add_data_options, add_figure_options, chosen_data, positive
from lenet1998.errors import LeNetError
from lenet1998.files import make_directory, write_atomically, write_json
from lenet1998.reference import comparable
from lenet1998.running.lock import locked
from lenet1998.running.work import DataChoice

NAME = "section3"
QUICK_TRAIN, QUICK_TEST, QUICK_SEEDS = 1500, 300, 2


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser)
    parser.add_argument("--train-size", metavar="N", type=positive, help="use the first N training patterns")
    parser.add_argument(
        "--only",
        metavar="ROW",
        action="append",
        choices=NAMES,
        help=f"measure this row alone; may be repeated. The rows: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--seeds",
        metavar="N",
        type=positive,
        help="of rows that depend on chance: seeds 1 to N "
        f"(default: {SEEDS}, and {FEWER_SEEDS} of those that train for minutes a seed)",
    )
    parser.add_argument("--jobs", metavar="J", type=positive, default=1, help="rows at a time (default: 1)")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep the rows that OUT has with as many seeds or more, and continue networks whose training was stopped",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="where results and figures go (default: experiments/results for all of MNIST, and with --plot-only; a "
        "directory under runs/trial for anything less)",
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"every row on a sample: {QUICK_TRAIN} patterns, {QUICK_TEST} for the test"
    )
    parser.add_argument("--plot-only", action="store_true", help="table and figures of the rows that OUT has")
    add_figure_options(parser, FIGURES)
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser


def measure(arguments: argparse.Namespace) -> dict[str, str]:
    """Measure the rows that are asked for and not there; settles --out. Returns the reasons of those that failed."""
    data = of_digits(chosen_data(arguments))
    full = comparable({"data": description(data)})
    trial = RUNS / "trial" / f"{NAME}_{data.name}_{len(data.train)}_{len(data.test)}"
    arguments.out = arguments.out or (RESULTS if full else trial)
    directory = arguments.out / NAME
    make_directory(directory)
    failed: dict[str, str] = {}

    def finished(name: str, outcome: dict | Failed) -> None:
        if isinstance(outcome, Failed):
            failed[name] = outcome.reason
        else:
            write_json(directory / f"{name}.json", outcome)
        if failed.get(name) or not arguments.quiet:
            print(f"{name}: {failed.get(name, 'measured')}", file=sys.stderr, flush=True)

    there = records(directory)
    if any(record["data"] != description(data) for record in there.values()):
        raise LeNetError(f"{directory} holds rows of other data: choose another place with --out")
    names = []
    for name in dict.fromkeys(arguments.only or NAMES):
        wanted = runs_of(name, arguments.seeds)
        if not (arguments.resume and name in there and len(there[name]["runs"]) >= wanted):
            names.append(name)
    # Checkpoints are no results: where the repository keeps those, these go to runs.
    runs = RUNS / NAME if arguments.out == RESULTS else directory / "runs"
    begun = [runs / name for name in names if (runs / name).exists()]
    if begun and not arguments.resume:
        raise LeNetError(f"{begun[0]} already holds runs: add --resume to take or continue them, or remove them")
    sizes, resize = (arguments.train_size, arguments.test_size), bool(data.treated.get("resized"))
    choice = DataChoice(data.path or data.name, arguments.data_dir, *sizes, resize=resize)
    with locked(directory / ".lock", str(directory)):
        perform(names, choice, arguments.seeds, arguments.jobs, runs, finished)
    return failed


def records(directory: Path) -> dict[str, dict]:
    """The rows on record, in the paper's order. Raises LeNetError for a damaged file."""
    found = {}
    for path in (directory / f"{name}.json" for name in NAMES):
        if path.exists():
            try:
                found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
                found[path.stem]["runs"][0], found[path.stem]["data"]["name"]  # what is always there
            except (OSError, ValueError, LookupError, TypeError) as error:
                raise LeNetError(f"{path} cannot be read ({error}): remove it, and repeat with --resume") from error
    return found


def figure_13(arguments: argparse.Namespace) -> None:
    """Figure 13, unless --resume finds it on record with as many seeds: then, as with --plot-only, it is only drawn."""
    wanted = arguments.seeds or SEEDS
    try:
        curves = recorded(fig13_invariance.NAME, arguments, "curves")
        seeds = min(len(networks) for networks in curves["scale"]["correct"].values())
    except LeNetError:
        seeds = 0
    if arguments.plot_only or (arguments.resume and seeds >= wanted):
        if seeds:
            fig13_invariance.main(["--plot-only", "--out", str(arguments.out)])
        return
    given = {"data": arguments.data, "seeds": wanted, "jobs": arguments.jobs, "out": arguments.out}
    given |= {key: vars(arguments)[key] for key in ("data_dir", "train_size", "test_size")}
    if arguments.out != RESULTS:
        given["runs"] = arguments.out / NAME / "runs"
    flags = [f"--{flag}" for flag in ("resume", "quiet") if vars(arguments)[flag]]
    named = [f"--{key.replace('_', '-')}={value}" for key, value in given.items() if value is not None]
    fig13_invariance.main([*named, *flags])


def main() -> None:
    arguments = options().parse_args()
    if arguments.quick:
        arguments.train_size, arguments.test_size = QUICK_TRAIN, QUICK_TEST
        arguments.seeds = min(arguments.seeds or QUICK_SEEDS, QUICK_SEEDS)
    if arguments.plot_only:
        arguments.out = arguments.out or RESULTS
    failed = {} if arguments.plot_only else measure(arguments)
    found = records(arguments.out / NAME)
    if not found:
        reason = next((f" ({name}: {reason})" for name, reason in failed.items()), "")
        raise LeNetError(f"no row is on record in {arguments.out / NAME}{reason}: run without --plot-only and --only")
    rows = bars(found, failed)
    table = markdown(rows, claims(found) if any(row.paper for row in rows) else ())
    print(table)
    write_atomically(arguments.out / f"{NAME}.md", table.encode())
    for path in (arguments.out / f"{NAME}.md", *draw(rows, found, arguments.out)):
        print(path)
    if not arguments.only:
        figure_13(arguments)
    if failed:
        name, reason = next(iter(failed.items()))
        raise LeNetError(
            f"{len(failed)} of the rows failed ({name}: {reason}); the others are recorded, and the same command with "
            "--resume repeats what failed"
        )


if __name__ == "__main__":
    guarded(main)
