"""Figures: drawn from histories alone, over the paper's only where that is allowed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from lenet1998 import plotting
from lenet1998.paper import comparable, figure_5

ROOT = Path(__file__).parent.parent


def history(name="mnist", train_size=60_000, test_size=10_000, passes=3, seed=1) -> dict:
    records = [
        {"pass": k, "test_error_percent": 3 / k + seed / 10, "train_error_percent": 5 / k, "train_loss": 1 / k}
        for k in range(1, passes + 1)
    ]
    data = {"name": name, "train_size": train_size, "test_size": test_size}
    return {"seed": seed, "engine": "numpy", "data": data, "passes": records}


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved, so that a test can look at their lines."""
    figures: list[Figure] = []
    save = plotting.save
    monkeypatch.setattr(plotting, "save", lambda figure, stem: figures.append(figure) or save(figure, stem))
    return figures


def test_figure_5_has_its_21_points():
    points = figure_5()
    assert [point["pass"] for point in points] == list(range(1, 22))
    assert points[0]["train_error_on_the_fly_percent"] == 4.89
    assert points[9]["test_error_percent"] == 0.96


def test_figure_5_lies_under_ours_only_where_it_may(drawn, tmp_path):
    for one, allowed in (
        (history(), True),
        (history(name="synthetic", train_size=10_000, test_size=2_000), False),
        (history(name="synthetic"), False),
        (history(train_size=10_000), False),
        (history(test_size=500), False),
    ):
        assert comparable(one) is allowed
        paths = plotting.error_curves([one], tmp_path / "curves")
        labels = [line.get_label() for line in drawn[-1].axes[0].lines]
        assert any("1998" in label for label in labels) is allowed
        assert [path.suffix for path in paths] == [".png", ".pdf"]
        assert all(path.stat().st_size > 1000 for path in paths)


def test_several_seeds_are_drawn_as_mean_and_band(drawn, tmp_path):
    plotting.error_curves([history(seed=1), history(seed=3)], tmp_path / "curves")
    (axes,) = drawn[-1].axes
    test = next(line for line in axes.lines if line.get_label() == "ours: test error")
    assert test.get_ydata() == pytest.approx([3.2, 1.7, 1.2])
    assert len(axes.collections) == 2
    assert axes.get_xlabel() == "pass through the training set" and "%" in axes.get_ylabel()


def test_plot_only_draws_recorded_results_and_says_when_there_are_none(tmp_path):
    command = [sys.executable, "-m", "experiments.fig5_error_curves", "--plot-only", "--out", str(tmp_path)]
    none = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert none.returncode == 2
    assert "without --plot-only" in none.stderr and "Traceback" not in none.stderr
    (tmp_path / "fig5_error_curves.json").write_text(json.dumps({"runs": [history(), history(seed=2)]}))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "1998: training" in done.stdout
    assert (tmp_path / "fig5_error_curves.png").exists() and (tmp_path / "fig5_error_curves.pdf").exists()


def test_an_experiment_records_each_seed_and_continues(tmp_path):
    command = [sys.executable, "-m", "experiments.fig5_error_curves", "--data", "synthetic", "--train-size", "200",
               "--test-size", "50", "--engine", "numpy", "--quiet", "--out", str(tmp_path),
               "--runs", str(tmp_path / "r")]  # fmt: skip
    subprocess.run([*command, "--seeds", "1", "--passes", "1"], cwd=ROOT, check=True, capture_output=True, timeout=60)
    one = json.loads((tmp_path / "fig5_error_curves_numpy.json").read_text())["runs"]
    again = [*command, "--seeds", "2", "--passes", "1"]
    refused = subprocess.run(again, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "--resume" in refused.stderr
    subprocess.run([*again, "--resume"], cwd=ROOT, check=True, capture_output=True, timeout=60)
    two = json.loads((tmp_path / "fig5_error_curves_numpy.json").read_text())["runs"]
    assert [run["seed"] for run in two] == [1, 2]
    assert two[0]["passes"] == one[0]["passes"], "a finished seed is taken as it is, its times too"
