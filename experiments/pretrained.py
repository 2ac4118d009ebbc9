"""Keeps two trained networks in the package, for `lenet1998 predict` and `lenet1998 evaluate` without training.

"default" is one of the runs of `experiments.fig5_error_curves`, "distorted" one of those of
`experiments.fig6_training_size` with distortions. Of each, the seed with the lowest training error of its last pass,
counted on the fly, is kept, and among equals the one with the lowest training loss: the test error plays no part in the
choice, so that it stays an estimate of the error on digits never seen. A run that is not whole, of another recipe, or
made by code that no commit holds, is refused. Writes the checkpoints and networks.json into lenet1998/pretrained. The
third network there, "strings", is kept by `experiments.strings.kept`.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from experiments.fig6_training_size import distorted
from experiments.machinery.main import guarded
from experiments.machinery.record import RUNS
from experiments.machinery.store import Store
from lenet1998 import pretrained
from lenet1998.errors import LeNetError
from lenet1998.files import write_json
from lenet1998.pretrained import CARDS, digest
from lenet1998.recipe import Recipe
from lenet1998.reference import comparable
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.run import CHECKPOINT

PACKAGE = Path(pretrained.__file__).parent
PASSES = 20
# Name: the experiment that makes the runs, and the recipe that they follow.
SOURCES = {"default": ("fig5_error_curves", Recipe()), "distorted": ("fig6_training_size", distorted(Recipe()))}


def refusal(history: dict) -> str:
    """Why a run of a recipe may not be kept, or "" where it may."""
    if len(history["passes"]) != PASSES:
        return f"it has {len(history['passes'])} passes, not {PASSES}"
    return uncommitted(history)


def uncommitted(history: dict) -> str:
    """Why a run may not be kept that was made by code of no commit, or "" where it was not."""
    commits = [each.get("commit") for each in (history, *history.get("resumed", []))]
    if not all(commits) or any(commit.endswith("+") for commit in commits):
        return "no commit holds the code that made it"
    return ""


def candidates(runs: Path, name: str) -> list[Checkpoint]:
    """The runs to choose from, by seed. Raises LeNetError where there are none, and for one that may not be kept."""
    experiment, recipe = SOURCES[name]
    command = f"python -m experiments.{experiment}"

    def follows(history: dict) -> bool:
        return comparable(history) and replace(Recipe.from_dict(history["recipe"]), name=recipe.name) == recipe

    paths = [place / CHECKPOINT for place, history in Store(runs).histories() if follows(history)]
    found = allowed(paths, refusal, f"finish it with {command} --resume, or make it again")
    if not found:
        raise LeNetError(f"no runs for {name} in {runs}: run {command}, or say where they are by --runs")
    return found


def allowed(paths: Iterable[Path], refusal: Callable[[dict], str], remedy: str) -> list[Checkpoint]:
    """The checkpoints, by seed. Raises LeNetError for the first that is refused, with the reason and the remedy."""
    found = []
    for path in sorted(paths):
        found.append(checkpoints.load(path))
        if reason := refusal(found[-1].history):
            raise LeNetError(f"{path} cannot be kept: {reason}; {remedy}")
    return sorted(found, key=lambda checkpoint: checkpoint.history["seed"])


def best(runs: list[Checkpoint]) -> Checkpoint:
    """The run of lowest training error in its last pass, then of lowest training loss, then the first."""
    return min(runs, key=lambda run: [run.history["passes"][-1][key] for key in ("train_error_percent", "train_loss")])


def card(chosen: Checkpoint, among: list[Checkpoint], name: str) -> dict:
    """What networks.json says of a network."""
    last = chosen.history["passes"][-1]
    seeds = ", ".join(str(run.history["seed"]) for run in among)
    return {
        "made_by": f"python -m experiments.{SOURCES[name][0]}",
        "chosen": f"of the seeds {seeds} the one with the lowest training error of pass {PASSES}, counted on the fly "
        "(among equals, the lowest training loss); test errors were not looked at",
        **{key: chosen.history[key] for key in ("seed", "engine", "commit", "recipe")},
        **{key: last[key] for key in ("train_error_percent", "train_loss", "test_error_percent")},
        "test_error_percent_of_all_seeds": [run.history["passes"][-1]["test_error_percent"] for run in among],
        "sha256": digest(chosen.values),
    }


def places(description: str) -> argparse.Namespace:
    """The command line of whoever keeps a network: where runs are, and the package's folder."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", metavar="DIR", type=Path, default=RUNS, help="default: runs")
    parser.add_argument("--out", metavar="DIR", type=Path, default=PACKAGE, help="default: lenet1998/pretrained")
    return parser.parse_args()


def keep(runs: Path, out: Path = PACKAGE) -> None:
    """Choose both networks among the runs and write them with their cards; prints what was chosen."""
    everything = {name: candidates(runs, name) for name in SOURCES}  # both, before anything is written
    path = out / CARDS
    cards = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}  # has that of `strings` too
    for name, among in everything.items():
        chosen = best(among)
        cards[name] = card(chosen, among, name)
        checkpoints.save(out / f"{name}.npz", chosen)
        print(f"{name}: seed {chosen.history['seed']}, training error {cards[name]['train_error_percent']:.2f}%, "
              f"test error {cards[name]['test_error_percent']:.2f}%")  # fmt: skip
    write_json(path, cards)
    for file in (*(f"{name}.npz" for name in everything), CARDS):
        print(out / file)


def main() -> None:
    arguments = places(__doc__)
    keep(arguments.runs, arguments.out)


if __name__ == "__main__":
    guarded(main)
