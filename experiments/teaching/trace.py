"""Loss and error inside of the passes, as the systems' sources plot them: of every batch, or of every so many patterns.

A run's record has one number per pass. What goes on within is seen by an engine that stands before the run's own and
learns the same patterns in shorter stretches, which changes no bit of what is learned. So a run is made again for its
trace, and the record says by the digest of its parameters that it is the same run.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lenet1998.engine import Batch, Engine, Tally
from lenet1998.modern.optimisers import Optimiser, Rate
from lenet1998.patterns import Patterns
from lenet1998.pictures.plotting import LOOKS, columns, panels, save, style
from lenet1998.running.provenance import provenance
from lenet1998.running.work import Task
from lenet1998.training import Progress, Trainer


class Traced:
    """An engine that keeps mean loss and errors of each stretch of `every` patterns, or of every batch if it is 0."""

    def __init__(self, engine: Engine, every: int):
        self.engine, self.every = engine, every
        self.loss: list[float] = []
        self.error_percent: list[float] = []
        self.patterns: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def train(self, patterns: Patterns | Batch, order: np.ndarray, steps: np.ndarray) -> Tally:
        parts = self._parts(order, self.every or 1)
        return self._kept([(len(part), self.engine.train(patterns, part, steps)) for part in parts])

    def train_batches(
        self, patterns: Patterns | Batch, order: np.ndarray, batch: int, optimiser: Optimiser, rate: Rate
    ) -> Tally:
        parts = self._parts(order, max(1, self.every // batch) * batch)
        learned = [(len(part), self.engine.train_batches(patterns, part, batch, optimiser, rate)) for part in parts]
        return self._kept(learned)

    @staticmethod
    def _parts(order: np.ndarray, size: int) -> list[np.ndarray]:
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _kept(self, parts: Sequence[tuple[int, Tally]]) -> Tally:
        for size, tally in parts:
            self.patterns.append(size)
            self.loss.append(float(f"{tally.loss / size:.5g}"))
            self.error_percent.append(round(100 * tally.errors / size, 3))
        return Tally(sum(tally.errors for _, tally in parts), sum(tally.loss for _, tally in parts))


def trace(
    out: Path, progress: Progress | None, passed: Callable[[dict], None] | None, task: Task, every: int
) -> dict[str, object]:
    """Make a run again and return what every `every` patterns, or every batch, came to; plain values for JSON."""
    trainer = Trainer(task.recipe, task.data.load(), task.seed, task.engine)
    traced = Traced(trainer.engine, every)
    trainer.engine = traced  # type: ignore[assignment]
    held_out = []
    for _ in range(task.passes):
        record = trainer.run_pass(progress)
        held_out.append(record["test_error_percent"])
        if passed:
            passed(record)
    return {
        **provenance(),
        "seed": task.seed,
        "engine": traced.engine.name,
        "passes": task.passes,
        "parameters_sha256": trainer.network.parameters.digest(),
        "patterns": traced.patterns,
        "loss": traced.loss,
        "error_percent": traced.error_percent,
        "held_out_error_percent": held_out,
    }


def trace_figure(found: dict[str, dict], stem: Path) -> list[Path]:
    """Loss as it fell within the passes, and accuracy on the fly with that on what is held out after every pass."""
    with style():
        figure, (left, right) = panels(2, (7.5, 3.4 + 0.2 * len(found)))
        for number, (name, trace) in enumerate(found.items()):
            colour = LOOKS[number]["color"]
            sizes, loss = np.array(trace["patterns"]), np.array(trace["loss"])
            seen = np.cumsum(sizes) / sizes.sum() * trace["passes"]
            width = max(1, len(loss) // 60)
            left.plot(seen, np.maximum(loss, 1e-4), color=colour, linewidth=0.5, alpha=0.4)
            left.plot(seen, running(loss, width), color=colour, linewidth=1.4)
            accuracy = running(100 - np.array(trace["error_percent"]), width)
            right.plot(seen, accuracy, color=colour, linewidth=1, linestyle=":", label=f"{name}: on the fly")
            passes = np.arange(1, trace["passes"] + 1)
            held_out = 100 - np.array(trace["held_out_error_percent"])
            right.plot(passes, held_out, color=colour, marker=LOOKS[number]["marker"], label=f"{name}: held out")
        left.set(xlabel="pass", ylabel="training loss", yscale="log", title=", ".join(found))
        right.set(xlabel="pass", ylabel="accuracy (%)", title="One run; lines: running means")
        both = right.get_legend_handles_labels()
        figure.legend(*both, loc="outside lower center", ncols=columns(2, 1), fontsize="x-small")
        return save(figure, stem)


def running(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of the last `width` values, of fewer at the start.

    >>> running(np.array([2.0, 4.0, 6.0]), 2).tolist()
    [2.0, 3.0, 5.0]
    """
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)
