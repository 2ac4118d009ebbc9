"""Grammars for strings of digits: which sequences of labels a recogniser may give (sections VI and VII-A).

Of the transducer of Figure 24 the paper says only that it "prevents characters from appearing on contiguous outputs"
(section VII-B). Here, as the five answers of Figures 25 and 26 allow (entry 40 of paper_notes.md), a character is a run
of outputs of one class, and at least one blank stands between two characters.
"""

from collections.abc import Sequence

from lenet1998.patterns import CLASSES
from lenet1998.strings.compose import Move, Transducer
from lenet1998.strings.graph import NOTHING

BLANK = CLASSES
"""The label of an output, or of an image, with no character in its middle: section VII-B's "blank space" class."""


def any_string() -> Transducer:
    """Any sequence of digits, a label a character: what segments may spell (section V).

    >>> len(any_string().moves)
    10
    """
    return Transducer([Move(0, 0, digit, digit) for digit in range(CLASSES)], finals=[0])


def only(labels: Sequence[int]) -> Transducer:
    """This sequence alone, a label a character: the linear graph of the desired labels (section VIII-B).

    >>> [move.reads for move in only([3, 4]).moves]
    [3, 4]
    """
    return Transducer([Move(i, i + 1, label, label) for i, label in enumerate(labels)], finals=[len(labels)])


def any_runs() -> Transducer:
    """Any sequence of digits, each a run of its class, with a blank or more between two: state 0 is blank, 1 + d in d.

    >>> len(any_runs().moves)
    31
    """
    moves = [Move(0, 0, BLANK, NOTHING)]
    for digit in range(CLASSES):
        moves.append(Move(0, 1 + digit, digit, digit))
        moves.append(Move(1 + digit, 1 + digit, digit, NOTHING))
        moves.append(Move(1 + digit, 0, BLANK, NOTHING))
    return Transducer(moves, finals=range(1 + CLASSES))


def only_runs(labels: Sequence[int]) -> Transducer:
    """Runs that spell this sequence alone: state 2i is the blank before the i-th character, 2i + 1 its run.

    >>> [(move.source, move.target) for move in only_runs([7]).moves]
    [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]
    """
    moves = [Move(0, 0, BLANK, NOTHING)]
    for run, label in enumerate(labels):
        before, within, after = 2 * run, 2 * run + 1, 2 * run + 2
        moves.append(Move(before, within, label, label))
        moves.append(Move(within, within, label, NOTHING))
        moves.append(Move(within, after, BLANK, NOTHING))
        moves.append(Move(after, after, BLANK, NOTHING))
    last = 2 * len(labels)
    return Transducer(moves, finals=[last, last - 1] if labels else [0])
