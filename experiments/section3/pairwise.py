"""Section III-C.1's pairwise classifier by what its units put out and by the version of its images."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.machinery.choices import HELD_OUT
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import description, of_digits
from experiments.machinery.setting import Setting
from experiments.section3.choices import OUTPUTS, VERSIONS
from experiments.section3.rows import PAPER
from lenet1998.classifiers.linear import PairwiseLinear
from lenet1998.evaluation import ErrorRate, answers
from lenet1998.report.table import Cell, Column, Estimate, Table
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.squash import squash

UNITS: dict[str, Callable] = OUTPUTS | {"sigmoid, summed": squash}


def judged(out: Path, progress: object, passed: object, *, images: str, choice: DataChoice) -> dict[str, Any]:
    """The part of one version of the images: error and interval by what units put out. They are fitted once."""
    data, version = choice.load(), VERSIONS[images]
    classifier = PairwiseLinear()
    classifier.fit(version(data.train.images), data.train.labels)
    test, found = version(data.test.images), {}
    for name, classifier.output in UNITS.items():
        wrong = int((answers(classifier.scores(test)) != data.test.labels).sum())
        found[name] = ErrorRate(wrong, len(test)).as_dict()
    return found


def plan(setting: Setting) -> Plan:
    of_digits(setting.data)
    held_out = replace(setting.choice, test_size=None, validation=min(HELD_OUT, setting.held_out))
    places = [(images, part) for images in VERSIONS for part in ("held out", "test")]
    found = yield [
        setting.part(
            f"{images}, {part}", judged, part, images=images, choice=setting.choice if part == "test" else held_out
        )
        for images, part in places
    ]
    errors = [{"images": images, "part": part, **each} for (images, part), each in zip(places, found, strict=True)]
    return {**provenance(), "data": description(setting.data), "errors": errors}


def tables(record: Record) -> list[Table]:
    rows: list[list[Cell]] = []
    for images in VERSIONS:
        own = {each["part"]: each for each in record["errors"] if each["images"] == images}
        for unit in UNITS:
            rates = [own[part][unit] for part in ("held out", "test")]
            rows.append([images, unit, *(Estimate(each["error_percent"], *each["interval_percent"]) for each in rates)])
    columns = [Column("images", kind="text"), Column("a unit's output", kind="text")]
    columns += [Column("held-out error", "%"), Column("test error", "%")]
    said = PAPER["pairwise_linear"]["fig9_test_error_percent"]
    notes = [f"Figure 9 has {said:g}%.", "Units are fitted by least squares, sigmoids too. Intervals are Wilson's."]
    return [Table(record["experiment"], "Pairwise classifier: errors by units and images", columns, rows, notes)]


EXPERIMENT = Experiment(
    name="section3_pairwise",
    title="Section III's pairwise classifier by units and images",
    paper="section III-C.1",
    question="Which outputs and which images bring the pairwise classifier to the error of Figure 9?",
    answer="Sigmoid units that are summed, on deslanted images, err {section3_pairwise; deslanted; sigmoid, summed; "
    "test error}, as the figure has it. On regular images signs err least, {section3_pairwise; regular; sign; test "
    "error}.",
    chapter="Classifiers of section III",
    place=5,
    plan=plan,
    tables=tables,
    seeds=None,
    passes=None,
)

if __name__ == "__main__":
    main(EXPERIMENT)
