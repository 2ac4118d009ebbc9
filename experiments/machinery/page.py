"""The page of an experiment in Markdown, and its tables as data: for docs, the report and `lenet1998 table`."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from experiments.machinery.cells import plain, with_cells
from experiments.machinery.declaration import ANY, Claim, Experiment, Record, Variant
from experiments.machinery.options import module_of
from experiments.machinery.record import RESULTS
from experiments.machinery.words import unexplained
from lenet1998 import report
from lenet1998.errors import LeNetError
from lenet1998.files import make_directory, write_atomically, write_json
from lenet1998.report.table import Column, Table
from lenet1998.report.writers import csv, markdown

RECORDED = Path(report.__file__).parent / "recorded"
"""Where the package has the tables of what the repository records."""
CSV = "csv"
"""The folder of tables of which a page shows some rows."""
TEN, FEW_ROWS = 10, 13  # a table with more rows than the second is cut to the first


def variant_of(experiment: Experiment, name: str) -> Variant:
    """How results of this name are called, and by which command they are made."""
    own = Variant(experiment.name, experiment.default, experiment.title, experiment.caption, experiment.answer)
    return next((each for each in experiment.variants if each.name == name), own)


def command(experiment: Experiment, arguments: str) -> str:
    """The command line that makes it."""
    return " ".join(filter(None, ("python -m", module_of(experiment), arguments)))


def claims_table(name: str, claims: Sequence[Claim]) -> Table:
    """What the paper says of it, and what was found."""
    columns = [Column(each, kind="text") for each in ("section", "the paper says", "found", "verdict")]
    return Table(f"{name}_claims", "What the paper says", columns, [tuple(vars(each).values()) for each in claims])


def write_page(
    experiment: Experiment, name: str, record: Record, tables: Sequence[Table], figures: Sequence[Path], out: Path
) -> list[Path]:
    """Write OUT/NAME.md and the tables as data, those that the page cuts also as OUT/csv/TABLE.csv; returns the page's
    path."""
    claims = experiment.claims(record)
    every = [*tables, *([claims_table(name, claims)] if claims else [])]
    kept = RECORDED if out == RESULTS else out / "tables"
    make_directory(kept)
    write_json(kept / f"{name}.json", [table.as_dict() for table in every])
    briefs = [brief(table, experiment) for table in every]
    for table, short in zip(every, briefs, strict=True):
        if len(table.rows) > len(short.rows):
            make_directory(out / CSV)
            write_atomically(out / CSV / f"{table.name}.csv", f"{csv(table)}\n".encode())
    path = out / f"{name}.md"
    write_atomically(path, page(experiment, name, every, briefs, figures, out).encode())
    return [path]


def brief(table: Table, experiment: Experiment) -> Table:
    """A table with the rows that its page shows: those that are declared if they are there, else all of few."""
    wanted = experiment.shown.get(table.name, experiment.shown.get(ANY))
    if wanted is None and experiment.shown and not table.name.endswith("_claims"):
        return replace(table, rows=())
    try:
        return table.select(rows=wanted.split("; ")) if wanted else few(table)
    except LeNetError:  # a trial has fewer rows
        return few(table)


def few(table: Table) -> Table:
    """The table, or its first ten rows where it has many."""
    return table if len(table.rows) <= FEW_ROWS else replace(table, rows=table.rows[:TEN])


def page(
    experiment: Experiment,
    name: str,
    tables: Sequence[Table],
    briefs: Sequence[Table],
    figures: Sequence[Path],
    out: Path,
) -> str:
    """The page: what is asked and what came out, the figures, the rows that matter, and how it was made."""
    variant = variant_of(experiment, name)
    place = f" ({experiment.paper})" if experiment.paper else ""
    parts = [f"# {variant.title}{place}", f"**Asked.** {experiment.question}"]
    if variant.answer and out == RESULTS:
        with suppress(LeNetError):  # other recipes have other tables, and the answer is not theirs
            parts.append(f"**Found.** {with_cells(variant.answer, {plain(table.name): table for table in tables})}")
    for path in figures:
        if path.suffix == ".png" and (out / path.name).exists():  # figures for print replace none
            caption = experiment.captions.get(path.stem, variant.caption)
            parts += [f"![{variant.title}]({path.name})", caption]
    rest = []
    for table, short in zip(tables, briefs, strict=True):
        link = f"[{table.name}.csv]({CSV}/{table.name}.csv)"
        if short.rows:
            parts.append(markdown(short))
        if short.rows and len(short.rows) < len(table.rows):
            parts.append(f"These are {len(short.rows)} of {len(table.rows)} rows; all are in {link}.")
        elif not short.rows:
            rest.append(f"- {table.caption}: {len(table.rows)} rows, {link}.")
    if rest:
        parts += ["## Further tables", "\n".join(rest)]
    if experiment.description.strip():
        parts += ["## How it was done", experiment.description.strip()]
    where = name if experiment.folder else f"{name}.json"
    parts.append(f"Made by `{command(experiment, variant.arguments)}`; the record is `{where}` beside it.")
    if words := "; ".join(f"{short}: {long}" for short, long in unexplained("\n\n".join(parts)).items()):
        parts[1] += f" ({words}.)"
    return "\n\n".join(filter(None, parts)) + "\n"
