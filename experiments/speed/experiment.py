"""How long one online step takes: microseconds per pattern, and as a ratio to plain matrix multiplication."""

import argparse
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.setting import Setting
from experiments.speed.growth import best_time, growth
from experiments.speed.installed import megabytes
from experiments.speed.processes import memory, start_times, throughputs
from experiments.speed.rivals import RIVALS
from lenet1998.data import load
from lenet1998.engines import ENGINES
from lenet1998.loss import MAP
from lenet1998.pictures.plotting import TEST, log_ticks, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.provenance import provenance
from lenet1998.training import Trainer

NAMES = {
    "numba": "compiled (numba)",
    "numpy": "NumPy reference",
    "torch": "PyTorch, eager",
    "jax": "JAX, lax.scan",
}
MFLOP = {"step": 1.84, "forward": 0.65}
PROCESSES = {
    "first_start": ("start to the first learned pattern, nothing cached", "s"),
    "second_start": ("start to the first learned pattern, warm cache", "s"),
    "megabytes": ("memory of a pass over 60,000 patterns", "MB"),
    "patterns_per_second": ("one run", "patterns per second"),
    "two_at_once": ("two runs at once", "patterns per second"),
    "speedup_of_two": ("gain of two runs at once", "times"),
}


def matmul_rate(repeats: int = 20, side: int = 1024) -> float:
    """Float32 operations per second of a square matrix product on one core."""
    a = np.random.default_rng(0).standard_normal((side, side), dtype=np.float32)
    return 2 * side**3 / best_time(lambda: a @ a, repeats)


def engine_times(engine: str, patterns: int = 1000, most: int = 20) -> dict[str, float]:
    """Microseconds per pattern of an online step, a forward pass in batches of 500, and the curvature estimate: the
    best of at most so many runs."""
    data = load("synthetic", train_size=patterns, test_size=500)
    trainer = Trainer(Recipe(), data, seed=1, engine=engine)
    order, steps = np.arange(patterns), np.full(60_000, 1e-6, dtype=np.float32)
    if engine == "numba":
        # Its batches of forward passes would take every core.
        trainer.engine.threads = 1  # type: ignore[attr-defined]
    works = {
        "step": (patterns, lambda: trainer.engine.train(data.train, order, steps)),
        "forward": (500, lambda: trainer.engine.penalties(data.test.images)),
        "curvature": (500, lambda: trainer.engine.mean_curvature(data.train, order[:500])),
    }
    repeats = min(most, 20 if engine == "numba" else 5)  # the shorter the work, the more easily it is disturbed
    return {name: 1e6 * best_time(work, repeats) / count for name, (count, work) in works.items()}


def rival_times(patterns: int = 200) -> list[dict]:
    """The step in PyTorch and JAX, where they are installed, after their gradients were found equal to ours."""
    data = load("synthetic", train_size=patterns, test_size=1)
    rows = []
    for name, make in RIVALS.items():
        if not find_spec(name):
            continue
        trainer = Trainer(Recipe(), data, seed=1, engine="numpy")
        network, loss = trainer.network, MAP(trainer.recipe.penalty_scale, trainer.recipe.j)
        inputs = network.input(data.train.images, network.dtype)
        gradient, learn = make(network, loss)
        for k in range(3):
            network.parameters.gradient.fill(0)
            network.backward(loss.gradient(network.forward(data.train.images[k : k + 1]), data.train.labels[k : k + 1]))
            ours, theirs = network.parameters.gradient, gradient(inputs[k : k + 1], int(data.train.labels[k]))
            np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=1e-5 * np.abs(ours).max(), err_msg=name)
        microseconds = 1e6 * best_time(partial(learn, inputs, data.train.labels), repeats=3) / patterns
        rows.append({"engine": name, "version": version(name), "step": microseconds})
    return rows


def plan(setting: Setting) -> Plan:
    """Measured here and now, before any work of other experiments begins."""
    yield []
    most = 2 if setting.quick else 20
    with threadpool_limits(1):  # one core, for the yardstick above all
        rate = matmul_rate(most)
        engines = [engine for engine in ENGINES if engine == "numpy" or find_spec(engine)]
        rows = [{"engine": engine, **engine_times(engine, most=most)} for engine in engines]
        record: Record = {**provenance(), "matmul_gflops": rate / 1e9, "rows": rows}
        if not setting.arguments.engines_only:
            rows += rival_times()
            record["growth"] = growth(engines[0])
            record["processes"] = start_times() | {"megabytes": memory()}
            one, two = throughputs()
            record["processes"] |= {"patterns_per_second": one, "two_at_once": two, "speedup_of_two": two / one}
            record["installed_megabytes"] = megabytes("lenet1998", "fast")
    return record


def tables(record: Record) -> list[Table]:
    """The engines with the ratio to the yardstick; growth; whole processes."""
    rate = record["matmul_gflops"] / 1e3  # millions of operations per microsecond
    columns = [Column("engine", kind="text"), Column("step", "us", 1), Column("step, ratio", digits=1)]
    columns += [Column("forward", "us", 1), Column("forward, ratio", digits=1), Column("curvature", "us", 1)]
    rows: list[list[Cell]] = []
    for row in record["rows"]:
        cells: list[Cell] = [NAMES[row["engine"]]]
        for key, operations in MFLOP.items():
            cells += [row[key], row[key] * rate / operations] if key in row else [None, None]
        curvature = row.get("curvature")
        rows.append([*cells, curvature, curvature and curvature / row["step"], row.get("version", "")])
    columns += [Column("curvature, steps"), Column("version", kind="text")]
    notes = [
        f"Ratio: to the time that the operations take at the rate of float32 matrix multiplication on one core, "
        f"{record['matmul_gflops']:.1f} GFLOP/s. Step: forward, backward and update. Curvature: the second "
        "derivatives of one pattern."
    ]
    found = [Table("benchmark_speed", "Time per pattern on one core, by engine", columns, rows, notes)]
    grown = record.get("growth", [])
    if grown:
        per_mac = grown[0]["step"] / grown[0]["macs"]
        head = [
            Column("maps"),
            Column("side", "pixels"),
            Column("macs"),
            Column("step", "us", 1),
            Column("time per mac"),
        ]
        shown = [
            [*(row[key] for key in ("maps", "side", "macs", "step")), row["step"] / row["macs"] / per_mac]
            for row in grown
        ]
        said = ["Macs: multiply-accumulates. Maps: times those of LeNet-5. Time per mac: as a multiple of LeNet-5's."]
        found.append(Table("benchmark_speed_growth", "One online step as the network grows", head, shown, said))
    measured = [[*PROCESSES[key], value] for key, value in record.get("processes", {}).items()]
    if "installed_megabytes" in record:
        measured.append(["what an installation brings", "MB", record["installed_megabytes"]])
    if measured:
        head = [Column("what", kind="text"), Column("unit", kind="text"), Column("value", digits=4, kind="significant")]
        found.append(Table("benchmark_speed_processes", "Whole processes of the compiled engine", head, measured))
    return found


def bars(record: Record, stem: Path) -> list[Path]:
    """Microseconds of one online step, engine by engine: points, since a logarithmic axis has no zero for bars."""
    rows, yardstick = (
        sorted(record["rows"], key=lambda row: -row["step"]),
        1e3 * MFLOP["step"] / record["matmul_gflops"],
    )
    with style():
        figure = Figure(figsize=(6, 0.5 + 0.45 * len(rows)))
        axes = figure.add_subplot()
        for row in rows:
            axes.plot(row["step"], NAMES[row["engine"]], "o", color=TEST)
            text = f"{row['step']:.0f} \N{MICRO SIGN}s, {row['step'] / yardstick:.1f}x"
            place = row["step"], NAMES[row["engine"]]
            axes.annotate(text, place, (6, 0), textcoords="offset points", fontsize=8, va="center")
        axes.axvline(yardstick, color="black", linestyle=":", linewidth=1)
        axes.set_title(f"Dotted: 1.84 MFLOP at the rate of matrix multiplication, {yardstick:.0f} \N{MICRO SIGN}s")
        axes.set(xscale="log", xlabel="one online step of LeNet-5, one core (\N{MICRO SIGN}s)")
        axes.set_xlim(0.8 * yardstick, 3 * rows[0]["step"])
        log_ticks(axes.xaxis)
        axes.margins(y=0.15)
        return save(figure, stem)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engines-only", action="store_true", help="time the engines alone, in a few seconds")


EXPERIMENT = Experiment(
    name="benchmark_speed",
    title="How long one online step takes",
    question="How long does one online step take, by engine, beside matrix multiplication and other programs?",
    answer="A step of the compiled engine takes {benchmark_speed; compiled (numba); step}, {benchmark_speed; compiled "
    "(numba); step, ratio} times what its operations take in a matrix multiplication. The NumPy engine takes "
    "{benchmark_speed; NumPy reference; step}, JAX {benchmark_speed; JAX, lax.scan; step} and PyTorch "
    "{benchmark_speed; PyTorch, eager; step}.",
    description="""\
A step of LeNet-5 (forward, backward, update) is 1.84 million floating-point operations, and a forward pass 0.65
million. The time they take at the float32 matrix-multiply rate measured in the same run, on one core, is the yardstick:
the ratio to it carries over from one machine to another far better than the time does. Everything is measured in this
process or in its own children, one after the other.""",
    caption="One online step (forward, backward, update) on one core, by engine, in microseconds and as a multiple of "
    "the time that its 1.84 million operations take at the measured rate of matrix multiplication.",
    chapter="Tools",
    place=2,
    plan=plan,
    tables=tables,
    figures=bars,
    options=options,
    load=lambda arguments: load("synthetic"),
    full=lambda arguments, data: not arguments.engines_only,
    seeds=None,
    passes=None,
    quick={"engines_only": True},
)
