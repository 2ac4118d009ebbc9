"""The command `lenet1998`: the commands by name. `lenet1998.commands.ending` has the exit codes.

Only the module of the called command is imported, so `--help` needs none, and no command waits for another's libraries.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from lenet1998 import __version__
from lenet1998.commands.ending import ended

COMMANDS = {
    "info": "print the table of layers with parameters and connections, and Table I",
    "data": "find, download or check the files of MNIST",
    "train": "train LeNet-5; writes history.json, checkpoint.npz and error_curves.png, .pdf",
    "predict": "classify pictures of single digits, dark on light or light on dark",
    "evaluate": "print the test error of a network with its 95% interval and, with --confusion, the confusion matrix",
    "errors": "draw the test patterns that a network gets wrong, as in Figure 8; boxed: also wrong in 1998",
    "check": "repeat a recorded run and compare every pass, to the last bit; exit code 1 if one differs",
    "read": "read the digits of one line, up to 60, in pictures; dark on light or light on dark",
    "show": "draw the network with a digit's activations, or its kernels, as PNG, PDF or SVG, or a GIF of the digit "
    "crossing",
    "draw": "open a page in the browser: draw a digit with mouse, finger or pen, and see answer, penalties and "
    "activations change",
    "export": "write a network as an ONNX graph, a PyTorch module, plain NumPy arrays, or an HTML page to draw on",
    "import": "make a checkpoint of a state dict that was trained in an exported PyTorch module, and evaluate it",
    "compare": "compare runs with each other and with 1998: learning curves, and a table as CSV, LaTeX and Markdown",
    "report": "write one HTML page with all that experiments have recorded, beside the paper's figures",
    "table": "print a table that an experiment has recorded, as LaTeX, CSV or Markdown; without a name, list them",
    "exercises": "give points for a folder of hand-ins to the exercises of notebooks/exercises/, as JSON and CSV",
    "cite": "print BibTeX entries of this software and of the paper that it reproduces",
}
"""The commands, each a module of `lenet1998.commands`, in the order of the help, with what they do."""


class _Parser(argparse.ArgumentParser):
    """Says of an option that other programs have what it is here."""

    def error(self, message: str) -> NoReturn:
        from lenet1998.recipe_rules import ELSEWHERE

        words = [word for word in message.split() if word.startswith("--")] if "unrecognized" in message else []
        names = [word.partition("=")[0] for word in words]
        found = {name: ELSEWHERE.get(name[2:].replace("-", "_")) for name in names}
        super().error("; ".join([message, *(f"in place of {name}: {own}" for name, own in found.items() if own)]))


def parser(called: Sequence[str]) -> argparse.ArgumentParser:
    """The command line of these words: all commands with their helps, and the options of the one that is called."""
    top = _Parser(prog="lenet1998", description="LeNet-5 as LeCun, Bottou, Bengio and Haffner described it in 1998.")
    top.add_argument("--version", action="version", version=f"lenet1998 {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        added = commands.add_parser(name, help=text.replace("%", "%%"), description=text[0].upper() + text[1:] + ".")
        if name in called[:1]:
            module = import_module(f"lenet1998.commands.{name}")
            added.set_defaults(does=module.run)
            module.options(added)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = sys.argv[1:] if argv is None else argv

    def work() -> None:
        arguments = parser(words).parse_args(words)
        from lenet1998.running.progress import announce

        announce(getattr(arguments, "quiet", False))
        arguments.does(arguments)

    return ended(work, "lenet1998")
