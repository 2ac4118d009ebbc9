"""`lenet1998 show`: Figure 2's network with the real activations of a digit, or a film of it crossing the field."""

import argparse
import sys
from pathlib import Path

import numpy as np

from lenet1998.commands.figure_options import add_figure_options
from lenet1998.commands.networks import CHOICES, chosen_network, data_for, directory_of, stated
from lenet1998.commands.options import add_data_options, add_plugin_options, refuse_unused
from lenet1998.errors import DataError, LeNetError, escaped
from lenet1998.photos.digit import read_image
from lenet1998.running.checkpoint import Checkpoint

FORMATS = (".png", ".pdf", ".svg")


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `show`."""
    parser.add_argument(
        "image",
        metavar="IMAGE|INDEX",
        nargs="?",
        help="a picture of a digit, as for predict, or the number of a test pattern, from 0",
    )
    parser.add_argument("--checkpoint", metavar="CHECKPOINT", default="default", help=f"{CHOICES} (default: default)")
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="where to draw (default: show.png in the run's directory, show.gif with --animate, kernels.png with "
        "--kernels)",
    )
    parser.add_argument(
        "--animate", action="store_true", help="scroll the digit across the field, as in the authors' film of 1993"
    )
    parser.add_argument(
        "--kernels", action="store_true", help="in place of a digit, the kernels of C1, and of C3 as in Table I"
    )
    add_data_options(parser, default=None)
    parser.set_defaults(train_size=1)  # no more are needed, and the embedded digits take a while to draw
    add_figure_options(parser)
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Draw, and print what was drawn and where. Raises LeNetError for bad input and a file that cannot be written."""
    if arguments.kernels != (arguments.image is None):
        raise LeNetError("show takes a picture, the number of a test pattern, or --kernels, and one of them")
    if arguments.kernels or not arguments.image.isdecimal():
        refuse_unused(arguments, "is for the number of a test pattern", "data", "data-dir", "resize", "test-size")
    if arguments.kernels:
        refuse_unused(arguments, "is for a digit, and kernels do not move", "animate")
        return _kernels(arguments)
    out = _place(arguments, "show")
    saved, network = chosen_network(arguments.checkpoint)
    image, what = _digit(arguments, saved)
    # Here, because matplotlib takes a second to load and most mistakes are found without it.
    from lenet1998.pictures import activations_figure as drawn
    from lenet1998.pictures.activations import activations, codes_of

    net = saved.network()
    stages = activations(net, image[None])
    names = saved.classes
    best, runner_up = (names[place] for place in stages[-1].values[0].argsort(kind="stable")[:2])
    title = f"{what}: answer {best}, runner-up {runner_up}; network {network['name']}; Figure 2 of the paper"
    if arguments.animate:
        from lenet1998.pictures.film import film

        silent = arguments.quiet or not sys.stderr.isatty()
        title = f"{what}, crossing the field; network {network['name']}; Figure 2 of the paper"
        film(net, image, title, out, silent, names)
    else:
        figure, _ = drawn.figure_of(stages, codes_of(net), title, names)
        drawn.written(figure, out)
    print(stated(network))
    print(escaped(f"{what}: {best}, runner-up {runner_up}"))
    print(out)


def _kernels(arguments: argparse.Namespace) -> None:
    out = _place(arguments, "kernels")
    saved, network = chosen_network(arguments.checkpoint)
    from lenet1998.pictures.activations_figure import written
    from lenet1998.pictures.kernels import kernels_figure

    try:
        figure = kernels_figure(
            saved.network(), f"Kernels of network {network['name']}; dark: positive, light: negative"
        )
    except ValueError as error:
        raise LeNetError(
            f"{network['name']} has no kernels to show ({error}): name a network with convolutions"
        ) from error
    written(figure, out)
    print(stated(network))
    print(out)


def _place(arguments: argparse.Namespace, name: str) -> Path:
    """Where to draw, as its name says how. Raises LeNetError for another format."""
    out = arguments.out or directory_of(arguments.checkpoint) / f"{name}{'.gif' if arguments.animate else '.png'}"
    if arguments.animate:
        if out.suffix.lower() != ".gif":
            raise LeNetError(f"--animate writes a GIF: choose a name for --out that ends in .gif, not {out.name}")
        return out
    if out.suffix.lower() not in FORMATS:
        film = ", or add --animate" if out.suffix.lower() == ".gif" else ""
        raise LeNetError(f"cannot draw {out.name}: choose a name for --out that ends in .png, .pdf or .svg{film}")
    return out


def _digit(arguments: argparse.Namespace, saved: Checkpoint) -> tuple[np.ndarray, str]:
    """The image uint8 (28, 28), and what it is. Raises DataError for what is no image, and no number of a pattern."""
    if not arguments.image.isdecimal():
        return read_image(arguments.image), Path(arguments.image).name
    data, index = data_for(saved, arguments), int(arguments.image)
    if index >= len(data.test):
        raise DataError(
            f"there is no test pattern {index}: give a number from 0 to {len(data.test) - 1}, or an image, such as "
            f"./{arguments.image}"
        )
    label = data.test.labels[index]
    return data.test.images[index], f"test pattern {index} of {data.name}, {_named(saved, label)}"


def _named(saved: Checkpoint, label: int) -> str:
    """The class of a pattern in words."""
    if "classes" not in saved.history["data"]:
        return f"a {label}"
    return f"class {saved.classes[label]}"
