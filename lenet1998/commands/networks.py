"""The network that a command works with: one that comes with the package, or a checkpoint of the user's."""

from __future__ import annotations

from pathlib import Path

from lenet1998 import checkpoint as checkpoints
from lenet1998 import pretrained
from lenet1998.checkpoint import Checkpoint
from lenet1998.engine import Engine, make_engine
from lenet1998.training import make_loss

CHOICES = f"a checkpoint.npz, or a network that comes with the package: {' or '.join(pretrained.NAMES)}"


def chosen_network(choice: str) -> tuple[Checkpoint, dict]:
    """The checkpoint that an option names, pretrained or a file, and what answers say of it.

    Raises CheckpointError for a file that cannot be read or is no checkpoint.
    """
    saved = pretrained.load(choice) if choice in pretrained.NAMES else checkpoints.load(Path(choice))
    passes = saved.history["passes"]
    return saved, {
        "name": choice,
        "recipe": saved.recipe.name,
        "seed": saved.history["seed"],
        "data": saved.history["data"]["name"],
        "passes": len(passes),
        "recorded_test_error_percent": passes[-1]["test_error_percent"] if passes else None,
    }


def stated(network: dict) -> str:
    """The second value of `chosen_network` as a line for people."""
    error = network["recorded_test_error_percent"]
    return (
        f"network: {network['name']} (recipe {network['recipe']}, seed {network['seed']}, {network['passes']} passes "
        f"over {network['data']}{'' if error is None else f', recorded test error {error:.2f}%'})"
    )


def engine_of(saved: Checkpoint) -> Engine:
    """The fastest engine there is, with the checkpoint's network."""
    return make_engine("auto", saved.network(), make_loss(saved.recipe))
