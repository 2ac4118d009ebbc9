"""The notebooks as they are committed: valid, without outputs, true in what they name; `make test` also runs them."""

import json
import re
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

from tests.rings import beyond

nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat, which nbmake brings (extra test)")

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXERCISES = sorted((ROOT / "notebooks" / "exercises").glob("*.ipynb"))
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


def test_there_are_six_in_order():
    assert [path.name[:3] for path in NOTEBOOKS] == ["01_", "02_", "03_", "04_", "05_", "06_"]


@pytest.mark.parametrize("path", [*NOTEBOOKS, *EXERCISES], ids=lambda path: path.stem)
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


@pytest.mark.parametrize("path", [*NOTEBOOKS, *EXERCISES], ids=lambda path: path.stem)
def test_what_a_notebook_names_exists(path):
    text = "\n".join(cell.source for cell in read(path).cells)
    for module in re.findall(r"python -m experiments\.([\w.]*\w)", text):
        place = ROOT.joinpath("experiments", *module.split("."))
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), module
    for name in re.findall(r"`((?:lenet1998|experiments|tests|docs)/[\w/.]*)`", text):
        assert (ROOT / name).exists(), name


LOADING = [path for path in NOTEBOOKS if "data.load(" in path.read_text(encoding="utf-8")]
LOADING.sort(key=lambda path: path.stem[:2] != "04")  # first the one that looks for a record
# Training is no other with drawn digits, and `make test` has run all of it.
SHORTER = (
    ("PASSES = 6", "PASSES = 2"),
    ("PASSES, SEEDS = 3, (1, 2, 3)", "PASSES, SEEDS = 1, (1, 2)"),
    ("train_size=1500, test_size=1000", "train_size=300, test_size=200"),
    ("np.arange(500)", "np.arange(100)"),
)


@pytest.mark.parametrize("path", beyond(1, LOADING, "make test runs them in a clone"), ids=lambda path: path.stem)
def test_a_notebook_needs_nothing_but_the_package(path, tmp_path, monkeypatch, capsys):
    """Every cell runs in an empty directory: no clone, MNIST in no place, and nothing can be downloaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place and Path(place).resolve() != ROOT])
    for name in [name for name in sys.modules if name.partition(".")[0] == "experiments"]:
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails
    monkeypatch.setitem(sys.modules, "experiments", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    for name in ("LENET1998_DATA", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with matplotlib.rc_context():
        executed(path, SHORTER)
    plt.close("all")
    said = capsys.readouterr().out
    assert said.count("MNIST was neither found nor could be downloaded") == 1
    assert ("no ablation is recorded here" in said) == path.stem.startswith("04")


def test_in_a_clone_the_recorded_ladder_is_read(monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "notebooks")
    with matplotlib.rc_context():
        namespace = executed(NOTEBOOKS[3])
    plt.close("all")
    recorded = json.loads((ROOT / "experiments/results/ablation_scores.json").read_text(encoding="utf-8"))["rows"]
    assert [row["label"] for row in namespace["rows"]] == [row["label"] for row in recorded if row["group"] == "ladder"]
    second = namespace["rows"][1]["against"]["default"]
    line = f"{second['difference']:+.2f} ({second['low']:+.2f} to {second['high']:+.2f})  p = {second['p']:.2g}"
    assert line in capsys.readouterr().out


def install(path: Path, source: str = "") -> None:
    """Carry out the first cell where the package is not there, with something in SOURCE."""
    cell = next(cell for cell in read(path).cells if cell.cell_type == "code")
    exec(cell.source.replace('SOURCE = ""', f"SOURCE = {source!r}"), {})


def test_on_an_empty_machine_the_first_cell_installs(tmp_path, monkeypatch):
    asked: list[list[str]] = []
    monkeypatch.setattr("subprocess.run", lambda words, check: asked.append(words))
    for path in NOTEBOOKS:
        install(path)
    assert asked == [], "the package is here"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    for path in NOTEBOOKS:
        with pytest.raises(SystemExit, match="SOURCE"):
            install(path)
    (tmp_path / "lenet1998").mkdir()
    install(NOTEBOOKS[0])
    Path("lenet1998-9.whl").touch()
    install(NOTEBOOKS[1])
    install(NOTEBOOKS[2], "git+https://there/lenet1998")
    assert [words[-1] for words in asked] == ["..", "lenet1998-9.whl", "git+https://there/lenet1998"]
    assert all(words[:4] == [sys.executable, "-m", "pip", "install"] for words in asked)
