"""What becomes of a picture: right, doubted, warned, refused or silent.

    python -m experiments.pictures.measuring [KIND ...] [--count 100] [--jobs 2] [--out FILE]

"right" is the right string with a confidence of 0.5 or more, or a refusal where there is nothing to read; "doubted" the
right string below that; "warned" a wrong string below it; "refused" no answer where there is one; "silent" a wrong
string with a confidence of 0.5 or more. A string beside which something is written is right where that is named, and
silent or warned where it is not. `predict` states no confidence: its wrong answers are silent.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from experiments.pictures.made.kinds import KINDS, cases
from experiments.pictures.made.paper import Case
from lenet1998 import pretrained
from lenet1998.commands.networks import chosen_network, engine_of
from lenet1998.commands.read import Reader
from lenet1998.data.mnist import load_mnist
from lenet1998.engine import Engine
from lenet1998.errors import DataError
from lenet1998.files import write_json
from lenet1998.photos.digit import read_image
from lenet1998.running.provenance import provenance
from lenet1998.strings.answers import DOUBTFUL, Answer

OUTCOMES = ("right", "doubted", "warned", "refused", "silent")


class Found(NamedTuple):
    """What a picture came to; the answers of `read`, none where it refused; and whether these are right."""

    outcome: str
    answers: tuple[Answer, ...] = ()
    right: bool = False


class Readers:
    """The packaged networks, as the commands use them."""

    def __init__(self) -> None:
        self.reader = Reader(pretrained.load(pretrained.STRINGS))
        self.digit: Engine = engine_of(chosen_network("default")[0])

    def found(self, case: Case, folder: Path) -> Found:
        """What becomes of a picture."""
        path = folder / "picture.png"
        case.picture.save(path, compress_level=1)
        try:
            if case.command == "predict":
                digit = str(int(self.digit.penalties(read_image(path)[None])[0].argmin()))
                return Found("right" if digit == case.truth else "silent")
            answers = tuple(told.answer for told in self.reader.read(path, case.command == "lines"))
        except DataError:
            return Found("right" if case.truth is None else "refused")
        sure = min(answer.confidence for answer in answers) >= DOUBTFUL
        right = case.truth == " ".join(answer.digits for answer in answers) and is_named(case.mark, answers)
        outcome = ("right" if sure else "doubted") if right else ("silent" if sure else "warned")
        return Found(outcome, answers, right)


def is_named(mark: str, answers: Iterable[Answer]) -> bool:
    """Whether the answers name what stands beside the digits."""
    kinds = {named["kind"] for answer in answers for named in answer.marks()}
    return not mark or (bool(kinds) if mark == "any" else mark in kinds)


@cache
def readers() -> Readers:
    """Those of this process."""
    return Readers()


def measured(kind: str, count: int) -> tuple[dict[str, int], list[tuple[float, bool]]]:
    """How many of a kind's pictures, of test digits, come to what, and confidences with whether they were right."""
    digits = load_mnist().test
    with tempfile.TemporaryDirectory() as folder:
        every = [readers().found(case, Path(folder)) for case in cases(kind, digits, count)]
    counts = Counter(found.outcome for found in every)
    sure = [(min(a.confidence for a in found.answers), found.right) for found in every if found.answers]
    return {outcome: counts[outcome] for outcome in OUTCOMES}, sure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", metavar="KIND", nargs="*", help="default: all")
    parser.add_argument("--count", type=int, default=100, help="pictures per kind (default: 100)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--out", type=Path, help="write the table as JSON")
    arguments = parser.parse_args()
    kinds, table, pairs = arguments.kinds or list(KINDS), {}, []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for kind, (row, sure) in zip(kinds, pool.map(measured, kinds, repeat(arguments.count)), strict=True):
            table[kind] = row
            pairs += [[kind, round(confidence, 4), right] for confidence, right in sure]
            print(f"{kind:<24}" + "".join(f"{row[what]:5} {what}" for what in OUTCOMES), flush=True)
    if arguments.out:
        about = {"made_by": "python -m experiments.pictures.measuring", "count": arguments.count, **provenance()}
        write_json(arguments.out, {**about, "kinds": table, "confidences": pairs})


if __name__ == "__main__":
    main()
