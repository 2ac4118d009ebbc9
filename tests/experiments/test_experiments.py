"""Every experiment from start to figure, in miniature, on the embedded digits, where nothing may be compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import matplotlib.image
import pytest

from experiments import fig8_misclassified, sdlm_vs_sgd
from lenet1998.data import load
from lenet1998.errors import LeNetError
from lenet1998.recipe import Recipe
from lenet1998.running.run import run
from tests.programs import ROOT, experiment

WRITES = {
    "fig5_error_curves": "fig5_error_curves_numpy",
    "fig6_training_size": "fig6_training_size_numpy",
    "effective_rates": "effective_rates_numpy",
    "sdlm_vs_sgd": "sdlm_vs_sgd_numpy",
    "distortion_law": "distortion_law",
    "adaptive_centres": "adaptive_centres",
    "stochastic_batch": "stochastic_batch",
    "initial_weights": "initial_weights",
}
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"  # kernels as plain Python
ONCE = ["--seeds", "1", "--passes", "1"]


@pytest.mark.parametrize("name", WRITES)
def test_from_start_to_figure(name, tmp_path):
    options = ["--quick", "--data", "synthetic", "--engine", "numpy", "--quiet"]
    if name != "effective_rates" and (PLAIN or name != "fig5_error_curves"):
        options += ONCE  # Figure 5 shows that several seeds and passes go through; of the others one each is enough
    places = ["--out", str(tmp_path)]
    places += [] if name == "effective_rates" else ["--runs", str(tmp_path / "runs")]
    done = experiment(name, *options, *places)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob("*.partial.json"))
    results = json.loads((tmp_path / f"{WRITES[name]}.json").read_text())
    assert "runs" in results or "steps" in results
    assert matplotlib.image.imread(tmp_path / f"{WRITES[name]}.png").std() > 0.05
    assert (tmp_path / f"{WRITES[name]}.pdf").stat().st_size > 1000
    assert "1998" not in done.stdout
    (tmp_path / f"{WRITES[name]}.png").unlink()
    again = experiment(name, "--plot-only", "--engine", "numpy", "--out", str(tmp_path))
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout
    assert (tmp_path / f"{WRITES[name]}.png").exists()


@pytest.mark.parametrize(
    "name",
    [
        *WRITES,
        "ablation",
        "compare",
        "readings",
        "section3",
        "fig13_invariance",
        "fig7_distortions",
        "fig8_misclassified",
        "strings.sheet",
        "strings",
        "strings.choices",
        "strings.choosing",
        "synthetic_digits",
        "speed",
    ],
)
def test_help(name):
    """From a cold start: nothing that an experiment needs has been imported by another."""
    command = [sys.executable, "-m", f"experiments.{name}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "usage:" in done.stdout and len(done.stdout) > 300


def test_effective_rates_has_only_the_options_that_it_honours():
    done = experiment("effective_rates", "--seeds", "3")
    assert done.returncode == 2 and "unrecognized arguments" in done.stderr


@pytest.mark.parametrize(("name", "option"), [("fig7_distortions", "--seed=-1"), ("synthetic_digits", "--seeds=0")])
def test_seeds_out_of_range_are_refused(name, option):
    done = experiment(name, option)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_figure_7_says_that_its_data_are_damaged(tmp_path):
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{part}-ubyte").write_bytes(b"damaged")
    done = experiment("fig7_distortions", "--data-dir", str(tmp_path), "--out", str(tmp_path))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_figure_8_refuses_damaged_and_other_networks(tmp_path, monkeypatch):
    for seed in (1, 2):
        place = tmp_path / "fig6_training_size_distorted" / f"seed{seed}"
        place.mkdir(parents=True)
        (place / "checkpoint.npz").write_bytes(b"damaged")
    monkeypatch.setattr(fig8_misclassified, "load", lambda *_: load("synthetic", train_size=10, test_size=10))
    monkeypatch.setattr("sys.argv", ["fig8", "--runs", str(tmp_path), "--out", str(tmp_path)])
    with pytest.raises(LeNetError, match="checkpoint"):
        fig8_misclassified.main()
    data = {"name": "mnist", "train_size": 60_000, "test_size": 10_000}
    whole = {"data": data, "recipe": {"distorted_copies": 9}, "passes": [{}] * 20}
    assert fig8_misclassified.fit(whole)
    for other in ({"data": data | {"train_size": 600}}, {"data": data | {"name": "synthetic"}},
                  {"data": data | {"test_size": 200}}, {"recipe": {}}, {"passes": [{}] * 19}):  # fmt: skip
        assert not fig8_misclassified.fit(whole | other)
    digits = load("synthetic", train_size=10, test_size=10)
    path = tmp_path / "fig6_training_size_distorted" / "seed1"
    (path / "checkpoint.npz").unlink()
    run(path, Recipe(distorted_copies=9), digits, passes=1, engine="numpy")
    with pytest.raises(LeNetError, match="fig6_training_size --resume"):
        fig8_misclassified.main()


def test_figure_8_says_what_has_to_run_first(tmp_path):
    done = experiment("fig8_misclassified", "--runs", str(tmp_path), "--out", str(tmp_path))
    assert done.returncode == 2
    assert "fig6_training_size" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(PLAIN, reason="thousands of steps need compiled kernels")
def test_the_engines_are_timed(tmp_path):
    done = experiment("speed", "--engines-only", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    rows = {row["engine"]: row for row in json.loads((tmp_path / "benchmark_speed.json").read_text())["rows"]}
    assert rows["numpy"]["step"] > 0
    if "numba" in rows:
        assert rows["numba"]["step"] < rows["numpy"]["step"], "the compiled engine is the faster one"


def test_sdlm_is_paired_with_sgd_by_seed():
    """However the runs are listed: differences 0.1, 0.2 and 0.3, of mean 0.2."""

    def run_of(name: str, seed: int, error: float) -> dict:
        return {"recipe": {"name": name}, "seed": seed, "passes": [{"test_error_percent": error}]}

    plain = sdlm_vs_sgd.rate_name(sdlm_vs_sgd.RATES[0])
    histories = [run_of(sdlm_vs_sgd.SDLM, seed, 1 + seed) for seed in (1, 2, 3)]
    assert sdlm_vs_sgd.against_sgd(histories, 1) is None, "no rate of SGD has ended"
    histories += [run_of(plain, seed, 1 + 0.9 * seed) for seed in (3, 1, 2)]
    test = sdlm_vs_sgd.against_sgd(histories, 1)
    assert (test.pairs, round(test.difference, 6)) == (3, 0.2)
    assert "+0.20 point (-0.05 to 0.45), p = 0.07" in sdlm_vs_sgd.in_words(test)
