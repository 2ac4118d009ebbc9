"""How work is cut into tiles that fill the registers, so that kernels load a number once and use it several times.

A processor multiplies and adds faster than it loads. A tile is some sums that stay in registers together; whatever is
loaded goes into all of them that it belongs to. AVX2 has 16 registers, and a vector takes two of them: six sums leave
room for what they are made of. AVX-512 has 32, of a vector each. No sum depends on what shares its tile, so its size
may depend on the processor; that `SHARE` kernels share what they load may not, because they are taken in turn.
"""

from collections.abc import Iterator

import numpy as np

PAIR, TRIPLE = 2, 3
"""The sides of a tile of six sums."""

SHARE = TRIPLE
"""As many kernels of a convolution share the map that they see, or fill."""

SUMS = PAIR * TRIPLE
WIDE_SUMS = TRIPLE * TRIPLE
"""Sums in a tile with the registers of AVX2, and with those of AVX-512."""


def runs(count: int, most: int, unit: int = 1) -> dict:
    """Cut `count` things into tiles of at most `most`, nearly equal: constants of loops over tiles of one size.

    There are `parts` such loops: loop p goes from first[p] to last[p] in tiles of size[p], the ends times `unit`.

    >>> runs(13, 3)
    {'parts': 2, 'first': (0, 9), 'last': (9, 13), 'size': (3, 2)}
    """
    tiles = max(1, -(-count // most))
    size, larger = divmod(count, tiles)
    loops = [(number, size) for number, size in ((larger, size + 1), (tiles - larger, size)) if number]
    ends = np.cumsum([0, *(number * size * unit for number, size in loops)]).tolist()
    sizes = tuple(size for _, size in loops)
    return {"parts": len(loops), "first": (*ends[:-1],), "last": (*ends[1:],), "size": sizes}


def tiles(at_once: int, count: int, sums: int, unit: int = 1) -> dict:
    """Cut `count` things, each for `at_once` kernels, into tiles of at most so many sums: constants of loops as in
    `runs`, each for `members` kernels from `begin` on.

    >>> tiles(3, 9, WIDE_SUMS) == {"begin": (0,), "members": (3,), **runs(9, 3)}
    True
    >>> tiles(3, 6, SUMS)["begin"], tiles(3, 6, SUMS)["members"], tiles(3, 6, SUMS)["size"]
    ((0, 2), (2, 1), (3, 6))
    """
    side = TRIPLE if sums >= WIDE_SUMS else PAIR
    loops = []
    for begin in range(0, at_once, side):
        members = min(side, at_once - begin)
        cut = runs(count, sums // members, unit)
        loops += [(begin, members, *ends) for ends in zip(cut["first"], cut["last"], cut["size"], strict=True)]
    names = ("begin", "members", "first", "last", "size")
    return {"parts": len(loops), **dict(zip(names, zip(*loops, strict=True), strict=True))}


def pieces(length: int, lanes: int) -> dict:
    """Cut a row into whole vectors and what is left: constants of loops as in `runs`, with the numbers in a vector.

    >>> pieces(84, 16)
    {'parts': 2, 'first': (0, 80), 'last': (80, 84), 'count': (16, 4)}
    """
    whole = length - length % lanes
    ends = [(0, whole, lanes), (whole, length, length - whole)]
    first, last, count = zip(*(end for end in ends if end[0] < end[1]), strict=True)
    return {"parts": len(first), "first": first, "last": last, "count": count}


def sharing(table: np.ndarray, at_once: int) -> Iterator[dict]:
    """Kernels that have a row of the table in common, up to `at_once` together; yields a dict for each size of group.

    The entries of `table`, bool, are numbered column by column, as kernels are. Group j shares row shared[j]; its
    kernel r is kernels[j * at_once + r], in column own[j * at_once + r].

    >>> list(sharing(np.array([[True, False, True], [True, True, True]]), 2))[0]
    {'groups': 2, 'at_once': 2, 'shared': (0, 1), 'kernels': (0, 3, 1, 2), 'own': (0, 2, 0, 1)}
    """
    return _grouped(table, _numbers(table), at_once)


def sharing_above(table: np.ndarray, at_once: int) -> Iterator[dict]:
    """The same for kernels that have a column in common: `shared` are columns and `own` are rows."""
    return _grouped(table.T, _numbers(table).T, at_once)


def _numbers(table: np.ndarray) -> np.ndarray:
    return np.cumsum(table.T).reshape(table.T.shape).T - 1


def _grouped(table: np.ndarray, number: np.ndarray, at_once: int) -> Iterator[dict]:
    found: dict[int, list[tuple]] = {}
    for row, members in enumerate(table):
        columns = np.flatnonzero(members)
        for own in np.array_split(columns, -(-len(columns) // at_once)) if len(columns) else ():
            found.setdefault(len(own), []).append((row, number[row, own].tolist(), own.tolist()))
    for size in sorted(found, reverse=True):
        shared, kernel, owned = zip(*found[size], strict=True)
        sizes = {"groups": len(shared), "at_once": size, "shared": shared}
        yield sizes | {"kernels": (*sum(kernel, []),), "own": (*sum(owned, []),)}
