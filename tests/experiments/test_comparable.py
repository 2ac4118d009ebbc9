"""No number of the paper stands beside results on data other than MNIST, in any experiment: each draws its record, as
if it were of letters."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.common import of_mnist
from experiments.options import RESULTS, options, parse
from experiments.readings import __main__ as readings
from lenet1998 import reference
from lenet1998.errors import LeNetError

EXPERIMENTS = Path(__file__).parent.parent.parent / "experiments"
DRAWN = {
    "ablation": "ablation",
    "adaptive_centres": "adaptive_centres",
    "compare": "compare_default_modern",
    "distortion_law": "distortion_law",
    "effective_rates": "effective_rates",
    "fig5_error_curves": "fig5_error_curves",
    "fig6_training_size": "fig6_training_size",
    "initial_weights": "initial_weights",
    "readings": "readings",
    "sdlm_vs_sgd": "sdlm_vs_sgd",
    "section3": "section3/*",
    "stochastic_batch": "stochastic_batch",
}
"""What takes one's own data with --data, and draws its record, such as experiments/results/NAME.json."""
OTHERS = {
    "fig13_invariance": "the claims of III-E, which have no rate of recognition",
    "fig7_distortions": "loads MNIST",
    "fig8_misclassified": "loads MNIST",
    "strings.sheet": "loads MNIST",
    "strings.kept": "reads the record of strings, of MNIST",
    "strings.figures_25_26": "reads strings of MNIST's digits",
    "strings": "strings made of the ten digits, for which the paper has no percentages",
    "strings.choosing": "choices for strings, on held-out patterns",
    "strings.choices": "choices for strings, on held-out patterns",
    "section3.choices": "choices for section3, on held-out patterns",
    "synthetic_digits": "of the embedded digits, for themselves",
    "pretrained": "keeps networks that learned MNIST",
    "paper": "asks for the records of MNIST",
    "summary": "writes pages from the records of MNIST",
    "speed": "measures time",
    "speed.processes": "measures time",
    "teaching.cat_lenet": "a data set of its own, and its source's figures",
    "teaching.cifar10_convnet": "a data set of its own, and its source's figures",
    "teaching.faithful_class": "MNIST or the embedded digits, and its source's figures beside MNIST alone",
    "teaching.relu_lenet": "MNIST or the embedded digits, and its source's figures beside MNIST alone",
    "teaching.mlp_mnist": "MNIST or the embedded digits, and its source's figures beside MNIST alone",
}
PAPERS = re.compile("1998:|the paper's")


def of_letters(content: dict) -> dict:
    """A part of a record as data of one's own would have left it, called on every part by `json.loads`."""
    if str(content.get("name")).startswith("mnist"):
        content["name"] = content["name"].replace("mnist", "letters-1998")
    if "digests" in content:
        content["digests"] = {"train": "0" * 64, "test": "1" * 64}
    return content


def test_every_experiment_is_known_here():
    """A new one goes to DRAWN, unless it cannot have other data."""
    programs = {path for path in EXPERIMENTS.rglob("*.py") if '__name__ == "__main__"' in path.read_text()}
    names = {".".join(path.relative_to(EXPERIMENTS).with_suffix("").parts) for path in programs}
    assert {name.removesuffix(".__main__") for name in names} == DRAWN.keys() | OTHERS.keys()


@pytest.mark.parametrize("name", DRAWN)
def test_no_number_of_the_paper_stands_beside_other_data(name, tmp_path, monkeypatch, capsys):
    for path in RESULTS.glob(f"{DRAWN[name]}.json"):
        place = tmp_path / path.relative_to(RESULTS)
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(json.loads(path.read_text(), object_hook=of_letters)))
    module = importlib.import_module(f"experiments.{name}" + ".__main__" * (EXPERIMENTS / name).is_dir())
    said: list[str] = []

    def savefig(figure: Figure, *args: object, **how: object) -> None:
        said.extend(text.get_text() for text in figure.findobj(Text))

    monkeypatch.setattr(Figure, "savefig", savefig)
    monkeypatch.setattr(reference, "_rows", lambda name: pytest.fail(f"{name} was read"))
    recipes = ["default", "modern"] if name == "compare" else []
    monkeypatch.setattr(sys, "argv", [name, *recipes, "--plot-only", "--out", str(tmp_path)])
    try:
        module.main()
    except LeNetError as error:
        assert name == "readings" and "letters-1998 validation is not MNIST" in str(error)
    said += [capsys.readouterr().out, *(path.read_text() for path in tmp_path.glob("*.md"))]
    assert [text for text in said if PAPERS.search(text)] == []
    assert len(said) > 5 or name == "readings"


def test_readings_are_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = parse(options("", seeds=1), ["--data", "synthetic", "--train-size", "20", "--test-size", "10"])
    with pytest.raises(LeNetError, match="synthetic is not MNIST, .* choose --data mnist"):
        readings.train(arguments)
    assert not list(tmp_path.iterdir())
    of_mnist(["mnist", "mnist validation"])
