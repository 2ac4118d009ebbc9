# ruff: noqa: N999 - the command is called so
"""`lenet1998 import`: a network that was trained in PyTorch, as a checkpoint, and its test error."""

import argparse
from pathlib import Path

from lenet1998.commands import evaluate
from lenet1998.commands.networks import CHOICES, chosen_network
from lenet1998.errors import LeNetError
from lenet1998.interop.torch_module import imported
from lenet1998.running import checkpoint as checkpoints


def options(parser: argparse.ArgumentParser) -> None:
    """STATE, --like, --to, and what `evaluate` takes."""
    parser.add_argument(
        "state",
        metavar="STATE",
        type=Path,
        help="a state dict (.pt), as torch.save(network.state_dict(), STATE) writes it",
    )
    parser.add_argument(
        "--like",
        metavar="NETWORK",
        default="default",
        help=f"the network that was exported: {CHOICES} (default: default)",
    )
    parser.add_argument(
        "--to", metavar="FILE", type=Path, help="the checkpoint to write (default: STATE_checkpoint.npz)"
    )
    evaluate.add_test_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the checkpoint, which every command takes, and evaluate it. Raises LeNetError for bad input."""
    to = arguments.to or Path(f"{arguments.state.stem}_checkpoint.npz")
    if to.exists():
        raise LeNetError(f"{to} is there already: choose another --to, or remove it")
    like, _ = chosen_network(arguments.like)
    network = imported(arguments.state, like)
    arguments.checkpoint = str(to)
    dataset = evaluate.prepared(arguments, network)
    checkpoints.save(to, network)
    evaluate.judge(arguments, *chosen_network(str(to)), dataset)
    if not arguments.json:
        print(to)
