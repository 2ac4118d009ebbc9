"""Training as section III-B and appendix C describe it: passes over the training set, each with its own step sizes.

Before a pass, the curvature is estimated on a small sample and gives every parameter its step; through the pass one
pattern makes one update; the training error is counted on the fly, each pattern before its own update; after it
the test error is measured. It is for the record only: nothing here depends on it. The recipe may also ask for
mini-batches, for another optimiser, whose rate is eta itself, and for noise on what is learned. This module prints
nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lenet1998.engine import Batch, NonFinite, Tally
from lenet1998.engines import make_engine
from lenet1998.errors import DataError, DivergenceError
from lenet1998.evaluation import error_rate
from lenet1998.initialisation import initialise
from lenet1998.loss import labels_for, make_loss
from lenet1998.modern.optimisers import SGD, make_optimiser
from lenet1998.networks import build
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.sdlm import by_layer, scaled, step_sizes

if TYPE_CHECKING:
    from lenet1998.distortions import DistortedSet

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
"""The keys of a pass's record whose values are numbers."""

DIGEST = "parameters_sha256"
"""The key under which the record has `Parameters.digest` after the pass; it came later than the others."""

WATCHED = "watched"
"""The key of what an experiment measures on the network after each pass, if it does: numbers by name."""

Progress = Callable[[int, int, int], None]
"""Called with the pass, the patterns learned in it so far, and the errors among them."""

# Random streams, so that no choice shifts another.
_WEIGHTS, _ORDER, _SAMPLE, _DISTORTIONS, _NOISE, _SAMPLE_NOISE = range(6)

# Patterns between two calls of the progress function, and between two chances to interrupt.
_STRETCH = 1000


class Trainer:
    """One run: a network, its data, and the passes made so far.

    The same recipe, data and seed give the same parameters, bit for bit: with the compiled engine on arm64 and on any
    x86-64 processor with AVX2 and FMA, on the first start or a later one; with the NumPy engine, whose sums are those
    of its BLAS library, on the same processor and libraries; elsewhere within rounding. So it is, too, whether or not
    the run was stopped after some pass and continued: every random choice is derived from the seed and the number of
    the pass.

    Raises DataError for images that do not fit the recipe's network, and for labels that it has no class for; a label
    equal to the number of classes is equation 9's rubbish class.

    >>> from lenet1998.data import load
    >>> trainer = Trainer(Recipe(), load("synthetic", train_size=100, test_size=50), seed=1)
    >>> record = trainer.run_pass()
    >>> record["pass"], record["eta"], len(trainer.passes)
    (1, 0.0005, 1)
    """

    def __init__(self, recipe: Recipe, data: DataSet, seed: int, engine: str = "auto"):
        self.recipe, self.data, self.seed = recipe, data, seed
        self.network, loss = build(recipe), make_loss(recipe)
        if not len(data.train):
            raise DataError(f"{data.name} has no patterns to learn: train on others, and evaluate on these")
        for patterns in (data.train, data.test):
            self.network.input.maps(patterns.images)  # raises where they do not fit
            highest = patterns.labels.max(initial=0)
            if highest >= labels_for(loss, self.network.classes):
                raise DataError(
                    f"a label is {highest}, but network={recipe.network} has {self.network.classes} "
                    f"classes, from 0: choose another network or data set (and loss=map for patterns of no class, "
                    f"whose label is {self.network.classes})"
                )
        if recipe.last_batch == "drop" and recipe.batch > len(data.train):
            raise DataError(
                f"batches of {recipe.batch} are never full with {len(data.train)} training patterns, and "
                "last_batch=drop would learn none: give smaller batches or more patterns"
            )
        self.optimiser = make_optimiser(recipe, self.network.parameters)
        self.engine = make_engine(engine, self.network, loss, self.optimiser)
        self.passes: list[dict] = []
        initialise(self.network, recipe, self._rng(_WEIGHTS))
        if recipe.input_mean:
            self.network.mean[...] = self.network.input.mean_field(data.train.images, self.network.dtype)

    def restore(self, values: np.ndarray, passes: list[dict], optimiser: dict[str, np.ndarray]) -> None:
        """Continue from the state after the last of `passes`: the parameters, and what `Optimiser.state` gave."""
        self.network.parameters.values[:] = values
        self.optimiser.restore(optimiser)
        self.passes = list(passes)

    def run_pass(self, progress: Progress | None = None) -> dict:
        """Make one more pass and return its record, which is also appended to ``passes``.

        Raises DivergenceError, naming pass and pattern, when a loss, weight or curvature is no longer finite, or at the
        end of the pass what the optimiser remembers; the parameters are then worthless, those of the last complete pass
        are in its checkpoint.
        """
        number = len(self.passes) + 1
        eta = self.recipe.eta(number)
        by_curvature = self.recipe.by_curvature
        self.engine.prepare(self.data.train, batches=not self._online, curvature=by_curvature)
        started = time.perf_counter()
        with np.errstate(over="ignore"):  # infinite steps make infinite weights, and the engine reports these
            steps = np.full_like(self.network.parameters.values, eta)
            if by_curvature:
                h = scaled(self.curvature(number), dict(self.recipe.curvature_factors), self.network.parameters)
                h = h if self.recipe.sdlm_rates == "parameter" else by_layer(h, self.network.parameters)
                steps = step_sizes(h, eta, self.recipe.mu)
        patterns, order = self._patterns(number)
        errors, loss = self._learn(number, patterns, order, steps, progress)
        seconds = time.perf_counter() - started
        for name, array in self.optimiser.state().items():
            if not np.isfinite(array).all():  # the square of a gradient overflows long before the gradient does
                advice = self._advice(number)
                raise DivergenceError(f"diverged in pass {number}: the optimiser's {name} is not finite; {advice}")
        record = {
            "pass": number,
            "eta": eta,
            "step_min": float(steps.min()),
            "step_max": float(steps.max()),
            "train_error_percent": 100 * errors / len(order),
            "train_loss": loss / len(order),
            "test_error_percent": error_rate(self.engine, self.data.test).error_percent,
            "seconds": round(seconds, 3),
            DIGEST: self.network.parameters.digest(),
        }
        self.passes.append(record)
        return record

    def curvature(self, number: int) -> np.ndarray:
        """h_kk for pass `number`, estimated on the recipe's sample at the present parameters (equations 23 to 27)."""
        train, sample = self.data.train, self._sample(number)
        drawn = Batch(train.images[sample], train.labels[sample])
        with np.errstate(all="ignore"):
            h = self.engine.mean_curvature(self._noisy(drawn, _SAMPLE_NOISE, number), np.arange(len(sample)))
        if not np.isfinite(h).all():
            advice = self._advice(number)
            raise DivergenceError(f"diverged before pass {number}: a curvature h_kk is not finite; {advice}")
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
        whole_batches = max(1, _STRETCH // self.recipe.batch) * self.recipe.batch
        for start in range(0, len(order), whole_batches):
            stretch = order[start : start + whole_batches]
            try:
                tally = self._learn_stretch(patterns, stretch, steps)
            except NonFinite as stop:
                position = start + stop.position
                # With distortions the order is that of the pass's own patterns, not of the training set.
                index = "" if self.recipe.distorted_copies else f" (index {order[position]} of the training set)"
                raise DivergenceError(
                    f"diverged in pass {number} at its pattern number {position + 1}{index}: a {stop.what} is not "
                    f"finite; {self._advice(number)}"
                ) from None
            errors, loss = errors + tally.errors, loss + tally.loss
            if progress:
                progress(number, start + len(stretch), errors)
        return errors, loss

    @property
    def _online(self) -> bool:
        """Whether one update per pattern is all there is to learning, which is a loop of the engine's own."""
        recipe = self.recipe
        return recipe.batch == 1 and type(self.optimiser) is SGD and not recipe.weight_decay

    def _learn_stretch(self, patterns: Patterns | Batch, stretch: np.ndarray, steps: np.ndarray) -> Tally:
        if self._online:
            return self.engine.train(patterns, stretch, steps)
        rate = steps if self.recipe.by_curvature else float(self.recipe.eta(len(self.passes) + 1))
        return self.engine.train_batches(patterns, stretch, self.recipe.batch, self.optimiser, rate)

    def _patterns(self, number: int) -> tuple[Patterns | Batch, np.ndarray]:
        """The patterns of a pass, and the order in which it learns them.

        With distortions a pass is as long as without: the next so many of the larger set's constant random order.
        """
        size = len(self.data.train)
        if not self.recipe.distorted_copies:
            return self._noisy(self.data.train, _NOISE, number), self._whole(self._order(number, size))
        everything = self._distorted
        order = self._order(number, len(everything))
        start = 0 if self.recipe.order in ("reshuffled", "replacement") else (number - 1) * size % len(everything)
        return self._noisy(everything.batch(order[start : start + size]), _NOISE, number), self._whole(np.arange(size))

    def _whole(self, order: np.ndarray) -> np.ndarray:
        """The order without a last batch that is not full, where the recipe drops it."""
        batch = self.recipe.batch
        return order[: len(order) // batch * batch] if self.recipe.last_batch == "drop" else order

    def _order(self, number: int, size: int) -> np.ndarray:
        if self.recipe.order == "file":
            return np.arange(size)
        if self.recipe.order == "replacement":
            return self._rng(_ORDER, number).integers(size, size=size)
        return self._rng(_ORDER, number if self.recipe.order == "reshuffled" else 0).permutation(size)

    @cached_property
    def _distorted(self) -> DistortedSet:
        from lenet1998.distortions import DistortedSet, law_of

        recipe, side = self.recipe, self.network.input.side
        rng = self._rng(_DISTORTIONS)
        return DistortedSet(self.data.train, law_of(recipe), recipe.distorted_copies, rng, side)

    def _noisy(self, patterns: Patterns | Batch, stream: int, number: int) -> Patterns | Batch:
        """The patterns with the recipe's noise on the whole field that the network sees; themselves without any."""
        recipe = self.recipe
        if not recipe.noise:
            return patterns
        from lenet1998.distortions import inverted, padded

        rng = self._rng(stream, number)
        return Batch(inverted(padded(patterns.images, self.network.input.side), recipe.noise, rng), patterns.labels)

    def _sample(self, number: int) -> np.ndarray:
        """The patterns that estimate h_kk; with distortions too they are originals, and noise is drawn on top."""
        size = min(self.recipe.hessian_patterns, len(self.data.train))
        if self.recipe.hessian_sample == "first":
            return self._order(number, len(self.data.train))[:size]
        rng = self._rng(_SAMPLE, number if self.recipe.hessian_sample == "fresh" else 0)
        return rng.choice(len(self.data.train), size, replace=False)

    def _rng(self, stream: int, number: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, number])

    def _advice(self, number: int) -> str:
        kept = "; the last complete pass is kept" if number > 1 else ""
        others = " or penalty_scale, or raise mu" if self.recipe.by_curvature else ""
        return f"lower the rates (--set schedule=...){others}{kept}"
