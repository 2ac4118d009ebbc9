"""Section VII-A's reading of outputs: the five answers of Figures 25 and 26, from the greys of their labels."""

import time

import numpy as np
import pytest

from lenet1998.errors import LeNetError
from lenet1998.strings.compose import compose
from lenet1998.strings.grammar import BLANK, any_runs
from lenet1998.strings.graph import NOTHING, NoPathError
from lenet1998.strings.reading import confidence, read
from lenet1998.strings.sdnn import SDNN
from tests import naive

# Labels and greys of the nine outputs, measured in the figures; a grey grows with the penalty, and 255 has no label.
FIGURES_25_AND_26 = {
    "2345": ("2..33.4.5", [40, 28, 28, 40, 32]),
    "540": ("55...4.0.", [65, 215, 49, 97]),
    "1114": ("1.1.1.441", [28, 24, 45, 49, 101, 121]),
    "678": ("6.777..88", [16, 150, 77, 231, 49, 16]),
    "3514": ("3.55.114.", [49, 121, 49, 121, 130, 57]),
}


@pytest.mark.parametrize("answer", FIGURES_25_AND_26)
@pytest.mark.parametrize("j", [232.0, 255.0, 400.0])
def test_the_grammar_gives_the_printed_answers(answer, j):
    """Without a 1 at the end of 1114, and with the 4 of 3514 although no blank stands before it."""
    labels, greys = FIGURES_25_AND_26[answer]
    penalties = np.full((9, 10), 2000.0)
    for grey, position in zip(greys, np.flatnonzero(np.array(list(labels)) != "."), strict=True):
        penalties[position, int(labels[position])] = grey
    reading = read(SDNN(j), penalties)
    assert "".join(map(str, reading.labels)) == answer


@pytest.mark.parametrize("seed", range(20))
def test_the_reading_is_the_best_of_all_paths(seed):
    penalties = np.random.default_rng(seed).uniform(0, 9, (5, 10))
    penalties[:, 2:] = 99
    graph = SDNN(3.0).graph(penalties)
    likely = np.flatnonzero(graph.penalties < 9)
    few = type(graph)(*(array[likely] for array in (graph.sources, graph.targets, graph.labels, graph.penalties)))
    readings = [each for path in naive.paths(few) for each in naive.spelled(few, path, any_runs())]
    labels, cost = min(readings, key=lambda each: each[1])
    reading = read(SDNN(3.0), penalties)
    assert (reading.labels, reading.penalty) == (labels, pytest.approx(cost))
    same = [penalty for written, penalty in readings if written == labels]
    posterior = np.exp(naive.logadd([penalty for _, penalty in readings]) - naive.logadd(same))
    assert confidence(SDNN(3.0), penalties, reading.labels) == pytest.approx(posterior, abs=1e-12)


def test_a_character_stands_where_its_run_of_outputs_looks():
    penalties = np.full((8, 10), 20.0)
    for position, digit in ((1, 7), (2, 7), (4, 7), (5, 0), (7, 3)):
        penalties[position, digit] = 0
    penalties[5, 7] = 0.1
    reading = read(SDNN(5.0), penalties)
    assert (reading.labels, reading.columns) == ([7, 7, 3], [(20, 25), (32, 37), (44, 45)])


@pytest.mark.parametrize("seed", range(20))
def test_confidence_is_a_probability_also_where_there_is_no_doubt(seed):
    penalties = np.random.default_rng(seed).uniform(80, 90, (12, 10))
    penalties[[2, 3, 7], [5, 5, 1]] = 0.1
    assert 1 - 1e-9 < confidence(SDNN(40.0), penalties, [5, 1]) <= 1
    assert 0 <= confidence(SDNN(40.0), penalties, [5, 2]) < 1e-9


def test_nothing_is_read_where_every_output_is_blank():
    reading = read(SDNN(8.0), np.full((4, 10), 9.0))
    assert (reading.labels, reading.columns, reading.penalty) == ([], [], 32.0)


def test_one_composition_serves_all_penalties():
    rng = np.random.default_rng(0)
    penalties = rng.uniform(0, 9, (6, 10)).astype(np.float32)
    SDNN(1.0).free(rng.uniform(0, 9, (6, 10)))
    found, composed = SDNN(4.0).free(penalties), compose(SDNN(4.0).graph(penalties), any_runs())
    np.testing.assert_array_equal(found.graph.penalties, composed.graph.penalties)
    np.testing.assert_array_equal(found.graph.labels, composed.graph.labels)
    assert found.graph.penalties.dtype == np.float64
    assert (found.graph.labels != NOTHING).sum() == (found.recognised % (BLANK + 1) != BLANK).sum() - 5 * 10


def test_thirty_outputs_are_read_in_half_a_millisecond():
    penalties = np.random.default_rng(0).uniform(0, 20, (30, 10)).astype(np.float32)
    took = []
    for _ in range(50):
        start = time.process_time()
        read(SDNN(8.0), penalties)
        took.append(time.process_time() - start)
    assert min(took) < 0.5e-3


def test_sixty_digits_are_read_with_confidence_in_a_tenth_of_a_second():
    """As many outputs as sixty digits with gaps have, of a width that was not read before."""
    rng = np.random.default_rng(0)
    took = []
    for n in (361, 362, 363):
        penalties = rng.uniform(20, 30, (n, 10))
        penalties[np.arange(3, n, 6)[:60], rng.integers(0, 10, 60)] = 0.5
        start = time.process_time()
        reading = read(SDNN(5.0), penalties)
        assert confidence(SDNN(5.0), penalties, reading.labels) > 0.5
        took.append(time.process_time() - start)
        assert len(reading.labels) == 60
    assert min(took) < 0.1


def test_a_diverged_network_and_labels_that_do_not_fit_say_so():
    penalties = np.full((3, 10), 1.0)
    with pytest.raises(NoPathError, match="fewer labels"):
        confidence(SDNN(5.0), penalties, [1, 2, 3])
    penalties[1, 1] = np.nan
    with pytest.raises(LeNetError, match="not numbers"):
        read(SDNN(5.0), penalties)
