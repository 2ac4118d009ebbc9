"""The networks of section III-C as classifiers: trained by appendix C's procedure.

A network of `lenet1998.networks` learns from all the images that it is fitted to, with the project's own trainer, and
gives the penalties of its output units. Its counts are those of its layers.
"""

import numpy as np

from lenet1998.classifiers.classifier import Classifier
from lenet1998.engines import make_engine
from lenet1998.layers import FullConnection
from lenet1998.loss import make_loss
from lenet1998.network import Network
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import PUBLISHED_SCHEDULE, Recipe
from lenet1998.training import Trainer

# How many times LeNet-5's rates the networks learn with, chosen on held-out patterns; the others: once.
FASTER = {"lenet1": 6.0}
# Training patterns that a pass's record is tested on: a test set is no part of fitting.
_WATCHED = 1000
# Images that go through the layers together for their features.
_BLOCK = 25


def recipe_of(network: str, copies: int = 0, faster: float | None = None) -> Recipe:
    """How section III-C's networks are trained, on the patterns as they are or with distorted copies of each.

    As LeNet-5 by default, but for what their output asks for: the error is half the squared distance of the ten units
    to their targets (section III-C names no error; the authors' earlier papers have this one), and the rates are
    `faster` times LeNet-5's, by default what `FASTER` has for the network.

    >>> recipe = recipe_of("lenet1")
    >>> recipe.codes, recipe.penalty_scale, recipe.mu, recipe.eta(1) > Recipe().eta(1)
    ('one_of_n', 0.5, 0.02, True)
    """
    factor = FASTER.get(network, 1.0) if faster is None else faster
    schedule = tuple((passes, factor * eta) for passes, eta in PUBLISHED_SCHEDULE)
    return Recipe(
        name=network,
        network=network,
        codes="one_of_n",
        penalty_scale=0.5,
        loss="mle",
        schedule=schedule,
        distorted_copies=copies,
    )


def in_memory(recipe: Recipe, data: DataSet, seed: int, passes: int, engine: str) -> tuple[Network, float]:
    """Train a recipe's network and keep nothing: the network, and that no second of it was spent before."""
    trainer = Trainer(recipe, data, seed, engine)
    for _ in range(passes):
        trainer.run_pass()
    return trainer.network, 0.0


class NetworkClassifier(Classifier):
    """A recipe's network, trained with a seed for so many passes; `passes` None is as long as the recipe's schedule.

    Raises DivergenceError, and what `trained` raises.

    >>> from lenet1998.data import load
    >>> from lenet1998.recipe import Recipe
    >>> digits = load("synthetic", train_size=100, test_size=10)
    >>> lenet1 = NetworkClassifier(Recipe(network="lenet1", codes="one_of_n"), seed=1, passes=1, engine="numpy")
    >>> lenet1.fit(digits.train.images, digits.train.labels).scores(digits.test.images).shape
    (10, 10)
    >>> lenet1.macs(), lenet1.variables()
    (94592, 2578)
    """

    def __init__(self, recipe: Recipe, seed: int, passes: int | None = None, engine: str = "auto"):
        self.recipe, self.seed, self.engine_name = recipe, seed, engine
        self.passes = sum(count for count, _ in recipe.schedule) if passes is None else passes

    def _seen(self, images: np.ndarray) -> np.ndarray:
        return images

    def _fit(self, images: np.ndarray, labels: np.ndarray) -> None:
        train = Patterns(images, labels.astype(np.uint8))
        data = DataSet("fitted", train, train.spread(min(_WATCHED, len(train))), "", {"train": train.digest()})
        train_network = self.trained or in_memory
        arguments = self.recipe, data, self.seed, self.passes, self.engine_name
        self.network, self.earlier_seconds = train_network(*arguments)
        self.engine = make_engine(self.engine_name, self.network, make_loss(self.recipe))
        self.engine.penalties(images[:1])  # compiling is not classifying

    def _scores(self, images: np.ndarray) -> np.ndarray:
        return self.engine.penalties(images)

    @property
    def last(self) -> int:
        """Where the network's last layer of weights stands in its list of layers."""
        return max(place for place, layer in enumerate(self.network.layers) if isinstance(layer, FullConnection))

    def features(self, images: np.ndarray) -> np.ndarray:
        """What the network's last layer of weights sees of images uint8 (P, H, W): its dtype, (P, units)."""
        blocks = []
        for start in range(0, len(images), _BLOCK):
            x = self.network.input(images[start : start + _BLOCK], self.network.dtype)
            for layer in self.network.layers[: self.last]:
                x = layer.forward(x)
            blocks.append(x.reshape(len(x), -1))
        return np.concatenate(blocks)

    def macs(self) -> int:
        return sum(int(layer["macs"]) for layer in self.network.table())

    def variables(self) -> int:
        return len(self.network.parameters)
