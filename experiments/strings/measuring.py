"""How the networks of the experiment read: errors and confidences on one set of test strings."""

import time
from dataclasses import dataclass

import numpy as np

from lenet1998.engine import Passes
from lenet1998.patterns import Patterns
from lenet1998.strings.graph import NoPathError
from lenet1998.strings.images import Layout, strings
from lenet1998.strings.reading import Recogniser, confidence, read
from lenet1998.strings.scores import edit_distance
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.segmentation import Segmentor

# Strings that go through the network at a time.
_BLOCK = 100


@dataclass(frozen=True)
class TestSet:
    """Strings of ``length`` characters: images uint8 (S, 32, W), labels, and for each what its segments are, if asked
    for: cutting is the same for all networks."""

    images: np.ndarray
    labels: list[list[int]]
    segments: list | None


def test_set(digits: Patterns, count: int, length: int, layout: Layout, seed: int, cut: bool) -> TestSet:
    """`count` strings of these digits, the same for all networks."""
    found = strings(digits, count, length, seed, layout)
    segments = [Segmentor().segments(image) for image in found.images] if cut else None
    return TestSet(found.images, found.labels.tolist(), segments)


def penalties_of(passes: Passes, tests: TestSet, j: float | None, scale: float) -> list[tuple[Recogniser, np.ndarray]]:
    """For each string its recogniser, swept with a blank of penalty `j` or, where it is None, by segments, and the
    penalties that the network gives it."""
    if j is None:
        assert tests.segments is not None
        images = np.concatenate([segments.images for segments in tests.segments])
        y = scale * np.concatenate([passes.forward(images[at : at + 2000]) for at in range(0, len(images), 2000)])
        ends = np.cumsum([len(segments.images) for segments in tests.segments])[:-1]
        return list(zip(tests.segments, np.split(y, ends), strict=True))
    rows = [passes.forward(tests.images[at : at + _BLOCK]) for at in range(0, len(tests.images), _BLOCK)]
    y = scale * np.concatenate(rows)
    return [(SDNN(j), own) for own in y.reshape(len(tests.images), -1, y.shape[1])]


def measured(passes: Passes, tests: TestSet, j: float | None, scale: float, confidences: bool = False) -> dict:
    """Wrong strings, edits, characters, and milliseconds a string; if asked for, which strings are right, a 1 or a 0
    for each, the most confident first."""
    started = time.perf_counter()
    found = penalties_of(passes, tests, j, scale)
    answers = [read(own, y).labels for own, y in found]
    seconds = time.perf_counter() - started
    distances = [edit_distance(answer, labels) for answer, labels in zip(answers, tests.labels, strict=True)]
    result: dict[str, float | str] = {
        "strings": len(answers),
        "characters": sum(map(len, tests.labels)),
        "wrong": sum(distance > 0 for distance in distances),
        "edits": sum(distances),
        "ms_a_string": round(1000 * seconds / len(answers), 3),
    }
    if confidences:
        sure = np.array([_sure(own, y, answer) for (own, y), answer in zip(found, answers, strict=True)])
        order = np.argsort(-sure, kind="stable")
        result["right"] = "".join("0" if distances[place] else "1" for place in order)
    return result


def _sure(own: Recogniser, y: np.ndarray, answer: list[int]) -> float:
    try:
        return confidence(own, y, answer)
    except NoPathError:
        return 0.0
