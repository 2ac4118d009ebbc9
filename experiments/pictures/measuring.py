"""What becomes of a picture: right, doubted, warned, refused or silent.

    python -m experiments.pictures.measuring [KIND ...] [--count 100] [--out FILE]

"right" is the right string with a confidence of 0.5 or more, or a refusal where there is nothing to read; "doubted" the
right string below that; "warned" a wrong string below it; "refused" no answer where there is one; "silent" a wrong
string with a confidence of 0.5 or more. `predict` states no confidence: its wrong answers are silent.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from experiments.pictures.made.kinds import KINDS, cases
from experiments.pictures.made.paper import Case
from lenet1998 import pretrained
from lenet1998.commands.networks import chosen_network, engine_of
from lenet1998.commands.read import DOUBTFUL, answer
from lenet1998.data.mnist import load_mnist
from lenet1998.engine import Engine
from lenet1998.errors import DataError
from lenet1998.files import write_json
from lenet1998.photos.digit import read_image
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.strings.picture import read_picture

OUTCOMES = ("right", "doubted", "warned", "refused", "silent")


class Readers:
    """The packaged networks, as the commands use them."""

    def __init__(self) -> None:
        self.strings: Checkpoint = pretrained.load(pretrained.STRINGS)
        self.digit: Engine = engine_of(chosen_network("default")[0])

    def outcome(self, case: Case, folder: Path) -> str:
        """One of `OUTCOMES`."""
        path = folder / "picture.png"
        case.picture.save(path, compress_level=1)
        try:
            digits, sure = self._answer(case, path)
        except DataError:
            return "right" if case.truth is None else "refused"
        if case.truth == digits and not case.mark:
            return "right" if sure else "doubted"
        return "silent" if sure else "warned"

    def _answer(self, case: Case, path: Path) -> tuple[str, bool]:
        if case.command == "predict":
            return str(int(self.digit.penalties(read_image(path)[None])[0].argmin())), True
        found = answer(self.strings, read_picture(path), path)
        return found.digits, found.confidence >= DOUBTFUL


def measured(kind: str, readers: Readers, count: int) -> dict[str, int]:
    """How many of a kind's pictures, of test digits, come to what."""
    with tempfile.TemporaryDirectory() as folder:
        found = Counter(readers.outcome(case, Path(folder)) for case in cases(kind, load_mnist().test, count))
    return {outcome: found[outcome] for outcome in OUTCOMES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", metavar="KIND", nargs="*", help="default: all")
    parser.add_argument("--count", type=int, default=100, help="pictures per kind (default: 100)")
    parser.add_argument("--out", type=Path, help="write the table as JSON")
    arguments = parser.parse_args()
    readers, table = Readers(), {}
    for kind in arguments.kinds or KINDS:
        table[kind] = measured(kind, readers, arguments.count)
        print(f"{kind:<24}" + "".join(f"{table[kind][what]:5} {what}" for what in OUTCOMES), flush=True)
        if arguments.out:
            write_json(arguments.out, {"count": arguments.count, "kinds": table})


if __name__ == "__main__":
    main()
