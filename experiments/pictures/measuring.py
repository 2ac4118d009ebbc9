"""One picture, answered by the packaged networks as the commands use them, and what that comes to."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from experiments.pictures.made.kinds import cases
from experiments.pictures.made.paper import Case
from lenet1998 import pretrained
from lenet1998.commands.networks import chosen_network, engine_of
from lenet1998.commands.read import Reader
from lenet1998.engine import Engine
from lenet1998.errors import DataError
from lenet1998.photos.digit import read_image
from lenet1998.running.work import DataChoice
from lenet1998.strings.answers import DOUBTFUL, Answer
from lenet1998.training import Progress

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


def measured(
    out: Path,
    progress: Progress | None,
    passed: Callable[[dict], None] | None,
    *,
    kind: str,
    count: int,
    choice: DataChoice,
) -> dict[str, Any]:
    """How many of a kind's pictures, of test digits, come to what, and confidences with whether they were right."""
    with tempfile.TemporaryDirectory() as folder:
        every = [readers().found(case, Path(folder)) for case in cases(kind, choice.load().test, count)]
    counts = Counter(found.outcome for found in every)
    sure = [[round(min(a.confidence for a in found.answers), 4), found.right] for found in every if found.answers]
    return {"outcomes": {outcome: counts[outcome] for outcome in OUTCOMES}, "confidences": sure}
