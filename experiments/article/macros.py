r"""The numbers of the article: its source has none that was measured, but macros, which are replaced here.

Of these the first six are gone before LaTeX and pandoc see the text, the last two print their first argument:

    \measured{TABLE; ROW; COLUMN}    a cell of a recorded table with unit and interval (`experiments.summary.values`)
    \mean{...}, \runs{...}           the same without its interval; how many runs it is the mean of
    \recorded{TABLE}{COLUMNS}{ROWS}{CAPTION}    the table itself, with the label tab:TABLE
    \fact{NAME}                      what no table has: `FACTS`
    \setting{RECIPE}{FIELD}          a field of a recipe
    \paper{NUMBER}{SECTION}          a number of the paper: the section stays in the source
    \chosen{NUMBER}{FILE}            a number that we chose, and the file that has it
"""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np

from experiments.fig6_training_size import in_words
from experiments.machinery.catalogue import costs, listed, time_of
from experiments.machinery.cells import plain
from experiments.machinery.declaration import CHAPTERS
from experiments.machinery.record import published
from experiments.readings.score import every_claim
from experiments.summary import blocks
from experiments.summary.__main__ import ROOT
from experiments.summary.values import cell_of, tables
from lenet1998 import __version__
from lenet1998.recipe import preset
from lenet1998.report import marks
from lenet1998.report.latex import latex
from lenet1998.report.table import Column, Estimate, Table

SOURCES = ROOT / "docs" / "article"
_ARGUMENT = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_MACRO = re.compile(rf"\\(measured|mean|runs|recorded|fact|setting)((?:{_ARGUMENT})+)")


def table_of(name: str) -> Table:
    """A recorded table by its name, or one of those that are made of them for the article."""
    if name == "commands":  # without teaching systems and tools
        heads = ("result", "python -m experiments.", "on one core")
        columns = [Column(head, kind="code" if "." in head else "text") for head in heads]
        seconds, shown = costs(), [one for one in listed() if one.experiment.chapter in CHAPTERS[:5]]
        times = [time_of(seconds[one.name]) if one.name in seconds else "" for one in shown]
        commands = [one.command.removeprefix(heads[1]) for one in shown]
        papers = (f" ({one.experiment.paper})" if one.experiment.paper.startswith("Figure") else "" for one in shown)
        titles = [one.variant.title + paper for one, paper in zip(shown, papers, strict=True)]
        return Table(name, "", columns, list(zip(titles, commands, times, strict=True)))
    if name == "evidence":  # rows with the same evidence in one
        columns = [Column(each, kind="text") for each in ("classifier", "status", "evidence, or what is not said")]
        found: dict[tuple[str, str], list[str]] = {}
        for classifier, figure, status, why in tables()["section3 gaps"].rows:
            if figure == "error (%)" and why != "nothing was tried":
                found.setdefault((status, why), []).append(classifier)
        return Table(name, "", columns, [["; ".join(those), *evidence] for evidence, those in found.items()])
    if name == "fig9":  # without the rows that are ours alone
        return replace(tables()[name], rows=[row for row in tables()[name].rows if row[1] is not None])
    return blocks.results_table() if name == "results" else tables()[plain(name)]


def claims(verdict: str = "") -> str:
    """How many sentences of the paper have this verdict, or any; those apart by which the default was chosen."""
    found = [table for name, table in tables().items() if name.endswith(" claims") and name != "readings claims"]
    every = [row for table in found for row in table.rows]
    return str(sum(verdict in ("", row[-1]) for row in every))


def sampled(met: bool = False) -> str:
    """How many readings the study tried in its space, or how many of them meet every claim."""
    rows = [row for row in published("readings_scores")["rows"] if row["part"] in ("space", "box", "round")]
    return str(sum(not met or every_claim(row) for row in rows))


def single_runs() -> tuple[str, str]:
    """Where 95% of single runs of Figure 5 would lie, and the share of them that would err less than the paper's."""
    errors = np.array([run["passes"][-1][blocks.TEST] for run in published(blocks.FIGURE_5)["runs"]])
    one_more = blocks.one_more_run(errors)
    low, high = one_more.interval(0.95)
    return rf"{low:.2f}\% and {high:.2f}\%", rf"{100 * one_more.cdf(blocks.ROWS[0][1]):.0f}\%"


FACTS: dict[str, Callable[[], str]] = {
    "version": lambda: __version__,
    "claims": claims,
    "claims that agree": lambda: claims("agrees"),
    "claims that are contradicted": lambda: claims("contradicts"),
    "claims that are open": lambda: claims("open"),
    "seconds of a run": lambda: f"{blocks.fastest():.0f}",
    "processor": lambda: published(blocks.FIGURE_5)["runs"][0]["machine"]["processor"],
    "ends of single runs": lambda: single_runs()[0],
    "single runs below the paper": lambda: single_runs()[1],
    "equation 1": lambda: marks.latex(in_words(published(blocks.FIGURE_6)["runs"])),
    "readings": sampled,
    "readings that meet every claim": lambda: sampled(met=True),
    "time of all experiments": lambda: time_of(sum(costs().values())),
}
"""Numbers that are in no recorded table."""


def measured(reference: str) -> str:
    """A cell as it stands in a sentence: the unit follows the number."""
    column, value = cell_of(reference)
    number, bracket, interval = column.shown(value).partition(" (")
    unit = f"{'' if column.unit == '%' else ' '}{column.unit}" if column.unit else ""
    text = re.sub(r"[\d.]+e-\d+", lambda found: f"{Decimal(found[0]):f}", number + unit + bracket + interval)
    return re.sub(r"(?<![\w.])-(?=\d)", "$-$", marks.latex(text))


def mean(reference: str) -> str:
    """The same without its interval."""
    return measured(reference).split(" (")[0]


def runs(reference: str) -> str:
    """How many runs it is the mean of."""
    _, value = cell_of(reference)
    return str(value.n) if isinstance(value, Estimate) else "1"


def chosen(name: str, columns: str, rows: str) -> Table:
    """Those columns and rows of a table that are named, between semicolons; all where none is."""
    return table_of(name).select(*([one for one in names.split(";") if one] for names in (columns, rows)))


def as_float(table: Table, label: str) -> str:
    """A table as LaTeX, without its notes, whose caption is put in later."""
    return latex(replace(table, caption="CAPTION", notes=()), label=label)


def setting(recipe: str, field: str) -> str:
    """A field of a recipe."""
    value = getattr(preset(recipe), field)
    return f"{value:g}" if isinstance(value, float) else str(value)


_FILLS: dict[str, Callable[..., str]] = {
    "measured": measured,
    "mean": mean,
    "runs": runs,
    "fact": lambda name: FACTS[name](),
    "setting": setting,
}


def filled(file: str = "article.tex", written: Callable[[Table, str], str] = as_float) -> str:
    """A source with its macros replaced, and tables as `written` has them. Raises LeNetError for a macro that names
    nothing on record."""

    def fill(found: re.Match[str]) -> str:
        values = re.findall(_ARGUMENT, found[2])
        if found[1] != "recorded":
            return _FILLS[found[1]](*values)
        name, columns, rows, caption = values
        return written(chosen(name, columns, rows), f"tab:{name}").replace("CAPTION", _MACRO.sub(fill, caption))

    return _MACRO.sub(fill, (SOURCES / file).read_text(encoding="utf-8"))
