"""A table as Markdown, CSV and HTML: numbers in columns of their own, nothing that a program would execute."""

import csv as csv_files
import io
import re

import pytest

from lenet1998.report.table import Column, Estimate, Table
from lenet1998.report.writers import csv, html, markdown

EVIL = '<script>alert("1")</script> | [y](javascript:z)'
COLUMNS = [Column("run", kind="text"), Column("recipe", kind="code"), Column("error", "%"), Column("seeds")]


def table(*rows, columns=COLUMNS) -> Table:
    return Table("errors", "Errors of `default`", columns, rows, ["A **note**."])


def read(text: str) -> list[list[str]]:
    return list(csv_files.reader(io.StringIO(text)))


def test_csv_has_means_intervals_and_runs_in_columns_of_their_own():
    head, first, second = read(
        csv(table(("a", "j=2", Estimate(1.25, 1.0, 1.5, 10), 60_000), ("1998", None, 0.95, None)))
    )
    assert head == ["run", "recipe", "error (%) mean", "error (%) low", "error (%) high", "error (%) n", "seeds"]
    assert first == ["a", "j=2", "1.25", "1.0", "1.5", "10", "60000"] and second == ["1998", "", "0.95", "", "", "", ""]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_execute_is_quoted(start):
    text = f"{start}HYPERLINK(1)"
    quoted = "'" + text.replace("\r", "\n")
    columns = [Column(text, kind="text"), Column("code", kind="code"), Column("change", kind="difference")]
    head, row = read(csv(table((text, text, -0.5), columns=columns)))
    assert head[0] == row[0] == row[1] == quoted and row[2] == "-0.5", "a negative number is a number"


def test_markdown_has_a_cell_for_each_cell_whatever_is_in_it():
    lines = markdown(table((EVIL, "a|b`c", 1.0, None), ("", "", None, 3))).splitlines()
    assert lines[0] == "Errors of `default`:" and lines[2] == "A **note**."
    assert lines[5] == "| --- | --- | ---: | ---: |" and lines[7] == "|  |  |  | 3 |"
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in lines[4:8])
    assert r"\<script\>" in lines[6] and r"`` a\|b`c ``" in lines[6]


def test_html_has_text_as_text():
    page = html(table((EVIL, EVIL, Estimate(1.0, 0.5, 1.5, 3), 4)))
    assert "<script" not in page and page.count("&lt;script&gt;") == 2
    assert '<td class="number">1.00 (0.50 to 1.50)</td>' in page and "<strong>note</strong>" in page
    assert "range of 3 runs, which is not a 95% interval" in page
    assert page.count("<th ") == 4 and page.count("<td") == 4
