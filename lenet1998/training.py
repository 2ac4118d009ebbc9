"""Training as section III-B and appendix C describe it: passes over the training set, each with its own step sizes.

Before a pass, the curvature is estimated on a small sample and gives every parameter its step; through the pass one
pattern makes one update; the training error is counted on the fly, each pattern before its own update; after it
the test error is measured. It is for the record only: nothing here depends on it. This module prints nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

import numpy as np

from lenet1998.data.patterns import DataSet, Patterns
from lenet1998.distortions import DistortedSet, Law
from lenet1998.engine import Batch, Loss, NonFinite, make_engine
from lenet1998.errors import DivergenceError
from lenet1998.evaluation import error_rate
from lenet1998.initialisation import initialise
from lenet1998.loss import MAP, MLE
from lenet1998.network import LeNet5
from lenet1998.recipe import Recipe
from lenet1998.sdlm import step_sizes

RECORD = {
    "pass",
    "eta",
    "step_min",
    "step_max",
    "train_error_percent",
    "train_loss",
    "test_error_percent",
    "seconds",
}
"""The keys of a pass's record."""

Progress = Callable[[int, int, int], None]
"""Called with the pass, the patterns learned in it so far, and the errors among them."""

# Random streams, so that no choice shifts another.
_WEIGHTS, _ORDER, _SAMPLE, _DISTORTIONS = range(4)

# Patterns between two calls of the progress function, and between two chances to interrupt.
_STRETCH = 1000


def make_loss(recipe: Recipe) -> Loss:
    """The recipe's loss: equation 8 or equation 9."""
    if recipe.loss == "mle":
        return MLE(recipe.penalty_scale)
    return MAP(recipe.penalty_scale, recipe.j, recipe.curvature_seed)


class Trainer:
    """One run: a network, its data, and the passes made so far.

    The same recipe, data, seed and engine give the same parameters, bit for bit, whether or not the run was stopped
    after some pass and continued: every random choice is derived from the seed and the number of the pass.

    >>> from lenet1998.data import load
    >>> trainer = Trainer(Recipe(), load("synthetic", train_size=100, test_size=50), seed=1)
    >>> record = trainer.run_pass()
    >>> record["pass"], record["eta"], len(trainer.passes)
    (1, 0.0005, 1)
    """

    def __init__(self, recipe: Recipe, data: DataSet, seed: int, engine: str = "auto"):
        self.recipe, self.data, self.seed = recipe, data, seed
        self.network = LeNet5(recipe)
        self.engine = make_engine(engine, self.network, make_loss(recipe))
        self.passes: list[dict] = []
        initialise(self.network, recipe, self._rng(_WEIGHTS))

    def restore(self, values: np.ndarray, passes: list[dict]) -> None:
        """Continue from the state after the last of `passes`."""
        self.network.parameters.values[:] = values
        self.passes = list(passes)

    def run_pass(self, progress: Progress | None = None) -> dict:
        """Make one more pass and return its record, which is also appended to ``passes``.

        Raises DivergenceError, naming pass and pattern, when a loss, weight or curvature is no longer finite; the
        parameters are then worthless, those of the last complete pass are in its checkpoint.
        """
        number = len(self.passes) + 1
        eta = self.recipe.eta(number)
        self.engine.prepare(self.data.train)
        started = time.perf_counter()
        steps = step_sizes(self.curvature(number), eta, self.recipe.mu)
        errors, loss = self._learn(number, *self._patterns(number), steps, progress)
        seconds = time.perf_counter() - started
        record = {
            "pass": number,
            "eta": eta,
            "step_min": float(steps.min()),
            "step_max": float(steps.max()),
            "train_error_percent": 100 * errors / len(self.data.train),
            "train_loss": loss / len(self.data.train),
            "test_error_percent": error_rate(self.engine, self.data.test).error_percent,
            "seconds": round(seconds, 3),
        }
        self.passes.append(record)
        return record

    def curvature(self, number: int) -> np.ndarray:
        """h_kk for pass `number`, estimated on the recipe's sample at the present parameters (equations 23 to 27).

        A sample of no patterns stands for plain gradient descent: h_kk = 0, and every step is eta / mu.
        """
        if not self.recipe.hessian_patterns:
            return np.zeros_like(self.network.parameters.values)
        with np.errstate(all="ignore"):
            h = self.engine.mean_curvature(self.data.train, self._sample(number))
        if not np.isfinite(h).all():
            raise DivergenceError(f"diverged before pass {number}: a curvature h_kk is not finite; {_advice(number)}")
        return h

    def _learn(
        self,
        number: int,
        patterns: Patterns | Batch,
        order: np.ndarray,
        steps: np.ndarray,
        progress: Progress | None,
    ) -> tuple[int, float]:
        errors, loss = 0, 0.0
        for start in range(0, len(order), _STRETCH):
            stretch = order[start : start + _STRETCH]
            try:
                tally = self.engine.train(patterns, stretch, steps)
            except NonFinite as stop:
                position = start + stop.position
                # With distortions the order is that of the pass's own patterns, not of the training set.
                index = "" if self.recipe.distorted_copies else f" (index {order[position]} of the training set)"
                raise DivergenceError(
                    f"diverged in pass {number} at its pattern number {position + 1}{index}: a {stop.what} is not "
                    f"finite; {_advice(number)}"
                ) from None
            errors, loss = errors + tally.errors, loss + tally.loss
            if progress:
                progress(number, start + len(stretch), errors)
        return errors, loss

    def _patterns(self, number: int) -> tuple[Patterns | Batch, np.ndarray]:
        """The patterns of a pass, and the order in which it learns them.

        With distortions a pass is as long as without: the next so many of the larger set's constant random order.
        """
        size = len(self.data.train)
        if not self.recipe.distorted_copies:
            return self.data.train, self._order(number, size)
        everything = self._distorted
        order = self._order(number, len(everything))
        start = 0 if self.recipe.order == "reshuffled" else (number - 1) * size % len(everything)
        return everything.batch(order[start : start + size]), np.arange(size)

    def _order(self, number: int, size: int) -> np.ndarray:
        if self.recipe.order == "file":
            return np.arange(size)
        return self._rng(_ORDER, number if self.recipe.order == "reshuffled" else 0).permutation(size)

    @cached_property
    def _distorted(self) -> DistortedSet:
        recipe = self.recipe
        ranges = (getattr(recipe, f"distortion_{name}") for name in ("scale", "squeeze", "shear", "shift"))
        half_widths = (recipe.distortion_width * half_width for half_width in ranges)
        return DistortedSet(self.data.train, Law(*half_widths), recipe.distorted_copies, self._rng(_DISTORTIONS))

    def _sample(self, number: int) -> np.ndarray:
        """The patterns that estimate h_kk; with distortions too they are originals."""
        size = min(self.recipe.hessian_patterns, len(self.data.train))
        if self.recipe.hessian_sample == "first":
            return self._order(number, len(self.data.train))[:size]
        rng = self._rng(_SAMPLE, number if self.recipe.hessian_sample == "fresh" else 0)
        return rng.choice(len(self.data.train), size, replace=False)

    def _rng(self, stream: int, number: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, number])


def _advice(number: int) -> str:
    kept = "; the last complete pass is kept" if number > 1 else ""
    return f"lower the rates (--set schedule=...) or penalty_scale, or raise mu{kept}"
