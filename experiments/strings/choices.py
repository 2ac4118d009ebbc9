"""What section V leaves open: cuts and segments, tried on strings of held-out training digits.

LeNet-5 learns single digits, the first training patterns, and reads strings of the last 10,000 by their segments, with
one choice changed at a time; the test set plays no part. It has seen neither strings nor segments that are no
characters, so what a choice is worth after training on strings may differ.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from experiments.machinery import choices
from experiments.machinery.choices import Candidate, Choices, Trial
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.measures import trained
from experiments.machinery.record import of_digits
from experiments.machinery.setting import Setting
from lenet1998.engine import Engine
from lenet1998.recipe import Recipe
from lenet1998.report.table import Table
from lenet1998.running.provenance import provenance
from lenet1998.strings.images import Layout, Strings, strings
from lenet1998.strings.reading import read
from lenet1998.strings.scores import Score, score
from lenet1998.strings.segmentation import Segmentor

T = TypeVar("T")

OTHERS: dict[str, tuple[Any, ...]] = {
    "depth": (0.5, 1.0, 3.0, 4.0),
    "notch": (2.0, 3.0, 6.0),
    "least_width": (2, 4),
    "most_pieces": (2, 4),
    "most_width": (18, 20, 24, 28),
    "wide_gap": (1, 2, 8),
    "centre": ("box",),
}
PLAIN = "as chosen"
ONE = "One choice is changed at a time; in brackets behind a choice is what was chosen."


def one_at_a_time(chosen: T, others: Mapping[str, Iterable[Any]]) -> dict[str, T]:
    """What was chosen, a dataclass, and the same with each of the other values of each field, by what is changed."""
    found = {PLAIN: chosen}
    for name, values in others.items():
        for value in values:
            changed: Any = replace(chosen, **{name: value})  # type: ignore[type-var]
            found[f"{name} = {_short(value)} (not {_short(getattr(chosen, name))})"] = changed
    return found


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def candidates(setting: Setting | None = None) -> Iterator[Candidate]:
    """The segmentor as it is, and with each of the other values of each choice."""
    for name, segmentor in one_at_a_time(Segmentor(), OTHERS).items():
        yield Candidate("", name, segmentor, begins="single digits")


def by_segments(engine: Engine, found: Strings, segmentor: Segmentor, scale: float) -> Score:
    """How well the engine's network reads the strings."""
    parts = [segmentor.segments(image) for image in found.images]
    penalties = scale * engine.penalties(np.concatenate([part.images for part in parts]))
    ends = np.cumsum([len(part.images) for part in parts])
    answers = [read(part, own).labels for part, own in zip(parts, np.split(penalties, ends[:-1]), strict=True)]
    return score(answers, found.labels.tolist())


def judge(segmentor: Segmentor, trial: Trial) -> dict[str, Any]:
    """Both errors on strings of the held-out digits."""
    held_out, recipe = trial.data.load().test, Recipe()
    found = strings(held_out, len(held_out) // 10, 5, seed=1, layout=Layout(noise=0))
    task = trial.task(recipe, trial.passes or 5)
    task.perform(passed=trial.passed)
    engine = trained(task)[1]
    return {**by_segments(engine, found, segmentor, recipe.penalty_scale)._asdict(), "engine": engine.name}


CHOICES = Choices(candidates, judge, dict(zip(Score._fields, ("strings wrong", "characters wrong"), strict=True)))


def plan(setting: Setting) -> Plan:
    digests = dict(of_digits(setting.data).digests)
    runs = yield from CHOICES.tried(setting)
    return {**provenance(), "recipe": Recipe().as_dict(), "engine": runs[0]["engine"],
            "passes": setting.passes, "digests": digests, "runs": runs}  # fmt: skip


def tables(record: Record) -> list[Table]:
    caption = "What section V leaves open for segments: held-out strings of five digits"
    return [CHOICES.table(record["experiment"], record["runs"], caption, [ONE])]


EXPERIMENT = Experiment(
    name="strings_choices",
    title="What section V leaves open for segments",
    paper="section V",
    question="Which cuts and segments let a network of single digits read held-out strings best?",
    answer="As chosen, {strings_choices; as chosen; strings wrong} of the strings are read wrongly, and no change "
    "lowers that clearly. Segments that may not be wide enough cost most: {strings_choices; most_width = 18 (not 22); "
    "strings wrong}.",
    shown={
        "strings_choices": "as chosen; depth = 1.0 (not 2.0); depth = 3.0 (not 2.0); notch = 3.0 (not 4.0); "
        "least_width = 2 (not 3); most_pieces = 2 (not 3); "
        "most_width = 18 (not 22); most_width = 24 (not 22); wide_gap = 1 (not 4); centre = box (not mass)",
    },
    description=__doc__.partition("\n\n")[2],
    caption="One choice changed at a time; strings of held-out training digits, read by a network of single digits.",
    chapter="Strings of digits",
    place=2,
    plan=plan,
    tables=tables,
    seeds=3,
    passes=5,
    quick={"held_out": choices.HELD_OUT_QUICK},
    options=choices.options,
)

if __name__ == "__main__":
    main(EXPERIMENT)
