"""Table I: which S2 maps feed each C3 map.

The incomplete table breaks the symmetry between the maps and keeps the number of connections within bounds (section
II-B): the first six C3 maps see three neighbouring S2 maps, the next six four neighbouring ones, the next three four
that are not all neighbours, and the last all six. It is drawn here as the paper prints it, a row for each S2 map and
a column for each C3 map, and everything else (fan-ins, kernels, parameter counts) is derived from the drawing.
"""

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
    """Read a drawing of X and . into a bool array (maps in the layer below, maps in this layer), which stays as it is.

    A row is a line, or ends at a slash; spaces do not count. Raises ValueError when the rows differ in length or hold
    anything else.

    >>> parse_table("X . \\n X X").astype(int).tolist(), parse_table("X./XX").shape
    ([[1, 0], [1, 1]], (2, 2))
    """
    rows = ["".join(line.split()) for line in drawing.strip().replace("/", "\n").splitlines()]
    if len({len(row) for row in rows}) != 1 or not rows[0] or set("".join(rows)) - {"X", "."}:
        raise ValueError("a connection table has rows of equal length, made of X and .")
    return fixed(np.array([[cell == "X" for cell in row] for row in rows]))


def fixed(table: np.ndarray) -> np.ndarray:
    """The table in memory that nobody can write to: a network is what its recipe says, and not what was written since.

    >>> TABLE_I.setflags(write=True)
    Traceback (most recent call last):
    ...
    ValueError: cannot set WRITEABLE flag to True of this array
    """
    return np.frombuffer(table.tobytes(), table.dtype).reshape(table.shape)


def drawn(table: np.ndarray) -> str:
    """What `parse_table` reads, in one line: the rows with slashes between.

    >>> drawn(parse_table("X . \\n X X"))
    'X./XX'
    """
    return "/".join("".join("X" if cell else "." for cell in row) for row in table)


TABLE_I = parse_table(_TABLE_I)
"""bool (6, 16): entry [i, j] is True where S2 map i feeds C3 map j; 60 of the 96 are."""

_LENET1 = """
    X X X . X X . . . . . .
    . X X X X X . . . . . .
    . . . . . . X X X . X X
    . . . . . . . X X X X X
"""
LENET1_H3 = parse_table(_LENET1)
"""bool (4, 12): which H2 maps of LeNet-1 feed each H3 map; 20 of the 48 do.

The paper of 1998 has no such table. This one is that of the network's article of 1989 as it is quoted at second hand,
not compared with the article itself (entry 31 of paper_notes.md).
"""


def lenet4_c3() -> np.ndarray:
    """bool (8, 16): each C3 map of LeNet-4 sees one S2 map of each pair; there are 16 ways to choose.

    Our choice, for section III-C.8 does not say. Pair p is the S2 maps 2p and 2p + 1.

    >>> inputs_of(lenet4_c3())[0], inputs_of(lenet4_c3())[5]
    ([0, 2, 4, 6], [1, 2, 5, 6])
    """
    chosen = np.arange(16) >> np.arange(4)[:, None] & 1
    return fixed((np.arange(2) == chosen[..., None]).transpose(0, 2, 1).reshape(8, 16))


def lenet4_c5() -> np.ndarray:
    """bool (16, 120): the C5 units of LeNet-4 see five S4 maps, from the 65th unit on four, at equal distances round
    the circle of 16.

    Our choice: were the layer fully connected, as section III-C.8 has it, it alone would have 48,120 parameters, and
    the network has "about 17,000".

    >>> inputs_of(lenet4_c5())[1], inputs_of(lenet4_c5())[80]
    ([1, 2, 3, 4, 5], [0, 3, 6, 9])
    """
    table = np.zeros((16, 120), bool)
    for unit in range(120):
        group, first = divmod(unit, 16)
        seen = np.arange(5 if group < 4 else 4)
        table[(first + (2 * group + 1) % 8 * seen) % 16, unit] = True
    return fixed(table)


def full_table(inputs: int, outputs: int) -> np.ndarray:
    """The table in which every map feeds every map, as in C1 and C5: bool (inputs, outputs)."""
    return fixed(np.ones((inputs, outputs), dtype=bool))


C3_TABLES = {"table": TABLE_I, "full": full_table(*TABLE_I.shape)}
"""The tables of C3 that a recipe has a name for."""


def inputs_of(table: np.ndarray) -> list[list[int]]:
    """For each map of the layer, the numbers of the maps that feed it: Table I read by columns.

    >>> inputs_of(TABLE_I)[9]
    [0, 3, 4, 5]
    """
    return [np.flatnonzero(column).tolist() for column in table.T]
