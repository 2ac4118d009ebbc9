"""The notebooks as they are committed: valid, without outputs, true in what they name; `make test` also runs them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat, which nbmake brings (extra test)")

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def test_there_are_five_in_order():
    assert [path.name[:3] for path in NOTEBOOKS] == ["01_", "02_", "03_", "04_", "05_"]


@each_notebook
def test_a_notebook_is_valid_and_has_no_outputs(path):
    """Outputs would make every run a change, and could be older than the code."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.metadata.kernelspec.name) == (4, "python3")
    for cell in notebook.cells:
        assert not cell.metadata, f"cell {cell.id}: its metadata belong to somebody's editor"
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, f"cell {cell.id}: clear all outputs and save"


@each_notebook
def test_every_step_says_what_it_is_about(path):
    """The title names places in the paper, and no piece of code but the imports stands without a heading or a word."""
    title, *cells = read(path).cells
    assert title.source.startswith("# ")
    assert re.search(r"[Ss]ections? [IVX]+|[Ff]igures? \d|[Ee]quations? \d|[Aa]ppendix [ABC]", title.source)
    assert cells[0].source.replace("%matplotlib inline\n", "").startswith(("import ", "from "))
    said = [cell.cell_type for cell in cells[1:]]
    assert said[0] == "markdown" and all("markdown" in pair for pair in zip(said, said[1:], strict=False))


@each_notebook
def test_what_a_notebook_names_exists(path):
    text = "\n".join(cell.source for cell in read(path).cells)
    for module in re.findall(r"python -m experiments\.(\w+)", text):
        assert (ROOT / "experiments" / f"{module}.py").is_file(), module
    for name in re.findall(r"`((?:lenet1998|experiments|tests|docs)/[\w/.]*)`", text):
        assert (ROOT / name).exists(), name


def test_without_results_the_ablation_s_notebook_names_the_commands(tmp_path, monkeypatch, capsys):
    """Started in a repository's root that has no results: nothing fails, and every gap says how to fill it."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    namespace: dict = {}
    for cell in read(NOTEBOOKS[3]).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, cell.id, "exec"), namespace)
    said = capsys.readouterr().out
    assert "no ablation is recorded: python -m experiments.ablation makes it" in said
    makers = {"ablation_ladder.png": "ablation", "ablation_speed.png": "ablation", "mlp_mnist.md": "mlp_mnist"}
    for name, module in makers.items():
        assert f"experiments/results/{name} is not there: python -m experiments.{module} makes it" in said
