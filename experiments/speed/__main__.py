"""How long one online step takes: microseconds a pattern, and as a ratio to plain matrix multiplication.

A step of LeNet-5 (forward, backward, update) is 1.84 million floating-point operations and a forward pass 0.65
million. The time they take at the float32 matrix-multiply rate measured in the same run, on one core, is the
yardstick: the ratio to it carries over from one machine to another far better than the time does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter
from threadpoolctl import threadpool_limits

from experiments.common import guarded
from experiments.options import FIGURES, RESULTS
from experiments.speed.installed import megabytes
from experiments.speed.processes import memory, start_times, throughputs
from experiments.speed.rivals import RIVALS
from lenet1998.commands.options import add_figure_options
from lenet1998.data import load
from lenet1998.engine import Batch
from lenet1998.engines import ENGINES, make_engine
from lenet1998.files import write_json
from lenet1998.layers import Convolution, FullConnection, Layer
from lenet1998.loss import MAP, make_loss
from lenet1998.network import Input, LeNet5, Network
from lenet1998.output import RBF
from lenet1998.pictures.plotting import TEST, save, style
from lenet1998.recipe import Recipe
from lenet1998.running.provenance import provenance
from lenet1998.training import Trainer

NAMES = {
    "numba": "compiled (numba)",
    "numpy": "NumPy reference",
    "torch": "PyTorch, eager",
    "jax": "JAX, lax.scan",
}
MFLOP = {"step": 1.84, "forward": 0.65}


def best_time(work: Callable[[], object], repeats: int = 20) -> float:
    """Seconds of the fastest of several runs, after one to warm up: what else the machine does only adds."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def matmul_rate(side: int = 1024) -> float:
    """Float32 operations a second of a square matrix product on one core."""
    a = np.random.default_rng(0).standard_normal((side, side), dtype=np.float32)
    return 2 * side**3 / best_time(lambda: a @ a, repeats=20)


def engine_times(engine: str, patterns: int = 1000) -> dict[str, float]:
    """Microseconds a pattern of an online step, a forward pass in batches of 500, and the curvature estimate."""
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
    repeats = 20 if engine == "numba" else 5  # the shorter the work, the more easily it is disturbed
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


def wider(factor: int, side: int) -> Network:
    """LeNet-5's own list of layers with `factor` times the maps and units, for images of another side."""
    layers: list[Layer] = []
    for layer in LeNet5(Recipe()).layers:
        if isinstance(layer, Convolution):
            repeats = (factor if layers else 1, factor)
            layers.append(Convolution(layer.name, np.tile(layer.table, repeats), layer.k))
        elif isinstance(layer, FullConnection):
            layers.append(FullConnection(layer.name, layer.units * factor))
        elif isinstance(layer, RBF):
            layers.append(RBF(layer.name, np.tile(layer.codes, (1, factor))))
        else:
            layers.append(layer)  # Subsampling and Squash fit any number of maps
    return Network(Input(side=side + 4), layers)


def growth(engine: str, count: int = 300) -> list[dict]:
    """The step's cost as the network grows: all maps but the output's times 1, 2, 4; the image's side 28, 40, 52."""
    rows = []
    for factor, side in ((1, 28), (2, 28), (4, 28), (1, 40), (1, 52)):
        network, rng = wider(factor, side), np.random.default_rng(0)
        network.parameters.values[:] = rng.normal(0, 0.05, len(network.parameters))
        patterns = Batch(
            rng.integers(0, 256, (count, side, side), dtype=np.uint8), np.arange(count, dtype=np.uint8) % 10
        )
        run, steps, order = (
            make_engine(engine, network, make_loss(Recipe())),
            np.zeros(len(network.parameters), "f"),
            np.arange(count),
        )
        seconds = best_time(partial(run.train, patterns, order, steps), repeats=5)
        macs = sum(layer.macs() for layer in network.layers)
        rows.append({"engine": engine, "maps": factor, "side": side, "macs": macs, "step": 1e6 * seconds / count})
    return rows


def bars(rows: list[dict], yardstick: float, stem: Path) -> list[Path]:
    """Microseconds of one online step, engine by engine, on a logarithmic axis; bars begin at the yardstick."""
    rows = sorted(rows, key=lambda row: -row["step"])
    with style():
        figure = Figure(figsize=(6, 0.5 + 0.45 * len(rows)))
        axes = figure.add_subplot()
        for row in rows:
            (drawn,) = axes.barh(NAMES[row["engine"]], row["step"] - yardstick, left=yardstick, color=TEST)
            text = f"{row['step']:.0f} \N{MICRO SIGN}s, {row['step'] / yardstick:.1f}x"
            axes.annotate(text, (row["step"], drawn.get_y() + drawn.get_height() / 2), (3, 0),
                          textcoords="offset points", fontsize=8, va="center")  # fmt: skip
        axes.axvline(yardstick, color="black", linestyle=":", linewidth=1)
        axes.set_title(f"Dotted: 1.84 MFLOP at the rate of matrix multiplication, {yardstick:.0f} \N{MICRO SIGN}s")
        axes.set(xscale="log", xlabel="one online step of LeNet-5, one core (\N{MICRO SIGN}s)")
        axes.set_xlim(0.8 * yardstick, 3 * rows[0]["step"])
        axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.grid(axis="y", visible=False)
        return save(figure, stem)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_figure_options(parser, FIGURES)
    parser.add_argument("--out", metavar="DIR", type=Path, default=RESULTS, help="default: experiments/results")
    parser.add_argument("--engines-only", action="store_true", help="time the engines alone, in a few seconds")
    arguments = parser.parse_args()
    threadpool_limits(1)  # one core, for the yardstick above all
    rate = matmul_rate()
    engines = [engine for engine in ENGINES if engine == "numpy" or find_spec(engine)]
    rows = [{"engine": engine, **engine_times(engine)} for engine in engines]
    results: dict[str, Any] = {"experiment": "benchmark_speed", **provenance()}
    results |= {"matmul_gflops": rate / 1e9, "rows": rows}
    if not arguments.engines_only:
        rows += rival_times()
        results["growth"] = growth(engines[0])
        results["processes"] = start_times() | {"megabytes": memory()}
        one, two = throughputs()
        results["processes"] |= {"patterns_per_second": one, "two_at_once": two, "speedup_of_two": two / one}
        results["installed_megabytes"] = megabytes("lenet1998", "fast")
    report(results)
    path = arguments.out / "benchmark_speed.json"
    write_json(path, results)
    for written in (path, *bars(rows, 1e12 * MFLOP["step"] / rate, arguments.out / "benchmark_speed")):
        print(written)


def report(results: dict) -> None:
    """The table: microseconds a pattern, and in brackets the ratio to the yardstick."""
    rate = results["matmul_gflops"] / 1e3  # millions of operations a microsecond
    print(f"float32 matrix multiplication on one core: {results['matmul_gflops']:.1f} GFLOP/s")
    print("microseconds a pattern    step (ratio)   forward (ratio)   curvature (of a step)")
    for row in results["rows"]:
        cells = [f"{row[key]:7.1f} ({row[key] * rate / MFLOP[key]:5.1f})" for key in MFLOP if key in row]
        if "curvature" in row:
            cells.append(f"{row['curvature']:7.1f} ({row['curvature'] / row['step']:4.2f})")
        print(f"{NAMES[row['engine']]:<22}" + "  ".join(cells))
    for row in results.get("growth", []):
        first = results["growth"][0]
        ratio = row["step"] / row["macs"] / (first["step"] / first["macs"])
        print(
            f"maps x{row['maps']}, side {row['side']}: {row['macs']:,} multiply-accumulates, {row['step']:.1f} us; "
            f"{ratio:.2f} of LeNet-5's time for each"
        )
    for key, value in results.get("processes", {}).items():
        print(f"{key}: {value:.2f}")
    if "installed_megabytes" in results:
        print(f"installed: {results['installed_megabytes']:.0f} MB")


if __name__ == "__main__":
    guarded(main)
