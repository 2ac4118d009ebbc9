"""The whole paper again: every experiment, then the numbers of README and docs/ and the report.

All experiments share one queue: what several of them need is made once, and the longest waits for nobody. One that
fails does not stop the others; the exit code says so. With --resume runs that are finished are taken, and the others
continue. At the end the networks that come with the package are chosen, and README, docs/ and the report are written.

`--check` trains nothing anew: it repeats the first pass of one seed of every recorded training and compares the
parameters with the record, to the last bit.
"""

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path

from experiments import pretrained
from experiments.machinery.catalogue import Listed, listed, write_index
from experiments.machinery.check import check
from experiments.machinery.declaration import Record
from experiments.machinery.main import Asked, guarded, perform, refuse_failed, shown
from experiments.machinery.options import add_common_options, parser_of, say_unused
from experiments.machinery.record import RESULTS, RUNS, read
from experiments.strings import kept
from experiments.summary.__main__ import write as write_summary
from lenet1998.commands.options import positive
from lenet1998.errors import LeNetError
from lenet1998.report.page import write as write_report


def chosen(arguments: argparse.Namespace) -> list[Listed]:
    """What the options ask for. Raises LeNetError for names that are not known."""
    known = {one.name: one for one in listed()}
    unknown = [name for name in [*arguments.only, *arguments.skip] if name not in known]
    if unknown:
        raise LeNetError(f"no experiment is called {unknown[0]!r}: choose {', '.join(known)}")
    wanted = [one for name, one in known.items() if name in (arguments.only or known)]
    return [one for one in wanted if one.name not in arguments.skip]


def asked_of(one: Listed, arguments: argparse.Namespace) -> Asked:
    """An experiment with those of the options that it has."""
    if arguments.plot_only:
        return Asked.of(one.experiment, ["--plot-only", "--quiet", "--out", str(arguments.out), *one.arguments])
    given = ["--backend", arguments.backend, "--quiet"]
    given += ["--jobs", str(arguments.jobs)] if arguments.jobs else []
    given += ["--scheduler", arguments.scheduler] if arguments.scheduler else []
    digits = parser_of(one.experiment).get_default("data")  # others are not where MNIST is
    given += ["--data-dir", str(arguments.data_dir)] if arguments.data_dir and digits else []
    most = one.experiment.seeds  # None: it takes none; 0: each row has its own
    if arguments.seeds and most is not None:
        given += ["--seeds", str(min(arguments.seeds, most or arguments.seeds))]
    given += ["--runs", str(arguments.runs), "--out", str(arguments.out)]
    given += [f"--{flag.replace('_', '-')}" for flag in ("resume", "quick") if getattr(arguments, flag)]
    return Asked.of(one.experiment, [*given, *one.arguments])


def run(arguments: argparse.Namespace) -> None:
    """Carry out what is chosen, or draw it again. Raises LeNetError at the end if some have failed."""
    failed, whole = [], not (arguments.quick or arguments.only or arguments.skip)

    def after(asked: Asked, outcome: Record | LeNetError) -> None:
        try:
            if isinstance(outcome, LeNetError):
                raise outcome
            with redirect_stdout(sys.stderr if not arguments.quiet else None):
                shown(asked, outcome)
            refuse_failed(outcome)
        except LeNetError as error:
            failed.append(asked.name)
            print(f"{asked.name}: FAILED, {error}", file=sys.stderr, flush=True)
        else:
            print(f"{asked.name}: done", file=sys.stderr, flush=True)

    every = [asked_of(one, arguments) for one in chosen(arguments)]
    if arguments.plot_only:
        for asked in every:
            try:
                after(asked, read(asked.path))
            except LeNetError as error:  # it is not recorded yet, which is no failure
                print(f"{asked.name}: {error}", file=sys.stderr, flush=True)
    else:
        perform(every, after)
    if whole and not failed:
        if not arguments.plot_only:
            pretrained.keep(arguments.runs)
            kept.keep(arguments.runs)
        write_index()
        write_summary()
    write_report(arguments.out, arguments.runs / "report")
    if failed:
        raise LeNetError(
            f"{len(failed)} of {len(every)} experiments failed ({', '.join(failed)}); the same command with --resume "
            "repeats what failed"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_options(parser)
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where MNIST is")
    names = ", ".join(one.name for one in listed())
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help=f"this one; of {names}")
    parser.add_argument("--skip", metavar="NAME", action="append", default=[], help="all but this one")
    parser.add_argument("--seeds", metavar="N", type=positive, help="at most the seeds 1 to N of every experiment")
    parser.add_argument("--quick", action="store_true", help="a trial of everything, in a few minutes")
    parser.add_argument("--plot-only", action="store_true", help="tables, figures and pages from the records alone")
    parser.add_argument("--check", action="store_true", help="compare the record with this machine, train nothing new")
    arguments = parser.parse_args()
    if arguments.check or arguments.plot_only:
        why, more = ("--check", ("runs", "plot_only")) if arguments.check else ("--plot-only", ("data_dir", "jobs"))
        say_unused(parser, arguments, f"{why} trains nothing", ("seeds", "resume", "backend", "scheduler", *more))
    trial = RUNS / "trial" / "paper"
    arguments.runs = arguments.runs or (trial if arguments.quick else RUNS)
    arguments.out = arguments.out or (trial / "results" if arguments.quick else RESULTS)
    if arguments.check:
        check(arguments.out, arguments.only, arguments.skip, arguments.jobs, arguments.data_dir, arguments.quiet)
    else:
        run(arguments)


if __name__ == "__main__":
    guarded(main)
