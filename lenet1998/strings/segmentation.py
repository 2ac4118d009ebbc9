"""Heuristic over-segmentation: more cuts than needed, and a graph of what the pieces may be (section V).

Cuts are made at minima of the vertical projection of the ink and of the distance between its upper and lower contour.
The segmentation graph has a node before, between and after the pieces, and an arc for every run of pieces whose ink
could be a character, so that each path uses each piece once. The paper says neither how deep a minimum must be, nor how
many pieces a character may have beyond the two of Figure 16, nor how a segment is brought to the recogniser's field
(entry 42 of paper_notes.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lenet1998.errors import DataError
from lenet1998.patterns import CLASSES, Patterns
from lenet1998.strings.compose import Interpretation, Transducer, compose
from lenet1998.strings.grammar import BLANK, any_string, only
from lenet1998.strings.graph import Graph
from lenet1998.strings.images import FIELD, Strings

# Ink below this grey does not join two pieces; the edges of MNIST's strokes are anti-aliased.
FAINT = 64
# Columns between the edge of a segment and that of its character at most.
CLOSE = 2


@dataclass(frozen=True)
class Segmentor:
    """What is a cut and what is a segment, in pixels of a string 32 high whose digits are 20.

    A minimum of the projection counts if it is ``depth`` pixels of ink deep, one of the distance between contours if
    it is ``notch`` deep; of two cuts within ``least_width`` columns that with less ink stays. A segment is one to
    ``most_pieces`` pieces, at most ``most_width`` wide, without an empty gap wider than ``wide_gap``. In the middle of
    its field stands its centre of "mass", as of the digits of the data base, or of its bounding "box".

    >>> Segmentor().most_pieces
    3
    """

    depth: float = 2.0
    notch: float = 4.0
    least_width: int = 3
    most_pieces: int = 3
    most_width: int = 22
    wide_gap: int = 4
    centre: str = "mass"

    def pieces(self, image: np.ndarray) -> list[tuple[int, int]]:
        """The first column of each piece of ink, and the first after it, from left to right; uint8 (32, W).

        >>> image = np.zeros((32, 60), np.uint8)
        >>> image[6:26, 10:14] = image[6:26, 30:34] = image[24:26, 10:34] = 255
        >>> Segmentor().pieces(image)
        [(10, 21), (21, 34)]
        """
        inked = image >= FAINT
        columns = np.flatnonzero(np.diff(inked.any(axis=0), prepend=False, append=False))
        found: list[tuple[int, int]] = []
        for begin, end in columns.reshape(-1, 2).tolist():
            edges = [begin, *(begin + cut for cut in self._cuts(image[:, begin:end])), end]
            found += zip(edges[:-1], edges[1:], strict=True)
        return found

    def segments(self, image: np.ndarray) -> Segments:
        """The segmentation graph of a string uint8 (32, W), with the image of each arc.

        Raises DataError for an image of another kind, or without ink.

        >>> image = np.zeros((32, 60), np.uint8)
        >>> image[6:26, 10:14] = image[6:26, 20:24] = 255
        >>> found = Segmentor(wide_gap=8).segments(image)
        >>> list(zip(found.sources.tolist(), found.targets.tolist(), found.spans.tolist()))
        [(0, 1, [10, 14]), (0, 2, [10, 24]), (1, 2, [20, 24])]
        """
        if image.dtype != np.uint8 or image.ndim != 2 or len(image) != FIELD:
            raise DataError(f"the string is {image.dtype} of shape {image.shape}: give uint8 (32, W)")
        pieces = self.pieces(image)
        if not pieces:
            raise DataError("the image is blank: give one that shows a string")
        arcs = []
        for first, (begin, _) in enumerate(pieces):
            for last in range(first, min(first + self.most_pieces, len(pieces))):
                apart = last > first and pieces[last][0] - pieces[last - 1][1] > self.wide_gap
                if apart or (last > first and pieces[last][1] - begin > self.most_width):
                    break
                arcs.append((first, last + 1, begin, pieces[last][1]))
        sources, targets, begins, ends = np.array(arcs).T
        fields = np.stack([_centred(image[:, begin:end], self.centre) for _, _, begin, end in arcs])
        return Segments(sources, targets, np.stack([begins, ends], axis=1), fields)

    def _cuts(self, ink: np.ndarray) -> list[int]:
        """Columns before which ink uint8 (32, W), without an empty column, is cut."""
        from scipy.signal import find_peaks  # it takes half a second to load, and other commands need none of it

        projection = ink.sum(axis=0) / 255
        inked = ink >= FAINT
        distance = len(ink) - inked.argmax(axis=0) - inked[::-1].argmax(axis=0)
        minima = np.concatenate(
            [find_peaks(-projection, prominence=self.depth)[0], find_peaks(-distance, prominence=self.notch)[0]]
        )
        kept: list[int] = []
        for cut in sorted(set(minima.tolist()), key=lambda column: projection[column]):
            if all(abs(cut - other) >= self.least_width for other in (*kept, 0, ink.shape[1])):
                kept.append(cut)
        return sorted(kept)


@dataclass(frozen=True, eq=False)
class Segments:
    """The segmentation graph: arc i leads from cut ``sources[i]`` to cut ``targets[i]`` with the ink of ``spans[i]``.

    Integer (arcs,), (arcs,) and (arcs, 2), first column and the first after; ``images`` uint8 (arcs, 32, 32). Arcs are
    listed by their sources. It is the recogniser of its string, with penalties float (arcs, 10).
    """

    sources: np.ndarray
    targets: np.ndarray
    spans: np.ndarray
    images: np.ndarray

    def graph(self, penalties: np.ndarray) -> Graph:
        """The recognition graph: for each segment one arc per class, with the recogniser's penalty.

        >>> found = Segments(np.array([0]), np.array([1]), np.array([[0, 9]]), np.zeros((1, 32, 32), np.uint8))
        >>> found.graph(np.zeros((1, 10))).labels.tolist()
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        """
        return Graph(
            np.repeat(self.sources, CLASSES),
            np.repeat(self.targets, CLASSES),
            np.tile(np.arange(CLASSES), len(self.sources)),
            np.asarray(penalties, float).ravel(),
        )

    def grammar(self, labels: Sequence[int] | None = None) -> Transducer:
        """A label a segment: these, or any."""
        return any_string() if labels is None else only(labels)

    def free(self, penalties: np.ndarray) -> Interpretation:
        """All strings that the segments can spell: the recognition graph composed with `any_string`."""
        return compose(self.graph(penalties), self.grammar())

    def constrained(self, penalties: np.ndarray, labels: Sequence[int]) -> Interpretation:
        """The paths that spell these labels. Raises NoPathError where no path has so many segments."""
        return compose(self.graph(penalties), self.grammar(labels))

    def by_class(self, gradient: np.ndarray) -> np.ndarray:
        """The derivatives by the arcs of the recognition graph as those by the penalties, (arcs, 10)."""
        return gradient.reshape(-1, CLASSES)

    def columns(self, arc: int) -> tuple[int, int]:
        """The columns of an arc of the recognition graph: the first, and the one after the last."""
        begin, end = self.spans[arc // CLASSES].tolist()
        return begin, end


def training_segments(found: Strings, segmentor: Segmentor) -> Patterns:
    """All segments of the strings, with their characters' labels, or BLANK for what is no character (section X-A).

    A segment is a character where both its edges are within 2 columns of the edges of the character's box.

    >>> from lenet1998.strings.images import Layout, strings
    >>> bars = Patterns(np.zeros((2, 28, 28), np.uint8), np.array([1, 7], np.uint8))
    >>> bars.images[:, 4:24, 12:16] = 255
    >>> segments = training_segments(strings(bars, 1, length=2, seed=1, layout=Layout(2, 2, noise=0)), Segmentor())
    >>> segments.images.shape, np.bincount(segments.labels == BLANK).tolist()
    ((3, 32, 32), [2, 1])
    """
    images, labels = [], []
    for image, own, boxes in zip(found.images, found.labels, found.boxes, strict=True):
        segments = segmentor.segments(image)
        near = (np.abs(segments.spans[:, None] - boxes) <= CLOSE).all(axis=2)
        images.append(segments.images)
        labels.append(np.where(near.any(axis=1), own[near.argmax(axis=1)], np.uint8(BLANK)))
    return Patterns(np.concatenate(images), np.concatenate(labels))


def _centred(ink: np.ndarray, centre: str) -> np.ndarray:
    """A segment uint8 (32, W) in the middle of the field's columns; rows are those of the string."""
    ink = ink[:, :FIELD]
    columns = np.arange(ink.shape[1])
    by_column = ink.sum(axis=0, dtype=float)
    middle = by_column @ columns / by_column.sum() if centre == "mass" else (len(columns) - 1) / 2
    left = min(max(round(FIELD / 2 - middle), 0), FIELD - len(columns))
    field = np.zeros((FIELD, FIELD), np.uint8)
    field[:, left : left + len(columns)] = ink
    return field
