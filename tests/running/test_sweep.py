"""Many runs at once: results as one after another, failures that cost nothing else, a cluster that loses a worker."""

import io
import os
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running import cluster, workers
from lenet1998.running import work as works
from lenet1998.running.run import CHECKPOINT, run
from lenet1998.running.sweep import _next, sweep
from lenet1998.running.work import DataChoice, Failure, Task
from lenet1998.running.workers import Worker, process_pool


def tasks(directory, count=3, passes=2, train_size=300, **recipe) -> list[Task]:
    data = DataChoice("synthetic", train_size=train_size, test_size=50)
    return [
        Task(directory / f"seed{seed}", Recipe(hessian_patterns=50, **recipe), seed, data, passes, engine="numpy")
        for seed in range(1, count + 1)
    ]


def states(these: list[Task]) -> list[np.ndarray]:
    return [checkpoints.load(task.out / CHECKPOINT).values for task in these]


def same(some: list[Task], others: list[Task]) -> None:
    for ours, theirs in zip(states(some), states(others), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def worker_processes() -> list[int]:
    """The workers that this process has started."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        parent = (directory / "stat").read_text().rpartition(")")[2].split()[1]
        if int(parent) == os.getpid() and b"spawn_main" in (directory / "cmdline").read_bytes():
            found.append(int(directory.name))
    return found


def test_two_at_a_time_equals_one_after_another(tmp_path):
    recorded = []
    serial, parallel = tasks(tmp_path / "serial"), tasks(tmp_path / "parallel")
    alone = sweep(serial, quiet=True)
    together = sweep(parallel, jobs=2, quiet=True, then=lambda task, outcome: recorded.append(outcome["seed"]) or ())
    same(serial, parallel)
    assert sorted(recorded) == [1, 2, 3], "each is handed on as it comes"
    for one, other in zip(alone, together, strict=True):
        assert [r["train_loss"] for r in one["passes"]] == [r["train_loss"] for r in other["passes"]]
        assert one["seed"] == other["seed"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failed_run_costs_no_other_and_is_repeated_on_resume(tmp_path, jobs):
    these = tasks(tmp_path)
    blocked = these[1].out
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file where the run's directory should be")
    outcomes = sweep(these, jobs=jobs, quiet=True)
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [False, True, False]
    assert str(blocked) in outcomes[1].reason
    before = states([these[0], these[2]])
    blocked.unlink()
    outcomes = sweep(these, jobs=jobs, quiet=True, resume=True)
    assert [outcome["seed"] for outcome in outcomes] == [1, 2, 3]
    np.testing.assert_array_equal(before, states([these[0], these[2]]))


def test_an_error_that_nobody_foresaw_costs_no_other_run(tmp_path, monkeypatch):
    these = tasks(tmp_path)
    make = works.run

    def fails_once(out, *arguments, **options):
        if out == these[1].out:
            raise MemoryError("no more")
        return make(out, *arguments, **options)

    monkeypatch.setattr(works, "run", fails_once)
    outcomes = sweep(these, quiet=True)
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [False, True, False]
    assert outcomes[1].reason == "MemoryError: no more"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the workers in /proc")
def test_a_worker_that_is_killed_is_reported_and_its_runs_are_repeated(tmp_path):
    these = tasks(tmp_path, count=4, passes=3, train_size=400)
    outcomes: list = []
    work = threading.Thread(target=lambda: outcomes.extend(sweep(these, jobs=2, quiet=True)))
    work.start()
    deadline = time.monotonic() + 60
    while not any((task.out / CHECKPOINT).exists() for task in these):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(worker_processes()[0], signal.SIGKILL)
    work.join(timeout=120)
    assert not work.is_alive()
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert len(outcomes) == 4 and len(failures) == 1, "what the other worker does, and what waits, goes on"
    assert "killed" in failures[0].reason
    repeated = sweep(these, quiet=True, resume=True)
    assert [outcome["seed"] for outcome in repeated] == [1, 2, 3, 4]
    assert all(len(outcome["passes"]) == 3 for outcome in repeated)


def test_a_scheduler_that_is_not_named_or_not_there_is_one_clear_error(tmp_path):
    pytest.importorskip("distributed", reason="needs the extra cluster")
    for address in (None, "nonsense", "tcp://", "a b:1"):
        with pytest.raises(LeNetError, match="--scheduler"):
            sweep(tasks(tmp_path), backend="dask", scheduler=address, quiet=True)


def test_a_scheduler_that_goes_costs_what_it_had_and_no_traceback(tmp_path, monkeypatch, capsys):
    class Gone(ProcessPoolExecutor):
        """Gives up what it has, takes nothing more, and cannot be closed."""

        def submit(self, *_):
            if given:
                raise RuntimeError("client is closed")
            given.append(Future())
            given[0].cancel()
            given[0].set_running_or_notify_cancel()
            return given[0]

        def shutdown(self, *_, **__):
            raise RuntimeError("cannot send cancel-keys")

    given: list[Future] = []
    monkeypatch.setattr(workers, "process_pool", lambda _: Gone(1))
    failures = sweep(tasks(tmp_path, count=2), jobs=2, quiet=True)
    assert all(isinstance(each, Failure) for each in failures)
    reasons = sorted(each.reason for each in failures)
    assert "client is closed" in reasons[0] and "the Dask scheduler is gone; start it" in reasons[1]


def test_a_scheduler_for_processes_of_this_machine_is_refused(tmp_path):
    with pytest.raises(LeNetError, match="--scheduler tcp://x:1 is for a Dask cluster: add --backend dask"):
        sweep(tasks(tmp_path), scheduler="tcp://x:1", quiet=True)


def test_a_cluster_whose_workers_differ_is_refused_before_work_starts(tmp_path, monkeypatch):
    """In code, versions, data, or the directory that they see: results would depend on who makes them."""
    here = cluster.surroundings([DataChoice("synthetic", train_size=20, test_size=10)], [str(tmp_path)])
    assert set(here) >= {"code", "python", "numpy", "data set", "--runs directory"}

    class Client:
        def __init__(self, found):
            self.found = found

        def run(self, function, *arguments):
            if isinstance(self.found, Exception):
                raise self.found
            return self.found

    data = [DataChoice("synthetic", train_size=20, test_size=10)]
    cluster._compare(Client({"tcp://one:1": here}), data, [str(tmp_path)])
    for what in here:
        other = {"tcp://one:1": here, "tcp://two:2": here | {what: "another"}}
        with pytest.raises(LeNetError, match=f"tcp://two:2 has another {what}"):
            cluster._compare(Client(other), data, [str(tmp_path)])
    with pytest.raises(LeNetError, match="no workers"):
        cluster._compare(Client({}), data, [str(tmp_path)])
    with pytest.raises(LeNetError, match="cannot answer .ModuleNotFoundError"):
        cluster._compare(Client(ModuleNotFoundError("lenet1998")), data, [str(tmp_path)])


def test_divergence_is_a_failure_of_that_run(tmp_path):
    these = [*tasks(tmp_path, 1), *tasks(tmp_path / "wild", 1, schedule=((1, 1e38),))]  # steps that overflow
    outcomes = sweep(these, quiet=True)
    assert outcomes[0]["seed"] == 1
    assert "diverged in pass 1" in outcomes[1].reason
    assert outcomes[1].diverged


def test_runs_that_are_there_are_not_touched_without_resume(tmp_path):
    these = tasks(tmp_path, 1, passes=1)
    sweep(these, quiet=True)
    with pytest.raises(CheckpointError, match="--resume"):
        sweep(these, quiet=True)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(LeNetError, match=r"pip install 'lenet1998\[cluster\]'"):
        sweep(tasks(tmp_path), backend="dask", quiet=True)


@pytest.mark.parametrize("jobs", [1, 2])
def test_work_may_lead_to_more_work(tmp_path, jobs):
    """The second seed is asked for when the first has come; it writes into a directory only when nobody else does."""
    first, second, third = tasks(tmp_path, 3, passes=1, train_size=20)
    longer = replace(first, passes=2)

    def then(task, outcome):
        return {first: [second, longer], second: [third]}.get(task, [])

    outcomes = sweep([first], jobs=jobs, quiet=True, resume=True, then=then)
    assert [outcome["seed"] for outcome in outcomes if outcome["seed"] > 1] == [2, 3]
    assert sorted(len(outcome["passes"]) for outcome in outcomes) == [1, 1, 1, 2]


def test_the_longest_comes_first(tmp_path):
    """So that none begins alone at the end: by passes, patterns and the network's multiply-accumulates."""
    short, long = (tasks(tmp_path / str(passes), count=2, passes=passes, train_size=30) for passes in (1, 3))
    wide = [
        replace(short[0], out=tmp_path / "wide", recipe=replace(short[0].recipe, network="mlp_1000", codes="one_of_n"))
    ]
    by_size = sorted([*short, *long, *wide], key=Task.size)
    assert [task.out.parent.name for task in by_size] == ["1", "1", tmp_path.name, "3", "3"]
    assert Task.size(replace(short[0], data=DataChoice("synthetic"))) == 2000 * short[0].size(), "60,000 if not said"
    order: list[Path] = []
    given = [*short, *wide, *long]
    sweep(given, quiet=True, then=lambda task, _: order.append(task.out) or ())
    assert order == [task.out for task in given], "one at a time: as they are asked for"
    waiting = dict(enumerate(given))
    assert [waiting.pop(_next(waiting, []) or 0) for _ in given] == [*long, *wide, *short]


def test_two_tasks_of_one_directory_take_turns(tmp_path):
    first = tasks(tmp_path, 1, passes=1, train_size=300)[0]
    again = replace(first, recipe=replace(first.recipe, name="called otherwise"))
    outcomes = sweep([first, again], jobs=2, quiet=True, resume=True)
    assert [outcome["recipe"]["name"] for outcome in outcomes] == ["default", "called otherwise"]
    assert outcomes[0]["passes"] == outcomes[1]["passes"]


@pytest.mark.outer("for changes of how runs are given to others")
def test_a_dask_cluster_that_loses_a_worker_still_gives_every_result(tmp_path):
    """Two worker processes; one is killed while both train. The results equal those of one process."""
    distributed = pytest.importorskip("distributed", reason="needs the extra cluster")
    serial = tasks(tmp_path / "serial", count=4, passes=3, train_size=600)
    on_cluster = tasks(tmp_path / "cluster", count=4, passes=3, train_size=600)
    sweep(serial, quiet=True)
    outcomes: list = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = client.run(os.getpid)
        address = cluster.scheduler_address
        work = threading.Thread(
            target=lambda: outcomes.extend(sweep(on_cluster, jobs=2, backend="dask", scheduler=address, quiet=True))
        )
        work.start()
        deadline = time.monotonic() + 60
        while not any((task.out / CHECKPOINT).exists() for task in on_cluster):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(next(iter(workers.values())), signal.SIGKILL)
        assert not all((task.out / CHECKPOINT).exists() for task in on_cluster), "work is left"
        work.join(timeout=120)
        assert not work.is_alive()
        assert set(client.run(os.getpid).values()) != set(workers.values()), "a worker was lost"
    assert [outcome["seed"] for outcome in outcomes] == [1, 2, 3, 4]
    same(serial, on_cluster)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_run_shows_its_progress_on_a_terminal_unless_told_not_to(tmp_path, monkeypatch):
    """README's snippet trains for a minute; a worker's run is shown by whoever waits for it."""
    digits, shown = DataChoice("synthetic", train_size=20, test_size=10).load(), []
    for number, options in enumerate(({}, {"quiet": True}, {"passed": lambda record: None})):
        monkeypatch.setattr("sys.stderr", terminal := Terminal())
        run(tmp_path / str(number), Recipe(hessian_patterns=5), digits, passes=1, engine="numpy", **options)
        shown.append("pass 1, error" in terminal.getvalue())
    assert shown == [True, False, False]


def test_a_worker_that_is_killed_between_two_runs_is_replaced(tmp_path):
    first, second = tasks(tmp_path, 2, passes=1, train_size=20)
    worker = Worker(lambda: process_pool(1))
    assert worker.outcome(first, worker.begin(first))["seed"] == 1
    (victim,) = worker_processes()
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not worker.executor._broken:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert worker.outcome(second, worker.begin(second))["seed"] == 2
    worker.executor.shutdown()
