"""Trained networks that come with the package, so that digits can be classified without training first.

"default" is one of Figure 5's runs and "distorted" one of Figure 6's point with distortions (section III-B), both
chosen by `experiments.pretrained`, which never looks at a test error. "strings" is one of the networks of
`experiments.strings` that are swept over strings (section VII), chosen by `experiments.strings.kept`. Each is an
ordinary checkpoint NAME.npz, with its whole history; ``networks.json`` says of each how it was made and chosen, and has
the SHA-256 of its parameters. ``passes.npz`` has networks before training and after some passes (`by_pass`).
"""

import hashlib
import json
from dataclasses import replace
from importlib import resources

import numpy as np

from lenet1998.errors import CheckpointError
from lenet1998.network import Network
from lenet1998.networks import build
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import Checkpoint

STRINGS = "strings"
"""The one that reads strings (section VII); the others classify single digits."""
CHARACTERS = "characters"
"""The one that tells digits from other ink, for `lenet1998 read`."""
NAMES = ("default", "distorted", STRINGS)
CARDS, SURENESS, BY_PASS = "networks.json", "sureness.json", "passes.npz"
FOLDER = resources.files(__name__)
_REMEDY = "install lenet1998 again, or name a checkpoint.npz that lenet1998 train wrote"


def load(name: str) -> Checkpoint:
    """The checkpoint called `name`. Raises CheckpointError where it is not there, or is not the one that was kept.

    >>> load("lenet-4")
    Traceback (most recent call last):
    ...
    lenet1998.errors.CheckpointError: no pretrained network is called 'lenet-4': choose default or distorted or strings
    """
    if name not in (*NAMES, CHARACTERS):
        raise CheckpointError(f"no pretrained network is called {name!r}: choose {' or '.join(NAMES)}")
    file = FOLDER / f"{name}.npz"
    if not file.is_file():
        raise CheckpointError(f"this copy of lenet1998 came without its pretrained network {name!r}: {_REMEDY}")
    with resources.as_file(file) as path:
        found = checkpoints.load(path)
    if digest(found.values) != _card(name)["sha256"]:
        raise CheckpointError(f"{file} is not the network that {CARDS} describes: {_REMEDY}")
    return found


def name_of(values: np.ndarray) -> str:
    """The network of NAMES that has these parameters, "" where none has."""
    return next((name for name in NAMES if _card(name)["sha256"] == digest(values)), "")


def by_pass(name: str) -> list[tuple[int, float, Network]]:
    """A run of "default" or "modern" before training and after some of its passes: each time the number of passes, the
    test error (%) and the network, whose weights were rounded to 16 bits (`experiments.pretrained_passes`).

    >>> [passes for passes, error, network in by_pass("default")]
    [0, 1, 2, 5, 10, 20]
    """
    with (FOLDER / BY_PASS).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        rounded = arrays[name]
    card = _card(f"{name} by pass")
    if digest(rounded) != card["sha256"]:
        raise CheckpointError(f"{FOLDER / BY_PASS} does not hold the networks that {CARDS} describes: {_REMEDY}")
    found = []
    for passes, error, values in zip(card["passes"], card["test_error_percent_by_pass"], rounded, strict=True):
        network = build(Recipe.from_dict(card["recipe"]))
        network.parameters.values[:] = values
        found.append((passes, error, network))
    return found


def sureness() -> list[float]:
    """The weights of `lenet1998.strings.sure.evidence`, as `experiments.pictures.sure` fitted them."""
    return [float(weight) for weight in json.loads((FOLDER / SURENESS).read_text(encoding="utf-8"))["weights"]]


def errors_of_all_seeds(recipe: Recipe) -> list[float]:
    """Test errors (%) of all the seeds from which a network of this recipe was chosen, [] if none comes with the
    package, or if its description does not have them.

    >>> errors_of_all_seeds(Recipe(j=2.0))
    []
    """
    cards = json.loads((FOLDER / CARDS).read_text(encoding="utf-8"))
    for card in cards.values():
        if replace(Recipe.from_dict(card["recipe"]), name="") == replace(recipe, name=""):
            return list(card.get("test_error_percent_of_all_seeds", []))
    return []


def digest(values: np.ndarray) -> str:
    """The SHA-256, in hexadecimal, of the bytes of parameters (60000,), float32 or float64.

    >>> digest(np.zeros(3, np.float32))[:12]
    '15ec7bf0b507'
    """
    return hashlib.sha256(values.tobytes()).hexdigest()


def _card(name: str) -> dict:
    """What networks.json says of a network; it has its digest."""
    try:
        card = json.loads((FOLDER / CARDS).read_text(encoding="utf-8"))[name]
        return {**card, "sha256": str(card["sha256"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error) or type(error).__name__
        raise CheckpointError(
            f"{FOLDER / CARDS} does not describe the network {name!r} ({reason}): {_REMEDY}"
        ) from error
