"""What an earlier version has recorded is read as it was then: a checkpoint, a run's history, an experiment's results.

The files in `kept` were written before the modules of the package were put into their present places: LeNet-1 on a
hundred of the embedded digits, two passes, by the NumPy engine.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from experiments.machinery.record import at_pass, read
from lenet1998.commands.main import main
from lenet1998.data import load
from lenet1998.evaluation import error_rate
from lenet1998.loss import make_loss
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.run import run
from tests.programs import experiment

KEPT = Path(__file__).parent / "kept"
HISTORY = json.loads((KEPT / "history.json").read_text(encoding="utf-8"))


def digits():
    return load("synthetic", train_size=100, test_size=50)


def test_a_checkpoint():
    saved = checkpoints.load(KEPT / "checkpoint.npz")
    assert saved.history == HISTORY and saved.recipe == Recipe.from_dict(HISTORY["recipe"])
    assert saved.recipe.network == "lenet1" and len(saved.values) == 2578
    engine = NumpyEngine(saved.network(), make_loss(saved.recipe))
    assert error_rate(engine, digits().test).error_percent == HISTORY["passes"][-1]["test_error_percent"] == 58


def test_a_run_goes_on(tmp_path):
    for name in ("checkpoint.npz", "history.json"):
        shutil.copy(KEPT / name, tmp_path)
    recipe = checkpoints.load(KEPT / "checkpoint.npz").recipe
    history = run(tmp_path, recipe, digits(), seed=1, passes=3, engine="numpy", resume=True)
    assert history["passes"][:2] == HISTORY["passes"] and history["passes"][2]["pass"] == 3
    anew = run(tmp_path / "anew", recipe, digits(), seed=1, passes=3, engine="numpy")
    # Sums of a matrix product may differ between processors, and with them an error or two.
    errors = [[record["train_error_percent"] for record in each["passes"]] for each in (history, anew)]
    np.testing.assert_allclose(*errors, atol=5)


def test_an_experiment_s_results(capsys):
    histories = read(KEPT / "fig5_error_curves.json")["runs"]
    assert [history["seed"] for history in histories] == [1, 2]
    assert at_pass(histories, 2, "test_error_percent")[0] == 57
    assert Recipe.from_dict(histories[0]["recipe"]).name == "default network=lenet1 codes=one_of_n"


@pytest.mark.usefixtures("undrawn")
def test_the_report_shows_them_when_their_tables_are_made(tmp_path):
    shutil.copy(KEPT / "fig5_error_curves.json", tmp_path)
    assert experiment("fig5_error_curves", "--plot-only", "--out", str(tmp_path)).returncode == 0
    for figure in tmp_path.glob("*.p[nd][gf]"):
        figure.unlink()
    assert main(["report", "--results", str(tmp_path), "--out", str(tmp_path / "report")]) == 0
    assert "57.00" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
