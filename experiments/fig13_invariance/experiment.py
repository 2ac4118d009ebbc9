"""Figure 13 and section III-E: how far LeNet-5's answers withstand scale, shift, rotation, stroke width and noise."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.fig6_training_size import distorted
from experiments.fig13_invariance.activations import draw_activations
from experiments.fig13_invariance.perturbations import PERTURBATIONS, Perturbation, ink_kept, perturbed
from experiments.fig13_invariance.report import claims, draw, tables
from experiments.machinery import declaration
from experiments.machinery.declaration import Experiment, Plan, Record, Training
from experiments.machinery.measures import trained
from experiments.machinery.setting import Setting
from experiments.strings.networks import Sizes, swept
from lenet1998 import pretrained
from lenet1998.errors import LeNetError
from lenet1998.evaluation import answers
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice

NAME, DRAWING = "fig13_invariance", "fig13_activations"
STRINGS = "noisy strings"


def plan(setting: Setting) -> Plan:
    recipe, test = setting.recipe, setting.data.test
    if recipe.network != "lenet5" or recipe.noise or recipe.distorted_copies:
        raise LeNetError("Figure 13 compares LeNet-5 with and without distortions and noise: leave out these settings")
    sizes = Sizes.of(setting.data.train, min(setting.passes, Sizes.passes))
    kinds: dict[str, Sequence[Any]] = {
        "plain": setting.runs(recipe),
        "distortions": setting.runs(distorted(recipe)),
    }
    runs = yield [task for each in kinds.values() for task in each]
    kinds[STRINGS], histories = yield from swept(setting, sizes)
    runs = [*runs, *histories]
    known = [[run["seed"], run["passes"][-1], run.get("strings")] for run in runs]
    parts = [
        setting.part(each.name, measured, [each.values, each.neutral, known], what=each, networks=kinds,
                     choice=setting.choice)
        for each in PERTURBATIONS
    ]  # fmt: skip
    curves = yield parts
    drawing = setting.arguments.out / setting.name.replace(NAME, DRAWING)
    draw_activations(pretrained.load(pretrained.STRINGS).network(), test, drawing)
    found = dict(zip((each.name for each in PERTURBATIONS), curves, strict=True))
    return {**provenance(), "test_size": len(test), "curves": found, "runs": runs}


def measured(
    out: Path, progress: Any, passed: Any, what: Perturbation, networks: Mapping[str, Sequence[Any]], choice: DataChoice
) -> dict[str, Any]:
    """The part of one perturbation: its values, the share of ink that each leaves, and how many test patterns each
    network of each kind then classifies correctly: lists by value under `correct`, one per network."""
    test, kept = choice.load().test, []
    engines = {kind: [trained(task)[1] for task in each] for kind, each in networks.items()}
    correct: dict[str, list[list[int]]] = {kind: [[] for _ in each] for kind, each in networks.items()}
    for value in what.values:
        images = perturbed(test.images, what, value)
        kept.append(round(ink_kept(test.images, images), 4))
        for kind, each in engines.items():
            for counts, engine in zip(correct[kind], each, strict=True):
                counts.append(int((answers(engine.penalties(images)) == test.labels).sum()))
    return {"values": list(what.values), "ink_kept": kept, "correct": correct}


def figures(record: Record, stem: Path) -> list[Path]:
    """The curves; the drawing of activations needs test digits, and stays as the plan has left it."""
    drawing = stem.with_name(stem.name.replace(NAME, DRAWING))
    drawn = [path for ending in (".png", ".pdf") if (path := drawing.with_name(drawing.name + ending)).exists()]
    return [*draw(record["curves"], record["test_size"], stem), *drawn]


def trainings(record: Record) -> Iterator[Training]:
    """Those of Figures 5 and 6; what learned strings is the experiment's on strings."""
    return (each for each in declaration.trainings(record) if "strings" not in each.history)


EXPERIMENT = Experiment(
    name=NAME,
    title="Invariance and noise resistance",
    paper="Figure 13, section III-E",
    question="How far do LeNet-5's answers withstand scale, shift, rotation, stroke width and noise?",
    answer="Only one claim holds, if scale means a factor of 2 from smallest to largest: with distortions "
    "{fig13_invariance_accuracy; scale, a factor of 2 from smallest to largest; distortions; lower limit} and "
    "{fig13_invariance_accuracy; scale, a factor of 2 from smallest to largest; distortions; upper limit} are right "
    "at its two ends. Rotated by 30 degrees to the right {fig13_invariance_accuracy; rotation, 30 degrees; plain; "
    "lower limit} are right, and shifted up by half their height {fig13_invariance_accuracy; vertical shift, half of "
    "20 pixels; plain; lower limit}.",
    shown={
        "fig13_invariance_accuracy": "",
        "fig13_invariance_limits": "1-2; 4-5; 10-11; 13-14; 16-18",
    },
    description="The paper estimates that recognition stays accurate for scale within a factor of about 2, vertical "
    "shifts of about half the height of a character and rotations of 30 degrees. It gives no table and no protocol. "
    "Its figure shows nine digits with all their activations, in a network that had learned images of three characters "
    "with a tenth of the pixels inverted, as in Figures 25 and 26. Here three kinds of networks classify the whole "
    "test set under each perturbation: those of Figure 5, those of Figure 6 with distortions, and those of "
    "`experiments.strings` that learned noisy strings.",
    caption="Accuracy by scale, shift, rotation, stroke width and noise, where the paper shows single patterns.",
    captions={
        DRAWING: "Inputs, the activations of all layers and the penalties of the RBF units, drawn as in the paper, in "
        "a network that learned section VII's images of three characters and strings, a tenth of their pixels inverted."
    },
    chapter="Classifiers of section III",
    place=3,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=claims,
    recipe=True,
    trainings=trainings,
    also=("fig13",),
)
