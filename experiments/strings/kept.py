"""Keeps a network that reads strings in the package, for `lenet1998 read`.

It is one of the networks of `experiments.strings`: LeNet-5 that learned section VII-B's images and then whole strings
by equation 17. Of the seeds that are there, that with the lowest mean loss in its last pass over whole strings is kept,
each string before its own update; what was read of test strings plays no part. A network that is not whole, or was made
by code that no commit holds, is refused. Writes strings.npz and its card in networks.json into lenet1998/pretrained.
"""

import json
from dataclasses import asdict
from pathlib import Path

from experiments.machinery.main import guarded
from experiments.machinery.store import Store
from experiments.pretrained import PACKAGE, allowed, places, uncommitted
from experiments.strings.networks import TRAINED, Choices, Sizes, recipe_of
from lenet1998.errors import LeNetError
from lenet1998.files import write_json
from lenet1998.pretrained import CARDS, STRINGS, digest
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import CHECKPOINT, Checkpoint

COMMAND = "python -m experiments.strings"
LEARNED = ("60,000 digits", "mnist sdnn", 60_000)


def refusal(history: dict) -> str:
    """Why a network may not be kept, or "" where it may."""
    choices, sizes, told = Choices(), Sizes(), history.get("strings", {})
    expected = {"criterion": "discriminative_forward", "strings": sizes.strings}
    expected |= {key: value for key, value in json.loads(json.dumps(asdict(choices))).items() if key in told}
    if (history["data"]["name"], history["data"]["train_size"]) != LEARNED[1:]:
        return f"it did not learn images of MNIST's {LEARNED[0]}"
    if len(history["passes"]) != sizes.passes:
        return f"it has {len(history['passes'])} passes, not {sizes.passes}"
    if Recipe.from_dict(history["recipe"]) != recipe_of("sdnn", choices):
        return "its recipe is not that of the experiment as it is now"
    if {key: told.get(key) for key in expected} != expected:
        return "it did not learn whole strings as the experiment now does"
    return uncommitted(history)


def is_swept(history: dict) -> bool:
    """Whether it is a network that the experiment swept over whole strings, with its recipe as it is now."""
    learned = history["data"]["name"], history.get("strings", {}).get("criterion")
    recipe = Recipe.from_dict(history["recipe"])
    return learned == (LEARNED[1], TRAINED["eq. 17"]) and recipe == recipe_of("sdnn", Choices())


def candidates(runs: Path) -> list[Checkpoint]:
    """The networks to choose from, by seed. Raises LeNetError where there are none, and for one that is refused."""
    places = [path.parent for path in runs.glob(f"strings/seed*/sdnn_eq._17/{CHECKPOINT}")]  # of earlier versions
    places = [place for place, history in Store(runs).histories() if is_swept(history)] or places
    found = allowed([place / CHECKPOINT for place in places], refusal, f"make it again with {COMMAND}")
    if not found:
        raise LeNetError(f"no networks for strings in {runs}: run {COMMAND}, or say where they are by --runs")
    return found


def loss_of(network: Checkpoint) -> float:
    """The mean of equation 17 in the last pass."""
    return float(network.history["strings"]["passes"][-1]["loss"])


def card(chosen: Checkpoint, among: list[Checkpoint]) -> dict:
    """What networks.json says of the network."""
    seeds = ", ".join(str(network.history["seed"]) for network in among)
    last = chosen.history["passes"][-1]
    return {
        "made_by": f"{COMMAND}; python -m experiments.strings.kept",
        "chosen": f"of the seeds {seeds} the one with the lowest mean loss of its last pass over whole strings, "
        "counted on the fly; what was read of test strings was not looked at",
        **{key: chosen.history[key] for key in ("seed", "engine", "commit", "recipe")},
        "loss_of_strings": loss_of(chosen),
        "test_error_percent_of_single_characters_between_others": last["test_error_percent"],
        "sha256": digest(chosen.values),
    }


def keep(runs: Path, out: Path = PACKAGE) -> None:
    """Choose the network and write it with its card; prints what was chosen."""
    among = candidates(runs)
    chosen = min(among, key=loss_of)
    cards = json.loads((out / CARDS).read_text(encoding="utf-8"))
    checkpoints.save(out / f"{STRINGS}.npz", chosen)
    write_json(out / CARDS, cards | {STRINGS: card(chosen, among)})
    print(f"{STRINGS}: seed {chosen.history['seed']} of {len(among)}, mean loss of strings {loss_of(chosen):.3f}")
    print(out / f"{STRINGS}.npz", out / CARDS, sep="\n")


def main() -> None:
    arguments = places(__doc__)
    keep(arguments.runs, arguments.out)


if __name__ == "__main__":
    guarded(main)
