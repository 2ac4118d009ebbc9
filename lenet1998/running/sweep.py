"""Many independent pieces of work at once: on all cores, or on a cluster, each resumable on its own.

A task is one run in one directory, and what an experiment makes of several runs is work like it. Pieces share nothing
but the data on disk, so the results do not depend on how many are done at a time or where. One that fails is reported
as such and costs no other its result; neither does a worker process that is killed.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import count
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.running.progress import Console
from lenet1998.running.run import CHECKPOINT, HISTORY
from lenet1998.running.work import Failure, Outcome, Work, attempted
from lenet1998.running.workers import Worker, workers_of

Then = Callable[[Any, Outcome], Iterable[Work]]
"""Called with a piece of work and its outcome; what it returns is work to be done too."""


def sweep(
    tasks: Sequence[Work],
    *,
    jobs: int | None = None,
    backend: str = "processes",
    scheduler: str | None = None,
    resume: bool = False,
    quiet: bool = False,
    then: Then = lambda work, outcome: (),
) -> list[Outcome]:
    """Perform all tasks and return their results or failures, in the order of the tasks.

    `jobs` go on at a time (None: one, or as many as a cluster has threads), in processes of this machine or, with the
    `backend` "dask" (extra `cluster`), on the cluster of the `scheduler` at that address. No two that write into the
    same directory go on at a time. `then` is called after each one, here, and may give more work: its results follow at
    the end. A worker process that dies is a failure of what it was doing. Raises CheckpointError if a run is there and
    `resume` is false, and LeNetError for a cluster that cannot be used (`lenet1998.running.cluster`), and for a
    `scheduler` with another backend.
    """
    if scheduler and backend != "dask":
        raise LeNetError(f"--scheduler {scheduler} is for a Dask cluster: add --backend dask, or leave it out")
    existing = [task.out for task in tasks if os.path.exists(task.out / CHECKPOINT)]
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

    if jobs in (None, 1) and backend != "dask":
        _one_by_one(waiting, done, quiet)
    else:
        with workers_of(jobs, backend, scheduler, tasks) as workers:
            _side_by_side(waiting, done, workers, quiet)
    return [outcome for _, outcome in sorted(outcomes.items())]


Done = Callable[[int, Work, Outcome], None]
LOOK = 2.0  # seconds between two looks at how far runs have come


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
    finished, silent = 0, quiet or not sys.stderr.isatty()
    with tqdm(unit=" passes", disable=silent, dynamic_ncols=True) as bar:
        while waiting or running:
            while idle and (number := _next(waiting, [task.out for _, task, _ in running.values()])) is not None:
                worker, task = idle.pop(), waiting.pop(number)
                running[worker.begin(task)] = number, task, worker
            for future in wait(running, LOOK, FIRST_COMPLETED).done:
                number, task, worker = running.pop(future)
                idle.append(worker)
                finished += task.passes
                done(number, task, worker.outcome(task, future))
                if not quiet and silent:
                    left = len(waiting) + len(running)
                    print(f"{task.label}: done, {left} to go ({task.out})", file=sys.stderr, flush=True)
            if not silent:
                under_way = [task for _, task, _ in running.values()]
                bar.total = finished + sum(task.passes for task in [*waiting.values(), *under_way])
                bar.update(finished + sum(map(_passes_made, under_way)) - bar.n)


def _passes_made(task: Work) -> int:
    """How far a run has come that goes on elsewhere, by what it has on record."""
    try:
        return min(task.passes, len(json.loads((task.out / HISTORY).read_text(encoding="utf-8"))["passes"]))
    except (OSError, ValueError, LookupError, TypeError):
        return 0


def _next(waiting: dict[int, Work], busy: list[Path]) -> int | None:
    """The largest piece of work whose directory nobody is writing into; of equal ones, the first."""
    free = [number for number in sorted(waiting) if waiting[number].out not in busy]
    return max(free, key=lambda number: waiting[number].size(), default=None)
