"""The page of an experiment in Markdown, and its tables as data: for docs, the report and `lenet1998 table`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.machinery.declaration import Claim, Experiment, Record, Variant
from experiments.machinery.options import module_of
from experiments.machinery.record import RESULTS
from lenet1998 import report
from lenet1998.files import make_directory, write_atomically, write_json
from lenet1998.report.table import Column, Table
from lenet1998.report.writers import markdown

RECORDED = Path(report.__file__).parent / "recorded"
"""Where the package has the tables of what the repository records."""


def variant_of(experiment: Experiment, name: str) -> Variant:
    """How results of this name are called, and by which command they are made."""
    own = Variant(experiment.name, experiment.default, experiment.title, experiment.caption)
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
    """Write OUT/NAME.md and the tables as data, and return the page's path."""
    claims = experiment.claims(record)
    every = [*tables, *([claims_table(name, claims)] if claims else [])]
    kept = RECORDED if out == RESULTS else out / "tables"
    make_directory(kept)
    write_json(kept / f"{name}.json", [table.as_dict() for table in every])
    path = out / f"{name}.md"
    write_atomically(path, page(experiment, name, every, figures, out).encode())
    return [path]


def page(experiment: Experiment, name: str, tables: Sequence[Table], figures: Sequence[Path], out: Path) -> str:
    """The page: what is asked, the figures, the tables, and the command."""
    variant = variant_of(experiment, name)
    place = f" ({experiment.paper})" if experiment.paper else ""
    parts = [f"# {variant.title}{place}", experiment.question, experiment.description.strip()]
    for path in figures:
        if path.suffix == ".png" and path.parent == out:
            caption = experiment.captions.get(path.stem, variant.caption)
            parts += [f"![{variant.title}]({path.name})", caption]
    parts += [markdown(table) for table in tables]
    where = name if experiment.folder else f"{name}.json"
    parts.append(f"Made by `{command(experiment, variant.arguments)}`; the record is `{where}` beside it.")
    return "\n\n".join(filter(None, parts)) + "\n"
