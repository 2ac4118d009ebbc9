"""Where the time of an online step goes, kernel by kernel."""

import os
import re
import sys
import tempfile
from itertools import groupby
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from experiments.speed.experiment import matmul_rate
from experiments.speed.growth import best_time
from lenet1998.data import load
from lenet1998.engines import make_engine
from lenet1998.layers import Convolution, FullConnection
from lenet1998.loss import make_loss
from lenet1998.network import Network
from lenet1998.patterns import Patterns
from lenet1998.recipe import Recipe
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.provenance import provenance
from lenet1998.training import Trainer

MORE = 8  # times that a kernel is called again in its place
CALL = re.compile(r" +(?:check \+= )?(?P<of>[a-z]+\d*)_(?P<role>[a-z]+)(?:_\d+)?\((?P<arguments>.*)\)")
PRODUCTS = {"forward": 1, "weights": 1, "below": 1, "adjoint": 2}  # a kernel's products per connection, by its role


class Kernel(NamedTuple):
    """The lines of `train` that are one kernel's, which groups of maps may call in turn."""

    name: str
    lines: tuple[int, ...]
    macs: int
    arrays: tuple[str, ...]


def kernels(text: str, network: Network) -> list[Kernel]:
    """The kernels of a composed module's step, in their order, with what each multiplies and the arrays it is given."""
    lines = text.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("def train("))
    last = next(number for number in range(first, len(lines)) if lines[number].startswith("    return -1"))
    found = [(number, match) for number in range(first, last) if (match := CALL.fullmatch(lines[number]))]
    return [_kernel(network, name, list(group)) for name, group in groupby(found, lambda each: _name(network, each[1]))]


def _name(network: Network, call: re.Match[str]) -> str:
    """Layer and role, as in "C1 weights"; of what is done in place, after which layer."""
    of, role = call["of"], call["role"]
    in_place = not of[-1].isdigit()
    index = re.search(r"\d+", call["arguments"].split(",")[0] if in_place else of)
    if index is None or of == "output":
        return f"{of} {role}"
    layer = network.layers[int(index[0])].name
    return f"{of} after {layer} {role}" if in_place else f"{layer} {role}"


def _kernel(network: Network, name: str, calls: list[tuple[int, re.Match[str]]]) -> Kernel:
    layer = next((each for each in network.layers if each.name == name.split()[0]), None)
    products = PRODUCTS.get(calls[0][1]["role"], 0)
    macs = products * layer.macs() if isinstance(layer, (Convolution, FullConnection)) else 0
    arrays = dict.fromkeys(part for _, call in calls for part in call["arguments"].split(", ") if part[0].isalpha())
    return Kernel(name, tuple(number for number, _ in calls), macs, tuple(arrays))


def repeating(trainer: Trainer, kernel: Kernel | None = None) -> Any:
    """The compiled engine; in its step a kernel is called MORE times again in its place."""
    engine: Any = make_engine("numba", trainer.network, make_loss(trainer.recipe))
    module = engine._one.module
    lines = module.text.split("\n")
    for number in kernel.lines if kernel else ():
        call = lines[number].lstrip()
        lines[number] = lines[number].replace(call, f"for _ in range({1 + MORE}): {call}")
    engine._one = engine._one._replace(module=type(module)("\n".join(lines)))
    return engine


def step_of(engine: Any, patterns: Patterns, repeats: int) -> float:
    """Microseconds of a step whose step sizes are zero, the least of some stretches of patterns."""
    order, steps = np.arange(len(patterns)), np.zeros_like(engine.network.parameters.values)
    return 1e6 * best_time(lambda: engine.train(patterns, order, steps), repeats) / len(patterns)


def plan(setting: Setting) -> Plan:
    """Measured here and now, on one core, with kernels that are compiled for this and forgotten."""
    yield []
    patterns, repeats = (200, 2) if setting.quick else (1500, 20)
    trainer = Trainer(Recipe(), load("synthetic", train_size=patterns, test_size=1), seed=1, engine="numpy")
    learned = trainer.data.train
    found = []
    with (
        tempfile.TemporaryDirectory() as place,
        mock.patch.dict(os.environ, XDG_CACHE_HOME=place),
        threadpool_limits(1),
    ):
        usual = repeating(trainer)
        step, (_, module, state) = step_of(usual, learned, repeats), usual._one
        every = kernels(module.text, trainer.network)
        hidden = setting.arguments.quiet or not sys.stderr.isatty()
        for kernel in tqdm(every[: 3 if setting.quick else None], "kernels", disable=hidden):
            again = step_of(repeating(trainer, kernel), learned, repeats) - step
            size = sum(state[name].nbytes for name in kernel.arrays)
            found.append({"kernel": kernel.name, "us": again / MORE, "macs": kernel.macs, "bytes": size})
        rate = matmul_rate(2 if setting.quick else 20)
    return {**provenance(), "step": step, "matmul_gflops": rate / 1e9, "kernels": found}


def tables(record: Record) -> list[Table]:
    found, step = record["kernels"], record["step"]
    columns = [Column("kernel", kind="text"), Column("time", "us"), Column("of the step", "%", 0)]
    columns += [Column("products", "GFLOP/s", 0), Column("arrays", "kB", 1), Column("arrays, rate", "GB/s", 0)]
    rows: list[list[Cell]] = []
    for each in found:
        us = max(each["us"], 1e-3)  # less cannot be told from nothing
        products = 2e-3 * each["macs"] / us or None
        rows.append([each["kernel"], us, 100 * us / step, products, each["bytes"] / 1000, each["bytes"] / 1000 / us])
    total = sum(each["us"] for each in found)
    rows += [[name, us, 100 * us / step, None, None, None] for name, us in (("all kernels", total), ("step", step))]
    notes = [
        f"Time: what {MORE} further calls in the same place add to a step, divided by {MORE}. What is repeated finds "
        "its data in the nearest cache. What a step takes beyond all kernels is what they cost one another.",
        f"Products: of matrices, this core makes {record['matmul_gflops']:.0f} GFLOP/s. Arrays: all that a kernel is "
        "given, each counted once.",
    ]
    return [Table(record["experiment"], "An online step of LeNet-5 by kernel, on one core", columns, rows, notes)]


EXPERIMENT = Experiment(
    name="speed_by_kernel",
    title="Where the time of an online step goes",
    question="Which kernels take the time of an online step, and what bounds them?",
    answer="Of a step's {speed_by_kernel; step; time}, C3 takes {speed_by_kernel; C3 forward; time} forward, "
    "{speed_by_kernel; C3 below; time} to pass gradients down and {speed_by_kernel; C3 weights; time} for those of "
    "its weights. The last two multiply at less than half the rate of a large matrix product. C5's backward pass "
    "takes {speed_by_kernel; C5 adjoint; time}, and reads and writes more than the nearest cache holds.",
    shown={
        "speed_by_kernel": "C1 forward; squash after C1 forward; C3 forward; C5 forward; C5 adjoint; C3 below; "
        "C3 weights; S2 below; C1 weights; all kernels; step"
    },
    chapter="Tools",
    place=3,
    plan=plan,
    tables=tables,
    load=lambda arguments: load("synthetic"),
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)
