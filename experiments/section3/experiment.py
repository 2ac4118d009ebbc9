"""Section III: every classifier of Figures 9 to 12, ours beside the paper's."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from experiments.machinery.declaration import Experiment, Plan, Record, Training
from experiments.machinery.record import description, of_digits, rows_of
from experiments.machinery.setting import Setting, in_turns
from experiments.section3.claims import claims
from experiments.section3.figures import draw
from experiments.section3.report import bars, tables
from experiments.section3.rows import LENET5, NAMES, TRAININGS, begun, errors_of, measured, network_of, seeds_of
from lenet1998.classifiers.rows import FEWER_SEEDS, SEEDS
from lenet1998.errors import LeNetError
from lenet1998.reference import comparable
from lenet1998.running.work import Failure

LINES = (
    "Lines with caps are 95% intervals, those without are ranges of 2 or 3 runs. Ticks are single runs where one lost "
    "an output unit: the bar is their median."
)


def plan(setting: Setting) -> Plan:
    data = description(of_digits(setting.data))
    place = setting.arguments.out / setting.name
    rows, failed = rows_of(place), {}
    if any(row["data"] != data for row in rows.values()):
        raise LeNetError(f"{place} holds rows of other data: choose another place with --out")
    names = list(dict.fromkeys(setting.arguments.only or NAMES))
    wanted = [(name, seed) for name in names for seed in seeds_of(name, setting.seeds)]
    parts = [
        setting.part(f"{name}, seed {seed}", measured, name=name, seed=seed, choice=setting.choice,
                     runs=setting.store.root)
        for name, seed in wanted
    ]  # fmt: skip
    found = yield from in_turns(parts, [(network_of(name), seed) for name, seed in wanted])
    for name in names:
        own = [outcome for (each, _), outcome in zip(wanted, found, strict=True) if each == name]
        lost = [outcome.reason for outcome in own if isinstance(outcome, Failure)]
        if lost:
            failed[name] = lost[0]
            continue
        about = {"experiment": setting.name, "row": name, **own[0]["made"], "data": data}
        rows[name] = about | {"runs": [outcome["run"] for outcome in own]}
        if name in LENET5 and comparable({"data": data}):
            rows[name]["errors_percent"] = errors_of(name)
    if not rows:
        raise LeNetError(f"no row was measured ({next(iter(failed.items()))[1]})")
    return {"rows": rows, "failed": failed}


def figures(record: Record, stem: Path) -> list[Path]:
    return draw(bars(record["rows"], record.get("failed", {})), record["rows"], stem.parent)


def trainings(record: Record) -> Iterator[Training]:
    """Of each row the first, since later ones may learn what it has left."""
    for name, row in record["rows"].items():
        for history in row["runs"][0].get(TRAININGS, [])[:1]:
            yield Training(history, again=partial(begun, name, row["data"], history["seed"]), label=name)


EXPERIMENT = Experiment(
    name="section3",
    title="All classifiers of section III",
    paper="Figures 9 to 12, section III-C",
    question="How do all classifiers of the paper's comparison err, reject and cost?",
    answer="LeNet-5 errs as in the paper ({fig9; LeNet-5; ours}; {fig9; [dist] LeNet-5; ours} with distortions), and "
    "here too only boosting errs less. Perceptrons err less than the paper's ({fig9; 28x28-300-10; ours} against "
    "{fig9; 28x28-300-10; 1998}), SVMs on regular images more ({fig9; SVM poly 4; ours} against {fig9; SVM poly 4; "
    "1998}).",
    shown={
        "fig9": "Linear; Pairwise; K-NN Euclidean; 40 PCA + quadratic; [16x16] Tangent Distance; SVM poly 4; "
        "[dist] V-SVM poly 9; 28x28-300-10; [16x16] LeNet-1; LeNet-4; LeNet-5; [dist] LeNet-5; [dist] Boosted LeNet-4",
        "section3_gaps": "",
    },
    description=f"Each row is measured on one core, with {SEEDS} seeds where chance has a part, {FEWER_SEEDS} where it "
    "trains for minutes per seed. A row that fails stays open, with its reason. OUT/section3/ROW.json holds a row. "
    "Nearest neighbours, K-means and support vector machines need the extra `baselines`.",
    caption="Every classifier of the paper's comparison, ours beside 1998.",
    captions={
        "fig9_classifiers": f"Test errors of every classifier, ours and Figure 9's. {LINES}",
        "fig10_rejection": "Patterns that must be rejected to have 0.5% error among the rest, ours and Figure 10's; "
        f"and the error by rejection, the mean over the runs. Of LeNet-5 it is one network. {LINES}",
        "fig11_multiply_accumulates": "Multiply-accumulate operations to recognise one pattern, counted from the "
        "models, and Figure 11's.",
        "fig12_variables": "Variables to be stored, counted from the models, and Figure 12's.",
    },
    chapter="Classifiers of section III",
    place=1,
    plan=plan,
    tables=tables,
    figures=figures,
    claims=claims,
    seeds=0,
    passes=None,
    quick={"train_size": 1500, "test_size": 300},
    trainings=trainings,
    failures=True,
    folder=True,
    only=tuple(NAMES),
    also=("fig9", "fig10", "fig11", "fig12"),
)
