"""Equations 10 and 13 to 16 on random graphs, long ones and bad ones."""

import time
from dataclasses import replace

import numpy as np
import pytest

from lenet1998.errors import LeNetError
from lenet1998.strings.forward import forward_penalties, forward_penalty
from lenet1998.strings.graph import Graph, NoPathError
from lenet1998.strings.viterbi import viterbi
from tests import naive
from tests.strings.graphs import FIGURE_20, graph_of, random_graph


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_agree_with_the_enumeration_of_all_paths(seed):
    graph = random_graph(np.random.default_rng(seed), nodes=7, arcs=8)
    paths = naive.paths(graph)
    costs = [sum(graph.penalties[path]) for path in paths]
    best = viterbi(graph)
    assert best.arcs.tolist() == paths[int(np.argmin(costs))]
    assert best.penalty == pytest.approx(min(costs), abs=1e-12)
    penalty, gradient = forward_penalty(graph)
    assert penalty == pytest.approx(naive.logadd(costs), abs=1e-12)
    shares = np.exp(penalty - np.array(costs))
    through = np.zeros(len(graph))
    for share, path in zip(shares, paths, strict=True):
        through[path] += share
    np.testing.assert_allclose(gradient, through, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_gradients_of_the_forward_penalty_are_its_central_differences(seed):
    graph = random_graph(np.random.default_rng(seed), nodes=30, arcs=90)
    gradient = forward_penalty(graph)[1]
    for arc in range(len(graph)):
        step = np.where(np.arange(len(graph)) == arc, 1e-5, 0)
        up, down = (forward_penalty(replace(graph, penalties=graph.penalties + s))[0] for s in (step, -step))
        assert gradient[arc] == pytest.approx((up - down) / 2e-5, abs=1e-8)


def test_the_posteriors_of_all_arcs_out_of_the_start_are_one():
    gradient = forward_penalty(FIGURE_20)[1]
    assert gradient[FIGURE_20.sources == 0].sum() == pytest.approx(1, abs=1e-14)
    assert gradient[FIGURE_20.targets == 3].sum() == pytest.approx(1, abs=1e-14)


def ladder(nodes: int) -> Graph:
    """Three arcs from each node to the next."""
    sources = np.repeat(np.arange(nodes - 1), 3)
    return Graph(sources, sources + 1, np.tile(np.arange(3), nodes - 1), np.tile([1.0, 2.0, 3.0], nodes - 1))


def test_long_graphs_take_linear_time_and_no_recursion():
    """10,000 nodes: more than Python's stack has room for, and ten times the work of 1,000."""
    seconds = {}
    for nodes in (1_000, 10_000):
        graph, took = ladder(nodes), []
        for _ in range(5):
            start = time.process_time()
            best, (penalty, gradient) = viterbi(graph), forward_penalty(graph)
            took.append(time.process_time() - start)
        seconds[nodes] = min(took)
    assert best.penalty == 9_999 and len(best.arcs) == 9_999
    assert penalty == pytest.approx(9_999 * naive.logadd([1.0, 2.0, 3.0]), rel=1e-12)
    np.testing.assert_allclose(gradient[:3], np.exp(naive.logadd([1.0, 2.0, 3.0]) - np.array([1.0, 2.0, 3.0])))
    assert seconds[10_000] < 40 * seconds[1_000], "quadratic time would be a hundred times as long"


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_huge_penalties_do_not_overflow(size):
    graph = replace(FIGURE_20, penalties=FIGURE_20.penalties * size)
    penalty, gradient = forward_penalty(graph)
    assert penalty == pytest.approx(viterbi(graph).penalty)
    assert np.isfinite(gradient).all() and set(gradient.round(12)) == {0, 1}
    shifted = replace(FIGURE_20, penalties=FIGURE_20.penalties + size * (FIGURE_20.targets - FIGURE_20.sources))
    assert forward_penalty(shifted)[0] == pytest.approx(forward_penalty(FIGURE_20)[0] + 3 * size, abs=1e-7)
    np.testing.assert_allclose(forward_penalty(shifted)[1], forward_penalty(FIGURE_20)[1], atol=1e-7)


def test_an_infinite_penalty_forbids_an_arc():
    forbidden = FIGURE_20.penalties.copy()
    forbidden[:2] = np.inf
    graph = replace(FIGURE_20, penalties=forbidden)
    assert viterbi(graph).arcs.tolist() == [2, 8]
    penalty, gradient = forward_penalty(graph)
    kept = [3.4 + 0.1, 3.4 + 2.4, 4.4 + 0.1, 4.4 + 2.4]
    assert penalty == pytest.approx(naive.logadd(kept), abs=1e-12)
    assert gradient[[0, 1, 4, 5, 6, 7]].tolist() == [0] * 6


def test_of_equal_paths_the_first_is_taken():
    graph = graph_of([(0, 1, 5, 1), (0, 1, 3, 1)])
    assert viterbi(graph).arcs.tolist() == [0]


@pytest.mark.parametrize(
    "graph", [graph_of([(0, 1, 0, 1), (2, 3, 0, 1)]), replace(FIGURE_20, penalties=np.full(10, np.inf))]
)
@pytest.mark.parametrize("use", [viterbi, forward_penalty])
def test_a_graph_without_a_path_to_its_end_says_so(graph, use):
    with pytest.raises(NoPathError, match=r"no path leads from the start of a graph of \d+ arcs to its end, node 3"):
        use(graph)
    assert forward_penalties(graph)[-1] == np.inf


@pytest.mark.parametrize(
    ("arcs", "says"),
    [
        ([(1, 0, 0, 1)], "do not lead upwards"),
        ([(0, 0, 0, 1)], "do not lead upwards"),
        ([(-1, 1, 0, 1)], "do not lead upwards"),
        ([(1, 2, 0, 1), (0, 1, 0, 1)], "do not lead upwards"),
        ([(0, 1, 0, np.nan)], "not numbers"),
        ([(0, 1, 0, -np.inf)], "not numbers"),
    ],
)
def test_bad_graphs_are_refused(arcs, says):
    with pytest.raises(LeNetError, match=says):
        graph_of(arcs)


def test_arrays_that_do_not_belong_together_are_refused():
    for short in (np.array([0]), np.zeros((10, 1))):
        with pytest.raises(LeNetError, match="shapes"):
            replace(FIGURE_20, penalties=short.astype(float))
    with pytest.raises(LeNetError, match="an arc or more"):
        Graph(*(np.zeros(0, int),) * 3, np.zeros(0))
