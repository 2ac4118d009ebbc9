"""Many independent pieces of work at once: on all cores, or on a cluster, each resumable on its own.

A task is one run in one directory, and what an experiment makes of several runs is work like it. Pieces share nothing
but the data on disk, so the results do not depend on how many are done at a time or where. One that fails is reported
as such and costs no other its result.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from lenet1998.data import load
from lenet1998.data.places import PathName
from lenet1998.errors import CheckpointError, DivergenceError, LeNetError
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.running.progress import Console
from lenet1998.running.run import CHECKPOINT, Watch, run
from lenet1998.training import Progress


@dataclass(frozen=True)
class DataChoice:
    """What a worker has to load: the arguments of `lenet1998.data.load`, and whether to hold out a validation set."""

    kind: PathName
    data_dir: Path | None = None
    train_size: int | None = None
    test_size: int | None = None
    validation: int = 0

    @lru_cache(maxsize=2)  # noqa: B019 - a worker's tasks mostly share their data
    def load(self) -> DataSet:
        """The data set; with `validation` N the last N training patterns take the place of the test set."""
        if not self.validation:
            return load(self.kind, self.data_dir, self.train_size, self.test_size)
        return load(self.kind, self.data_dir).held_out(self.validation, self.train_size)


class Work(Protocol):
    """What a worker does: ``perform`` makes its result, or continues what is in the directory ``out``, and shows how it
    comes on as `run` does. It may be ``shared`` with another experiment, and passes as many ``patterns`` as ``passes``
    says."""

    @property
    def out(self) -> Path: ...
    @property
    def label(self) -> str: ...
    @property
    def shared(self) -> bool: ...
    @property
    def passes(self) -> int: ...
    def patterns(self) -> int: ...
    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict: ...


@dataclass(frozen=True)
class Task:
    """One run: where it is kept, and all that determines it; `shared`, if another experiment may have made it."""

    out: Path
    recipe: Recipe
    seed: int
    data: DataChoice
    passes: int = 20
    engine: str = "auto"
    keep_best: bool = False
    watch: Watch | None = None
    shared: bool = False

    @property
    def label(self) -> str:
        return f"{self.recipe.name}, seed {self.seed}"

    def patterns(self) -> int:
        """How many patterns a pass has."""
        return len(self.data.load().train)

    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict:
        """Make or continue the run and return its history."""
        return run(
            self.out,
            self.recipe,
            self.data.load(),
            seed=self.seed,
            passes=self.passes,
            engine=self.engine,
            resume=True,
            keep_best=self.keep_best,
            watch=self.watch,
            progress=progress,
            passed=passed,
        )


@dataclass(frozen=True)
class Failure:
    """Work that was not finished, the one line that says why, and whether it is that a run diverged."""

    task: Work
    reason: str
    diverged: bool = False


def attempted(
    task: Work, progress: Progress | None = None, passed: Callable[[dict], None] | None = None
) -> dict | Failure:
    """The result of a piece of work, or why there is none."""
    try:
        return task.perform(progress, passed)
    except LeNetError as error:
        return Failure(task, str(error), diverged=isinstance(error, DivergenceError))
    except Exception as error:  # whatever it is, the other tasks go on, and it is reported
        return Failure(task, f"{type(error).__name__}: {error}")


def sweep(
    tasks: Sequence[Work],
    *,
    jobs: int = 1,
    backend: str = "loky",
    scheduler: str | None = None,
    resume: bool = False,
    quiet: bool = False,
    finished: Callable[[list[dict]], None] | None = None,
) -> list[dict | Failure]:
    """Perform all tasks and return their results or failures, in the order of the tasks.

    `jobs` runs go on at a time; more than one, or another `backend` than "loky" (say "dask" with the address of a
    `scheduler`), takes joblib (extra `sweep`). `finished` is called with the results so far after each one. A worker
    process that dies is a failure of the tasks that are then not done. Raises CheckpointError if a run that is not
    shared is there and `resume` is false, LeNetError if joblib or dask is missing or the scheduler cannot be reached.
    """
    existing = [task.out for task in tasks if not task.shared and os.path.exists(task.out / CHECKPOINT)]
    if existing and not resume:
        raise CheckpointError(
            f"{existing[0]} already holds a run: add --resume to take or continue it, or choose another --runs"
        )
    outcomes: dict[int, dict | Failure] = {}
    alone = jobs == 1 and backend == "loky"
    for index, outcome in _one_by_one(tasks, quiet) if alone else _parallel(tasks, jobs, backend, scheduler, quiet):
        outcomes[index] = outcome
        if isinstance(outcome, Failure):
            print(f"{outcome.task.out} failed: {outcome.reason}", file=sys.stderr, flush=True)
        elif finished:
            finished([done for _, done in sorted(outcomes.items()) if isinstance(done, dict)])
    return [outcomes[index] for index in range(len(tasks))]


def _one_by_one(tasks: Sequence[Work], quiet: bool) -> Iterator[tuple[int, dict | Failure]]:
    for index, task in enumerate(tasks):
        console = Console(task.passes, 0 if quiet else task.patterns(), quiet, task.label)
        try:
            yield index, attempted(task, console.progress, console.passed)
        finally:
            console.close()


def _parallel(
    tasks: Sequence[Work], jobs: int, backend: str, scheduler: str | None, quiet: bool
) -> Iterator[tuple[int, dict | Failure]]:
    _need("joblib", "sweep")
    if backend == "dask":
        _need("distributed", "cluster")
    from joblib import delayed, parallel_config

    if backend == "dask" and not scheduler:
        raise LeNetError("--backend dask needs --scheduler ADDRESS, such as tcp://host:8786")
    try:
        place = parallel_config(backend="dask", scheduler_host=scheduler) if backend == "dask" else nullcontext()
    except (OSError, TimeoutError, ValueError) as error:
        raise LeNetError(f"cannot reach the Dask scheduler at {scheduler}: {error}; is it running?") from error
    left = set(range(len(tasks)))
    watched = os.getpid() if backend == "loky" else None
    bar = tqdm(total=len(tasks), unit=" runs", disable=quiet or not sys.stderr.isatty())
    with place, bar, side_by_side(jobs, "generator_unordered") as work:
        try:
            for index, outcome in work(delayed(_numbered)(*numbered, watched) for numbered in enumerate(tasks)):
                left.remove(index)
                bar.update()
                if not quiet and bar.disable:
                    print(f"{len(tasks)} runs: {tasks[index].out} is done", file=sys.stderr, flush=True)
                yield index, outcome
        except BrokenProcessPool:
            for index in sorted(left):
                yield index, Failure(tasks[index], "not done: a worker process was killed")


@contextmanager
def side_by_side(jobs: int, return_as: str) -> Iterator[Any]:
    """joblib's Parallel for so many processes, each with one piece of work at a time.

    It returns results as joblib's option says. Raises LeNetError where joblib is missing.
    """
    _need("joblib", "sweep")
    from joblib import Parallel

    with warnings.catch_warnings():
        # A process whose memory has grown is replaced when its work is done: nothing is lost, though joblib warns.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor", UserWarning)
        yield Parallel(n_jobs=jobs, return_as=return_as, batch_size=1)


def _need(module: str, extra: str) -> None:
    if not find_spec(module):
        raise LeNetError(f"several runs at a time need {module}: pip install 'lenet1998[{extra}]', or use --jobs 1")


def _numbered(index: int, task: Work, watched: int | None) -> tuple[int, dict | Failure]:
    """A worker's part. One whose parent was killed ends too: it would hold the lock of a run that is to be resumed."""

    def look(*_: int) -> None:
        if watched not in (None, os.getpid(), os.getppid()):
            os._exit(1)

    return index, attempted(task, progress=look)
