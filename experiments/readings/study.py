"""How the study is made: part by part, each run resumable, the readings that have lost given up early."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from experiments.common import carry_out, named, recorded, seeds_of
from experiments.readings.score import TRIALS, best, hopeless, rows
from lenet1998.engines import make_engine
from lenet1998.errors import LeNetError
from lenet1998.evaluation import error_rate
from lenet1998.loss import make_loss
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import slim
from lenet1998.running.run import CHECKPOINT
from lenet1998.running.work import Task

NAME = "readings"
SPACE, BOX, ROUND, LITERAL, QUESTIONS = "space", "box", "round", "literal", "questions"
SAMPLED = SPACE, BOX, ROUND  # the parts that are points of the space


class Study:
    """The runs so far, part by part; each part adds readings, or seeds to them."""

    def __init__(self, arguments: argparse.Namespace, patterns: int):
        self.arguments = arguments
        self.patterns = patterns
        self.histories: list[dict] = []
        self.diverged: list[dict] = []
        self.parts: dict[str, str] = {}
        if arguments.resume:
            self.take_up()

    def take_up(self) -> None:
        """Go on from what is on record in --out, so that a study can be continued where its runs are not."""
        try:
            self.histories = recorded(NAME, self.arguments)
        except LeNetError:
            return
        self.diverged = recorded(NAME, self.arguments, "diverged")
        self.parts = {run["recipe"]["name"]: run["part"] for run in self.histories}

    def made(self, recipes: list[Recipe], part: str, seeds: int = 1) -> None:
        """Train readings, and give up those that diverge in the first passes, or are hopeless after them."""
        tasks = [task for recipe in recipes for task in self.tasks(recipe, seeds)]
        for passes in TRIALS:
            if passes < self.arguments.passes:
                self.carried([replace(task, passes=passes) for task in tasks], part)
                lost = {end["recipe"] for end in self.diverged}
                names = {task.recipe.name for task in tasks} - lost
                lost |= {name for name in names if hopeless(named(self.histories, name))}
                tasks = [replace(task, shared=True) for task in tasks if task.recipe.name not in lost]
        self.carried(tasks, part)

    def repeated(self, count: int, seeds: int, known: int) -> None:
        """So many seeds for the best of the readings that have `known` seeds, as these rank them."""
        chosen = best([row for row in self.rows(SAMPLED, known) if row["seeds"] == known], count)
        recipes = [Recipe.from_dict(row["recipe"]) for row in chosen]
        tasks = [task for recipe in recipes for task in self.tasks(recipe, seeds)]
        self.carried([replace(task, shared=True) for task in tasks], SPACE)  # their first seeds are there

    def sized(self, winner: Recipe, seeds: int) -> None:
        """The winner on smaller training sets, and the trained networks' errors on what they have learned."""
        tasks = [replace(task, shared=True) for task in self.tasks(winner, seeds)]
        for size in (self.patterns // 4, self.patterns // 2):
            recipe = replace(winner, name=f"winner, {size} patterns")
            tasks += self.tasks(recipe, seeds, train_size=size)
        self.carried(tasks, "sizes", after_training)

    def tasks(self, recipe: Recipe, seeds: int, **data: int) -> list[Task]:
        """Seeds 1 to `seeds` of a reading, which is judged on held-out patterns."""
        place = self.arguments.runs / NAME / recipe.name.replace(" ", "_").replace(",", "")
        return seeds_of(recipe, place, self.arguments, seeds, validation=self.patterns // 6, **data)

    def carried(self, tasks: list[Task], part: str, measure: Callable[[Task], dict] | None = None) -> None:
        """Perform the tasks, but those on record that need not be measured; their histories take the place of earlier
        ones of the same runs."""
        for task in tasks:
            self.parts.setdefault(task.recipe.name, part)
        if measure is None:
            tasks = [task for task in tasks if not self.on_record(task)]
        by_run = {(task.recipe.name, task.seed): task for task in tasks}

        def extend(history: dict) -> dict:
            task = by_run[history["recipe"]["name"], history["seed"]]
            return slim(history) | {"part": self.parts[task.recipe.name]} | (measure(task) if measure else {})

        kept = (
            [run for run in self.histories if (run["recipe"]["name"], run["seed"]) not in by_run],
            [end for end in self.diverged if (end["recipe"], end["seed"]) not in by_run],
        )
        partial = self.arguments.out / f"{NAME}.partial.json"
        carry_out(NAME, tasks, self.arguments, complete=False, allow_divergence=True, extend=extend, kept=kept)
        content = json.loads(partial.read_text(encoding="utf-8"))
        self.histories = content["runs"]
        self.diverged = [
            end | {"fields": by_run[run].recipe.as_dict(), "part": self.parts[run[0]]} if run in by_run else end
            for end in content["diverged"]
            if (run := (end["recipe"], end["seed"]))
        ]

    def on_record(self, task: Task) -> bool:
        """Whether the histories hold as many passes of this run, or it is known to diverge."""

        def of_task(recipe: dict, seed: int) -> bool:
            return seed == task.seed and Recipe.from_dict(recipe) == task.recipe

        return any(
            run["passes"][-1]["pass"] >= task.passes
            and run["data"]["train_size"] + run["data"]["test_size"] == self.patterns
            and of_task(run["recipe"], run["seed"])
            for run in self.histories
        ) or any(of_task(end["fields"], end["seed"]) for end in self.diverged)

    def finished(self) -> None:
        """Record all under the final name."""
        carry_out(NAME, [], self.arguments, allow_divergence=True, kept=(self.histories, self.diverged))

    def rows(self, parts: Iterable[str], seeds: int) -> list[dict]:
        """The scores of these parts by their first seeds: a study that goes on chooses as one that was never
        stopped."""
        histories = [run for run in self.histories if run["part"] in parts and run["seed"] <= seeds]
        return rows(histories, [end for end in self.diverged if end["part"] in parts and end["seed"] <= seeds])


@cache
def after_training(task: Task) -> dict[str, float]:
    """The error of a task's trained network on the patterns that it learned."""
    network = checkpoints.load(task.out / CHECKPOINT).network()
    engine = make_engine(task.engine, network, make_loss(task.recipe))
    return {"train_error_after_percent": error_rate(engine, task.data.load().train).error_percent}
