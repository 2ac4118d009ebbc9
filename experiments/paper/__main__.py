"""The whole paper again: every experiment in order of dependence, then the numbers of README and docs/ and the report.

Each experiment is a command of its own (`python -m experiments.NAME`), in the order of `lenet1998 report`, in which
what an experiment needs comes before it. One that fails does not stop the others; the exit code says so, and what it
printed is in RUNS/paper/NAME.log. RUNS/paper/done.json has the seconds of each. With --resume experiments that this
commit has finished are left out, and the others take their finished runs and continue. The time left is estimated from
the seconds of the recorded runs.

`--check` trains nothing anew: it repeats the first pass of one seed of every recorded training and compares the
parameters with the record, to the last bit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments.common import guarded
from experiments.options import RESULTS, RUNS, add_run_options
from experiments.paper.check import check
from experiments.section3.rows import LENET5
from lenet1998.errors import LeNetError
from lenet1998.files import make_directory, write_json
from lenet1998.report.experiments import EXPERIMENTS, find
from lenet1998.running.provenance import commit
from lenet1998.training import DIGEST

SECONDS = ("seconds", "seconds_to_fit")  # the keys under which records have them
UNKNOWN_COST, TRIAL_COST = 60.0, 15.0  # seconds, of an experiment that has none on record, and of a trial
# A trial of what has no --quick of its own, and of section III a row of each kind.
QUICK = {
    "section3": tuple(
        f"--only={row}" for row in ("linear", "knn_euclidean", "svm_poly4", "mlp_28x28_300_10", "lenet1_16x16")
    ),
    "section3_choices": ("--train-size", "1500", "--held-out", "100", "--passes", "1"),
    "benchmark_speed": ("--engines-only",),
}
WHOLE = ("fig8_misclassified", "pretrained", "summary")  # these need runs of full size, and have no trial


@dataclass(frozen=True)
class Step:
    """One command: its name, what follows `python`, and the seconds that it is thought to take."""

    name: str
    command: tuple[str, ...]
    seconds: float = UNKNOWN_COST


def steps() -> list[Step]:
    """All experiments with what their recorded runs took, and at the end what is made of them."""
    recorded = costs(RESULTS)
    made = [Step(one.name, tuple(one.command.split()[1:]), recorded.get(one.name, UNKNOWN_COST)) for one in EXPERIMENTS]
    last = (("pretrained", "experiments.pretrained"), ("summary", "experiments.summary"))
    made += [Step(name, ("-m", module), 10.0) for name, module in last]
    return [*made, Step("report", ("-m", "lenet1998", "report"), 20.0)]


def costs(results: Path) -> dict[str, float]:
    """Seconds of all runs on record, by the name of the experiment; a run that several have, with the first of them."""
    records = []
    for path in sorted(results.rglob("*.json")):
        experiment = find(path.stem if path.parent == results else path.parent.name)
        again = path.stem.endswith("_scores") or path.stem in LENET5  # they repeat what runs took
        if experiment and not again:
            records.append((EXPERIMENTS.index(experiment), path))
    found: dict[str, float] = {}
    counted: set[tuple] = set()
    for place, path in sorted(records):
        spent, known = _seconds(json.loads(path.read_text(encoding="utf-8")), counted)
        name = EXPERIMENTS[place].name
        found[name] = found.get(name, 0.0) + spent - known
    return {name: seconds for name, seconds in found.items() if seconds}


def _seconds(content: Any, counted: set[tuple]) -> tuple[float, float]:
    """The seconds in a record, and those of them that are of runs counted before.

    Where a whole has a time, it includes those of its parts.
    """
    if not isinstance(content, (dict, list)):
        return 0.0, 0.0
    parts = content.values() if isinstance(content, dict) else content
    spent, again = (sum(times) for times in zip((0.0, 0.0), *(_seconds(part, counted) for part in parts), strict=True))
    if isinstance(content, dict):
        own = [float(content[key]) for key in SECONDS if isinstance(content.get(key), (int, float))]
        spent = sum(own) if own else spent
        passes = content.get("passes")
        if isinstance(passes, list) and passes:  # what each took is as good as a name
            run = passes[-1].get(DIGEST), *(record.get("seconds") for record in passes)
            again = spent if run in counted else again
            counted.add(run)
    return spent, again


def chosen(arguments: argparse.Namespace) -> list[Step]:
    """The steps that the options ask for. Raises LeNetError for names that are not known."""
    known = {step.name: step for step in steps()}
    unknown = [name for name in [*arguments.only, *arguments.skip] if name not in known]
    if unknown:
        raise LeNetError(f"no experiment is called {unknown[0]!r}: choose {', '.join(known)}")
    left_out = {*arguments.skip, *(WHOLE if arguments.quick else ())}
    wanted = [step for name, step in known.items() if name not in left_out and name in (arguments.only or known)]
    return [replace(step, seconds=TRIAL_COST if arguments.quick else step.seconds / arguments.jobs) for step in wanted]


def command(step: Step, arguments: argparse.Namespace) -> list[str]:
    """The whole command line, with those of the options that the experiment has."""
    base = [sys.executable, *step.command]
    usage = subprocess.run([*base, "--help"], capture_output=True, text=True, check=False).stdout.partition("\n\n")[0]
    options: dict[str, list[str]] = {
        "--jobs": [str(arguments.jobs)],
        "--backend": [arguments.backend],
        "--scheduler": [arguments.scheduler] if arguments.scheduler else [],
        "--data-dir": [str(arguments.data_dir)] if arguments.data_dir else [],
        "--runs": [str(arguments.runs)],
        "--out": [str(arguments.out)] if arguments.quick else [],
        "--results": [str(arguments.out)] if arguments.quick else [],
    }
    if step.name == "report" and arguments.quick:
        options["--out"] = [str(arguments.out / "report")]
    flags = [flag for flag in ("--resume", "--quick") if getattr(arguments, flag[2:])] + ["--quiet"]
    given = [text for name, values in options.items() if values and name in usage for text in (name, *values)]
    given += [flag for flag in flags if f"[{flag}]" in usage]
    return [*base, *given, *(QUICK.get(step.name, ()) if arguments.quick else ())]


def perform(step: Step, arguments: argparse.Namespace, bar: tqdm) -> float | None:
    """Run one experiment, its output into a log, and return its seconds, or None where it failed.

    Meanwhile the bar goes on as long as it is thought to take.
    """
    log = arguments.runs / "paper" / f"{step.name}.log"
    before, begun = bar.n, time.monotonic()
    bar.set_description(step.name)
    with log.open("wb") as file:
        process = subprocess.Popen(command(step, arguments), stdout=file, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                bar.update(max(0.0, before + min(time.monotonic() - begun, 0.95 * step.seconds) - bar.n))
        finally:
            process.wait()
    bar.update(before + step.seconds - bar.n)
    spent, failed = time.monotonic() - begun, process.returncode != 0
    outcome = f"FAILED (exit code {process.returncode}, see {log})" if failed else "done"
    bar.write(f"{step.name}: {outcome} in {spent:.0f} s", file=sys.stderr)
    return None if failed else spent


def run(arguments: argparse.Namespace) -> None:
    """Perform the chosen steps. Raises LeNetError at the end if some have failed."""
    place = arguments.runs / "paper"
    make_directory(place)
    make_directory(arguments.out)
    path, now = place / "done.json", commit()
    there = path.exists() and arguments.resume
    done: dict[str, dict] = json.loads(path.read_text(encoding="utf-8")) if there else {}
    known = now is not None and not now.endswith("+")
    todo = [step for step in chosen(arguments) if not (known and done.get(step.name, {}).get("commit") == now)]
    failed = []
    form = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"
    silent = arguments.quiet or not sys.stderr.isatty()
    with tqdm(total=sum(step.seconds for step in todo), bar_format=form, disable=silent) as bar:
        for step in todo:
            spent = perform(step, arguments, bar)
            if spent is None:
                failed.append(step.name)
            else:
                done[step.name] = {"commit": now, "seconds": round(spent, 1)}
                write_json(path, done)
    if failed:
        raise LeNetError(
            f"{len(failed)} of {len(todo)} experiments failed ({', '.join(failed)}); their logs are in {place}, and "
            "the same command with --resume repeats them"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_run_options(parser)
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="where MNIST is")
    names = ", ".join(step.name for step in steps())
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help=f"this one; of {names}")
    parser.add_argument("--skip", metavar="NAME", action="append", default=[], help="all but this one")
    parser.add_argument("--quick", action="store_true", help="a trial of everything that has one, in a few minutes")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument("--check", action="store_true", help="compare the record with this machine, train nothing new")
    arguments = parser.parse_args()
    arguments.runs = arguments.runs or (RUNS / "trial" / "paper" if arguments.quick else RUNS)
    arguments.out = arguments.runs / "results" if arguments.quick else RESULTS
    if arguments.check:
        check(arguments.out, arguments.only, arguments.skip, arguments.jobs, arguments.data_dir, arguments.quiet)
    else:
        run(arguments)


if __name__ == "__main__":
    guarded(main)
