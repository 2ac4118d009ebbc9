"""How long the whole paper takes on more cores: the queue that `experiments.paper` has, with the times on record."""

import heapq
from collections.abc import Iterable
from pathlib import Path

from experiments.machinery.catalogue import pieces
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from lenet1998.pictures.plotting import panels, save, style
from lenet1998.report.table import Column, Table
from lenet1998.running.provenance import provenance

CORES = (1, 2, 4, 8, 16, 32, 64, 128)
FEW = 3  # seeds, as with `make paper ARGS=--seeds=3`


def makespan(times: Iterable[float], cores: int) -> float:
    """When the last piece ends if each core, as soon as it is free, takes the longest that is left.

    >>> makespan([3, 3, 2, 2, 2], 2), makespan([7, 1, 1], 8)
    (7.0, 7.0)
    """
    free = [0.0] * cores
    for time in sorted(times, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + time)
    return max(free)


def plan(setting: Setting) -> Plan:
    yield []
    times = sorted((seconds for name, seconds in pieces()), reverse=True)
    few = [seconds for name, seconds in pieces(seeds=FEW)]
    found = [{"cores": cores, "makespan": makespan(times, cores), "few": makespan(few, cores)} for cores in CORES]
    return {**provenance(), "pieces": len(times), "total": sum(times), "longest": times[0], "found": found}


def tables(record: Record) -> list[Table]:
    total, longest = record["total"], record["longest"]
    columns = [Column("cores", digits=0), Column("wall time", "h", kind="significant")]
    columns += [Column("times the least possible", digits=2), Column(f"{FEW} seeds", "h", kind="significant")]
    rows = [
        [each["cores"], each["makespan"] / 3600, each["makespan"] / max(total / each["cores"], longest),
         each["few"] / 3600]
        for each in record["found"]
    ]  # fmt: skip
    notes = [
        f"{record['pieces']:,} runs and fits, {total / 3600:.1f} h on one core; the longest takes {longest:.0f} s.",
        "Least possible: the total divided by the cores, or the longest piece.",
        f"{FEW} seeds: nothing of a further seed is made, as with `make paper ARGS=--seeds={FEW}`; searches, which "
        "have one seed, count whole.",
        "Simulated: every piece is there from the start, and takes as long as on record. Searches wait for their own "
        "results, and cores that share memory slow each other down, so a real run takes longer.",
    ]
    return [Table(record["experiment"], "The whole paper on more cores", columns, rows, notes)]


def figures(record: Record, stem: Path) -> list[Path]:
    with style():
        figure, (axes,) = panels(1, (4.5, 3.2))
        cores = [each["cores"] for each in record["found"]]
        axes.loglog(cores, [each["makespan"] / 3600 for each in record["found"]], "o-", label="longest first")
        axes.loglog(cores, [record["total"] / 3600 / each for each in cores], "--", label="all divided by the cores")
        axes.axhline(record["longest"] / 3600, linestyle=":", color="0.4", label="the longest piece")
        axes.set(xlabel="cores", ylabel="wall time (h)", title="The whole paper, simulated")
        axes.set_xticks(cores, [str(each) for each in cores])
        axes.set_yticks([0.2, 0.5, 1, 2, 5, 10], ["0.2", "0.5", "1", "2", "5", "10"])
        axes.minorticks_off()
        axes.legend()
        return save(figure, stem)


EXPERIMENT = Experiment(
    name="cores",
    title="The whole paper on more cores",
    question="How long do all experiments take together on more cores, and what is the limit?",
    answer="On 8 cores all experiments take {cores; 8; wall time} in place of {cores; 1; wall time}, by a simulation. "
    "Beyond 64 cores the longest single run is the limit.",
    chapter="Tools",
    place=9,
    plan=plan,
    tables=tables,
    figures=figures,
    caption="Wall time of all recorded runs on more cores, by a simulated queue that takes the longest first.",
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)
