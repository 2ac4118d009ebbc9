"""`lenet1998 read`: the digits of pictures with several, by the network swept over each (section VII)."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from lenet1998 import pretrained
from lenet1998.commands.networks import CHOICES, chosen_network, stated
from lenet1998.commands.options import add_plugin_options
from lenet1998.commands.show import FORMATS
from lenet1998.errors import CheckpointError, DataError, LeNetError, escaped
from lenet1998.photos.files import NAMES
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.strings.answers import DOUBTFUL, Answer, Strings, answer
from lenet1998.strings.images import FIELD
from lenet1998.strings.picture import MOST_DIGITS, read_writing
from lenet1998.strings.sure import Characters
from lenet1998.strings.wide import replicate

MOST_SHOWN = 20


class Told(NamedTuple):
    """An answer with its picture, and which line of it that is, from 1, where each was asked for."""

    path: Path
    line: int
    answer: Answer

    @property
    def name(self) -> str:
        """What the answer is called."""
        return f"{escaped(self.path)}, line {self.line}" if self.line else escaped(self.path)

    def text(self) -> str:
        """What is said to people: digits, columns, and what is left out."""
        found, doubts = self.answer, []
        if found.confidence < DOUBTFUL:
            doubts.append("low: perhaps no digits, or other ones")
        if found.upside_down:
            doubts.append("perhaps upside down")
        columns = "  ".join(f"{digit}: {column}" for digit, column in found.places())
        said = f"{self.name}: {found.digits}, confidence {', '.join([f'{found.confidence:.2f}', *doubts])}"
        marks = [f"{mark['kind']} {_where(mark['place'], found.digits)}" for mark in found.marks()]
        return "\n".join([said, f"  columns: {columns}", *([f"  left out: {', '.join(marks)}"] if marks else [])])

    def as_dict(self) -> dict[str, Any]:
        """What --json says."""
        return {"file": str(self.path), **({"line": self.line} if self.line else {}), **self.answer.as_dict()}


def _where(place: int, digits: str) -> str:
    if place == 0:
        return f"before {digits}"
    return f"behind {digits}" if place == len(digits) else f"between {digits[:place]} and {digits[place:]}"


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
        help=f"{CHOICES}; it must have learned strings (default: {pretrained.STRINGS})",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print JSON, also of the ink that was left out (marks). Of answers with a confidence of 0.9 about nine in "
        f"ten are right, over pictures of all kinds; below {DOUBTFUL} an answer is called doubtful",
    )
    parser.add_argument(
        "--show",
        metavar="FILE",
        type=Path,
        help="draw the strings, the outputs' labels and the answers as in Figure 25: PNG, PDF or SVG",
    )
    parser.add_argument(
        "--steps",
        metavar="FILE",
        type=Path,
        help="draw how each picture was prepared: its sheet, its ink, the level line with what was left out, and what "
        "the network sees: PNG, PDF or SVG",
    )
    parser.add_argument("--lines", action="store_true", help="read each line of a picture that has several")
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print what was read; draw it if that is asked for. Raises LeNetError for the last of what could not be read."""
    _check(arguments)
    saved, network = chosen_network(arguments.checkpoint)
    _require_strings(saved, arguments.checkpoint)
    reader = Reader(saved)
    answers: list[Told] = []
    refused: list[LeNetError] = []
    for picture in arguments.pictures:
        try:
            answers += reader.read(picture, arguments.lines)
        except LeNetError as error:  # one picture that cannot be read costs no other's answer
            refused.append(error)
    if answers and arguments.json:
        print(json.dumps([{**each.as_dict(), "network": network} for each in answers]))
    elif answers:
        print(stated(network))
        print("\n".join(each.text() for each in answers))
    for option, draw in (("show", _draw), ("steps", _draw_steps)):
        if answers and (out := getattr(arguments, option)):
            draw(answers, saved, network["name"], out)
            if not arguments.json:
                print(out)
    for reason in refused[:-1]:
        print(f"lenet1998: {reason}", file=sys.stderr)
    if refused:
        raise refused[-1]


class Reader:
    """A network of strings with the packaged one of characters: what reads pictures."""

    def __init__(self, saved: Checkpoint):
        characters = pretrained.load(pretrained.CHARACTERS)
        self.strings = Strings(saved.network(), saved.recipe.penalty_scale, saved.recipe.j)
        self.characters = Characters(characters.network(), characters.recipe.penalty_scale, characters.recipe.j)
        self.weights = pretrained.sureness()

    def read(self, picture: Path, several: bool = False) -> list[Told]:
        """The line of a picture, or each. Raises DataError where one cannot be read."""
        writings = read_writing(picture, several)
        try:
            return [
                Told(picture, k if several else 0, answer(self.strings, self.characters, self.weights, writing))
                for k, writing in enumerate(writings, 1)
            ]
        except DataError as error:
            raise DataError(f"{picture}: {error}") from None


def _check(arguments: argparse.Namespace) -> None:
    """Refuse, before any work, what cannot be drawn, and a network that is given for a picture."""
    for picture in arguments.pictures:
        if picture.suffix == ".npz":
            raise CheckpointError(f"{picture} is no image: name a network by --checkpoint {picture}")
    for option, out in (("--show", arguments.show), ("--steps", arguments.steps)):
        if out and out.suffix.lower() not in FORMATS:
            raise LeNetError(f"cannot draw {out.name}: choose a name for {option} that ends in .png, .pdf or .svg")
        if out and len(arguments.pictures) > MOST_SHOWN:
            raise LeNetError(
                f"{option} draws at most {MOST_SHOWN} pictures, and {len(arguments.pictures)} are given: give fewer at "
                "a time"
            )
    if arguments.show and arguments.show == arguments.steps:
        raise LeNetError(f"--show and --steps would both draw {arguments.show}: give two names")


def _require_strings(saved: Checkpoint, choice: str) -> None:
    """Raise CheckpointError for a network that does not see strings as `Form` has them, or knows no blank."""
    field = saved.network().input
    if field.shape != (1, FIELD, FIELD) or field.mean:
        raise CheckpointError(f"{choice} does not take grey fields of 32x32: name a network that learned strings")
    if saved.recipe.loss != "map":
        raise CheckpointError(
            f"{choice} learned by a loss without a rubbish class, and so no blanks: name a network that learned strings"
        )


def _draw(answers: list[Told], saved: Checkpoint, name: str, out: Path) -> None:
    from lenet1998.pictures.activations import activations  # matplotlib takes a second to load
    from lenet1998.pictures.activations_figure import written
    from lenet1998.pictures.plotting import style
    from lenet1998.strings.figure import sheet

    network, shown = saved.network(), []
    for told in answers:
        each, line = told.answer, f", line {told.line}" if told.line else ""
        stages = activations(replicate(network, each.form.image.shape[1]), each.form.image[None])
        stages[-1] = replace(stages[-1], values=each.penalties / saved.recipe.penalty_scale)
        title = f"{told.path.name}{line}: {each.digits}, confidence {each.confidence:.2f}"
        shown.append((title, stages, each.reading))
    with style():
        figure = sheet(shown, saved.recipe.j / saved.recipe.penalty_scale, f"network {name}; Figure 25 of the paper")
    written(figure, out)


def _draw_steps(answers: list[Told], saved: Checkpoint, name: str, out: Path) -> None:
    from lenet1998.pictures.activations_figure import written
    from lenet1998.pictures.plotting import style
    from lenet1998.strings.steps import sheet

    with style():
        written(sheet([(each.path, each.answer) for each in answers]), out)
