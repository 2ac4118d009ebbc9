"""`lenet1998 read`: the digits of pictures with several, by the network swept over each (section VII)."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lenet1998 import pretrained
from lenet1998.commands.networks import CHOICES, chosen_network, stated
from lenet1998.commands.options import add_plugin_options
from lenet1998.commands.show import FORMATS
from lenet1998.errors import CheckpointError, DataError, LeNetError, escaped
from lenet1998.photos.files import NAMES
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.strings.images import FIELD
from lenet1998.strings.picture import MOST_DIGITS, Form, read_picture
from lenet1998.strings.reading import Reading, confidence, read
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.wide import Wide, replicate, swept

DOUBTFUL = 0.5
"""Below this confidence an answer is more likely wrong than right, as the network itself has it."""
MOST_SHOWN = 20


class Answer(NamedTuple):
    """A picture's string: as the network sees it, the penalties of its outputs, how these are read, how surely."""

    form: Form
    penalties: np.ndarray
    reading: Reading
    confidence: float

    @property
    def digits(self) -> str:
        """What is written in the picture."""
        return "".join(map(str, self.reading.labels))

    def places(self) -> list[tuple[int, int]]:
        """For each digit its class, and the picture's column, from 0, in which the middle of it was seen."""
        middles = ((first + after - 1) / 2 for first, after in self.reading.columns)
        return [(label, self.form.column(x)) for label, x in zip(self.reading.labels, middles, strict=True)]

    def as_dict(self, picture: Path) -> dict[str, Any]:
        """What --json says of a picture."""
        places = [{"digit": digit, "column": column} for digit, column in self.places()]
        return {"file": str(picture), "digits": self.digits, "confidence": self.confidence, "positions": places}


def options(parser: argparse.ArgumentParser) -> None:
    """PICTURE, --checkpoint, --json and --show."""
    parser.add_argument(
        "pictures",
        metavar="PICTURE",
        type=Path,
        nargs="+",
        help=f"{NAMES}, of any size, with up to {MOST_DIGITS} digits each",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="CHECKPOINT",
        default=pretrained.STRINGS,
        help=f"{CHOICES}, that learned strings (default: {pretrained.STRINGS})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--show",
        metavar="FILE",
        type=Path,
        help="draw the strings, the outputs' labels and the answers as in Figure 25: PNG, PDF or SVG",
    )
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print what was read; draw it if that is asked for. Raises LeNetError for the last of what could not be read."""
    _check(arguments)
    saved, network = chosen_network(arguments.checkpoint)
    _require_strings(saved, arguments.checkpoint)
    answers: dict[Path, Answer] = {}
    refused: list[LeNetError] = []
    for picture in arguments.pictures:
        try:
            answers[picture] = answer(saved, read_picture(picture), picture)
        except LeNetError as error:  # one picture that cannot be read costs no other's answer
            refused.append(error)
    if answers and arguments.json:
        print(json.dumps([{**answer.as_dict(path), "network": network} for path, answer in answers.items()]))
    elif answers:
        print(stated(network))
        for path, each in answers.items():
            doubt = "" if each.confidence >= DOUBTFUL else ", low: perhaps no digits, or other ones"
            print(f"{escaped(path)}: {each.digits}, confidence {each.confidence:.2f}{doubt}")
            print("  columns: " + "  ".join(f"{digit}: {column}" for digit, column in each.places()))
    if answers and arguments.show:
        _draw(answers, saved, network["name"], arguments.show)
        if not arguments.json:
            print(arguments.show)
    for reason in refused[:-1]:
        print(f"lenet1998: {reason}", file=sys.stderr)
    if refused:
        raise refused[-1]


def answer(saved: Checkpoint, form: Form, name: Path) -> Answer:
    """How the network reads a string. Raises DataError where it sees no digit.

    NumPy computes: even sixty digits take it less time than loading compiled passes would, and compiling those of a
    width that is new takes longer than reading hundreds of pictures.
    """
    penalties = saved.recipe.penalty_scale * swept(Wide(saved.network(), engine="numpy"), form.image)
    sdnn = SDNN(saved.recipe.j)
    reading = read(sdnn, penalties)
    if not reading.labels:
        raise DataError(f"{name}: nothing in the picture looks like a digit: give one that shows a line of digits")
    return Answer(form, penalties, reading, confidence(sdnn, penalties, reading.labels))


def _check(arguments: argparse.Namespace) -> None:
    """Refuse, before any work, what cannot be drawn, and a network that is given for a picture."""
    for picture in arguments.pictures:
        if picture.suffix == ".npz":
            raise CheckpointError(f"{picture} is no image: name a network by --checkpoint {picture}")
    if arguments.show and arguments.show.suffix.lower() not in FORMATS:
        raise LeNetError(f"cannot draw {arguments.show.name}: choose a name for --show that ends in .png, .pdf or .svg")
    if arguments.show and len(arguments.pictures) > MOST_SHOWN:
        raise LeNetError(
            f"--show draws at most {MOST_SHOWN} pictures, and {len(arguments.pictures)} are given: give fewer at a time"
        )


def _require_strings(saved: Checkpoint, choice: str) -> None:
    """Raise CheckpointError for a network that does not see strings as `Form` has them, or knows no blank."""
    field = saved.network().input
    if field.shape != (1, FIELD, FIELD) or field.mean:
        raise CheckpointError(f"{choice} sees no grey fields of 32 x 32: name a network that learned strings")
    if saved.recipe.loss != "map":
        raise CheckpointError(
            f"{choice} learned by a loss without a rubbish class, and so no blanks: name a network that learned strings"
        )


def _draw(answers: dict[Path, Answer], saved: Checkpoint, name: str, out: Path) -> None:
    from lenet1998.pictures.activations import activations  # matplotlib takes a second to load
    from lenet1998.pictures.activations_figure import written
    from lenet1998.pictures.plotting import style
    from lenet1998.strings.figure import sheet

    network, shown = saved.network(), []
    for path, each in answers.items():
        stages = activations(replicate(network, each.form.image.shape[1]), each.form.image[None])
        stages[-1] = replace(stages[-1], values=each.penalties / saved.recipe.penalty_scale)
        shown.append((f"{path.name}: {each.digits}, confidence {each.confidence:.2f}", stages, each.reading))
    with style():
        figure = sheet(shown, saved.recipe.j / saved.recipe.penalty_scale, f"network {name}; Figure 25 of the paper")
    written(figure, out)
