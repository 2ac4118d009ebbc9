"""Section VII-B's images: classes, places, gaps, blanks, overlap, noise and seeds, and where digits come from."""

from dataclasses import replace

import numpy as np
import pytest

from lenet1998.data import load
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns
from lenet1998.strings.grammar import BLANK
from lenet1998.strings.images import FIELD, MARGIN, STEP, Layout, strings, training_images

CLEAN = Layout(noise=0, shift=0)


@pytest.fixture(scope="module")
def digits():
    return load("synthetic", train_size=300, test_size=100)


@pytest.fixture
def bars():
    """Ten bars of a grey and a width of their own, so that each can be told in an image: class d is 2 + d wide."""
    images = np.zeros((10, 28, 28), np.uint8)
    for digit, image in enumerate(images):
        image[4:24, 13 - digit // 2 : 15 + digit - digit // 2] = 100 + 10 * digit
    return Patterns(images, np.arange(10, dtype=np.uint8))


def runs(row: np.ndarray) -> list[tuple[int, int, int]]:
    """Value, first and last column of each run of ink in a row."""
    ends = np.flatnonzero(np.diff(row.astype(int), prepend=-1, append=-1))
    return [(int(row[a]), int(a), int(b - 1)) for a, b in zip(ends[:-1], ends[1:], strict=True) if row[a]]


def test_the_middle_shows_the_digit_where_the_data_base_has_it(bars):
    """Also in the middle of the margin that section II-B adds; the class is its label."""
    found = training_images(bars, 200, 1, replace(CLEAN, blanks=0, least_gap=1))
    for image, label in zip(found.images, found.labels, strict=True):
        width = 2 + int(label)
        first = 15 - int(label) // 2
        assert (100 + 10 * label, first, first + width - 1) in runs(image[16])
        assert not image[:6].any() and not image[26:].any()


@pytest.mark.parametrize(("least", "most"), [(1, 4), (2, 2)])
def test_neighbours_stand_at_every_gap_of_the_range(bars, least, most):
    found = training_images(bars, 400, 2, replace(CLEAN, blanks=0, least_gap=least, most_gap=most))
    pairs = set()
    for image, label in zip(found.images, found.labels, strict=True):
        first, row = 15 - int(label) // 2, np.flatnonzero(image[16])
        pairs.add((first - row[row < first][-1] - 1, row[row > first + 1 + label][0] - first - 2 - int(label)))
    assert pairs == {(left, right) for left in range(least, most + 1) for right in range(least, most + 1)}


def test_every_digit_is_a_neighbour(bars):
    found = training_images(bars, 300, 9, replace(CLEAN, blanks=0, least_gap=1))
    for side in (slice(0, 11), slice(22, None)):  # the middle, without what the widest digit takes
        assert {value for image in found.images for value, _, _ in runs(image[16, side])} == set(range(100, 200, 10))


def test_boxes_that_overlap_by_a_pixel_are_joined_by_the_darker_ink_or_the_sum(bars):
    """Gap -1: the last column of one is the first column of the next."""
    for overlap in ("max", "sum"):
        layout = replace(CLEAN, blanks=0, least_gap=-1, most_gap=-1, overlap=overlap)
        found = training_images(bars, 50, 3, layout)
        for image, label in zip(found.images, found.labels, strict=True):
            grey, width, first = 100 + 10 * int(label), 2 + int(label), 15 - int(label) // 2
            if width == 2:
                continue
            values = image[16, first - 1 : first + width + 1].astype(int)
            left, right, inner = values[0], values[-1], values[2:-2]
            assert (inner == grey).all()
            expected = [max(grey, each) if overlap == "max" else min(grey + each, 255) for each in (left, right)]
            assert [values[1], values[-2]] == expected


@pytest.mark.parametrize("gap", [0, 1, 4])
def test_a_blank_has_nothing_in_the_middle_or_shows_the_middle_of_a_gap(bars, gap):
    layout = replace(CLEAN, blanks=1, least_gap=gap, most_gap=gap)
    removed = training_images(bars, 100, 4, replace(layout, blank_shows="removed"))
    assert set(removed.labels) == {BLANK}
    kept = training_images(bars, 100, 4, replace(layout, blanks=0))
    for image, whole, label in zip(removed.images, kept.images, kept.labels, strict=True):
        first = 15 - int(label) // 2
        assert not image[:, first : first + 2 + int(label)].any(), "its place is empty"
        whole[:, first : first + 2 + int(label)] = 0
        np.testing.assert_array_equal(image, whole)
    between = training_images(bars, 100, 4, replace(layout, blank_shows="between"))
    for image in between.images:
        row = image[16]
        left, right = row[: FIELD // 2 - (gap + 1) // 2], row[FIELD // 2 - (gap + 1) // 2 + gap :]
        assert left[-1] and right[0] and not row[len(left) : FIELD - len(right)].any()
        assert abs(len(left) - len(right)) <= 1


def test_the_share_of_blanks_and_of_what_they_show(digits):
    found = training_images(digits.train, 3000, 5, CLEAN)
    assert (found.labels == BLANK).mean() == pytest.approx(1 / 11, abs=0.02)
    layout = replace(CLEAN, blanks=1, least_gap=4)
    empty = {}
    for shows in ("removed", "between", "both"):
        images = training_images(digits.train, 500, 5, replace(layout, blank_shows=shows)).images
        empty[shows] = (~images[:, :, 11:21].any((1, 2))).mean()
    assert empty["between"] == 0 < empty["both"] < empty["removed"]
    assert empty["both"] == pytest.approx(empty["removed"] / 2, abs=0.07)


def test_every_digit_comes_to_the_centre_once_before_any_comes_again(bars):
    found = training_images(bars, 25, 6, replace(CLEAN, blanks=0))
    assert sorted(found.labels[:10]) == sorted(found.labels[10:20]) == list(range(10))
    assert len(set(found.labels[20:])) == 5


def test_noise_inverts_a_tenth_of_the_whole_field_and_nothing_else(digits):
    clean, noisy = (training_images(digits.train, 400, 7, layout) for layout in (CLEAN, replace(CLEAN, noise=0.1)))
    np.testing.assert_array_equal(clean.labels, noisy.labels)
    turned = clean.images != noisy.images
    np.testing.assert_array_equal(noisy.images[turned], 255 - clean.images[turned])
    assert turned.mean() == pytest.approx(0.1, abs=0.003)
    assert turned[:, 0].mean() == pytest.approx(0.1, abs=0.01), "the margin has noise too"


@pytest.mark.parametrize("layout", [Layout(shift=2), Layout(shift=0, jitter=2)])
def test_shift_moves_the_whole_and_jitter_each_character(bars, layout):
    still, moved = (
        training_images(bars, 200, 8, replace(each, noise=0, blanks=0, least_gap=1)).images for each in (CLEAN, layout)
    )
    if layout.shift:
        by = [
            [shift for shift in range(-2, 3) if (np.roll(image, -shift, 1) == middle)[:, 4:-4].all()]
            for middle, image in zip(still, moved, strict=True)
        ]
        assert {each[0] for each in by} == {-2, -1, 0, 1, 2}
    else:
        assert {int(image[:, 15].argmax()) for image in moved} == {4, 5, 6, 7, 8}
        np.testing.assert_array_equal(still.sum(1), moved.sum(1))


@pytest.mark.parametrize("length", [1, 2, 5, 10])
def test_strings_have_their_digits_from_left_to_right_in_the_middle_of_a_field(bars, length):
    found = strings(bars, 50, length, 1, replace(CLEAN, least_gap=1))
    count, height, width = found.images.shape
    assert (count, height, found.labels.shape) == (50, FIELD, (50, length))
    assert (width - FIELD) % STEP == 0
    gaps = set()
    for image, labels, boxes in zip(*found, strict=True):
        row = runs(image[16])
        assert boxes.tolist() == [[first, last + 1] for _, first, last in row]
        assert [value for value, _, _ in row] == [100 + 10 * label for label in labels]
        gaps |= {b[1] - a[2] - 1 for a, b in zip(row, row[1:], strict=False)}
        left, right = row[0][1], width - 1 - row[-1][2]
        assert min(left, right) >= MARGIN and abs(left - right) <= 1
    assert gaps == (set() if length == 1 else {1, 2, 3, 4})


@pytest.mark.parametrize("make", [lambda d, s: training_images(d, 50, s), lambda d, s: strings(d, 50, 3, s)])
def test_images_are_a_function_of_the_seed_and_of_the_set_alone(digits, make):
    one, same, other = make(digits.train, 1), make(digits.train, 1), make(digits.train, 2)
    np.testing.assert_array_equal(one.images, same.images)
    np.testing.assert_array_equal(one.labels, same.labels)
    assert (one.images != other.images).any()
    assert (make(digits.test, 1).labels != one.labels).any()


def test_strings_are_made_of_the_digits_that_are_given(digits):
    """Of one digit of each class, each string repeats these and no others."""
    few = Patterns(digits.test.images[:3], digits.test.labels[:3])
    found = strings(few, 20, 4, 1, replace(CLEAN, least_gap=1))
    assert set(found.labels.ravel()) <= set(few.labels)
    ink = [int(image.sum()) for image in few.images]
    for image in found.images:
        total = int(image.sum())
        assert any(total == a + b + c + d for a in ink for b in ink for c in ink for d in ink)


@pytest.mark.parametrize(
    "use",
    [
        lambda d: training_images(d, 0, 1),
        lambda d: strings(d, 0, 5, 1),
        lambda d: strings(d, 5, 0, 1),
        lambda d: training_images(Patterns(d.images * 0, d.labels), 5, 1),
        lambda d: strings(Patterns(np.zeros((2, 3, 28, 28), np.uint8), d.labels[:2]), 5, 2, 1),
        lambda d: strings(Patterns(np.zeros((2, 40, 40), np.uint8), d.labels[:2]), 5, 2, 1),
        lambda d: strings(Patterns(d.images[:0], d.labels[:0]), 5, 2, 1),
    ],
)
def test_what_makes_no_sense_is_refused(bars, use):
    with pytest.raises(DataError, match="ask for|leave it out|28 x 28"):
        use(bars)


@pytest.mark.parametrize(
    "wrong",
    [
        {"least_gap": 5},
        {"most_gap": 40},
        {"blanks": 1.1},
        {"noise": -0.1},
        {"shift": -1},
        {"jitter": 3},
        {"overlap": "min"},
        {"blank_shows": "x"},
    ],
)
def test_layouts_that_make_no_sense_are_refused(wrong):
    with pytest.raises(DataError, match="give|choose"):
        Layout(**wrong)
