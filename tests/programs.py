"""Programs of the project in this process, where each of many calls starts half a second sooner than on its own.

What an end, the standard streams, the surroundings or a kill do to a program is tested where it has its own process.
"""

import io
import os
import runpy
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

from experiments.machinery.declaration import Experiment
from experiments.machinery.main import Asked, guarded, run
from experiments.machinery.options import find_data
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store

ROOT = Path(__file__).parent.parent


def ended(program: Callable[[], int | None], *command: str) -> subprocess.CompletedProcess:
    """The exit code of a program and what it printed, as if this had been its command line."""
    output, errors = io.StringIO(), io.StringIO()
    with mock.patch.object(sys, "argv", list(command)), redirect_stdout(output), redirect_stderr(errors):
        try:
            code = program()
        except SystemExit as end:
            code = end.code  # type: ignore[assignment]
    return subprocess.CompletedProcess(command, code or 0, output.getvalue(), errors.getvalue())


def experiment(name: str, *options: str) -> subprocess.CompletedProcess:
    """`python -m experiments.NAME` in the project's directory."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        with warnings.catch_warnings():
            # It is imported by other tests, and runs anew: two modules of one name, which share nothing.
            warnings.filterwarnings("ignore", ".* found in sys.modules after import of package", RuntimeWarning)
            declared = declaration(f"experiments.{name}")
            if declared:
                return ended(lambda: guarded(lambda: run(declared, list(options))), name, *options)
            return ended(lambda: runpy.run_module(f"experiments.{name}", run_name="__main__") and None, name, *options)
    finally:
        os.chdir(before)


def made(name: str, *options: object) -> str:
    """What `python -m experiments.NAME` prints, which ends well."""
    done = experiment(name, *map(str, options))
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def undrawn() -> Iterator[None]:
    """Figures are made and have their files, which are empty: to draw one takes longer than to train on few patterns.

    What figures look like is tested where they are drawn.
    """
    with mock.patch("matplotlib.figure.Figure.savefig"):
        yield


def planned(declared: Experiment, outcome: Callable[[Any], Any], *options: str) -> tuple[Any, list[list[Any]]]:
    """What an experiment's plan returns if each piece of work has the `outcome` that is given here, and what it asked
    for, step by step."""
    asked = Asked.of(declared, list(options))
    data = find_data(declared, asked.arguments)
    plan = declared.plan(Setting(asked.arguments, data, Store(asked.arguments.runs), asked.name))
    steps = [list(next(plan))]
    try:
        while True:
            steps.append(list(plan.send([outcome(work) for work in steps[-1]])))
    except StopIteration as end:
        return end.value, steps


def declaration(module: str) -> Experiment | None:
    """What an experiment's module declares, or the file for it in its folder."""
    found = getattr(import_module(module), "EXPERIMENT", None)
    if found is None and hasattr(sys.modules[module], "__path__") and find_spec(f"{module}.experiment"):
        found = import_module(f"{module}.experiment").EXPERIMENT
    return found
