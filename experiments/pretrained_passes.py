"""Keeps what two networks were before training and after some passes, for the page of `lenet1998 export --format html`.

    python -m experiments.pretrained_passes [--out lenet1998/pretrained]

"default" is the run of the network that comes with the package, made again: after each pass its parameters must have
the digest that the history of that network names. "modern" is the recipe of that name with the same seed, which was
chosen before any result was seen. Weights are rounded to 16 bits, and the test errors on the cards are those of the
rounded networks. Writes passes.npz into lenet1998/pretrained, and a card of each network into networks.json. It takes
some two minutes.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from experiments.machinery.main import guarded
from experiments.pretrained import PACKAGE, uncommitted
from lenet1998 import pretrained
from lenet1998.data.mnist import load_mnist
from lenet1998.errors import LeNetError
from lenet1998.evaluation import error_rate
from lenet1998.files import write_json
from lenet1998.patterns import DataSet
from lenet1998.pretrained import BY_PASS, CARDS, digest
from lenet1998.recipe import Recipe, preset
from lenet1998.running.provenance import provenance
from lenet1998.training import DIGEST, Trainer

PASSES = (0, 1, 2, 5, 10, 20)


def kept(recipe: Recipe, data: DataSet, seed: int, digests: list[str] | None = None) -> tuple[np.ndarray, dict]:
    """Parameters after each of PASSES, float16 (6, parameters), and their card.

    Raises LeNetError where a pass does not have the digest that is expected.
    """
    trainer = Trainer(recipe, data, seed)
    values, rounded, errors = trainer.network.parameters.values, [], []
    for number in range(PASSES[-1] + 1):
        if number:
            found = trainer.run_pass()[DIGEST]
            if digests and found != digests[number - 1]:
                raise LeNetError(f"pass {number} of {recipe.name} has other parameters than the packaged network's run")
        if number in PASSES:
            exact = values.copy()
            rounded.append(exact.astype(np.float16))
            values[:] = rounded[-1]
            errors.append(error_rate(trainer.engine, data.test).error_percent)
            values[:] = exact
            print(f"{recipe.name}, {number} passes: test error {errors[-1]:.2f}%")
    every = np.array(rounded)
    return every, {
        "made_by": "python -m experiments.pretrained_passes",
        "chosen": "the seed of the network default; for the recipe modern, before any result was seen",
        "seed": seed,
        "engine": trainer.engine.name,
        "commit": provenance()["commit"],
        "recipe": recipe.as_dict(),
        "passes": PASSES,
        "test_error_percent_by_pass": errors,
        "sha256": digest(every),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", type=Path, default=PACKAGE, help="default: lenet1998/pretrained")
    out = parser.parse_args().out
    if reason := uncommitted(provenance()):
        raise LeNetError(f"the networks would not be kept: {reason}; commit the changes first")
    data, packaged = load_mnist(), pretrained.load("default")
    seed, digests = packaged.history["seed"], [record[DIGEST] for record in packaged.history["passes"]]
    made = {"default": kept(packaged.recipe, data, seed, digests), "modern": kept(preset("modern"), data, seed)}
    np.savez(out / BY_PASS, **{name: values for name, (values, _) in made.items()})  # type: ignore[arg-type]
    cards = json.loads((out / CARDS).read_text(encoding="utf-8"))
    write_json(out / CARDS, cards | {f"{name} by pass": card for name, (_, card) in made.items()})
    print(out / BY_PASS, out / CARDS, sep="\n")


if __name__ == "__main__":
    guarded(main)
