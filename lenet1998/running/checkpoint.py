"""Checkpoints: the state of a run after a complete pass, as one ``.npz`` file.

It holds the flat vector of parameters, the optimiser's vectors and the mean that the input subtracts, where there are
such, and, as JSON, the recipe, seed, data and history. Random streams need no state, since each pass derives its own
from seed and pass number. Files are read without pickle, within bounds, and refused with one clear error when they are
not what they should be.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lenet1998.errors import CheckpointError, reason_of
from lenet1998.files import check_packing, write_atomically
from lenet1998.modern.optimisers import make_optimiser
from lenet1998.network import Network
from lenet1998.networks import build
from lenet1998.parameters import digest
from lenet1998.recipe import Recipe
from lenet1998.registry import MissingPart, require
from lenet1998.training import DIGEST, RECORD, WATCHED

CHECKPOINT = "checkpoint.npz"  # its name in the directory of a run
FORMAT = 1
_REMEDY = "name a checkpoint.npz that lenet1998 train wrote"
_LARGEST = 64 * 2**20  # LeNet-5 takes a quarter of a megabyte, the largest network with Adam's vectors in float64 20
_OPTIMISER = "optimiser."  # before the names of the optimiser's arrays


@dataclass(frozen=True)
class Checkpoint:
    """`values`, the flat parameters; `history`, the record that history.json shows (see `lenet1998.running.run`);
    `optimiser`, what `Optimiser.state` gives; and `mean`, that of the network's input if it subtracts one."""

    values: np.ndarray
    history: dict
    optimiser: dict[str, np.ndarray] = field(default_factory=dict)
    mean: np.ndarray | None = None

    @property
    def recipe(self) -> Recipe:
        return Recipe.from_dict(self.history["recipe"])

    @property
    def classes(self) -> list[str]:
        """The names of the network's classes: those of the data it learned, else their numbers."""
        numbers = [str(number) for number in range(build(self.recipe).classes)]
        return self.history["data"].get("classes", numbers)

    def network(self) -> Network:
        """The network of the recipe with these parameters."""
        network = build(self.recipe)
        network.parameters.values[:] = self.values
        if self.mean is not None:
            network.mean[...] = self.mean
        return network


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write atomically: a kill or a full disk leaves the previous checkpoint."""
    arrays: dict[str, Any] = {"format": np.int64(FORMAT), "history": np.array(json.dumps(checkpoint.history))}
    arrays |= {"values": checkpoint.values}
    arrays |= {_OPTIMISER + name: array for name, array in checkpoint.optimiser.items()}
    if checkpoint.mean is not None:
        arrays["mean"] = checkpoint.mean
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomically(path, buffer.getvalue())


def load(path: Path | str) -> Checkpoint:
    """Read and check a checkpoint, or that of a run's directory.

    Raises CheckpointError for anything that is not a whole one of this format.
    """
    path = Path(path)
    path = path / CHECKPOINT if path.is_dir() else path
    try:
        with zipfile.ZipFile(path) as archive:
            check_packing(archive)
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise CheckpointError(f"{path} unpacks to over {_LARGEST} bytes: it is no checkpoint of lenet1998")
        with np.load(path, allow_pickle=False) as arrays:
            version = int(arrays["format"])
            if version != FORMAT:
                raise CheckpointError(
                    f"{path} has checkpoint format {version}, this version reads {FORMAT}: train again, "
                    "or use the version of lenet1998 that wrote it"
                )
            checkpoint = Checkpoint(
                arrays["values"],
                json.loads(str(arrays["history"])),
                {key.removeprefix(_OPTIMISER): arrays[key] for key in arrays if key.startswith(_OPTIMISER)},
                arrays.get("mean"),
            )
        require(checkpoint.history.get("plugins", ()))
        _check(checkpoint)
    except MissingPart as error:
        raise CheckpointError(f"{path}: {error}") from error
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}; {_REMEDY}") from error
    except CheckpointError:
        raise
    except Exception as error:  # A damaged archive makes the zip and array readers raise almost anything.
        raise CheckpointError(
            f"{path} is not a whole checkpoint of lenet1998 ({reason_of(error)}); {_REMEDY}"
        ) from error
    return checkpoint


def _check(checkpoint: Checkpoint) -> None:
    """The arrays must be those of the recipe: shape, type, finite; the history must have its keys."""
    network = build(checkpoint.recipe)
    _check_array("parameters", checkpoint.values, network.parameters.values)
    make_optimiser(checkpoint.recipe, network.parameters).restore(checkpoint.optimiser)
    if (checkpoint.mean is not None) != network.input.mean:
        raise ValueError("the mean of the input is missing, or there is one that the recipe does not ask for")
    if checkpoint.mean is not None:
        _check_array("mean of the input", checkpoint.mean, network.mean)
    order = [record["pass"] for record in checkpoint.history["passes"]]
    if order != list(range(1, len(order) + 1)) or not isinstance(checkpoint.history["seed"], int):
        raise ValueError("the passes are not numbered from 1, or the seed is missing")
    if not isinstance(checkpoint.history["data"]["name"], str):
        raise ValueError("the data set has no name")
    names = checkpoint.classes
    if not isinstance(names, list) or len(names) != network.classes or not all(isinstance(each, str) for each in names):
        raise ValueError("the classes of the data set are not those of the network")
    if not isinstance(checkpoint.history["data"].get("path", ""), str):
        raise ValueError("the path of the data set is no text")
    for record in checkpoint.history["passes"]:
        numbers = {key: value for key, value in record.items() if key not in (DIGEST, WATCHED)}
        if set(numbers) != RECORD or not all(isinstance(value, (int, float)) for value in numbers.values()):
            raise ValueError(f"the record of pass {record['pass']} is not whole")
    found = digest(checkpoint.values)
    if any(record.get(DIGEST, found) != found for record in checkpoint.history["passes"][-1:]):
        raise ValueError("its parameters are not those that its history names")


def _check_array(what: str, found: np.ndarray, expected: np.ndarray) -> None:
    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise ValueError(f"{what} {found.dtype} {found.shape} instead of {expected.dtype} {expected.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"a value of the {what} is not finite")
