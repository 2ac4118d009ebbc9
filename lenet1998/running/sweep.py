"""Many independent pieces of work at once: on all cores, or on a cluster, each resumable on its own.

A task is one run in one directory, and what an experiment makes of several runs is work like it. Pieces share nothing
but the data on disk, so the results do not depend on how many are done at a time or where. One that fails is reported
as such and costs no other its result; neither does a worker process that is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from lenet1998.data import load
from lenet1998.data.places import PathName
from lenet1998.errors import CheckpointError, DivergenceError, LeNetError
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.registry import load_plugin, loaded
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
    resize: bool = False

    @lru_cache(maxsize=2)  # noqa: B019 - a worker's tasks mostly share their data
    def load(self) -> DataSet:
        """The data set; with `validation` N the last N training patterns take the place of the test set."""
        if not self.validation:
            return load(self.kind, self.data_dir, self.train_size, self.test_size, resize=self.resize)
        return load(self.kind, self.data_dir, resize=self.resize).held_out(self.validation, self.train_size)


class Work(Protocol):
    """What a worker does: ``perform`` makes its result, or continues what is in the directory ``out``, and shows how it
    comes on as `run` does: in so many ``passes`` of so many ``patterns``."""

    @property
    def out(self) -> Path: ...
    @property
    def label(self) -> str: ...
    @property
    def passes(self) -> int: ...
    def patterns(self) -> int: ...
    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict: ...


@dataclass(frozen=True)
class Task:
    """One run: where it is kept, and all that determines it. `measure` adds to its history what else it finds in the
    finished run, in the worker that has made it."""

    out: Path
    recipe: Recipe
    seed: int
    data: DataChoice
    passes: int = 20
    engine: str = "auto"
    keep_best: bool = False
    watch: Watch | None = None
    measure: Callable[[Task], dict] | None = None
    shared: bool = False

    @property
    def label(self) -> str:
        return f"{self.recipe.name}, seed {self.seed}"

    def patterns(self) -> int:
        """How many patterns a pass has."""
        return len(self.data.load().train)

    def perform(self, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> dict:
        """Make or continue the run and return its history, under the recipe's own name and with what is measured."""
        history = run(
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
        return self.named(history) | (self.measure(self) if self.measure else {})

    def named(self, history: dict) -> dict:
        """The history of a run that another task may have made, whose recipe had another name."""
        return history | {"recipe": history["recipe"] | {"name": self.recipe.name}}


@dataclass(frozen=True)
class Failure:
    """Work that was not finished, the one line that says why, and whether it is that a run diverged."""

    task: Any
    reason: str
    diverged: bool = False


Outcome = dict | Failure
Then = Callable[[Any, Outcome], Iterable[Work]]
"""Called with a piece of work and its outcome; what it returns is work to be done too."""


def attempted(task: Work, progress: Progress | None = None, passed: Callable[[dict], None] | None = None) -> Outcome:
    """The result of a piece of work, or why there is none."""
    try:
        return task.perform(progress, passed)
    except LeNetError as error:
        return Failure(task, str(error), diverged=isinstance(error, DivergenceError))
    except Exception as error:  # whatever it is, the other tasks go on, and it is reported
        return Failure(task, f"{type(error).__name__}: {error}")


def _attempted_elsewhere(task: Work, plugins: dict[Path, bool]) -> Outcome:
    """The same in a process that does not yet know what the plugins of this one register."""
    try:
        for path in plugins.keys() - loaded().keys():
            load_plugin(path, plugins[path])
    except LeNetError as error:
        return Failure(task, str(error))
    return attempted(task)


def sweep(
    tasks: Sequence[Work],
    *,
    jobs: int = 1,
    backend: str = "processes",
    scheduler: str | None = None,
    resume: bool = False,
    quiet: bool = False,
    then: Then = lambda work, outcome: (),
) -> list[Outcome]:
    """Perform all tasks and return their results or failures, in the order of the tasks.

    `jobs` go on at a time, in processes of this machine or, with the `backend` "dask" (extra `cluster`), on the cluster
    of the `scheduler` at that address. No two that write into the same directory go on at a time. `then` is called
    after each one, here, and may give more work: its results follow at the end. A worker process that dies is a failure
    of what it was doing. Raises CheckpointError if a run is there and `resume` is false, LeNetError if dask is missing
    or its scheduler cannot be reached.
    """
    existing = [
        task.out for task in tasks if not getattr(task, "shared", False) and os.path.exists(task.out / CHECKPOINT)
    ]
    if existing and not resume:
        raise CheckpointError(
            f"{existing[0]} already holds a run: add --resume to take or continue it, or choose another --runs"
        )
    outcomes: dict[int, Outcome] = {}
    numbers = count()
    waiting: dict[int, Work] = {next(numbers): task for task in tasks}

    def done(number: int, task: Work, outcome: Outcome) -> None:
        outcomes[number] = outcome
        if isinstance(outcome, Failure):
            print(f"{task.out} failed: {outcome.reason}", file=sys.stderr, flush=True)
        waiting.update({next(numbers): new for new in then(task, outcome)})

    if jobs == 1 and backend != "dask":
        _one_by_one(waiting, done, quiet)
    else:
        with _workers(jobs, backend, scheduler) as workers:
            _side_by_side(waiting, done, workers, quiet)
    return [outcome for _, outcome in sorted(outcomes.items())]


Done = Callable[[int, Work, Outcome], None]


def _one_by_one(waiting: dict[int, Work], done: Done, quiet: bool) -> None:
    while waiting:
        number = min(waiting)
        task = waiting.pop(number)
        console = Console(task.passes, 0 if quiet else task.patterns(), quiet, task.label)
        try:
            outcome = attempted(task, console.progress, console.passed)
        finally:
            console.close()
        done(number, task, outcome)


def _side_by_side(waiting: dict[int, Work], done: Done, workers: list[Worker], quiet: bool) -> None:
    idle, running = list(workers), dict[Future, tuple[int, Work, Worker]]()
    with tqdm(total=len(waiting), unit=" runs", disable=quiet or not sys.stderr.isatty()) as bar:
        while waiting or running:
            while idle and (number := _next(waiting, [task.out for _, task, _ in running.values()])) is not None:
                worker, task = idle.pop(), waiting.pop(number)
                running[worker.begin(task)] = number, task, worker
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                number, task, worker = running.pop(future)
                idle.append(worker)
                done(number, task, worker.outcome(task, future))
                bar.total = bar.n + 1 + len(waiting) + len(running)
                bar.update()
                if not quiet and bar.disable:
                    print(f"{bar.total} runs: {task.out} is done", file=sys.stderr, flush=True)


def _next(waiting: dict[int, Work], busy: list[Path]) -> int | None:
    """The first piece of work whose directory nobody is writing into."""
    return next((number for number in sorted(waiting) if waiting[number].out not in busy), None)


class Worker:
    """One process that does one piece of work at a time; where it is killed, another takes its place."""

    def __init__(self, executor: Callable[[], Executor]):
        self.make, self.executor = executor, executor()

    def begin(self, task: Work) -> Future:
        return self.executor.submit(_attempted_elsewhere, task, loaded())

    def outcome(self, task: Work, future: Future) -> Outcome:
        try:
            return future.result()
        except BrokenProcessPool:
            self.executor = self.make()
            return Failure(task, "not done: its process was killed, as when memory is short")
        except Exception as error:  # what the cluster says of work that it gave up, or of a result that cannot be sent
            return Failure(task, f"not done: {type(error).__name__}: {error}")


@contextmanager
def _workers(jobs: int, backend: str, scheduler: str | None) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        if backend == "dask":
            cluster = stack.enter_context(_client(scheduler)).get_executor(pure=False)
            workers = [Worker(lambda: cluster) for _ in range(jobs)]
        else:
            workers = [Worker(lambda: process_pool(1)) for _ in range(jobs)]
        try:
            yield workers
        finally:
            for worker in workers:
                worker.executor.shutdown(wait=False)


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """So many processes of this machine, started afresh and not as copies of this one."""
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    """A worker process has one thread for products of matrices, since there is a process for each core; and it ends
    with its parent, however that ends: nobody takes its result, and it would hold the lock of its run."""
    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _client(scheduler: str | None) -> Any:
    if not find_spec("distributed"):
        raise LeNetError("a cluster needs distributed: pip install 'lenet1998[cluster]', or leave out --backend dask")
    if not scheduler:
        raise LeNetError("--backend dask needs --scheduler ADDRESS, such as tcp://host:8786")
    from distributed import Client

    try:
        return Client(scheduler, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise LeNetError(f"cannot reach the Dask scheduler at {scheduler}: {error}; is it running?") from error
