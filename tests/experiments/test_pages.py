"""Pages of experiments: what is asked and found, the rows that matter, and all rows as CSV."""

import re

import pytest

from experiments.machinery.catalogue import find
from experiments.machinery.cells import with_cells
from experiments.machinery.declaration import ANY
from experiments.machinery.page import FEW_ROWS, RECORDED, brief, write_page
from experiments.machinery.record import RESULTS
from lenet1998.errors import LeNetError
from lenet1998.report.kept import read_tables
from lenet1998.report.table import Column, Table
from tests.experiments.test_machinery import plain

UNANSWERED = {"more_maps"}
"""Had no record when the answers were written."""


def test_a_page_has_the_rows_that_matter_and_a_file_has_all(tmp_path):
    def written(**more) -> str:
        columns = [Column("pass"), Column("error", "%")]
        tables = [Table(name, name, columns, [(row, row / 10) for row in range(1, 31)], ["A note."]) for name in "ab"]
        return write_page(plain(**more), "plain", {}, tables, [], tmp_path)[0].read_text()

    text = written()
    assert text.count("10 of 30 rows") == 2 and text.index("A note.") < text.index("| 1 |") and "| 11 |" not in text
    text = written(shown={"b": "1; 20; 30"})
    assert (
        "| 20 | 2.00 |\n| 30 | 3.00 |\n\nThese are 3 of 30 rows" in text and "- a: 30 rows, [a.csv](csv/a.csv)" in text
    )
    assert len((tmp_path / "csv" / "a.csv").read_text().splitlines()) == 31
    assert "10 of 30 rows" in written(shown={ANY: "1; 99"}), "a trial may have fewer rows"


def test_an_answer_has_the_numbers_of_its_own_tables():
    tables = {"my errors": Table("my_errors", "", [Column("run", kind="text"), Column("error", "%")], [("a", 0.5)])}
    assert with_cells("It errs {my_errors; a; error}.", tables) == "It errs 0.50%."
    with pytest.raises(LeNetError, match="0 rows begin with b"):
        with_cells("It errs {my_errors; b; error}.", tables)


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.md")), ids=lambda path: path.stem)
def test_every_recorded_page_says_what_is_asked_and_found_before_short_tables(path):
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    assert blocks[1].startswith("**Asked.** ") and "{" not in blocks[2]
    assert blocks[2].startswith("**Found.** ") or path.stem in UNANSWERED
    assert max((block.count("\n| ") for block in blocks if block.startswith("| ")), default=0) <= FEW_ROWS + 1
    linked = set(re.findall(r"\]\((csv/[^)]+)\)", path.read_text(encoding="utf-8")))
    assert all((RESULTS / place).is_file() for place in linked)
    cut = [
        table for table in read_tables(RECORDED / f"{path.stem}.json") if table.rows != brief_of(path.stem, table).rows
    ]
    assert linked == {f"csv/{table.name}.csv" for table in cut}


def brief_of(name: str, table: Table) -> Table:
    one = find(name)
    assert one
    if wanted := one.experiment.shown.get(table.name):
        table.select(rows=wanted.split("; "))  # which refuses rows that are not there
    return brief(table, one.experiment)


def test_every_csv_is_linked_from_a_page():
    pages = "".join(path.read_text(encoding="utf-8") for path in RESULTS.glob("*.md"))
    assert [path.name for path in (RESULTS / "csv").iterdir() if f"(csv/{path.name})" not in pages] == []
