"""Which ink is no digit, and how sure a reading is (II-B's rejection, VI-E and X-C's confidence).

A network of single characters looks at each group of ink: it knows digits, several digits that touch, and equation 9's
rubbish class for what is neither. What is surely rubbish is left out and named. How often a reading is right is a
logistic function of its string's posterior, of what that network makes of its digits, and of what is odd about the
line; `experiments.pictures.sure` fits it on pictures of all kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logsumexp

from lenet1998.network import Network
from lenet1998.patterns import CLASSES, SIDE
from lenet1998.photos.form import to_mnist_form
from lenet1998.strings.picture import Form

SEVERAL, NONE = CLASSES, CLASSES + 1
"""What the network of characters has after the ten digits: several that touch, and rubbish."""
RUBBISH, ODD = 0.9, 0.4
"""Above the first probability ink is rubbish, and no part of what is read; above the second where its size is odd."""
# The logarithm of a probability below this says no more.
LEAST = -8.0
# The line is said to be upside down where its digits are likelier by this much, in logarithms, after half a turn.
TURNED = 0.5
FEATURES = ("bias", "string", "least digit", "mean digit", "left out", "sizes", "turned", "digits")
"""What confidence is a logistic function of; see `features`."""


class Characters(NamedTuple):
    """The network of single characters, what multiplies its penalties, and equation 9's j."""

    network: Network
    scale: float
    j: float

    def logs(self, forms: np.ndarray) -> np.ndarray:
        """Logarithms of the probabilities of each form uint8 (n, 28, 28), (n, 12): equation 9's posteriors.

        >>> from lenet1998.recipe import Recipe
        >>> from lenet1998.network import LeNet5
        >>> blank = Characters(LeNet5(Recipe(classes=11, characters="0123456789&")), 0.1, 12.0)
        >>> blank.logs(np.zeros((2, 28, 28), np.uint8)).shape
        (2, 12)
        """
        y = self.scale * self.network.forward(forms)
        against = np.concatenate([-y, np.full((len(y), 1), -self.j)], axis=1).astype(float)
        return np.maximum(against - logsumexp(against, axis=1, keepdims=True), LEAST)


class Looked(NamedTuple):
    """What the network of characters makes of a line: (groups, 12), the same after half a turn, and what is rubbish."""

    upright: np.ndarray
    turned: np.ndarray

    def rubbish(self, odd: np.ndarray) -> list[int]:
        """The numbers of the groups that are surely no digits, where some are of an odd size, bool (groups,)."""
        return np.flatnonzero(self.upright[:, NONE] > np.log(np.where(odd, ODD, RUBBISH))).tolist()

    @property
    def gain(self) -> float:
        """By how much likelier the line's characters are after half a turn, per character, in logarithms."""
        return float(np.mean(self.turned[:, :NONE].max(axis=1) - self.upright[:, :NONE].max(axis=1)))


def looked(characters: Characters, forms: np.ndarray) -> Looked:
    """Every group of a line in MNIST's form, uint8 (groups, 28, 28), as it is and upside down."""
    both = characters.logs(np.concatenate([forms, forms[:, ::-1, ::-1]]))
    return Looked(*np.split(both, 2))


def owners(middles: Sequence[float], form: Form) -> list[int]:
    """The number of the group of ink that each digit is in, by its middle in columns of the form; -1 for none.

    >>> spans = np.array([[10, 20], [-1, -1], [30, 50]])
    >>> owners([15.0, 25.0, 49.0], Form(np.zeros((32, 60), np.uint8), np.arange(60.0), spans))
    [0, -1, 2]
    """
    inside = [np.flatnonzero((form.spans[:, 0] - 1 <= x) & (x <= form.spans[:, 1])) for x in middles]
    return [int(each[0]) if each.size else -1 for each in inside]


def pieces(middles: Sequence[float], form: Form) -> np.ndarray:
    """The ink around each digit, to the midst between it and the next, in MNIST's form, uint8 (digits, 28, 28)."""
    between = [0, *(round((a + b) / 2) for a, b in pairwise(middles)), form.image.shape[1]]
    cut = [form.image[:, first:last] for first, last in pairwise(between)]
    return np.stack([to_mnist_form(each) if each.any() else np.zeros((SIDE, SIDE), np.uint8) for each in cut])


def features(
    posterior: float, labels: Sequence[int], middles: Sequence[float], form: Form, seen: Looked, shared: np.ndarray,
    odd: int,
) -> np.ndarray:  # fmt: skip
    """What the confidence in a reading depends on, (8,), in the order of `FEATURES`.

    ``posterior`` is that of the string; digits have their ``middles`` in columns of the form. A digit that has a group
    of ink to itself is as likely as the network of characters has that, and one that shares it as likely as its piece,
    ``shared`` (digits, 12). Groups that were read as nothing, or left out, are counted, and those of an odd size.
    """
    groups = owners(middles, form)
    alone = [k >= 0 and groups.count(k) == 1 for k in groups]
    digits = [
        float((seen.upright[k] if own else piece)[label])
        for k, own, piece, label in zip(groups, alone, shared, labels, strict=True)
    ]
    unread = len(form.spans) - len(set(groups) - {-1})
    string = max(LEAST, float(np.log(max(posterior, 1e-9))))
    turned = min(max(seen.gain, 0.0), 2.0)
    return np.array(
        [1.0, string, min(digits), np.mean(digits), min(unread, 2), min(odd, 2), turned, np.log(len(digits))]
    )


def sureness(values: np.ndarray, weights: Sequence[float]) -> float:
    """The share of right readings among those with such features.

    >>> sureness(np.array([1.0, 0.0]), [2.0, 5.0]) == sureness(np.array([1.0, -1.0]), [2.0, 0.0])
    True
    """
    return float(expit(values @ np.asarray(weights)))
