"""Every experiment from start to figure, in miniature, on the embedded digits, where nothing may be compared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import pytest

ROOT = Path(__file__).parent.parent
WRITES = {
    "fig5_error_curves": "fig5_error_curves_numpy",
    "fig6_training_size": "fig6_training_size",
    "effective_rates": "effective_rates",
    "sdlm_vs_sgd": "sdlm_vs_sgd",
    "readings": "readings",
}


def experiment(name: str, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", f"experiments.{name}", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)


@pytest.mark.parametrize("name", WRITES)
def test_from_start_to_figure(name, tmp_path):
    options = ["--quick", "--data", "synthetic", "--engine", "numpy", "--quiet"]
    done = experiment(name, *options, "--runs", str(tmp_path / "runs"), "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / f"{WRITES[name]}.json").read_text())
    assert "runs" in results or "steps" in results
    assert matplotlib.image.imread(tmp_path / f"{WRITES[name]}.png").std() > 0.05
    assert (tmp_path / f"{WRITES[name]}.pdf").stat().st_size > 1000
    assert "1998" not in done.stdout


@pytest.mark.parametrize(
    "name", [*WRITES, "fig7_distortions", "fig8_misclassified", "synthetic_digits", "benchmark_speed"]
)
def test_help(name):
    done = experiment(name, "--help")
    assert done.returncode == 0
    assert "usage:" in done.stdout and len(done.stdout) > 300


def test_figure_8_says_what_has_to_run_first(tmp_path):
    done = experiment("fig8_misclassified", "--runs", str(tmp_path), "--out", str(tmp_path))
    assert done.returncode == 2
    assert "fig6_training_size" in done.stderr and "Traceback" not in done.stderr


def test_the_engines_are_timed(tmp_path):
    done = experiment("benchmark_speed", "--engines-only", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    rows = {row["engine"]: row for row in json.loads((tmp_path / "benchmark_speed.json").read_text())["rows"]}
    assert rows["numpy"]["step"] > 0
    if "numba" in rows:
        assert rows["numba"]["step"] < rows["numpy"]["step"], "the compiled engine is the faster one"
