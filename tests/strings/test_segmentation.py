"""Section V: cuts, segments and the graph of them, on drawn strings; a string read by its segments."""

import time

import numpy as np
import pytest

from lenet1998.data import load
from lenet1998.errors import DataError
from lenet1998.strings.grammar import BLANK
from lenet1998.strings.images import Layout, Strings, strings
from lenet1998.strings.losses import discriminative_forward_loss
from lenet1998.strings.reading import read
from lenet1998.strings.segmentation import Segmentor, training_segments
from lenet1998.strings.viterbi import viterbi
from tests import naive


def drawn(*boxes: tuple[int, int, int, int], width: int = 80) -> np.ndarray:
    """A string with full ink in these boxes: first row, row after, first column, column after."""
    image = np.zeros((32, width), np.uint8)
    for top, bottom, left, right in boxes:
        image[top:bottom, left:right] = 255
    return image


def test_empty_columns_separate_pieces():
    image = drawn((6, 26, 10, 14), (6, 26, 15, 19), (6, 26, 30, 34))
    assert Segmentor().pieces(image) == [(10, 14), (15, 19), (30, 34)]


def test_a_thin_joint_is_cut_by_the_projection_and_by_the_contours():
    """Two bars and a thin bridge; with a dot above the bridge only the projection falls, with a slope both do."""
    bridge = drawn((6, 26, 10, 14), (24, 26, 14, 20), (6, 26, 20, 24))
    ((begin, cut), (again, end)) = Segmentor().pieces(bridge)
    assert (begin, cut, end) == (10, again, 24) and 14 <= cut < 20
    for segmentor in (Segmentor(depth=99), Segmentor(notch=99)):
        assert len(segmentor.pieces(bridge)) == 2
    dotted = bridge.copy()
    dotted[6:8, 10:24] = 255
    assert len(Segmentor(depth=99).pieces(dotted)) == 1
    assert len(Segmentor(notch=99).pieces(dotted)) == 2


def test_shallow_minima_are_no_cuts_and_of_near_ones_the_thinner_stays():
    wavy = drawn((6, 26, 10, 30))
    wavy[6:7, 15:18] = 0
    assert Segmentor().pieces(wavy) == [(10, 30)]
    assert len(Segmentor(depth=1, least_width=2).pieces(wavy)) == 2
    near = drawn((6, 26, 10, 30))
    near[6:16, 18], near[6:20, 20] = 0, 0
    assert Segmentor().pieces(near) == [(10, 20), (20, 30)]
    assert len(Segmentor(least_width=2).pieces(near)) == 3
    edge = drawn((6, 26, 10, 30))
    edge[6:20, 12] = 0
    assert Segmentor().pieces(edge) == [(10, 30)], "no piece is narrower either"
    assert Segmentor(least_width=2).pieces(edge) == [(10, 12), (12, 30)]
    right = drawn((6, 26, 10, 30))
    right[6:20, 28] = 0
    assert Segmentor().pieces(right) == [(10, 30)] != Segmentor(least_width=2).pieces(right)


def test_faint_ink_joins_nothing():
    image = drawn((6, 26, 10, 14), (6, 26, 18, 22))
    image[15, 14:18] = 40
    assert Segmentor().pieces(image) == [(10, 14), (18, 22)]


def test_figure_16_every_path_uses_each_piece_exactly_once():
    """Four pieces: single ones, and neighbours together unless far apart or too wide."""
    image = drawn((6, 26, 10, 16), (6, 26, 18, 24), (6, 26, 26, 30), (6, 26, 40, 44))
    found = Segmentor(most_pieces=2).segments(image)
    assert list(zip(found.sources.tolist(), found.targets.tolist(), strict=True)) == [
        (0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 4)
    ]  # fmt: skip
    for bounds, arc, there in (
        ({"most_width": 20}, (0, 3), True),
        ({"most_width": 19}, (0, 3), False),
        ({"wide_gap": 10}, (2, 4), True),
        ({"wide_gap": 9}, (2, 4), False),
    ):
        other = Segmentor(most_pieces=3, **bounds).segments(image)
        assert (arc in zip(other.sources.tolist(), other.targets.tolist(), strict=True)) == there, bounds
    ink = int(image.astype(int).sum())
    graph = found.graph(np.zeros((len(found.sources), 10)))
    for path in naive.paths(graph):
        assert sum(int(found.images[arc // 10].astype(int).sum()) for arc in path) == ink


def test_a_wide_piece_is_a_segment_all_the_same():
    """However wide, so that there is always a path; of its ink the field holds 32 columns."""
    found = Segmentor().segments(drawn((6, 26, 10, 70)))
    assert (found.sources.tolist(), found.targets.tolist()) == ([0], [1])
    assert found.images[0, 6].all()


def test_a_segment_is_centred_by_its_mass_or_by_its_box():
    image = drawn((6, 26, 10, 14), (24, 26, 14, 22))
    for centre, left in (("mass", 14), ("box", 10)):
        (segment,) = Segmentor(depth=99, notch=99, centre=centre).segments(image).images
        assert np.flatnonzero(segment.any(axis=0))[[0, -1]].tolist() == [left, left + 11]


@pytest.mark.parametrize(("left", "right"), [(10, 14), (11, 16), (30, 50)])
def test_a_segment_comes_to_the_middle_at_the_height_of_the_string(left, right):
    """By its centre of mass, as the data base has it, and not up or down: section IX-D found that to be better."""
    image = drawn((9, 29, left, right))
    (segment,) = Segmentor().segments(image).images
    rows, columns = np.nonzero(segment)
    assert (rows.min(), rows.max()) == (9, 28)
    assert abs(columns.mean() + 0.5 - 16) <= 0.5
    assert segment.sum() == image.sum()


def test_a_data_base_of_digits_comes_back_as_it_is():
    """A string of one digit gives the field that the network has learned, to a pixel's rounding."""
    digits = load("synthetic", train_size=200, test_size=100).test
    found = strings(digits, 60, 1, 1, Layout(noise=0))
    same = 0
    for image in found.images:
        whole = Segmentor(depth=99, notch=99).segments(image)
        fields = [np.pad(digit, 2) for digit in digits.images]
        same += any((whole.images[-1] == field).all() for field in fields)
    assert same > 50


def test_training_segments_are_characters_where_both_edges_fit_and_rubbish_elsewhere():
    image = drawn((6, 26, 20, 26), (6, 26, 30, 38), (6, 26, 41, 49))
    boxes = np.array([[[20, 26], [28, 37], [41, 52]]])  # to a column, to two columns, and one that is 3 off
    found = Strings(image[None], np.array([[3, 4, 5]], np.uint8), boxes)
    segments = Segmentor().segments(image)
    patterns = training_segments(found, Segmentor())
    np.testing.assert_array_equal(patterns.images, segments.images)
    labels = dict(zip(map(tuple, segments.spans.tolist()), patterns.labels.tolist(), strict=True))
    assert labels == {(20, 26): 3, (20, 38): BLANK, (30, 38): 4, (30, 49): BLANK, (41, 49): BLANK}


def test_nearly_all_characters_of_strings_are_segments():
    digits = load("synthetic", train_size=200, test_size=100).test
    found = strings(digits, 60, 5, 1, Layout(noise=0))
    labels = training_segments(found, Segmentor()).labels
    assert (labels != BLANK).sum() > 0.9 * found.labels.size


def test_the_best_path_over_segments_is_composition_with_any_string():
    rng = np.random.default_rng(0)
    found = Segmentor().segments(drawn((6, 26, 10, 16), (6, 26, 18, 24), (6, 26, 26, 30)))
    penalties = rng.uniform(0, 5, (len(found.sources), 10))
    free = found.free(penalties)
    best = viterbi(found.graph(penalties))
    reading = read(found, penalties)
    assert reading.penalty == viterbi(free.graph).penalty == best.penalty
    assert reading.labels == (best.arcs % 10).tolist()
    assert reading.columns == [tuple(each) for each in found.spans[best.arcs // 10].tolist()]
    loss = discriminative_forward_loss(found.constrained(penalties, [1, 2]), free)
    labelled = found.by_class(loss.gradient)
    assert loss.value > 0 and labelled.shape == penalties.shape
    assert (labelled[:, [0, *range(3, 10)]] <= 0).all(), "what spells nothing of it goes up"


def test_a_string_is_cut_in_a_few_milliseconds():
    digits = load("synthetic", train_size=200, test_size=100).test
    found = strings(digits, 20, 5, 1, Layout(noise=0))
    took = []
    for image in found.images:
        start = time.process_time()
        Segmentor().segments(image)
        took.append(time.process_time() - start)
    assert min(took) < 5e-3


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.zeros((32, 60), np.uint8), "blank"),
        (np.zeros((28, 60), np.uint8), r"give uint8 \(32, W\)"),
        (np.zeros((32, 60)), r"give uint8 \(32, W\)"),
        (np.zeros((1, 32, 60), np.uint8), r"give uint8 \(32, W\)"),
    ],
)
def test_what_is_no_string_is_refused(image, says):
    with pytest.raises(DataError, match=says):
        Segmentor().segments(image)
