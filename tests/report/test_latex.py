"""A table as LaTeX: nothing is a command that was none, and it fits a column or the page of a two-column article."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lenet1998.report.latex import latex
from lenet1998.report.table import Column, Estimate, Table

NAME = Column("run", kind="text")
ERROR = Estimate(1.0234, 0.9678, 1.0912, 10)


def table(columns, *rows, caption="Errors", notes=()) -> Table:
    return Table("errors", caption, columns, rows, notes)


def typeset(tables: list[str], place: Path) -> list[float]:
    """How far each overfull box stands out, in points, in a two-column article with the tables."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    head = "\\documentclass[twocolumn]{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
    text = "\n\\clearpage\n".join(tables)
    (place / "all.tex").write_text(f"{head}{text}\n\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Float too large" not in done.stdout
    return [float(width) for width in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)]


def test_what_latex_takes_for_commands_is_escaped():
    columns = [Column(name, kind="text") for name in ("[a]", "b", "c", "d")]
    cells = ["50% & $5 #1_a", "a^b ~ c", r"\emph{x}", "`j_2` < **3**"]
    text = latex(table(columns, cells, caption="95% interval"), wide=True)
    assert r"{[}a] & b & c & d \\" in text, "a bracket after a line's end would be its option"
    assert r"50\% \& \$5 \#1\_a & a\textasciicircum{}b \textasciitilde{} c" in text
    assert r"\textbackslash{}emph\{x\} & \texttt{j\_2} \textless{} \textbf{3} \\" in text
    assert r"\caption{95\% interval}" in text


def test_numbers_stand_right_on_one_line_with_minus_signs():
    columns = [NAME, Column("error", "%"), Column("change", "%", kind="difference"), Column("p", kind="p")]
    text = latex(table(columns, ["a", ERROR, Estimate(-0.1, -0.2, 0.05, 10), 1e-9]), label="tab:a")
    assert r"\begin{tabular}{@{}lrrr@{}}" in text and r"\label{tab:a}" in text
    assert r"a & 1.02 (0.97 to 1.09) & $-$0.10 ($-$0.20 to +0.05) & \textless{} 0.0001 \\" in text
    assert text.count(r"\begin{table}[t]") == 1 and "shortstack" not in text
    assert latex(table(columns, ["a", ERROR, None, None]), wide=True).count("{table*}") == 2


def test_notes_stand_below():
    text = latex(table([NAME, Column("error", "%")], ["a", ERROR], notes=["a: 50% of `x`."]))
    assert text.endswith("\\raggedright a: 50\\% of \\texttt{x}. In brackets: 95\\% interval.}\n\\end{table}")


def test_what_is_too_long_or_too_wide_for_a_page_becomes_several_tables(tmp_path):
    several = [Column(f"error {k}", "%") for k in range(9)]
    wide = latex(table([NAME, *several], ["a", *[ERROR] * 9], notes=["A note."]), label="tab:a")
    assert (
        wide.count(r"\caption{Errors (part ") == 2 and wide.count(r"\label{tab:a}") == 1 and wide.count("A note.") == 1
    )
    assert sum(line.startswith("a & ") for line in wide.splitlines()) == 2, "each part has the names of the rows"
    long = latex(table([NAME, several[0]], *[[f"row {k}", k / 10] for k in range(120)]))
    rows = [line.split(" & ")[0] for line in long.splitlines() if line.startswith("row ")]
    assert rows == [f"row {k}" for k in range(120)] and "(part 1 of 4)" in long
    assert not [width for width in typeset([wide, long], tmp_path) if width > 1]


def test_tables_of_every_width_fit(tmp_path):
    several = [Column(f"test error after {k} passes", "%") for k in range(12)]
    long = "the stochastic diagonal method with a sample of 500 patterns before each pass"
    recipe = "default train_size=15000 distorted_copies=9 squashing=relu,schedule=3x0.0005+3x0.0002"
    tables = [
        table([NAME, *several[:count]], *[[f"recipe {row}", *[ERROR] * count] for row in range(5)])
        for count in range(1, 6)
    ]
    tables += [
        table([Column(f"x{k}") for k in range(12)], [0.25] * 12),
        table([NAME, Column("what", kind="text"), *several[:2]], [long, long, ERROR, ERROR], notes=[long] * 4),
        table([*several[:2], Column("what", kind="text")], [ERROR, ERROR, long]),
        table([Column("recipe", kind="code"), *several[:2]], [recipe, ERROR, ERROR], [recipe * 2, ERROR, ERROR]),
        table([Column("MMMMMMMMMM", kind="text"), *several[:1]], ["WWWWWWWW MMMMM" * 2, ERROR]),
    ]
    assert not [width for width in typeset([latex(each) for each in tables], tmp_path) if width > 1]
    assert [latex(each).count("{table*}") for each in tables[:2]] == [0, 0], "two columns of errors need no page"
