"""The notebooks as they are committed: valid, without outputs, true in what they name; `make test` also runs them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat, which nbmake brings (extra test)")

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def executed(path: Path, changes: tuple[tuple[str, str], ...] = ()) -> dict:
    """All cells run one after the other in this process, with other texts in them; returns what they define."""
    namespace: dict = {}
    for cell in read(path).cells:
        if cell.cell_type == "code":
            source = cell.source
            for found, instead in (("%matplotlib inline\n", ""), *changes):
                source = source.replace(found, instead)
            exec(compile(source, f"{path.name}, cell {cell.id}", "exec"), namespace)
    return namespace


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
    for module in re.findall(r"python -m experiments\.([\w.]*\w)", text):
        place = ROOT.joinpath("experiments", *module.split("."))
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), module
    for name in re.findall(r"`((?:lenet1998|experiments|tests|docs)/[\w/.]*)`", text):
        assert (ROOT / name).exists(), name


def test_without_results_the_ablation_s_notebook_names_the_commands(tmp_path, monkeypatch, capsys):
    """Started in a repository's root that has no results: nothing fails, and every gap says how to fill it."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    executed(NOTEBOOKS[3])
    said = capsys.readouterr().out
    assert "no ablation is recorded: python -m experiments.ablation makes it" in said
    makers = {"ablation_ladder.png": "ablation", "ablation_speed.png": "ablation", "mlp_mnist.md": "teaching.mlp_mnist"}
    for name, module in makers.items():
        assert f"experiments/results/{name} is not there: python -m experiments.{module} makes it" in said


LOADING = [path for path in NOTEBOOKS if "data.load(" in path.read_text(encoding="utf-8")]
# Training is no other with drawn digits, and `make test` has run all of it.
SHORTER = (("PASSES = 6", "PASSES = 2"), ("PASSES, SEEDS = 3, (1, 2, 3)", "PASSES, SEEDS = 1, (1, 2)"))


@pytest.mark.parametrize("path", LOADING, ids=lambda path: path.stem)
def test_without_mnist_and_network_a_notebook_says_so_and_goes_on(path, tmp_path, monkeypatch, capsys):
    """Every cell runs, in a copy of the tree; MNIST is in no place, and nothing can be downloaded."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")  # whose recorded figures are shown
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "tests")])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    for name in ("LENET1998_DATA", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with matplotlib.rc_context():
        namespace = executed(path, SHORTER)
    plt.close("all")
    assert namespace["digits"].name.startswith("synthetic")
    assert capsys.readouterr().out.count("MNIST was neither found nor could be downloaded") == 1
