"""What becomes of pictures of digits as people make them: right, doubted, warned, refused or silent."""

import argparse
from pathlib import Path

import numpy as np

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.record import RESULTS, description, of_digits, read
from experiments.machinery.setting import Setting
from experiments.pictures.made.kinds import KINDS
from experiments.pictures.measuring import OUTCOMES, measured
from lenet1998.commands.options import positive
from lenet1998.patterns import DataSet
from lenet1998.pictures.plotting import panels, save, style
from lenet1998.pretrained import CARDS, FOLDER, SURENESS
from lenet1998.report.table import Column, Table
from lenet1998.running.provenance import provenance

NAME, CURVE, BEFORE = "pictures", "pictures_reliability", "pictures_before"
COUNT, SURE = 100, 0.9
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


def options(parser: argparse.ArgumentParser) -> None:
    text = f"pictures per kind (default: {COUNT})"
    parser.add_argument("--count", metavar="N", type=positive, default=COUNT, help=text)


def plan(setting: Setting) -> Plan:
    """On record by kind: how many pictures came to what, and each confidence with whether the answer was right."""
    of_digits(setting.data)
    count, kinds = setting.arguments.count, list(dict.fromkeys(setting.arguments.only or KINDS))
    networks = [(FOLDER / name).read_text(encoding="utf-8") for name in (CARDS, SURENESS)]
    found = yield [
        setting.part(kind, measured, networks, size=count, kind=kind, count=count, choice=setting.choice)
        for kind in kinds
    ]
    known = setting.recorded()
    known = known if known.get("count") == count else {}
    table = known.get("kinds", {}) | {kind: each["outcomes"] for kind, each in zip(kinds, found, strict=True)}
    kept = [pair for pair in known.get("confidences", []) if pair[0] not in kinds]
    new = [[kind, *pair] for kind, each in zip(kinds, found, strict=True) for pair in each["confidences"]]
    return {"count": count, **provenance(), "data": description(setting.data),
            "kinds": {kind: table[kind] for kind in KINDS if kind in table}, "confidences": kept + new}  # fmt: skip


def tables(record: Record) -> list[Table]:
    """Per cent of each kind's pictures, beside those of the commit before shadows, slopes and signs were looked at."""
    before = read(RESULTS / f"{BEFORE}.json")["kinds"]
    rows = []
    for kind, outcomes in record["kinds"].items():
        old = [_percent(before[kind], what) if kind in before else None for what in ("right", "silent")]
        rows.append([kind, *old, *(_percent(outcomes, what) for what in OUTCOMES)])
    columns = [Column("kind", kind="text"), *(Column(f"before: {what}", "%", 0) for what in ("right", "silent")),
               *(Column(what, "%", 0) for what in OUTCOMES)]  # fmt: skip
    sure = [right for _, confidence, right in record["confidences"] if confidence >= SURE]
    notes = [f"{record['count']} pictures per kind, of test digits."]
    if sure:
        notes.append(
            f"Of the {len(sure)} answers with a confidence of {SURE} or more, {100 * np.mean(sure):.1f}% were right."
        )
    return [Table(NAME, "What becomes of pictures", columns, rows, notes)]


def _percent(outcomes: dict[str, int], what: str) -> float:
    return 100 * outcomes[what] / sum(outcomes.values())


def reliability(confidences: list[tuple[str, float, bool]]) -> list[tuple[float, float, int]]:
    """By bins of confidence: its mean, the share that was right, and how many answers."""
    sure = np.array([confidence for _, confidence, _ in confidences])
    right = np.array([each for _, _, each in confidences], bool)
    at = np.digitize(sure, BINS[1:-1])
    bins = [np.flatnonzero(at == k) for k in range(len(BINS) - 1)]
    return [(float(sure[own].mean()), float(right[own].mean()), len(own)) for own in bins if own.size]


def figures(record: Record, stem: Path) -> list[Path]:
    """How many answers were right by how sure they were said to be."""
    found = reliability(record["confidences"])
    with style():
        figure, (axes,) = panels(1, (4, 4))
        axes.plot([0, 1], [0, 1], color="0.8", linewidth=1)
        axes.plot([sure for sure, _, _ in found], [right for _, right, _ in found], marker="o")
        for sure, right, count in found:
            axes.annotate(str(count), (sure, right), textcoords="offset points", xytext=(4, -10), fontsize=7)
        axes.set(xlabel="confidence", ylabel="share of right answers", xlim=(0, 1), ylim=(0, 1.02), aspect="equal")
        return save(figure, stem.with_name(f"{stem.name}_reliability"))


def full(arguments: argparse.Namespace, data: DataSet) -> bool:
    return data.name == "mnist" and len(data.test) == 10_000 and arguments.count == COUNT


EXPERIMENT = Experiment(
    name=NAME,
    title="Pictures of digits",
    question="How often are pictures of every kind read rightly, and how often wrongly without a warning?",
    answer="Of clean strings {pictures; clean; right} are read rightly and {pictures; clean; silent} wrongly without a "
    "warning. The second share is largest with glare ({pictures; glare; silent}), of faxes ({pictures; fax; silent}) "
    "and beside letters that were not learned ({pictures; other letter; silent}).",
    shown={
        "pictures": "clean; one digit; shadow x0.5; blue field; small 28 of 64; turned 15; two lines; ruled paper; "
        "upside down; 58 digits; euro; photographs; glare",
    },
    description="Pictures of each kind are drawn from test digits. Right: the right string with a confidence of 0.5 or "
    "more, or a refusal where there is nothing to read. Doubted: the right string with a lower confidence. Warned: a "
    "wrong string with a confidence below 0.5. Refused: no answer where there is one. Silent: a wrong string with a "
    "confidence of 0.5 or more. `predict` states no confidence, so all its wrong answers are silent. Where a sign "
    "stands beside digits, an answer is right only if it names the sign.",
    captions={CURVE: "The share of right answers by confidence, with the number of answers."},
    chapter="Strings of digits",
    place=5,
    plan=plan,
    tables=tables,
    figures=figures,
    seeds=None,
    passes=None,
    quick={"count": 2},
    options=options,
    full=full,
    only=tuple(KINDS),
)
