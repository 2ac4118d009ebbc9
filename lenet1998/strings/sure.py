"""Which ink is no digit, and how sure a reading is (II-B's rejection, VI-E and X-C's confidence).

A network of single characters looks at each group of ink: it knows digits, several digits that touch, and equation 9's
rubbish class for what is neither. What is surely rubbish is left out and named. A digit is what both networks together
make of it. A reading is as sure as the product of its digits and of what is left out, each a logistic function of what
speaks for it; `experiments.pictures.sure` fits it on pictures of all kinds.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_softmax, logit, logsumexp, softmax

from lenet1998.form import to_mnist_form
from lenet1998.network import Network
from lenet1998.patterns import CLASSES, SIDE
from lenet1998.strings.images import FIELD, STEP
from lenet1998.strings.picture import Form

SEVERAL, NONE = CLASSES, CLASSES + 1
"""What the network of characters has after the ten digits: several that touch, and rubbish."""
LOOKS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
"""It looks at each form where it is and a pixel to each side: what it is sure of must not hang on a pixel."""
RUBBISH = 0.6
"""Above this probability ink is rubbish, and no part of what is read."""
SHARE = 0.5
"""So much the network of characters counts beside that of strings, which sees a digit among its neighbours."""
# The logarithm of a probability below this says no more.
LEAST = -8.0
# A line is perhaps upside down where its characters are likelier after half a turn, or, since 0, 1, 6, 8 and 9 are
# nearly as likely, less likely by no more than this, in logarithms; one character says too little for the second.
TURNED = 0.15
# So much at most counts of one character, since a letter may look like a digit after half a turn.
MOST_TURNED = 1.0
FEATURES = ("bias", "characters", "strings", "shared", "left out", "digit after all", "glare")
"""What the sureness of a digit, of ink that is left out, or of glare, is a logistic function of; see `evidence`."""


class Characters(NamedTuple):
    """The network of single characters, what multiplies its penalties, and equation 9's j."""

    network: Network
    scale: float
    j: float

    def logs(self, forms: np.ndarray) -> np.ndarray:
        """Logarithms of the probabilities of each form uint8 (n, 28, 28), (n, 12): equation 9's posteriors, the mean
        of five looks.

        >>> from lenet1998.recipe import Recipe
        >>> from lenet1998.network import LeNet5
        >>> blank = Characters(LeNet5(Recipe(classes=11, characters="0123456789&")), 0.1, 12.0)
        >>> blank.logs(np.zeros((2, 28, 28), np.uint8)).shape
        (2, 12)
        """
        y = self.scale * self.network.forward(np.concatenate([np.roll(forms, look, (1, 2)) for look in LOOKS]))
        against = np.concatenate([-y, np.full((len(y), 1), -self.j)], axis=1).astype(float)
        likely = softmax(against, axis=1).reshape(len(LOOKS), len(forms), -1).mean(axis=0)
        return np.log(np.maximum(likely, np.exp(LEAST)))


class Looked(NamedTuple):
    """What the network of characters makes of a line: (groups, 12), the same after half a turn, and what is rubbish."""

    upright: np.ndarray
    turned: np.ndarray

    @property
    def rubbish(self) -> list[int]:
        """The numbers of the groups that are surely no digits."""
        return np.flatnonzero(self.upright[:, NONE] > np.log(RUBBISH)).tolist()

    @property
    def gain(self) -> float:
        """By how much likelier the line's characters are after half a turn, per character, in logarithms."""
        gains = self.turned[:, :NONE].max(axis=1) - self.upright[:, :NONE].max(axis=1)
        return float(np.mean(gains.clip(-MOST_TURNED, MOST_TURNED)))

    @property
    def is_turned(self) -> bool:
        """Whether the line is perhaps upside down."""
        return self.gain > (-TURNED if len(self.upright) > 1 else 0.0)


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


class Digits(NamedTuple):
    """What the networks make of the digits of a line: logarithms, (digits, 12) of that of characters and (digits, 11)
    of that of strings, and which digits share a group of ink, bool (digits,)."""

    characters: np.ndarray
    strings: np.ndarray
    shared: np.ndarray

    @property
    def labels(self) -> list[int]:
        """The likeliest by both together."""
        return (self.strings[:, :CLASSES] + SHARE * self.characters[:, :CLASSES]).argmax(axis=1).tolist()


def by_strings(penalties: np.ndarray, j: float, columns: Sequence[tuple[int, int]]) -> np.ndarray:
    """What the network of strings makes of each digit, logarithms (digits, 11), of which the last is a blank's.

    ``penalties`` (outputs, 10) are the network's, ``j`` is a blank's, and ``columns`` those of a `Reading`. Of the
    outputs that a digit was read from, the likeliest counts for each class.

    >>> np.exp(by_strings(np.array([[50.0] * 10, [50.0] * 9 + [0.0]]), 0.0, [(20, 21)])).round(2)[0, 8:].tolist()
    [0.0, 0.5, 0.5]
    """
    logs = log_softmax(-np.append(penalties, np.full((len(penalties), 1), j), axis=1), axis=1)
    runs = [[(column - FIELD // 2) // STEP for column in (first, after - 1)] for first, after in columns]
    return np.maximum([logs[first : last + 1].max(axis=0) for first, last in runs], LEAST)


def together(strings: np.ndarray, middles: Sequence[float], form: Form, seen: Looked, characters: Characters) -> Digits:
    """What both networks make of the digits with these ``middles``, given what that of strings does, (digits, 11).

    That of characters sees the group of ink that a digit has to itself, or else the piece of ink around it.
    """
    groups = owners(middles, form)
    shared = np.array([k < 0 or groups.count(k) > 1 for k in groups])
    alone = seen.upright[groups]
    if shared.any():
        alone[shared] = characters.logs(pieces(middles, form)[shared])
    return Digits(alone, strings, shared)


def odds(logs: np.ndarray) -> np.ndarray:
    """Logarithms of p to 1 - p, of at most -LEAST either way, given those of p.

    >>> odds(np.log([0.5, 0.9, 1.0])).round(1).tolist()
    [0.0, 2.2, 8.0]
    """
    return logit(np.exp(logs).clip(np.exp(LEAST), 1 - np.exp(LEAST)))


def evidence(digits: Digits, left_out: np.ndarray, glare: bool = False) -> np.ndarray:
    """How likely each label is by either network, as `odds`, and whether it shares its ink; of ink that is left out,
    (groups, 12), how likely it is a digit after all; and a row where light may have taken a digit away.
    (digits + groups, 7), or one more, as `FEATURES` says.
    """
    count = len(digits.shared)
    own = np.arange(count), digits.labels
    found = np.zeros((count + len(left_out) + glare, len(FEATURES)))
    found[:count, 0] = 1
    found[:count, 1:3] = odds(np.stack([digits.characters[own], digits.strings[own]], axis=1))
    found[:count, 3] = digits.shared
    found[count : count + len(left_out), 4] = 1
    found[count : count + len(left_out), 5] = odds(logsumexp(left_out[:, :NONE], axis=1))
    found[count + len(left_out) :, 6] = 1
    return found


def sureness(found: np.ndarray, weights: Sequence[float]) -> float:
    """The share of right readings among those of which as much speaks: each digit must be right, and so must what is
    left out.

    >>> sureness(np.ones((3, 1)), [0.0])
    0.125
    """
    return float(expit(found @ np.asarray(weights)).prod())
