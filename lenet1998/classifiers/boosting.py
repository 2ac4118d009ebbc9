"""Boosted LeNet-4 (section III-C.9): three networks, each later one trained on what the earlier ones find hard.

The first is trained the usual way, on the patterns as they are. The second learns a filtered mix: half of it patterns
that the first gets right, half wrong ones. The third learns patterns on which the first two disagree. At work their
outputs are added; the second and third are not asked where the first is confident. There are too few such patterns in
the training set, so they are taken from a stream of distorted ones, as in the paper. This is the procedure of Drucker,
Schapire and Simard (1993).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from lenet1998.classifiers.classifier import Classifier
from lenet1998.classifiers.network import NetworkClassifier
from lenet1998.classifiers.rejection import confidence
from lenet1998.distortions import DistortedSet, law_of
from lenet1998.engine import Batch
from lenet1998.errors import DataError
from lenet1998.evaluation import answers
from lenet1998.patterns import Patterns
from lenet1998.recipe import Recipe

_SECOND, _THIRD, _CONFIDENCE = range(3)
_STARTS = 1000  # between the seeds of two networks


class Boosted(Classifier):
    """Three networks of one recipe; the stream is distorted by its law, also where the recipe has no distorted copies.

    A recipe with distorted copies trains the first network on them too, which is not the usual way.

    The second and the third learn at most as many patterns as there are training images, found in at most `rounds`
    distortions of the whole training set for each. What confident means is chosen on one more round: the most patterns
    are left to the first network alone for which it makes no more errors there than all three.

    Raises what `NetworkClassifier` does, and DataError when the stream holds nothing that a network could learn from.
    """

    def __init__(self, recipe: Recipe, seed: int, rounds: int = 30, passes: int | None = None, engine: str = "auto"):
        self.recipe, self.seed, self.rounds = recipe, seed, rounds
        # The later networks' patterns are distorted already; each network has a start of its own.
        recipes = [recipe, *[replace(recipe, distorted_copies=0)] * 2]
        self.networks = [
            NetworkClassifier(each, _STARTS * number + seed, passes, engine) for number, each in enumerate(recipes)
        ]
        self.share_asked = 1.0

    def _seen(self, images: np.ndarray) -> np.ndarray:
        return images

    def _fit(self, images: np.ndarray, labels: np.ndarray) -> None:
        train = Patterns(images, labels.astype(np.uint8))
        first, second, third = self.networks
        for network in self.networks:
            network.trained = self.trained
        first.fit(images, labels)

        # Distorted patterns fill a larger field than the originals; the networks take either.
        def penalties(network: NetworkClassifier, batch: Batch) -> np.ndarray:
            return network.engine.penalties(batch.images)

        def wrong_and_right(batch: Batch) -> list[np.ndarray]:
            wrong = answers(penalties(first, batch)) != batch.labels
            return [wrong, ~wrong]

        def disputed(batch: Batch) -> list[np.ndarray]:
            return [answers(penalties(first, batch)) != answers(penalties(second, batch))]

        second.fit(*self._filtered(train, _SECOND, wrong_and_right))
        third.fit(*self._filtered(train, _THIRD, disputed))
        self.earlier_seconds = sum(network.earlier_seconds for network in self.networks)
        batch = next(self._stream(train, _CONFIDENCE))
        alone, *others = (penalties(network, batch) for network in self.networks)
        self.confident = confident_enough(alone, sum(others, alone), batch.labels)

    def _stream(self, train: Patterns, purpose: int) -> Iterator[Batch]:
        """Rounds of distorted patterns without end: one new distortion of every training pattern in each."""
        law, side = law_of(self.recipe), self.networks[0].network.input.side
        rng = np.random.default_rng([self.seed, purpose])
        while True:
            yield DistortedSet(train, law, 1, rng, side).batch(len(train) + np.arange(len(train)))

    def _filtered(self, train: Patterns, purpose: int, kinds: Callable[[Batch], list[np.ndarray]]) -> Batch:
        """Patterns of the stream in a random order, as many of each kind; `kinds` says for a batch which are of it."""
        found: list[Batch] = []
        for batch in islice(self._stream(train, purpose), self.rounds):
            chosen = [Batch(batch.images[which], batch.labels[which]) for which in kinds(batch)]
            most = len(train) // len(chosen)
            found = [joined(*pair, most) for pair in zip(found, chosen, strict=True)] if found else chosen
            fewest = min(len(kind.labels) for kind in found)
            if fewest >= most:
                break
        if not fewest:
            raise DataError(
                f"nothing in {self.rounds} distortions of the training set is left for a further network to learn: "
                "give more images, or take a single network"
            )
        images, labels = (np.concatenate([kind[field][:fewest] for kind in found]) for field in range(2))
        order = np.random.default_rng([self.seed, purpose, fewest]).permutation(len(labels))
        return Batch(images[order], labels[order])

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Penalties as the base class says: the first network's where it is confident, else the mean of all three.

        `share_asked` becomes the share of these images that the second and third network were asked about.
        """
        self._asked = 0
        scores = super().scores(images)
        self.share_asked = self._asked / max(1, len(images))
        return scores

    def _scores(self, images: np.ndarray) -> np.ndarray:
        first, *others = self.networks
        scores = first.engine.penalties(images)
        doubtful = confidence(scores) < self.confident
        self._asked += int(doubtful.sum())
        if doubtful.any():
            scores[doubtful] += sum(network.engine.penalties(images[doubtful]) for network in others)
            scores[doubtful] /= len(self.networks)
        return scores

    def macs(self) -> int:
        """On average over the images scored last; three networks' before any are."""
        first, *others = self.networks
        return round(first.macs() + self.share_asked * sum(network.macs() for network in others))

    def variables(self) -> int:
        return sum(network.variables() for network in self.networks)


def confident_enough(alone: np.ndarray, together: np.ndarray, labels: np.ndarray) -> float:
    """The lead from which the first network's penalties (P, 10) are enough, judged by those of all three and labels.

    It leaves as many patterns as possible to the first network without more errors than all three make.

    >>> alone = np.array([[0.0, 3.0], [0.0, 2.0], [0.0, 1.0]])
    >>> confident_enough(alone, alone, np.array([0, 0, 1]))
    1.0
    >>> confident_enough(alone, np.array([[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]]), np.array([0, 0, 1]))
    2.0
    """
    leads = confidence(alone)
    order = np.argsort(-leads, kind="stable")
    lost = (answers(alone) != labels).astype(int) - (answers(together) != labels)
    harmless = np.flatnonzero(np.cumsum(lost[order]) <= 0)
    return float(leads[order[harmless[-1]]]) if len(harmless) else float("inf")


def joined(first: Batch, second: Batch, most: int) -> Batch:
    """The patterns of both, and at most so many."""
    return Batch(*(np.concatenate(fields)[:most] for fields in zip(first, second, strict=True)))
