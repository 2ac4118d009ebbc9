"""Exercises 9 and 10: what came later, and strings (sections V and VI)."""

from collections.abc import Callable

import numpy as np

from lenet1998.evaluation import student_interval
from lenet1998.exercises.exercise import Computes, Exercise, Inputs, Rng
from lenet1998.exercises.network import passed
from lenet1998.loss import CrossEntropy
from lenet1998.modern.layers import AveragePooling, MaxPooling, ReLU
from lenet1998.strings.forward import forward_penalty
from lenet1998.strings.graph import Graph
from lenet1998.strings.viterbi import viterbi


def modern_inputs(rng: Rng) -> Inputs:
    classes = int(rng.integers(3, 6))
    return {
        "a": rng.normal(-1, 1, (int(rng.integers(2, 4)), 2 * int(rng.integers(1, 3)), 2 * int(rng.integers(3, 5)))),
        "logits": rng.normal(0, 1.5, classes),
        "label": int(rng.integers(classes)),
        "differences": rng.normal(-0.1, 0.2, int(rng.integers(3, 7))),
    }


Four = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def modern(a: np.ndarray, logits: np.ndarray, label: int, differences: np.ndarray) -> Four:
    y, labels, loss = -logits[None], np.array([label]), CrossEntropy()
    _, low, high = student_interval(differences)
    return (
        passed(MaxPooling(""), passed(ReLU(), a)),
        loss.value(y, labels)[0],
        -loss.gradient(y, labels)[0],
        np.array([low, high]),
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum()


def interval(differences: np.ndarray, width: Callable[[int], float]) -> np.ndarray:
    """The mean, and on both sides of it so many of its own deviations: `width` takes how many there are."""
    n = len(differences)
    return differences.mean() + np.array([-1, 1]) * width(n) * differences.std(ddof=1) / np.sqrt(n)


def student(share: float, freedom: int) -> float:
    from scipy.stats import t as student_t

    return float(student_t.ppf(share, freedom))


def width(of: Callable[[int], float]) -> Computes:
    return in_place(3, lambda *inputs: interval(inputs[3], of))


def in_place(part: int, other: Callable[..., object]) -> Computes:
    """The reference with one of its parts computed otherwise."""
    return lambda *inputs: [other(*inputs) if place == part else right for place, right in enumerate(modern(*inputs))]


MODERN = Exercise(
    modern_inputs,
    ("maps", "E", "gradient", "interval"),
    modern,
    {
        "the rectifier is missing: nothing is below zero": in_place(0, lambda a, *_: passed(MaxPooling(""), a)),
        "the rectifier takes the size, not the larger of a and zero": in_place(
            0, lambda a, *_: passed(MaxPooling(""), np.abs(a))
        ),
        "a part of what is below zero gets through: the rectifier gives zero there": in_place(
            0, lambda a, *_: passed(MaxPooling(""), np.where(a > 0, a, 0.01 * a))
        ),
        "the mean of each window: take the largest": in_place(
            0, lambda a, *_: passed(AveragePooling(""), passed(ReLU(), a))
        ),
        "added up over each window: take the largest": in_place(
            0, lambda a, *_: 4 * passed(AveragePooling(""), passed(ReLU(), a))
        ),
        "this is the probability: take minus its logarithm": in_place(1, lambda _, z, d, __: softmax(z)[d]),
        "minus is missing: E is never negative": in_place(1, lambda _, z, d, __: np.log(softmax(z)[d])),
        "the logarithm to base 2: take the natural one": in_place(1, lambda _, z, d, __: -np.log2(softmax(z)[d])),
        "the signs are turned: here the largest output wins": in_place(1, lambda _, z, d, __: -np.log(softmax(-z)[d])),
        "added up over the classes: only the label's counts": in_place(1, lambda _, z, *__: -np.log(softmax(z)).sum()),
        "averaged over the classes": in_place(1, lambda _, z, d, __: -np.log(softmax(z)[d]) / len(z)),
        "these are the probabilities: subtract 1 at the label": in_place(2, lambda _, z, *__: softmax(z)),
        "1 is subtracted from all classes: the target is 1 at the label alone": in_place(
            2, lambda _, z, *__: softmax(z) - 1
        ),
        "the sign is turned: probability minus target": in_place(2, lambda *inputs: -modern(*inputs)[2]),
        "the gradient is divided by the number of classes": in_place(
            2, lambda *inputs: modern(*inputs)[2] / len(inputs[1])
        ),
        "1.96 is for very many seeds: with so few take Student's distribution": width(lambda n: 1.96),
        "this is a 90% interval: 2.5% lie outside at each end": width(lambda n: student(0.95, n - 1)),
        "the spread is divided by n: for a sample it is n - 1": width(
            lambda n: student(0.975, n - 1) * (1 - 1 / n) ** 0.5
        ),
        "this is where single runs lie: divide by the root of n": width(lambda n: student(0.975, n - 1) * n**0.5),
        "n degrees of freedom: they are n - 1": width(lambda n: student(0.975, n)),
        "one deviation on each side: that is no 95%": width(lambda n: 1.0),
    },
)


def graph_inputs(rng: Rng) -> Inputs:
    """A graph whose nodes are a chain with arcs over it, two of them beside each other somewhere."""
    nodes = int(rng.integers(4, 7))
    more = rng.integers(0, nodes - 1, nodes + 2)
    sources = np.sort(np.append(np.arange(nodes - 1), more))
    targets = np.minimum(sources + rng.integers(1, 3, len(sources)), nodes - 1)
    targets[np.searchsorted(sources, np.arange(nodes - 1))] = np.arange(1, nodes)
    return {"sources": sources, "targets": targets, "penalties": rng.uniform(0.1, 3, len(sources))}


def searched(sources: np.ndarray, targets: np.ndarray, penalties: np.ndarray) -> tuple[float, np.ndarray, float]:
    graph = Graph(sources, targets, 0 * sources, penalties)
    return (*viterbi(graph), forward_penalty(graph)[0])


def greedy(sources: np.ndarray, targets: np.ndarray, penalties: np.ndarray) -> tuple[float, list[int], float]:
    """At each node the cheapest arc."""
    node, arcs = 0, []
    while node < targets.max():
        (leaving,) = np.nonzero(sources == node)
        arcs.append(int(leaving[penalties[leaving].argmin()]))
        node = int(targets[arcs[-1]])
    return penalties[arcs].sum(), arcs, searched(sources, targets, penalties)[2]


def path_as(other: Callable[..., object]) -> Computes:
    """The best path, given otherwise: `other` takes its arcs, and the inputs."""

    def computed(*inputs: np.ndarray) -> tuple:
        penalty, arcs, forward = searched(*inputs)
        return penalty, other(arcs, *inputs), forward

    return computed


def last_arcs(targets: np.ndarray) -> np.ndarray:
    """Of the arcs into each node the last."""
    return np.array([arc for arc, target in enumerate(targets) if target not in targets[arc + 1 :]])


def forward_as(other: Callable[..., float]) -> Computes:
    def computed(*inputs: np.ndarray) -> tuple:
        penalty, arcs, forward = searched(*inputs)
        return penalty, arcs, other(forward, penalty, *inputs)

    return computed


VITERBI = Exercise(
    graph_inputs,
    ("penalty", "path", "forward"),
    searched,
    {
        "the largest penalty wins: take the least": lambda s, t, c: (
            -searched(s, t, -c)[0],
            searched(s, t, -c)[1],
            searched(s, t, c)[2],
        ),
        "greedy: the cheapest arc of a node need not lie on the best path": greedy,
        "from the end to the start: turn it round": path_as(lambda arcs, *_: arcs[::-1]),
        "these are nodes: give the numbers of the arcs": path_as(lambda arcs, s, t, c: [0, *t[arcs]]),
        "these are the nodes that the arcs lead to: give the numbers of the arcs": path_as(
            lambda arcs, s, t, c: t[arcs]
        ),
        "these are the nodes that the arcs leave: give the numbers of the arcs": path_as(lambda arcs, s, t, c: s[arcs]),
        "arcs are counted from 0": path_as(lambda arcs, *_: np.add(arcs, 1)),
        "the last arc is missing": path_as(lambda arcs, *_: arcs[:-1]),
        "the first arc is missing": path_as(lambda arcs, *_: arcs[1:]),
        "this is Viterbi's penalty: all paths count": forward_as(lambda forward, penalty, *_: penalty),
        "only the last arc into a node counts: add up over all that end there": forward_as(
            lambda f, v, s, t, c: searched(*(each[last_arcs(t)] for each in (s, t, c)))[2]
        ),
        "the sign is turned: logadd is minus the logarithm": forward_as(lambda forward, *_: -forward),
        "the signs in the exponents are turned: e^-x": forward_as(lambda f, v, s, t, c: searched(s, t, -c)[2]),
        "this is the sum over the paths: take minus its logarithm": forward_as(lambda forward, *_: np.exp(-forward)),
    },
)
