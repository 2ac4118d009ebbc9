"""Who does the work of a sweep: processes of this machine, or a cluster, each with one piece of work at a time."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from threadpoolctl import threadpool_limits

from lenet1998.errors import LeNetError
from lenet1998.registry import load_plugin, loaded
from lenet1998.running.cluster import connected
from lenet1998.running.work import Failure, Outcome, Task, Work, attempted


class Worker:
    """One process that does one piece of work at a time; where it is killed, another takes its place."""

    def __init__(self, executor: Callable[[], Executor]):
        self.make, self.executor = executor, executor()

    def begin(self, task: Work) -> Future:
        try:
            return self.executor.submit(attempted_elsewhere, task, loaded())
        except BrokenProcessPool:  # it was killed while it had nothing to do
            self.executor = self.make()
            return self.executor.submit(attempted_elsewhere, task, loaded())
        except Exception as error:  # the cluster is gone, which costs this piece of work as it does those under way
            lost: Future = Future()
            lost.set_exception(error)
            return lost

    def outcome(self, task: Work, future: Future) -> Outcome:
        try:
            return future.result()
        except BrokenProcessPool:
            self.executor = self.make()
            return Failure(task, "not done: its process was killed, as when memory is short")
        except CancelledError:
            return Failure(task, "not done: the Dask scheduler is gone; start it and its workers again, with --resume")
        except Exception as error:  # what the cluster says of work that it gave up, or of a result that cannot be sent
            return Failure(task, f"not done: {type(error).__name__}: {error}")


def attempted_elsewhere(task: Work, plugins: dict[Path, bool]) -> Outcome:
    """`attempted` in a process that does not yet know what the plugins of this one register."""
    try:
        for path in plugins.keys() - loaded().keys():
            load_plugin(path, plugins[path])
    except LeNetError as error:
        return Failure(task, str(error))
    return attempted(task)


@contextmanager
def workers_of(jobs: int | None, backend: str, scheduler: str | None, tasks: Sequence[Work]) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        if backend == "dask":
            data = dict.fromkeys(task.data for task in tasks if isinstance(task, Task))
            places = dict.fromkeys(task.out.parent for task in tasks)
            client = stack.enter_context(connected(scheduler, data, places))
            cluster = client.get_executor(pure=False)
            workers = [Worker(lambda: cluster) for _ in range(jobs or max(1, sum(client.nthreads().values())))]
        else:
            workers = [Worker(lambda: process_pool(1)) for _ in range(jobs or 1)]
        try:
            yield workers
        finally:
            for worker in workers:
                with suppress(Exception):  # a cluster that is gone has nothing left to cancel, and says so by an error
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
