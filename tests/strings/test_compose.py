"""Section VIII's composition and section VI's losses: Figures 20 and 28, and all paths of random graphs."""

from dataclasses import replace

import numpy as np
import pytest

from lenet1998.strings.compose import Move, Transducer, compose
from lenet1998.strings.forward import composed_forward_penalty, forward_penalties, forward_penalty
from lenet1998.strings.grammar import BLANK, any_runs, any_string, only, only_runs
from lenet1998.strings.graph import NOTHING, NoPathError
from lenet1998.strings.losses import (
    discriminative_forward_loss,
    discriminative_viterbi_loss,
    viterbi_loss,
)
from lenet1998.strings.viterbi import viterbi
from tests import naive
from tests.strings.graphs import FIGURE_20, graph_of, random_graph, random_transducer


def trie(words: list[str]) -> Transducer:
    """The words as a tree of letters."""
    states, moves = {"": 0}, []
    for word in words:
        for end in range(1, len(word) + 1):
            if word[:end] not in states:
                states[word[:end]] = len(states)
                moves.append(Move(states[word[: end - 1]], states[word[:end]], ord(word[end - 1]), ord(word[end - 1])))
    return Transducer(moves, finals=[states[word] for word in words])


def test_figure_28():
    letters = [{"c": 0.4, "o": 1.0, "d": 1.8}, {"x": 0.1, "a": 0.2, "u": 0.8}, {"p": 0.2, "t": 0.8}]
    graph = graph_of(
        [(i, i + 1, ord(letter), cost) for i, costs in enumerate(letters) for letter, cost in costs.items()]
    )
    found = compose(graph, trie(["barn", "but", "cute", "cure", "cut", "cap", "cat", "card"])).graph
    spelled = {
        "".join(chr(found.labels[arc]) for arc in path): sum(found.penalties[path]) for path in naive.paths(found)
    }
    assert spelled == {word: pytest.approx(cost) for word, cost in {"cut": 2.0, "cap": 0.8, "cat": 1.4}.items()}
    assert viterbi(found).penalty == pytest.approx(0.8)
    assert len(found) == 6 and found.end == 4, "no dead ends: c, then a or u, then p, t or t"


def test_figure_20():
    constrained, free = compose(FIGURE_20, only([3, 4])), compose(FIGURE_20, any_string())
    assert viterbi(constrained.graph).penalty == pytest.approx(0.7, abs=1e-12)
    best = viterbi(free.graph)
    assert best.penalty == pytest.approx(0.6, abs=1e-12)
    assert free.graph.labels[best.arcs].tolist() == [3, 4, 1]

    loss = viterbi_loss(constrained)
    assert loss.value == pytest.approx(0.7, abs=1e-12)
    assert loss.gradient.tolist() == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0]

    loss = discriminative_viterbi_loss(constrained, free)
    assert loss.value == pytest.approx(0.1, abs=1e-12)
    assert loss.gradient.tolist() == [0, 0, 0, 0, -1, 0, 1, 0, -1, 0]

    assert forward_penalty(constrained.graph)[0] == pytest.approx(0.69392, abs=5e-6)
    assert forward_penalty(free.graph)[0] == pytest.approx(-0.61152, abs=5e-6)
    loss = discriminative_forward_loss(constrained, free)
    assert loss.value == pytest.approx(1.30544, abs=5e-6)
    assert np.exp(-loss.value) == pytest.approx(0.27105, abs=5e-6)
    by_hand = [0.1159, -0.0973, -0.0120, -0.0066, -0.3639, -0.1479, 0.6947, -0.1642, -0.4876, -0.0428]
    np.testing.assert_allclose(loss.gradient, by_hand, atol=5e-5)


@pytest.mark.parametrize("seed", range(30))
def test_composition_has_all_paths_that_the_transducer_reads_and_no_dead_ends(seed):
    rng = np.random.default_rng(seed)
    graph, transducer = random_graph(rng, nodes=5, arcs=5), random_transducer(rng)
    expected = sorted(
        (written, round(penalty, 9))
        for path in naive.paths(graph)
        for written, penalty in naive.spelled(graph, path, transducer)
    )
    if not expected:
        for each in (compose, composed_forward_penalty):
            with pytest.raises(NoPathError, match="grammar"):
                each(graph, transducer)
        return
    together = naive.logadd([penalty for _, penalty in expected])
    assert composed_forward_penalty(graph, transducer) == pytest.approx(together, abs=1e-8)
    found = compose(graph, transducer)
    paths = naive.paths(found.graph)
    labels, costs = found.graph.labels, found.graph.penalties
    got = [([int(labels[arc]) for arc in path if labels[arc] != NOTHING], round(sum(costs[path]), 9)) for path in paths]
    assert sorted(got) == expected
    assert {arc for path in paths for arc in path} == set(range(len(found.graph)))
    for path in paths:
        walked = found.recognised[path]
        assert (graph.targets[walked[:-1]] == graph.sources[walked[1:]]).all(), "the arcs that it came from are a path"
    other = rng.normal(size=len(graph))
    again = compose(replace(graph, penalties=other), transducer).graph
    np.testing.assert_allclose(found.with_penalties(other).graph.penalties, again.penalties)


def random_outputs(rng: np.random.Generator, positions: int) -> np.ndarray:
    """Penalties of the classes, and of the blank, at each position."""
    return rng.normal(2, 2, (positions, BLANK + 1))


def linear(penalties: np.ndarray):
    """Section VII-A's output graph, arc by arc."""
    return graph_of(
        [(t, t + 1, label, penalty) for t, row in enumerate(penalties) for label, penalty in enumerate(row)]
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("loss_of", [discriminative_forward_loss, discriminative_viterbi_loss, viterbi_loss])
def test_gradients_are_central_differences_through_composition(seed, loss_of):
    """Of a linear output graph with runs, and of a random graph of segments."""
    rng = np.random.default_rng(seed)
    segments = graph_of(
        [(s, t, label, rng.normal(2, 2)) for s in range(4) for t in range(s + 1, min(s + 3, 5)) for label in range(10)]
    )
    for graph, desired, free in (
        (linear(random_outputs(rng, 6)), only_runs([3, 3]), any_runs()),
        (segments, only([1, 7, 1]), any_string()),
    ):
        graphs = [compose(graph, desired)] + ([] if loss_of is viterbi_loss else [compose(graph, free)])

        def value(penalties: np.ndarray, graphs=graphs) -> float:
            return loss_of(*(each.with_penalties(penalties) for each in graphs)).value

        gradient = loss_of(*graphs).gradient
        assert gradient.shape == (len(graph),)
        for arc in range(len(graph)):
            step = np.where(np.arange(len(graph)) == arc, 1e-5, 0)
            slope = (value(graph.penalties + step) - value(graph.penalties - step)) / 2e-5
            assert gradient[arc] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("seed", range(10))
def test_eq_17_is_not_negative_and_the_constrained_paths_are_those_that_spell_the_string(seed):
    rng = np.random.default_rng(seed)
    graph = linear(random_outputs(rng, 4)[:, [0, 1, BLANK]])
    graph = replace(graph, labels=np.array([0, 1, BLANK])[graph.labels])
    free = compose(graph, any_runs())
    spelled: dict[tuple[int, ...], list[float]] = {}
    for path in naive.paths(free.graph):
        labels = tuple(int(each) for each in free.graph.labels[path] if each != NOTHING)
        spelled.setdefault(labels, []).append(sum(free.graph.penalties[path]))
    assert set(spelled) == {(), (0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1)}
    posteriors = []
    for labels, costs in spelled.items():
        constrained = compose(graph, only_runs(labels))
        assert forward_penalty(constrained.graph)[0] == pytest.approx(naive.logadd(costs), abs=1e-12)
        loss = discriminative_forward_loss(constrained, free)
        assert loss.value >= 0
        posteriors.append(np.exp(-loss.value))
    assert sum(posteriors) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_the_forward_penalty_of_a_composition_is_the_same_without_making_it(size):
    """Of outputs and of segments, free and constrained: what the literal loop over the composed graph's arcs gives."""
    rng = np.random.default_rng(0)
    outputs = linear(size * random_outputs(rng, 90))
    segments = graph_of(
        [(s, t, label, rng.normal()) for s in range(60) for t in range(s + 1, min(s + 4, 61)) for label in range(10)]
    )
    digits = rng.integers(0, 10, 25).tolist()
    for graph, grammar in (
        *((outputs, each) for each in (any_runs(), only_runs(digits), only_runs([]))),
        *((segments, each) for each in (any_string(), only(digits))),
    ):
        literal = forward_penalties(compose(graph, grammar).graph)[-1]
        assert composed_forward_penalty(graph, grammar) == pytest.approx(literal, abs=1e-9, rel=1e-12)
    for impossible in ([1] * 46, [BLANK]):
        with pytest.raises(NoPathError, match="fewer labels"):
            composed_forward_penalty(outputs if len(impossible) > 1 else segments, only_runs(impossible))
    with pytest.raises(NoPathError):
        composed_forward_penalty(segments, only([]))
    forbidden = replace(outputs, penalties=np.where(outputs.labels == BLANK, np.inf, outputs.penalties))
    assert composed_forward_penalty(forbidden, any_runs()) > composed_forward_penalty(outputs, any_runs())
    with pytest.raises(NoPathError):
        composed_forward_penalty(forbidden, only_runs([1, 2]))


def test_a_single_decision_is_equation_9():
    """One position, ten classes and a blank: eq. 17 is eq. 9 with the blank as the rubbish class."""
    from lenet1998.loss import MAP

    y = np.random.default_rng(0).uniform(0, 9, 10)
    graph = linear(np.append(y, 5.0)[None])
    loss = discriminative_forward_loss(compose(graph, only_runs([4])), compose(graph, any_runs()))
    map_loss = MAP(1.0, 5.0)
    assert loss.value == pytest.approx(float(map_loss.value(y[None], np.array([4]))[0]), abs=1e-12)
    np.testing.assert_allclose(loss.gradient[:10], map_loss.gradient(y[None], np.array([4]))[0], atol=1e-12)


def test_a_string_too_long_for_its_graph_says_so():
    graph = linear(random_outputs(np.random.default_rng(0), 4))
    assert len(compose(graph, only_runs([1, 1])).graph)
    with pytest.raises(NoPathError, match="fewer labels"):
        compose(graph, only_runs([1, 1, 1]))


def test_the_empty_string_is_nothing_but_blanks():
    graph = linear(random_outputs(np.random.default_rng(0), 3))
    found = compose(graph, only_runs([]))
    assert found.recognised.tolist() == [BLANK, 2 * BLANK + 1, 3 * BLANK + 2]
