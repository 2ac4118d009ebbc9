"""The blocks of the README and of docs/ that hold recorded numbers, each written from the records."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from scipy.stats import t as student_t
from scipy.stats.distributions import rv_frozen

from experiments.fig6_training_size import group
from experiments.machinery.catalogue import costs, listed, time_of
from experiments.machinery.catalogue import named as named_experiment
from experiments.machinery.page import brief
from experiments.machinery.record import published
from experiments.strings.report import rates
from lenet1998.evaluation import rate_interval
from lenet1998.report.estimates import estimate
from lenet1998.report.kept import find_tables, read_tables, recorded
from lenet1998.report.table import Column, Table
from lenet1998.report.writers import markdown

WIDTH = 100  # characters of a line of prose
FIGURE_5, FIGURE_6 = "fig5_error_curves", "fig6_training_size"
TEST, TRAIN = "test_error_percent", "train_error_percent"
# What, the paper's figure, the record, training set and distorted copies, pass and key that are averaged, and the
# command.
ROWS = (
    ("test error, pass 20", 0.95, FIGURE_5, (60_000, 0), 20, TEST, FIGURE_5),
    ("training error, on the fly, pass 19", 0.35, FIGURE_5, (60_000, 0), 19, TRAIN, FIGURE_5),
    ("test error, trained on 15,000", 1.68, FIGURE_6, (15_000, 0), 20, TEST, FIGURE_6),
    ("test error, trained on 30,000", 1.14, FIGURE_6, (30_000, 0), 20, TEST, FIGURE_6),
    ("test error, with distortions", 0.82, FIGURE_6, (60_000, 9), 20, TEST, FIGURE_6),
    ("test error, engine NumPy", 0.95, f"{FIGURE_5}_numpy", (60_000, 0), 20, TEST,
     f"{FIGURE_5} --seeds 1 --engine numpy"),
    ("test error, the text taken literally", 0.95, f"{FIGURE_5}_printed", (60_000, 0), 20, TEST,
     f"{FIGURE_5} --seeds 1 --recipe printed"),
)  # fmt: skip
STRINGS = (
    ("strings of five digits, the network replicated (VII)", "sdnn eq. 17"),
    ("strings of five digits, by segments (V)", "hos eq. 17"),
)
"""Methods of `experiments.strings` that learned whole strings; 1998 has no such number."""
INTERVALS = (
    "Intervals of error rates: with four seeds or more, a 95% t interval of the mean, on the logit scale, so that it "
    "stays between 0 and 100%. With two or three seeds: the smallest and the largest run, which is not a confidence "
    "interval. `python -m experiments.NAME`, with the last column for NAME, repeats a row."
)
ENGINES = {"numba": "compiled engine", "numpy": "NumPy engine", "jax": "JAX", "torch": "PyTorch"}
SYSTEMS = ("relu_lenet", "cat_lenet", "mlp_mnist", "cifar10_convnet", "faithful_class")


def prose(text: str) -> str:
    """A paragraph in lines."""
    return fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def shown(table: Table) -> str:
    """A table in Markdown, its caption and notes in lines."""
    return "\n\n".join(
        part if part.startswith("|") else prose(part) for part in markdown(table).split("\n\n")
    )  # fmt: skip


def recorded_table(name: str) -> str:
    """A recorded table by its name, with the rows that its experiment's page has."""
    tables = {path.stem: read_tables(path) for path in recorded().glob("*.json") if path.stem != "index"}
    (table,) = find_tables(tables, name)[:1]
    of = next(stem for stem, those in tables.items() if table in those)
    short = brief(table, named_experiment(of).experiment)
    rest = f"All {len(table.rows)} rows are in [{name}.csv](../experiments/results/csv/{name}.csv)."
    return "\n\n".join([shown(short), *[rest] * (len(short.rows) < len(table.rows))])


def _errors(name: str, patterns: tuple[int, int], number: int, key: str) -> np.ndarray:
    runs = group(published(name)["runs"], *patterns)
    return np.array([run["passes"][number - 1][key] for run in runs])


def results_table() -> Table:
    """Error rates: the paper's, ours with the interval over seeds, and the experiment."""
    columns = [Column("result", kind="text"), Column("1998", "%"), Column("ours", "%"), Column("seeds")]
    rows = []
    for what, paper, name, patterns, number, key, command in ROWS:
        values = _errors(name, patterns, number, key)
        rows.append([what, paper, estimate(values), len(values), command])
    runs = published("strings")["runs"]
    for what, method in STRINGS:
        values = rates(runs, method, "plain")[:, 0]
        rows.append([what, None, estimate(values), len(values), "strings"])
    return Table("results", "Error rates", [*columns, Column("experiment", kind="code")], rows)


def results() -> str:
    """That table, and how to read it."""
    bare = next(part for part in markdown(results_table()).split("\n\n") if part.startswith("|"))
    return f"{bare}\n\n{prose(INTERVALS)}"


def headline() -> str:
    """The error of 1998, and ours."""
    _, paper, name, patterns, number, key, _ = ROWS[0]
    values = _errors(name, patterns, number, key)
    mean, low, high = (f"{value:.2f}" for value in rate_interval(values))
    return prose(
        f"LeNet-5 of 1998 got {paper}% of MNIST's test digits wrong; this one gets {mean}% wrong (95% interval "
        f"{low} to {high}%, {len(values)} seeds), after {fastest():.0f} seconds of training on one core of today."
    )


def one_more_run(errors: np.ndarray) -> rv_frozen:
    """Student's distribution of one more run, given the errors of those on record, (runs,)."""
    return student_t(len(errors) - 1, errors.mean(), errors.std(ddof=1) * np.sqrt(1 + 1 / len(errors)))


def teaching() -> str:
    """Test accuracies of the teaching systems: what their sources report, and ours."""
    rows, columns = [], ("its source", "repeated as published", "our recipe, same layers")
    for name in SYSTEMS:
        (table,) = [each for each in read_tables(recorded() / f"{name}.json") if each.name == f"{name}_accuracies"]
        names = [column.name for column in table.columns]
        tested = [dict(zip(names, row, strict=True)) for row in table.rows]
        tested = [row for row in tested if row["measured on"] in ("test", "MNIST's test set")]
        repeated = next(row for row in tested if row["recipe"] == "published")
        ours = [row for row in tested if row["recipe"].endswith("ours")][-1]
        title = f"{table.caption.partition(':')[0]}, {repeated['patterns']:,} test images"
        rows.append([title, repeated.get("published"), repeated["accuracy"], ours["accuracy"]])
    heads = [Column("system", kind="text"), *(Column(each, "%") for each in columns)]
    return shown(Table("teaching", "Right answers on the test set", heads, rows))


def experiments_table() -> str:
    """Every experiment with its command and the time that its recorded runs took, one after the other."""
    seconds = costs()
    columns = [Column("experiment", kind="text"), Column("in the paper", kind="text"), Column("command", kind="code")]
    rows = [
        [
            one.variant.title,
            one.experiment.paper,
            one.command,
            time_of(seconds[one.name]) if one.name in seconds else "",
        ]
        for one in listed()
    ]
    return shown(Table("experiments", "Experiments", [*columns, Column("on record, one core", kind="text")], rows))


def speed() -> str:
    """How long a run takes, one online step engine by engine, and what the compiled engine had to reach."""
    record = published("benchmark_speed")
    yardstick, machine = 1.84e3 / record["matmul_gflops"], record["machine"]
    processor = published(FIGURE_5)["runs"][0]["machine"]["processor"]
    columns = [Column("engine", kind="text"), Column("step", "us", 0), Column("times the yardstick", "", 1)]
    rows = [[ENGINES[row["engine"]], row["step"], row["step"] / yardstick] for row in record["rows"]]
    steps = Table("steps", "One online step", columns, sorted(rows, key=lambda row: row[1]))
    columns = [Column(name, kind="text") for name in ("compiled engine", "bar", "measured")]
    return "\n\n".join(
        (
            prose(
                f"The 20 passes of Figure 5 train for {fastest():.0f} s with the compiled engine on one core "
                f"({processor}); testing after each pass adds a few seconds."
            ),
            prose(
                f"One online step (forward, backward, update) on one core ({machine['processor']}, "
                f"{machine['architecture']}); the yardstick is the time that its 1.84 million operations take at the "
                f"measured rate of matrix multiplication, {yardstick:.1f} us (`python -m experiments.speed`)."
            ),
            shown(steps),
            shown(Table("bars", "What the compiled engine had to reach", columns, list(bars(record)))),
        )
    )


def bars(record: dict) -> Sequence[tuple[str, str, str]]:
    """What had to be reached, the bar, and what was measured in the same run."""
    row = next(row for row in record["rows"] if row["engine"] == "numba")
    rate, whole = record["matmul_gflops"] / 1e3, record["processes"]
    step, forward = row["step"], row["forward"]
    return (
        ("training step", "at most 2.6x the time of 1.84 MFLOP", f"{step:.1f} us, {step * rate / 1.84:.1f}x"),
        ("forward pass", "at most 2.4x the time of 0.65 MFLOP", f"{forward:.1f} us, {forward * rate / 0.65:.1f}x"),
        ("curvature, per pattern", "at most 1.1 training steps", f"{row['curvature'] / step:.2f} training steps"),
        ("two runs on two cores", "at least 1.8x the throughput of one", f"{whole['speedup_of_two']:.2f}x"),
        ("second start, to the first pattern", "at most 1 s", f"{whole['second_start']:.1f} s"),
        ("first start, compiling", "at most 12 s", f"{whole['first_start']:.0f} s"),
        ("memory, 60,000 patterns", "at most 600 MB", f"{whole['megabytes']:.0f} MB"),
    )


def installation() -> str:
    """How large the package and what it needs are, and how much longer its first start takes."""
    record = published("benchmark_speed")
    starts = record["processes"]
    return prose(
        f"This brings {record['installed_megabytes']:.0f} MB, most of it NumPy, SciPy, Matplotlib and the compiler, "
        f"numba. The first start compiles, and takes {starts['first_start'] - starts['second_start']:.0f} seconds more "
        "than others."
    )


def fastest() -> float:
    """Seconds of the fastest of the recorded runs of Figure 5, since others only had to share the machine."""
    return min(sum(record["seconds"] for record in run["passes"]) for run in published(FIGURE_5)["runs"])
