"""Every experiment from start to figure, in miniature, on the embedded digits, where nothing may be compared."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext

import matplotlib.image
import pytest

from experiments import sdlm_vs_sgd
from experiments.machinery.catalogue import declared
from experiments.machinery.options import module_of, parser_of
from lenet1998.data import load
from tests.programs import ROOT, experiment, made, undrawn
from tests.rings import beyond

WRITES = {
    "fig5_error_curves": "fig5_error_curves_numpy",
    "fig6_training_size": "fig6_training_size_numpy",
    "passes_by_size": "passes_by_size",
    "single_runs": "single_runs",
    "fig8_misclassified": "fig8_misclassified",
    "effective_rates": "effective_rates_numpy",
    "sdlm_vs_sgd": "sdlm_vs_sgd_numpy",
    "distortion_law": "distortion_law",
    "adaptive_centres": "adaptive_centres",
    "stochastic_batch": "stochastic_batch",
    "initial_weights": "initial_weights",
}
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"  # kernels as plain Python
ONCE = ["--seeds", "1", "--passes", "1"]
FEW = ["--train-size", "100", "--test-size", "40"]


@pytest.mark.parametrize("name", WRITES)
def test_from_start_to_figure(name, tmp_path):
    options = ["--quick", "--data", "synthetic", "--engine", "numpy", "--quiet", *FEW]
    if PLAIN or name != "fig5_error_curves":
        # Figure 5 shows that several seeds and passes go through; of the others one each is enough.
        options += ONCE if name != "effective_rates" else ONCE[2:]
    with undrawn():
        printed = made(name, *options, "--out", tmp_path, "--runs", tmp_path / "runs")
    results = json.loads((tmp_path / f"{WRITES[name]}.json").read_text())
    assert {"runs", "steps", "errors"} & results.keys()
    assert "1998" not in printed
    figures = [tmp_path / f"{WRITES[name]}{ending}" for ending in (".png", ".pdf")]
    for figure in figures:
        figure.unlink()
    with undrawn() if name != "fig5_error_curves" else nullcontext():  # of the others all but the pixels is made
        again = made(name, "--plot-only", "--engine", "numpy", "--out", tmp_path)
    assert again == printed and all(figure.exists() for figure in figures)
    if name == "fig5_error_curves":
        assert matplotlib.image.imread(figures[0]).std() > 0.05 and figures[1].stat().st_size > 1000


@pytest.mark.parametrize(
    "module",
    beyond(3, map(module_of, declared()), "another cold start; the options of all are made in the test below"),
)
def test_help(module):
    """From a cold start: nothing that an experiment needs has been imported by another."""
    command = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "usage:" in done.stdout and len(done.stdout) > 300


def test_every_experiment_says_what_it_asks_and_has_a_trial():
    for each in declared():
        told = parser_of(each).format_help()
        assert each.question in told and "--quick" in told and "--plot-only" in told


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


@pytest.mark.skipif(PLAIN, reason="thousands of steps need compiled kernels")
def test_the_engines_are_timed(tmp_path):
    printed = made("speed", "--quick", "--out", tmp_path, "--runs", tmp_path)
    assert made("speed", "--plot-only", "--out", tmp_path) == printed
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


@pytest.mark.parametrize("name", ["fig7_distortions", "synthetic_digits"])
def test_of_other_data_than_those_that_one_chooses(name, tmp_path, monkeypatch):
    """Trials that may be repeated, and are drawn from their records; where MNIST is asked for, of other digits."""
    monkeypatch.setattr("experiments.fig7_distortions.load", lambda *_: load("synthetic", train_size=400, test_size=10))
    options = ["--quick", "--quiet", "--out", tmp_path, "--runs", tmp_path / "runs"]
    options += [] if name == "fig7_distortions" else [*ONCE, "--engine", "numpy"]
    printed = made(name, *options)
    picture = (tmp_path / f"{name}.png").read_bytes()
    for again in (options, ["--plot-only", "--out", tmp_path]):
        (tmp_path / f"{name}.png").unlink()
        assert made(name, *again) == printed
        assert (tmp_path / f"{name}.png").read_bytes() == picture
