"""`lenet1998 predict`: the class of each of several pictures, with the penalties of all classes."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from lenet1998.commands.networks import CHOICES, chosen_network, engine_of, stated
from lenet1998.commands.options import add_plugin_options
from lenet1998.errors import CheckpointError, LeNetError, escaped
from lenet1998.photos.digit import read_image
from lenet1998.photos.files import NAMES


def options(parser: argparse.ArgumentParser) -> None:
    """IMAGE, --checkpoint and --json."""
    parser.add_argument("--checkpoint", metavar="CHECKPOINT", default="default", help=f"{CHOICES} (default: default)")
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help=f"{NAMES}, of any size")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the answers. Raises LeNetError for the last of what could not be read."""
    for image in arguments.images:
        if image.suffix == ".npz":
            raise CheckpointError(f"{image} is no image: name a network by --checkpoint {image}")
    saved, network = chosen_network(arguments.checkpoint)
    images, refused = {}, []
    for image in arguments.images:
        try:
            images[image] = read_image(image)
        except LeNetError as error:  # one picture that cannot be read costs no other's answer
            refused.append(error)
    answers: list[dict[str, Any]] = []
    names = saved.classes
    if images:
        distances = engine_of(saved).penalties(np.stack(list(images.values())))
        for image, row in zip(images, distances, strict=True):
            best, runner_up = (_label(names[place]) for place in row.argsort(kind="stable")[:2])
            answer = {"image": str(image), "class": best, "runner_up": runner_up, "distances": row.tolist()}
            answers.append({**answer, "classes": names, "network": network})
    if arguments.json and answers:
        print(json.dumps(answers))
    elif answers:
        print(stated(network))
        for answer in answers:
            print(escaped(f"{answer['image']}: {answer['class']}, runner-up {answer['runner_up']}"))
            shown = (f"{escaped(name)}: {y:.1f}" for name, y in zip(names, answer["distances"], strict=True))
            print("  RBF distances: " + "  ".join(shown))
    for reason in refused[:-1]:
        print(f"lenet1998: {reason}", file=sys.stderr)
    if refused:
        raise refused[-1]


def _label(name: str) -> int | str:
    """A class as JSON has it: digits are numbers."""
    return int(name) if re.fullmatch("0|[1-9][0-9]*", name) else name
