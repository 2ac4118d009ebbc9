"""Section III's rows as numbers beside the paper's: a table per figure, times, and gaps with what explains them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from experiments.machinery.declaration import Record
from experiments.section3.claims import training_cost
from experiments.section3.rows import LABELS, NAMES, PAPER
from experiments.section3.status import ERROR, MACS, REJECT, STATUS, VARIABLES, Status
from lenet1998.reference import comparable
from lenet1998.report.estimates import estimate, without_a_unit
from lenet1998.report.table import Cell, Column, Estimate, Table

FIGURES = {ERROR: "error (%)", REJECT: "rejected (%)", MACS: "multiply-accumulates (k)", VARIABLES: "variables (k)"}
CAPTIONS = {
    ERROR: "Figure 9: test error",
    REJECT: "Figure 10: patterns rejected to have 0.5% error among the rest",
    MACS: "Figure 11: multiply-accumulate operations for one pattern",
    VARIABLES: "Figure 12: variables to be stored",
}
NOTES = {
    ERROR: ["The interval of a single run is Wilson's."],
    REJECT: [
        "The interval of a single run is a bootstrap's. So are LeNet-5's two: of one network, the package's, while "
        "their errors are of ten seeds.",
        "Section III-D gives two rules of rejection: an output below a threshold, and two sentences later the "
        "difference of the best two. The second is the operative one, and ours.",
    ],
}
POINT, RELATIVE = 0.3, 0.15  # gaps up to these agree: of percentages both, of counts the second
UNCERTAIN = 0.1  # of the paper's error rates, in points (caption of Figure 9)
GAP = {
    True: f"up to {POINT} point and {100 * RELATIVE:.0f}%, with its interval within {UNCERTAIN} point,",
    False: f"up to {100 * RELATIVE:.0f}%",
}
UNTRIED = Status("open", "nothing was tried")


@dataclass(frozen=True)
class Bar:
    """A row of the figures: the paper's values and ours by figure; what `open` says if ours are not there.

    `paper` is empty for data that may not be compared, and `runs` has what each run measured. The number of runs behind
    the error is 1 where its interval is Wilson's. `seconds` to train are a mean over the runs, `total_seconds` to train
    and test all of them.
    """

    name: str
    paper: dict[str, float]
    ours: dict[str, float] = field(default_factory=dict)
    runs: dict[str, list[float]] = field(default_factory=dict)
    error: Estimate | None = None
    rejection: Estimate | None = None
    seconds: float = 0.0
    microseconds: float = 0.0
    total_seconds: float = 0.0
    open: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.name]

    def cell(self, figure: str) -> Cell:
        """Our value as a table has it."""
        return {ERROR: self.error, REJECT: self.rejection}.get(figure, self.ours.get(figure))


def bars(records: dict[str, dict], failed: dict[str, str]) -> list[Bar]:
    """Every row, the paper's and what else was measured, from the records by row and the reasons of those that failed.

    Several runs are summed up by their mean and its interval (`estimate`), one by its Wilson interval and, for
    rejection, by its bootstrap interval.
    """
    compared = all(comparable(record) for record in records.values())
    return [_bar(name, records.get(name), PAPER.get(name, {}) if compared else {}, failed) for name in NAMES]


def _bar(name: str, record: dict | None, paper: dict[str, float], failed: dict[str, str]) -> Bar:
    if record is None:
        return Bar(name, paper, open=failed.get(name, "not measured yet"))
    runs = record["runs"]
    errors = record.get("errors_percent") or [run["error_percent"] for run in runs]
    rejected = [run["rejection"]["rejected_percent"] for run in runs]
    lost = without_a_unit(errors)
    error = _estimate(errors, runs[0]["interval_percent"], lost)
    rejection = _estimate(rejected, runs[0]["rejection"]["interval_percent"], lost)
    macs, variables, seconds, microseconds = (
        float(np.mean([run[key] for run in runs]))
        for key in ("multiply_accumulates", "variables", "seconds_to_fit", "microseconds_to_classify")
    )
    ours = {ERROR: error.mean, REJECT: rejection.mean, MACS: macs / 1000, VARIABLES: variables / 1000}
    total = len(runs) * (seconds + microseconds / 1e6 * runs[0]["patterns"])
    return Bar(name, paper, ours, {ERROR: errors, REJECT: rejected}, error, rejection, seconds, microseconds, total)


def _estimate(values: list[float], alone: list[float], lost: int) -> Estimate:
    return Estimate(values[0], alone[0], alone[1]) if len(values) == 1 else estimate(values, lost=lost)


def gaps(rows: list[Bar]) -> Iterator[tuple[Bar, str, str, str]]:
    """Row, figure, verdict and evidence (`experiments.section3.status`) of every value that differs from the paper's:
    by more than 0.3 point or 15% relative, or, of percentages, by more than the paper's 0.1 from our interval."""
    ours = {(row.name, figure): value for row in rows for figure, value in row.ours.items()}
    for row in rows:
        for figure in FIGURES:
            if figure in row.paper and figure in row.ours and _differs(row.paper[figure], row.cell(figure)):
                status = STATUS.get((row.name, figure), UNTRIED)
                yield row, figure, *status.of(row.ours[figure], ours)


def _differs(paper: float, ours: Cell) -> bool:
    if not isinstance(ours, Estimate):
        assert isinstance(ours, float)
        return abs(ours - paper) > RELATIVE * paper
    gap = abs(ours.mean - paper)
    beyond = ours.low is not None and ours.high is not None and max(ours.low - paper, paper - ours.high) > UNCERTAIN
    return gap > POINT or gap > RELATIVE * paper or beyond


def tables(record: Record) -> list[Table]:
    """A table per figure, the times, and what is open: gaps to the paper, and rows that were not measured."""
    rows = bars(record["rows"], record.get("failed", {}))
    compared = any(row.paper for row in rows)
    found = [_figure(number, figure, rows, compared) for number, figure in enumerate(FIGURES, 9)]
    known: list[list[Cell]] = [[row.label, FIGURES[figure], *why] for row, figure, *why in gaps(rows)]
    known += [[row.label, FIGURES[ERROR], "not measured", row.open] for row in rows if row.open]
    columns = [Column(each, kind="text") for each in ("classifier", "figure", "status", "evidence")]
    caption = "Section III: every value that differs from the paper's, and what explains it or was tried"
    return [*found, _times(rows, compared), *([Table("section3_gaps", caption, columns, known)] if known else [])]


def _figure(number: int, figure: str, rows: list[Bar], compared: bool) -> Table:
    rate = figure in (ERROR, REJECT)
    unit = "%" if rate else "thousands"
    columns = [Column("classifier", kind="text"), Column("ours", unit, 2 if rate else 1)]
    shown: list[list[Cell]] = [[row.label, row.cell(figure)] for row in rows if not row.open]
    notes = NOTES.get(figure, [])
    if compared:
        why = {row.name: status for row, gap, status, _ in gaps(rows) if gap == figure}
        columns[1:1] = [Column("1998", unit, 4, "significant")]
        columns += [Column("status", kind="text")]
        wanted = [row for row in rows if figure in row.paper or not row.open]
        shown = [
            [row.label, row.paper.get(figure), row.cell(figure), why.get(row.name, _agrees(row, figure))]
            for row in wanted
        ]
        notes = [
            f"Status: a value agrees {GAP[rate]} from the paper's; the others' evidence is in table section3_gaps.",
            *notes,
        ]
    return Table(f"fig{number}", CAPTIONS[figure], columns, shown, notes)


def _agrees(row: Bar, figure: str) -> str:
    return "" if row.open or figure not in row.paper else "agrees"


def _times(rows: list[Bar], compared: bool) -> Table:
    columns = [Column("classifier", kind="text")]
    columns += [Column("1998", kind="text"), Column("times ours", kind="text")] if compared else []
    columns += [Column("to train", "s", 1), Column("to classify", "us", 0), Column("seeds")]
    shown: list[list[Cell]] = []
    for row in rows:
        said = training_cost(row.name, row.seconds) if compared else ()
        own = [row.seconds, row.microseconds, row.error.n] if row.error else [None] * 3
        shown += [[row.label, *said, *own]] if compared or row.error else []
    total = sum(row.total_seconds for row in rows) / 3600
    notes = ["1998: what section III-D says of training."] if compared else []
    notes.append(f"To train and test all these runs took {total:.1f} hours of one core, each row as if it were alone.")
    return Table("section3_times", "Section III: time to train and to classify, on one core", columns, shown, notes)
