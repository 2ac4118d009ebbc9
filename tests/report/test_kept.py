"""Recorded tables: all are there, fit a printed page, and can be had from anywhere and from one's own results."""

import csv as csv_files
import io
import json
from pathlib import Path

import pytest

from lenet1998.commands.main import main
from lenet1998.report.experiments import EXPERIMENTS, find
from lenet1998.report.kept import files, find_tables, folder_of, read_tables, recorded
from lenet1998.report.latex import latex
from lenet1998.report.table import Column, Estimate, Table
from lenet1998.report.writers import csv, markdown
from tests.report.test_latex import typeset

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "experiments" / "results"


@pytest.fixture(scope="module")
def named() -> dict[str, list[Table]]:
    return {name: read_tables(path) for name, path in files(recorded()).items()}


def put(folder: Path, name: str, *tables: Table) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps([table.as_dict() for table in tables]), encoding="utf-8")
    return path


def table(name: str = "mine") -> Table:
    columns = [Column("run", kind="text"), Column("test error", "%")]
    return Table(name, "Mine", columns, [["a", Estimate(1.0, 0.9, 1.1, 10)], ["b", 0.5]])


def test_every_experiment_with_a_record_has_tables_of_its_own(named):
    assert len(named) >= 28 and all(find(name) for name in named)
    singles = [table.name for tables in named.values() for table in tables]
    assert len(set(singles)) == len(singles)
    lists = {find(name).name for name in named}
    recorded = {find(path.stem).name for path in RESULTS.glob("*.json") if find(path.stem)}
    assert {experiment.name for experiment in EXPERIMENTS} & recorded <= lists and len(recorded) > 25


def test_every_recorded_table_says_the_same_in_every_format(named):
    for table in (each for tables in named.values() for each in tables):
        lines = list(csv_files.reader(io.StringIO(csv(table))))
        assert len(lines) == len(table.rows) + 1 and len(set(lines[0])) == len(lines[0]), "no two columns of one name"
        assert {len(line) for line in lines} == {len(lines[0])}
        assert sum(line.startswith("| ") for line in markdown(table).splitlines()) == len(table.rows) + 2
        text = latex(table)
        assert text.count(r"\begin{") == text.count(r"\end{") and "shortstack" not in text
        assert Table.from_dict(json.loads(json.dumps(table.as_dict()))) == table


def test_every_recorded_table_fits_a_two_column_document(named, tmp_path):
    texts = [latex(table) for tables in named.values() for table in tables]
    assert not [width for width in typeset(texts, tmp_path) if width > 1]


def test_figures_9_to_12_are_tables_of_the_comparison(named):
    for number, paper in ((9, 1.1), (10, 1.8), (11, 14_000), (12, 14_000)):
        (found,) = find_tables(named, f"fig{number}")
        assert [column.name for column in found.columns[:3]] == ["classifier", "1998", "ours"]
        (row,) = [row for row in found.rows if row[0] == "SVM poly 4"]
        assert row[1] == paper and row[2] is not None and len(found.rows) > 20


def test_the_paper_s_errors_stand_beside_ours_where_they_may_be_compared(named):
    (five,) = find_tables(named, "fig5")
    assert [column.heading for column in five.columns[-2:]] == ["1998: training (%)", "1998: test (%)"]
    assert len(five.rows) == 20 and five.rows[0][-1] == 2.65
    (six, *_) = find_tables(named, "fig6")
    assert six.columns[-1].heading == "1998: test error (%)" and six.rows[0][0] == 15_000 and six.rows[0][-1] == 1.68


def test_the_command_prints_lists_and_refuses_from_any_directory(prints, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind, start in (
        ("latex", r"% \usepackage{booktabs}"),
        ("csv", "classifier,1998 (%),"),
        ("markdown", "Figure 9"),
    ):
        assert prints("table", "fig9", "--format", kind).out.startswith(start)
    listed = [line.split(maxsplit=1) for line in prints("table").out.splitlines()]
    assert ["fig7_distortions", "Distorted patterns"] in listed and "fig12" in [name for name, *_ in listed]
    for wrong, told in (
        (["fig14"], "no table is called fig14: choose fig1"),
        (["section3", "--label", "tab:a", "--format", "latex"], "has 7 tables, name one of them: fig9, fig10"),
        (["fig9", "--columns", "error"], "the table has no column 'error'"),
        (["fig9", "--wide"], "add --format latex"),
        (["--columns", "1", "2", "fig9"], "NAME goes first"),
        (["fig9", "--out", "fig9.doc"], "add --format"),
        (["fig9", "--results", "nothing"], "holds no results"),
    ):
        out, err = prints("table", *wrong, code=2)
        assert told in err and len(err.splitlines()) == 1 and not out, "nothing that looks like a table"


def test_columns_rows_caption_label_and_wide(prints):
    asked = ["--columns", "classifier", "3", "--rows", "LeNet-5", "1-2", "--caption", "A & B", "--label", "tab:b"]
    text = prints("table", "fig9", "--format", "latex", *asked, "--wide").out
    assert r"\begin{table*}[t]" in text and r"\caption{A \& B}" in text and r"\label{tab:b}" in text
    head, *rows = [line for line in text.splitlines() if line.endswith(r" \\")]
    assert (
        head == r"classifier & ours (\%) \\"
        and [row.split(" & ")[0] for row in rows][0] == "LeNet-5"
        and len(rows) == 3
    )


def test_what_fails_leaves_no_file(tmp_path, capsys, prints, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not prints("table", "nonsense", "--out", "y.tex", code=2).out and not (tmp_path / "y.tex").exists()
    assert main(["table", "fig9", "--out", "y.tex"]) == 0 and capsys.readouterr().out == "y.tex\n"
    assert (tmp_path / "y.tex").read_text().startswith("% \\usepackage{booktabs}\n\\begin{table")


def test_tables_of_one_s_own_results(tmp_path, capsys, prints):
    (tmp_path / "synthetic_digits.json").write_text((RESULTS / "synthetic_digits.json").read_text())
    assert "holds no results with tables: " in prints("table", "synthetic", "--results", tmp_path, code=2).err
    put(tmp_path / "tables", "synthetic_digits", table())
    assert "| a | 1.00 (0.90 to 1.10) |" in prints("table", "synthetic", "--results", tmp_path).out
    assert folder_of(RESULTS) == recorded() and folder_of(tmp_path) == tmp_path / "tables"
    (tmp_path / "tables" / "synthetic_digits.json").write_text('[{"name": "x"}]')
    assert main(["table", "synthetic", "--results", str(tmp_path)]) == 2
    assert "synthetic_digits.json: this is no recorded table: it has no 'columns'" in capsys.readouterr().err


def test_an_empty_line_stands_between_two_tables(tmp_path, prints):
    put(tmp_path / "tables", "both", table("first"), table("second"))
    said = {}
    for name in ("first", "second", "both"):
        said[name] = prints("table", name, "--results", tmp_path).out
    assert said["both"] == f"{said['first']}\n{said['second']}"


def test_links_that_lead_out_of_the_folder_are_no_tables(tmp_path):
    put(tmp_path / "tables", "inside", table())
    secret = put(tmp_path, "secret", table("secret"))
    (tmp_path / "tables" / "outside.json").symlink_to(secret)
    (tmp_path / "tables" / "again.json").symlink_to("inside.json")
    (tmp_path / "tables" / "circle.json").symlink_to("circle.json")
    assert list(files(tmp_path / "tables")) == ["again", "inside"]
