"""A table keeps its numbers as numbers, says what its intervals are, and refuses what is none."""

import json

import pytest

from lenet1998.errors import LeNetError
from lenet1998.report.comparison import over_seeds
from lenet1998.report.estimates import difference, estimate
from lenet1998.report.table import Column, Estimate, Table
from lenet1998.report.writers import markdown

COLUMNS = [Column("run", kind="text"), Column("test error", "%"), Column("change", "%", kind="difference")]


def table(*rows, columns=COLUMNS, notes=()) -> Table:
    return Table("errors", "Errors", columns, rows, notes)


TEN, THREE, TWO = (Estimate(1.0, 0.9, 1.1, n=n) for n in (10, 3, 2))


def test_plain_values_come_back_as_the_same_table():
    whole = table(("a", TEN, -0.25), ("b", 0.95, None), ("c", None, 3), notes=["a: the first."])
    assert Table.from_dict(json.loads(json.dumps(whole.as_dict()))) == whole


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.pop("columns"),
        lambda content: content["columns"][0].pop("name"),
        lambda content: content["columns"][0].update(colour="red"),
        lambda content: content["columns"][0].update(kind="sound"),
        lambda content: content["columns"][1].update(name="run"),
        lambda content: content["rows"][0].pop(),
        lambda content: content["rows"][0].__setitem__(1, "0.95"),
        lambda content: content["rows"][0].__setitem__(1, {"mean": 1.0, "low": 0.5}),
        lambda content: content["rows"][0].__setitem__(1, {"mean": "1.0"}),
        lambda content: content["rows"][0].__setitem__(1, {"mean": 1.0, "n": 0}),
        lambda content: content["rows"][0].__setitem__(1, float("nan")),
        lambda content: content["rows"][0].__setitem__(1, True),
        lambda content: content["rows"][0].__setitem__(0, 7),
        lambda content: content.update(rows=3),
        lambda content: content.update(caption=None),
        lambda content: content.update(columns=[]),
    ],
)
def test_what_is_no_table_is_refused_on_one_line(spoil):
    content = table(("a", TEN, -0.25)).as_dict()
    spoil(content)
    with pytest.raises(LeNetError, match="no recorded table") as refused:
        Table.from_dict(content)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_other_json_is_no_table(content):
    with pytest.raises(LeNetError, match="no recorded table"):
        Table.from_dict(content)


def test_what_intervals_are_is_said_without_being_asked():
    def said(*rows) -> str:
        return " ".join(table(*rows, notes=["A note."]).explained)

    assert said(("a", 1.0, None), ("b", Estimate(1.0), None)) == "A note."
    assert said(("a", TEN, None)) == "A note. In brackets: 95% interval."
    assert said(("a", THREE, None)).endswith("In brackets: range of 3 runs, which is not a 95% interval.")
    assert said(("a", THREE, None), ("b", TWO, None)).endswith("range of 2 or 3 runs, which is not a 95% interval.")
    assert said(("a", TEN, None), ("b", THREE, None)).endswith(
        "In brackets: 95% interval; range of 3 runs where there are no more."
    )
    assert said(("a", THREE, THREE)).endswith("In brackets: range of 3 runs; of differences, 95% interval.")
    assert said(("a", TEN, THREE)).endswith("In brackets: 95% interval.")
    lost = Estimate(1.5, n=5, lost=1)
    assert said(("a", lost, None)).startswith("A note. Lost: ") and "1.50 (1 of 5 lost)" in markdown(
        table(("a", lost, None))
    )
    assert Table.from_dict(table(("a", lost, None)).as_dict()).rows[0][1] == lost


def test_an_estimate_of_few_runs_is_their_range_and_of_many_an_interval():
    assert estimate([1.5, 1.8, 4.2]) == Estimate(2.5, 1.5, 4.2, 3)
    assert estimate([0.95]) == Estimate(0.95)
    many = estimate([0.9, 1.0, 1.0, 1.1])
    assert (many.n, round(many.low, 2), round(many.high, 2)) == (4, 0.88, 1.14)
    assert estimate([200.0, 300.0], percent=False) == Estimate(250.0, 200.0, 300.0, 2)
    assert estimate([150.0, 200.0, 200.0, 250.0], percent=False).high == pytest.approx(264.96, abs=0.01)
    with pytest.raises(ValueError):
        estimate([])
    paired = difference(over_seeds([1.2, 1.1, 1.3], [1.0, 1.0, 1.0]))
    assert (paired.n, round(paired.mean, 2), round(paired.low, 2)) == (3, 0.2, -0.05)


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        (Column("x"), 0.954, "0.95"),
        (Column("x", digits=0), 12_345.6, "12,346"),
        (Column("x"), 60_000, "60,000"),
        (Column("x"), -0.001, "0.00"),
        (Column("x", kind="difference"), 0.25, "+0.25"),
        (Column("x", kind="difference"), Estimate(-0.1, -0.2, 0.001, 3), "-0.10 (-0.20 to 0.00)"),
        (Column("x", kind="p"), 0.00001, "< 0.0001"),
        (Column("x", kind="p"), 0.0374, "0.037"),
        (Column("x", kind="significant", digits=3), 0.00012345, "0.000123"),
        (Column("x", kind="significant", digits=3), 123456.0, "123,456"),
        (Column("x", kind="code"), "j=2", "j=2"),
        (Column("x"), None, ""),
    ],
)
def test_numbers_are_shown_as_their_column_says(column, cell, text):
    assert column.shown(cell) == text


def test_columns_and_rows_are_selected_by_name_or_number():
    whole = table(("a", 1.0, None), ("b", 2.0, None), ("2", 3.0, None))
    assert [column.name for column in whole.select(["change", "1"]).columns] == ["change", "run"]
    assert [row[0] for row in whole.select(rows=["3", "a"]).rows] == ["2", "a"]
    assert [row[0] for row in whole.select(rows=["2"]).rows] == ["2"], "a name goes before a number"
    assert [row[1] for row in whole.select(rows=["1-2"]).rows] == [1.0, 2.0]
    assert whole.select() == whole
    for wrong in ("4", "0", "2-9", "3-1", "c", "-", ""):
        with pytest.raises(LeNetError, match=f"the table has no row {wrong!r}"):
            whole.select(rows=[wrong])
    with pytest.raises(LeNetError, match="no column 'test eror': name 'test error'"):
        whole.select(columns=["test eror"])
