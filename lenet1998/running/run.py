"""A run in a directory: trained pass by pass, saved after each, resumed after a stop.

``history.json`` is the record for people and plots, ``checkpoint.npz`` the same record with the parameters. The
checkpoint is written first and is what a resumed run believes. ``best.npz``, if it is asked for, is the checkpoint
after the pass of lowest error on the patterns that are held out, or tested on; it is written before the other, so that
a pass that is repeated writes it again. ``.lock`` is there while a process writes, or after it was killed.
"""

import logging
import math
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from lenet1998.errors import CheckpointError
from lenet1998.files import NoSpaceError, make_directory, remove_leftovers, write_json
from lenet1998.network import Network
from lenet1998.output import for_classes
from lenet1998.patterns import DataSet, listed
from lenet1998.recipe import Recipe
from lenet1998.registry import own_parts
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import CHECKPOINT, Checkpoint
from lenet1998.running.lock import locked
from lenet1998.running.progress import Console
from lenet1998.running.provenance import provenance
from lenet1998.training import WATCHED, Progress, Trainer

BEST, HISTORY, LOCK = "best.npz", "history.json", ".lock"

Watch = Callable[[Network], dict[str, float]]
"""What an experiment measures on a network: numbers by name."""

_log = logging.getLogger("lenet1998")


def run(
    out: Path | str,
    recipe: Recipe,
    data: DataSet,
    *,
    seed: int = 1,
    passes: int = 20,
    engine: str = "auto",
    resume: bool = False,
    keep_best: bool = False,
    watch: Watch | None = None,
    progress: Progress | None = None,
    passed: Callable[[dict], None] | None = None,
    quiet: bool = False,
) -> dict:
    """Train up to `passes` passes into directory `out` and return the history.

    The recipe is fitted to the data's classes, where these have names (`lenet1998.output.for_classes`).
    With `resume`, a run that `out` holds is continued to the end state it would have had uninterrupted (and a
    finished one returned as it is, cut to as many passes as were asked for); without, it is refused, so that no
    result is lost. With `keep_best`, the best pass so far is kept in ``best.npz``, the first of equals; choose it on
    held-out patterns (`DataSet.held_out`), or the choice itself learns the test set. A run that was begun without it
    keeps the best of its later passes. What `watch` finds in the network is part of the record, from before the first
    pass on. `progress` is called many times a pass, `passed` after each with its record; without them a bar shows on a
    terminal how far the run is, unless it is to be `quiet`.
    Raises CheckpointError for a run of another recipe, seed or data, DivergenceError, and LeNetError when the results
    cannot be written, or another process is writing them (`lenet1998.running.lock`).
    """
    out = Path(out)
    make_directory(out)
    with locked(out / LOCK, str(out)), ExitStack() as shown:
        if not (progress or passed or quiet) and sys.stderr.isatty():
            console = shown.enter_context(closing(Console(passes, len(data.train), False, out.name)))
            progress, passed = console.progress, console.passed
        for name in (BEST, CHECKPOINT, HISTORY):
            remove_leftovers(out / name)
        trainer = Trainer(for_classes(recipe, data.classes), data, seed, engine)
        _log.info("engine: %s", trainer.engine.name)
        if data.classes:
            _log.info("output: %s", _coded(trainer.recipe, data.classes))
        history, lowest = _header(trainer), math.inf
        if (out / CHECKPOINT).exists():
            if not resume:
                remedy = "add --resume to continue it, or choose another --out"
                raise CheckpointError(f"{out} already holds a run: {remedy}")
            history = _restore(out, trainer, history, passes)
            if keep_best and (out / BEST).exists():
                lowest = checkpoints.load(out / BEST).history["passes"][-1]["test_error_percent"]
        if watch and not trainer.passes:
            history[WATCHED] = watch(trainer.network)
        try:
            while len(trainer.passes) < passes:
                record = trainer.run_pass(progress)
                if watch:
                    record[WATCHED] = watch(trainer.network)
                history["passes"] = trainer.passes
                state = _state(trainer, history)
                if keep_best and record["test_error_percent"] < lowest:
                    lowest = record["test_error_percent"]
                    checkpoints.save(out / BEST, state)
                checkpoints.save(out / CHECKPOINT, state)
                write_json(out / HISTORY, history)
                if passed:
                    passed(record)
            write_json(out / HISTORY, history)  # a kill between the two files may have left it one pass behind
        except NoSpaceError as error:
            raise NoSpaceError(f"{error} with --resume: passes that are complete are kept") from error
        return {**history, "passes": history["passes"][:passes]}


def _restore(out: Path, trainer: Trainer, wanted: dict, passes: int) -> dict:
    """Bring a trainer to where the run in `out` is, and return the run's history: who made it stays on record."""
    saved = checkpoints.load(out / CHECKPOINT)
    _refuse_other_run(out, saved.history, wanted)
    trainer.restore(saved.values, saved.history["passes"], saved.optimiser)
    if len(trainer.passes) < passes:
        now = {key: wanted[key] for key in ("engine", "versions", "commit", "machine", "plugins") if key in wanted}
        begun = saved.history.get("resumed", [])
        saved.history["resumed"] = [*begun, {"after_pass": len(trainer.passes), **now}]
    return saved.history


def _state(trainer: Trainer, history: dict) -> Checkpoint:
    network = trainer.network
    mean = network.mean if network.input.mean else None
    return Checkpoint(network.parameters.values, history, trainer.optimiser.state(), mean)


def _coded(recipe: Recipe, classes: tuple[str, ...]) -> str:
    """What the output units of a user's own classes compare F6 with, in words."""
    if recipe.output != "rbf" or recipe.network != "lenet5":
        return f"one unit for each of {len(classes)} classes"
    if recipe.codes == "bitmap":
        return f"Figure 3's codes of {listed(classes)}; for classes that are no characters, --set codes=random"
    return f"{recipe.codes} codes for {listed(classes)}"


def _header(trainer: Trainer) -> dict:
    about = described(trainer)
    return {**about, **provenance(), "data": about.pop("data"), "passes": []}


def described(trainer: Trainer) -> dict:
    """Recipe, seed, engine and data of a run: what of its record is not about where it was made."""
    data = trainer.data
    own = {"classes": list(data.classes), "path": data.path} if data.classes else {}
    plugins = own_parts(trainer.recipe)
    return {
        "recipe": trainer.recipe.as_dict(),
        **({"plugins": plugins} if plugins else {}),
        "seed": trainer.seed,
        "engine": trainer.engine.name,
        "data": {
            "name": data.name,
            "train_size": len(data.train),
            "test_size": len(data.test),
            "digests": dict(data.digests),
            **own,
            **data.treated,
        },
    }


def same_data(one: dict, other: dict) -> bool:
    """Whether two records name the same data; a user's own may have been moved, and are called as their directory."""
    first, second = (dict(each["data"]) for each in (one, other))
    for data in (first, second):
        if data.pop("path", ""):
            data["name"] = data["name"].endswith(" validation")
    return first == second


def _refuse_other_run(out: Path, saved: dict, wanted: dict) -> None:
    """A run goes on with what it began with; another engine is allowed, and noted under "resumed"."""
    recipes = [replace(Recipe.from_dict(each["recipe"]), name="") for each in (saved, wanted)]
    same = {
        "seed": saved.get("seed") == wanted["seed"],
        "data": same_data(saved, wanted),
        "recipe": recipes[0] == recipes[1],
    }
    for key, equal in same.items():
        if not equal:
            raise CheckpointError(
                f"{out} holds a run with other {key}: repeat its options, choose another --out, or remove {out}"
            )
