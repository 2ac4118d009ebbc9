"""How well one queue keeps cores busy: experiments at --quick size, by processes and on a Dask cluster."""

import logging
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.machinery.catalogue import listed, pieces
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from lenet1998.errors import LeNetError
from lenet1998.report.table import Column, Table
from lenet1998.running.provenance import provenance

JOBS, WORKERS = 2, 4
BAR = 0.55  # of the core-seconds; two cores that never wait have 0.5
MADE = ("Figures of the paper", "What the paper leaves open")  # chapters, whose experiments are made
FEW = 2  # so many of them in a trial


def carried_out(place: Path, setting: Setting, *options: str) -> list[float]:
    """Make the experiments in an empty directory; returns the seconds that each run has on record."""
    names = [one.name for one in listed() if one.experiment.chapter in MADE][: FEW if setting.quick else None]
    command = [sys.executable, "-m", "experiments.paper", "--quick", "--quiet", *options]
    command += [word for name in names for word in ("--only", name)]
    command += ["--out", str(place / "results"), "--runs", str(place / "runs")]
    command += ["--data-dir", str(setting.arguments.data_dir)] if setting.arguments.data_dir else []
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise LeNetError(f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1]}")
    return [seconds for _, seconds in pieces(place / "results")]


def measured(setting: Setting, cluster: bool) -> Record:
    """What it takes, with the start and the end of all processes."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    before, began = os.times(), time.perf_counter()
    with TemporaryDirectory() as place:
        if cluster:
            from distributed import LocalCluster

            logging.getLogger("distributed").setLevel(logging.CRITICAL)
            with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as workers:
                times = carried_out(Path(place), setting, "--backend", "dask", "--scheduler", workers.scheduler_address)
        else:
            times = carried_out(Path(place), setting, "--jobs", str(JOBS))
    wall, after = time.perf_counter() - began, os.times()  # of children those that have ended, and theirs
    computed = sum(after[:4]) - sum(before[:4])
    about = {"way": f"Dask, {WORKERS} workers" if cluster else f"{JOBS} processes", "runs": len(times), "load": load}
    return about | {"wall_seconds": wall, "core_seconds": computed, "longest_seconds": max(times)}


def plan(setting: Setting) -> Plan:
    """Measured here and now, before any work of other experiments begins."""
    yield []
    ways = (False, True) if find_spec("distributed") else (False,)
    return {**provenance(), "measured": [measured(setting, cluster) for cluster in ways]}


def share(each: Record) -> float:
    """The wall time beyond the longest run, as a share of the core-seconds."""
    return (each["wall_seconds"] - each["longest_seconds"]) / each["core_seconds"]


def tables(record: Record) -> list[Table]:
    cores = record["machine"]["cores"]
    columns = [Column("way", kind="text"), Column("runs"), Column("wall time", "s", 0), Column("core-seconds", "s", 0)]
    columns += [Column("longest run", "s", 1), Column("share"), Column("bar"), Column("load before")]
    keys = ("way", "runs", "wall_seconds", "core_seconds", "longest_seconds")
    rows = [[*(each[key] for key in keys), share(each), BAR, each["load"]] for each in record["measured"]]
    notes = [
        "Core-seconds: processor time of all processes, with their start and end. Share: wall time without the longest "
        f"run, divided by the core-seconds; {cores} cores that never wait have {1 / cores:.2g}.",
        "Load before: processes that waited for a core in the minute before; where it is not near 0, others had a part "
        "of the cores, and the share says too much.",
    ]
    return [Table(record["experiment"], "Experiments at --quick size, with one queue", columns, rows, notes)]


EXPERIMENT = Experiment(
    name="queue_measured",
    title="How well one queue keeps cores busy",
    question="Do two processes, or the workers of a cluster, keep the cores of this machine busy?",
    answer="Yes. The wall time beyond the longest run is {queue_measured; 2 processes; share} of the core-seconds with "
    "two processes, and {queue_measured; Dask, 4 workers; share} on the cluster; two cores that never wait have 0.5.",
    description="""\
The experiments on the figures of the paper and on what it leaves open are made at --quick size, in a new directory, by
`experiments.paper`: with two processes, and on a Dask cluster of four workers on this machine. Such short runs say more
of waiting and starting than real ones: of these the queue itself takes a smaller part.""",
    chapter="Tools",
    place=10,
    plan=plan,
    tables=tables,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)
