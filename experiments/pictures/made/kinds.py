"""All kinds by name, and pictures of one, always the same ones."""

import zlib
from collections.abc import Iterator

import numpy as np

from experiments.pictures.made.digits import DIGITS
from experiments.pictures.made.lines import LINES
from experiments.pictures.made.paper import Case, Make, Source
from experiments.pictures.made.rubbish import RUBBISH
from experiments.pictures.made.signs import SIGNS
from experiments.pictures.made.unnamed import UNNAMED
from lenet1998.patterns import Patterns

KINDS: dict[str, Make] = {**LINES, **SIGNS, **RUBBISH, **DIGITS, **UNNAMED}


def cases(kind: str, digits: Patterns, count: int, seed: int = 1998, learning: bool = False) -> Iterator[Case]:
    """Pictures of a kind: a function of the seed; with `learning` of the fonts and hands that may be learned from."""
    for k in range(count):
        rng = np.random.default_rng([seed, k, zlib.crc32(kind.encode()), learning])
        yield KINDS[kind](Source(digits, rng, learning))
