"""The network that a command works with: one that comes with the package, or a checkpoint of the user's."""

import argparse
import math
from pathlib import Path

from lenet1998 import pretrained
from lenet1998.commands.options import chosen_data
from lenet1998.data import KINDS
from lenet1998.engine import Engine
from lenet1998.engines import make_engine
from lenet1998.errors import DataError, escaped
from lenet1998.patterns import DataSet
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import check_same
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.training import make_loss

CHOICES = (
    f"a checkpoint.npz, a run's directory, or a network that comes with the package: {' or '.join(pretrained.NAMES)}"
)


def chosen_network(choice: str) -> tuple[Checkpoint, dict]:
    """The checkpoint that an option names, pretrained or a file, and what answers say of it.

    Raises CheckpointError for a file that cannot be read or is no checkpoint.
    """
    saved = pretrained.load(choice) if choice in pretrained.NAMES else checkpoints.load(Path(choice))
    passes = saved.history["passes"]
    error = passes[-1]["test_error_percent"] if passes else math.nan  # NaN too where there were no tests
    return saved, {
        "name": choice,
        "recipe": saved.recipe.name,
        "seed": saved.history["seed"],
        "data": saved.history["data"]["name"],
        "passes": len(passes),
        "recorded_test_error_percent": None if math.isnan(error) else error,
    }


def directory_of(choice: str) -> Path:
    """Where a command writes about a network unless it is told otherwise: the run's own directory.

    >>> directory_of("runs/default-seed1/checkpoint.npz").as_posix(), directory_of("default").as_posix()
    ('runs/default-seed1', 'runs/packaged-default')
    """
    if choice in pretrained.NAMES:
        return Path("runs") / f"packaged-{choice}"
    path = Path(choice)
    return path if path.is_dir() else path.parent


def stated(network: dict) -> str:
    """The second value of `chosen_network` as a line for people."""
    error = network["recorded_test_error_percent"]
    return escaped(
        f"network: {network['name']} (recipe {network['recipe']}, seed {network['seed']}, {network['passes']} passes "
        f"over {network['data']}{'' if error is None else f', recorded test error {error:.2f}%'})"
    )


def data_for(saved: Checkpoint, arguments: argparse.Namespace) -> DataSet:
    """The data to test a checkpoint's network on, with its classes: what --data names, or else what it learned.

    Raises LeNetError for data that only who trained it has, for a user's own that are no longer the same, and for
    patterns of a class that the network does not know.
    """
    asked, names = arguments.data, saved.history["data"].get("classes")
    arguments.data = asked or _own_data(saved, arguments.checkpoint)
    arguments.resize = arguments.resize or (not asked and bool(saved.history["data"].get("resized")))
    found = chosen_data(arguments, saved.history["data"].get("digests", {}))
    if not asked and found.path:
        check_same(found, saved.history)
    return found.counted_in(saved.classes) if names or found.classes else found


def _own_data(saved: Checkpoint, choice: str) -> str:
    """The kind of data that the network learned, or their path. Raises DataError where neither is known."""
    data = saved.history["data"]
    name = data["name"].removesuffix(" validation")
    if name not in KINDS and not data.get("path"):
        raise DataError(
            f"{choice} learned data called {name!r}, which lenet1998 cannot find again: choose what to test it on with "
            f"--data {' or '.join(KINDS)}, or a path"
        )
    return name if name in KINDS else data["path"]


def engine_of(saved: Checkpoint) -> Engine:
    """The fastest engine there is, with the checkpoint's network."""
    return make_engine("auto", saved.network(), make_loss(saved.recipe))
