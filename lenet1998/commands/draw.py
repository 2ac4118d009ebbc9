"""`lenet1998 draw`: the page of `export --format html`, opened in the user's browser, to draw on."""

import argparse
import os
import sys
import webbrowser
from pathlib import Path

from lenet1998.commands.networks import CHOICES, chosen_network, stated
from lenet1998.commands.options import add_plugin_options
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically
from lenet1998.interop.export import to_html


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `draw`."""
    parser.add_argument("--checkpoint", metavar="CHECKPOINT", default="default", help=f"{CHOICES} (default: default)")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, default=Path("draw.html"), help="where to write (default: draw.html)"
    )
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the page, say where it is, and open it where there is a display.

    Raises LeNetError for a network that the page cannot show, and a file that cannot be written.
    """
    if arguments.out.suffix.lower() not in (".html", ".htm"):
        raise LeNetError(f"draw writes a page: choose a name for --out that ends in .html, not {arguments.out.name}")
    saved, network = chosen_network(arguments.checkpoint)
    write_atomically(arguments.out, to_html(saved))
    print(stated(network))
    print(arguments.out)
    if not (_has_display() and webbrowser.open(arguments.out.absolute().as_uri())):
        print("no browser was found: open this page in one, on this computer or on another")


def _has_display() -> bool:
    """Whether a browser could show a page. On Linux and its like without a display, only those for terminals start."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
