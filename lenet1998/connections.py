"""Table I: which S2 maps feed each C3 map.

The incomplete table breaks the symmetry between the maps and keeps the number of connections within bounds (section
II-B): the first six C3 maps see three neighbouring S2 maps, the next six four neighbouring ones, the next three four
that are not all neighbours, and the last all six. It is drawn here as the paper prints it, a row for each S2 map and
a column for each C3 map, and everything else (fan-ins, kernels, parameter counts) is derived from the drawing.
"""

from __future__ import annotations

import numpy as np

_TABLE_I = """
    X . . . X X X . . X X X X . X X
    X X . . . X X X . . X X X X . X
    X X X . . . X X X . . X . X X X
    . X X X . . X X X X . . X . X X
    . . X X X . . X X X X . X X . X
    . . . X X X . . X X X X . X X X
"""


def parse_table(drawing: str) -> np.ndarray:
    """Read a drawing of X and . into a bool array (maps in the layer below, maps in this layer).

    Raises ValueError when the rows differ in length or hold anything else.

    >>> parse_table("X . \\n X X").astype(int).tolist()
    [[1, 0], [1, 1]]
    """
    rows = [line.split() for line in drawing.strip().splitlines()]
    if len({len(row) for row in rows}) != 1 or {cell for row in rows for cell in row} - {"X", "."}:
        raise ValueError("a connection table has rows of equal length, made of X and .")
    return np.array([[cell == "X" for cell in row] for row in rows])


TABLE_I = parse_table(_TABLE_I)
"""bool (6, 16): entry [i, j] is True where S2 map i feeds C3 map j; 60 of the 96 are."""


def full_table(inputs: int, outputs: int) -> np.ndarray:
    """The table in which every map feeds every map, as in C1 and C5: bool (inputs, outputs)."""
    return np.ones((inputs, outputs), dtype=bool)


def inputs_of(table: np.ndarray) -> list[list[int]]:
    """For each map of the layer, the numbers of the maps that feed it: Table I read by columns.

    >>> inputs_of(TABLE_I)[9]
    [0, 3, 4, 5]
    """
    return [np.flatnonzero(column).tolist() for column in table.T]
