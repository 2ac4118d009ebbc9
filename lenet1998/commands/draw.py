"""`lenet1998 draw`: a window to draw in what the network reads, with the network's answer, penalties and maps."""

from __future__ import annotations

import argparse

from lenet1998.commands.networks import CHOICES, chosen_network, stated
from lenet1998.errors import one_line

HELP = (
    "draw a digit, or what else a network reads, with the mouse in a window, and see answer, penalties and activations "
    "change"
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `draw`."""
    parser.add_argument("--checkpoint", metavar="CHECKPOINT", default="default", help=f"{CHOICES} (default: default)")


def run(arguments: argparse.Namespace) -> None:
    """Open the window. Raises LeNetError where there is no display."""
    saved, network = chosen_network(arguments.checkpoint)
    from lenet1998.pictures.activations_window import show_window  # matplotlib takes a second to load

    print(stated(network))
    show_window(saved.network(), one_line(f"lenet1998 draw: {network['name']}"), saved.classes)
