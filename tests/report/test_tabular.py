"""Tables for papers and spreadsheets: every recorded one, in every format, with all that is in it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from lenet1998.commands.main import main
from lenet1998.report.document import Table, from_markdown
from lenet1998.report.results import find_tables, named_tables, read
from lenet1998.report.tabular import FORMATS, comma_separated, latex, markdown

RESULTS = Path(__file__).parent.parent.parent / "experiments" / "results"


@pytest.fixture(scope="module")
def named():
    return named_tables(read(RESULTS))


def test_every_recorded_table_says_the_same_in_every_format(named):
    assert len(named) >= 28
    for name, tables in named.items():
        for table in tables:
            rows = [[re.sub(r"`|\*\*", "", cell) for cell in line] for line in (table.head, *table.rows)]
            assert list(csv.reader(io.StringIO(comma_separated(table)))) == rows, name
            again = next(block for block in from_markdown(markdown(table), 1, "") if isinstance(block, Table))
            assert (len(again.rows), len(again.head)) == (len(table.rows), len(table.head))
            lines = [line for line in latex(table).splitlines() if line.endswith(r" \\")]
            assert len(lines) == len(rows)
            assert all(len(re.split(r"(?<!\\)&", line)) == len(table.head) for line in lines)
            assert latex(table).count(r"\begin{") == latex(table).count(r"\end{") == 2


def test_what_latex_takes_for_commands_is_escaped():
    cells = ["50% & $5 #1_a", "a^b ~ c", r"\emph{x}", "`j_2` < **3**"]
    text = latex(Table(["[a]", "b", "c", "d"], [cells], "95% interval"))
    assert r"{[}a] & b & c & d \\" in text, "a bracket after a line's end would be its option"
    assert r"50\% \& \$5 \#1\_a & a\textasciicircum{}b \textasciitilde{} c" in text
    assert r"\textbackslash{}emph\{x\} & \texttt{j\_2} \textless{} \textbf{3} \\" in text
    assert r"\caption{95\% interval}" in text


def test_a_wide_table_is_set_small_with_its_intervals_below_the_means():
    head = ["run", *(f"error {k} (%)" for k in range(6))]
    text = latex(Table(head, [["a", *["1.02 (0.96 to 1.09)"] * 6]], "Errors"))
    assert r"\footnotesize" in text and text.count(r"\shortstack[r]{1.02\\(0.96 to 1.09)}") == 6
    assert r"\shortstack[r]{error 0\\(\%)}" in text and r"\begin{tabular}{lrrrrrr}" in text
    assert "shortstack" not in latex(Table(head[:3], [["a", "1.02 (0.96 to 1.09)", ""]], "Errors"))


def test_columns_of_numbers_stand_right():
    rows = [["a", "1,000", "0.95 (0.9 to 1.0)", "", "no"], ["b", "-2", "up to 7", "1e-05", "3"]]
    assert r"\begin{tabular}{lrrrl}" in latex(Table(["", "n", "m", "p", "x"], rows, "Numbers"))


def test_figures_9_to_12_are_columns_of_the_comparison(named):
    (whole,) = named["section3"]
    for number, paper in ((9, "1.1"), (10, "1.8"), (11, "14,000"), (12, "14,000")):
        (table,) = find_tables(named, f"fig{number}")
        assert len(table.head) == 3 and 20 < len(table.rows) <= len(whole.rows)
        (row,) = [row for row in table.rows if row[0] == "SVM poly 4"]
        assert row[1] == paper and row[2]


def test_the_paper_s_errors_stand_first_where_they_may_be_compared(named):
    assert find_tables(named, "fig5")[0].head[2] == "1998 (%)"
    assert find_tables(named, "fig6")[0].rows[0][:3] == ["15,000", "test error, pass 20", "1.68"]


def test_the_command_prints_lists_and_refuses(capsys, tmp_path, monkeypatch):
    results = ["--results", str(RESULTS)]
    for kind, start in (("latex", r"% \usepackage{booktabs}"), ("csv", "classifier,"), ("markdown", "Figure 9")):
        assert main(["table", "fig9", "--format", kind, *results]) == 0
        assert capsys.readouterr().out.startswith(start)
    assert set(FORMATS) == {"latex", "csv", "markdown"}
    assert main(["table", *results]) == 0
    listed = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["fig5_error_curves", "Error by pass"] in listed and "fig12" in [name for name, *_ in listed]
    assert main(["table", "fig14", *results]) == 2
    assert "no table is called fig14: choose fig1" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert main(["table", "fig9"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "holds no results" in line and "--results" in line
