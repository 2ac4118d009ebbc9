"""Training on whole strings: one string, one update (sections VI-D and VII-C).

The network sees the string, replicated over it (`wide.replicate`), or its segments; equation 11, 12, 13 or 17 gives the
derivatives of the loss by all penalties; each instance of the network back-propagates its share, and since all have the
same parameters their gradients are added. Then the parameters move once, by appendix C's step sizes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from lenet1998.engine import Passes
from lenet1998.layer import Seed
from lenet1998.sdlm import update
from lenet1998.strings.compose import Interpretation
from lenet1998.strings.forward import forward_penalty
from lenet1998.strings.graph import NoPathError
from lenet1998.strings.losses import (
    Loss,
    discriminative_forward_loss,
    discriminative_viterbi_loss,
    forward_loss,
    viterbi_loss,
)
from lenet1998.strings.reading import Recogniser


class Example(NamedTuple):
    """A string: what the network sees, uint8 (1, 32, W), or (segments, 32, 32); what that stands for; its labels."""

    images: np.ndarray
    recogniser: Recogniser
    labels: Sequence[int]


def _viterbi(recogniser: Recogniser, penalties: np.ndarray, labels: Sequence[int]) -> Loss:
    return viterbi_loss(recogniser.constrained(penalties, labels))


def _forward(recogniser: Recogniser, penalties: np.ndarray, labels: Sequence[int]) -> Loss:
    return forward_loss(recogniser.constrained(penalties, labels))


def _discriminative_viterbi(recogniser: Recogniser, penalties: np.ndarray, labels: Sequence[int]) -> Loss:
    return discriminative_viterbi_loss(recogniser.constrained(penalties, labels), recogniser.free(penalties))


def _discriminative_forward(recogniser: Recogniser, penalties: np.ndarray, labels: Sequence[int]) -> Loss:
    return discriminative_forward_loss(recogniser.constrained(penalties, labels), recogniser.free(penalties))


CRITERIA: dict[str, Callable[[Recogniser, np.ndarray, Sequence[int]], Loss]] = {
    "viterbi": _viterbi,
    "discriminative_viterbi": _discriminative_viterbi,
    "forward": _forward,
    "discriminative_forward": _discriminative_forward,
}
"""Equations 11, 12, 13 and 17."""

SEEDS = ("constant", "posteriors")
"""What starts the curvature recursion: equation 8's constant where paths that spell the string have a field's class, or
the second derivatives of equation 17, field by field."""


class Tally(NamedTuple):
    """What a pass counted, each string before its own update: the sum of losses, and strings that no path spells."""

    loss: float
    skipped: int


class StringTrainer:
    """Trains a network on whole strings; the recipe's ``penalty_scale`` multiplies what the network puts out.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> from lenet1998.strings.sdnn import SDNN
    >>> from lenet1998.strings.wide import replicate
    >>> network, example = LeNet5(Recipe()), Example(np.zeros((1, 32, 64), np.uint8), SDNN(j=1.0), [3, 4])
    >>> network.parameters.values[:] = np.random.default_rng(0).uniform(-0.1, 0.1, 60_000)
    >>> trainer = StringTrainer(replicate(network, 64), penalty_scale=0.1)
    >>> before = trainer.learn([example], np.full(60_000, 1e-3))
    >>> trainer.learn([example], np.full(60_000, 1e-3)).loss < before.loss
    True
    """

    def __init__(
        self,
        passes: Passes,
        penalty_scale: float,
        criterion: str = "discriminative_forward",
        seed: str = "constant",
    ):
        self.passes, self.penalty_scale, self.seed = passes, penalty_scale, seed
        self.criterion = CRITERIA[criterion]

    def loss(self, example: Example) -> Loss:
        """E, and dE/dy of each field's penalties, (fields, 10). Raises NoPathError if no path spells the string."""
        value, gradient = self.criterion(example.recogniser, self._penalties(example), example.labels)
        return Loss(value, self.penalty_scale * self._by_class(example, gradient))

    def learn(self, examples: Iterable[Example], steps: np.ndarray) -> Tally:
        """Equation 18 on strings: an update after each, with step sizes (parameters,), but for those without a path.

        Raises LeNetError where the penalties are no longer numbers.
        """
        total, skipped = 0.0, 0
        parameters = self.passes.parameters
        for example in examples:
            try:
                value, gradient = self.loss(example)
            except NoPathError:
                skipped += 1
                continue
            parameters.gradient.fill(0)
            self.passes.backward(gradient)
            update(parameters.values, parameters.gradient, steps)
            total += value
        return Tally(total, skipped)

    def mean_curvature(self, examples: Iterable[Example]) -> np.ndarray:
        """h_kk: the mean of d2E/dw_k2 over the strings that have a path (equation 24), a new array (parameters,)."""
        h, seen = self.passes.parameters.curvature, 0
        h.fill(0)
        for example in examples:
            try:
                seed = self._seed(example)
            except NoPathError:
                continue
            self.passes.curvature(seed)
            seen += 1
        return h / max(seen, 1)

    def _penalties(self, example: Example) -> np.ndarray:
        return self.penalty_scale * self.passes.forward(example.images)

    def _by_class(self, example: Example, gradient: np.ndarray) -> np.ndarray:
        """Derivatives by arcs as those by penalties, (fields, 10), in the network's precision."""
        return example.recogniser.by_class(gradient).astype(self.passes.parameters.values.dtype)

    def _seed(self, example: Example) -> Seed:
        """The posteriors among paths that spell the string, and among all, take the places of those of equation 9.

        Where a field's own first derivatives sum to less than nothing they are left out, as in Gauss-Newton.
        """
        penalties, recogniser, c = self._penalties(example), example.recogniser, self.penalty_scale

        def posteriors(found: Interpretation) -> np.ndarray:
            return self._by_class(example, found.backward(forward_penalty(found.graph)[1]))

        wanted = posteriors(recogniser.constrained(penalties, example.labels))
        if self.seed == "constant":
            return Seed(c * wanted, np.zeros_like(wanted), np.zeros_like(wanted))
        p = posteriors(recogniser.free(penalties))
        first = c * (wanted - p)
        first[first.sum(axis=1) < 0] = 0
        return Seed(first, c * c * p, c * p)
